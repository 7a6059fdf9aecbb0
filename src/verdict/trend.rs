//! The first signal: does the level keep growing, once sawtooth, warm-up and chance are taken out.
//!
//! Troughs (bucket minima) are judged, not levels: garbage collection, batches and caches that empty
//! themselves make sawtooths, whose troughs stand still. Four questions, each of which alone has
//! fooled somebody:
//!
//! 1. **Gates.** Is it large enough, and has it grown enough, for anyone to care?
//! 2. **New peak.** Are the troughs of the last third above every peak of the first? (What objgraph
//!    asks.) A period that fits twice into the window cannot pass.
//! 3. **No fade.** Does the last third grow at least half as fast as the middle one? A filling cache
//!    and a warm-up fade; a leak does not.
//! 4. **Beyond chance.** A sign test on consecutive troughs, by betting: capital 1, in four parts, each of
//!    which stakes another share of itself on "up" at each change. If ups and downs were a fair coin,
//!    capital would be a non-negative martingale, and Ville's inequality bounds the chance that it *ever* reaches 1,000 by 1/1,000,
//!    however often one looks. A Mann-Kendall test looked at every tick has no such bound, and
//!    "five rises in a row" misfires at every start.
//!    Sources: Ville, "Étude critique de la notion de collectif" (1939); Shafer and Vovk,
//!    "Game-Theoretic Foundations for Probability and Finance" (2019); Ramdas, Grünwald, Vovk, Shafer,
//!    "Game-theoretic statistics and safe anytime-valid inference" (2023).
//!
//! The bound holds for one sequence of bets. Merging buckets starts another one each time a history
//! doubles, and there are two histories, so the price is a little higher: 2 of 1,000 random walks over
//! 1,200 ticks became suspects (none a leak).
//!
//! A trend that passes all four may still slow down, as a cache over a skewed key set does for a long
//! time before it is full. That is no leak *yet*: [`Trend::slows_down`] keeps it a suspect.

use super::load::Load;
use super::{Bucket, Growth, History, WARM_UP_PARTS};

/// What is asked of a trend besides the gates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Demands {
    /// Fewer buckets than this have no thirds worth comparing.
    pub(super) min_buckets: usize,
    /// Capital at which chance is ruled out when the members are known to stay.
    pub(super) e_with_survival: f64,
}

/// Of a level that is looked at every tick. A population that loses less than one in twenty of what it gets
/// does not fall by chance at all; what scatters is at most what other sites add. So 1 in 100 for the
/// trend is enough where survival is proven: eleven rises in a row.
pub(super) const OF_TICKS: Demands = Demands {
    min_buckets: 12,
    e_with_survival: 100.0,
};

/// Of a level that is looked at once per round, with cohorts for a second signal. Eight rounds less the
/// warm-up are seven buckets. Each old cohort is an observation of its own and was born in a round of
/// its own, so the cohorts are a test against chance themselves (`GenCount` alone is wrong about 7 in
/// 100 sites): 20 to 1 for the trend is enough, eight rises in a row or nine. Of 5,000 healthy sites
/// none was called a leak; at 3 to 1 a real program that filled its cache ever more slowly was.
pub(super) const OF_ROUNDS: Demands = Demands {
    min_buckets: 7,
    e_with_survival: 20.0,
};

/// Growth below this part of the floor is nothing: 8 listeners at the floor of 16.
const MIN_GROWTH_OF_FLOOR: u32 = 2;

/// Growth below 1 % of the level is nothing (Scalene's rate gate).
const MIN_GROWTH_OF_LEVEL: u32 = 100;

/// The last third must grow at least this fast in terms of the middle one (DESIGN).
const MIN_FADE: f64 = 0.5;

/// Stakes of the sign test as parts of the capital, a quarter of which is bet with each. By Kelly's rule
/// the best stake is 2p - 1 for troughs that rise with a chance of p, and p is not known: the average
/// of martingales is a martingale, and never below a quarter of the best of them.
const STAKES: [f64; 4] = [0.25, 0.5, 0.75, 0.95];

/// Troughs are compared bucket by bucket, and over groups of two and of four: what swings or scatters
/// within a group no longer hides a slow rise. The capital needed is three times as much for it (the
/// union bound, which holds however the three depend on each other).
const SCALES: [usize; 3] = [1, 2, 4];

/// Capital at which chance is ruled out: 1 false alarm in 1,000 subjects at worst, by Ville's
/// inequality. 14 rises in a row reach it; no fair bet on signs does in fewer than 10.
pub const E_THRESHOLD: f64 = 1_000.0;

/// A second half below this part of the first half's growth is slower …
const SLOWER: f64 = 0.9;

/// … but only counts as such when the slope of the increments is this many standard errors below
/// zero: 1 in 160 for a leak of constant rate.
const SLOWER_SIGMAS: f64 = 2.5;

