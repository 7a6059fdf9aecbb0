//! The heap as the whole of which allocation sites are parts.
//!
//! The explained share: how much of the heap's growth the findings account for.
//! Both sides are measured in the same way: what a level has gained since its warm-up. The heap's
//! level is what is in use after full collections; the findings' are the live bytes of the allocation
//! sites that are raised. Sites count whether they stand for themselves or as victims, so it does not
//! matter whether the entry of a Map or the object in it was what was found.

use crate::ledger::{Kind, View, MEMORY_UNIT_BYTES};
use crate::verdict::WARM_UP_PARTS;

/// Growth of the heap below which a share of it says nothing: a full collection leaves that much more or
/// less behind.
const MIN_HEAP_GROWTH_BYTES: u32 = 1 << 20;

/// Share of the growth of `heap` that `raised` account for, 0 to 1; `None` where the heap has not grown
/// or nothing is sampled.
pub(super) fn share<'a>(heap: &View<'_>, raised: impl Iterator<Item = View<'a>>) -> Option<f64> {
    let growth = gain(heap);
    if growth < MIN_HEAP_GROWTH_BYTES / MEMORY_UNIT_BYTES {
        return None;
    }
    let accounted: f64 = raised
        .filter(View::observed_at_rounds)
        .map(|view| f64::from(gain(&view)))
        .sum();
    Some((accounted / f64::from(growth)).min(1.0))
}

/// Of its growth what the heap must have gained for a part of it to have grown. The rest may be less
/// elsewhere, and scatter of samples.
const MIN_GAIN_OF_GROWTH: f64 = 0.5;

/// Buckets of the heap without which nothing is said of it.
const MIN_BUCKETS: usize = 8;

/// Whether `heap` may have gained what one of its parts seems to have in the last `ticks`: `growth`, in
/// units of memory. Its highest of late is compared with its lowest since twice as long ago, for rounds
/// may have been put off; whatever scatters speaks for the growth.
pub(super) fn may_hold(heap: &View<'_>, growth: f64, ticks: f64) -> bool {
    // Not negative; `as` saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let wanted = (2.0 * ticks / f64::from(heap.bucket_ticks())).ceil() as usize;
    let window: Vec<_> = heap.buckets().rev().take(wanted.max(MIN_BUCKETS)).collect();
    if window.len() < MIN_BUCKETS {
        return true;
    }
    let highest = window[..window.len() / 4].iter().map(|bucket| bucket.max);
    let lowest = window.iter().map(|bucket| bucket.min);
    let gain = highest
        .max()
        .unwrap_or(0)
        .saturating_sub(lowest.min().unwrap_or(0));
    f64::from(gain) >= MIN_GAIN_OF_GROWTH * growth
}

/// The heap as a whole, not one of its parts.
pub(super) fn is_heap(view: &View<'_>) -> bool {
    view.kind() == Kind::Heap && view.what() == "heap"
}

/// What the level has gained since the warm-up, trough against trough.
fn gain(view: &View<'_>) -> u32 {
    let buckets = view.buckets();
    let warm_up = buckets.len() / usize::from(WARM_UP_PARTS);
    let mut buckets = view.buckets().skip(warm_up);
    let Some(first) = buckets.next() else {
        return 0;
    };
    let last = buckets.last().unwrap_or(first);
    last.min.saturating_sub(first.min)
}
