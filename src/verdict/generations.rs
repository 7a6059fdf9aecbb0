//! The second signal for what can only be sampled: whether old birth cohorts still have survivors.
//!
//! Whatever an allocation site made in one stretch of time is one cohort. A healthy site works on its
//! newest cohorts and lets the old ones die out; a leaking site leaves survivors in every cohort
//! it ever made. Counting such generations finds leaks without any threshold on bytes or rates
//! (`GenCount`, for Java: precision 0.93, recall 0.88 from this signal alone).
//!
//! ```text
//!          warm-up │ old cohorts             │ newest
//! leak      9 8 9  │ 7 9 8 9 8 7 9 8 8 9     │ 21 60    survivors in each, none fewer with age
//! turnover  0 0 0  │ 0 0 0 0 0 0 0 0 0 1     │ 24 58    the old have died out
//! warm-up  70 9 0  │ 0 0 0 0 0 0 0 0 0 0     │  0  0    born once, at the start
//! LRU       0 1 0  │ 0 1 2 3 5 8 12 19 30 43 │ 60 70    dying out
//! ```
//!
//! Each count is one Poisson observation, because V8's sampler picks bytes at random. Two things
//! follow. A cohort of which one survivor is expected has none in 37 of 100 cases, so no more is asked
//! for than 0.85 of what chance leaves occupied: what V8 compiles for a function comes in lumps, and
//! leaves fewer of them occupied than as many survivors of a steady leak. And whether counts fade with
//! age is asked in standard errors of Poisson counts, against what each had to be born from. A cohort of which
//! nobody ever saw a sample says nothing: what comes in bursts is not born in every round.
//!
//! What it cannot know: a site whose members live longer than the table reaches back (a cache with a
//! time to live of an hour, seen for ten minutes) looks exactly like a leak. The trend of the level
//! has to say the rest.
//!
//! Source: Šor, Srirama, "A statistical approach for identifying memory leaks in cloud applications"
//! (CLOSER 2011), and by the same and Salnikov-Tarnovski "Memory leak detection in Plumbr" (Software:
//! Practice and Experience, 2015).

use std::ops::Range;

use super::WARM_UP_PARTS;

/// Cohorts that a table holds, and that are looked at.
pub const MAX_COHORTS: usize = 32;

/// The newest cohorts say nothing: what they hold may just not have died yet. Two, because the newest
/// is still being filled when it is looked at.
const NEWEST: usize = 2;

/// Fewer old cohorts than this have no share worth naming. With eight rounds there are five.
pub const MIN_OLD: usize = 5;

/// Share of the old cohorts that must have survivors (DESIGN; `GenCount` as RESIN and others use it).
pub const MIN_SHARE: f64 = 0.75;

/// Of the cohorts that as many survivors, strewn by chance, would occupy.
const MIN_SHARE_OF_CHANCE: f64 = 0.85;

/// Survivors in all old cohorts together below which they may be stragglers: what V8 itself adds to a
/// function over time (feedback, maps, machine code) leaves a few in healthy programs.
pub const MIN_SURVIVORS: u32 = 12;

/// V8 compiles a hot function several times, with what it inlines: 60 KiB within ten seconds were seen in
/// a healthy server. Survivors that stand for fewer bytes than this have to be more …
const COMPILED_BYTES: f64 = 98_304.0;

/// … up to so many: what is compiled comes in few lumps, and is left out where a function makes nothing else.
const MAX_SURVIVORS_ASKED: f64 = 20.0;

/// Survivors per exposure of the older half in terms of the younger half's, below which they may fade …
const FADED: f64 = 0.85;

/// … and do when the slope over age is this many standard errors below zero, 1 in 160 for counts that are
/// equal but for chance …
const FADED_SIGMAS: f64 = 2.5;

/// … or, of few survivors, whose slope cannot be so steep, this many times their square root: a third of
/// what it is on average where they live for a third of the time that the old cohorts span.
///
/// Within the two parts into which the largest single step divides the cohorts half of that is enough: a
/// steady slope keeps half of its standard errors there, and a step none, if it falls into one cohort. V8 counts what an optimized
/// function allocates in one go as one object, so its survivors may become several times as many from
/// one round to the next.
const FADED_SIGMAS_OF_ROOT: f64 = 0.25;

/// Cohorts on either side of a step.
const MIN_PART: usize = 2;

