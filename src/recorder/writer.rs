//! Writes one recording. At each tick what differs from the last one is written, and the state last of all: whatever
//! a kill leaves out is older, by one tick at most, and nothing is half.
//!
//! ```text
//! tick   labels of new subjects ─▶ slots that differ, in runs ─▶ meters ─▶ state, in turns
//! event  the finding's JSON, before anybody is told
//! ```
//!
//! What that costs is bounded: of labels and of histories some per tick are looked at anew, and slots that lie close
//! together are one write. Memory is that of the image, 148 bytes a subject, taken when a recording is opened.

use std::path::Path;

use serde::Deserialize;

use super::file::{read_header, Target};
use super::layout::{Layout, Region, LABEL_BYTES, SLOT_BYTES};
use super::log::Log;
use super::process::{identify, is_alive, is_same};
use super::records::{index_of_level, Header, How, Label, Point, Slot, State, Usage, SLOT_LEVELS};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::guard::{Guard, Occurrence};
use crate::ledger::{View, MEMORY_UNIT_BYTES};

/// Ticks after which every history and rate has been taken anew: a sixty-fourth of the subjects per tick.
const HISTORY_TURNS: u32 = 64;
/// Labels of new subjects that are written per tick, a finding's first.
const NEW_LABELS: usize = 128;
/// Labels whose line is looked up again per tick.
const LABEL_TURNS: u32 = 16;
/// Ticks after which findings are described anew; with more of them as many as there are.
const RENEWAL_TURNS: u64 = 8;
/// Slots that rest between two that differ and are written all the same: 2 KiB take less than a call.
const GAP: usize = 16;

/// What only the host knows of its process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    node: String,
    thread_id: u32,
    process_started_at: f64,
    command: String,
    level: String,
}

/// A recording that is being written.
pub struct Recorder {
    target: Target,
    layout: Layout,
    /// What the file has of each slot.
    image: Vec<u8>,
    /// The same, as far as it is compared at each tick.
    shown: Vec<Shown>,
    /// One more with each claim.
    claims: Vec<u32>,
    labels: Labels,
    log: Log,
    points: Points,
    state: State,
}

#[derive(Clone, Copy, Default, PartialEq)]
struct Shown {
    level: u32,
    peak: u32,
    claim: u32,
    stage: u8,
    is_claimed: bool,
    /// The lower half suffices to see a change.
    signature: u32,
}

/// What the file has of labels.
struct Labels {
    /// Check of each record; 0: none.
    checks: Vec<u64>,
    /// Claim that each was written for.
    claims: Vec<u32>,
    next: u32,
    /// Where new ones are looked for first: not the lowest slots again and again.
    next_new: usize,
}

impl Recorder {
    /// Opens a recording of what `guard` knows at `path`, in the place of one whose process is dead or this very
    /// thread. `meta_json`: `{ node, threadId, processStartedAt, command, level }`.
    ///
    /// # Errors
    /// `InvalidInput` for another JSON; `Unreadable` where the file cannot be made, or something is in its place that
    /// is left alone.
    pub fn open(path: &Path, meta_json: &str, guard: &Guard) -> Result<Self> {
        let meta: Meta = serde_json::from_str(meta_json)
            .map_err(|cause| Error::json("recorder", meta_json, cause))?;
        let layout = Layout::for_capacity(guard.settings().capacity);
        Self::open_with(path, meta, guard, layout)
    }

    fn open_with(path: &Path, meta: Meta, guard: &Guard, layout: Layout) -> Result<Self> {
        let settings = guard.settings();
        let mut header = Header {
            leakguard: env!("CARGO_PKG_VERSION").to_owned(),
            node: meta.node,
            thread_id: meta.thread_id,
            process_started_at: meta.process_started_at,
            command: meta.command,
            level: meta.level,
            started_at: guard.started_at_ms(),
            interval_ms: settings.interval_ms,
            patience_ticks: settings.patience_ticks,
            ..Header::default()
        };
        identify(&mut header);
        assert_replaceable(path, &header)?;
        let suffix = format!(".{}-{}.new", header.pid, header.thread_id);
        let target = Target::create(path, &suffix, layout.bytes() as u64)?;
        let subjects = layout.slots.count;
        let mut recorder = Self {
            target,
            layout,
            image: vec![0; subjects * SLOT_BYTES],
            shown: vec![Shown::default(); subjects],
            claims: vec![1; subjects],
            labels: Labels {
                checks: vec![0; subjects],
                claims: vec![0; subjects],
                next: 0,
                next_new: 0,
            },
            log: Log::new(layout.findings),
            points: Points::new(layout.recent.count),
            state: State {
                level: index_of_level(&header.level),
                explained: f64::NAN,
                ..State::default()
            },
        };
        let write = |recorder: &mut Self| {
            recorder.target.write_at(0, &header.encode(&layout))?;
            recorder.write_state(guard)
        };
        write(&mut recorder).map_err(|cause| cannot_write(path, &cause))?;
        recorder.target.publish()?;
        Ok(recorder)
    }

