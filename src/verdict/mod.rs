//! F1. The verdict on the history of one subject: numbers in, verdict and evidence out. It knows no
//! ledger, no names, no clock; all times are in ticks.
//!
//! ```text
//! history < patience                    watching   too early to say anything
//! below the floor, or no trend          steady
//! trend, but not beyond chance, or it   watching
//! has come to a stop under load
//! trend beyond chance                   growing    reported as a suspect
//! … and what is added stays, growth     leak       two independent signals
//! does not fade and outgrows the load
//! ```
//!
//! *Trend* ([`trend`]) looks at levels only, *survival* at what became of those born: by births and
//! deaths ([`succession`]), or by birth cohorts where only samples of the living can be had
//! ([`generations`]). Either alone is a known false-alarm machine: a diurnal load trends upwards for
//! half a day, and a static table never loses an entry. Together they accuse only what keeps growing
//! **and** keeps what it gets. [`load`] says how much of a growth is none of the subject's doing.
//!
//! **Two histories.** The long one reaches back to the first tick, but a leak that begins on day ten fills
//! a third of it only on day fifteen. The recent one slides, and may accuse under two conditions more:
//! it must be a record in the long one's eyes, and a change, the same subject having grown at most
//! half as fast for some time before. What has always grown, and slows down, is the long one's to judge.

pub mod generations;
pub mod load;
pub mod succession;
pub mod trend;

use self::generations::{Cohorts, Generations};
use self::load::Load;
use self::succession::{Counts, Succession};
use self::trend::{Question, Trend};

/// The part of a history, of cohorts or of ticks that is thrown away as warm-up: the first fifth (DESIGN,
/// "From numbers to verdicts").
pub const WARM_UP_PARTS: u8 = 5;

/// One stretch of history; all stretches of a case are equally long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Lowest level.
    pub trough: u32,
    /// Highest level.
    pub peak: u32,
    /// Sum of rises.
    pub births: u32,
    /// Sum of falls.
    pub deaths: u32,
}

/// What is known of births and deaths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Survival<'a> {
    /// Nothing: the level is a sum in which single members cannot be told apart, such as bytes.
    Unknown,
    /// Only what the level did from tick to tick, which is in the buckets.
    Levels,
    /// Members were sampled.
    Sampled {
        /// Over all sites.
        all: Counts,
        /// The site with the most live members, and its share of them, 0 to 1.
        dominant: Option<(Counts, f64)>,
    },
    /// Live samples by when they were born. The ticks of such a case are rounds.
    Cohorts(Cohorts<'a>),
}

/// One history of a subject.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// Closed buckets, oldest first.
    pub buckets: &'a [Bucket],
    /// Ticks each bucket covers.
    pub bucket_ticks: u32,
    /// Ticks since the last bucket closed.
    pub open_ticks: u32,
    /// What became of those born meanwhile.
    pub survival: Survival<'a>,
}

impl<'a> History<'a> {
    fn ticks(&self) -> u64 {
        self.buckets.len() as u64 * u64::from(self.bucket_ticks)
    }

    /// Ticks since it began.
    fn began_ago(&self) -> u64 {
        self.ticks() + u64::from(self.open_ticks)
    }

    fn after_warm_up(self) -> Self {
        Self {
            buckets: trend::after_warm_up(self.buckets),
            ..self
        }
    }

    /// The buckets that ended at least so many ticks ago.
    fn until(&self, ago: u64) -> &'a [Bucket] {
        let since = ago.saturating_sub(u64::from(self.open_ticks));
        let later = since.div_ceil(u64::from(self.bucket_ticks.max(1)));
        let kept = (self.buckets.len() as u64).saturating_sub(later);
        &self.buckets[..usize::try_from(kept).unwrap_or(0)]
    }
}

