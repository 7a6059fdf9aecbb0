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

pub mod succession;
pub mod trend;

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
pub enum Survival {
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
    pub survival: Survival,
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
    /// The survival, when anything is known of it.
    pub succession: Option<Succession>,
}

impl Judgement {
    fn bare(verdict: Verdict) -> Self {
        Self {
            verdict,
            trend: None,
            succession: None,
        }
    }

    /// How sure, 0 to 1: at most 0.5 on a trend alone, 0.6 to 0.99 with both signals.
    ///
    /// The trend counts by the logarithm of its e-value, from a half at the threshold of 1,000 to one
    /// at a million; the survival by where its score lies between 0.95 and 1.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        let strength = self.trend.map_or(0.0, |trend| {
            (trend.log10_e / (2.0 * trend::E_THRESHOLD.log10())).clamp(0.0, 1.0)
        });
        let survival = self.succession.map_or(0.0, |succession| {
            ((succession.score - succession::MIN_SCORE) / (1.0 - succession::MIN_SCORE)).max(0.0)
        });
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
    let Some(trend) = trend::find(window, case.bucket_ticks, case.level, case.floor) else {
        return Judgement::bare(Verdict::Steady);
    };
    let succession = succession::weigh(case.survival, window);
    let kept = succession.is_some_and(|succession| succession.passes());
    let verdict = match (trend.beyond_chance(), kept && !trend.slows_down()) {
        (false, _) => Verdict::Watching,
        (true, false) => Verdict::Growing,
        (true, true) => Verdict::Leak,
    };
    Judgement {
        verdict,
        trend: Some(trend),
        succession,
    }
}