/// Standard errors by which the slope is above zero where it dries up: 1 in 15 for counts that are equal
/// but for chance, which delays a leak by a judging or two; a cache over skewed keys, or V8 compiling
/// what a program has generated, does not get much farther before it is full.
const DRY_SIGMAS: f64 = 1.5;

/// A level that rose only of late says nothing about how few were born before.
const MAX_PACE: f64 = 1.5;

/// The live samples of one allocation site by when they were born.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cohorts<'a> {
    /// Samples of each cohort that are still live, oldest first; the last [`MAX_COHORTS`] count.
    pub live: &'a [u32],
    /// Rounds each cohort spans; the newest may be shorter.
    pub cohort_rounds: u32,
    /// Bytes that one sample stands for on average.
    pub sample_bytes: f64,
    /// What each cohort had to be born from, in any unit: a load, or 1 for those of which a sample was
    /// ever seen. What had nothing says nothing. `None`: all alike. As long as `live`.
    pub exposure: Option<&'a [f32]>,
}

/// What the cohorts say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Generations {
    /// Cohorts that are neither warm-up nor new, and of which something was born.
    pub old: u32,
    /// Of those, how many have survivors.
    pub surviving: u32,
    /// Samples alive in them.
    pub survivors: u32,
    /// How many of those any answer takes.
    pub required_survivors: u32,
    /// Rounds the old cohorts span.
    pub old_rounds: u32,
    /// Share of the old cohorts that had to have survivors: [`MIN_SHARE`], or less where they are few.
    pub required_share: f64,
    /// Survivors of the older half in terms of the younger half's, at equal exposure; infinite when
    /// the younger half has none.
    pub older_half: f64,
    /// Slope of the counts over time in standard errors; negative when old cohorts have more, positive
    /// when they die out.
    pub fade_sigmas: f64,
    /// The same within the parts before and after the largest single step.
    pub fade_within_sigmas: f64,
}

impl Generations {
    /// Share of the old cohorts that have survivors, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.old == 0 {
            0.0
        } else {
            f64::from(self.surviving) / f64::from(self.old)
        }
    }

    /// Whether there are too few old cohorts, or too few survivors in them, for any answer.
    #[must_use]
    pub fn too_few(&self) -> bool {
        (self.old as usize) < MIN_OLD || self.survivors < self.required_survivors
    }

    /// Whether survivors become fewer with age, more than chance explains and more than that the older
    /// ones were fewer at birth: the level grew `pace` times as fast in its last third as before.
    #[must_use]
    pub fn fades(&self, pace: f64) -> bool {
        self.older_half < FADED / pace.clamp(1.0, MAX_PACE)
            && self.fade_sigmas > self.faded_sigmas()
            && self.fade_within_sigmas > self.faded_sigmas() / 2.0
    }

    fn faded_sigmas(&self) -> f64 {
        FADED_SIGMAS.min(FADED_SIGMAS_OF_ROOT * f64::from(self.survivors).sqrt())
    }

    /// Whether fewer were born of late, more than chance explains: what fills up does that. A level that still grows
    /// as fast as before says the opposite; then as much is asked as for fading.
    #[must_use]
    pub fn dries_up(&self, pace: f64) -> bool {
        let sigmas = if pace < 1.0 { DRY_SIGMAS } else { FADED_SIGMAS };
        self.older_half > 1.0 / FADED && self.fade_sigmas < -sigmas
    }

    /// Whether it counts as a signal, where the level grew at that pace.
    #[must_use]
    pub fn passes(&self, pace: f64) -> bool {
        !self.too_few()
            && self.share() >= self.required_share
            && !self.fades(pace)
            && !self.dries_up(pace)
    }
}

