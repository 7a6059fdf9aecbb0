//! The two histories of one level: a long one from its first tick on, and a recent one that slides.
//!
//! ```text
//! long      at most 64 closed buckets of equal span, from minutes to months
//!   tick    0 1 2 3 4 5 6 7 …            span 1: one bucket per tick
//!   closed  [0][1][2][3] … [63]          full: neighbours merge, span doubles
//!   closed  [0 1][2 3] … [62 63] + open  span 2: 32 closed, the open one goes on filling
//!
//! recent    the last 24 closed buckets of one fixed span, about 1.6 × patience ticks in all
//!   closed  … [b-24] … [b-2][b-1] + open  the oldest makes room
//! ```
//!
//! The long one alone would see a leak that begins on day ten only on day fifteen, when it has become
//! a third of the whole. The recent one sees it as it would on the first day.
//!
//! A bucket is 8 bytes, four [`Packed`] numbers, each rounded against an accusation. That suffices for
//! troughs, too: growth below 1 % of the level is nobody's leak, and 1 % of a level is 20 to 41 steps
//! of a `Packed`, of which 14 without a fall are beyond chance. The open buckets live apart in [`Head`]
//! at full width, so small births do not get lost in a large rounded sum, and a tick touches the
//! 704-byte ring only when a bucket closes.
//!
//! Births and deaths are the rises and falls of the level from tick to tick: what came and went
//! between two ticks is not in them. Where members are sampled, the recent history has the samples'
//! births and deaths instead, which see that.

use bytemuck::Zeroable;

use super::packed::Packed;

/// Closed buckets a long history can hold.
pub const BUCKETS: usize = 64;

/// Closed buckets a recent history can hold: thirds of eight, and 192 bytes.
pub const RECENT_BUCKETS: usize = 24;

/// One closed bucket, unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Lowest level, rounded down: the trough.
    pub min: u32,
    /// Highest level, rounded up.
    pub max: u32,
    /// Members born, rounded down.
    pub births: u32,
    /// Members gone, rounded up.
    pub deaths: u32,
}

#[derive(Clone, Copy, Debug, Default, Zeroable)]
struct PackedBucket {
    min: Packed,
    max: Packed,
    births: Packed,
    deaths: Packed,
}

impl PackedBucket {
    fn merged(self, next: Self) -> Self {
        Self {
            min: self.min.min(next.min),
            max: self.max.max(next.max),
            births: Packed::floor(self.births.get().saturating_add(next.births.get())),
            deaths: Packed::ceil(self.deaths.get().saturating_add(next.deaths.get())),
        }
    }

    fn unpacked(self) -> Bucket {
        Bucket {
            min: self.min.get(),
            max: self.max.get(),
            births: self.births.get(),
            deaths: self.deaths.get(),
        }
    }
}

/// The closed buckets of one subject. Which of them count, its [`Head`] knows.
/// All zeros at first, so that a table of them is memory the system has not handed out yet.
#[derive(Clone, Copy, Debug, Zeroable)]
pub(crate) struct Ring {
    long: [PackedBucket; BUCKETS],
    /// Circular; the next to be overwritten is the oldest.
    recent: [PackedBucket; RECENT_BUCKETS],
}

impl Default for Ring {
    fn default() -> Self {
        Self::zeroed()
    }
}

/// A bucket that is still filling, at full width.
#[derive(Clone, Copy, Debug)]
struct Open {
    min: u32,
    max: u32,
    births: u32,
    deaths: u32,
    ticks: u32,
}

impl Open {
    const EMPTY: Self = Self {
        min: u32::MAX,
        max: 0,
        births: 0,
        deaths: 0,
        ticks: 0,
    };

    fn add(&mut self, before: u32, level: u32) {
        self.ticks += 1;
        // Most levels rest. The first tick of a bucket has its minimum and maximum to set.
        if before == level && self.ticks > 1 {
            return;
        }
        self.min = self.min.min(level);
        self.max = self.max.max(level);
        self.births = self.births.saturating_add(level.saturating_sub(before));
        self.deaths = self.deaths.saturating_add(before.saturating_sub(level));
    }