/// Everything a verdict stands on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// From the first tick on.
    pub long: History<'a>,
    /// The last so many ticks in a finer resolution, once they no longer hold the warm-up.
    pub recent: Option<History<'a>>,
    /// What the process had to do, if that is known.
    pub load: Option<Load<'a>>,
    /// Ticks of history in all.
    pub history_ticks: u32,
    /// Ticks of history below which nothing is said.
    pub patience_ticks: u32,
    /// Level now.
    pub level: u32,
    /// Level below which nobody cares.
    pub floor: u32,
}

/// The four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Does not grow.
    Steady,
    /// Too early, or not beyond chance.
    Watching,
    /// Grows, and nothing says that its members stay.
    Growing,
    /// Grows, and what it gets it keeps.
    Leak,
}

/// How fast a subject grew while it did, and over what time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    /// Members per tick.
    pub rate_per_tick: f32,
    /// Ticks over which that was measured.
    pub window_ticks: u32,
}

/// A verdict and the numbers behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// The trend, when there was enough history to look for one and it passed the gates.
    pub trend: Option<Trend>,
    /// The survival by births and deaths, when anything is known of them.
    pub succession: Option<Succession>,
    /// The survival by cohorts, when there are any.
    pub generations: Option<Generations>,
}

impl Judgement {
    fn bare(verdict: Verdict) -> Self {
        Self {
            verdict,
            trend: None,
            succession: None,
            generations: None,
        }
    }

    /// How sure, 0 to 1: at most 0.5 on a trend alone, 0.6 to 0.99 with both signals.
    ///
    /// The trend counts by the logarithm of its e-value, from a half at the threshold of 1,000 to one
    /// at a million; the survival by where its score lies between 0.95 and 1, or its share of cohorts
    /// between 0.75 and 1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let strength = self.trend.map_or(0.0, |trend| {
            (trend.log10_e / (2.0 * trend::E_THRESHOLD.log10())).clamp(0.0, 1.0)
        });
        let by_deaths = self.succession.map_or(0.0, |succession| {
            ((succession.score - succession::MIN_SCORE) / (1.0 - succession::MIN_SCORE)).max(0.0)
        });
        let by_cohorts = self.generations.map_or(0.0, |generations| {
            ((generations.share() - generations::MIN_SHARE) / (1.0 - generations::MIN_SHARE))
                .max(0.0)
        });
        let survival = by_deaths.max(by_cohorts);
        match self.verdict {
            Verdict::Steady | Verdict::Watching => 0.0,
            Verdict::Growing => 0.5 * strength,
            Verdict::Leak => (0.4 + 0.4 * strength + 0.2 * survival).min(0.99),
        }
    }
}

/// A late leak is a change: in some quarter of the time before it the subject grew at most this part as
/// fast.
const MOST_EARLIER_PACE: f64 = 0.5;

/// What rose for less than patience may be a warm-up that came late. Four fifths of a straight line take
/// four fifths of its time; a bucket of four ticks may be missing from that.
const RISE_PARTS: f64 = 4.0 / 3.0;

/// The end of a trend that tells whether it goes on: an eighth of it, at least the recent history …
const ENDING_PARTS: f64 = 8.0;

/// … and as long as it takes to add so many members at the former rate: that none of 16 came is no chance
/// (1 in nine million, if they come one by one).
const ENDING_MEMBERS: f64 = 16.0;

/// Growth below this part of its former rate has stopped.
const STOPPED: f64 = 0.1;

/// Judges one case.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    if case.history_ticks < case.patience_ticks {
        return Judgement::bare(Verdict::Watching);
    }
    if case.level < case.floor {
        return Judgement::bare(Verdict::Steady);
    }
    let long = judge_long(case);
    if long.verdict == Verdict::Leak {
        return long;
    }
    judge_recent(case)
        .filter(|recent| recent.verdict > long.verdict)
        .unwrap_or(long)
}

