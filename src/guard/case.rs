//! The bridge between the two rooms of F1: a subject of the ledger as a case for the verdict.

use super::blame::Blame;
use crate::ledger::{Kind, View, BUCKETS};
use crate::verdict::{self, judge, Case, Judgement, Survival};

/// Hands a subject to the verdict, in the verdict's own terms.
pub(super) fn judge_view(view: &View<'_>, patience_ticks: u32) -> Judgement {
    let history_ticks = view.history_ticks();
    let (level, floor) = (view.level(), view.floor());
    let mut buckets = [verdict::Bucket::default(); BUCKETS];
    let mut length = 0;
    // What the gates will refuse need not be unpacked.
    if history_ticks >= patience_ticks && level >= floor {
        for (place, bucket) in buckets.iter_mut().zip(view.buckets()) {
            *place = verdict::Bucket {
                trough: bucket.min,
                peak: bucket.max,
                births: bucket.births,
                deaths: bucket.deaths,
            };
            length += 1;
        }
    }
    judge(&Case {
        buckets: &buckets[..length],
        bucket_ticks: view.bucket_ticks(),
        history_ticks,
        patience_ticks,
        level,
        floor,
        survival: survival_of(view),
    })
}

fn survival_of(view: &View<'_>) -> Survival<'static> {
    match (view.kind(), view.sampled()) {
        // The heap's level is a sum of bytes: nothing in it is born or dies.
        (Kind::Heap, _) => Survival::Unknown,
        (_, (0, _)) => Survival::Levels,
        _ => Blame::on(view).survival(),
    }
}