    /// The slot was given to another subject.
    pub fn claimed(&mut self, slot: u32) {
        if let Some(claim) = self.claims.get_mut(slot as usize) {
            *claim = claim.wrapping_add(1);
        }
    }

    /// Takes down the last tick of `guard`. `meters`: bytes of heap in use, after the last collection, its limit,
    /// external, array buffers, resident; milliseconds of all ticks, of the last, of the longest; the level of
    /// watching from 0. NaN, or missing: not known.
    ///
    /// # Errors
    /// Of the system, when something could not be written.
    pub fn tick(&mut self, guard: &Guard, meters: &[f64]) -> std::io::Result<()> {
        let meter = |index: usize| meters.get(index).copied().unwrap_or(f64::NAN);
        self.state.usage = Usage {
            heap_used: meter(0),
            heap_after_gc: meter(1),
            heap_limit: meter(2),
            external: meter(3),
            array_buffers: meter(4),
            rss: meter(5),
        };
        self.state.cpu_ms = meter(6);
        self.state.last_tick_ms = meter(7);
        self.state.max_tick_ms = meter(8);
        // `as` saturates, and five are known.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let level = meter(9) as u8;
        self.state.level = level;
        self.write_labels(guard)?;
        self.write_slots(guard)?;
        let target = &self.target;
        self.log
            .refresh(guard, self.state.sequence, &mut |at, bytes| {
                target.write_at(at as u64, bytes)
            })?;
        let turns = (guard.raised().count() as u64).max(RENEWAL_TURNS);
        if self.state.sequence % turns == 0 {
            self.renew_findings(guard)?;
            self.state.explained = guard.explained().unwrap_or(f64::NAN);
        }
        self.write_points(guard)?;
        self.write_state(guard)
    }

    /// Describes what is open anew, which takes some 30 us for each.
    ///
    /// # Errors
    /// As [`Recorder::tick`].
    pub fn renew_findings(&mut self, guard: &Guard) -> std::io::Result<()> {
        let target = &self.target;
        self.log.renew(&guard.causes(), &mut |at, bytes| {
            target.write_at(at as u64, bytes)
        })
    }

    /// Takes down what happened to findings.
    ///
    /// # Errors
    /// As [`Recorder::tick`].
    pub fn note_events(&mut self, events: &[Occurrence], at_ms: f64) -> std::io::Result<()> {
        let target = &self.target;
        for event in events {
            self.log.add(event, at_ms, &mut |at, bytes| {
                target.write_at(at as u64, bytes)
            })?;
        }
        Ok(())
    }

    /// The host does not want to hear of a finding.
    ///
    /// # Errors
    /// As [`Recorder::tick`].
    pub fn drop_finding(&mut self, signature: &str) -> std::io::Result<()> {
        let target = &self.target;
        self.log.drop_finding(signature, &mut |at, bytes| {
            target.write_at(at as u64, bytes)
        })
    }

    /// The heap has come near its limit, in bytes. `snapshot` is the path of what was made of it, if anything was.
    ///
    /// # Errors
    /// As [`Recorder::tick`].
    pub fn near_limit(
        &mut self,
        guard: &Guard,
        at_ms: f64,
        used: f64,
        limit: f64,
        snapshot: Option<String>,
    ) -> std::io::Result<()> {
        self.state.near_limit_at = at_ms;
        self.state.near_limit_used = used;
        self.state.near_limit_limit = limit;
        self.state.snapshot = snapshot.unwrap_or_default();
        self.write_state(guard)
    }