fn judge_long(case: &Case<'_>) -> Judgement {
    let history = case.long.after_warm_up();
    let judgement = judge_history(case, &history, 0);
    match judgement.trend {
        Some(trend) if stands_still(case, trend.growth_so_far()) => Judgement {
            verdict: judgement.verdict.min(Verdict::Watching),
            ..judgement
        },
        _ => judgement,
    }
}

/// Whether a subject that grew like that stands still by now, and not because there was nothing to do.
/// False where it is too early to say.
#[must_use]
pub fn stands_still(case: &Case<'_>, growth: Growth) -> bool {
    let Some(recent) = case.recent else {
        return false;
    };
    let rate = f64::from(growth.rate_per_tick);
    let enough = (ENDING_MEMBERS / rate).max(f64::from(growth.window_ticks) / ENDING_PARTS);
    let ending = if enough <= recent.ticks() as f64 {
        trend::rate_per_tick(recent.buckets, recent.bucket_ticks)
    } else {
        let long = case.long;
        let wanted = (enough / f64::from(long.bucket_ticks)).ceil().max(3.0);
        if wanted * 2.0 > long.buckets.len() as f64 {
            return false;
        }
        // At most half of 64.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wanted = wanted as usize;
        let last = &long.buckets[long.buckets.len() - wanted..];
        trend::rate_per_tick(last, long.bucket_ticks)
    };
    ending < STOPPED * rate && !case.load.is_some_and(|load| load.is_idle())
}

/// What the recent history has to say; nothing unless it accuses.
fn judge_recent(case: &Case<'_>) -> Option<Judgement> {
    let recent = case.recent?;
    let earlier = case.long.after_warm_up().until(recent.began_ago());
    let earlier_peak = earlier.iter().map(|bucket| bucket.peak).max().unwrap_or(0);
    let judgement = judge_history(case, &recent, earlier_peak);
    let trend = judgement.trend?;
    // A suspicion is raised from here only where there can never be more than one.
    let accuses = judgement.verdict == Verdict::Leak
        || (judgement.verdict == Verdict::Growing && recent.survival == Survival::Unknown);
    let earlier_ticks = earlier.len() as u64 * u64::from(case.long.bucket_ticks);
    let known = earlier_ticks * 2 >= recent.ticks();
    // Rise within patience as a warm-up does, but late.
    if trend::rise_ticks(&recent) as f64 * RISE_PARTS < f64::from(case.patience_ticks) {
        return None;
    }
    let changed = !known || {
        let quarters = earlier.chunks(earlier.len().div_ceil(4));
        let rates = quarters.map(|quarter| trend::rate_per_tick(quarter, case.long.bucket_ticks));
        rates.fold(f64::INFINITY, f64::min) <= MOST_EARLIER_PACE * trend.rate_per_tick
    };
    (accuses && changed).then_some(judgement)
}