/// A growth trend that passed questions 1 to 3.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Growth of the troughs over the window.
    pub growth: u32,
    /// Ticks in the window.
    pub window_ticks: u32,
    /// Growth per tick.
    pub rate_per_tick: f64,
    /// Highest level of the window's first third.
    pub first_peak: u32,
    /// Lowest level of its last third.
    pub last_trough: u32,
    /// Growth of the last third in terms of the middle third's; infinite when that stood still.
    pub fade: f64,
    /// Growth of the second half in terms of the first half's; infinite when that stood still.
    pub second_half: f64,
    /// Slope of the increments in standard errors; negative when growth slows down.
    pub slope_sigmas: f64,
    /// Troughs above their predecessor.
    pub rises: u32,
    /// Troughs below their predecessor.
    pub falls: u32,
    /// Decimal logarithm of the highest capital the sign test reached.
    pub log10_e: f64,
    /// By what factor the load grew from the first third to the last; 1 when it did not, or is not
    /// known.
    pub load_growth: f64,
}

impl Trend {
    /// What to compare later growth with.
    #[must_use]
    pub fn growth_so_far(&self) -> Growth {
        // A rate to seven digits.
        #[allow(clippy::cast_possible_truncation)]
        let rate_per_tick = self.rate_per_tick as f32;
        Growth {
            rate_per_tick,
            window_ticks: self.window_ticks,
        }
    }

    /// Whether a growing load explains it: level and load grew by the same factor, or the load by more.
    #[must_use]
    pub fn follows_load(&self) -> bool {
        self.load_growth > 1.0
            && f64::from(self.last_trough) <= f64::from(self.first_peak.max(1)) * self.load_growth
    }

    /// Whether growth slows down more than noise explains.
    #[must_use]
    pub fn slows_down(&self) -> bool {
        self.second_half < MIN_FADE
            || (self.second_half < SLOWER && self.slope_sigmas < -SLOWER_SIGMAS)
    }
}

/// The buckets that count.
pub(super) fn after_warm_up(buckets: &[Bucket]) -> &[Bucket] {
    &buckets[buckets.len() / usize::from(WARM_UP_PARTS)..]
}

/// What is asked of a history.
pub(super) struct Question<'a> {
    /// The history, less its warm-up.
    pub(super) history: &'a History<'a>,
    pub(super) level: u32,
    pub(super) floor: u32,
    pub(super) min_buckets: usize,
    /// Highest level before it, if it is not the whole history.
    pub(super) earlier_peak: u32,
    pub(super) load: Option<&'a Load<'a>>,
}

/// The trend, if there is one that passes questions 1 to 3.
pub(super) fn find(question: &Question<'_>) -> Option<Trend> {
    let History {
        buckets,
        bucket_ticks,
        open_ticks,
        ..
    } = *question.history;
    let window = &buckets[buckets.len().saturating_sub(Envelope::MAX)..];
    if window.len() < question.min_buckets {
        return None;
    }
    let third = window.len() / 3;
    let (first, last) = (&window[..third], &window[window.len() - third..]);
    let first_peak = first.iter().map(|bucket| bucket.peak).max()?;
    let last_trough = last.iter().map(|bucket| bucket.trough).min()?;
    // Most subjects end here, so it comes first.
    if last_trough <= first_peak.max(question.earlier_peak) {
        return None;
    }
    let envelope = Envelope::of(window);
    let growth = envelope.growth(0, window.len() - 1);
    if growth
        < (question.floor / MIN_GROWTH_OF_FLOOR)
            .max(question.level / MIN_GROWTH_OF_LEVEL)
            .max(1)
    {
        return None;
    }
    let (middle_from, last_from, end) = (third, window.len() - third, window.len() - 1);
    // From the last trough of the third before, so that growth at the border belongs to one of them.
    let middle_growth = envelope.growth(middle_from - 1, last_from - 1);
    let last_growth = envelope.growth(last_from - 1, end);
    let middle_steps = last_from - middle_from;
    let fade = ratio(last_growth, middle_growth) * middle_steps as f64 / third as f64;
    if last_growth == 0 || fade < MIN_FADE {
        return None;
    }
    let half = end / 2;
    let second_half = ratio(envelope.growth(end - half, end), envelope.growth(0, half));
    let signs = Signs::of(window);
    let load_growth = question.load.map_or(1.0, |load| {
        let ago = |buckets: usize| {
            u64::from(open_ticks) + (buckets as u64).saturating_mul(u64::from(bucket_ticks))
        };
        let length = window.len();
        load.growth((ago(length), ago(length - third)), (ago(third), ago(0)))
    });
    // At most 64 buckets.
    let window_ticks = u32::try_from(window.len())
        .unwrap_or(u32::MAX)
        .saturating_mul(bucket_ticks);
    Some(Trend {
        growth,
        window_ticks,
        rate_per_tick: f64::from(growth) / (end as f64 * f64::from(bucket_ticks)),
        first_peak,
        last_trough,
        fade,
        second_half,
        slope_sigmas: envelope.slope_sigmas(),
        rises: signs.rises,
        falls: signs.falls,
        log10_e: signs.best_log10_e,
        load_growth,
    })
}

