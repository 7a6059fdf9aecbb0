//! What watching may cost: token buckets of leakguard's own CPU time. Time passing fills them by a share of itself;
//! ticks and rounds of the heap's sampler empty them. They decide nothing: whoever asks puts off a
//! round or lowers the level.
//!
//! A process has one share, however many of its threads are watched. Each thread is sure of an even part;
//! what it does not need goes to a pool that any of them may use up:
//!
//! ```text
//!         the share of the time that has passed
//!            │ an even part each, or the share of its own host's work, if that is more
//!   ┌────────┼────────┐
//! main    worker   worker      (idle: full)
//!   ▲        ▲        │ what does not fit
//!   └────── pool ◄────┘        where every thread but the first begins
//! ```
//!
//! As the classes of Linux's hierarchical token bucket borrow from their parent.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

/// Share of one CPU that watching may take: DESIGN allows the levels 1 % and 2 %.
const SHARE: f64 = 0.02;
/// However short the intervals: half of the time stays the host's.
const MAX_SHARE: f64 = 0.5;
/// Savings for a burst, half of them the pool's: a full collection of a large heap takes seconds, once.
const SAVED_SECONDS: f64 = 60.0;
/// The intervals that the share is meant for; who compresses time pays as many times as much.
const USUAL_TICK_MS: f64 = 1_000.0;
const USUAL_ROUND_MS: f64 = 60_000.0;

const US_PER_MS: f64 = 1_000.0;

/// What the threads of a process share. Nothing is ordered by its counters, and no reader needs both at once.
#[derive(Debug, Default)]
pub struct Pool {
    threads: AtomicU32,
    left_us: AtomicI64,
}

impl Pool {
    /// A pool without threads.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            threads: AtomicU32::new(0),
            left_us: AtomicI64::new(0),
        }
    }

    fn threads(&self) -> f64 {
        f64::from(self.threads.load(Ordering::Relaxed).max(1))
    }

    fn left_ms(&self) -> f64 {
        self.left_us.load(Ordering::Relaxed) as f64 / US_PER_MS
    }

    fn give(&self, ms: f64, most_ms: f64) {
        let most = micros(most_ms);
        self.change(|left| left.saturating_add(micros(ms)).min(most.max(left)));
    }

    /// As much of it as there is.
    fn take(&self, ms: f64) -> f64 {
        let before = self.change(|left| (left - micros(ms)).max(0));
        (before as f64 / US_PER_MS).min(ms)
    }

    fn change(&self, to: impl Fn(i64) -> i64) -> i64 {
        let change = |left| Some(to(left));
        self.left_us
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change)
            .unwrap_or_else(|unchanged| unchanged)
    }
}

// Saturates; NaN is 0.
#[allow(clippy::cast_possible_truncation)]
fn micros(ms: f64) -> i64 {
    (ms.max(0.0) * US_PER_MS) as i64
}

/// One thread's part. All times are milliseconds of clocks that all threads share.
#[derive(Debug)]
pub struct Budget<'pool> {
    pool: &'pool Pool,
    share: f64,
    /// Negative where more was spent than there is.
    left_ms: f64,
    filled_at_ms: f64,
}

impl<'pool> Budget<'pool> {
    /// The budget of a thread that ticks every `tick_ms` and has a round every `round_ms`. The first one of a process
    /// fills its pool.
    #[must_use]
    pub fn new(pool: &'pool Pool, tick_ms: f64, round_ms: f64, now_ms: f64) -> Self {
        let compression = (USUAL_TICK_MS / tick_ms).max(USUAL_ROUND_MS / round_ms);
        let mut budget = Self {
            pool,
            share: (SHARE * compression.max(1.0)).min(MAX_SHARE),
            left_ms: 0.0,
            filled_at_ms: now_ms,
        };
        if pool.threads.fetch_add(1, Ordering::Relaxed) == 0 {
            budget.left_ms = budget.savings_ms();
            pool.give(budget.savings_ms(), budget.savings_ms());
        }
        budget
    }

    /// Of one CPU, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    /// Most that the pool holds, and that the threads together do.
    fn savings_ms(&self) -> f64 {
        self.share * SAVED_SECONDS * 1_000.0 / 2.0
    }

    /// Time has passed, of which the thread worked `busy_ms` for its host; a clock that was set back fills nothing.
    pub fn fill(&mut self, now_ms: f64, busy_ms: f64) {
        let passed_ms = now_ms - self.filled_at_ms;
        self.filled_at_ms = now_ms;
        let threads = self.pool.threads();
        self.left_ms += self.share * (passed_ms / threads).max(busy_ms).max(0.0);
        let surplus_ms = self.left_ms - self.savings_ms() / threads;
        if surplus_ms > 0.0 {
            self.left_ms -= surplus_ms;
            self.pool.give(surplus_ms, self.savings_ms());
        }
    }

    /// Something less is watched from now on: its cost is not known yet.
    pub fn refill(&mut self) {
        self.left_ms = self.savings_ms() / self.pool.threads();
    }

    /// So much was spent.
    pub fn spend(&mut self, ms: f64) {
        self.left_ms -= ms;
        if self.left_ms < 0.0 {
            self.left_ms += self.pool.take(-self.left_ms);
        }
    }

    /// Whether so much is left.
    #[must_use]
    pub fn affords(&self, ms: f64) -> bool {
        self.left_ms + self.pool.left_ms() >= ms
    }
}