    /// The recording ends: with the process, whose exit code that is, or because watching does.
    ///
    /// # Errors
    /// As [`Recorder::tick`].
    pub fn end(&mut self, guard: &Guard, code: Option<i32>, is_exit: bool) -> std::io::Result<()> {
        self.state.how = if is_exit { How::Exit } else { How::Stopped };
        self.state.code = code;
        self.state.ended_at = guard.now_ms();
        self.write_state(guard)
    }

    fn write_state(&mut self, guard: &Guard) -> std::io::Result<()> {
        let ledger = guard.ledger();
        let state = &mut self.state;
        state.sequence += 1;
        state.tick = ledger.ticks();
        state.at = guard.now_ms();
        state.started_at = guard.started_at_ms();
        state.tick_ms = guard.tick_ms();
        state.tracked = ledger.tracked() as u64;
        state.evicted = ledger.evicted();
        state.dropped = guard.dropped();
        state.ledger_bytes = guard.bytes() as u64;
        state.unlogged = self.log.unlogged;
        let place = self.layout.states.at(usize::from(state.sequence % 2 == 0));
        let record = state.encode();
        self.target.write_at(place as u64, &record)
    }

    /// Those of new subjects, and some whose line may be another by now.
    fn write_labels(&mut self, guard: &Guard) -> std::io::Result<()> {
        let subjects = self.claims.len();
        let is_new = |labels: &Labels, slot: usize| labels.claims[slot] != self.claims[slot];
        let mut due: Vec<usize> = Vec::with_capacity(NEW_LABELS + LABEL_TURNS as usize);
        let from = self.labels.next_new.min(subjects);
        for slot in (from..subjects).chain(0..from) {
            if due.len() == NEW_LABELS {
                break;
            }
            if is_new(&self.labels, slot) {
                if guard.ledger().view(u32_of(slot)).is_some() {
                    due.push(slot);
                } else {
                    // A free slot needs none, and is looked at again when it is claimed.
                    self.labels.claims[slot] = self.claims[slot];
                }
            }
        }
        self.labels.next_new = due.last().map_or(0, |last| last + 1);
        for _ in 0..LABEL_TURNS.min(u32_of(subjects)) {
            due.push(self.labels.next as usize);
            self.labels.next = (self.labels.next + 1) % u32_of(subjects).max(1);
        }
        due.sort_unstable();
        due.dedup();
        let mut run: Vec<u8> = Vec::new();
        let mut run_start = 0;
        for slot in due {
            let Some(record) = self.label_that_differs(guard, slot) else {
                continue;
            };
            if run_start + run.len() / LABEL_BYTES != slot {
                write_run(&self.target, self.layout.labels, run_start, &run)?;
                run.clear();
            }
            if run.is_empty() {
                run_start = slot;
            }
            run.extend_from_slice(&record);
        }
        write_run(&self.target, self.layout.labels, run_start, &run)
    }

    fn label_that_differs(&mut self, guard: &Guard, slot: usize) -> Option<[u8; LABEL_BYTES]> {
        let view = guard.ledger().view(u32_of(slot))?;
        let mut label = Label {
            claim: self.claims[slot],
            what: view.what().to_owned(),
            owner: view.owner().to_owned(),
            ..Label::default()
        };
        if let Some(site) = guard.dominant_site(u32_of(slot)) {
            // The line that the reader can change.
            let frame = site.app.unwrap_or(site.frame);
            (label.file, label.line, label.function) = (frame.file, frame.line, frame.function);
        }
        let record = label.encode();
        let sum = u64::from_le_bytes(record[LABEL_BYTES - 8..].try_into().ok()?);
        self.labels.claims[slot] = label.claim;
        (std::mem::replace(&mut self.labels.checks[slot], sum) != sum).then_some(record)
    }

