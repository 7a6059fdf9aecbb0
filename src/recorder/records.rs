//! The records of a recording, each with how it is written and read. A record that is not whole reads as `None`.

use super::bytes::{check, tail, Put, Take};
use super::layout::{
    Layout, FINDING_BYTES, FORMAT, LABEL_BYTES, MAGIC, PAGE_BYTES, POINT_BYTES, SLOT_BYTES,
};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::guard::{Severity, Stage};
use crate::ledger::{cut, Kind};

/// The room of a check at a record's end.
const CHECK_BYTES: usize = 8;
/// The room of versions.
const VERSION_BYTES: usize = 40;
const COMMAND_BYTES: usize = 2048;
/// What a header says of itself: its page.
const HEADER_BYTES: u32 = 4096;
/// 36 as Linux writes it.
const BOOT_BYTES: usize = 40;
/// Longer paths are cut, from their beginning.
const SNAPSHOT_BYTES: usize = 1024;
/// What the labels of a subject may take together.
const LABEL_TEXT_BYTES: usize = LABEL_BYTES - 8 - 8 - 8 - CHECK_BYTES;
/// Levels of one slot's history.
pub(super) const SLOT_LEVELS: usize = 19;
/// What the JSON of a finding may take.
pub(super) const FINDING_TEXT_BYTES: usize = FINDING_BYTES - ENTRY_BYTES;
/// The head of a finding's record.
pub(super) const ENTRY_BYTES: usize = 64;

/// The levels of watching, as numbers.
const LEVELS: [&str; 5] = ["off", "counts", "sites", "survivors", "exact"];

/// Writes the check of all before it to a record's end.
fn seal(record: &mut [u8]) {
    let (contents, place) = record.split_at_mut(record.len() - CHECK_BYTES);
    place.copy_from_slice(&check(contents).to_le_bytes());
}

/// The contents of a record whose check holds.
fn opened(record: &[u8]) -> Option<&[u8]> {
    let (contents, place) = record.split_at_checked(record.len().checked_sub(CHECK_BYTES)?)?;
    (place == check(contents).to_le_bytes()).then_some(contents)
}

/// Makes every check of a file hold, whatever is in it: what is behind them is to be tried, too.
#[cfg(any(test, fuzzing))]
pub(super) fn reseal(file: &mut [u8]) {
    let Some(page) = file.get_mut(..PAGE_BYTES) else {
        return;
    };
    seal(page);
    let Ok((_, layout)) = Header::decode(file) else {
        return;
    };
    for (index, region) in layout.regions().into_iter().enumerate() {
        for place in 0..region.count {
            let at = region.at(place);
            let Some(record) = file.get_mut(at..at + region.record_bytes) else {
                return;
            };
            if record.iter().all(|&byte| byte == 0) {
                continue;
            }
            match index {
                3 => {
                    let written = Take::new(record).u32();
                    Slot::seal(record, written);
                }
                5 => {
                    let (head, text) = record.split_at_mut(ENTRY_BYTES);
                    let mut take = Take::new(&head[36..]);
                    let length = take.u32() as usize;
                    let sum = text.get(..length).map_or(0, check);
                    Put::new(&mut head[48..]).u64(sum);
                    seal(head);
                }
                _ => seal(record),
            }
        }
    }
}

/// Whose recording it is. Pid, start and boot together are one process only.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Header {
    pub(super) leakguard: String,
    pub(super) node: String,
    pub(super) pid: u32,
    pub(super) thread_id: u32,
    /// Start of the process, epoch ms.
    pub(super) process_started_at: f64,
    /// The same as the system counts it; 0 where it does not.
    pub(super) start_ticks: u64,
    /// Who started it, and when that was started as the system counts it; 0 where it does not say.
    pub(super) parent_pid: u32,
    pub(super) parent_start_ticks: u64,
    pub(super) boot: String,
    /// Inode of the pids' namespace; 0 where there is none.
    pub(super) pid_namespace: u64,
    /// Start of watching, epoch ms.
    pub(super) started_at: f64,
    pub(super) interval_ms: f64,
    pub(super) patience_ticks: u32,
    pub(super) level: String,
    pub(super) command: String,
}

