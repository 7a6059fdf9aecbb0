//! The history of one level: at most 64 closed buckets of equal span, from minutes to months.
//!
//! ```text
//! tick      0 1 2 3 4 5 6 7 …            span 1: one bucket per tick
//! closed   [0][1][2][3] … [63]           full: neighbours merge, span doubles
//! closed   [0 1][2 3] … [62 63] + open   span 2: 32 closed, the open one goes on filling
//! ```
//!
//! A bucket is 12 bytes: the minimum exact, because verdicts stand on troughs; the rest as
//! [`Packed`]. The open bucket lives apart in [`Head`] at full width, so small births do not get lost
//! in a large rounded sum, and a tick touches the 768-byte ring only when a bucket closes.
//!
//! Births and deaths are the rises and falls of the level from tick to tick: what came and went
//! between two ticks is not in them. The site counters see that, this file does not.

use bytemuck::Zeroable;

use super::packed::Packed;

/// Closed buckets a history can hold.
pub const BUCKETS: usize = 64;

/// One closed bucket, unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Lowest level, exact: the trough.
    pub min: u32,
    /// Highest level, rounded up.
    pub max: u32,
    /// Level at the bucket's last tick, rounded down.
    pub last: u32,
    /// Sum of rises from tick to tick, rounded down.
    pub births: u32,
    /// Sum of falls from tick to tick, rounded up.
    pub deaths: u32,
}

#[derive(Clone, Copy, Debug, Default, Zeroable)]
struct PackedBucket {
    min: u32,
    max: Packed,
    last: Packed,
    births: Packed,
    deaths: Packed,
}

impl PackedBucket {
    fn merged(self, next: Self) -> Self {
        Self {
            min: self.min.min(next.min),
            max: self.max.max(next.max),
            last: next.last,
            births: Packed::floor(self.births.get().saturating_add(next.births.get())),
            deaths: Packed::ceil(self.deaths.get().saturating_add(next.deaths.get())),
        }
    }

    fn unpacked(self) -> Bucket {
        Bucket {
            min: self.min,
            max: self.max.get(),
            last: self.last.get(),
            births: self.births.get(),
            deaths: self.deaths.get(),
        }
    }
}

/// The closed buckets of one subject. Which of them count, its [`Head`] knows.
/// All zeros at first, so that a table of them is memory the system has not handed out yet.
#[derive(Clone, Copy, Debug, Zeroable)]
pub(crate) struct Ring([PackedBucket; BUCKETS]);

impl Default for Ring {
    fn default() -> Self {
        Self([PackedBucket::default(); BUCKETS])
    }
}

/// The open bucket, and how many closed ones of which span there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Level at the last tick: births and deaths are counted from there, whatever was seen between.
    last: u32,
    min: u32,
    max: u32,
    births: u32,
    deaths: u32,
    open_ticks: u32,
    span_ticks: u32,
    closed: u8,
}

impl Head {
    /// No tick recorded yet, and the level is `level`.
    pub(crate) const fn starting_at(level: u32) -> Self {
        Self {
            last: level,
            min: u32::MAX,
            max: 0,
            births: 0,
            deaths: 0,
            open_ticks: 0,
            span_ticks: 1,
            closed: 0,
        }
    }

    /// One tick, at which the level is `level`. True when the ring just doubled its span.
    pub(crate) fn record(&mut self, ring: &mut Ring, level: u32) -> bool {
        let before = std::mem::replace(&mut self.last, level);
        self.min = self.min.min(level);
        self.max = self.max.max(level);
        self.births = self.births.saturating_add(level.saturating_sub(before));
        self.deaths = self.deaths.saturating_add(before.saturating_sub(level));
        self.open_ticks += 1;
        if self.open_ticks < self.span_ticks {
            return false;
        }
        if usize::from(self.closed) == BUCKETS {
            self.merge(ring);
            return true;
        }
        ring.0[usize::from(self.closed)] = PackedBucket {
            min: self.min,
            max: Packed::ceil(self.max),
            last: Packed::floor(level),
            births: Packed::floor(self.births),
            deaths: Packed::ceil(self.deaths),
        };
        let (span_ticks, closed) = (self.span_ticks, self.closed + 1);
        *self = Self {
            span_ticks,
            closed,
            ..Self::starting_at(level)
        };
        false
    }

