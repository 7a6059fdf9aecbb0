//! Numbers as people read them: `12,345`, `42.0 per minute`, `3m 12s`, `123 MiB`.

/// `12345` as `12,345`.
pub(crate) fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of something: `1 listener`, `12,345 entries`.
pub(crate) fn plural(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(value), if value == 1 { one } else { many })
}

/// A decimal with one place below a thousand, whole above: `0.3`, `42.0`, `12,345`.
pub(crate) fn decimal(value: f64) -> String {
    if value.abs() < 999.95 {
        format!("{value:.1}")
    } else {
        count(whole(value))
    }
}

/// Bytes in the largest unit that leaves at least 1: `512 B`, `1.5 KiB`, `123 MiB`.
pub(crate) fn bytes(value: f64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if value < 1024.0 {
        return format!("{value:.0} B");
    }
    let mut scaled = value / 1024.0;
    let mut unit = 0;
    while scaled >= 1024.0 && unit + 1 < UNITS.len() {
        scaled /= 1024.0;
        unit += 1;
    }
    if scaled < 99.95 {
        format!("{scaled:.1} {}", UNITS[unit])
    } else {
        format!("{} {}", count(whole(scaled)), UNITS[unit])
    }
}

/// A duration in its two largest units: `0.4s`, `12s`, `3m 12s`, `2h 5m`, `11d 4h`.
pub(crate) fn duration(ms: f64) -> String {
    if ms < 9_950.0 {
        return format!("{:.1}s", ms.max(0.0) / 1_000.0);
    }
    let seconds = whole(ms / 1_000.0);
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, _) => format!("{minutes}m {rest}s"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

/// 0 to 1 as percent: `97 %`.
pub(crate) fn percent(share: f64) -> String {
    // Adding 0 takes the sign from -0.
    format!("{:.0} %", (share * 100.0).round() + 0.0)
}

/// Text from outside that may hold escape sequences: every control character but the newline as `·`, and so what turns
/// the direction of a line, by which one file could be shown as another.
pub(crate) fn printable(text: &str) -> String {
    let turns = |character| matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let safe = |character: char| character == '\n' || !(character.is_control() || turns(character));
    text.chars()
        .map(|character| if safe(character) { character } else { '·' })
        .collect()
}

/// To the nearest whole number; negative ones and NaN are 0.
pub(crate) fn whole(value: f64) -> u64 {
    // `as` saturates at both ends and maps NaN to 0, which is what a display wants.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rounded = value.round() as u64;
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_thousands_separators() {
        assert_eq!(
            [0, 999, 1_000, 12_345, 1_234_567].map(count),
            ["0", "999", "1,000", "12,345", "1,234,567"]
        );
        assert_eq!(plural(1, "entry", "entries"), "1 entry");
        assert_eq!(plural(2_000, "entry", "entries"), "2,000 entries");
    }

    #[test]
    fn decimals_lose_their_place_from_a_thousand_on() {
        assert_eq!(
            [0.25, 42.0, 999.94, 999.95].map(decimal),
            ["0.2", "42.0", "999.9", "1,000"]
        );
    }

    #[test]
    fn bytes_use_the_largest_unit_that_leaves_at_least_one() {
        let mib = 1024.0 * 1024.0;
        assert_eq!(
            [0.0, 1023.0, 1536.0, 123.0 * mib, 1_500.0 * mib].map(bytes),
            ["0 B", "1023 B", "1.5 KiB", "123 MiB", "1.5 GiB"]
        );
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a·[2Jb\nc");
        assert_eq!(printable("a\u{202e}sj.b\u{2066}"), "a·sj.b·");
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        assert_eq!(
            [400.0, 12_000.0, 192_000.0, 7_500_000.0, 964_800_000.0].map(duration),
            ["0.4s", "12s", "3m 12s", "2h 5m", "11d 4h"]
        );
        assert_eq!(duration(-1.0), "0.0s");
    }
}
