//! Reads a recording, of a process that runs, has ended or was killed. Needs nobody's help: it takes what is whole and
//! counts what is not. What is in a file may be anything; the memory it takes is bounded by the file's length.

use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;

use super::file::{read_header, read_whole};
use super::layout::{Layout, FORMAT};
use super::process::is_alive;
use super::records::{level_of_index, Entry, Header, How, Label, Point, Slot, State};
use super::writer::UNIT_BYTES;
use crate::error::Result;
use crate::guard::phrase::whole;
use crate::guard::{Finding, Stage};
use crate::ledger::Kind;

/// How it came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// `exit` of the process, or `stopped` watching.
    pub how: &'static str,
    /// Exit code; null where watching was stopped.
    pub code: Option<i32>,
    /// Epoch milliseconds.
    pub at: u64,
}

/// The heap came near its limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearLimit {
    /// Epoch milliseconds.
    pub at: u64,
    /// In use then.
    pub heap_used_bytes: u64,
    /// The limit.
    pub heap_limit_bytes: u64,
    /// Path of the heap snapshot that was made then.
    pub snapshot: Option<String>,
}

/// What the process uses; null where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meters {
    /// Used heap.
    pub heap_used_bytes: Option<u64>,
    /// Used heap after the last full collection.
    pub heap_after_gc_bytes: Option<u64>,
    /// The heap may not grow beyond this.
    pub heap_limit_bytes: Option<u64>,
    /// Memory of C++ objects bound to JavaScript ones.
    pub external_bytes: Option<u64>,
    /// Part of these.
    pub array_buffers_bytes: Option<u64>,
    /// Resident set.
    pub rss_bytes: Option<u64>,
}

/// Epoch milliseconds, used heap, used heap after collection, resident set.
pub type MeterPoint = (u64, Option<u64>, Option<u64>, Option<u64>);

/// What watching has cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overhead {
    /// CPU time of all ticks.
    pub cpu_ms: f64,
    /// The last tick.
    pub last_tick_ms: f64,
    /// The longest.
    pub max_tick_ms: f64,
}

/// The line that adds most of a population: the application's, where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Path or `node:` name; of a long one the end.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// Its name.
    pub function: String,
}

/// One population.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// Its place in the ledger.
    pub slot: u32,
    /// As of a finding.
    pub kind: Kind,
    /// As of a finding; empty as long as its label is not written.
    pub what: String,
    /// As of a finding.
    pub owner: String,
    /// Null where no line dominates.
    pub site: Option<Place>,
    /// Level at the last tick.
    pub level: u64,
    /// Highest seen.
    pub peak: u64,
    /// Below, nobody cares.
    pub floor: u64,
    /// Whether these are bytes.
    pub bytes: bool,
    /// Growth in the same unit.
    pub rate_per_minute: f64,
    /// `steady`, `watching`, `growing` or `leak`.
    pub verdict: Stage,
    /// Tick at which it was first seen.
    pub since_tick: u32,
    /// Troughs, evenly since then, and the level now; at most 20.
    pub history: Vec<u64>,
    /// Of its finding; 0: none.
    #[serde(skip)]
    signature: u64,
}

/// One distinct finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Logged {
    /// How often it was told of.
    pub count: u32,
    /// Epoch milliseconds of the first time.
    pub first: u64,
    /// And of the last.
    pub last: u64,
    /// Whether it stood at the last tick.
    pub open: bool,
    /// As it was told last; counts of an open one are those of the last tick.
    pub finding: Finding,
}

/// The ledger's own state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// Most subjects it can hold.
    pub capacity: u64,
    /// Subjects it holds.
    pub tracked: u64,
    /// Subjects that had to make room.
    pub evicted: u64,
    /// What there was no room for.
    pub dropped: u64,
    /// What it occupies.
    pub bytes: u64,
}

