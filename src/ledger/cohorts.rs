//! Birth cohorts of sampled heap objects: for each allocation site, of every generation how many
//! samples still live.
//!
//! V8 numbers its samples in the order of their birth (`ordinal`), and every round tells which of
//! them live. So a cohort is a range of ordinals, the same for all sites, and nothing has to be
//! remembered of single samples: each round counts the rows anew.
//!
//! ```text
//! ordinals   1 ......... 400 ......... 790 ......... 1,200 …      last seen at each round
//! cohort         [0]          [1]           [2]       open        32 closed at most, then
//! site A         100            0             0         35        neighbours merge and the
//! site B          12           11            14         12        span doubles, as histories do
//! ```
//!
//! Site A was a warm-up, site B leaks. A generation here is the time between two rounds, not a
//! collector's: DESIGN asks for `GenCount`, whose generations are full collections, and every round
//! forces one.

use bytemuck::Zeroable;

/// Closed cohorts kept for each site.
pub const COHORTS: usize = 32;

/// Allocation sites that can be followed at a time.
pub const MAX_COHORT_SITES: usize = 512;

/// Row of a slot that has none.
const NO_ROW: u16 = 0;

/// The open cohort stands behind the closed ones: a full table is merged before it counts.
#[derive(Clone, Copy, Debug, Zeroable)]
struct Row {
    /// Live samples by cohort.
    live: [u32; COHORTS],
    /// A bit for each cohort, from the lowest: set if a sample of it was ever seen.
    seen: u32,
}

const _: () = assert!(COHORTS == u32::BITS as usize);

/// One generation of a site's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cohort {
    /// Rounds in which it was born.
    pub rounds: u32,
    /// Samples of it that lived at the last round.
    pub live: u32,
    /// Whether any lived at an earlier one; what is older than the row is taken to have.
    pub seen: bool,
}

/// The cohorts of all sites.
pub(crate) struct Cohorts {
    rows: Box<[Row]>,
    /// Row of each slot, from 1; [`NO_ROW`] for those without.
    row_of_slot: Box<[u16]>,
    free_rows: Vec<u16>,
    /// Last ordinal of each closed cohort.
    last_ordinals: [u32; COHORTS],
    closed: usize,
    span_rounds: u32,
    open_rounds: u32,
}