fn judge_history(case: &Case<'_>, history: &History<'_>, earlier_peak: u32) -> Judgement {
    let demands = match history.survival {
        Survival::Cohorts(_) => trend::OF_ROUNDS,
        _ => trend::OF_TICKS,
    };
    let question = Question {
        history,
        level: case.level,
        floor: case.floor,
        min_buckets: demands.min_buckets,
        earlier_peak,
        load: case.load.as_ref(),
    };
    let Some(trend) = trend::find(&question) else {
        return Judgement::bare(Verdict::Steady);
    };
    let succession = succession::weigh(history.survival, history.buckets);
    let generations = match history.survival {
        Survival::Cohorts(cohorts) => Some(generations::weigh(cohorts)),
        _ => None,
    };
    let kept = succession.is_some_and(|succession| succession.passes())
        || generations.is_some_and(|generations| generations.passes(trend.fade));
    let stays = kept && !trend.slows_down() && !trend.follows_load();
    let verdict = if stays && trend.log10_e >= demands.e_with_survival.log10() {
        Verdict::Leak
    } else if trend.log10_e >= trend::E_THRESHOLD.log10() {
        Verdict::Growing
    } else {
        Verdict::Watching
    };
    Judgement {
        verdict,
        trend: Some(trend),
        succession,
        generations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cohorts_that_survive_make_a_leak_of_a_trend_and_cohorts_that_die_out_do_not() {
        let buckets = rising(20);
        let verdict = |live: &[u32]| {
            let cohorts = Cohorts {
                live,
                cohort_rounds: 1,
                sample_bytes: 65_536.0,
                exposure: None,
            };
            let case = Case {
                patience_ticks: 8,
                ..case(&buckets, Survival::Cohorts(cohorts))
            };
            judge(&case).verdict
        };
        assert_eq!(verdict(&[5; 20]), Verdict::Leak);
        let mut dying = [0; 20];
        dying[16..].copy_from_slice(&[1, 10, 40, 90]);
        assert_eq!(verdict(&dying), Verdict::Growing);
    }

    fn rising(buckets: u32) -> Vec<Bucket> {
        let bucket = |n| Bucket {
            trough: 100 + 2 * n,
            peak: 100 + 2 * n,
            births: 2,
            deaths: 0,
        };
        (0..buckets).map(bucket).collect()
    }

    fn history<'a>(buckets: &'a [Bucket], survival: Survival<'a>) -> History<'a> {
        History {
            buckets,
            bucket_ticks: 1,
            open_ticks: 0,
            survival,
        }
    }

    fn case<'a>(buckets: &'a [Bucket], survival: Survival<'a>) -> Case<'a> {
        Case {
            long: history(buckets, survival),
            recent: None,
            load: None,
            // At most 64.
            history_ticks: u32::try_from(buckets.len()).unwrap(),
            patience_ticks: 60,
            level: 220,
            floor: 16,
        }
    }

    fn sampled(births: f64, deaths: f64) -> Survival<'static> {
        Survival::Sampled {
            all: Counts { births, deaths },
            dominant: None,
        }
    }

    #[test]
    fn a_history_below_patience_is_watched_and_at_patience_judged() {
        assert_eq!(
            judge(&case(&rising(59), Survival::Levels)).verdict,
            Verdict::Watching
        );
        assert_eq!(
            judge(&case(&rising(60), Survival::Levels)).verdict,
            Verdict::Leak
        );
    }

    #[test]
    fn below_the_floor_everything_is_steady() {
        let buckets = rising(60);
        let case = |floor| Case {
            floor,
            ..case(&buckets, Survival::Levels)
        };
        assert_eq!(judge(&case(16)).verdict, Verdict::Leak);
        assert_eq!(judge(&case(221)).verdict, Verdict::Steady);
    }

    #[test]
    fn a_trend_alone_is_growing_and_only_with_survival_a_leak() {
        let buckets = rising(60);
        let verdict = |survival| judge(&case(&buckets, survival)).verdict;
        assert_eq!(verdict(Survival::Unknown), Verdict::Growing);
        assert_eq!(verdict(sampled(100.0, 50.0)), Verdict::Growing);
        assert_eq!(verdict(sampled(100.0, 2.0)), Verdict::Leak);
    }

    #[test]
    fn survival_alone_is_steady() {
        let flat = [Bucket {
            trough: 220,
            peak: 220,
            ..Bucket::default()
        }; 60];
        assert_eq!(
            judge(&case(&flat, sampled(1_000.0, 0.0))).verdict,
            Verdict::Steady
        );
    }

    #[test]
    fn a_suspect_is_at_most_half_sure_and_a_leak_more_than_half() {
        let buckets = rising(60);
        let confidence = |survival| judge(&case(&buckets, survival)).confidence();
        assert!((0.25..=0.5).contains(&confidence(Survival::Unknown)));
        assert!((0.6..=0.99).contains(&confidence(sampled(1e9, 0.0))));
    }

    /// A plateau at 100 for 60 buckets of 64 ticks, and of late 24 buckets of 4 ticks at `recent`.
    fn late(recent: impl Fn(u32) -> u32, asked: impl Fn(&Case<'_>)) {
        let bucket = |level| Bucket {
            trough: level,
            peak: level,
            births: 4,
            deaths: 0,
        };
        let long: Vec<Bucket> = (0..60).map(|_| bucket(100)).collect();
        let recent: Vec<Bucket> = (0..24).map(|n| bucket(recent(n))).collect();
        let history = |buckets, bucket_ticks| History {
            bucket_ticks,
            ..history(buckets, Survival::Levels)
        };
        asked(&Case {
            long: history(&long, 64),
            recent: Some(history(&recent, 4)),
            history_ticks: 3_840,
            ..case(&long, Survival::Levels)
        });
    }

    #[test]
    fn a_leak_that_begins_late_is_one_in_the_recent_history() {
        late(
            |n| 101 + 4 * n,
            |case| assert_eq!(judge(case).verdict, Verdict::Leak),
        );
    }

    #[test]
    fn late_growth_below_an_earlier_peak_is_none() {
        late(
            |n| 101 + 4 * n,
            |case| {
                let mut long = case.long.buckets.to_vec();
                long[30].peak = 200;
                let long = History {
                    buckets: &long,
                    ..case.long
                };
                let case = Case { long, ..*case };
                assert_eq!(judge(&case).verdict, Verdict::Steady);
            },
        );
    }

    #[test]
    fn a_warm_up_that_comes_late_and_is_over_within_patience_is_none() {
        // Ten buckets of four ticks.
        late(
            |n| 101 + 10 * n.clamp(8, 18),
            |case| assert_eq!(judge(case).verdict, Verdict::Steady),
        );
    }

    fn load(means: &[f32], bucket_ticks: u32) -> load::Means<'_> {
        load::Means {
            means,
            bucket_ticks,
            open_ticks: 0,
        }
    }

    #[test]
    fn growth_that_a_growing_load_explains_is_no_more_than_growing() {
        let buckets = rising(60);
        let verdict = |last: f32| {
            let means: Vec<f32> = (0..60).map(|n| if n < 36 { 1.0 } else { last }).collect();
            let load = Load {
                long: load(&means, 1),
                recent: load(&[], 1),
            };
            let case = Case {
                load: Some(load),
                ..case(&buckets, Survival::Levels)
            };
            judge(&case).verdict
        };
        // The level rises from 154 at the end of the first third to 188 at the start of the last.
        assert_eq!(verdict(1.0), Verdict::Leak);
        assert_eq!(verdict(1.1), Verdict::Leak);
        assert_eq!(verdict(2.0), Verdict::Growing);
        assert_eq!(verdict(0.5), Verdict::Leak);
    }

    #[test]
    fn what_stopped_under_load_stands_still_and_what_stopped_for_want_of_it_does_not() {
        let growth = Growth {
            rate_per_tick: 1.0,
            window_ticks: 100,
        };
        late(
            |_| 100,
            |case| {
                assert!(stands_still(case, growth));
                let busy = [10.0; 60];
                let under = |recent: &[f32]| {
                    let load = Load {
                        long: load(&busy, 64),
                        recent: load(recent, 4),
                    };
                    let case = Case {
                        load: Some(load),
                        ..*case
                    };
                    stands_still(&case, growth)
                };
                assert!(under(&[10.0; 24]));
                assert!(!under(&[1.0; 24]));
            },
        );
        late(|n| 100 + 4 * n, |case| assert!(!stands_still(case, growth)));
    }

    proptest! {
        #[test]
        fn adding_a_constant_to_all_levels_keeps_the_trend(
            steps in prop::collection::vec(0u32..9, 30..64),
            constant in 0u32..10_000,
        ) {
            let buckets = |constant: u32| -> Vec<Bucket> {
                let levels = steps.iter().scan(100 + constant, |level, step| {
                    *level += step;
                    Some(*level)
                });
                let bucket = |level| Bucket { trough: level, peak: level, births: 4, deaths: 0 };
                levels.map(bucket).collect()
            };
            let trend = |buckets: &[Bucket]| {
                // The gate of 1 % of the level is about the level, so it is kept out.
                let case = Case { level: 100, ..case(buckets, Survival::Levels) };
                judge(&case).trend.map(|trend| (trend.growth, trend.rises, trend.fade.to_bits()))
            };
            prop_assert_eq!(trend(&buckets(0)), trend(&buckets(constant)));
        }

        #[test]
        fn no_history_makes_it_panic_or_unsure_of_its_range(
            levels in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u32>()), 0..100),
            floor: u32,
            level: u32,
            bucket_ticks: u32,
        ) {
            let buckets: Vec<Bucket> = levels
                .into_iter()
                .map(|(trough, peak, births)| Bucket { trough, peak, births, deaths: births / 3 })
                .collect();
            let history = History {
                bucket_ticks,
                ..history(&buckets, Survival::Levels)
            };
            let case = Case {
                long: history,
                recent: Some(history),
                history_ticks: u32::MAX,
                floor,
                level,
                ..case(&buckets, Survival::Levels)
            };
            let judgement = judge(&case);
            prop_assert!((0.0..=1.0).contains(&judgement.confidence()));
        }

        #[test]
        fn a_history_and_its_reverse_never_both_grow(
            levels in prop::collection::vec(100u32..1_000, 60..64),
            slope in 0u32..20,
        ) {
            let rising: Vec<u32> = levels.iter().zip(0..).map(|(level, n)| level + slope * n).collect();
            let verdict = |levels: Vec<u32>| {
                let bucket = |level| Bucket { trough: level, peak: level, births: 4, deaths: 0 };
                let buckets: Vec<Bucket> = levels.into_iter().map(bucket).collect();
                judge(&case(&buckets, Survival::Levels)).verdict
            };
            let falling = rising.iter().rev().copied().collect();
            prop_assert!(verdict(rising).min(verdict(falling)) < Verdict::Growing);
        }

        #[test]
        fn more_deaths_or_a_higher_floor_never_accuse_more(
            steps in prop::collection::vec(0u32..9, 60..64),
            births in 0u32..1_000,
            deaths in (0u32..1_000, 0u32..1_000),
            floor in (0u32..400, 0u32..400),
        ) {
            let levels = steps.iter().scan(100, |level, step| {
                *level += step;
                Some(*level)
            });
            let buckets: Vec<Bucket> = levels
                .map(|level| Bucket { trough: level, peak: level, births: 4, deaths: 0 })
                .collect();
            let verdict = |deaths: u32, floor| {
                let survival = sampled(f64::from(births), f64::from(deaths.min(births)));
                judge(&Case { floor, ..case(&buckets, survival) }).verdict
            };
            prop_assert!(verdict(deaths.0 + deaths.1, floor.0) <= verdict(deaths.0, floor.0));
            prop_assert!(verdict(deaths.0, floor.0 + floor.1) <= verdict(deaths.0, floor.0));
        }

        #[test]
        fn the_unit_of_the_levels_does_not_matter(
            steps in prop::collection::vec(0u32..9, 60..64),
            unit in 1u32..1_000,
        ) {
            let judged = |unit: u32| {
                let levels = steps.iter().scan(100 * unit, |level, step| {
                    *level += step * unit;
                    Some(*level)
                });
                let buckets: Vec<Bucket> = levels
                    .map(|level| Bucket { trough: level, peak: level, births: 4, deaths: 0 })
                    .collect();
                let level = buckets[buckets.len() - 1].trough;
                let judgement = judge(&Case { level, floor: 16 * unit, ..case(&buckets, sampled(100.0, 2.0)) });
                (judgement.verdict, judgement.trend.map(|trend| trend.rises))
            };
            prop_assert_eq!(judged(1), judged(unit));
        }
    }
}