    fn packed(&self) -> PackedBucket {
        PackedBucket {
            min: Packed::floor(self.min),
            max: Packed::ceil(self.max),
            births: Packed::floor(self.births),
            deaths: Packed::ceil(self.deaths),
        }
    }
}

/// The open buckets, and how many closed ones of which span there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    /// Level at the last tick: births and deaths are counted from there, whatever was seen between.
    last: u32,
    long: Open,
    recent: Open,
    /// Members that the samples stood for when the recent bucket was opened: born, died.
    sampled: (u32, u32),
    span_ticks: u32,
    closed: u8,
    recent_closed: u8,
    recent_next: u8,
}

impl Head {
    /// No tick recorded yet, and the level is `level`.
    pub(crate) const fn starting_at(level: u32) -> Self {
        Self {
            last: level,
            long: Open::EMPTY,
            recent: Open::EMPTY,
            sampled: (0, 0),
            span_ticks: 1,
            closed: 0,
            recent_closed: 0,
            recent_next: 0,
        }
    }

    /// The same, with samples from before that stand for so many members.
    pub(crate) fn with_samples(self, sampled: Option<(u32, u32)>) -> Self {
        let sampled = sampled.unwrap_or_default();
        Self { sampled, ..self }
    }

    /// One tick, at which the level is `level`; `sampled` says how many members the samples stand for
    /// up to now, born and died, or `None` when there never was one. True when the long ring just
    /// doubled its span.
    pub(crate) fn record(
        &mut self,
        ring: &mut Ring,
        level: u32,
        recent_span_ticks: u32,
        sampled: impl FnOnce() -> Option<(u32, u32)>,
    ) -> bool {
        let before = std::mem::replace(&mut self.last, level);
        self.long.add(before, level);
        self.recent.add(before, level);
        if self.recent.ticks >= recent_span_ticks {
            self.close_recent(ring, sampled());
        }
        if self.long.ticks < self.span_ticks {
            return false;
        }
        if usize::from(self.closed) == BUCKETS {
            self.merge(ring);
            return true;
        }
        ring.long[usize::from(self.closed)] = self.long.packed();
        self.closed += 1;
        self.long = Open::EMPTY;
        false
    }

    fn close_recent(&mut self, ring: &mut Ring, sampled: Option<(u32, u32)>) {
        if let Some(sampled) = sampled {
            let before = std::mem::replace(&mut self.sampled, sampled);
            self.recent.births = sampled.0.saturating_sub(before.0);
            self.recent.deaths = sampled.1.saturating_sub(before.1);
        }
        let next = usize::from(self.recent_next);
        ring.recent[next] = self.recent.packed();
        // RECENT_BUCKETS fits.
        #[allow(clippy::cast_possible_truncation)]
        let (next, most) = (((next + 1) % RECENT_BUCKETS) as u8, RECENT_BUCKETS as u8);
        self.recent_next = next;
        self.recent_closed = (self.recent_closed + 1).min(most);
        self.recent = Open::EMPTY;
    }

    fn merge(&mut self, ring: &mut Ring) {
        for pair in 0..BUCKETS / 2 {
            ring.long[pair] = ring.long[2 * pair].merged(ring.long[2 * pair + 1]);
        }
        self.closed /= 2;
        // Saturation is out of reach: 2^31 ticks of a millisecond are 24 days, of a second 68 years.
        self.span_ticks = self.span_ticks.saturating_mul(2);
    }

    /// Level at the last tick.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    /// Ticks each closed bucket of the long history covers.
    pub(crate) fn span_ticks(&self) -> u32 {
        self.span_ticks
    }

    /// Ticks since the last bucket of the long history, and since that of the recent one, closed.
    pub(crate) fn open_ticks(&self) -> (u32, u32) {
        (self.long.ticks, self.recent.ticks)
    }

    /// Ticks recorded in all.
    pub(crate) fn recorded_ticks(&self) -> u32 {
        u32::from(self.closed)
            .saturating_mul(self.span_ticks)
            .saturating_add(self.long.ticks)
    }

