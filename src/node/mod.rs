//! F4. The only code that knows napi: classes and functions, argument for argument what
//! `native/binding.d.ts` declares. No rule lives here; every method locks, delegates and converts.
//!
//! - **Re-entrance.** Methods take `&self`, and the lock is only ever *tried*: if a getter or a
//!   finalizer called back in, it gets an error instead of a deadlock of the event loop. `heap` waits
//!   for its own, which is held for the length of a send to the thread that parses.
//! - **Panics** become JavaScript exceptions (`catch_unwind`); the mutex does not poison, and the tables
//!   behind it are valid after every statement, so the engine stays usable.
//! - **Borrowed arrays.** A `Uint32Array` argument is read in place during the call. Nothing in
//!   here calls into JavaScript while it is borrowed.

mod budget;
mod error;
mod heap;
mod recorder;

use std::path::Path;

use napi::bindgen_prelude::Uint32Array;
use napi_derive::napi;
use parking_lot::{Mutex, MutexGuard};

use self::error::to_js;
use crate::error::{Error, Kind as ErrorKind};
use crate::guard::{self, baseline, Guard, Leftovers, Settings};
use crate::ledger::{self, Claim, Kind, Site};
use crate::recorder::Recorder;
use crate::report::{self, Context, Format, Report, Root};

/// A level of memory counts these.
#[napi]
// napi exports what is public; no Rust uses it.
#[allow(dead_code, unreachable_pub)]
pub const MEMORY_UNIT_BYTES: u32 = ledger::MEMORY_UNIT_BYTES;

/// What `claim` returns when there is no room.
const NO_SLOT: i32 = -1;
/// What `defineSite` returns when there is no room.
const NO_SITE: u32 = 0;

/// Ledger, verdicts and findings of one thread.
#[napi]
pub struct Engine {
    guard: Mutex<Guard>,
    recording: Mutex<Recording>,
}

/// What is written of a process while it runs, and why it no longer is.
#[derive(Default)]
struct Recording {
    recorder: Option<Recorder>,
    fault: Option<String>,
}

impl Recording {
    /// The first failure ends it: the host goes on without.
    fn write(&mut self, action: impl FnOnce(&mut Recorder) -> std::io::Result<()>) {
        if let Some(Err(cause)) = self.recorder.as_mut().map(action) {
            self.recorder = None;
            self.fault = Some(cause.to_string());
        }
    }
}

impl Drop for Engine {
    /// A worker that is ended from outside hears of nothing.
    fn drop(&mut self) {
        let guard = self.guard.get_mut();
        let recording = self.recording.get_mut();
        recording.write(|recorder| recorder.end(guard, None, false));
    }
}

#[napi]
impl Engine {
    /// `settingsJson`: `{ capacity, patienceTicks, intervalMs, roundMs, startedAtMs }`.
    /// Allocates everything it will ever need.
    #[napi(constructor, catch_unwind)]
    // napi hands strings over by value.
    #[allow(clippy::needless_pass_by_value)]
    pub fn new(settings_json: String) -> napi::Result<Self> {
        let settings = Settings::from_json(&settings_json).map_err(to_js)?;
        Ok(Self {
            guard: Mutex::new(Guard::new(settings)),
            recording: Mutex::default(),
        })
    }

