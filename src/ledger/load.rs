//! What the process had to do, tick by tick: one figure for all subjects, in the same two resolutions
//! as theirs. Which figure it is, its giver knows; a tick without one is left out of every mean.

use super::history::{BUCKETS, RECENT_BUCKETS};

/// One more than a subject's, because their buckets need not begin at the same tick.
const RECENT: usize = RECENT_BUCKETS + 1;

/// A mean that is still being taken.
#[derive(Clone, Copy, Debug)]
struct Open {
    sum: f64,
    known: u32,
    ticks: u32,
}

impl Open {
    const EMPTY: Self = Self {
        sum: 0.0,
        known: 0,
        ticks: 0,
    };

    fn add(&mut self, load: Option<f64>) {
        self.ticks += 1;
        if let Some(load) = load {
            self.sum += load;
            self.known += 1;
        }
    }

    /// NaN when no tick of it had a figure.
    fn mean(&self) -> f32 {
        // A mean needs no more than seven digits.
        #[allow(clippy::cast_possible_truncation)]
        let mean = (self.sum / f64::from(self.known)) as f32;
        mean
    }
}

/// Means over equal stretches of time.
#[derive(Clone, Copy, Debug)]
pub struct LoadMeans<'a> {
    /// Oldest first; NaN where it was not measured.
    pub means: &'a [f32],
    /// Ticks each covers.
    pub bucket_ticks: u32,
    /// Ticks since the last one ended.
    pub open_ticks: u32,
}

/// The load since the start, and of late.
pub(super) struct LoadHistory {
    /// Whether there ever was a figure.
    known: bool,
    long: [f32; BUCKETS],
    closed: usize,
    span_ticks: u32,
    long_open: Open,
    recent: [f32; RECENT],
    recent_closed: usize,
    recent_open: Open,
    recent_span_ticks: u32,
}

impl LoadHistory {
    pub(super) fn new(recent_span_ticks: u32) -> Self {
        Self {
            known: false,
            long: [0.0; BUCKETS],
            closed: 0,
            span_ticks: 1,
            long_open: Open::EMPTY,
            recent: [0.0; RECENT],
            recent_closed: 0,
            recent_open: Open::EMPTY,
            recent_span_ticks,
        }
    }

    pub(super) fn record(&mut self, load: Option<f64>) {
        let load = load.filter(|load| load.is_finite() && *load >= 0.0);
        self.known |= load.is_some();
        self.long_open.add(load);
        self.recent_open.add(load);
        if self.recent_open.ticks >= self.recent_span_ticks {
            if self.recent_closed == RECENT {
                self.recent.copy_within(1.., 0);
                self.recent_closed -= 1;
            }
            self.recent[self.recent_closed] = self.recent_open.mean();
            self.recent_closed += 1;
            self.recent_open = Open::EMPTY;
        }
        if self.long_open.ticks < self.span_ticks {
            return;
        }
        if self.closed == BUCKETS {
            for pair in 0..BUCKETS / 2 {
                self.long[pair] = merged(self.long[2 * pair], self.long[2 * pair + 1]);
            }
            self.closed /= 2;
            self.span_ticks = self.span_ticks.saturating_mul(2);
            return;
        }
        self.long[self.closed] = self.long_open.mean();
        self.closed += 1;
        self.long_open = Open::EMPTY;
    }

    pub(super) fn is_known(&self) -> bool {
        self.known
    }

    pub(super) fn long(&self) -> LoadMeans<'_> {
        LoadMeans {
            means: &self.long[..self.closed],
            bucket_ticks: self.span_ticks,
            open_ticks: self.long_open.ticks,
        }
    }

    pub(super) fn recent(&self) -> LoadMeans<'_> {
        LoadMeans {
            means: &self.recent[..self.recent_closed],
            bucket_ticks: self.recent_span_ticks,
            open_ticks: self.recent_open.ticks,
        }
    }
}

/// The mean of two; of one when the other is not known.
fn merged(a: f32, b: f32) -> f32 {
    if a.is_nan() {
        b
    } else if b.is_nan() {
        a
    } else {
        f32::midpoint(a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_without_a_figure_are_left_out_and_a_stretch_without_any_is_not_known() {
        let mut load = LoadHistory::new(2);
        for figure in [Some(4.0), None, None, Some(f64::NAN), Some(8.0), Some(2.0)] {
            load.record(figure);
        }
        let recent = load.recent().means;
        assert!((recent[0] - 4.0).abs() < 1e-6);
        assert!(recent[1].is_nan());
        assert!((recent[2] - 5.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn means_equal_the_naive_ones(loads in prop::collection::vec(0.0f64..1e6, 0..700)) {
            let mut load = LoadHistory::new(4);
            for &figure in &loads {
                load.record(Some(figure));
            }
            let (long, recent) = (load.long(), load.recent());
            for (means, is_recent) in [(long, false), (recent, true)] {
                let naive: Vec<f64> = loads
                    .chunks_exact(means.bucket_ticks as usize)
                    .map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64)
                    .collect();
                let from = if is_recent { naive.len().saturating_sub(RECENT) } else { 0 };
                let expected = &naive[from..];
                prop_assert_eq!(means.means.len(), expected.len());
                for (&mean, &exact) in means.means.iter().zip(expected) {
                    prop_assert!((f64::from(mean) - exact).abs() <= exact * 1e-5 + 1e-3);
                }
            }
        }
    }
}
