//! F0. The one error of the crate: a private body, a public [`Kind`], and for text a byte offset.
//!
//! Callers match on the kind, never on the text. A leak is data and never comes through here.

use std::fmt;
use std::path::Path;

/// What went wrong, for callers that decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text or a number from outside that does not mean anything here; the caller's mistake.
    InvalidInput,
    /// A slot number that no claimed subject has.
    UnknownSlot,
    /// A site number that no defined site has.
    UnknownSite,
    /// A file that cannot be opened or read.
    Unreadable,
    /// A fault of our own.
    Internal,
    /// A call into an engine that is in the middle of another call.
    Busy,
}

/// An error with everything its reader needs to mend the input.
#[derive(Debug, thiserror::Error)]
pub struct Error {
    kind: Kind,
    message: String,
    offset_bytes: Option<usize>,
    #[source]
    cause: Option<serde_json::Error>,
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` that says `message`: what was wrong and what is accepted.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            offset_bytes: None,
            cause: None,
        }
    }

    /// An error of `kind` at a byte of a file.
    pub(crate) fn at(kind: Kind, offset_bytes: u64, message: &str) -> Self {
        Self {
            kind,
            message: format!("byte {offset_bytes}: {message}"),
            offset_bytes: usize::try_from(offset_bytes).ok(),
            cause: None,
        }
    }

    /// JSON `text`, called `name` in the message, that could not be read.
    pub(crate) fn json(name: &str, text: &str, cause: serde_json::Error) -> Self {
        let offset_bytes = offset_of(text, cause.line(), cause.column());
        Self {
            kind: Kind::InvalidInput,
            message: format!("{name}: {cause}"),
            offset_bytes: Some(offset_bytes),
            cause: Some(cause),
        }
    }

    /// The same error, naming the file that it is about.
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.message = format!("{}: {}", path.display(), self.message);
        self
    }

    /// The same error, saying what would have been right.
    pub(crate) fn accepting(mut self, accepted: &str) -> Self {
        self.message = format!("{}; accepted: {accepted}", self.message);
        self
    }

    /// The category to match on.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where in the input it went wrong, in bytes from its start, when the input was text.
    #[must_use]
    pub fn offset_bytes(&self) -> Option<usize> {
        self.offset_bytes
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// `serde_json` gives a line and a column, both from 1; a column of 0 is the line's very start.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_errors_carry_the_byte_offset_of_the_fault() {
        let text = "{\n  \"a\": x\n}";
        let cause = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
        let error = Error::json("settings", text, cause);
        assert_eq!(error.kind(), Kind::InvalidInput);
        assert_eq!(error.offset_bytes().map(|at| &text[at..=at]), Some("x"));
        assert!(
            error
                .to_string()
                .starts_with("settings: expected value at line 2"),
            "{error}"
        );
    }

    #[test]
    fn an_offset_never_lies_past_the_end() {
        let cause = serde_json::from_str::<serde_json::Value>("{\"a\":").unwrap_err();
        let error = Error::json("settings", "{\"a\":", cause);
        assert!(error.offset_bytes().is_some_and(|at| at <= 5));
    }
}