impl Cohorts {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            // Memory that the system hands out only once somebody samples.
            rows: bytemuck::zeroed_slice_box(MAX_COHORT_SITES),
            row_of_slot: bytemuck::zeroed_slice_box(capacity),
            free_rows: (1..=u16::try_from(MAX_COHORT_SITES).unwrap_or(u16::MAX))
                .rev()
                .collect(),
            last_ordinals: [0; COHORTS],
            closed: 0,
            span_rounds: 1,
            open_rounds: 0,
        }
    }

    /// Gives `slot` a row; false when there is none left.
    pub(crate) fn claim(&mut self, slot: usize) -> bool {
        self.release(slot);
        let Some(row) = self.free_rows.pop() else {
            return false;
        };
        self.row_of_slot[slot] = row;
        self.rows[usize::from(row) - 1] = Row {
            seen: !(u32::MAX << self.closed),
            ..Row::zeroed()
        };
        true
    }

    /// Takes the row of `slot` away, if it has one.
    pub(crate) fn release(&mut self, slot: usize) {
        let row = std::mem::replace(&mut self.row_of_slot[slot], NO_ROW);
        if row != NO_ROW {
            self.free_rows.push(row);
        }
    }

    /// Whether the subject in `slot` is observed at rounds.
    pub(crate) fn has(&self, slot: usize) -> bool {
        self.row_of_slot[slot] != NO_ROW
    }

    /// One round: `last_ordinal` is the youngest sample of all, and sample `n` lives in slot
    /// `slots[n]` and was the `ordinals[n]`th born.
    pub(crate) fn round(&mut self, last_ordinal: u32, slots: &[u32], ordinals: &[u32]) {
        if self.closed == COHORTS {
            self.merge();
        }
        for row in &mut self.rows {
            row.live = [0; COHORTS];
        }
        let closed = &self.last_ordinals[..self.closed];
        for (&slot, &ordinal) in slots.iter().zip(ordinals) {
            let Some(row) = self.row_of_slot.get(slot as usize) else {
                continue;
            };
            let Some(row) = usize::from(*row).checked_sub(1) else {
                continue;
            };
            let cohort = closed.partition_point(|&last| last < ordinal);
            self.rows[row].live[cohort] += 1;
            self.rows[row].seen |= 1 << cohort;
        }
        self.open_rounds += 1;
        if self.open_rounds == self.span_rounds {
            // The open cohort stood behind the closed ones, which is where it now belongs.
            self.last_ordinals[self.closed] = last_ordinal;
            self.closed += 1;
            self.open_rounds = 0;
        }
    }

    fn merge(&mut self) {
        for pair in 0..COHORTS / 2 {
            self.last_ordinals[pair] = self.last_ordinals[2 * pair + 1];
        }
        for row in &mut self.rows {
            // Bits 2 n and 2 n + 1 become bit n.
            let either = row.seen | row.seen >> 1;
            row.seen = (0..COHORTS / 2).fold(0, |seen, pair| seen | (either >> pair & 1 << pair));
        }
        self.closed /= 2;
        self.span_rounds = self.span_rounds.saturating_mul(2);
    }

    /// Rounds since the start of the sampler.
    pub(crate) fn rounds(&self) -> u32 {
        // At most 32 cohorts.
        u32::try_from(self.closed).unwrap_or(u32::MAX) * self.span_rounds + self.open_rounds
    }

    /// Ordinals begin anew: the sampler was started again.
    pub(crate) fn forget(&mut self) {
        for row in &mut self.rows {
            row.seen = 0;
        }
        self.closed = 0;
        self.span_rounds = 1;
        self.open_rounds = 0;
    }

    /// The closed cohorts of `slot`, oldest first; none without a row.
    pub(crate) fn of(&self, slot: usize) -> impl ExactSizeIterator<Item = Cohort> + '_ {
        let row = usize::from(self.row_of_slot[slot]).checked_sub(1);
        let (live, seen) = row.map_or((&[][..], 0), |row| {
            let Row { live, seen } = &self.rows[row];
            (&live[..self.closed], *seen)
        });
        live.iter().enumerate().map(move |(cohort, &live)| Cohort {
            rounds: self.span_rounds,
            live,
            seen: seen >> cohort & 1 == 1,
        })
    }

    /// What it occupies, which never changes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.rows)
            + size_of_val(&*self.row_of_slot)
            + self.free_rows.capacity() * size_of::<u16>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn live(cohorts: &Cohorts, slot: usize) -> Vec<u32> {
        cohorts.of(slot).map(|cohort| cohort.live).collect()
    }

    fn seen(cohorts: &Cohorts, slot: usize) -> Vec<bool> {
        cohorts.of(slot).map(|cohort| cohort.seen).collect()
    }

    #[test]
    fn each_round_closes_a_generation_and_counts_who_is_left_of_all() {
        let mut cohorts = Cohorts::new(4);
        assert!(cohorts.claim(2));
        cohorts.round(10, &[2, 2, 2], &[3, 7, 10]);
        assert_eq!(live(&cohorts, 2), [3]);
        // Of the first generation one is left, and two were born.
        cohorts.round(30, &[2, 2, 2], &[7, 11, 30]);
        assert_eq!(live(&cohorts, 2), [1, 2]);
        assert_eq!(live(&cohorts, 3), [0; 0]);
    }

    #[test]
    fn the_32nd_cohort_still_fits_and_the_33rd_merges_neighbours() {
        let mut cohorts = Cohorts::new(1);
        cohorts.claim(0);
        let everybody: Vec<u32> = (1..=34).collect();
        let round = |cohorts: &mut Cohorts, last: u32| {
            let born = &everybody[..last as usize];
            cohorts.round(last, &vec![0; born.len()], born);
        };
        (1..=32).for_each(|last| round(&mut cohorts, last));
        assert_eq!(live(&cohorts, 0), [1; 32]);
        round(&mut cohorts, 33);
        assert_eq!(live(&cohorts, 0), [2; 16]);
        round(&mut cohorts, 34);
        assert_eq!(live(&cohorts, 0), [2; 17]);
        assert!(cohorts.of(0).all(|cohort| cohort.rounds == 2));
    }

    #[test]
    fn a_cohort_that_was_seen_once_stays_seen_and_what_is_older_than_the_row_counts_as_seen() {
        let mut cohorts = Cohorts::new(1);
        cohorts.round(5, &[], &[]);
        cohorts.claim(0);
        cohorts.round(10, &[0], &[7]);
        cohorts.round(15, &[], &[]);
        assert_eq!(live(&cohorts, 0), [0, 0, 0]);
        assert_eq!(seen(&cohorts, 0), [true, true, false]);
        // Of each pair that merges one has to have been seen: 2 and 3 were not.
        (4..=33).for_each(|round| cohorts.round(5 * round, &[], &[]));
        assert_eq!(seen(&cohorts, 0)[..3], [true, false, false]);
        cohorts.forget();
        cohorts.round(5, &[], &[]);
        assert_eq!(seen(&cohorts, 0), [false]);
    }

    #[test]
    fn the_last_row_is_given_and_one_more_is_refused_until_one_is_free() {
        let mut cohorts = Cohorts::new(MAX_COHORT_SITES + 1);
        assert!((0..MAX_COHORT_SITES).all(|slot| cohorts.claim(slot)));
        assert!(!cohorts.claim(MAX_COHORT_SITES));
        cohorts.release(7);
        assert!(cohorts.claim(MAX_COHORT_SITES));
    }

    #[test]
    fn samples_of_unknown_slots_are_nobodys() {
        let mut cohorts = Cohorts::new(2);
        cohorts.claim(0);
        cohorts.round(5, &[1, 99, 0], &[1, 2, 3]);
        assert_eq!(live(&cohorts, 0), [1]);
    }

    #[test]
    fn after_a_new_start_of_the_sampler_no_generation_is_known() {
        let mut cohorts = Cohorts::new(1);
        cohorts.claim(0);
        cohorts.round(5, &[0], &[1]);
        cohorts.forget();
        assert_eq!(live(&cohorts, 0), [0; 0]);
    }

    proptest! {
        #[test]
        fn cohorts_equal_those_of_a_list_of_all_samples(
            births in prop::collection::vec(prop::collection::vec((0u32..3, 0usize..60), 0..4), 1..140),
        ) {
            let mut cohorts = Cohorts::new(3);
            prop_assert!((0..3).all(|slot| cohorts.claim(slot)));
            // Slot, first round and last.
            let mut samples: Vec<(u32, usize, usize)> = Vec::new();
            for (round, born) in births.iter().enumerate() {
                samples.extend(born.iter().map(|&(slot, rounds)| (slot, round, round + rounds)));
                let living = samples.iter().zip(1u32..).filter(|(sample, _)| sample.2 >= round);
                let (slots, ordinals): (Vec<u32>, Vec<u32>) =
                    living.map(|(sample, ordinal)| (sample.0, ordinal)).unzip();
                cohorts.round(u32::try_from(samples.len()).unwrap(), &slots, &ordinals);
            }
            prop_assert_eq!(cohorts.rounds() as usize, births.len());
            for slot in 0u32..3 {
                let span = cohorts.span_rounds as usize;
                let mut expected = vec![0; births.len() / span];
                for &(_, born, _) in samples.iter().filter(|(of, _, last)| *of == slot && *last + 1 >= births.len()) {
                    if let Some(live) = expected.get_mut(born / span) {
                        *live += 1;
                    }
                }
                prop_assert_eq!(live(&cohorts, slot as usize), expected);
                let mut ever = vec![false; births.len() / span];
                for &(_, born, _) in samples.iter().filter(|(of, ..)| *of == slot) {
                    if let Some(seen) = ever.get_mut(born / span) {
                        *seen = true;
                    }
                }
                prop_assert_eq!(seen(&cohorts, slot as usize), ever);
            }
        }
    }
}
