//! F3. The report: a plain model of DESIGN's JSON, `schema` 1, and its writers. It knows the guard's
//! findings and copies the host's measurements through; it knows nothing of how either came about.
//!
//! JSON is `serde_json`, `report.schema.json` describes it field by field, `text` is for a terminal
//! at night, `html` for a browser, `markdown` for a comment under a pull request, `junit`, `sarif` and
//! `github` for what runs the build. [`render()`] turns any stored report into any of them, [`merge_stored()`] several into one.

mod github;
mod heap;
mod html;
mod junit;
mod markdown;
mod merge;
mod number;
mod place;
mod recording;
mod render;
mod sarif;
mod sparkline;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::heap::{heap_diff_text, heap_growth_text, heap_text};
pub use self::merge::merge;
pub use self::place::Root;
pub use self::render::{merge_stored, render, Format};

use crate::guard::{Finding, Guard, Leftovers, Severity};

/// The version of the shape below.
pub const SCHEMA: u32 = 1;

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Enough history, and nothing grows.
    Clean,
    /// Something grows; one signal.
    Suspect,
    /// Something leaks; two independent signals.
    Leak,
    /// Too little history, or something stands out that has too little.
    Inconclusive,
}

impl Verdict {
    /// The name as the report writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Suspect => "suspect",
            Self::Leak => "leak",
            Self::Inconclusive => "inconclusive",
        }
    }

    fn of(findings: &[Finding], enough_history: bool) -> Self {
        let open = findings.iter().filter(|finding| !finding.is_allowed());
        match open.map(|finding| finding.severity).max() {
            Some(Severity::Leak) => Self::Leak,
            Some(Severity::Suspect) => Self::Suspect,
            Some(Severity::Note) => Self::Inconclusive,
            None if !enough_history => Self::Inconclusive,
            None => Self::Clean,
        }
    }
}

/// What the process uses, as the host measured it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meters {
    /// Used heap now.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub heap_used_bytes: Option<u64>,
    /// Used heap after the last garbage collection.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub heap_after_gc_bytes: Option<u64>,
    /// The heap may not grow beyond this.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub heap_limit_bytes: Option<u64>,
    /// Memory of C++ objects bound to JavaScript ones.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub external_bytes: Option<u64>,
    /// `ArrayBuffer`s and `Buffer`s, part of the external bytes.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub array_buffers_bytes: Option<u64>,
    /// Resident set.
    #[serde(deserialize_with = "number::whole_or_null")]
    pub rss_bytes: Option<u64>,
    /// Open resources by type.
    #[serde(deserialize_with = "number::or_default")]
    pub resources: BTreeMap<String, u64>,
    /// Points of epoch milliseconds and used heap bytes.
    #[serde(deserialize_with = "number::points")]
    pub history: Vec<(u64, u64)>,
}

/// The ledger's own state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerState {
    /// Most subjects it can hold.
    pub capacity: u64,
    /// Subjects it holds.
    pub tracked: u64,
    /// Subjects that had to make room for larger ones.
    pub evicted: u64,
    /// Subjects, sites, labels and findings there was no room for.
    pub dropped: u64,
    /// What it occupies, which never changes.
    pub bytes: u64,
}

/// State of one hook, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HookState {
    /// Counts.
    On,
    /// Not installed.
    Off,
    /// Someone patched over it and was there at `stop`; it passes through.
    Buried,
    /// An internal failure turned it into a pass-through.
    Failed,
}

/// What watching has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Overhead {
    /// CPU time of all ticks.
    pub cpu_ms: f64,
    /// The last tick.
    pub last_tick_ms: f64,
    /// The longest tick.
    pub max_tick_ms: f64,
}

/// A process or thread whose report is part of a merged one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Process.
    pub pid: u32,
    /// Thread within it; 0 is the main one.
    pub thread_id: u32,
    /// Epoch milliseconds.
    pub started_at: u64,
    /// Epoch milliseconds.
    pub at: u64,
    /// Ticks since the start.
    pub ticks: u32,
    /// As of a report.
    pub level: String,
    /// Its own.
    pub verdict: Verdict,
}

