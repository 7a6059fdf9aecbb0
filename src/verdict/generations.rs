//! The second signal for heap objects: do survivors come from every generation?
//!
//! `GenCount` counts the distinct birth generations among the live objects of an allocation site: a
//! site that leaks has survivors of nearly all of them, one that is healthy of the youngest few and
//! perhaps of the first, its warm-up. Published precision 0.93, recall 0.88 from this signal alone
//! (Šor, Srirama, Salnikov-Tarnovski, "Memory leak detection in Plumbr", Software: Practice and
//! Experience, 2015).
//!
//! ```text
//! generation   1  2  3  4  5  6  7  8  9 10        (first fifth: warm-up; newest two: not old)
//! leak         9 11  8 10 12  9 10 11 10  9        all old ones survive, evenly
//! turnover     0  0  0  0  0  1  2  5 11 19        old ones die
//! warm-up     40  3  0  0  0  0  0  0  1  9        only the first stays
//! ```
//!
//! Where samples are few, neighbouring generations count as one, until a leak at a constant rate would
//! seldom leave one of them empty by chance.
//!
//! A population with a long tail thins out with age without a generation dying altogether, so the
//! older half of the old generations has to be about as alive as the younger half.

/// Share of the old generations that must have survivors (DESIGN, "From numbers to verdicts").
pub const MIN_SURVIVING: f64 = 0.75;

/// The part of all generations that is thrown away as warm-up, as for levels.
const WARM_UP_PARTS: usize = 5;

/// The newest generations, whose objects may still be in use.
const NOT_OLD: usize = 2;

/// Fewer old generations than these say nothing.
const MIN_OLD: usize = 5;

/// Survivors, in samples, of a mean old generation: by Poisson, 8 % of such are empty by chance.
const MEAN_SURVIVORS: usize = 3;

/// Survivors, in samples, that the old generations must have together.
const MIN_SURVIVORS: u32 = 12;

/// The older half of the old generations must be this alive in terms of the younger half.
const MIN_EVENNESS: f64 = 0.5;

/// Survivors by birth, oldest first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generations {
    /// Generations that are neither warm-up nor young.
    pub old: u32,
    /// Of these, how many have survivors.
    pub surviving: u32,
    /// Samples that survive of them.
    pub survivors: u32,
    /// Survivors of their older half in terms of the younger half's; infinite when that has none.
    pub evenness: f64,
}

impl Generations {
    /// Weighs the live samples of each generation, oldest first; all span equally many rounds.
    #[must_use]
    pub fn of(live: &[u32]) -> Self {
        let warm_up = live.len().div_ceil(WARM_UP_PARTS);
        let old = live
            .get(warm_up..live.len().saturating_sub(NOT_OLD))
            .unwrap_or_default();
        let sum = |part: &[u32]| part.iter().sum::<u32>();
        let survivors = sum(old);
        let half = old.len() / 2;
        let (older, younger) = (sum(&old[..half]), sum(&old[old.len() - half..]));
        // How many rounds make a generation of MEAN_SURVIVORS.
        let rounds = (MEAN_SURVIVORS * old.len())
            .div_ceil(survivors.max(1) as usize)
            .max(1);
        let generations = old.chunks_exact(rounds).map(sum);
        // At most as many as cohorts, 32.
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            old: count(generations.len()),
            surviving: count(generations.filter(|&live| live > 0).count()),
            survivors,
            evenness: if younger == 0 {
                f64::INFINITY
            } else {
                f64::from(older) / f64::from(younger)
            },
        }
    }

    /// Share of the old generations that have survivors, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        f64::from(self.surviving) / f64::from(self.old.max(1))
    }

    /// Whether there are too few generations or survivors for an answer.
    #[must_use]
    pub fn too_few(&self) -> bool {
        (self.old as usize) < MIN_OLD || self.survivors < MIN_SURVIVORS
    }

    /// Whether it counts as a signal.
    #[must_use]
    pub fn passes(&self) -> bool {
        !self.too_few() && self.share() >= MIN_SURVIVING && self.evenness >= MIN_EVENNESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_has_survivors_of_every_generation() {
        let generations = Generations::of(&[9, 11, 8, 10, 12, 9, 10, 11, 10, 9]);
        assert_eq!((generations.old, generations.surviving), (6, 6));
        assert!(generations.passes());
    }

    #[test]
    fn turnover_and_warm_up_do_not_pass() {
        assert!(!Generations::of(&[0, 0, 0, 0, 0, 1, 2, 5, 11, 19]).passes());
        assert!(!Generations::of(&[40, 3, 0, 0, 0, 0, 0, 0, 1, 9]).passes());
    }

    #[test]
    fn a_population_that_thins_out_with_age_does_not_pass() {
        assert!(!Generations::of(&[1, 1, 1, 2, 3, 6, 12, 25, 50, 90]).passes());
    }

    #[test]
    fn three_of_four_old_generations_are_enough_and_fewer_are_not() {
        let live = |dead: &[usize]| {
            let mut live = [4; 13];
            dead.iter().for_each(|&index| live[index] = 0);
            Generations::of(&live)
        };
        assert_eq!(live(&[]).old, 8);
        assert!(live(&[4, 8]).passes());
        assert!(!live(&[4, 6, 8]).passes());
    }

    #[test]
    fn few_samples_make_longer_generations() {
        let sparse = [
            2, 1, 0, 3, 1, 0, 1, 1, 2, 0, 2, 0, 1, 1, 2, 2, 0, 1, 1, 2, 1, 0, 1, 1,
        ];
        let generations = Generations::of(&sparse);
        assert_eq!((generations.old, generations.surviving), (5, 5));
        assert!(generations.passes());
    }

    #[test]
    fn four_old_generations_say_nothing_and_five_do() {
        assert!(Generations::of(&[5; 8]).too_few());
        assert!(Generations::of(&[5; 9]).passes());
        assert!(Generations::of(&[]).too_few());
    }
}