impl Header {
    pub(super) fn encode(&self, layout: &Layout) -> [u8; PAGE_BYTES] {
        let mut page = [0; PAGE_BYTES];
        let mut put = Put::new(&mut page);
        // These 64 bytes are the same in every version.
        put.raw(&MAGIC).u32(FORMAT).u32(HEADER_BYTES);
        put.u32(0).text(&self.leakguard, VERSION_BYTES).u16(0);
        put.u64(layout.bytes() as u64);
        for region in layout.regions() {
            // A file of 65,536 subjects has 45 MB.
            for number in [region.offset, region.record_bytes, region.count] {
                put.u32(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        put.u32(self.pid).u32(self.thread_id);
        put.f64(self.process_started_at).u64(self.start_ticks);
        put.u64(self.pid_namespace).text(&self.boot, BOOT_BYTES);
        put.f64(self.started_at).f64(self.interval_ms);
        put.u32(self.patience_ticks).u8(index_of_level(&self.level));
        put.text(&self.node, VERSION_BYTES)
            .text(&self.command, COMMAND_BYTES);
        put.u32(self.parent_pid).u64(self.parent_start_ticks);
        seal(&mut page);
        page
    }

    /// By what a process is known in its namespace.
    pub(super) fn process(&self) -> (u32, u64) {
        (self.pid, self.start_ticks)
    }

    /// The same of the one that has started it.
    pub(super) fn parent(&self) -> (u32, u64) {
        (self.parent_pid, self.parent_start_ticks)
    }

    /// The header of a file, and where everything is.
    ///
    /// # Errors
    /// `InvalidInput` that says whether it is no recording, one of another version, or damaged.
    pub(super) fn decode(file: &[u8]) -> Result<(Self, Layout)> {
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        if file.iter().take(PAGE_BYTES).all(|&byte| byte == 0) {
            return refuse("is empty: nothing was recorded in it".to_owned());
        }
        let mut take = Take::new(file);
        if take.raw(MAGIC.len()) != MAGIC {
            return refuse("is no recording of leakguard".to_owned());
        }
        let (format, _header_bytes, _) = (take.u32(), take.u32(), take.u32());
        let leakguard = take.text(VERSION_BYTES);
        if format != FORMAT {
            let plain: String = leakguard.chars().filter(|c| !c.is_control()).collect();
            return refuse(format!(
                "is of format {format}, written by leakguard {plain}, and this one reads format {FORMAT}: read it with that version"
            ));
        }
        let Some(contents) = file.get(..PAGE_BYTES).and_then(opened) else {
            return refuse("is damaged: its header is not whole".to_owned());
        };
        let mut take = Take::new(contents);
        take.raw(64);
        let file_bytes = take.u64();
        let mut regions = [[0; 3]; 6];
        for number in regions.iter_mut().flatten() {
            *number = take.u32();
        }
        let [_, [_, _, points], _, [_, _, capacity], _, [_, _, findings]] = regions;
        let layout = Layout::of_counts(capacity, points, findings)?;
        let expected = layout
            .regions()
            .map(|it| [it.offset, it.record_bytes, it.count].map(|n| n as u64));
        if regions.map(|it| it.map(u64::from)) != expected || file_bytes != layout.bytes() as u64 {
            return refuse("is damaged: its header contradicts itself".to_owned());
        }
        let header = Self {
            leakguard,
            pid: take.u32(),
            thread_id: take.u32(),
            process_started_at: take.f64(),
            start_ticks: take.u64(),
            pid_namespace: take.u64(),
            boot: take.text(BOOT_BYTES),
            started_at: take.f64(),
            interval_ms: take.f64(),
            patience_ticks: take.u32(),
            level: level_of_index(take.u8()).to_owned(),
            node: take.text(VERSION_BYTES),
            command: take.text(COMMAND_BYTES),
            parent_pid: take.u32(),
            parent_start_ticks: take.u64(),
        };
        Ok((header, layout))
    }
}

pub(super) fn index_of_level(name: &str) -> u8 {
    let index = LEVELS.iter().position(|&level| level == name).unwrap_or(0);
    // There are five.
    u8::try_from(index).unwrap_or(0)
}

pub(super) fn level_of_index(index: u8) -> &'static str {
    LEVELS.get(usize::from(index)).copied().unwrap_or(LEVELS[0])
}

/// How a recording came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum How {
    /// It did not: the process runs, or was killed.
    #[default]
    Open,
    /// The process has exited.
    Exit,
    /// Watching was stopped.
    Stopped,
}

/// What the process uses. Bytes; NaN is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Usage {
    pub(super) heap_used: f64,
    pub(super) heap_after_gc: f64,
    pub(super) heap_limit: f64,
    pub(super) external: f64,
    pub(super) array_buffers: f64,
    pub(super) rss: f64,
}