    fn write_slots(&mut self, guard: &Guard) -> std::io::Result<()> {
        let ledger = guard.ledger();
        // The lower half of a counter that is compared with itself.
        #[allow(clippy::cast_possible_truncation)]
        let written = self.state.sequence as u32;
        let turn = written % HISTORY_TURNS;
        let mut run: Option<(usize, usize)> = None;
        for slot in 0..self.shown.len() {
            let index = u32_of(slot);
            let Some(view) = ledger.view(index) else {
                if std::mem::take(&mut self.shown[slot]).is_claimed {
                    self.image_of(slot).copy_from_slice(&Slot::free(written));
                    self.extend_run(&mut run, slot)?;
                }
                continue;
            };
            let glimpse = guard.glimpse(index);
            // The lower half suffices to see a change.
            #[allow(clippy::cast_possible_truncation)]
            let shown = Shown {
                level: view.level(),
                peak: view.peak(),
                claim: self.claims[slot],
                stage: glimpse.stage as u8,
                is_claimed: true,
                signature: glimpse.signature as u32,
            };
            let before = std::mem::replace(&mut self.shown[slot], shown);
            let is_due = index % HISTORY_TURNS == turn || before.claim != shown.claim;
            if before == shown && !is_due {
                continue;
            }
            if before.stage < shown.stage && shown.signature != 0 {
                // Who is accused is looked up at the next tick.
                self.labels.claims[slot] = shown.claim.wrapping_sub(1);
            }
            let image = self.image_of(slot);
            if !is_due {
                let numbers = (shown.level, shown.peak);
                Slot::renew(image, written, glimpse.stage, glimpse.signature, numbers);
                self.extend_run(&mut run, slot)?;
                continue;
            }
            let (levels, level_count) = levels_of(&view);
            // A rate is shown, with three digits.
            #[allow(clippy::cast_possible_truncation)]
            let rate_per_minute = guard.rate_per_minute(index) as f32;
            let record = Slot {
                written,
                kind: view.kind(),
                stage: glimpse.stage,
                is_memory: view.unit_bytes().is_some(),
                floor: view.floor(),
                level: shown.level,
                peak: shown.peak,
                since_tick: view.first_seen_tick(),
                claim: shown.claim,
                rate_per_minute,
                signature: glimpse.signature,
                levels,
                level_count,
            };
            let record = record.encode();
            // When it was written is no difference.
            let contents = 4..SLOT_BYTES - 8;
            if image[contents.clone()] == record[contents] {
                continue;
            }
            image.copy_from_slice(&record);
            self.extend_run(&mut run, slot)?;
        }
        if let Some((from, to)) = run {
            self.write_image(from, to)?;
        }
        Ok(())
    }

    fn image_of(&mut self, slot: usize) -> &mut [u8] {
        &mut self.image[slot * SLOT_BYTES..(slot + 1) * SLOT_BYTES]
    }

    /// A slot that differs: it belongs to the run when it is close to its end.
    fn extend_run(&mut self, run: &mut Option<(usize, usize)>, slot: usize) -> std::io::Result<()> {
        match run {
            Some((_, to)) if slot - *to <= GAP => *to = slot,
            _ => {
                if let Some((from, to)) = run.replace((slot, slot)) {
                    self.write_image(from, to)?;
                }
            }
        }
        Ok(())
    }

    fn write_image(&self, from: usize, to: usize) -> std::io::Result<()> {
        let bytes = &self.image[from * SLOT_BYTES..(to + 1) * SLOT_BYTES];
        self.target
            .write_at(self.layout.slots.at(from) as u64, bytes)
    }

    fn write_points(&mut self, guard: &Guard) -> std::io::Result<()> {
        let usage = &self.state.usage;
        let point = Point {
            at: guard.now_ms(),
            heap_used: usage.heap_used,
            heap_after_gc: usage.heap_after_gc,
            rss: usage.rss,
            external: usage.external,
        };
        let record = point.encode();
        let recent = self.layout.recent;
        // A remainder below the count.
        let place = usize::try_from(self.state.sequence % recent.count as u64).unwrap_or(0);
        self.target.write_at(recent.at(place) as u64, &record)?;
        for (place, record) in self.points.add(point) {
            let place = self.layout.long.at(place);
            self.target.write_at(place as u64, &record)?;
        }
        Ok(())
    }
}

fn write_run(target: &Target, region: Region, from: usize, run: &[u8]) -> std::io::Result<()> {
    if run.is_empty() {
        return Ok(());
    }
    target.write_at(region.at(from) as u64, run)
}

/// Points since the start: when there is no more room every second one goes, and they come half as often.
struct Points {
    kept: Vec<Point>,
    room: usize,
    stride: u64,
    ticks: u64,
}

