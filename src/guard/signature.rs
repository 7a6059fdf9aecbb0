//! The name of a cause that survives restarts, releases and machines.
//!
//! 64 bits of FNV-1a over kind, owner and, when one site dominates, its package-relative functions. No
//! line numbers, no absolute paths, no counters: an ignore list or a dashboard keyed by it goes on
//! matching. The hash is ours because it must never change; `rustc-hash` promises no such thing.
//! 64 bits make an accidental match among 1,000 causes a matter of 1 in 3.7e13.

use std::fmt;

use crate::ledger::{Kind, Site};

/// A cause's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Signature(u64);

impl Signature {
    /// The signature of a subject's growth by `site`, if one dominates.
    pub(crate) fn of(kind: Kind, owner: &str, site: Option<&Site>) -> Self {
        let mut hash = Fnv1a::new();
        hash.field(kind.name());
        hash.field(&without_numbers(owner));
        if let Some(Site { frame, app, .. }) = site {
            hash.field(&frame.module);
            hash.field(&frame.function);
            if let Some(app) = app {
                hash.field(&app.module);
                hash.field(&app.function);
            }
        }
        Self(hash.0)
    }

    /// The number that its text is in hexadecimal.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Runs of digits as `#`: `Socket 'close' 4711` and `… 4712` are one cause.
pub(crate) fn without_numbers(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if !character.is_ascii_digit() {
            plain.push(character);
        } else if !plain.ends_with('#') {
            plain.push('#');
        }
    }
    plain
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
struct Fnv1a(u64);

impl Fnv1a {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// The separator keeps `ab` + `c` apart from `a` + `bc`; it occurs in no name.
    fn field(&mut self, text: &str) {
        for byte in text.bytes().chain([0x1f]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Frame;

    fn site(line: u32, file: &str, function: &str) -> Site {
        Site {
            frame: Frame {
                file: file.to_owned(),
                line,
                column: 1,
                function: function.to_owned(),
                module: "src/server.js".to_owned(),
            },
            package: None,
            app: None,
        }
    }

    #[test]
    fn fnv1a_matches_the_published_vectors() {
        let raw = |text: &str| {
            text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            })
        };
        assert_eq!(raw("a"), 0xaf63_dc4c_8601_ec8c);
        let mut hash = Fnv1a::new();
        hash.field("foobar");
        assert_eq!(hash.0, raw("foobar\u{1f}"));
    }

    #[test]
    fn signatures_never_change_between_releases() {
        let site = site(12, "/srv/app/src/server.js", "onRequest");
        let owner = "EventEmitter 'tick'";
        assert_eq!(
            Signature::of(Kind::Listeners, owner, None).to_string(),
            "0e29d6965c9f2317"
        );
        assert_eq!(
            Signature::of(Kind::Listeners, owner, Some(&site)).to_string(),
            "cefa989d25b68efa"
        );
    }

    #[test]
    fn lines_paths_and_numbers_in_labels_do_not_matter() {
        let one = Signature::of(
            Kind::Timers,
            "room 17",
            Some(&site(12, "/a/server.js", "join")),
        );
        let two = Signature::of(
            Kind::Timers,
            "room 4711",
            Some(&site(99, "/b/server.js", "join")),
        );
        assert_eq!(one, two);
    }

    #[test]
    fn kind_owner_and_function_matter() {
        let base = Signature::of(Kind::Timers, "a", Some(&site(1, "f", "join")));
        assert_ne!(
            base,
            Signature::of(Kind::Handles, "a", Some(&site(1, "f", "join")))
        );
        assert_ne!(
            base,
            Signature::of(Kind::Timers, "b", Some(&site(1, "f", "join")))
        );
        assert_ne!(
            base,
            Signature::of(Kind::Timers, "a", Some(&site(1, "f", "leave")))
        );
        assert_ne!(base, Signature::of(Kind::Timers, "a", None));
    }

    #[test]
    fn digit_runs_become_one_mark() {
        assert_eq!(without_numbers("a12b3"), "a#b#");
        assert_eq!(without_numbers("naïve"), "naïve");
    }
}