/// A recording, read. Its JSON is documented in `docs/recorder.md`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    /// Of the file.
    pub format: u32,
    /// Version of leakguard.
    pub leakguard: String,
    /// Version of Node.
    pub node: String,
    /// Process.
    pub pid: u32,
    /// Thread within it; 0 is the main one.
    pub thread_id: u32,
    /// Epoch milliseconds.
    pub process_started_at: u64,
    /// Start of watching or last reset, epoch milliseconds.
    pub started_at: u64,
    /// How the process was started.
    pub command: String,
    /// Intended distance of two ticks.
    pub interval_ms: f64,
    /// Ticks of history that a verdict needs.
    pub patience: u32,
    /// Of watching, at the last tick.
    pub level: &'static str,
    /// Null for a process that runs, or was killed.
    pub ended: Option<Ended>,
    /// The last time that the heap came near its limit.
    pub near_limit: Option<NearLimit>,
    /// The last tick.
    pub tick: u32,
    /// When that was, epoch milliseconds.
    pub at: u64,
    /// `clean`, `suspect`, `leak` or `inconclusive`.
    pub verdict: &'static str,
    /// At the last tick.
    pub meters: Meters,
    /// Oldest first.
    pub meters_history: Vec<MeterPoint>,
    /// What watching has cost.
    pub overhead: Overhead,
    /// How many populations there are.
    pub subject_count: usize,
    /// Every population, by slot, unless only some are kept.
    pub subjects: Vec<Subject>,
    /// Every distinct finding, in the order in which they were last told.
    pub findings: Vec<Logged>,
    /// Records that were not whole.
    pub torn: u64,
    /// The ledger's own state.
    #[serde(skip)]
    pub ledger: LedgerState,
    /// Share of the heap's growth that the findings account for.
    #[serde(skip)]
    pub explained: Option<f64>,
}

impl Recording {
    /// Keeps so many subjects: the worst first, and of these the one that grows fastest.
    pub fn keep_worst(&mut self, most: usize) {
        self.subjects.sort_by(|a, b| {
            let by_rate = b.rate_per_minute.total_cmp(&a.rate_per_minute);
            b.verdict.cmp(&a.verdict).then(by_rate)
        });
        self.subjects.truncate(most);
    }
}

/// Reads the recording at `path`.
///
/// # Errors
/// `Unreadable` for what is no plain file of its owner; `InvalidInput` for what is no recording, one of another
/// version, or one whose header or states are lost. Both name the file.
pub fn read(path: &Path) -> Result<Recording> {
    parse(&read_whole(path)?).map_err(|error| error.in_file(path))
}

/// Reads a recording from its bytes.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &[u8]) -> Result<Recording> {
    let (header, layout) = Header::decode(file)?;
    let mut torn = 0;
    let states: Vec<Option<State>> = (0..layout.states.count)
        .map(|index| State::decode(layout.states.record(file, index)?))
        .collect();
    // One of the two is empty until the first tick, and both are never written at once.
    let Some(state) = states.into_iter().flatten().max_by_key(|it| it.sequence) else {
        return Err(crate::error::Error::new(
            crate::error::Kind::InvalidInput,
            "is damaged: neither of its states is whole",
        ));
    };
    let subjects = subjects(file, &layout, &state, &mut torn);
    let findings = findings(file, &layout, &subjects, &mut torn);
    let open = findings.iter().filter(|it| it.open);
    let verdict = match open.map(|it| it.finding.severity).max() {
        Some(crate::guard::Severity::Leak) => "leak",
        Some(crate::guard::Severity::Suspect) => "suspect",
        _ if state.tick < header.patience_ticks => "inconclusive",
        _ => "clean",
    };
    let usage = &state.usage;
    Ok(Recording {
        format: FORMAT,
        leakguard: header.leakguard,
        node: header.node,
        pid: header.pid,
        thread_id: header.thread_id,
        process_started_at: whole(header.process_started_at),
        started_at: whole(state.started_at),
        command: header.command,
        interval_ms: finite(header.interval_ms),
        patience: header.patience_ticks,
        level: level_of_index(state.level),
        ended: ended(&state),
        near_limit: (whole(state.near_limit_at) > 0).then(|| NearLimit {
            at: whole(state.near_limit_at),
            heap_used_bytes: whole(state.near_limit_used),
            heap_limit_bytes: whole(state.near_limit_limit),
            snapshot: Some(state.snapshot.clone()).filter(|path| !path.is_empty()),
        }),
        tick: state.tick,
        at: whole(state.at),
        verdict,
        meters: Meters {
            heap_used_bytes: known(usage.heap_used),
            heap_after_gc_bytes: known(usage.heap_after_gc),
            heap_limit_bytes: known(usage.heap_limit),
            external_bytes: known(usage.external),
            array_buffers_bytes: known(usage.array_buffers),
            rss_bytes: known(usage.rss),
        },
        meters_history: points(file, &layout, &state, &mut torn),
        overhead: Overhead {
            cpu_ms: finite(state.cpu_ms),
            last_tick_ms: finite(state.last_tick_ms),
            max_tick_ms: finite(state.max_tick_ms),
        },
        ledger: LedgerState {
            capacity: layout.slots.count as u64,
            tracked: state.tracked,
            evicted: state.evicted,
            dropped: state.dropped.saturating_add(state.unlogged),
            bytes: state.ledger_bytes,
        },
        explained: state.explained.is_finite().then_some(state.explained),
        subject_count: subjects.len(),
        subjects,
        findings,
        torn,
    })
}

