//! What the process had to do meanwhile, so that growth which merely follows the load is not taken for
//! a leak.
//!
//! A healthy population that follows its load grows at most as the load does: twice the requests, at
//! most twice the open sockets. So its level is asked to beat the earlier peak *times the growth
//! of the load* before anybody is accused. A leak passes sooner or later, because it adds up whatever
//! the load does; it only has to outgrow what the load explains.
//!
//! Load counts as grown only where it did so by more than two standard errors of its own scatter, or
//! every noisy load would delay every verdict. A load that fell explains nothing, and is the one thing
//! that makes a pause harmless: a leak that pauses because nobody calls is still a leak.

/// Means of one figure over equal stretches of time, oldest first; NaN where it was not measured.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// One mean per stretch.
    pub means: &'a [f32],
    /// Ticks each stretch covers.
    pub bucket_ticks: u32,
    /// Ticks since the last stretch ended.
    pub open_ticks: u32,
}

/// The load of the process in two resolutions. Any unit will do; zero means idle.
#[derive(Clone, Copy, Debug)]
pub struct Load<'a> {
    /// Since the start.
    pub long: Means<'a>,
    /// The last so many ticks, finer.
    pub recent: Means<'a>,
}

/// A load grew if it did by more than so many standard errors: 1 in 40 by chance.
const SIGMAS: f64 = 2.0;

/// A load that starts at nothing has not grown without bounds.
const MOST_GROWTH: f64 = 1_000.0;

/// Below this part of what it used to be the process is idle.
const IDLE: f64 = 0.5;

#[derive(Clone, Copy)]
struct Mean {
    mean: f64,
    /// Its variance: that of the stretches, over their number.
    variance: f64,
}

impl Means<'_> {
    fn reach_ticks(&self) -> u64 {
        u64::from(self.open_ticks) + self.means.len() as u64 * u64::from(self.bucket_ticks)
    }

    /// Over the time between so many ticks ago and so many.
    fn over(&self, from_ago: u64, to_ago: u64) -> Option<Mean> {
        let (mut weight, mut squares, mut sum, mut square_sum) = (0.0, 0.0, 0.0, 0.0);
        let mut ended_ago = u64::from(self.open_ticks);
        for &mean in self.means.iter().rev() {
            let began_ago = ended_ago + u64::from(self.bucket_ticks);
            let overlap = began_ago
                .min(from_ago)
                .saturating_sub(ended_ago.max(to_ago));
            ended_ago = began_ago;
            if overlap > 0 && mean.is_finite() {
                let (part, mean) = (overlap as f64, f64::from(mean).max(0.0));
                weight += part;
                squares += part * part;
                sum += part * mean;
                square_sum += part * mean * mean;
            }
        }
        if weight <= 0.0 {
            return None;
        }
        let mean = sum / weight;
        let scatter = (square_sum / weight - mean * mean).max(0.0);
        // Kish's effective number of unequal parts.
        let number = weight * weight / squares;
        Some(Mean {
            mean,
            variance: scatter / number.max(1.0),
        })
    }
}

impl Load<'_> {
    fn over(&self, from_ago: u64, to_ago: u64) -> Option<Mean> {
        if from_ago <= self.recent.reach_ticks() {
            self.recent.over(from_ago, to_ago)
        } else {
            self.long.over(from_ago, to_ago)
        }
    }

    /// By what factor the load grew from one stretch to another, each given in ticks ago (from, to);
    /// never below 1, which is also the answer when it is not known.
    pub(super) fn growth(&self, before: (u64, u64), after: (u64, u64)) -> f64 {
        let (Some(before), Some(after)) =
            (self.over(before.0, before.1), self.over(after.0, after.1))
        else {
            return 1.0;
        };
        let noise = SIGMAS * (before.variance + after.variance).sqrt();
        if after.mean - before.mean <= noise {
            return 1.0;
        }
        (after.mean / before.mean).min(MOST_GROWTH)
    }

    /// Whether the process has much less to do of late than it had all the time.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let of_late = self.recent.over(self.recent.reach_ticks(), 0);
        let all_along = self.long.over(self.long.reach_ticks(), 0);
        matches!((of_late, all_along), (Some(of_late), Some(all_along))
            if of_late.mean < IDLE * all_along.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn load<'a>(long: &'a [f32], recent: &'a [f32]) -> Load<'a> {
        let means = |means, bucket_ticks| Means {
            means,
            bucket_ticks,
            open_ticks: 0,
        };
        Load {
            long: means(long, 10),
            recent: means(recent, 1),
        }
    }

    #[test]
    fn a_load_that_doubles_has_grown_by_two_and_one_that_falls_or_scatters_not_at_all() {
        let rising: Vec<f32> = (0..20u8)
            .map(|n| if n < 10 { 50.0 } else { 100.0 })
            .collect();
        let falling: Vec<f32> = rising.iter().rev().copied().collect();
        let noisy: Vec<f32> = (0..20u8)
            .map(|n| f32::from(n * 7 % 5) * 20.0 + f32::from(n / 10))
            .collect();
        let growth = |recent| load(&[], recent).growth((20, 10), (10, 0));
        assert!((growth(&rising) - 2.0).abs() < 1e-9);
        assert!((growth(&falling) - 1.0).abs() < 1e-9);
        assert!((growth(&noisy) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_stretch_beyond_the_recent_past_is_looked_up_in_the_long_one() {
        let load = load(&[10.0, 10.0, 40.0, 40.0], &[7.0; 5]);
        assert!((load.growth((40, 20), (20, 10)) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn an_unknown_load_has_not_grown() {
        let load = load(&[f32::NAN; 4], &[]);
        assert!((load.growth((40, 20), (20, 0)) - 1.0).abs() < 1e-9);
        assert!(!load.is_idle());
    }

    #[test]
    fn less_than_half_of_the_usual_load_is_idle() {
        assert!(load(&[100.0; 4], &[49.0; 5]).is_idle());
        assert!(!load(&[100.0; 4], &[51.0; 5]).is_idle());
    }

    proptest! {
        #[test]
        fn growth_is_always_between_one_and_a_thousand(
            long in prop::collection::vec(any::<f32>(), 0..64),
            recent in prop::collection::vec(any::<f32>(), 0..28),
            stretches: [u16; 4],
        ) {
            let [a, b, c, d] = stretches.map(u64::from);
            let growth = load(&long, &recent).growth((a, b), (c, d));
            prop_assert!((1.0..=MOST_GROWTH).contains(&growth), "{growth}");
        }
    }
}