/// What `cohorts` say.
#[must_use]
pub fn weigh(cohorts: Cohorts<'_>) -> Generations {
    let surplus = cohorts.live.len().saturating_sub(MAX_COHORTS);
    let live = &cohorts.live[surplus..];
    let (from, to) = (
        live.len() / usize::from(WARM_UP_PARTS),
        live.len().saturating_sub(NEWEST),
    );
    let spanned = live.get(from..to).unwrap_or(&[]);
    let given = |index: usize| -> f64 {
        let exposure = cohorts.exposure;
        let of_cohort = exposure.and_then(|of| of.get(surplus + from + index));
        of_cohort.map_or(1.0, |&exposure| f64::from(exposure))
    };
    // What was never measured, or is no number, is alike for all.
    let measured = (0..spanned.len()).all(|index| (0.0..f64::INFINITY).contains(&given(index)));
    let (mut old, mut exposures) = ([0; MAX_COHORTS], [1.0; MAX_COHORTS]);
    let mut length = 0;
    for (index, &count) in spanned.iter().enumerate() {
        let exposure = if measured { given(index) } else { 1.0 };
        if exposure > 0.0 {
            (old[length], exposures[length]) = (count, exposure);
            length += 1;
        }
    }
    let (old, exposures) = (&old[..length], &exposures[..length]);

    let surviving = old.iter().filter(|&&count| count > 0).count();
    let survivors: f64 = old.iter().copied().map(f64::from).sum();
    let mean = survivors / (old.len().max(1)) as f64;
    let half = old.len() / 2;
    let per_exposure = |from: usize, to: usize| {
        let count: f64 = old[from..to].iter().copied().map(f64::from).sum();
        count / exposures[from..to].iter().sum::<f64>()
    };
    let older_half = match half {
        0 => 1.0,
        _ => quotient(
            per_exposure(0, half),
            per_exposure(old.len() - half, old.len()),
        ),
    };
    Generations {
        // At most MAX_COHORTS.
        old: u32::try_from(old.len()).unwrap_or(u32::MAX),
        surviving: u32::try_from(surviving).unwrap_or(u32::MAX),
        survivors: old.iter().fold(0, |sum, &count| sum.saturating_add(count)),
        required_survivors: required_survivors(cohorts.sample_bytes),
        old_rounds: u32::try_from(spanned.len())
            .unwrap_or(u32::MAX)
            .saturating_mul(cohorts.cohort_rounds),
        required_share: MIN_SHARE.min(MIN_SHARE_OF_CHANCE * (1.0 - (-mean).exp())),
        older_half,
        fade_sigmas: Slope::of(old, exposures).sigmas(),
        fade_within_sigmas: {
            let (before, after) = around_largest_step(old, exposures);
            let slope =
                |part: &Range<usize>| Slope::of(&old[part.clone()], &exposures[part.clone()]);
            slope(&before).and(slope(&after)).sigmas()
        },
    }
}

fn required_survivors(sample_bytes: f64) -> u32 {
    let worth = (COMPILED_BYTES / sample_bytes.max(1.0)).min(MAX_SURVIVORS_ASKED);
    // Not negative and at most MAX_SURVIVORS_ASKED; NaN is 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let worth = worth.ceil() as u32;
    worth.max(MIN_SURVIVORS)
}

fn quotient(of: f64, to: f64) -> f64 {
    if to > 0.0 {
        of / to
    } else {
        f64::INFINITY
    }
}

/// Score test for a slope in Poisson counts: the covariance of count and place, and what it scatters by
/// when each count is Poisson with a mean in proportion to its exposure.
#[derive(Clone, Copy)]
struct Slope {
    score: f64,
    variance: f64,
}

impl Slope {
    fn of(counts: &[u32], exposures: &[f64]) -> Self {
        let total: f64 = counts.iter().copied().map(f64::from).sum();
        let exposed: f64 = exposures.iter().sum();
        let (mut score, mut variance) = (0.0, 0.0);
        if total > 0.0 && exposed > 0.0 {
            let weight = |index: usize| exposures[index] / exposed;
            let middle: f64 = (0..counts.len())
                .map(|index| index as f64 * weight(index))
                .sum();
            for (index, &count) in counts.iter().enumerate() {
                let place = index as f64 - middle;
                score += place * f64::from(count);
                variance += place * place * weight(index) * total;
            }
        }
        Self { score, variance }
    }

    fn and(self, other: Self) -> Self {
        Self {
            score: self.score + other.score,
            variance: self.variance + other.variance,
        }
    }

    fn sigmas(self) -> f64 {
        if self.variance > 0.0 {
            self.score / self.variance.sqrt()
        } else {
            0.0
        }
    }
}