/// Reads a recording all of whose checks are made to hold first, for tests of what is behind them.
///
/// # Errors
/// As [`read`].
#[cfg(any(test, fuzzing))]
pub fn parse_resealed(file: &[u8]) -> Result<Recording> {
    let mut file = file.to_vec();
    super::records::reseal(&mut file);
    parse(&file)
}

fn ended(state: &State) -> Option<Ended> {
    let how = match state.how {
        How::Open => return None,
        How::Exit => "exit",
        How::Stopped => "stopped",
    };
    Some(Ended {
        how,
        code: state.code,
        at: whole(state.ended_at),
    })
}

/// A record that is neither whole nor empty is counted.
fn whole_or_torn<T>(
    record: Option<&[u8]>,
    torn: &mut u64,
    decode: fn(&[u8]) -> Option<T>,
) -> Option<T> {
    let decoded = record.and_then(decode);
    let is_empty = record.is_some_and(|record| record.iter().all(|&byte| byte == 0));
    *torn += u64::from(decoded.is_none() && !is_empty);
    decoded
}

fn subjects(file: &[u8], layout: &Layout, state: &State, torn: &mut u64) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for index in 0..layout.slots.count {
        let Some(record) = layout.slots.record(file, index) else {
            // The file ends here; what is missing has no number.
            *torn += 1;
            break;
        };
        let slot = match Slot::decode(record) {
            Ok(Some(slot)) => slot,
            Ok(None) => continue,
            Err(_) => {
                *torn += 1;
                continue;
            }
        };
        let label = whole_or_torn(layout.labels.record(file, index), torn, Label::decode);
        // Another subject's, whose slot it was before or is by now.
        let label = label
            .filter(|label| label.claim == slot.claim)
            .unwrap_or_default();
        let unit = if slot.is_memory { UNIT_BYTES } else { 1 };
        let bytes = |level: u32| u64::from(level) * unit;
        let shown = usize::from(slot.level_count).min(slot.levels.len());
        let history = slot.levels[..shown].iter().chain([&slot.level]);
        let site = (!label.file.is_empty()).then_some(Place {
            file: label.file,
            line: label.line,
            function: match label.function.as_str() {
                "" => "<anonymous>".to_owned(),
                _ => label.function,
            },
        });
        subjects.push(Subject {
            // A capacity has 17 bits.
            slot: u32::try_from(index).unwrap_or(u32::MAX),
            kind: slot.kind,
            what: label.what,
            owner: label.owner,
            site,
            level: bytes(slot.level),
            peak: bytes(slot.peak),
            floor: bytes(slot.floor),
            bytes: slot.is_memory,
            rate_per_minute: finite(f64::from(slot.rate_per_minute)) * unit as f64,
            verdict: slot.stage,
            since_tick: slot.since_tick.min(state.tick),
            history: history.map(|&level| bytes(level)).collect(),
            signature: slot.signature,
        });
    }
    subjects
}

