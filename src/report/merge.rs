//! Several reports as one: a suite is many processes and threads, and a gate wants one answer.
//!
//! - Findings of one signature, site and tier are one ([`Finding::unite`]); what may be there, allowed or
//!   by a baseline, stays apart from what may not.
//! - The verdict is the worst; the head of the report (pid, ticks, level, meters …) is that of the
//!   process that has it, or of the one among these that was watched longest.
//! - Ledgers and costs are added up, of each hook the worst state is told, notes are collected.
//! - `processes` says whose reports went in. A merged report can be merged again, and neither order nor
//!   grouping matters.
//!
//! A process that left no report is not in it, and nobody knows how many those are.

use std::cmp::Reverse;

use super::{LedgerState, Overhead, Process, Report, Verdict};
use crate::guard::Finding;

/// One report of several; none of none.
#[must_use]
pub fn merge(reports: Vec<Report>) -> Option<Report> {
    reports.into_iter().map(of_itself).reduce(unite)
}

/// A report with its own process in its list, and each cause once.
fn of_itself(mut report: Report) -> Report {
    for finding in std::mem::take(&mut report.findings) {
        add(&mut report.findings, finding);
    }
    sort(&mut report.findings);
    report.notes.sort();
    report.notes.dedup();
    if report.processes.is_empty() {
        report.processes.push(Process {
            pid: report.pid,
            thread_id: report.thread_id,
            started_at: report.started_at,
            at: report.at,
            ticks: report.ticks,
            level: report.level.clone(),
            verdict: report.verdict,
        });
    }
    report
}

fn unite(a: Report, b: Report) -> Report {
    let (mut head, other) = if rank(&a) <= rank(&b) { (a, b) } else { (b, a) };
    for finding in other.findings {
        add(&mut head.findings, finding);
    }
    sort(&mut head.findings);
    head.processes.extend(other.processes);
    head.processes.sort_by_key(|one| {
        let longest = (badness(one.verdict), Reverse(one.ticks));
        (longest, one.started_at, one.pid, one.thread_id)
    });
    head.ledger = both_ledgers(&head.ledger, &other.ledger);
    head.overhead = both_costs(&head.overhead, &other.overhead);
    for (name, state) in other.shims {
        let known = head.shims.entry(name).or_insert(state);
        *known = state.max(*known);
    }
    head.notes.extend(other.notes);
    head.notes.sort();
    head.notes.dedup();
    head
}

/// The first is the head; `processes` have the same order.
fn rank(report: &Report) -> impl Ord {
    let longest = (badness(report.verdict), Reverse(report.ticks));
    (longest, report.started_at, report.pid, report.thread_id)
}

/// The worst is 0.
fn badness(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Leak => 0,
        Verdict::Suspect => 1,
        Verdict::Inconclusive => 2,
        Verdict::Clean => 3,
    }
}

fn add(findings: &mut Vec<Finding>, finding: Finding) {
    match findings
        .iter()
        .position(|known| known.is_same_cause(&finding))
    {
        Some(index) => {
            let known = findings.swap_remove(index);
            findings.push(known.unite(finding));
        }
        None => findings.push(finding),
    }
}

/// The worst and largest first; what is equal in that by what cannot be equal.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| {
        let size = (finding.severity, finding.count);
        let cause = (
            finding.signature.clone(),
            finding.site.clone(),
            finding.tier,
            finding.is_accepted(),
        );
        (Reverse(size), cause)
    });
}

fn both_ledgers(a: &LedgerState, b: &LedgerState) -> LedgerState {
    LedgerState {
        capacity: a.capacity.saturating_add(b.capacity),
        tracked: a.tracked.saturating_add(b.tracked),
        evicted: a.evicted.saturating_add(b.evicted),
        dropped: a.dropped.saturating_add(b.dropped),
        bytes: a.bytes.saturating_add(b.bytes),
    }
}

fn both_costs(a: &Overhead, b: &Overhead) -> Overhead {
    Overhead {
        cpu_ms: a.cpu_ms + b.cpu_ms,
        last_tick_ms: a.last_tick_ms.max(b.last_tick_ms),
        max_tick_ms: a.max_tick_ms.max(b.max_tick_ms),
    }
}
