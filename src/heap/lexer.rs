//! The numbers of a snapshot, which are nine tenths of its bytes: `1,23,456\n,7`.
//!
//! Eight bytes are looked at as one word. A bit trick marks those that are no digits, and each mark ends a number, so
//! that where numbers end is known without reading them: one that has to be read to its end before the
//! next can begin is a chain of twenty cycles. The eight bytes before an end are a number once what
//! lies before its first digit is masked, by three multiplications and without a branch for each digit:
//! lengths vary from number to number, so those branches would be mispredicted once a number.
//! (Daniel Lemire, "Quickly parsing eight digits", 2018; Geoff Langdale and Daniel Lemire, "Parsing
//! Gigabytes of JSON per Second", 2019, for the marks.)
//!
//! It knows nothing of what the numbers mean, and does not see the array's brackets.

/// What is wrong with a text of numbers, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// In bytes from the start of the text.
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

const A_NUMBER: &str = "a whole number";
const A_COMMA: &str = "a comma or the end of the array";
const A_SMALLER_NUMBER: &str = "a whole number below 2^64";

/// A digit of each byte; anything else has its high bit set in [`others`].
const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
const WORD: usize = size_of::<u64>();

/// The high bit of each byte of `digits` that is more than nine.
fn others(digits: u64) -> u64 {
    const CARRIES_FROM_TEN: u64 = u64::from_ne_bytes([0x76; 8]);
    (((digits & !HIGH_BITS) + CARRIES_FROM_TEN) | digits) & HIGH_BITS
}

/// The number of eight digits, the most significant in the lowest byte.
fn join(digits: u64) -> u64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    const HUNDREDS: u64 = 100 + (1_000_000 << 32);
    const ONES: u64 = 1 + (10_000 << 32);
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let upper = (pairs & PAIRS).wrapping_mul(HUNDREDS);
    let lower = ((pairs >> 16) & PAIRS).wrapping_mul(ONES);
    upper.wrapping_add(lower) >> 32
}

/// As many digits as there are; `None` when 64 bits are too few.
#[cold]
fn long_number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, byte| {
        value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    })
}

/// White space, as JSON has it.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// How far a text has been read.
struct Reader<'a> {
    text: &'a [u8],
    numbers: &'a mut Vec<u64>,
    /// Behind the last byte that was no digit.
    start: usize,
    /// Whether there was no number yet since the last comma.
    is_due: bool,
}

impl Reader<'_> {
    /// The number between `start` and `end`.
    // Called, it would have to keep its state in memory: twice the time.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn take_number(&mut self, end: usize) -> Result<(), Fault> {
        let at = self.start;
        if !self.is_due {
            return Err(Fault {
                at,
                expected: A_COMMA,
            });
        }
        self.is_due = false;
        let length = end - at;
        let value = match self.text[..end].last_chunk::<WORD>() {
            Some(word) if length <= WORD => {
                join((u64::from_le_bytes(*word) ^ ZEROS) & (u64::MAX << ((WORD - length) * 8)))
            }
            _ => long_number(&self.text[at..end]).ok_or(Fault {
                at,
                expected: A_SMALLER_NUMBER,
            })?,
        };
        self.numbers.push(value);
        Ok(())
    }

    /// The byte at `at`, which is no digit, and the number that it may end.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn take_other(&mut self, at: usize) -> Result<(), Fault> {
        if at > self.start {
            self.take_number(at)?;
        }
        let byte = self.text[at];
        if byte == b',' && !self.is_due {
            self.is_due = true;
        } else if !is_blank(byte) {
            let expected = if self.is_due { A_NUMBER } else { A_COMMA };
            return Err(Fault { at, expected });
        }
        self.start = at + 1;
        Ok(())
    }
}