/// Ticks in which the middle four fifths of the growth took place: 0.8 of the time for a straight line, and
/// far less for a burst.
pub(super) fn rise_ticks(history: &History<'_>) -> u64 {
    let window = &history.buckets[history.buckets.len().saturating_sub(Envelope::MAX)..];
    let envelope = Envelope::of(window);
    let lows = &envelope.lows[..envelope.length];
    let (Some(&low), Some(&high)) = (lows.first(), lows.last()) else {
        return 0;
    };
    let tenth = (high - low) / 10;
    let from = lows.partition_point(|&level| level <= low + tenth);
    let to = lows.partition_point(|&level| level < high - tenth);
    (to.saturating_sub(from) as u64 + 1) * u64::from(history.bucket_ticks)
}

/// How fast troughs rise from the first third of `buckets` to the last, by their means or by their
/// highest, whichever is more: a sawtooth moves the one, a burst the other. 0 for fewer than two.
pub(super) fn rate_per_tick(buckets: &[Bucket], bucket_ticks: u32) -> f64 {
    let third = buckets.len().div_ceil(3);
    let apart = buckets.len() - third;
    if apart == 0 || bucket_ticks == 0 {
        return 0.0;
    }
    let mean = |buckets: &[Bucket]| {
        let sum: f64 = buckets.iter().map(|bucket| f64::from(bucket.trough)).sum();
        sum / third as f64
    };
    let highest = |buckets: &[Bucket]| {
        let highest = buckets.iter().map(|bucket| bucket.trough).max();
        f64::from(highest.unwrap_or(0))
    };
    let (first, last) = (&buckets[..third], &buckets[apart..]);
    let rise = (mean(last) - mean(first)).max(highest(last) - highest(first));
    rise / (apart as f64 * f64::from(bucket_ticks))
}

fn ratio(of: u32, to: u32) -> f64 {
    if to == 0 {
        f64::INFINITY
    } else {
        f64::from(of) / f64::from(to)
    }
}

/// The lowest level from each bucket to the end: what is never given back. It cannot fall.
struct Envelope {
    lows: [u32; Self::MAX],
    length: usize,
}

impl Envelope {
    /// Longer windows are judged by their last so many buckets.
    const MAX: usize = 64;

    fn of(window: &[Bucket]) -> Self {
        let mut lows = [0; Self::MAX];
        let mut low = u32::MAX;
        for (place, bucket) in lows.iter_mut().zip(window).rev() {
            low = low.min(bucket.trough);
            *place = low;
        }
        Self {
            lows,
            length: window.len(),
        }
    }

    fn growth(&self, from: usize, to: usize) -> u32 {
        self.lows[to] - self.lows[from]
    }

    /// Least squares over the increments: slope over its standard error.
    fn slope_sigmas(&self) -> f64 {
        let lows = &self.lows[..self.length];
        let count = (self.length - 1) as f64;
        let (mean, middle) = (
            f64::from(self.growth(0, self.length - 1)) / count,
            (count - 1.0) / 2.0,
        );
        // The sum of squares of the places around their middle.
        let sxx = count * (count * count - 1.0) / 12.0;
        let (mut sxy, mut syy) = (0.0, 0.0);
        let mut x = -middle;
        for pair in lows.windows(2) {
            let y = f64::from(pair[1] - pair[0]) - mean;
            sxy += x * y;
            syy += y * y;
            x += 1.0;
        }
        let slope = sxy / sxx;
        let residual = (syy - slope * sxy).max(0.0) / (count - 2.0);
        // Exact lines have no noise to compare with; a thousandth of the mean stands in for it.
        let noise = residual.sqrt().max(mean / 1_000.0);
        if noise > 0.0 {
            slope * sxx.sqrt() / noise
        } else {
            0.0
        }
    }
}

/// The sign test by betting, at the scale that says most.
#[derive(Clone, Copy)]
struct Signs {
    rises: u32,
    falls: u32,
    best_log10_e: f64,
}

impl Signs {
    fn of(window: &[Bucket]) -> Self {
        let mut best = Self::at_scale(window, SCALES[0]);
        for scale in &SCALES[1..] {
            let signs = Self::at_scale(window, *scale);
            if signs.best_log10_e > best.best_log10_e {
                best = signs;
            }
        }
        // Whoever looks at three tests has to ask three times as much of each.
        let price = (SCALES.len() as f64).log10();
        best.best_log10_e = (best.best_log10_e - price).max(0.0);
        best
    }

