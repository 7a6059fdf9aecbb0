//! A recording as a report, so that every form there is renders what a dead process has left. It has the findings that
//! stood at the last tick; what a recording does not hold (hooks, resources) is empty, and the notes say whence it is.

use std::collections::BTreeMap;

use super::{LedgerState, Meters, Overhead, Report, Verdict, SCHEMA};
use crate::guard::phrase;
use crate::recorder::Recording;

/// Points of the heap that a report has at most.
const MAX_POINTS: usize = 64;

impl Report {
    /// The report of a process at the last tick that was recorded; `is_alive`: it still runs.
    #[must_use]
    pub fn of_recording(recording: Recording, is_alive: bool) -> Self {
        let notes = notes(&recording, is_alive);
        let history = history(&recording);
        let findings: Vec<_> = recording
            .findings
            .into_iter()
            .filter(|it| it.open)
            .map(|it| it.finding)
            .collect();
        let mut findings = findings;
        // The worst first; among equals the largest.
        findings.sort_by_key(|it| std::cmp::Reverse((it.severity, it.count)));
        let enough_history = recording.tick >= recording.patience;
        let meters = recording.meters;
        Self {
            schema: SCHEMA,
            leakguard: recording.leakguard,
            node: recording.node,
            pid: recording.pid,
            thread_id: recording.thread_id,
            started_at: recording.started_at,
            at: recording.at,
            ticks: recording.tick,
            interval_ms: recording.interval_ms,
            level: recording.level.to_owned(),
            verdict: Verdict::of(&findings, enough_history),
            findings,
            meters: Meters {
                heap_used_bytes: meters.heap_used_bytes,
                heap_after_gc_bytes: meters.heap_after_gc_bytes,
                heap_limit_bytes: meters.heap_limit_bytes,
                external_bytes: meters.external_bytes,
                array_buffers_bytes: meters.array_buffers_bytes,
                rss_bytes: meters.rss_bytes,
                resources: BTreeMap::new(),
                history,
            },
            explained: recording.explained,
            ledger: LedgerState {
                capacity: recording.ledger.capacity,
                tracked: recording.ledger.tracked,
                evicted: recording.ledger.evicted,
                dropped: recording.ledger.dropped,
                bytes: recording.ledger.bytes,
            },
            shims: BTreeMap::new(),
            overhead: Overhead {
                cpu_ms: recording.overhead.cpu_ms,
                last_tick_ms: recording.overhead.last_tick_ms,
                max_tick_ms: recording.overhead.max_tick_ms,
            },
            notes,
            processes: Vec::new(),
        }
    }
}

/// The heap in use, evenly, the last point among them.
fn history(recording: &Recording) -> Vec<(u64, u64)> {
    let points = &recording.meters_history;
    let points: Vec<(u64, u64)> = points.iter().filter_map(|it| Some((it.0, it.1?))).collect();
    let stride = points.len().div_ceil(MAX_POINTS).max(1);
    let mut shown: Vec<_> = points.into_iter().rev().step_by(stride).collect();
    shown.reverse();
    shown
}

fn notes(recording: &Recording, is_alive: bool) -> Vec<String> {
    let mut notes = vec![format!(
        "from the recorder, as of tick {}: what came later is not in it",
        recording.tick
    )];
    notes.push(match &recording.ended {
        None if is_alive => "the process still runs".to_owned(),
        None => "the process did not end by itself: it was killed, aborted or ran out of memory"
            .to_owned(),
        Some(ended) if ended.how == "exit" => match ended.code {
            Some(code) => format!("the process has exited with code {code}"),
            None => "the process has exited".to_owned(),
        },
        Some(_) => "watching was stopped, the process went on".to_owned(),
    });
    if let Some(near) = &recording.near_limit {
        notes.push(format!(
            "the heap was near its limit: {} of {} in use",
            phrase::bytes(near.heap_used_bytes as f64),
            phrase::bytes(near.heap_limit_bytes as f64)
        ));
        notes.extend(
            near.snapshot
                .iter()
                .map(|it| format!("a heap snapshot of then: {it}")),
        );
    }
    let over = recording.findings.iter().filter(|it| !it.open).count();
    if over > 0 {
        notes.push(format!("findings that were over by then: {over}"));
    }
    if recording.torn > 0 {
        notes.push(format!(
            "records that were not whole, and are left out: {}",
            recording.torn
        ));
    }
    notes
}
