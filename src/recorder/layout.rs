//! Where what is in a recording. Knows no contents; `docs/recorder.md` has the same for other readers.
//!
//! ```text
//! 0      header, one page: what, whose, since when
//! 4096   two states, a page each: written in turns, so that one is whole
//! 12288  meters of late, then meters since the start
//!        slots, 128 B: one per subject
//!        labels, 512 B: one per subject
//!        findings, 5,632 B: a version of a finding each
//! ```
//!
//! Every region begins at a page, and no slot or label lies across two: a process that is killed in the middle of a
//! write has written whole pages.

use crate::error::{Error, Kind, Result};

/// How a recording begins; the first byte is no text, as in PNG.
pub(super) const MAGIC: [u8; 8] = *b"\x89LKGREC\n";
/// The version of all that is below. The first 64 bytes mean the same in every version.
pub const FORMAT: u32 = 1;

pub(super) const PAGE_BYTES: usize = 4096;
pub(super) const STATES: usize = 2;
pub(super) const POINT_BYTES: usize = 64;
pub(super) const SLOT_BYTES: usize = 128;
pub(super) const LABEL_BYTES: usize = 512;
pub(super) const FINDING_BYTES: usize = 5632;

/// Of late, and as many since the start: as many as a terminal has columns, and four minutes of ticks.
const POINTS: u32 = 256;
/// One is free at any time, so that a finding is never written over.
const FINDINGS: u32 = 256;
/// What a reader believes at most; the largest ledger there is has so many subjects.
const MAX_CAPACITY: u32 = 65_536;
const MAX_POINTS: u32 = 65_536;
const MAX_FINDINGS: u32 = 65_536;

/// A part of the file that holds records of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) offset: usize,
    pub(super) record_bytes: usize,
    pub(super) count: usize,
}

impl Region {
    fn after(previous: Self, record_bytes: usize, count: u32) -> Self {
        Self {
            offset: previous.end().next_multiple_of(PAGE_BYTES),
            record_bytes,
            count: count as usize,
        }
    }

    fn end(self) -> usize {
        self.offset + self.record_bytes * self.count
    }

    /// Where the record with this index begins.
    pub(super) fn at(self, index: usize) -> usize {
        self.offset + index * self.record_bytes
    }

    /// The record with this index; `None` where the file ends before it does.
    pub(super) fn record(self, file: &[u8], index: usize) -> Option<&[u8]> {
        let at = self.at(index);
        file.get(at..at + self.record_bytes)
    }
}

/// Where everything is, by how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) states: Region,
    /// Meters of the last ticks, circular.
    pub(super) recent: Region,
    /// Meters since the start, ever farther apart.
    pub(super) long: Region,
    pub(super) slots: Region,
    pub(super) labels: Region,
    pub(super) findings: Region,
}

impl Layout {
    /// For so many subjects: below 4 MiB for the 4,096 of a ledger.
    pub(super) fn for_capacity(capacity: u32) -> Self {
        Self::new(capacity, POINTS, FINDINGS)
    }

    pub(super) fn new(capacity: u32, points: u32, findings: u32) -> Self {
        let header = Region {
            offset: 0,
            record_bytes: PAGE_BYTES,
            count: 1,
        };
        let states = Region {
            offset: header.end(),
            record_bytes: PAGE_BYTES,
            count: STATES,
        };
        let recent = Region::after(states, POINT_BYTES, points);
        let long = Region::after(recent, POINT_BYTES, points);
        let slots = Region::after(long, SLOT_BYTES, capacity);
        let labels = Region::after(slots, LABEL_BYTES, capacity);
        Self {
            states,
            recent,
            long,
            slots,
            labels,
            findings: Region::after(labels, FINDING_BYTES, findings),
        }
    }

    /// The layout that a header speaks of.
    ///
    /// # Errors
    /// `InvalidInput` where there is more of something than any leakguard records.
    pub(super) fn of_counts(capacity: u32, points: u32, findings: u32) -> Result<Self> {
        let fits = (1..=MAX_CAPACITY).contains(&capacity)
            && (1..=MAX_POINTS).contains(&points)
            && (1..=MAX_FINDINGS).contains(&findings);
        if !fits {
            return Err(Error::new(
                Kind::InvalidInput,
                "is damaged: its header speaks of more than any recording has",
            ));
        }
        Ok(Self::new(capacity, points, findings))
    }

    /// The regions in their order, as the header lists them.
    pub(super) fn regions(&self) -> [Region; 6] {
        [
            self.states,
            self.recent,
            self.long,
            self.slots,
            self.labels,
            self.findings,
        ]
    }

    /// Of the whole file.
    pub(super) fn bytes(&self) -> usize {
        self.findings.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_of_4096_subjects_is_below_4_mib() {
        let bytes = Layout::for_capacity(4096).bytes();
        assert!(bytes <= 4 * 1024 * 1024, "{bytes}");
    }

    #[test]
    fn no_region_overlaps_the_next_and_each_begins_at_a_page() {
        for layout in [Layout::new(3, 2, 2), Layout::for_capacity(4096)] {
            for pair in layout.regions().windows(2) {
                assert!(pair[0].end() <= pair[1].offset);
                assert_eq!(pair[1].offset % PAGE_BYTES, 0);
            }
        }
    }

    #[test]
    fn the_most_that_is_believed_is_accepted_and_one_more_is_refused() {
        assert!(Layout::of_counts(MAX_CAPACITY, MAX_POINTS, MAX_FINDINGS).is_ok());
        assert!(Layout::of_counts(MAX_CAPACITY + 1, 1, 1).is_err());
        assert!(Layout::of_counts(1, MAX_POINTS + 1, 1).is_err());
        assert!(Layout::of_counts(1, 1, MAX_FINDINGS + 1).is_err());
        assert!(Layout::of_counts(0, 1, 1).is_err());
    }
}
