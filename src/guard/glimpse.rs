//! What is known of one subject without judging it: for those who show all of them, tick by tick.

use std::cmp::Ordering;

use serde::Serialize;

use super::blame::Blame;
use super::finding;
use super::watch::NO_FINDING;
use super::{Guard, Severity};
use crate::ledger::{Kind, Site, View};

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

/// One subject with its numbers, for those who list them.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// As of a finding.
    pub kind: Kind,
    /// As of a finding.
    pub what: String,
    /// As of a finding.
    pub owner: String,
    /// Null where no line dominates.
    pub site: Option<finding::Site>,
    /// Level now.
    pub level: u64,
    /// Whether levels are bytes.
    pub bytes: bool,
    /// Growth in the same unit.
    pub rate_per_minute: f64,
    /// How far the suspicion has come.
    pub verdict: Stage,
}

/// The worst subjects, and what the rest comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// The worst first, of these the one that grows fastest, and of these the largest.
    pub subjects: Vec<Listed>,
    /// Those there was no room for.
    pub rest: Rest,
}

/// Sums of levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rest {
    /// Of populations.
    pub members: u64,
    /// Of allocation sites: what is measured of the memory as a whole is in no sum.
    pub bytes: u64,
}

/// What subjects are ranked by.
struct Ranked<'a> {
    view: View<'a>,
    slot: u32,
    stage: Stage,
    level: u64,
    rate_per_minute: f64,
}

impl Ranked<'_> {
    fn compare(&self, other: &Self) -> Ordering {
        let by_rate = || other.rate_per_minute.total_cmp(&self.rate_per_minute);
        let by_level = || other.level.cmp(&self.level);
        (other.stage.cmp(&self.stage))
            .then_with(by_rate)
            .then_with(by_level)
    }
}

impl Guard {
    /// So many subjects, the worst first, and the rest.
    #[must_use]
    pub fn subjects(&self, most: usize) -> Listing {
        let slots = 0..self.settings.capacity;
        let mut ranked: Vec<_> = slots.filter_map(|slot| self.rank(slot)).collect();
        ranked.sort_by(Ranked::compare);
        let (shown, others) = ranked.split_at(most.min(ranked.len()));
        let mut rest = Rest::default();
        for other in others {
            if other.view.unit_bytes().is_none() {
                rest.members += other.level;
            } else if other.view.kind() != Kind::Heap {
                rest.bytes += other.level;
            }
        }
        Listing {
            subjects: shown.iter().map(|ranked| self.list(ranked)).collect(),
            rest,
        }
    }

    fn rank(&self, slot: u32) -> Option<Ranked<'_>> {
        let view = self.ledger.view(slot)?;
        let unit = view.unit_bytes().unwrap_or(1);
        Some(Ranked {
            view,
            slot,
            stage: self.glimpse(slot).stage,
            level: u64::from(view.level()) * u64::from(unit),
            rate_per_minute: self.rate_per_minute(slot) * f64::from(unit),
        })
    }

    fn list(&self, ranked: &Ranked<'_>) -> Listed {
        let view = ranked.view;
        Listed {
            kind: view.kind(),
            what: view.what().to_owned(),
            owner: view.owner().to_owned(),
            site: self.dominant_site(ranked.slot).as_ref().map(Into::into),
            level: ranked.level,
            bytes: view.unit_bytes().is_some(),
            rate_per_minute: ranked.rate_per_minute,
            verdict: ranked.stage,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Settings;
    use crate::ledger::Claim;

    fn guard() -> Guard {
        let settings = r#"{"capacity":64,"patienceTicks":60,"intervalMs":1000,"startedAtMs":0}"#;
        Guard::new(Settings::from_json(settings).unwrap())
    }

    fn claim(guard: &mut Guard, kind: Kind, owner: &str, level: u32) -> u32 {
        let claim = Claim {
            kind,
            what: "Map",
            owner,
            floor: 1,
            level,
        };
        guard.claim(&claim).unwrap()
    }

    #[test]
    fn of_subjects_that_rest_the_largest_are_listed_and_the_others_summed() {
        let mut guard = guard();
        for (owner, level) in [("small", 1), ("large", 30), ("middle", 20)] {
            claim(&mut guard, Kind::Collections, owner, level);
        }
        let listing = guard.subjects(2);
        let owners = |it: &Listing| -> Vec<String> {
            it.subjects.iter().map(|it| it.owner.clone()).collect()
        };
        assert_eq!(owners(&listing), ["large", "middle"]);
        assert_eq!((listing.rest.members, listing.rest.bytes), (1, 0));
        assert_eq!(guard.subjects(3).rest, Rest::default());
        assert_eq!(guard.subjects(0).rest.members, 51);
    }

    #[test]
    fn one_that_grows_comes_before_a_larger_one() {
        let mut guard = guard();
        let rests = claim(&mut guard, Kind::Collections, "rests", 1000);
        let grows = claim(&mut guard, Kind::Collections, "grows", 10);
        let mut levels = vec![0; 64];
        for tick in 0..64_u32 {
            levels[rests as usize] = 1000;
            levels[grows as usize] = 10 + tick;
            guard.tick(&levels, None, f64::from(tick) * 1000.0);
        }
        let first = guard.subjects(1).subjects.remove(0);
        assert_eq!((first.owner.as_str(), first.level), ("grows", 73));
        assert!(first.rate_per_minute > 0.0 && !first.bytes);
    }

    #[test]
    fn memory_is_listed_in_bytes_and_the_memory_as_a_whole_is_in_no_sum() {
        let mut guard = guard();
        claim(&mut guard, Kind::Heap, "heap", 3);
        let listed = guard.subjects(1).subjects.remove(0);
        assert_eq!((listed.level, listed.bytes), (192, true));
        assert_eq!(guard.subjects(0).rest, Rest::default());
    }
}
