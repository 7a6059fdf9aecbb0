//! Values in rows of different lengths, one after the other in one column: a row is where it begins. Made by
//! counting first, as a counting sort is, so that nothing grows.

use std::ops::Index;

/// Rows by their number, from 0.
pub(super) struct Rows<T> {
    /// Where each begins, and at last where all end.
    first: Vec<u32>,
    values: Vec<T>,
}

impl<T: Copy> Rows<T> {
    /// Room for as many values as `counts` has for each row; `blank` stands where none was put yet.
    pub(super) fn with_counts(counts: Vec<u32>, blank: T) -> Self {
        let mut first = counts;
        first.push(0);
        // From counts to ends; putting moves each to its beginning.
        let mut end = 0;
        for count in &mut first {
            end += *count;
            *count = end;
        }
        Self {
            first,
            values: vec![blank; end as usize],
        }
    }

    /// Puts a value before those that the row has; called as often as was counted.
    pub(super) fn put(&mut self, row: usize, value: T) {
        self.first[row] -= 1;
        self.values[self.first[row] as usize] = value;
    }
}

impl<T> Index<usize> for Rows<T> {
    type Output = [T];

    fn index(&self, row: usize) -> &[T] {
        &self.values[self.first[row] as usize..self.first[row + 1] as usize]
    }
}
