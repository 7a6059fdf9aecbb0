//! The second signal: of what was born, how much is still there.
//!
//! The score is Laplace's rule of succession turned round, as Scalene uses it for Python (Berger,
//! Stern, Altmayer Pizzorno, OSDI 2023): 1 - (deaths + 1) / (births + 2) estimates how likely the
//! next one born is to stay. The `+ 1` and `+ 2` make few births score low: without a single death,
//! 18 births are needed for 0.95.

use super::{Bucket, Survival};

/// Scalene's threshold.
pub const MIN_SCORE: f64 = 0.95;

/// Share of the live members from which a site speaks for the subject. VS Code calls a listener
/// leak "dominated" by one stack above 30 % (microsoft/vscode#212900).
pub const DOMINANT_SHARE: f64 = 0.3;

/// Births and deaths in samples, not in members: a sample that stands for 128 is one observation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Samples born.
    pub births: f64,
    /// Of those, gone.
    pub deaths: f64,
}

impl Counts {
    /// Estimated probability that one born stays, 0 to 1.
    #[must_use]
    pub fn score(self) -> f64 {
        (1.0 - (self.deaths + 1.0) / (self.births + 2.0)).max(0.0)
    }
}

/// How much of what was born stayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Succession {
    /// The better score of all sites together and the dominant one alone.
    pub score: f64,
    /// What that score was computed from.
    pub counts: Counts,
    /// Whether it is the dominant site's.
    pub of_dominant_site: bool,
    /// Whether members were sampled; otherwise rises and falls of the level were counted.
    pub sampled: bool,
}

impl Succession {
    /// Whether there were too few births for any score to pass.
    #[must_use]
    pub fn too_few(&self) -> bool {
        Counts {
            deaths: 0.0,
            ..self.counts
        }
        .score()
            < MIN_SCORE
    }

    /// Whether it counts as a signal.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.score >= MIN_SCORE
    }
}

/// The score of the case; `None` when nothing is known of births and deaths.
pub(super) fn weigh(survival: Survival<'_>, window: &[Bucket]) -> Option<Succession> {
    let (all, dominant, sampled) = match survival {
        Survival::Unknown | Survival::Cohorts(_) => return None,
        Survival::Levels => (from_levels(window), None, false),
        Survival::Sampled { all, dominant } => (all, dominant, true),
    };
    let of_all = Succession {
        score: all.score(),
        counts: all,
        of_dominant_site: false,
        sampled,
    };
    match dominant {
        Some((counts, share)) if share >= DOMINANT_SHARE && counts.score() > of_all.score => {
            Some(Succession {
                score: counts.score(),
                counts,
                of_dominant_site: true,
                sampled,
            })
        }
        _ => Some(of_all),
    }
}

fn from_levels(window: &[Bucket]) -> Counts {
    window.iter().fold(Counts::default(), |sum, bucket| Counts {
        births: sum.births + f64::from(bucket.births),
        deaths: sum.deaths + f64::from(bucket.deaths),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(births: f64, deaths: f64) -> Counts {
        Counts { births, deaths }
    }

    #[test]
    fn eighteen_births_without_a_death_pass_and_seventeen_do_not() {
        assert!(counts(18.0, 0.0).score() >= MIN_SCORE);
        assert!(counts(17.0, 0.0).score() < MIN_SCORE);
    }

    #[test]
    fn a_site_that_keeps_everything_passes_although_the_others_churn() {
        let all = counts(10_000.0, 9_500.0);
        let survival = Survival::Sampled {
            all,
            dominant: Some((counts(400.0, 0.0), 0.8)),
        };
        let succession = weigh(survival, &[]).unwrap();
        assert!(succession.passes() && succession.of_dominant_site);
    }

    #[test]
    fn a_site_with_a_small_share_does_not_speak_for_the_subject() {
        let all = counts(10_000.0, 5_000.0);
        let survival = Survival::Sampled {
            all,
            dominant: Some((counts(400.0, 0.0), 0.29)),
        };
        assert!(!weigh(survival, &[]).unwrap().passes());
    }

    #[test]
    fn without_samples_rises_and_falls_of_the_level_are_counted() {
        let bucket = |births, deaths| Bucket {
            births,
            deaths,
            ..Bucket::default()
        };
        let rising = [bucket(30, 0); 10];
        let churning = [bucket(30, 10); 10];
        assert!(weigh(Survival::Levels, &rising).unwrap().passes());
        assert!(!weigh(Survival::Levels, &churning).unwrap().passes());
        assert_eq!(weigh(Survival::Unknown, &rising), None);
    }
}
