//! F1. The verdict on the history of one subject: numbers in, verdict and evidence out. It knows no
//! ledger, no names, no clock; all times are in ticks.
//!
//! ```text
//! history < patience                    watching   too early to say anything
//! below the floor, or no trend          steady
//! trend, but not yet beyond chance      watching
//! trend beyond chance                   growing    reported as a suspect
//! … and few of the members born died    leak       two independent signals
//! ```
//!
//! *Trend* ([`trend`]) looks at levels only, *succession* ([`succession`]) at births and deaths only.
//! Either alone is a known false-alarm machine: a diurnal load trends upwards for half a day, and a
//! static table never loses an entry. Together they accuse only what keeps growing **and** keeps
//! what it gets.

pub mod generations;
pub mod succession;
pub mod trend;

use self::generations::{Cohorts, Generations};
use self::succession::{Counts, Succession};
use self::trend::Trend;

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

/// Everything a verdict stands on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Closed buckets, oldest first.
    pub buckets: &'a [Bucket],
    /// Ticks each bucket covers.
    pub bucket_ticks: u32,
    /// Ticks of history in all.
    pub history_ticks: u32,
    /// Ticks of history below which nothing is said.
    pub patience_ticks: u32,
    /// Level now.
    pub level: u32,
    /// Level below which nobody cares.
    pub floor: u32,
    /// Births and deaths.
    pub survival: Survival<'a>,
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

/// Judges one case.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    if case.history_ticks < case.patience_ticks {
        return Judgement::bare(Verdict::Watching);
    }
    if case.level < case.floor {
        return Judgement::bare(Verdict::Steady);
    }
    let window = trend::after_warm_up(case.buckets);
    let demands = match case.survival {
        Survival::Cohorts(_) => trend::OF_ROUNDS,
        _ => trend::OF_TICKS,
    };
    let Some(trend) = trend::find(
        window,
        case.bucket_ticks,
        case.level,
        case.floor,
        demands.min_buckets,
    ) else {
        return Judgement::bare(Verdict::Steady);
    };
    let succession = succession::weigh(case.survival, window);
    let generations = match case.survival {
        Survival::Cohorts(cohorts) => Some(generations::weigh(cohorts)),
        _ => None,
    };
    let kept = succession.is_some_and(|succession| succession.passes())
        || generations.is_some_and(|generations| generations.passes());
    let beyond_chance = trend.log10_e >= demands.e_threshold.log10();
    let verdict = match (beyond_chance, kept && !trend.slows_down()) {
        (false, _) => Verdict::Watching,
        (true, false) => Verdict::Growing,
        (true, true) => Verdict::Leak,
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
        let buckets: Vec<Bucket> = rising(16);
        let verdict = |live: &[u32]| {
            let cohorts = Cohorts {
                live,
                cohort_rounds: 1,
                load: None,
            };
            let case = Case {
                patience_ticks: 8,
                ..case(&buckets, Survival::Cohorts(cohorts))
            };
            judge(&case).verdict
        };
        assert_eq!(verdict(&[5; 16]), Verdict::Leak);
        let mut dying = [0; 16];
        dying[12..].copy_from_slice(&[1, 10, 40, 90]);
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

    fn case<'a>(buckets: &'a [Bucket], survival: Survival<'a>) -> Case<'a> {
        Case {
            buckets,
            bucket_ticks: 1,
            // At most 64.
            history_ticks: u32::try_from(buckets.len()).unwrap(),
            patience_ticks: 60,
            level: 220,
            floor: 16,
            survival,
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

    proptest! {
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
            let case = Case {
                bucket_ticks,
                history_ticks: u32::MAX,
                floor,
                level,
                ..case(&buckets, Survival::Levels)
            };
            let judgement = judge(&case);
            prop_assert!((0.0..=1.0).contains(&judgement.confidence()));
        }
    }
}