/// Where the process stands, newest of two.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Of the recorder: one more with each state.
    pub(super) sequence: u64,
    /// Of the ledger; a reset begins anew.
    pub(super) tick: u32,
    pub(super) at: f64,
    /// Start of watching, or last reset, epoch ms.
    pub(super) started_at: f64,
    pub(super) level: u8,
    pub(super) usage: Usage,
    pub(super) cpu_ms: f64,
    pub(super) last_tick_ms: f64,
    pub(super) max_tick_ms: f64,
    pub(super) tick_ms: f64,
    pub(super) tracked: u64,
    pub(super) evicted: u64,
    pub(super) dropped: u64,
    pub(super) ledger_bytes: u64,
    /// 0 to 1; NaN is not known.
    pub(super) explained: f64,
    /// Findings that the log had no room for.
    pub(super) unlogged: u64,
    pub(super) how: How,
    pub(super) code: Option<i32>,
    pub(super) ended_at: f64,
    /// Epoch ms; 0: it was not near.
    pub(super) near_limit_at: f64,
    pub(super) near_limit_used: f64,
    pub(super) near_limit_limit: f64,
    pub(super) snapshot: String,
}

impl State {
    pub(super) fn encode(&self) -> [u8; PAGE_BYTES] {
        let mut page = [0; PAGE_BYTES];
        let mut put = Put::new(&mut page);
        put.u64(self.sequence).u32(self.tick).u8(self.level);
        put.u8(self.how as u8)
            .u8(self.code.is_some().into())
            .u8(0)
            .raw(&self.code.unwrap_or(0).to_le_bytes())
            .u32(0);
        put.f64(self.at).f64(self.started_at);
        let usage = &self.usage;
        put.f64(usage.heap_used)
            .f64(usage.heap_after_gc)
            .f64(usage.heap_limit)
            .f64(usage.external)
            .f64(usage.array_buffers)
            .f64(usage.rss);
        put.f64(self.cpu_ms)
            .f64(self.last_tick_ms)
            .f64(self.max_tick_ms)
            .f64(self.tick_ms);
        put.u64(self.tracked)
            .u64(self.evicted)
            .u64(self.dropped)
            .u64(self.ledger_bytes)
            .u64(self.unlogged)
            .f64(self.explained);
        put.f64(self.ended_at)
            .f64(self.near_limit_at)
            .f64(self.near_limit_used)
            .f64(self.near_limit_limit)
            .text(tail(&self.snapshot, SNAPSHOT_BYTES), SNAPSHOT_BYTES);
        seal(&mut page);
        page
    }

