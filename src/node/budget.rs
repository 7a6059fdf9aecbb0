//! What watching may cost, for the threads of this process.

use napi_derive::napi;
use parking_lot::Mutex;

use super::busy;
use crate::budget::{self, Pool};

static POOL: Pool = Pool::new();

/// One thread's part of what the process may spend on watching; all times are milliseconds.
#[napi]
pub struct Budget(Mutex<Option<budget::Budget<'static>>>);

#[napi]
impl Budget {
    /// For ticks and rounds that far apart. `nowMs` is of a clock that all threads share, here and in `pay`.
    #[napi(constructor, catch_unwind)]
    pub fn new(tick_ms: f64, round_ms: f64, now_ms: f64) -> Self {
        let budget = budget::Budget::new(&POOL, tick_ms, round_ms, now_ms);
        Self(Mutex::new(Some(budget)))
    }

    /// `ended` after the end.
    fn with<R>(
        &self,
        ended: R,
        action: impl FnOnce(&mut budget::Budget<'static>) -> R,
    ) -> napi::Result<R> {
        let mut budget = self.0.try_lock().ok_or_else(busy)?;
        Ok(budget.as_mut().map_or(ended, action))
    }

    /// Of one CPU, 0 to 1; 0 after the end.
    #[napi(catch_unwind)]
    pub fn share(&self) -> napi::Result<f64> {
        self.with(0.0, |budget| budget.share())
    }

    /// So much was spent since the last time, and the thread worked `busyMs` for its host: whether there was so much.
    /// After the end all is paid for.
    #[napi(catch_unwind)]
    pub fn pay(&self, spent_ms: f64, now_ms: f64, busy_ms: f64) -> napi::Result<bool> {
        self.with(true, |budget| {
            budget.fill(now_ms, busy_ms);
            budget.spend(spent_ms);
            budget.affords(0.0)
        })
    }

    /// Something less is watched from now on: its cost is not known yet.
    #[napi(catch_unwind)]
    pub fn refill(&self) -> napi::Result<()> {
        self.with((), budget::Budget::refill)
    }

    /// Whether so much is left; nothing is after the end.
    #[napi(catch_unwind)]
    pub fn affords(&self, ms: f64) -> napi::Result<bool> {
        self.with(false, |budget| budget.affords(ms))
    }

    /// This thread is watched no longer.
    #[napi(catch_unwind)]
    pub fn end(&self) -> napi::Result<()> {
        *self.0.try_lock().ok_or_else(busy)? = None;
        Ok(())
    }
}
