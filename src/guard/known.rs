//! Places that are known to keep what they get and to be right in doing so. What is found there is a
//! note, never hidden and never warned of: a wrong entry costs a reader a glance, not a night.
//!
//! Data, not logic; the verdict knows nothing of it. Each entry says why it is believed and for how
//! long: a cache with a bound has reached it after some time, and one that goes on growing was made
//! without.

use super::finding::{Evidence, Finding, Severity};
use crate::ledger::Kind;

/// Version of the table, in every sentence that rests on it: another release may judge otherwise.
const TABLE_VERSION: u32 = 1;

struct Known {
    /// npm package of the site, or a prefix of its file for Node's own, or the sort.
    place: Place,
    kind: Kind,
    /// Why it is right, as the report says it.
    because: &'static str,
    /// Patiences of history after which the reason is no longer believed; none: always.
    patiences: Option<u32>,
}

enum Place {
    Package(&'static str),
    Node(&'static str),
    /// Anywhere, of what V8's heap profile takes for this.
    What(&'static str),
}

/// A cache that is still filling after so many patiences was made without a bound.
const FILLING: Option<u32> = Some(4);

const TABLE: &[Known] = &[
    Known {
        place: Place::Package("lru-cache"),
        kind: Kind::Collections,
        because: "lru-cache stops at its max or maxSize; made with ttl alone it has no bound",
        patiences: FILLING,
    },
    Known {
        place: Place::Package("quick-lru"),
        kind: Kind::Collections,
        because: "quick-lru keeps at most twice its maxSize",
        patiences: FILLING,
    },
    Known {
        place: Place::Package("mnemonist"),
        kind: Kind::Collections,
        because: "the caches of mnemonist are made with a capacity",
        patiences: FILLING,
    },
    Known {
        place: Place::Package("undici"),
        kind: Kind::Collections,
        because: "undici keeps one pool for each origin",
        patiences: FILLING,
    },
    Known {
        place: Place::What("module"),
        kind: Kind::Objects,
        because: "a module is loaded once",
        patiences: FILLING,
    },
    Known {
        place: Place::Node("node:"),
        kind: Kind::Objects,
        because: "Node.js allocates it with nobody of the application's on the stack",
        patiences: None,
    },
    Known {
        place: Place::Node("node:internal/modules/"),
        kind: Kind::Collections,
        because: "Node.js keeps every module that was loaded",
        patiences: FILLING,
    },
    Known {
        place: Place::Node("node:internal/source_map/"),
        kind: Kind::Collections,
        because: "Node.js keeps the source map of every module that was loaded",
        patiences: FILLING,
    },
];

/// Makes a note of a finding at a known place, unless it has been watched for more `patiences` than its
/// reason holds.
pub(super) fn quieten(finding: &mut Finding, patiences: f64) {
    let Some(site) = &finding.site else { return };
    let known = TABLE.iter().find(|known| {
        let here = match known.place {
            Place::Package(name) => site.package.as_deref() == Some(name),
            Place::Node(prefix) => site.frame.file.starts_with(prefix),
            Place::What(what) => finding.what == what,
        };
        here && known.kind == finding.kind
            && known
                .patiences
                .is_none_or(|most| patiences < f64::from(most))
    });
    let Some(known) = known else { return };
    finding.severity = Severity::Note;
    let until = known.patiences.map_or_else(String::new, |most| {
        format!(" until it has grown for {most} times the patience")
    });
    finding.evidence.push(Evidence {
        signal: "known".to_owned(),
        detail: format!(
            "held to be healthy{until}: {} (known places, version {TABLE_VERSION})",
            known.because
        ),
    });
}