    pub(super) fn decode(page: &[u8]) -> Option<Self> {
        let mut take = Take::new(opened(page)?);
        let (sequence, tick, level) = (take.u64(), take.u32(), take.u8());
        let how = match take.u8() {
            1 => How::Exit,
            2 => How::Stopped,
            _ => How::Open,
        };
        let (has_code, _) = (take.u8() == 1, take.u8());
        let code = i32::from_le_bytes(take.u32().to_le_bytes());
        take.u32();
        Some(Self {
            sequence,
            tick,
            level,
            how,
            code: has_code.then_some(code),
            at: take.f64(),
            started_at: take.f64(),
            usage: Usage {
                heap_used: take.f64(),
                heap_after_gc: take.f64(),
                heap_limit: take.f64(),
                external: take.f64(),
                array_buffers: take.f64(),
                rss: take.f64(),
            },
            cpu_ms: take.f64(),
            last_tick_ms: take.f64(),
            max_tick_ms: take.f64(),
            tick_ms: take.f64(),
            tracked: take.u64(),
            evicted: take.u64(),
            dropped: take.u64(),
            ledger_bytes: take.u64(),
            unlogged: take.u64(),
            explained: take.f64(),
            ended_at: take.f64(),
            near_limit_at: take.f64(),
            near_limit_used: take.f64(),
            near_limit_limit: take.f64(),
            snapshot: take.text(SNAPSHOT_BYTES),
        })
    }
}

/// The meters at one tick. Bytes; NaN is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Point {
    pub(super) at: f64,
    pub(super) heap_used: f64,
    pub(super) heap_after_gc: f64,
    pub(super) rss: f64,
    pub(super) external: f64,
}

impl Point {
    pub(super) fn encode(&self) -> [u8; POINT_BYTES] {
        let mut record = [0; POINT_BYTES];
        Put::new(&mut record)
            .f64(self.at)
            .f64(self.heap_used)
            .f64(self.heap_after_gc)
            .f64(self.rss)
            .f64(self.external);
        seal(&mut record);
        record
    }

    pub(super) fn decode(record: &[u8]) -> Option<Self> {
        let mut take = Take::new(opened(record)?);
        Some(Self {
            at: take.f64(),
            heap_used: take.f64(),
            heap_after_gc: take.f64(),
            rss: take.f64(),
            external: take.f64(),
        })
    }
}

/// One subject as it was when its record last changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    /// Low half of the recorder's tick at which it was written, at both ends.
    pub(super) written: u32,
    pub(super) kind: Kind,
    pub(super) stage: Stage,
    /// Whether levels are memory, in units.
    pub(super) is_memory: bool,
    pub(super) floor: u32,
    pub(super) level: u32,
    pub(super) peak: u32,
    pub(super) since_tick: u32,
    /// Of a label: that of another claim is another subject's.
    pub(super) claim: u32,
    pub(super) rate_per_minute: f32,
    /// Of its finding; 0: it has none.
    pub(super) signature: u64,
    pub(super) levels: [u32; SLOT_LEVELS],
    pub(super) level_count: u8,
}

impl Slot {
    pub(super) fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut record = [0; SLOT_BYTES];
        let mut put = Put::new(&mut record);
        // Kind counts from 1: 0 is a free slot.
        put.u32(self.written)
            .u8(index_of_kind(self.kind) + 1)
            .u8(self.stage as u8)
            .u8(self.is_memory.into())
            .u8(self.level_count)
            .u32(self.floor)
            .u32(self.level)
            .u32(self.peak)
            .u32(self.since_tick)
            .u32(self.claim)
            .f32(self.rate_per_minute)
            .u64(self.signature);
        for level in self.levels {
            put.u32(level);
        }
        Self::seal(&mut record, self.written);
        record
    }

    /// The check and, once more, when it was written. The upper half of a check, so that both fit a word.
    fn seal(record: &mut [u8], written: u32) {
        let (contents, end) = record.split_at_mut(SLOT_BYTES - 8);
        let check = (check(contents) >> 32) as u32;
        Put::new(end).u32(check).u32(written);
    }

    /// Changes what may change at every tick, in a record that is whole.
    pub(super) fn renew(
        record: &mut [u8],
        written: u32,
        stage: Stage,
        signature: u64,
        (level, peak): (u32, u32),
    ) {
        Put::new(record).u32(written);
        Put::new(&mut record[5..]).u8(stage as u8);
        Put::new(&mut record[12..]).u32(level).u32(peak);
        Put::new(&mut record[32..]).u64(signature);
        Self::seal(record, written);
    }

    /// `Ok(None)` for a slot that is free.
    pub(super) fn decode(record: &[u8]) -> std::result::Result<Option<Self>, Torn> {
        // Never written.
        if record.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let (contents, end) = record.split_at_checked(SLOT_BYTES - 8).ok_or(Torn)?;
        let mut take = Take::new(contents);
        let written = take.u32();
        let mut end = Take::new(end);
        if end.u32() != (check(contents) >> 32) as u32 || end.u32() != written {
            return Err(Torn);
        }
        let Some(kind) = take.u8().checked_sub(1) else {
            return Ok(None);
        };
        let kind = *Kind::ALL.get(usize::from(kind)).ok_or(Torn)?;
        let stage = match take.u8() {
            0 => Stage::Steady,
            1 => Stage::Watching,
            2 => Stage::Growing,
            3 => Stage::Leak,
            _ => return Err(Torn),
        };
        let (is_memory, level_count) = (take.u8() == 1, take.u8());
        let mut slot = Self {
            written,
            kind,
            stage,
            is_memory,
            level_count,
            floor: take.u32(),
            level: take.u32(),
            peak: take.u32(),
            since_tick: take.u32(),
            claim: take.u32(),
            rate_per_minute: take.f32(),
            signature: take.u64(),
            levels: [0; SLOT_LEVELS],
        };
        slot.levels = std::array::from_fn(|_| take.u32());
        Ok(Some(slot))
    }

    /// The record of a slot that has become free.
    pub(super) fn free(written: u32) -> [u8; SLOT_BYTES] {
        let mut record = [0; SLOT_BYTES];
        Put::new(&mut record).u32(written);
        Self::seal(&mut record, written);
        record
    }
}