    /// The closed buckets of the long history, oldest first.
    pub(crate) fn closed<'ring>(
        &self,
        ring: &'ring Ring,
    ) -> impl DoubleEndedIterator<Item = Bucket> + ExactSizeIterator + 'ring {
        ring.long[..usize::from(self.closed)]
            .iter()
            .map(|bucket| bucket.unpacked())
    }

    /// Closed buckets of the recent history.
    pub(crate) fn recent_len(&self) -> usize {
        usize::from(self.recent_closed)
    }

    /// The closed buckets of the recent history, oldest first.
    pub(crate) fn recent<'ring>(
        &self,
        ring: &'ring Ring,
    ) -> impl DoubleEndedIterator<Item = Bucket> + 'ring {
        let length = usize::from(self.recent_closed);
        let oldest = (usize::from(self.recent_next) + RECENT_BUCKETS - length) % RECENT_BUCKETS;
        (0..length).map(move |index| ring.recent[(oldest + index) % RECENT_BUCKETS].unpacked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Span of the recent history's buckets.
    const SPAN: u32 = 4;

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
                    births,
                    deaths,
                }
            })
            .collect()
    }

    /// Rounded against an accusation, and not by much: sums round once at closing and once per merge,
    /// and six merges make a span of 64.
    fn encloses(bucket: &Bucket, exact: &Bucket) -> bool {
        let close = |value: u32, exact: u32| value.abs_diff(exact) <= exact / 256 + 1;
        bucket.min <= exact.min
            && close(bucket.min, exact.min)
            && bucket.max >= exact.max
            && close(bucket.max, exact.max)
            && bucket.births <= exact.births
            && close(bucket.births, exact.births)
            && bucket.deaths >= exact.deaths
            && close(bucket.deaths, exact.deaths)
    }

    #[test]
    fn where_members_are_sampled_the_recent_history_has_their_births_and_deaths() {
        let (mut head, mut ring) = (Head::starting_at(10), Ring::default());
        for tick in 1..=8 {
            head.record(&mut ring, 10, SPAN, || Some((100 * tick, 90 * tick)));
        }
        let buckets: Vec<Bucket> = head.recent(&ring).collect();
        assert_eq!((buckets[1].births, buckets[1].deaths), (400, 360));
        assert_eq!(
            head.closed(&ring).map(|bucket| bucket.births).sum::<u32>(),
            0
        );
    }

    #[test]
    fn a_rise_of_one_percent_over_a_window_is_still_more_rises_than_chance_needs() {
        for level in [100_000, 1_000_000, 4_000_000_000] {
            let (mut head, mut ring) = (Head::starting_at(level), Ring::default());
            for tick in 0..64 {
                head.record(&mut ring, level + level / 100 / 63 * tick, SPAN, || None);
            }
            let troughs: Vec<u32> = head.closed(&ring).map(|bucket| bucket.min).collect();
            let rises = troughs.windows(2).filter(|pair| pair[1] > pair[0]).count();
            assert!(troughs.is_sorted() && rises >= 18, "{level}: {rises}");
        }
    }

    fn recorded(levels: &[u32]) -> (Head, Ring) {
        let (mut head, mut ring) = (Head::starting_at(0), Ring::default());
        for &level in levels {
            head.record(&mut ring, level, SPAN, || None);
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
        assert_eq!(head.closed(&ring).last().map(|bucket| bucket.max), Some(66));
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
            for (bucket, exact) in buckets.iter().zip(&expected) {
                prop_assert!(encloses(bucket, exact), "{bucket:?} {exact:?}");
            }
        }

        #[test]
        fn the_sliding_ring_equals_the_naive_fold_of_its_last_buckets(
            levels in prop::collection::vec(0u32..2_000_000, 0..700),
        ) {
            let (head, ring) = recorded(&levels);
            let all = naive(&levels, SPAN as usize, usize::MAX);
            let buckets: Vec<Bucket> = head.recent(&ring).collect();
            prop_assert_eq!(buckets.len(), all.len().min(RECENT_BUCKETS));
            prop_assert_eq!(head.open_ticks().1 as usize, levels.len() % SPAN as usize);
            for (bucket, exact) in buckets.iter().rev().zip(all.iter().rev()) {
                prop_assert!(encloses(bucket, exact), "{bucket:?} {exact:?}");
            }
        }
    }
}