fn findings(file: &[u8], layout: &Layout, subjects: &[Subject], torn: &mut u64) -> Vec<Logged> {
    let mut newest: HashMap<u64, (Entry, Finding)> = HashMap::new();
    for index in 0..layout.findings.count {
        let Some(record) = layout.findings.record(file, index) else {
            *torn += 1;
            break;
        };
        let entry = match Entry::decode(record) {
            Ok(Some(entry)) => entry,
            Ok(None) => continue,
            Err(_) => {
                *torn += 1;
                continue;
            }
        };
        let finding = entry
            .text(record)
            .and_then(|text| serde_json::from_slice::<Finding>(text).ok());
        let Some(finding) = finding else {
            *torn += 1;
            continue;
        };
        let known = newest.get(&entry.signature);
        if known.is_none_or(|(known, _)| known.sequence < entry.sequence) {
            newest.insert(entry.signature, (entry, finding));
        }
    }
    let mut newest: Vec<_> = newest.into_values().collect();
    newest.retain(|(entry, _)| !entry.is_dropped);
    newest.sort_by_key(|(entry, _)| entry.sequence);
    let logged = newest.into_iter().map(|(entry, mut finding)| {
        if entry.is_open {
            refresh(&mut finding, &entry, subjects);
        }
        Logged {
            count: entry.count,
            first: whole(entry.first),
            last: whole(entry.last),
            open: entry.is_open,
            finding,
        }
    });
    logged.collect()
}

/// The finding as of the last tick.
fn refresh(finding: &mut Finding, entry: &Entry, subjects: &[Subject]) {
    finding.severity = entry.severity();
    let members = || subjects.iter().filter(|it| it.signature == entry.signature);
    let sum = |of: fn(&Subject) -> u64| members().map(of).fold(0, u64::saturating_add);
    if members().next().is_none() {
        return;
    }
    finding.count = sum(|it| it.level);
    finding.peak = sum(|it| it.peak);
    if members().all(|it| it.bytes) {
        finding.bytes = Some(finding.count);
    }
}

fn points(file: &[u8], layout: &Layout, state: &State, torn: &mut u64) -> Vec<MeterPoint> {
    let mut read = |region: super::layout::Region| -> Vec<Point> {
        let records = (0..region.count).map(|index| region.record(file, index));
        let mut points: Vec<Point> = records
            .filter_map(|record| whole_or_torn(record, torn, Point::decode))
            .filter(|point| point.at.is_finite() && point.at <= state.at)
            .collect();
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        points
    };
    let (recent, mut all) = (read(layout.recent), read(layout.long));
    if let Some(first) = recent.first() {
        all.retain(|point| point.at < first.at);
    }
    all.extend(recent);
    all.iter()
        .map(|point| {
            let [used, after_gc, rss] =
                [point.heap_used, point.heap_after_gc, point.rss].map(known);
            (whole(point.at), used, after_gc, rss)
        })
        .collect()
}

fn known(value: f64) -> Option<u64> {
    value.is_finite().then(|| whole(value))
}

fn finite(value: f64) -> f64 {
    if value.is_finite() {
        value
    } else {
        0.0
    }
}

/// Whether the process whose recording is at `path` lives.
///
/// # Errors
/// As [`read`].
pub fn is_alive_at(path: &Path) -> Result<bool> {
    let (bytes, metadata) = read_header(path)?;
    let (header, _) = Header::decode(&bytes).map_err(|error| error.in_file(path))?;
    Ok(is_alive(&header, metadata.modified().ok()))
}

#[cfg(test)]
pub(super) mod testing {
    use super::Finding;

    /// A finding with something in every field.
    pub(crate) fn finding() -> Finding {
        let json = r#"{"signature":"00000000000000aa","kind":"listeners","what":"EventEmitter","severity":"leak",
            "confidence":0.9,"tier":"trend","owner":"bus","title":"bus grows","message":"bus grows\nby a line",
            "advice":"take them away","count":100,"peak":120,"bytes":null,"ratePerMinute":2.5,"etaMs":null,
            "firstSeen":1000,"lastSeen":2000,"site":null,"sites":[{"file":"/a.js","line":1,"column":2,
            "function":"f","package":null,"app":null,"share":0.5}],"marks":[],"victims":[],
            "evidence":[{"signal":"peak","detail":"it is"}],"history":[[1000,90],[2000,100]]}"#;
        serde_json::from_str(json).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::super::layout::PAGE_BYTES;
    use super::super::writer::testing::small;
    use super::*;
    use crate::guard::{Event, Guard, Occurrence, Settings};
    use crate::ledger::{self, Claim};

    fn path(name: &str) -> PathBuf {
        let name = format!("leakguard-reader-{}-{name}", std::process::id());
        std::env::temp_dir().join(name)
    }