/// A record of which a part is of another time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn;

fn index_of_kind(kind: Kind) -> u8 {
    let index = Kind::ALL.iter().position(|&each| each == kind).unwrap_or(0);
    // There are nine.
    u8::try_from(index).unwrap_or(0)
}

/// Who a subject is, and which line adds to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) claim: u32,
    pub(super) what: String,
    pub(super) owner: String,
    /// Empty where no site dominates.
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) function: String,
}

impl Label {
    pub(super) fn encode(&self) -> [u8; LABEL_BYTES] {
        let mut record = [0; LABEL_BYTES];
        let what = cut(&self.what, 48);
        let owner = cut(&self.owner, 96);
        let function = cut(&self.function, 112);
        let left = LABEL_TEXT_BYTES - what.len() - owner.len() - function.len();
        let file = tail(&self.file, left);
        let mut put = Put::new(&mut record);
        put.u32(self.claim).u32(self.line).u64(0);
        let texts = [what, owner, file, function];
        for text in texts {
            // At most 480.
            put.u16(u16::try_from(text.len()).unwrap_or(0));
        }
        for text in texts {
            put.raw(text.as_bytes());
        }
        seal(&mut record);
        record
    }

    pub(super) fn decode(record: &[u8]) -> Option<Self> {
        let mut take = Take::new(opened(record)?);
        let (claim, line) = (take.u32(), take.u32());
        take.u64();
        let lengths = [take.u16(), take.u16(), take.u16(), take.u16()];
        let [what, owner, file, function] =
            lengths.map(|length| String::from_utf8_lossy(take.raw(length.into())).into_owned());
        Some(Self {
            claim,
            what,
            owner,
            file,
            line,
            function,
        })
    }
}

/// The head of a finding's record: what changes without the finding itself. It lies within one page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// Of two versions of a finding the one with the larger number is newer. 0: there is none.
    pub(super) sequence: u64,
    pub(super) signature: u64,
    /// When it was first and last told of, epoch ms.
    pub(super) first: f64,
    pub(super) last: f64,
    /// How often it was.
    pub(super) count: u32,
    pub(super) text_bytes: u32,
    pub(super) is_open: bool,
    /// The host does not want to hear of it.
    pub(super) is_dropped: bool,
    /// Whether it is a leak by now, or a suspect again.
    pub(super) is_leak: bool,
    pub(super) text_check: u64,
}