/// The cohorts before and after the one in which a single step explains most, by likelihood, each part
/// with a mean of its own; where there are too few, all of them and none.
fn around_largest_step(counts: &[u32], exposures: &[f64]) -> (Range<usize>, Range<usize>) {
    let likelihood = |part: Range<usize>| {
        let total: f64 = counts[part.clone()].iter().copied().map(f64::from).sum();
        let exposed: f64 = exposures[part].iter().sum();
        if total > 0.0 && exposed > 0.0 {
            total * (total / exposed).ln()
        } else {
            0.0
        }
    };
    let end = counts.len();
    let explained =
        |step| likelihood(0..step) + likelihood(step..step + 1) + likelihood(step + 1..end);
    (MIN_PART..end.saturating_sub(MIN_PART))
        .max_by(|&a, &b| explained(a).total_cmp(&explained(b)))
        .map_or((0..end, end..end), |step| (0..step, step + 1..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Samples so far apart that a few of them are worth more than what V8 compiles.
    const FAR: f64 = 65_536.0;

    fn of(live: &[u32]) -> Generations {
        weigh(Cohorts {
            live,
            cohort_rounds: 1,
            sample_bytes: FAR,
            exposure: None,
        })
    }

    #[test]
    fn survivors_in_every_old_cohort_pass_and_in_none_do_not() {
        assert!(of(&[9, 8, 9, 7, 9, 8, 9, 8, 7, 9, 8, 8, 9, 21, 60]).passes(1.0));
        assert!(!of(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 24, 58]).passes(1.0));
    }

    #[test]
    fn what_was_born_once_at_the_start_does_not_pass() {
        let mut live = [0; 16];
        live[..4].copy_from_slice(&[70, 90, 12, 40]);
        assert!(!of(&live).passes(1.0));
    }

    #[test]
    fn cohorts_that_die_out_fade() {
        let fading = of(&[0, 1, 0, 1, 1, 2, 3, 5, 8, 12, 19, 30, 43, 60, 70]);
        assert!(fading.fades(1.0) && !fading.passes(1.0), "{fading:?}");
    }

    #[test]
    fn cohorts_that_are_smaller_only_because_the_load_was_do_not_fade() {
        let live: Vec<u32> = (1..=20).map(|n| 10 * n).collect();
        let load: Vec<f32> = (1u8..=20).map(f32::from).collect();
        assert!(of(&live).fades(1.0));
        let at_load = weigh(Cohorts {
            live: &live,
            cohort_rounds: 1,
            sample_bytes: FAR,
            exposure: Some(&load),
        });
        assert!(!at_load.fades(1.0) && at_load.passes(1.0), "{at_load:?}");
        assert!((at_load.older_half - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_cohort_in_which_nothing_was_born_is_not_one_that_died() {
        let bursts: Vec<u32> = (0..32)
            .map(|round| if round % 3 == 0 { 6 } else { 0 })
            .collect();
        let seen: Vec<f32> = (0..32u8)
            .map(|round| f32::from(u8::from(round % 3 == 0)))
            .collect();
        let weighed = |exposure| {
            weigh(Cohorts {
                live: &bursts,
                cohort_rounds: 1,
                sample_bytes: FAR,
                exposure,
            })
        };
        assert!(!weighed(None).passes(1.0));
        let of_births = weighed(Some(seen.as_slice()));
        assert_eq!((of_births.old, of_births.surviving), (8, 8));
        assert!(of_births.passes(1.0), "{of_births:?}");
    }

    #[test]
    fn cohorts_that_are_smaller_only_because_growth_was_slower_do_not_fade() {
        let live: Vec<u32> = (0..20).map(|n| 100 + 6 * n).collect();
        assert!(of(&live).fades(1.0));
        assert!(!of(&live).fades(1.2));
        let dying: Vec<u32> = (0..20).map(|n| 10 + 10 * n).collect();
        assert!(of(&dying).fades(f64::INFINITY));
    }

    #[test]
    fn cohorts_that_are_smaller_up_to_one_step_do_not_fade() {
        let mut live = [5; 20];
        live[11] = 14;
        live[12..].fill(25);
        let step = of(&live);
        assert!(
            step.fade_sigmas > FADED_SIGMAS && step.passes(1.0),
            "{step:?}"
        );
        let dying = of(&[
            0, 1, 2, 2, 3, 4, 5, 7, 9, 12, 15, 20, 25, 33, 42, 55, 70, 90, 120, 150,
        ]);
        assert!(dying.fades(1.0), "{dying:?}");
    }

    #[test]
    fn cohorts_that_become_smaller_of_late_dry_up() {
        let filling: Vec<u32> = (0..20).map(|n| 40 - n).collect();
        assert!(of(&filling).dries_up(1.0) && !of(&filling).passes(1.0));
        assert!(!of(&[30; 20]).dries_up(0.5));
        assert!(!of(&[9, 8, 9, 7, 9, 8, 9, 8, 7, 9, 8, 8, 9, 21, 60]).dries_up(0.5));
    }

    #[test]
    fn a_level_that_grows_as_before_contradicts_cohorts_that_seem_to_become_smaller() {
        let live: Vec<u32> = (0..20).map(|n| 20 - n / 2).collect();
        let seeming = of(&live);
        assert!(
            seeming.fade_sigmas < -DRY_SIGMAS && seeming.fade_sigmas > -FADED_SIGMAS,
            "{seeming:?}"
        );
        assert!(seeming.dries_up(0.8));
        assert!(!seeming.dries_up(1.2) && seeming.passes(1.2));
    }

    #[test]
    fn four_old_cohorts_are_too_few_and_five_are_not() {
        assert!(of(&[9; 7]).too_few());
        assert_eq!(of(&[9; 8]).old, 5);
        assert!(of(&[9; 8]).passes(1.0));
    }

    #[test]
    fn eleven_survivors_are_too_few_and_twelve_are_not() {
        assert!(of(&[0, 2, 3, 2, 2, 2, 0, 0]).too_few());
        assert!(!of(&[0, 3, 3, 2, 2, 2, 0, 0]).too_few());
    }

    #[test]
    fn survivors_that_are_worth_no_more_than_compiled_code_have_to_be_many() {
        let asked = |sample_bytes| {
            let cohorts = Cohorts {
                live: &[9; 8],
                cohort_rounds: 1,
                sample_bytes,
                exposure: None,
            };
            weigh(cohorts).required_survivors
        };
        assert_eq!(asked(65_536.0), MIN_SURVIVORS);
        assert_eq!(asked(6_144.0), 16);
        assert_eq!(asked(128.0), 20);
        assert_eq!(asked(0.0), 20);
    }

    #[test]
    fn one_survivor_per_cohort_may_leave_a_third_of_them_empty_and_ten_may_not() {
        // 8 of 12 is less than three quarters, and what a mean of one lets expect.
        let sparse = [1, 1, 1, 0, 2, 1, 0, 1, 0, 3, 1, 0, 2, 1, 1, 5, 9];
        assert!(of(&sparse).share() < MIN_SHARE);
        assert!(of(&sparse).passes(1.0));
        let lumps = sparse.map(|count| 10 * count);
        assert!(!of(&lumps).passes(1.0));
    }

    #[test]
    fn no_cohorts_and_few_cohorts_say_nothing() {
        for length in 0..4 {
            assert!(of(&vec![5; length]).too_few());
        }
    }

    #[test]
    fn of_more_cohorts_than_a_table_holds_the_newest_count() {
        let mut live = vec![0; 40];
        live.extend([5; MAX_COHORTS]);
        assert!((of(&live).share() - 1.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_table_makes_it_panic_and_shares_stay_shares(
            live in prop::collection::vec(any::<u32>(), 0..50),
            load in prop::collection::vec(any::<f32>(), 0..50),
            cohort_rounds: u32,
        ) {
            let found = weigh(Cohorts { live: &live, cohort_rounds, sample_bytes: FAR, exposure: Some(&load) });
            prop_assert!((0.0..=1.0).contains(&found.share()));
            prop_assert!((0.0..=1.0).contains(&found.required_share));
            prop_assert!(!found.older_half.is_nan() && found.fade_sigmas.is_finite());
        }

        #[test]
        fn the_unit_of_the_load_does_not_matter(
            live in prop::collection::vec(0u32..100, 8..32),
            unit in 0.01f32..100.0,
        ) {
            let load: Vec<f32> = (1u8..).take(live.len()).map(f32::from).collect();
            let scaled: Vec<f32> = load.iter().map(|load| load * unit).collect();
            let found = |load| weigh(Cohorts { live: &live, cohort_rounds: 1, sample_bytes: FAR, exposure: Some(load) });
            prop_assert!((found(&load).fade_sigmas - found(&scaled).fade_sigmas).abs() < 1e-3);
        }
    }
}