/// A report; the fields are DESIGN's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of leakguard.
    pub leakguard: String,
    /// Version of Node.
    pub node: String,
    /// Process.
    pub pid: u32,
    /// Thread within it; 0 is the main one.
    pub thread_id: u32,
    /// Epoch milliseconds.
    pub started_at: u64,
    /// Epoch milliseconds.
    pub at: u64,
    /// Ticks since the start.
    pub ticks: u32,
    /// Intended distance of two ticks.
    pub interval_ms: f64,
    /// `off`, `counts`, `sites`, `survivors` or `exact`.
    pub level: String,
    /// The answer in one word.
    pub verdict: Verdict,
    /// The worst and largest first.
    pub findings: Vec<Finding>,
    /// What the process uses.
    pub meters: Meters,
    /// Share of the heap's growth that the findings account for, 0 to 1; null when not known.
    pub explained: Option<f64>,
    /// The ledger's own state.
    pub ledger: LedgerState,
    /// Hooks by name.
    pub shims: BTreeMap<String, HookState>,
    /// What watching has cost.
    pub overhead: Overhead,
    /// What is not watched as asked for, and why.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Whose reports were merged, the worst first; empty for the report of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<Process>,
}

/// What only the host knows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Context {
    node: String,
    pid: u32,
    thread_id: u32,
    #[serde(deserialize_with = "number::whole")]
    at: u64,
    level: String,
    #[serde(default)]
    meters: Meters,
    #[serde(default)]
    shims: BTreeMap<String, HookState>,
    #[serde(default)]
    overhead: Overhead,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    js_ledger: JsLedger,
}

/// Tables on the JavaScript side that overflowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct JsLedger {
    dropped: u64,
}

impl Context {
    /// A context from its JSON.
    ///
    /// # Errors
    /// `InvalidInput` with the offset of the fault.
    pub fn from_json(text: &str) -> crate::error::Result<Self> {
        serde_json::from_str(text)
            .map_err(|cause| crate::error::Error::json("context", text, cause))
    }
}

impl Report {
    /// What `guard` knows, in the host's context.
    #[must_use]
    pub fn assemble(guard: &Guard, context: Context) -> Self {
        Self::of_findings(guard, guard.findings(), context)
    }

    /// The same with what can be counted of the findings, and no more: see [`Guard::findings_in_numbers`].
    #[must_use]
    pub fn assemble_numbers(guard: &Guard, context: Context) -> Self {
        Self::of_findings(guard, guard.findings_in_numbers(), context)
    }

    fn of_findings(guard: &Guard, findings: Vec<Finding>, context: Context) -> Self {
        let (ledger, settings) = (guard.ledger(), guard.settings());
        let enough_history = ledger.ticks() >= settings.patience_ticks;
        Self {
            schema: SCHEMA,
            leakguard: env!("CARGO_PKG_VERSION").to_owned(),
            node: context.node,
            pid: context.pid,
            thread_id: context.thread_id,
            started_at: number::rounded(guard.started_at_ms()),
            at: context.at,
            ticks: ledger.ticks(),
            interval_ms: settings.interval_ms,
            level: context.level,
            verdict: Verdict::of(&findings, enough_history),
            findings,
            meters: context.meters,
            explained: guard.explained(),
            ledger: LedgerState {
                capacity: ledger.capacity() as u64,
                tracked: ledger.tracked() as u64,
                evicted: ledger.evicted(),
                dropped: guard.dropped() + context.js_ledger.dropped,
                bytes: guard.bytes() as u64,
            },
            shims: context.shims,
            overhead: context.overhead,
            notes: context.notes,
            processes: Vec::new(),
        }
    }

    /// The same process, seen for what was registered since a mark.
    #[must_use]
    pub fn of_leftovers(guard: &Guard, leftovers: &Leftovers, context: Context) -> Self {
        let findings = guard.leftovers(leftovers);
        Self {
            verdict: Verdict::of(&findings, true),
            ..Self::of_findings(guard, findings, context)
        }
    }

    /// The report as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Maps with string keys and finite numbers: nothing in it can fail to serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The report as JSON for people.
    #[must_use]
    pub fn to_indented_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