    /// The heap may not grow beyond so many bytes.
    #[napi(catch_unwind)]
    // Not negative; `as` saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn set_heap_limit(&self, bytes: f64) -> napi::Result<()> {
        self.lock()?.set_heap_limit(bytes as u64);
        Ok(())
    }

    fn lock(&self) -> napi::Result<MutexGuard<'_, Guard>> {
        self.guard.try_lock().ok_or_else(busy)
    }

    /// After the guard, by all that take both.
    fn lock_recording(&self) -> napi::Result<MutexGuard<'_, Recording>> {
        self.recording.try_lock().ok_or_else(busy)
    }

    /// Records from now on, at `path`: `{ node, threadId, processStartedAt, command, level }` in `metaJson`. Throws
    /// where that cannot be, and says why.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn open_recorder(&self, path: String, meta_json: String) -> napi::Result<()> {
        let guard = self.lock()?;
        let recorder = Recorder::open(Path::new(&path), &meta_json, &guard).map_err(to_js)?;
        self.lock_recording()?.recorder = Some(recorder);
        Ok(())
    }

    /// Ends the recording: with an exit code the process ends, with null only watching. Without one nothing happens.
    #[napi(catch_unwind)]
    pub fn close_recorder(&self, exit_code: Option<i32>) -> napi::Result<()> {
        let guard = self.lock()?;
        let mut recording = self.lock_recording()?;
        recording.write(|recorder| recorder.end(&guard, exit_code, exit_code.is_some()));
        recording.recorder = None;
        Ok(())
    }

    /// Records that the heap has come near its limit, in bytes, and where there is a snapshot of it.
    #[napi(catch_unwind)]
    pub fn record_near_limit(
        &self,
        at_ms: f64,
        used_bytes: f64,
        limit_bytes: f64,
        snapshot: Option<String>,
    ) -> napi::Result<()> {
        let guard = self.lock()?;
        self.lock_recording()?.write(|recorder| {
            recorder.near_limit(&guard, at_ms, used_bytes, limit_bytes, snapshot)
        });
        Ok(())
    }

    /// The host does not want to hear of a finding: it is no longer in the recording.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn drop_recorded(&self, signature: String) -> napi::Result<()> {
        self.lock_recording()?
            .write(|recorder| recorder.drop_finding(&signature));
        Ok(())
    }

    /// Why the recording has ended by itself, told once; else null.
    #[napi(catch_unwind)]
    pub fn take_recorder_fault(&self) -> napi::Result<Option<String>> {
        Ok(self.lock_recording()?.fault.take())
    }

    /// A slot for a new subject, or -1 when the table is full of larger ones. `atRounds`: it is an
    /// allocation site, observed by `round` instead of `tick`; its level is in `MEMORY_UNIT_BYTES`.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn claim(
        &self,
        kind: String,
        what: String,
        owner: String,
        floor: u32,
        level: u32,
        at_rounds: Option<bool>,
    ) -> napi::Result<i32> {
        let kind = Kind::parse(&kind).map_err(to_js)?;
        let claim = Claim {
            kind,
            what: &what,
            owner: &owner,
            floor,
            level,
        };
        let mut guard = self.lock()?;
        let slot = if at_rounds == Some(true) {
            guard.claim_for_rounds(&claim)
        } else {
            guard.claim(&claim)
        };
        if let (Some(slot), Some(recorder)) = (slot, &mut self.lock_recording()?.recorder) {
            recorder.claimed(slot);
        }
        // A capacity fits 17 bits.
        Ok(slot
            .and_then(|slot| i32::try_from(slot).ok())
            .unwrap_or(NO_SLOT))
    }

    /// The subject is gone; an unknown slot is ignored.
    #[napi(catch_unwind)]
    pub fn release(&self, slot: u32) -> napi::Result<()> {
        self.lock()?.release(slot);
        Ok(())
    }

    /// `siteJson`: `{ file, line, column, function, package, module, app }`. The site's number, from
    /// 1, or 0 when there is no room.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn define_site(&self, site_json: String) -> napi::Result<u32> {
        let site: Site = serde_json::from_str(&site_json)
            .map_err(|cause| to_js(Error::json("site", &site_json, cause)))?;
        let number = self.lock()?.define_site(&site).map_err(to_js)?;
        Ok(number.map_or(NO_SITE, u32::from))
    }

    /// Frees the sites that are neither in `inUse` nor counted for any subject; returns them.
    #[napi(catch_unwind)]
    pub fn sweep_sites(&self, in_use: &[u32]) -> napi::Result<Uint32Array> {
        Ok(Uint32Array::new(self.lock()?.sweep_sites(in_use)))
    }

    /// A sampled member was added by this site (0: unknown); it stands for `weight` members.
    #[napi(catch_unwind)]
    pub fn sample_born(&self, slot: u32, site: u32, weight: u32) -> napi::Result<()> {
        self.lock()?.sample_born(slot, site, weight).map_err(to_js)
    }

    /// That sampled member is no longer there.
    #[napi(catch_unwind)]
    pub fn sample_died(&self, slot: u32, site: u32, weight: u32) -> napi::Result<()> {
        self.lock()?.sample_died(slot, site, weight).map_err(to_js)
    }

    /// A sampled member ended before anybody was told of it: see `Ledger::sample_passed`.
    #[napi(catch_unwind)]
    pub fn sample_passed(&self, slot: u32) -> napi::Result<()> {
        self.lock()?.sample_passed(slot).map_err(to_js)
    }

    /// One tick: `levels[slot]` is each subject's size now, `load` what the process had to do since the
    /// last one, in any unit, if that is known. Where there is a recording the tick is written to it, with `meters`
    /// in the order of `Recorder::tick`; without one they may be empty. Returns how many events wait.
    #[napi(catch_unwind)]
    pub fn tick(
        &self,
        levels: &[u32],
        at_ms: f64,
        load: Option<f64>,
        meters: &[f64],
    ) -> napi::Result<u32> {
        let mut guard = self.lock()?;
        let waiting = guard.tick(levels, load, at_ms);
        self.lock_recording()?
            .write(|recorder| recorder.tick(&guard, meters));
        // At most two per finding.
        Ok(u32::try_from(waiting).unwrap_or(u32::MAX))
    }

    /// One round of the heap's sampler: each of its live samples by the slot of its site and by its
    /// ordinal. Events wait for the next tick.
    #[napi(catch_unwind)]
    pub fn round(
        &self,
        levels: &[u32],
        last_ordinal: u32,
        slots: &[u32],
        ordinals: &[u32],
    ) -> napi::Result<()> {
        self.lock()?.round(levels, last_ordinal, slots, ordinals);
        Ok(())
    }

    /// The sampler was started again: its ordinals begin anew. The slots of sites that are told of, whose
    /// levels go on from where they are.
    #[napi(catch_unwind)]
    pub fn forget_rounds(&self) -> napi::Result<Vec<u32>> {
        Ok(self.lock()?.forget_rounds())
    }

    /// Current levels, without advancing time.
    #[napi(catch_unwind)]
    pub fn observe(&self, levels: &[u32]) -> napi::Result<()> {
        self.lock()?.observe(levels);
        Ok(())
    }

    /// JSON: `[{ event: "raised" | "grown" | "worse" | "recovered", finding }]`. They are recorded by then.
    #[napi(catch_unwind)]
    pub fn take_events(&self) -> napi::Result<String> {
        let mut guard = self.lock()?;
        let events = guard.take_events();
        let at_ms = guard.now_ms();
        self.lock_recording()?
            .write(|recorder| recorder.note_events(&events, at_ms));
        // Plain data with finite numbers: nothing in it can fail to serialize.
        Ok(serde_json::to_string(&events).unwrap_or_default())
    }

    /// JSON of the report. `contextJson`: `{ node, pid, threadId, at, level, meters, shims,
    /// overhead, notes, jsLedger }`. In numbers only, its findings have neither words nor victims, evidence and
    /// history, and it costs a third.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn report(&self, context_json: String, numbers_only: Option<bool>) -> napi::Result<String> {
        let context = Context::from_json(&context_json).map_err(to_js)?;
        let guard = self.lock()?;
        let report = if numbers_only == Some(true) {
            Report::assemble_numbers(&guard, context)
        } else {
            Report::assemble(&guard, context)
        };
        Ok(report.to_json())
    }

    /// JSON of so many subjects, the worst first, and of what the others come to: `{ subjects: [{ kind, what, owner,
    /// site, level, bytes, ratePerMinute, verdict }], rest: { members, bytes } }`.
    #[napi(catch_unwind)]
    pub fn subjects(&self, most: u32) -> napi::Result<String> {
        let subjects = self.lock()?.subjects(most as usize);
        // Plain data with finite numbers: nothing in it can fail to serialize.
        Ok(serde_json::to_string(&subjects).unwrap_or_default())
    }

    /// JSON of the report on what was registered since a mark. `leftoversJson`: `{ tier, since, at, parts:
    /// [{ kind, what, owner, named, site, mark, count, doubt, rounds }] }`.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn report_leftovers(
        &self,
        leftovers_json: String,
        context_json: String,
    ) -> napi::Result<String> {
        let leftovers = Leftovers::from_json(&leftovers_json).map_err(to_js)?;
        let context = Context::from_json(&context_json).map_err(to_js)?;
        Ok(Report::of_leftovers(&*self.lock()?, &leftovers, context).to_json())
    }

    /// The slot of the largest subject of a finding, or -1 when the finding does not stand any more.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn largest_subject(&self, signature: String) -> napi::Result<i32> {
        let slot = self.lock()?.largest_subject(&signature);
        Ok(slot
            .and_then(|slot| i32::try_from(slot).ok())
            .unwrap_or(NO_SLOT))
    }

    /// Says by what the subject of a finding is held; its evidence has it from now on.
    #[napi(catch_unwind)]
    #[allow(clippy::needless_pass_by_value)]
    pub fn set_held(&self, signature: String, held: String) -> napi::Result<()> {
        let mut guard = self.lock()?;
        guard.set_held(&signature, held);
        self.lock_recording()?
            .write(|recorder| recorder.renew_findings(&guard));
        Ok(())
    }

    /// Forgets history and findings; subjects and sites stay.
    #[napi(catch_unwind)]
    pub fn reset(&self, at_ms: f64) -> napi::Result<()> {
        self.lock()?.reset(at_ms);
        Ok(())
    }
}