/// Appends the numbers of `text` to `numbers`. They are separated by commas; the text ends with a number, or,
/// when `goes_on`, with a comma.
///
/// # Errors
/// The first place where something else stands.
pub(super) fn lex(text: &[u8], goes_on: bool, numbers: &mut Vec<u64>) -> Result<(), Fault> {
    let before = numbers.len();
    numbers.reserve(text.len() / 2 + 1);
    let mut reader = Reader {
        text,
        numbers,
        start: 0,
        is_due: true,
    };
    let words = text.chunks_exact(WORD);
    let rest = text.len() - words.remainder().len();
    for (word, at) in words.zip((0..).step_by(WORD)) {
        let digits = word
            .iter()
            .rev()
            .fold(0, |digits, &byte| digits << 8 | u64::from(byte));
        let mut marks = others(digits ^ ZEROS);
        while marks != 0 {
            reader.take_other(at + marks.trailing_zeros() as usize / WORD)?;
            marks &= marks - 1;
        }
    }
    for (at, byte) in text.iter().enumerate().skip(rest) {
        if !byte.is_ascii_digit() {
            reader.take_other(at)?;
        }
    }
    if text.len() > reader.start {
        reader.take_number(text.len())?;
    }
    let is_empty = reader.numbers.len() == before;
    let expected = if reader.is_due { A_NUMBER } else { A_COMMA };
    if reader.is_due == goes_on || is_empty && reader.is_due {
        return Ok(());
    }
    Err(Fault {
        at: text.len(),
        expected,
    })
}

/// Where the number at `index` of a text begins that [`lex`] has accepted.
pub(super) fn offset_of(text: &[u8], index: usize) -> usize {
    let start = if index == 0 {
        0
    } else {
        memchr::memchr_iter(b',', text)
            .nth(index - 1)
            .map_or(text.len(), |comma| comma + 1)
    };
    let digits = text[start..].iter().position(|&byte| !is_blank(byte));
    start + digits.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexed(text: &str) -> Result<Vec<u64>, Fault> {
        let mut numbers = Vec::new();
        lex(text.as_bytes(), false, &mut numbers).map(|()| numbers)
    }

    #[test]
    fn numbers_of_every_length_are_read() {
        let mut expected = Vec::new();
        for length in 0..20 {
            let power = 10_u64.pow(length);
            expected.extend([power, power - 1, power + power / 9]);
        }
        expected.push(u64::MAX);
        let texts: Vec<String> = expected.iter().map(u64::to_string).collect();
        assert_eq!(lexed(&texts.join(",")), Ok(expected.clone()));
        assert_eq!(lexed(&texts.join("\n,")), Ok(expected.clone()));
        assert_eq!(lexed(&format!(" {}\r\n", texts.join(" ,\t"))), Ok(expected));
    }

    #[test]
    fn an_empty_array_has_no_numbers() {
        assert_eq!(lexed(""), Ok(vec![]));
        assert_eq!(lexed(" \n"), Ok(vec![]));
    }

    #[test]
    fn what_is_no_number_is_refused_at_its_place() {
        let fault = |at, expected| Err(Fault { at, expected });
        assert_eq!(lexed("1,x"), fault(2, A_NUMBER));
        assert_eq!(lexed("1,,2"), fault(2, A_NUMBER));
        assert_eq!(lexed("12,"), fault(3, A_NUMBER));
        assert_eq!(lexed(",1"), fault(0, A_NUMBER));
        assert_eq!(lexed("-1"), fault(0, A_NUMBER));
        assert_eq!(lexed("1 2"), fault(2, A_COMMA));
        assert_eq!(lexed("123456789a"), fault(9, A_COMMA));
        assert_eq!(lexed("1.5"), fault(1, A_COMMA));
        assert_eq!(lexed("1\u{e9}"), fault(1, A_COMMA));
        assert_eq!(lexed("7,18446744073709551616"), fault(2, A_SMALLER_NUMBER));
    }

    #[test]
    fn a_text_that_goes_on_ends_with_a_comma() {
        let mut numbers = Vec::new();
        assert_eq!(lex(b"1,2,", true, &mut numbers), Ok(()));
        assert_eq!(lex(b"\n3,\n", true, &mut numbers), Ok(()));
        assert_eq!(numbers, [1, 2, 3]);
        assert!(lex(b"1,2", true, &mut numbers).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_as_a_naive_reader_reads_them(text in "[0-9]{0,12}[ \n,x0-9]{0,24}") {
            let naive: Option<Vec<u64>> = if text.trim().is_empty() {
                Some(vec![])
            } else {
                text.split(',').map(|part| part.trim_matches([' ', '\n']).parse().ok()).collect()
            };
            prop_assert_eq!(lexed(&text).ok(), naive);
        }

        #[test]
        fn a_number_is_found_again_by_its_index(numbers in prop::collection::vec(any::<u64>(), 1..20)) {
            let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
            let text = texts.join("\n,");
            for (index, number) in texts.iter().enumerate() {
                let at = offset_of(text.as_bytes(), index);
                prop_assert!(text[at..].starts_with(number.as_str()));
            }
        }
    }
}