impl Entry {
    pub(super) fn encode(&self) -> [u8; ENTRY_BYTES] {
        let mut record = [0; ENTRY_BYTES];
        Put::new(&mut record)
            .u64(self.sequence)
            .u64(self.signature)
            .f64(self.first)
            .f64(self.last)
            .u32(self.count)
            .u32(self.text_bytes)
            .u8(self.is_open.into())
            .u8(self.is_dropped.into())
            .u8(self.is_leak.into())
            .raw(&[0; 5])
            .u64(self.text_check);
        seal(&mut record);
        record
    }

    /// `Ok(None)` where no finding was ever written, or its newer version is elsewhere.
    pub(super) fn decode(record: &[u8]) -> std::result::Result<Option<Self>, Torn> {
        let head = record.get(..ENTRY_BYTES).ok_or(Torn)?;
        if head.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let mut take = Take::new(opened(head).ok_or(Torn)?);
        let mut entry = Self {
            sequence: take.u64(),
            signature: take.u64(),
            first: take.f64(),
            last: take.f64(),
            count: take.u32(),
            text_bytes: take.u32(),
            is_open: take.u8() == 1,
            is_dropped: take.u8() == 1,
            is_leak: take.u8() == 1,
            text_check: 0,
        };
        take.raw(5);
        entry.text_check = take.u64();
        Ok((entry.sequence > 0).then_some(entry))
    }

    pub(super) fn severity(&self) -> Severity {
        if self.is_leak {
            Severity::Leak
        } else {
            Severity::Suspect
        }
    }

    /// The finding's JSON behind the head, when it is whole.
    pub(super) fn text<'a>(&self, record: &'a [u8]) -> Option<&'a [u8]> {
        let text = record.get(ENTRY_BYTES..)?.get(..self.text_bytes as usize)?;
        (check(text) == self.text_check).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewed_slot_is_the_one_encoded_anew() {
        let slot = Slot {
            written: 1,
            kind: Kind::Heap,
            stage: Stage::Steady,
            is_memory: true,
            floor: 2,
            level: 3,
            peak: 4,
            since_tick: 5,
            claim: 6,
            rate_per_minute: 7.5,
            signature: 0,
            levels: [8; SLOT_LEVELS],
            level_count: 19,
        };
        let mut record = slot.encode();
        assert_eq!(Slot::decode(&record), Ok(Some(slot)));
        Slot::renew(&mut record, 9, Stage::Leak, u64::MAX - 1, (10, 11));
        let newer = Slot {
            written: 9,
            stage: Stage::Leak,
            signature: u64::MAX - 1,
            level: 10,
            peak: 11,
            ..slot
        };
        assert_eq!(record, newer.encode());
        assert_eq!(Slot::decode(&Slot::free(3)), Ok(None));
    }

    #[test]
    fn texts_of_any_length_fit_a_label_and_a_path_keeps_its_end() {
        let long = Label {
            claim: 1,
            what: "w".repeat(500),
            owner: "o".repeat(500),
            file: format!("{}/end.js", "f".repeat(600)),
            line: 3,
            function: "n".repeat(500),
        };
        let read = Label::decode(&long.encode()).unwrap();
        assert!(read.file.ends_with("f/end.js") && read.file.len() > 200);
        assert_eq!((read.owner.len(), read.line, read.claim), (96, 3, 1));
    }

    #[test]
    fn a_state_and_a_header_are_read_as_they_were_written() {
        let state = State {
            sequence: 3,
            code: Some(-1),
            how: How::Exit,
            explained: 0.5,
            near_limit_limit: 6.0,
            snapshot: "/a/b.heapsnapshot".to_owned(),
            ..State::default()
        };
        assert_eq!(State::decode(&state.encode()), Some(state));
        let header = Header {
            leakguard: "1.2.3".to_owned(),
            command: "node ".repeat(1_000),
            level: "exact".to_owned(),
            boot: "b".repeat(36),
            patience_ticks: 60,
            ..Header::default()
        };
        let layout = Layout::new(5, 6, 7);
        let (read, of) = Header::decode(&header.encode(&layout)).unwrap();
        assert_eq!((of, read.command.len()), (layout, COMMAND_BYTES));
        let command = header.command[..COMMAND_BYTES].to_owned();
        assert_eq!(read, Header { command, ..header });
    }
}
