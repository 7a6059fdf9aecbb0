//! What is known of one subject without judging it: for those who show all of them, tick by tick.

use serde::Serialize;

use super::blame::Blame;
use super::watch::NO_FINDING;
use super::{Guard, Severity};
use crate::ledger::Site;

/// How far the suspicion against a subject has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// None.
    Steady,
    /// It grew at its last judging.
    Watching,
    /// It has a finding: a suspect.
    Growing,
    /// It has a finding: a leak.
    Leak,
}

/// One subject at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// How far the suspicion has come.
    pub stage: Stage,
    /// Signature of its finding; 0 while it has none.
    pub signature: u64,
}

impl Guard {
    /// The subject in that slot at a glance; steady where there is none.
    #[must_use]
    pub fn glimpse(&self, slot: u32) -> Glimpse {
        let none = Glimpse {
            stage: Stage::Steady,
            signature: 0,
        };
        let Some(watch) = self.watches.get(slot as usize) else {
            return none;
        };
        // The first comparison alone decides for nearly all of them.
        if watch.finding == NO_FINDING {
            let stage = match watch.growing_in_a_row {
                0 => Stage::Steady,
                _ => Stage::Watching,
            };
            return Glimpse { stage, ..none };
        }
        let Some(Some(raised)) = self.raised.get(usize::from(watch.finding)) else {
            return none;
        };
        let stage = match raised.severity {
            Severity::Leak => Stage::Leak,
            _ => Stage::Growing,
        };
        Glimpse {
            stage,
            signature: raised.signature.number(),
        }
    }

    /// Growth of the subject per minute, in units of its level: as last measured by a judging that found
    /// any, else over its recent history. 0 for one that does not grow.
    #[must_use]
    pub fn rate_per_minute(&self, slot: u32) -> f64 {
        let (Some(view), Some(watch)) = (self.ledger.view(slot), self.watches.get(slot as usize))
        else {
            return 0.0;
        };
        let measured = f64::from(watch.growth.rate_per_tick);
        let per_observation = if watch.growing_in_a_row > 0 && measured > 0.0 {
            measured
        } else {
            let troughs = view.recent_len();
            let first = view.recent_buckets().next();
            let rise = first.map_or(0.0, |first| f64::from(view.level()) - f64::from(first.min));
            let span = f64::from(view.recent_bucket_ticks()) * troughs.max(1) as f64;
            (rise / span).max(0.0)
        };
        self.clock
            .per_minute(per_observation / view.ticks_per_observation())
    }

    /// The site that dominates the growth of the subject; `None` when none does.
    #[must_use]
    pub fn dominant_site(&self, slot: u32) -> Option<Site> {
        let number = Blame::on(&self.ledger.view(slot)?).dominant_site()?;
        self.ledger.site(number)
    }

    /// Signature and severity of every finding that stands.
    pub fn raised(&self) -> impl Iterator<Item = (u64, Severity)> + '_ {
        let raised = self.raised.iter().flatten();
        raised.map(|raised| (raised.signature.number(), raised.severity))
    }

    /// The last tick, in epoch milliseconds.
    #[must_use]
    pub fn now_ms(&self) -> f64 {
        self.clock.now_ms()
    }

    /// Mean distance of two ticks, in milliseconds; the intended one before the first.
    #[must_use]
    pub fn tick_ms(&self) -> f64 {
        self.clock.tick_ms()
    }
}
