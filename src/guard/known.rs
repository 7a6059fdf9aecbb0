//! Places that are known to keep what they get and to be right in doing so. What is found there is a
//! note, never hidden and never warned of: a wrong entry costs a reader a glance, not a night.
//!
//! Data, not logic; the verdict knows nothing of it. Each entry says why it is believed and for how
//! long: a cache with a bound has reached it after some time, and one that goes on growing was made
//! without.

use super::finding::{Evidence, Finding, Severity};
use crate::ledger::Kind;

/// Version of the table, in every sentence that rests on it: another release may judge otherwise.
const TABLE_VERSION: u32 = 2;

struct Known {
    /// npm package of the site, or a prefix of its file for Node's own, or the sort.
    place: Place,
    /// None: any.
    kind: Option<Kind>,
    /// Why it is right, as the report says it.
    because: &'static str,
    /// Ticks after which the reason is no longer believed; none: never.
    ticks: Option<u32>,
}

enum Place {
    Package(&'static str),
    /// The packages that run test suites.
    TestRunner,
    Node(&'static str),
    /// Anywhere, of what V8's heap profile takes for this.
    What(&'static str),
}

/// Packages whose name begins so: the parts of mocha, vitest and jest that run while tests do.
const TEST_RUNNERS: [&str; 7] = [
    "mocha", "vitest", "@vitest/", "tinypool", "jest", "@jest/", "birpc",
];

/// A cache that is still filling after twice the default patience was made without a bound.
const FILLING: Option<u32> = Some(120);

const TABLE: &[Known] = &[
    Known {
        place: Place::Package("lru-cache"),
        kind: Some(Kind::Collections),
        because: "lru-cache stops at its max or maxSize; made with ttl alone it has no bound",
        ticks: FILLING,
    },
    Known {
        place: Place::Package("quick-lru"),
        kind: Some(Kind::Collections),
        because: "quick-lru keeps at most twice its maxSize",
        ticks: FILLING,
    },
    Known {
        place: Place::Package("mnemonist"),
        kind: Some(Kind::Collections),
        because: "the caches of mnemonist are made with a capacity",
        ticks: FILLING,
    },
    Known {
        place: Place::Package("undici"),
        kind: Some(Kind::Collections),
        because: "undici keeps one pool for each origin",
        ticks: FILLING,
    },
    Known {
        place: Place::What("module"),
        kind: Some(Kind::Objects),
        because: "a module is loaded once",
        ticks: FILLING,
    },
    Known {
        place: Place::Node("node:"),
        kind: Some(Kind::Objects),
        because: "Node.js allocates it with nobody of the application's on the stack",
        ticks: None,
    },
    Known {
        place: Place::TestRunner,
        kind: None,
        because: "it is the test runner's own",
        ticks: None,
    },
    Known {
        place: Place::Node("node:internal/modules/"),
        kind: Some(Kind::Collections),
        because: "Node.js keeps every module that was loaded",
        ticks: FILLING,
    },
    Known {
        place: Place::Node("node:internal/source_map/"),
        kind: Some(Kind::Collections),
        because: "Node.js keeps the source map of every module that was loaded",
        ticks: FILLING,
    },
];

/// Makes a note of a finding at a known place, unless it has been watched for more `ticks` than its
/// reason holds.
pub(super) fn quieten(finding: &mut Finding, ticks: f64) {
    let Some(site) = &finding.site else { return };
    let known = TABLE.iter().find(|known| {
        let here = match known.place {
            Place::Package(name) => site.package.as_deref() == Some(name),
            Place::TestRunner => site.package.as_deref().is_some_and(is_test_runner),
            Place::Node(prefix) => site.frame.file.starts_with(prefix),
            Place::What(what) => finding.what == what,
        };
        let of_kind = known.kind.is_none_or(|kind| kind == finding.kind);
        here && of_kind && known.ticks.is_none_or(|most| ticks < f64::from(most))
    });
    let Some(known) = known else { return };
    finding.severity = Severity::Note;
    let until = known.ticks.map_or_else(String::new, |most| {
        format!(" until it has grown for {most} ticks")
    });
    finding.evidence.push(Evidence {
        signal: "known".to_owned(),
        detail: format!(
            "held to be healthy{until}: {} (known places, version {TABLE_VERSION})",
            known.because
        ),
    });
}

/// Whether an npm package is a part of a test runner.
#[must_use]
pub fn is_test_runner(package: &str) -> bool {
    TEST_RUNNERS.iter().any(|name| package.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::super::finding::{example, Frame, Site};
    use super::*;

    fn growing(kind: Kind, package: Option<&str>, file: &str) -> Finding {
        let frame = Frame {
            file: file.to_owned(),
            line: 1,
            column: 1,
            function: "set".to_owned(),
        };
        let package = package.map(str::to_owned);
        let site = Site {
            frame,
            package,
            app: None,
        };
        example(kind, "Map", Some(site))
    }

    fn severity(mut finding: Finding, ticks: f64) -> Severity {
        quieten(&mut finding, ticks);
        finding.severity
    }

    #[test]
    fn a_bounded_cache_is_a_note_that_says_why_until_it_has_grown_for_too_long() {
        let cache = || growing(Kind::Collections, Some("lru-cache"), "/srv/lru.js");
        assert_eq!(severity(cache(), 119.0), Severity::Note);
        assert_eq!(severity(cache(), 120.0), Severity::Leak);
        let mut note = cache();
        quieten(&mut note, 60.0);
        let evidence = &note.evidence[0];
        assert_eq!(evidence.signal, "known");
        assert!(evidence.detail.contains("until it has grown for 120 ticks"));
        assert!(evidence.detail.contains("maxSize"));
    }

    #[test]
    fn what_node_allocates_by_itself_is_never_a_leak() {
        let node = growing(Kind::Objects, None, "node:internal/timers");
        assert_eq!(severity(node, 1e6), Severity::Note);
    }

    #[test]
    fn what_a_test_runner_registers_is_never_a_leak() {
        let runner = |package| growing(Kind::Timers, Some(package), "/srv/runner.js");
        for package in ["mocha", "@vitest/runner", "jest-circus"] {
            assert_eq!(severity(runner(package), 1e6), Severity::Note, "{package}");
        }
        assert_eq!(severity(runner("mochi"), 1e6), Severity::Leak);
    }

    #[test]
    fn another_kind_and_another_package_are_what_they_were() {
        let listeners = growing(Kind::Listeners, Some("lru-cache"), "/srv/lru.js");
        assert_eq!(severity(listeners, 1.0), Severity::Leak);
        let other = growing(Kind::Collections, Some("my-cache"), "/srv/my.js");
        assert_eq!(severity(other, 1.0), Severity::Leak);
    }
}
