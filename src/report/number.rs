//! Numbers as JavaScript sends them: whole ones may come as `1.5e9` or with a fraction of a
//! millisecond, absent ones as `null`.

use serde::{Deserialize, Deserializer};

use crate::guard::phrase;

/// To the nearest whole number; negative ones are 0.
pub(super) fn rounded(value: f64) -> u64 {
    phrase::whole(value)
}

/// Any number, rounded.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    f64::deserialize(deserializer).map(rounded)
}

/// Any number, rounded, or null.
pub(super) fn whole_or_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    Ok(Option::<f64>::deserialize(deserializer)?.map(rounded))
}

/// Points of two numbers each, rounded; null for none.
pub(super) fn points<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(u64, u64)>, D::Error> {
    let points: Vec<(f64, f64)> = or_default(deserializer)?;
    Ok(points
        .into_iter()
        .map(|(at, value)| (rounded(at), rounded(value)))
        .collect())
}

/// A value, or null for its default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
