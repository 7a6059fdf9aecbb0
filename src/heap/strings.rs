//! The table of strings: all of them in one text, cut by their ends.

use super::index::{Column, StringIndex};

/// Names and contents, each UTF-8.
#[derive(Clone, Debug, Default)]
pub struct Strings {
    text: String,
    /// Where each ends in the text.
    ends: Column<StringIndex, usize>,
}

impl Strings {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string of an index; empty where there is none.
    #[must_use]
    pub fn get(&self, index: StringIndex) -> &str {
        let end = self.ends.get(index).copied().unwrap_or(0);
        let before = usize::from(index).checked_sub(1).map(StringIndex::from);
        let start = before.map_or(0, |before| self.ends.get(before).copied().unwrap_or(end));
        &self.text[start..end]
    }

    /// Each, by its index.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        self.ends.keys().map(|index| self.get(index))
    }

    /// Room for as many bytes, if it can be had: it is taken piece by piece otherwise.
    pub(super) fn reserve(&mut self, bytes: usize) {
        // Whoever is refused here finds out by growing.
        let _ = self.text.try_reserve_exact(bytes);
    }

    /// Gives back what was reserved and is not used.
    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// Adds the string whose JSON, without the quotes, is `raw`. A half of a surrogate pair, which JavaScript
    /// strings may hold, becomes U+FFFD.
    ///
    /// # Errors
    /// Where in `raw` something else was expected.
    pub(super) fn push_json(&mut self, raw: &[u8]) -> Result<(), (usize, &'static str)> {
        let raw = std::str::from_utf8(raw).map_err(|error| (error.valid_up_to(), "UTF-8"))?;
        let mut rest = raw;
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            self.text.push_str(&rest[..at]);
            rest = &rest[at..];
            let place = raw.len() - rest.len();
            if rest.as_bytes().get(1) == Some(&b'u') {
                rest = self
                    .push_units(rest)
                    .ok_or((place, "\\u and four hexadecimal digits"))?;
            } else {
                let escape = rest.as_bytes().get(1).copied().and_then(unescape);
                self.text
                    .push(escape.ok_or((place, "an escape that JSON has"))?);
                rest = &rest[2..];
            }
        }
        self.text.push_str(rest);
        self.ends.push(self.text.len());
        Ok(())
    }

    /// Adds what a row of `\uXXXX` stands for: pairs of them are one character.
    /// Returns what follows, or `None` where the digits are missing.
    fn push_units<'a>(&mut self, mut rest: &'a str) -> Option<&'a str> {
        let mut units = Vec::new();
        while let Some(digits) = rest.strip_prefix("\\u") {
            let digits = digits.get(..4)?;
            // `from_str_radix` accepts a sign.
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            units.push(u16::from_str_radix(digits, 16).ok()?);
            rest = &rest[6..];
        }
        let characters = char::decode_utf16(units);
        self.text
            .extend(characters.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Some(rest)
    }
}

/// What stands for a backslash and `byte`.
fn unescape(byte: u8) -> Option<char> {
    Some(match byte {
        b'"' | b'\\' | b'/' => byte.into(),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(raw: &str) -> Result<String, (usize, &'static str)> {
        let mut strings = Strings::default();
        strings.push_json(b"before")?;
        strings.push_json(raw.as_bytes())?;
        strings.push_json(b"after")?;
        assert_eq!(strings.get(StringIndex::from(0_u32)), "before");
        assert_eq!(strings.get(StringIndex::from(2_u32)), "after");
        Ok(strings.get(StringIndex::from(1_u32)).to_owned())
    }

    #[test]
    fn escapes_are_what_serde_json_reads() {
        for raw in [
            "",
            "plain",
            r#"a\"b\\\/\b\f\n\r\t"#,
            r"\u00e9\u4e2d\uD83D\uDE00 end",
            "naïve 中",
        ] {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(decoded(raw), Ok(expected));
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced() {
        assert_eq!(decoded(r"a\ud83db").as_deref(), Ok("a\u{fffd}b"));
        assert_eq!(decoded(r"\ude00").as_deref(), Ok("\u{fffd}"));
        assert_eq!(decoded(r"\ud83d\ud83d\ude00").as_deref(), Ok("\u{fffd}😀"));
    }

    #[test]
    fn a_broken_escape_is_refused_at_its_place() {
        let unicode = |at| Err((at, "\\u and four hexadecimal digits"));
        assert_eq!(decoded(r"ab\u12g4"), unicode(2));
        assert_eq!(decoded(r"\u+123"), unicode(0));
        assert_eq!(decoded(r"\u12"), unicode(0));
        assert_eq!(decoded(r"\u12é"), unicode(0));
        assert_eq!(decoded(r"abc\x"), Err((3, "an escape that JSON has")));
        assert_eq!(decoded("\\"), Err((0, "an escape that JSON has")));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_refused_at_their_place() {
        let mut strings = Strings::default();
        assert_eq!(strings.push_json(b"ab\xff"), Err((2, "UTF-8")));
    }

    #[test]
    fn an_index_without_a_string_is_empty() {
        assert_eq!(Strings::default().get(StringIndex::from(7_u32)), "");
    }
}