impl Points {
    fn new(room: usize) -> Self {
        Self {
            kept: Vec::with_capacity(room),
            room,
            stride: 1,
            ticks: 0,
        }
    }

    /// Adds a point; what is to be written for it.
    fn add(&mut self, point: Point) -> Vec<(usize, [u8; super::layout::POINT_BYTES])> {
        let is_due = self.ticks % self.stride == 0;
        self.ticks += 1;
        if !is_due {
            return Vec::new();
        }
        let mut from = self.kept.len();
        if from == self.room {
            let mut index = 0;
            self.kept.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.stride *= 2;
            from = 0;
        }
        self.kept.push(point);
        let mut changed: Vec<_> = self.kept.iter().map(Point::encode).enumerate().collect();
        if from == 0 {
            // What is behind is of before.
            let behind = self.kept.len()..self.room;
            changed.extend(behind.map(|place| (place, [0; super::layout::POINT_BYTES])));
        }
        changed.split_off(from)
    }
}

/// Its troughs since the start, evenly, oldest first.
fn levels_of(view: &View<'_>) -> ([u32; SLOT_LEVELS], u8) {
    let mut levels = [0; SLOT_LEVELS];
    let buckets = view.buckets();
    let all = buckets.len();
    let shown = all.min(SLOT_LEVELS);
    let mut next = 0;
    for (index, bucket) in buckets.enumerate() {
        // The last of each part, so that the newest is among them.
        if next < shown && index + 1 == (next + 1) * all / shown {
            levels[next] = bucket.min;
            next += 1;
        }
    }
    // At most 19.
    (levels, u8::try_from(next).unwrap_or(0))
}

/// Indices of slots fit: a capacity has 17 bits.
fn u32_of(slot: usize) -> u32 {
    u32::try_from(slot).unwrap_or(u32::MAX)
}

fn cannot_write(path: &Path, cause: &std::io::Error) -> Error {
    let message = format!("{}: cannot be written: {cause}", path.display());
    Error::new(ErrorKind::Unreadable, message)
}

/// Nothing but a recording that nobody writes any more is replaced.
fn assert_replaceable(path: &Path, own: &Header) -> Result<()> {
    let Ok(there) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    let left_alone = |why: &str| {
        let message = format!("{}: {why}", path.display());
        Err(Error::new(ErrorKind::Unreadable, message))
    };
    let (bytes, metadata) = read_header(path)?;
    if there.len() == 0 {
        return left_alone("is no recording, and is left alone");
    }
    let Ok((header, _)) = Header::decode(&bytes) else {
        return left_alone("is no recording of this version, and is left alone");
    };
    if is_same(&header, own) && header.thread_id == own.thread_id {
        return Ok(());
    }
    if is_alive(&header, metadata.modified().ok()) {
        return left_alone(
            "is the recording of another process or thread that runs: %p and %t in the name give each its own",
        );
    }
    Ok(())
}

/// Of a level of memory.
pub(super) const UNIT_BYTES: u64 = MEMORY_UNIT_BYTES as u64;

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A recorder with a layout that is small enough to try every byte of.
    pub(crate) fn small(path: &Path, guard: &Guard, points: u32, findings: u32) -> Recorder {
        let meta = Meta {
            node: "v24.0.0".to_owned(),
            command: "node server.js".to_owned(),
            level: "sites".to_owned(),
            process_started_at: 1_000.0,
            thread_id: 0,
        };
        let layout = Layout::new(guard.settings().capacity, points, findings);
        Recorder::open_with(path, meta, guard, layout).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_since_the_start_keep_the_first_and_the_last() {
        let mut points = Points::new(4);
        let mut file = [[0; 64]; 4];
        for at in 0..100 {
            for (place, record) in points.add(Point {
                at: f64::from(at),
                ..Point::default()
            }) {
                file[place] = record;
            }
        }
        let at: Vec<f64> = file
            .iter()
            .filter_map(|record| Point::decode(record))
            .map(|point| point.at)
            .collect();
        assert!(
            at.first() == Some(&0.0) && at.last() >= Some(&64.0),
            "{at:?}"
        );
        assert!(at.windows(2).all(|pair| pair[0] < pair[1]), "{at:?}");
    }
}