    fn merge(&mut self, ring: &mut Ring) {
        for pair in 0..BUCKETS / 2 {
            ring.0[pair] = ring.0[2 * pair].merged(ring.0[2 * pair + 1]);
        }
        self.closed /= 2;
        // Saturation is out of reach: 2^31 ticks of a millisecond are 24 days, of a second 68 years.
        self.span_ticks = self.span_ticks.saturating_mul(2);
    }

    /// Level at the last tick.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// Ticks each closed bucket covers.
    pub(crate) fn span_ticks(&self) -> u32 {
        self.span_ticks
    }

    /// Ticks recorded in all.
    pub(crate) fn recorded_ticks(&self) -> u32 {
        u32::from(self.closed)
            .saturating_mul(self.span_ticks)
            .saturating_add(self.open_ticks)
    }

    /// The closed buckets, oldest first.
    pub(crate) fn closed<'ring>(
        &self,
        ring: &'ring Ring,
    ) -> impl DoubleEndedIterator<Item = Bucket> + ExactSizeIterator + 'ring {
        ring.0[..usize::from(self.closed)]
            .iter()
            .map(|bucket| bucket.unpacked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The oracle: keeps every level and folds it anew.
    fn naive(levels: &[u32], span: usize, closed: usize) -> Vec<Bucket> {
        let before = |tick: usize| if tick == 0 { 0 } else { levels[tick - 1] };
        levels
            .chunks_exact(span)
            .enumerate()
            .take(closed)
            .map(|(index, chunk)| {
                let (mut births, mut deaths) = (0, 0);
                for (offset, &level) in chunk.iter().enumerate() {
                    births += level.saturating_sub(before(index * span + offset));
                    deaths += before(index * span + offset).saturating_sub(level);
                }
                let (min, max) = (*chunk.iter().min().unwrap(), *chunk.iter().max().unwrap());
                Bucket {
                    min,
                    max,
                    last: chunk[span - 1],
                    births,
                    deaths,
                }
            })
            .collect()
    }

    fn recorded(levels: &[u32]) -> (Head, Ring) {
        let (mut head, mut ring) = (Head::starting_at(0), Ring::default());
        for &level in levels {
            head.record(&mut ring, level);
        }
        (head, ring)
    }

    #[test]
    fn the_64th_bucket_still_fits_and_the_65th_halves_the_ring() {
        let levels: Vec<u32> = (1..=66).collect();
        let (head, ring) = recorded(&levels[..64]);
        assert_eq!((head.closed(&ring).len(), head.span_ticks()), (64, 1));
        let (head, ring) = recorded(&levels[..65]);
        assert_eq!((head.closed(&ring).len(), head.span_ticks()), (32, 2));
        let (head, ring) = recorded(&levels);
        assert_eq!(head.closed(&ring).len(), 33);
        assert_eq!(
            head.closed(&ring).last().map(|bucket| bucket.last),
            Some(66)
        );
    }

    #[test]
    fn no_tick_is_lost_over_many_doublings() {
        for ticks in [1, 63, 64, 65, 127, 128, 129, 1_000, 50_000] {
            let (head, ring) = recorded(&vec![7; ticks]);
            assert_eq!(head.recorded_ticks() as usize, ticks);
            assert!(head
                .closed(&ring)
                .all(|bucket| bucket.min == 7 && bucket.max == 7));
        }
    }

    proptest! {
        #[test]
        fn the_merged_ring_equals_the_naive_fold(
            levels in prop::collection::vec(0u32..2_000_000, 0..700),
        ) {
            let (head, ring) = recorded(&levels);
            let buckets: Vec<Bucket> = head.closed(&ring).collect();
            let expected = naive(&levels, head.span_ticks() as usize, buckets.len());
            prop_assert_eq!(buckets.len(), expected.len());
            // Sums round once at closing and once per merge; six merges make a span of 64.
            let close = |value: u32, exact: u32| value.abs_diff(exact) <= exact / 256 + 1;
            for (bucket, exact) in buckets.iter().zip(&expected) {
                prop_assert_eq!(bucket.min, exact.min);
                prop_assert!(bucket.max >= exact.max && close(bucket.max, exact.max));
                prop_assert!(bucket.last <= exact.last && close(bucket.last, exact.last));
                prop_assert!(bucket.births <= exact.births && close(bucket.births, exact.births));
                prop_assert!(bucket.deaths >= exact.deaths && close(bucket.deaths, exact.deaths));
            }
        }
    }
}
