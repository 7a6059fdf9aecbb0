//! What a guard is told at its start, checked once so that nothing behind it has to.

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::ledger::View;

/// Slots are indices of a typed array and of tables allocated up front: 65,536 subjects are 60 MiB.
pub const MAX_CAPACITY: u32 = 65_536;

/// Fewer ticks cannot hold the buckets a trend needs; more than ten million are 115 days at 1 s.
pub const PATIENCE_TICKS: std::ops::RangeInclusive<u32> = 1..=10_000_000;

/// Rounds of the heap's sampler that a verdict on an allocation site takes at least, where the patience
/// is shorter: with fewer there are no five old generations between the first fifth and the newest two.
const MIN_ROUNDS_PATIENCE: u32 = 9;

/// Of the patience. A heap object is the weakest of witnesses: nobody knows who holds it.
const ROUNDS_PATIENCE: f64 = 1.5;

/// A guard's settings.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Most subjects watched at a time.
    pub capacity: u32,
    /// Ticks of history before anything is said of a subject.
    pub patience_ticks: u32,
    /// Intended distance of two ticks.
    pub interval_ms: f64,
    /// Intended distance of two rounds of the heap's sampler.
    #[serde(default = "usual_round_ms")]
    pub round_ms: f64,
    /// Start, in epoch milliseconds.
    pub started_at_ms: f64,
    /// The heap may not grow beyond this; 0 until it is known.
    #[serde(skip)]
    pub heap_limit_bytes: u64,
}

fn usual_round_ms() -> f64 {
    60_000.0
}

impl Settings {
    /// Settings from their JSON.
    ///
    /// # Errors
    /// `InvalidInput` that names the field, its value and what is accepted.
    pub fn from_json(text: &str) -> Result<Self> {
        let settings: Self =
            serde_json::from_str(text).map_err(|cause| Error::json("settings", text, cause))?;
        settings.check()?;
        Ok(settings)
    }

    /// Observations that a verdict on the subject takes.
    pub(super) fn patience(&self, view: &View<'_>) -> u32 {
        if !view.observed_at_rounds() {
            return self.patience_ticks;
        }
        let rounds = f64::from(self.patience_ticks) * ROUNDS_PATIENCE / self.round_ticks();
        // Not negative; `as` saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rounds = rounds.ceil() as u32;
        rounds.max(MIN_ROUNDS_PATIENCE)
    }

    /// Between two rounds of the heap's sampler.
    pub(super) fn round_ticks(&self) -> f64 {
        self.round_ms / self.interval_ms
    }

    fn check(&self) -> Result<()> {
        let refuse = |name: &str, value: String, accepted: String| {
            Err(Error::new(
                Kind::InvalidInput,
                format!("{name} is {value}; accepted: {accepted}"),
            ))
        };
        if !(1..=MAX_CAPACITY).contains(&self.capacity) {
            let accepted = format!("1 to {MAX_CAPACITY} subjects");
            return refuse("capacity", self.capacity.to_string(), accepted);
        }
        if !PATIENCE_TICKS.contains(&self.patience_ticks) {
            let (least, most) = (PATIENCE_TICKS.start(), PATIENCE_TICKS.end());
            let accepted = format!("{least} to {most} ticks");
            return refuse("patienceTicks", self.patience_ticks.to_string(), accepted);
        }
        if !(self.interval_ms > 0.0 && self.interval_ms.is_finite()) {
            let accepted = "a number of milliseconds above 0".to_owned();
            return refuse("intervalMs", self.interval_ms.to_string(), accepted);
        }
        if !(self.round_ms > 0.0 && self.round_ms.is_finite()) {
            let accepted = "a number of milliseconds above 0".to_owned();
            return refuse("roundMs", self.round_ms.to_string(), accepted);
        }
        if !(self.started_at_ms >= 0.0 && self.started_at_ms.is_finite()) {
            let accepted = "epoch milliseconds".to_owned();
            return refuse("startedAtMs", self.started_at_ms.to_string(), accepted);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(capacity: u32, patience_ticks: u32, interval_ms: f64) -> String {
        format!(
            r#"{{"capacity":{capacity},"patienceTicks":{patience_ticks},
                "intervalMs":{interval_ms},"startedAtMs":0}}"#
        )
    }

    #[test]
    fn the_largest_capacity_is_accepted_and_one_more_is_refused() {
        assert!(Settings::from_json(&json(MAX_CAPACITY, 60, 1000.0)).is_ok());
        let error = Settings::from_json(&json(MAX_CAPACITY + 1, 60, 1000.0)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "capacity is 65537; accepted: 1 to 65536 subjects"
        );
    }

    #[test]
    fn zero_of_anything_is_refused_by_name() {
        let message = |json: &str| Settings::from_json(json).unwrap_err().to_string();
        assert!(message(&json(0, 60, 1.0)).starts_with("capacity is 0"));
        assert!(message(&json(1, 0, 1.0)).starts_with("patienceTicks is 0"));
        assert!(message(&json(1, 60, 0.0)).starts_with("intervalMs is 0"));
        assert!(message("{}").contains("missing field `capacity`"));
    }
}
