//! Hysteresis: what the guard remembers of one subject between judgings, and when that is enough to
//! raise it or to let it go. Twenty bytes, because there are as many as subjects.

use super::finding::Severity;
use crate::ledger::View;
use crate::verdict::{Growth, Verdict};

/// Judgings in a row that must agree: Chromium's leak detector takes 4, kmemleak 2 to 3.
pub(super) const CONFIRMATIONS: u8 = 4;

/// Buckets of the recent history whose lowest trough tells whether a subject has recovered: about a
/// quarter of patience. Their span never changes; the long history's doubles, and a growth would look
/// like a fall when it does.
const LAST_BUCKETS: usize = 4;

/// Index of no finding.
pub(super) const NO_FINDING: u16 = u16::MAX;

/// Judgings in a row without growth after which a subject leaves its finding: half of a patience more than
/// it takes to doubt it.
const CALM_LEAVES: u8 = CONFIRMATIONS + 8;

/// Whether a finding still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Calm {
    /// It grows, or has not stood still for long.
    No,
    /// It stands still: no more than a suspect.
    Doubtful,
    /// It has stood still for so long that it is none.
    Over,
}

/// What the guard remembers of one subject.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// What its trough was when it was raised.
    pub(super) trough_when_raised: u32,
    /// How it grew when it last did.
    pub(super) growth: Growth,
    /// Index of its finding, or [`NO_FINDING`].
    pub(super) finding: u16,
    pub(super) growing_in_a_row: u8,
    leak_in_a_row: u8,
    /// Judgings in a row that found no growth, of a subject with a finding.
    calm_in_a_row: u8,
}

impl Watch {
    pub(super) const NEW: Self = Self {
        trough_when_raised: 0,
        growth: Growth {
            rate_per_tick: 0.0,
            window_ticks: 0,
        },
        finding: NO_FINDING,
        growing_in_a_row: 0,
        leak_in_a_row: 0,
        calm_in_a_row: 0,
    };

    /// Counts one more judging of a subject with a finding: whether it is calm by now, and for how long.
    pub(super) fn calm_down(&mut self, grows: bool) -> Calm {
        self.calm_in_a_row = if grows {
            0
        } else {
            self.calm_in_a_row.saturating_add(1)
        };
        match self.calm_in_a_row {
            CALM_LEAVES.. => Calm::Over,
            CONFIRMATIONS.. => Calm::Doubtful,
            _ => Calm::No,
        }
    }

    /// Whether it has a finding and was a leak at each of its last judgings.
    pub(super) fn is_confirmed_leak(&self) -> bool {
        self.finding != NO_FINDING && self.leak_in_a_row >= CONFIRMATIONS
    }

    /// Whether it has stood still for long enough to be doubted.
    pub(super) fn is_calm(&self) -> bool {
        self.calm_in_a_row >= CONFIRMATIONS
    }

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
        .recent_buckets()
        .rev()
        .take(LAST_BUCKETS)
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
    fn what_stands_still_is_doubted_after_four_judgings_and_over_after_twelve() {
        let mut watch = Watch::NEW;
        let mut calm = || watch.calm_down(false);
        assert_eq!([calm(), calm(), calm()], [Calm::No; 3]);
        assert_eq!(calm(), Calm::Doubtful);
        assert_eq!((0..8).map(|_| calm()).last(), Some(Calm::Over));
        assert_eq!(watch.calm_down(true), Calm::No);
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
