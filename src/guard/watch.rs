//! Hysteresis: what the guard remembers of one subject between judgings, and when that is enough to
//! raise it or to let it go. Twelve bytes, because there are as many as subjects.

use super::finding::Severity;
use crate::ledger::View;
use crate::verdict::Verdict;

/// Judgings in a row that must agree: Chromium's leak detector takes 4, kmemleak 2 to 3.
pub(super) const CONFIRMATIONS: u8 = 4;

/// Closed buckets whose lowest trough tells whether a subject has recovered.
const RECENT_BUCKETS: usize = 4;

/// Index of no finding.
pub(super) const NO_FINDING: u16 = u16::MAX;

/// What the guard remembers of one subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// What its trough was when it was raised.
    pub(super) trough_when_raised: u32,
    /// Index of its finding, or [`NO_FINDING`].
    pub(super) finding: u16,
    pub(super) growing_in_a_row: u8,
    leak_in_a_row: u8,
}

impl Watch {
    pub(super) const NEW: Self = Self {
        trough_when_raised: 0,
        finding: NO_FINDING,
        growing_in_a_row: 0,
        leak_in_a_row: 0,
    };

    /// Counts one more judging; the severity that holds now, if any does.
    pub(super) fn confirm(&mut self, verdict: Verdict) -> Option<Severity> {
        let next = |streak: u8, holds: bool| if holds { streak.saturating_add(1) } else { 0 };
        self.growing_in_a_row = next(self.growing_in_a_row, verdict >= Verdict::Growing);
        self.leak_in_a_row = next(self.leak_in_a_row, verdict == Verdict::Leak);
        if self.leak_in_a_row >= CONFIRMATIONS {
            Some(Severity::Leak)
        } else if self.growing_in_a_row >= CONFIRMATIONS && self.leak_in_a_row == 0 {
            // While a streak of leak verdicts runs, it is about to be raised as the leak it is.
            Some(Severity::Suspect)
        } else {
            None
        }
    }
}

/// The lowest of its last buckets; its level while there are none.
pub(super) fn recent_trough(view: &View<'_>) -> u32 {
    let troughs = view
        .buckets()
        .rev()
        .take(RECENT_BUCKETS)
        .map(|bucket| bucket.min);
    troughs.min().unwrap_or_else(|| view.level())
}

/// A quarter below, as DESIGN has it.
pub(super) fn has_recovered(view: &View<'_>, trough_when_raised: u32) -> bool {
    u64::from(recent_trough(view)) * 4 <= u64::from(trough_when_raised) * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confirmed(verdicts: &[Verdict]) -> Option<Severity> {
        let mut watch = Watch::NEW;
        verdicts
            .iter()
            .map(|&verdict| watch.confirm(verdict))
            .last()
            .flatten()
    }

    #[test]
    fn the_fourth_judging_in_a_row_confirms_and_the_third_does_not() {
        assert_eq!(confirmed(&[Verdict::Leak; 3]), None);
        assert_eq!(confirmed(&[Verdict::Leak; 4]), Some(Severity::Leak));
        assert_eq!(confirmed(&[Verdict::Growing; 4]), Some(Severity::Suspect));
    }

    #[test]
    fn a_single_miss_starts_again() {
        use Verdict::{Leak, Steady, Watching};
        assert_eq!(
            confirmed(&[Leak, Leak, Leak, Watching, Leak, Leak, Leak]),
            None
        );
        assert_eq!(confirmed(&[Leak, Leak, Leak, Leak, Steady]), None);
    }

    #[test]
    fn a_suspect_on_its_way_to_a_leak_is_not_raised_twice() {
        use Verdict::{Growing, Leak};
        assert_eq!(confirmed(&[Growing, Leak, Leak, Leak]), None);
        assert_eq!(
            confirmed(&[Growing, Leak, Leak, Leak, Leak]),
            Some(Severity::Leak)
        );
        assert_eq!(
            confirmed(&[Leak, Leak, Leak, Growing]),
            Some(Severity::Suspect)
        );
    }
}
