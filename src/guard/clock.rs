//! Ticks to wall-clock time. Nothing below this floor knows milliseconds.
//!
//! Ticks are late when the event loop is busy, so their distance is measured, not assumed: from the
//! start to the last tick, in equal parts.

/// When ticks happened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    interval_ms: f64,
    started_at_ms: f64,
    last_tick: u32,
    last_tick_at_ms: f64,
}

impl Clock {
    pub(crate) fn new(interval_ms: f64, started_at_ms: f64) -> Self {
        Self {
            interval_ms,
            started_at_ms,
            last_tick: 0,
            last_tick_at_ms: started_at_ms,
        }
    }

    /// The tick with this number has happened. A clock that was set back does not count.
    pub(crate) fn tick(&mut self, tick: u32, at_ms: f64) {
        self.last_tick = tick;
        if at_ms.is_finite() {
            self.last_tick_at_ms = self.last_tick_at_ms.max(at_ms);
        }
    }

    /// Start, in epoch milliseconds.
    pub(crate) fn started_at_ms(&self) -> f64 {
        self.started_at_ms
    }

    /// The last tick, in epoch milliseconds.
    pub(crate) fn now_ms(&self) -> f64 {
        self.last_tick_at_ms
    }

    /// Mean distance of two ticks; the intended one before the first.
    pub(crate) fn tick_ms(&self) -> f64 {
        let elapsed_ms = self.last_tick_at_ms - self.started_at_ms;
        if self.last_tick == 0 || elapsed_ms <= 0.0 {
            self.interval_ms
        } else {
            elapsed_ms / f64::from(self.last_tick)
        }
    }

    /// When that tick was, in epoch milliseconds.
    pub(crate) fn at_ms(&self, tick: u32) -> f64 {
        self.last_tick_at_ms - f64::from(self.last_tick.saturating_sub(tick)) * self.tick_ms()
    }

    /// How long ago it was, in milliseconds.
    pub(crate) fn since_ms(&self, tick: u32) -> f64 {
        f64::from(self.last_tick.saturating_sub(tick)) * self.tick_ms()
    }

    /// So many per tick, as so many per minute.
    pub(crate) fn per_minute(&self, per_tick: f64) -> f64 {
        per_tick * 60_000.0 / self.tick_ms()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_ticks_stretch_time() {
        let mut clock = Clock::new(1_000.0, 5_000.0);
        clock.tick(10, 25_000.0);
        assert!((clock.at_ms(5) - 15_000.0).abs() < 1e-9);
        assert!((clock.per_minute(1.0) - 30.0).abs() < 1e-9);
    }

    #[test]
    fn before_the_first_tick_the_intended_interval_counts() {
        let clock = Clock::new(500.0, 0.0);
        assert!((clock.per_minute(1.0) - 120.0).abs() < 1e-9);
    }

    #[test]
    fn a_clock_set_back_or_without_a_number_does_not_turn_time_round() {
        let mut clock = Clock::new(1_000.0, 5_000.0);
        clock.tick(1, 1.0);
        clock.tick(2, f64::NAN);
        assert!((clock.now_ms() - 5_000.0).abs() < 1e-9);
        assert!(clock.tick_ms() > 0.0);
    }
}
