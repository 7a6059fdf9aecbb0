//! Shares with their uncertainty, and quantiles.

/// Wilson's 95 % interval for `hits` of `trials`, as shares (Wilson 1927): unlike the normal one it is
/// never empty at 0 hits.
pub fn wilson(hits: usize, trials: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let (hits, trials) = (hits as f64, trials as f64);
    let share = hits / trials;
    let centre = share + Z * Z / (2.0 * trials);
    let spread = Z * (share * (1.0 - share) / trials + Z * Z / (4.0 * trials * trials)).sqrt();
    let scale = 1.0 + Z * Z / trials;
    (
        ((centre - spread) / scale).max(0.0),
        (centre + spread) / scale,
    )
}

/// `12.3 % (10.1 - 14.9)`.
pub fn share(hits: usize, trials: usize) -> String {
    let (low, high) = wilson(hits, trials);
    let percent = 100.0 * hits as f64 / trials as f64;
    format!(
        "{percent:5.1} % ({:4.1} -{:5.1})",
        100.0 * low,
        100.0 * high
    )
}

/// The value below which so many percent of the sorted values lie.
pub fn percentile(sorted: &[u32], percent: usize) -> Option<u32> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(last * percent).div_ceil(100)])
}