fn busy() -> napi::Error {
    to_js(Error::new(
        ErrorKind::Busy,
        "the engine is in the middle of another call",
    ))
}

/// Throws where `text` is no baseline file, naming line and column.
#[napi(catch_unwind)]
// As below.
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn check_baseline(text: String) -> napi::Result<()> {
    baseline::check(&text).map_err(to_js)
}

/// The report in `reportJson` as `text`, `json`, `md`, `html`, `junit`, `sarif` or `github`. The last
/// three name files below `root`, an absolute path, relative to it. HTML shows `excerpts` beside the
/// report's fields: lines of sources, each with `file`, `line`, `first` and `lines`.
#[napi(catch_unwind)]
// The macro exports it; to Rust the room is private, and in a test build nobody calls it.
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn render_report(
    report_json: String,
    format: String,
    root: Option<String>,
) -> napi::Result<String> {
    let format = Format::parse(&format).map_err(to_js)?;
    let root = Root::new(&root.unwrap_or_default());
    report::render(&report_json, format, &root).map_err(to_js)
}

/// The JSON of the reports in `reportJsons`, at least one, as one.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn merge_reports(report_jsons: Vec<String>) -> napi::Result<String> {
    report::merge_stored(report_jsons.iter().map(String::as_str)).map_err(to_js)
}

/// Whether the npm package called `name` is a part of a test runner.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn is_test_runner(name: String) -> bool {
    guard::is_test_runner(&name)
}
