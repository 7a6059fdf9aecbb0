//! A history as one line of eight heights: `▁▂▃▅▇█`.

const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// At most `width` characters, from the lowest value to the highest; a flat line stays low.
pub(super) fn draw(history: &[(u64, u64)], width: usize) -> String {
    let chunk = history.len().div_ceil(width.max(1)).max(1);
    let values: Vec<u64> = history
        .chunks(chunk)
        .filter_map(|part| part.iter().map(|&(_, value)| value).max())
        .collect();
    let low = values.iter().copied().min().unwrap_or(0);
    let span = values.iter().copied().max().unwrap_or(0) - low;
    let height = |value: u64| {
        // In u128, as a history of bytes times 7 may pass 2^64.
        let step = u128::from(value - low) * (HEIGHTS.len() as u128 - 1);
        let index = step.checked_div(u128::from(span)).unwrap_or(0);
        HEIGHTS[usize::try_from(index).unwrap_or(0)]
    };
    values.into_iter().map(height).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[u64], width: usize) -> String {
        let history: Vec<(u64, u64)> = values.iter().map(|&value| (0, value)).collect();
        draw(&history, width)
    }

    #[test]
    fn a_rise_goes_from_the_lowest_block_to_the_highest() {
        assert_eq!(line(&[0, 1, 2, 3, 4, 5, 6, 7], 32), "▁▂▃▄▅▆▇█");
    }

    #[test]
    fn flat_empty_and_huge_histories_are_drawn_too() {
        assert_eq!(line(&[5, 5, 5], 32), "▁▁▁");
        assert_eq!(line(&[], 32), "");
        assert_eq!(line(&[0, u64::MAX], 32), "▁█");
    }

    #[test]
    fn it_is_never_wider_than_asked() {
        for length in 0..100 {
            let values: Vec<u64> = (0..length).collect();
            assert!(line(&values, 32).chars().count() <= 32);
        }
    }
}