impl Drop for Budget<'_> {
    /// The pool of a process that is watched no longer is filled anew by who watches it next.
    fn drop(&mut self) {
        self.pool.give(self.left_ms, self.savings_ms());
        if self.pool.threads.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.pool.left_us.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usual(pool: &Pool) -> Budget<'_> {
        Budget::new(pool, USUAL_TICK_MS, USUAL_ROUND_MS, 0.0)
    }

    #[test]
    fn at_the_usual_intervals_two_hundredths_of_one_cpu_are_granted_saved_for_a_minute() {
        let pool = Pool::new();
        let mut budget = usual(&pool);
        assert!(budget.affords(1_200.0) && !budget.affords(1_201.0));
        budget.spend(1_200.0);
        budget.fill(1_000.0, 0.0);
        assert!(budget.affords(20.0) && !budget.affords(21.0));
        budget.fill(3_600_000.0, 0.0);
        assert!(budget.affords(1_200.0) && !budget.affords(1_201.0));
    }

    #[test]
    fn who_compresses_time_pays_as_many_times_as_much_up_to_half_of_one_cpu() {
        let pool = Pool::new();
        let share = |tick_ms, round_ms| Budget::new(&pool, tick_ms, round_ms, 0.0).share();
        let shares = [
            share(1_000.0, 60_000.0),
            share(10_000.0, 60_000.0),
            share(100.0, 60_000.0),
            share(1_000.0, 6_000.0),
            share(10.0, 60_000.0),
        ];
        let percents = shares.map(|share: f64| format!("{:.1}", share * 100.0));
        assert_eq!(percents, ["2.0", "2.0", "20.0", "20.0", "50.0"]);
    }

    #[test]
    fn a_clock_that_was_set_back_fills_nothing_and_takes_nothing() {
        let pool = Pool::new();
        let mut budget = Budget::new(&pool, USUAL_TICK_MS, USUAL_ROUND_MS, 10_000.0);
        budget.spend(1_200.0);
        budget.fill(5_000.0, 0.0);
        assert!(budget.affords(0.0) && !budget.affords(1.0));
        budget.fill(6_000.0, 0.0);
        assert!(budget.affords(20.0));
    }

    #[test]
    fn twenty_threads_together_get_no_more_than_one_and_each_an_even_part() {
        let pool = Pool::new();
        let mut threads: Vec<_> = (0..20).map(|_| usual(&pool)).collect();
        assert!(threads[3].affords(600.0));
        threads[0].spend(1_200.0);
        assert!(!threads[3].affords(1.0));
        for thread in &mut threads {
            thread.fill(10_000.0, 0.0);
        }
        assert!(threads
            .iter()
            .all(|thread| thread.affords(9.9) && !thread.affords(10.1)));
    }

    #[test]
    fn what_idle_threads_do_not_need_is_for_one_that_does() {
        let pool = Pool::new();
        let mut threads: Vec<_> = (0..4).map(|_| usual(&pool)).collect();
        threads[0].spend(1_200.0);
        // 120 ms of two minutes' share are to be saved by each of them, and the pool takes the rest.
        for thread in &mut threads {
            thread.fill(120_000.0, 0.0);
        }
        assert!(threads[0].affords(749.0) && !threads[0].affords(751.0));
    }

    #[test]
    fn threads_that_all_work_get_the_share_of_what_each_works() {
        let pool = Pool::new();
        let mut threads: Vec<_> = (0..8).map(|_| usual(&pool)).collect();
        threads[0].spend(1_200.0);
        for thread in &mut threads {
            thread.fill(1_000.0, 1_000.0);
        }
        let affords = |thread: &Budget<'_>| thread.affords(20.0) && !thread.affords(21.0);
        assert!(threads.iter().all(affords));
    }

    #[test]
    fn a_thread_that_ends_leaves_its_savings_and_the_last_one_nothing() {
        let pool = Pool::new();
        let mut first = usual(&pool);
        let mut second = usual(&pool);
        first.spend(1_200.0);
        second.fill(10_000.0, 0.0);
        drop(second);
        assert!(first.affords(100.0) && !first.affords(101.0));
        drop(first);
        assert!(!usual(&pool).affords(1_201.0));
    }

    proptest! {
        #[test]
        fn however_threads_come_spend_and_go_no_more_is_spent_than_the_share_and_the_savings(
            events in prop::collection::vec((0usize..5, 0u8..4, 0.0f64..500.0), 0..200),
        ) {
            let pool = Pool::new();
            let mut threads: Vec<Option<Budget<'_>>> = vec![Some(usual(&pool))];
            threads.extend((1..5).map(|_| None));
            let (mut now_ms, mut spent_ms) = (0.0, 0.0);
            for (thread, event, ms) in events {
                match (event, &mut threads[thread]) {
                    (0, slot) if thread > 0 => {
                        *slot = match slot.take() {
                            None => Some(Budget::new(&pool, USUAL_TICK_MS, USUAL_ROUND_MS, now_ms)),
                            Some(_) => None,
                        };
                    }
                    (1, Some(budget)) if budget.affords(ms) => {
                        budget.spend(ms);
                        spent_ms += ms;
                    }
                    (_, _) => {
                        now_ms += ms;
                        for budget in threads.iter_mut().flatten() {
                            budget.fill(now_ms, 0.0);
                        }
                    }
                }
            }
            prop_assert!(spent_ms <= SHARE * now_ms + 1_200.0 + 0.1, "{spent_ms} of {now_ms}");
        }
    }
}