    fn at_scale(window: &[Bucket], scale: usize) -> Self {
        let (mut rises, mut falls) = (0_u32, 0_u32);
        let mut capitals = [1.0 / STAKES.len() as f64; STAKES.len()];
        let mut best: f64 = 1.0;
        // Capital is highest where a run of rises ends, so it is looked at only there.
        let mut run = 0;
        let mut end_run = |run: i32| {
            for (capital, stake) in capitals.iter_mut().zip(STAKES) {
                *capital *= (1.0 + stake).powi(run);
            }
            best = best.max(capitals.iter().sum());
            for (capital, stake) in capitals.iter_mut().zip(STAKES) {
                *capital *= 1.0 - stake;
            }
        };
        // An incomplete group at the start has a trough of its own kind; it is left out.
        let groups = window[window.len() % scale..].chunks_exact(scale);
        let mut troughs = groups.map(|group| group.iter().map(|bucket| bucket.trough).min());
        let mut before = troughs.next().flatten();
        for trough in troughs {
            match trough.cmp(&before) {
                std::cmp::Ordering::Greater => {
                    rises += 1;
                    run += 1;
                }
                std::cmp::Ordering::Less => {
                    falls += 1;
                    end_run(std::mem::take(&mut run));
                }
                std::cmp::Ordering::Equal => {}
            }
            before = trough;
        }
        end_run(run);
        Self {
            rises,
            falls,
            best_log10_e: best.log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Survival;
    use super::*;

    fn window(levels: impl IntoIterator<Item = u32>) -> Vec<Bucket> {
        levels
            .into_iter()
            .map(|level| Bucket {
                trough: level,
                peak: level,
                ..Bucket::default()
            })
            .collect()
    }

    fn trend(levels: impl IntoIterator<Item = u32>) -> Option<Trend> {
        let buckets = window(levels);
        find(&Question {
            history: &History {
                buckets: &buckets,
                bucket_ticks: 1,
                open_ticks: 0,
                survival: Survival::Levels,
            },
            level: 500,
            floor: 16,
            min_buckets: OF_TICKS.min_buckets,
            earlier_peak: 0,
            load: None,
        })
    }

    #[test]
    fn fourteen_rises_are_beyond_chance_and_thirteen_are_not() {
        let e = |rises: u32| Signs::of(&window(0..=rises)).best_log10_e;
        assert!(e(14) >= E_THRESHOLD.log10());
        assert!(e(13) < E_THRESHOLD.log10());
    }

    #[test]
    fn ties_neither_win_nor_lose() {
        let signs = Signs::of(&window([1, 1, 2, 2, 2, 1]));
        assert_eq!((signs.rises, signs.falls), (1, 1));
    }

    #[test]
    fn a_straight_line_is_a_trend_that_does_not_slow_down() {
        let trend = trend((0..48).map(|n| 100 + 5 * n)).unwrap();
        assert!(trend.log10_e >= E_THRESHOLD.log10() && !trend.slows_down());
        assert!((trend.rate_per_tick - 5.0).abs() < 1e-9);
        assert!((trend.fade - 1.0).abs() < 0.1);
    }

    #[test]
    fn a_plateau_a_step_and_a_decline_are_none() {
        assert_eq!(trend([500; 48]), None);
        assert_eq!(trend((0..48).map(|n| if n < 10 { 10 } else { 500 })), None);
        assert_eq!(trend((0..48).map(|n| 500 - n)), None);
    }

    #[test]
    fn growth_that_ended_before_the_last_third_is_none() {
        assert_eq!(trend((0..48).map(|n: u32| 100 + 10 * n.min(30))), None);
    }

    #[test]
    fn growth_below_half_of_the_floor_is_none() {
        let rising = |by: u32| (0..48).map(move |n| 100 + n * by / 47);
        assert_eq!(trend(rising(7)), None);
        assert!(trend(rising(8)).is_some());
    }

    #[test]
    fn logarithmic_growth_slows_down() {
        let curve = (1..49).map(|n| f64::from(n + 12).ln() * 1_000.0);
        // Positive and far below u32::MAX.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let trend = trend(curve.map(|level| level as u32)).unwrap();
        assert!(trend.slows_down(), "{trend:?}");
    }

    #[test]
    fn a_period_that_fits_twice_is_never_a_trend() {
        for period in 2..=30 {
            for phase in 0..period {
                let found = trend((0..60).skip(12).map(|n| 100 + (n + phase) % period * 10));
                assert_eq!(found, None, "period {period}, phase {phase}");
            }
        }
    }

    #[test]
    fn a_window_of_eleven_buckets_says_nothing_and_of_twelve_does() {
        assert_eq!(trend((0..11).map(|n| n * 10)), None);
        assert!(trend((0..12).map(|n| n * 10)).is_some());
    }
}
