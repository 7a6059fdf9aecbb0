//! The bridge between the two rooms of F1: a subject of the ledger as a case for the verdict.

use super::blame::Blame;
use crate::ledger::{self, Kind, View, BUCKETS, COHORTS, MEMORY_UNIT_BYTES, RECENT_BUCKETS};
use crate::verdict::generations::Cohorts;
use crate::verdict::load::{Load, Means};
use crate::verdict::succession::Counts;
use crate::verdict::{self, judge, Case, Growth, History, Judgement, Survival, WARM_UP_PARTS};

/// Hands a subject to the verdict, in the verdict's own terms.
pub(super) fn judge_view(view: &View<'_>, patience_ticks: u32) -> Judgement {
    let looked_at = view.history_ticks() >= patience_ticks && may_have_grown(view);
    with_case(view, patience_ticks, looked_at, judge)
}

/// Whether either history ends above where it began. Without that there is no trend, and most subjects
/// need not be unpacked.
fn may_have_grown(view: &View<'_>) -> bool {
    let mut long = view.buckets();
    let warm_up = long.len() / usize::from(WARM_UP_PARTS);
    let long = is_above(long.nth(warm_up), long.next_back());
    view.level() >= view.floor() && (long || still_rises(view))
}

/// Whether the recent history ends above where it began: seen without unpacking it.
pub(super) fn still_rises(view: &View<'_>) -> bool {
    let mut recent = view.recent_buckets();
    is_above(recent.next(), recent.next_back())
}

fn is_above(first: Option<ledger::Bucket>, last: Option<ledger::Bucket>) -> bool {
    matches!((first, last), (Some(first), Some(last)) if last.min > first.max)
}

/// Whether a subject that grew like that stands still by now.
pub(super) fn stands_still(view: &View<'_>, patience_ticks: u32, growth: Growth) -> bool {
    with_case(view, patience_ticks, true, |case| {
        verdict::stands_still(case, growth)
    })
}

/// The subject as a case; without its buckets, when the answer is known not to need them.
fn with_case<R>(
    view: &View<'_>,
    patience_ticks: u32,
    looked_at: bool,
    answer: impl FnOnce(&Case<'_>) -> R,
) -> R {
    let history_ticks = view.history_ticks();
    let (level, floor) = (view.level(), view.floor());
    let mut long = [verdict::Bucket::default(); BUCKETS];
    let mut recent = [verdict::Bucket::default(); RECENT_BUCKETS];
    let (mut long_length, mut recent_length) = (0, 0);
    let (mut live, mut exposure) = ([0; COHORTS], [0.0; COHORTS]);
    let survival = if looked_at {
        survival_of(view, &mut live, &mut exposure)
    } else {
        Survival::Unknown
    };
    if looked_at {
        long_length = unpack(view.buckets(), survival == Survival::Levels, &mut long);
        if is_past_warm_up(view, patience_ticks) {
            recent_length = unpack(view.recent_buckets(), true, &mut recent);
        }
    }
    let (long, recent) = (&long[..long_length], &recent[..recent_length]);
    let (long_open_ticks, recent_open_ticks) = view.open_ticks();
    answer(&Case {
        long: History {
            buckets: long,
            bucket_ticks: view.bucket_ticks(),
            open_ticks: long_open_ticks,
            survival,
        },
        recent: (!recent.is_empty()).then(|| History {
            buckets: recent,
            bucket_ticks: view.recent_bucket_ticks(),
            open_ticks: recent_open_ticks,
            survival: of_late(survival, recent, view.mean_sample_weight()),
        }),
        // The load is known by ticks, and the history of an allocation site counts rounds.
        load: load_of(view).filter(|_| !view.observed_at_rounds()),
        history_ticks,
        patience_ticks,
        level,
        floor,
    })
}

/// The load of the process as the verdict takes it.
fn load_of<'a>(view: &View<'a>) -> Option<Load<'a>> {
    let means = |load: ledger::LoadMeans<'a>| Means {
        means: load.means,
        bucket_ticks: load.bucket_ticks,
        open_ticks: load.open_ticks,
    };
    let (long, recent) = view.load()?;
    Some(Load {
        long: means(long),
        recent: means(recent),
    })
}

/// Births and deaths only where they are asked for: the case of a sampled subject does without, and
/// unpacking is a third of a judging.
fn unpack(
    buckets: impl Iterator<Item = ledger::Bucket>,
    with_births: bool,
    into: &mut [verdict::Bucket],
) -> usize {
    let levels = |bucket: &ledger::Bucket| verdict::Bucket {
        trough: bucket.min,
        peak: bucket.max,
        ..verdict::Bucket::default()
    };
    let mut length = 0;
    for (place, bucket) in into.iter_mut().zip(buckets) {
        *place = levels(&bucket);
        if with_births {
            place.births = bucket.births;
            place.deaths = bucket.deaths;
        }
        length += 1;
    }
    length
}

/// Whether the recent history is full and begins after the warm-up, the first fifth of patience.
fn is_past_warm_up(view: &View<'_>, patience_ticks: u32) -> bool {
    let recent_ticks = RECENT_BUCKETS as u64 * u64::from(view.recent_bucket_ticks());
    let began_ago = recent_ticks + u64::from(view.open_ticks().1);
    view.recent_len() == RECENT_BUCKETS
        && u64::from(view.history_ticks()) >= began_ago + u64::from(patience_ticks / 5)
}

/// Of the recent history, the newest two thirds tell whether those born stay: about one patience, so that
/// who stopped taking away is not held by what was taken away before.
const BORN_OF_LATE: usize = RECENT_BUCKETS * 2 / 3;

/// The survival of those born of late: the buckets know the samples of all sites. Of the dominant site
/// only its whole past is known.
fn of_late<'a>(
    survival: Survival<'a>,
    recent: &[verdict::Bucket],
    mean_sample_weight: f64,
) -> Survival<'a> {
    let sum = |of: fn(&verdict::Bucket) -> u32| -> f64 {
        let born_of_late = recent.iter().rev().take(BORN_OF_LATE);
        let members: f64 = born_of_late.map(|bucket| f64::from(of(bucket))).sum();
        members / mean_sample_weight
    };
    match survival {
        Survival::Sampled { dominant, .. } => Survival::Sampled {
            all: Counts {
                births: sum(|bucket| bucket.births),
                deaths: sum(|bucket| bucket.deaths),
            },
            dominant,
        },
        other => other,
    }
}

fn survival_of<'a>(
    view: &View<'_>,
    live: &'a mut [u32; COHORTS],
    exposure: &'a mut [f32; COHORTS],
) -> Survival<'a> {
    if view.observed_at_rounds() {
        let mut cohort_rounds = 1;
        let cohorts = view.cohorts();
        let length = cohorts.len();
        for (index, cohort) in cohorts.enumerate() {
            live[index] = cohort.live;
            exposure[index] = f32::from(u8::from(cohort.seen));
            cohort_rounds = cohort.rounds;
        }
        let samples: u32 = live[..length].iter().sum();
        return Survival::Cohorts(Cohorts {
            live: &live[..length],
            cohort_rounds,
            sample_bytes: f64::from(view.level()) * f64::from(MEMORY_UNIT_BYTES)
                / f64::from(samples.max(1)),
            exposure: Some(&exposure[..length]),
        });
    }
    match (view.kind(), view.sampled()) {
        // The heap's level is a sum of bytes: nothing in it is born or dies.
        (Kind::Heap, _) => Survival::Unknown,
        (_, None) => Survival::Levels,
        _ => Blame::on(view).survival(),
    }
}