    fn guard(capacity: u32) -> Guard {
        let settings = format!(
            r#"{{"capacity":{capacity},"patienceTicks":4,"intervalMs":1000,"startedAtMs":1000}}"#
        );
        Guard::new(Settings::from_json(&settings).unwrap())
    }

    fn claim(guard: &mut Guard, owner: &str) -> u32 {
        let claim = Claim {
            kind: Kind::Listeners,
            what: "EventEmitter",
            owner,
            floor: 16,
            level: 1,
        };
        guard.claim(&claim).unwrap()
    }

    #[test]
    fn of_some_subjects_the_worst_are_kept_and_of_these_the_fastest() {
        let mut recording = parse(&written("worst", 3)).unwrap();
        let known = recording.subjects[0].clone();
        let subject = |owner: &str, verdict: Stage, rate_per_minute: f64| Subject {
            owner: owner.to_owned(),
            verdict,
            rate_per_minute,
            ..known.clone()
        };
        recording.subjects = vec![
            subject("steady", Stage::Steady, 9.0),
            subject("slow leak", Stage::Leak, 1.0),
            subject("leak", Stage::Leak, 2.0),
            subject("growing", Stage::Growing, 5.0),
        ];
        recording.keep_worst(3);
        let owners: Vec<_> = recording.subjects.iter().map(|it| &it.owner).collect();
        assert_eq!(owners, ["leak", "slow leak", "growing"]);
    }

    const METERS: [f64; 10] = [1e6, f64::NAN, 4e6, 1e3, 1e2, 2e6, 1.5, 0.5, 0.75, 2.0];

    /// A file with two subjects, one finding, and so many ticks.
    fn written(name: &str, ticks: u32) -> Vec<u8> {
        let (path, mut guard) = (path(name), guard(3));
        let _ = fs::remove_file(&path);
        let mut recorder = small(&path, &guard, 4, 2);
        let bus = claim(&mut guard, "bus");
        recorder.claimed(bus);
        let gone = claim(&mut guard, "gone");
        recorder.claimed(gone);
        let site = ledger::Site {
            frame: ledger::Frame {
                file: "/srv/server.js".to_owned(),
                line: 7,
                column: 1,
                function: "handle".to_owned(),
                module: "server".to_owned(),
            },
            ..ledger::Site::default()
        };
        let site = guard.define_site(&site).unwrap().map_or(0, u32::from);
        guard.sample_born(bus, site, 5).unwrap();
        for tick in 1..=ticks {
            guard.tick(&[tick, 9, 0], None, 1000.0 + f64::from(tick) * 1000.0);
            recorder.tick(&guard, &METERS).unwrap();
        }
        guard.release(gone);
        let occurrence = Occurrence {
            event: Event::Raised,
            finding: testing::finding(),
        };
        recorder.note_events(&[occurrence], 9_000.0).unwrap();
        recorder
            .near_limit(&guard, 9_500.0, 3.9e6, 4e6, None)
            .unwrap();
        recorder.tick(&guard, &METERS).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        bytes
    }

