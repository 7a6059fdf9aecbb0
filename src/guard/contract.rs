//! Findings that rest on a contract: an object that its owner says should be gone, and that is there.
//!
//! There is no trend to wait for and no chance to rule out. The host counts only objects that have
//! outlived the grace and the collections (`lib/expectations.js`), so each one counted is proof.

use super::finding::{Evidence, Tier};
use super::phrase::{duration, plural};
use crate::ledger::{Kind, View};
use crate::verdict::{Judgement, Verdict};

/// Ticks that the host gives an object to go, as `lib/expectations.js` has it.
const GRACE_TICKS: u32 = 5;
/// Full collections that it must have outlived.
const GRACE_COLLECTIONS: u32 = 3;
/// As sure as a verdict on both signals gets.
pub(super) const CONFIDENCE: f64 = 0.99;

/// What kind of proof a subject of this kind rests on.
pub(super) fn tier(kind: Kind) -> Tier {
    if kind == Kind::Retained {
        Tier::Contract
    } else {
        Tier::Trend
    }
}

/// The judgement on a subject under contract; `None` when it is under none, or keeps it.
pub(super) fn judge(view: &View<'_>) -> Option<Judgement> {
    let broken = tier(view.kind()) == Tier::Contract && view.level() >= view.floor().max(1);
    broken.then_some(Judgement {
        verdict: Verdict::Leak,
        trend: None,
        succession: None,
        generations: None,
    })
}

/// `session: 3 objects expected gone for 12s and 3 full collections are still reachable`.
pub(super) fn evidence(label: &str, level: u64, overdue_ms: f64, tick_ms: f64) -> Vec<Evidence> {
    vec![Evidence {
        signal: "contract".to_owned(),
        detail: format!("{label}: {}", in_short(level, overdue_ms, tick_ms)),
    }]
}

/// The same without its label.
pub(super) fn in_short(level: u64, overdue_ms: f64, tick_ms: f64) -> String {
    let waited = overdue_ms + f64::from(GRACE_TICKS) * tick_ms;
    format!(
        "{} expected gone for {} and {GRACE_COLLECTIONS} full collections {} still reachable",
        plural(level, "object", "objects"),
        duration(waited),
        if level == 1 { "is" } else { "are" },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evidence_says_how_many_for_how_long() {
        let [evidence] = &evidence("session", 3, 7_000.0, 1_000.0)[..] else {
            panic!("one sentence");
        };
        assert_eq!(
            evidence.detail,
            "session: 3 objects expected gone for 12s and 3 full collections are still reachable"
        );
    }
}