    static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| written("whole", 6));
    static READ: LazyLock<Recording> = LazyLock::new(|| parse(&WHOLE).unwrap());

    #[test]
    fn what_was_recorded_is_read() {
        let recording = &*READ;
        assert_eq!(recording.pid, std::process::id());
        assert_eq!(
            (recording.tick, recording.at, recording.torn),
            (6, 7_000, 0)
        );
        assert_eq!((recording.level, recording.patience), ("sites", 4));
        assert_eq!(
            (&*recording.node, &*recording.command),
            ("v24.0.0", "node server.js")
        );
        assert_eq!(recording.ended, None);
        assert_eq!(
            recording.near_limit.as_ref().unwrap().heap_used_bytes,
            3_900_000
        );
        assert_eq!(recording.meters.heap_used_bytes, Some(1_000_000));
        assert_eq!(recording.meters.heap_after_gc_bytes, None);
        let [subject] = &recording.subjects[..] else {
            panic!("{:?}", recording.subjects);
        };
        assert_eq!(
            (subject.kind, &*subject.what, &*subject.owner),
            (Kind::Listeners, "EventEmitter", "bus")
        );
        assert_eq!((subject.level, subject.peak, subject.floor), (6, 6, 16));
        assert_eq!(subject.history.last(), Some(&6));
        let site = subject.site.as_ref().unwrap();
        assert_eq!(
            (&*site.file, site.line, &*site.function),
            ("/srv/server.js", 7, "handle")
        );
        let at: Vec<u64> = recording
            .meters_history
            .iter()
            .map(|point| point.0)
            .collect();
        assert!(
            at.windows(2).all(|pair| pair[0] <= pair[1]) && at.last() == Some(&7_000),
            "{at:?}"
        );
        // The guard has raised none, so the tick after it has closed it.
        let [logged] = &recording.findings[..] else {
            panic!("{:?}", recording.findings);
        };
        assert_eq!((logged.count, logged.first, logged.open), (1, 9_000, false));
        assert_eq!(logged.finding, testing::finding());
    }

    #[test]
    fn its_json_has_the_documented_fields() {
        let json = serde_json::to_value(&*READ).unwrap();
        let mut names: Vec<&String> = json.as_object().unwrap().keys().collect();
        names.sort();
        let expected = "at command ended findings format intervalMs leakguard level meters metersHistory nearLimit node \
             overhead patience pid processStartedAt startedAt subjectCount subjects threadId tick torn verdict";
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
    }

    #[test]
    fn an_end_is_read_with_its_code() {
        let (path, guard) = (path("ended"), guard(1));
        let _ = fs::remove_file(&path);
        let mut recorder = small(&path, &guard, 1, 2);
        assert_eq!(read(&path).unwrap().ended, None);
        recorder.end(&guard, Some(3), true).unwrap();
        let ended = read(&path).unwrap().ended.unwrap();
        assert_eq!((ended.how, ended.code), ("exit", Some(3)));
        fs::remove_file(&path).unwrap();
    }

    /// What is read of a damaged file was in the whole one, or is said to be missing.
    fn assert_part_of_whole(file: &[u8]) {
        let Ok(recording) = parse(file) else {
            return;
        };
        let whole = &*READ;
        for subject in &recording.subjects {
            let known = whole.subjects.iter().find(|it| it.slot == subject.slot);
            let Some(known) = known else {
                panic!("{subject:?} was never there");
            };
            assert_eq!((subject.level, subject.peak), (known.level, known.peak));
            assert!(
                subject.owner == known.owner || (subject.owner.is_empty() && recording.torn > 0)
            );
        }
        for logged in &recording.findings {
            assert_eq!(logged.finding, testing::finding());
        }
        for point in &recording.meters_history {
            assert!(whole.meters_history.contains(point), "{point:?}");
        }
        assert_eq!(recording.pid, whole.pid);
        assert!(recording.tick <= whole.tick && recording.tick >= whole.tick - 1);
    }

    #[test]
    fn no_flipped_byte_makes_a_record_that_was_not_there() {
        let mut file = WHOLE.clone();
        for at in 0..file.len() {
            file[at] ^= 0xff;
            assert_part_of_whole(&file);
            file[at] ^= 0xff;
        }
    }

    #[test]
    fn every_beginning_of_a_file_is_read_or_refused() {
        let whole = &*WHOLE;
        let around = (0..whole.len()).filter(|at| at % 16 < 2);
        for length in around {
            assert_part_of_whole(&whole[..length]);
            if length < PAGE_BYTES * 2 {
                assert!(parse(&whole[..length]).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn another_version_is_named() {
        let mut file = WHOLE.clone();
        file[8] = 2;
        let message = parse(&file).unwrap_err().to_string();
        let version = env!("CARGO_PKG_VERSION");
        assert!(
            message.contains(&format!("format 2, written by leakguard {version}")),
            "{message}"
        );
    }

    #[test]
    fn what_is_no_recording_is_refused_in_one_line() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert!(message(b"").contains("empty"));
        assert!(message(&[0; 10_000]).contains("empty"));
        assert!(message(b"{\"schema\":1}").contains("no recording"));
        assert!(message(&WHOLE[..100]).contains("damaged"));
        let mut headless = WHOLE.clone();
        headless[PAGE_BYTES..3 * PAGE_BYTES].fill(0);
        assert!(message(&headless).contains("states"));
    }

    #[test]
    fn a_slot_that_was_given_on_never_has_the_label_of_the_one_before() {
        let (path, mut guard) = (path("given-on"), guard(1));
        let _ = fs::remove_file(&path);
        let mut recorder = small(&path, &guard, 1, 2);
        for owner in ["first", "second"] {
            let slot = claim(&mut guard, owner);
            recorder.claimed(slot);
            guard.tick(&[5], None, 2_000.0);
            recorder.tick(&guard, &METERS).unwrap();
            assert_eq!(read(&path).unwrap().subjects[0].owner, owner);
            guard.release(slot);
        }
        recorder.tick(&guard, &METERS).unwrap();
        assert_eq!(read(&path).unwrap().subjects, []);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn after_each_tick_a_file_has_what_the_guard_has() {
        let (path, mut guard) = (path("compared"), guard(200));
        let _ = fs::remove_file(&path);
        let mut recorder = small(&path, &guard, 4, 2);
        let mut levels = vec![0; 200];
        let mut seed = 7_u32;
        let mut random = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for tick in 1..=300_u32 {
            for _ in 0..random(30) {
                let slot = random(200);
                if guard.ledger().view(slot).is_some() && random(2) == 0 {
                    guard.release(slot);
                } else if guard.ledger().tracked() < 200 {
                    let slot = claim(&mut guard, &format!("owner {tick}"));
                    recorder.claimed(slot);
                }
                levels[slot as usize] = random(1_000);
            }
            guard.tick(&levels, None, 1_000.0 * f64::from(tick));
            recorder.tick(&guard, &METERS).unwrap();
            let recording = read(&path).unwrap();
            let views: Vec<_> = guard.ledger().views().collect();
            assert_eq!((recording.torn, recording.subjects.len()), (0, views.len()));
            for (subject, (slot, view)) in recording.subjects.iter().zip(views) {
                assert_eq!(
                    (subject.slot, subject.level),
                    (slot, u64::from(view.level()))
                );
                assert_eq!(
                    (subject.peak, &*subject.owner),
                    (u64::from(view.peak()), view.owner())
                );
            }
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_that_is_sealed_anew_is_the_same() {
        assert_eq!(parse_resealed(&WHOLE).unwrap(), *READ);
    }

    /// What libFuzzer begins with; `LEAKGUARD_WRITE_SEEDS=1` writes those that are made from a whole file.
    #[test]
    fn every_seed_of_the_fuzzer_is_read_or_refused() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/recorder");
        if std::env::var_os("LEAKGUARD_WRITE_SEEDS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            let whole = &*WHOLE;
            let with = |at: usize, bytes: &[u8]| {
                let mut file = whole.clone();
                file[at..at + bytes.len()].copy_from_slice(bytes);
                file
            };
            // Capacity, number of slots, length of a finding, node of a state.
            let seeds = [
                ("whole", whole.clone()),
                ("ends-early", whole[..whole.len() / 2].to_vec()),
                ("header-only", whole[..PAGE_BYTES].to_vec()),
                ("newer", with(8, &[9])),
                ("many-slots", with(116, &[0xff; 4])),
                ("no-numbers", with(PAGE_BYTES + 28, &[0xff; 64])),
                ("no-text", with(whole.len() - 2 * 5632 + 36, &[0xff; 4])),
                ("foreign", b"\x89PNG\r\n\x1a\n".to_vec()),
                ("zeros", vec![0; 4096]),
            ];
            for (name, bytes) in seeds {
                fs::write(folder.join(name), bytes).unwrap();
            }
        }
        let mut count = 0;
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let bytes = fs::read(entry.path()).unwrap();
            for recording in [parse(&bytes), parse_resealed(&bytes)]
                .into_iter()
                .flatten()
            {
                serde_json::to_string(&recording).unwrap();
            }
            count += 1;
        }
        assert!(count >= 9);
    }

    proptest! {
        #[test]
        fn what_is_behind_the_checks_never_panics(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..60),
        ) {
            let mut file = WHOLE.clone();
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            if let Ok(recording) = parse_resealed(&file) {
                let json = serde_json::to_value(&recording).unwrap();
                prop_assert!(json["verdict"].is_string());
            }
        }

        #[test]
        fn no_file_of_any_bytes_panics(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
            length in any::<prop::sample::Index>(),
        ) {
            let mut file = WHOLE.clone();
            for (at, byte) in changes {
                let at = at.index(file.len());
                file[at] = byte;
            }
            let length = length.index(file.len() + 1);
            assert_part_of_whole(&file);
            assert_part_of_whole(&file[..length]);
        }
    }
}
