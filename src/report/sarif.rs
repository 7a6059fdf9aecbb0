//! The report as SARIF 2.1.0, the exchange format of analysers, for code scanning and editors.
//!
//! - A rule is a kind; a result is a finding. Its level is `error`, `warning` or `note`.
//! - The location is the line that the reader can change; a package's line that adds, and further
//!   sites, are related locations. Files below the working directory are relative to `%SRCROOT%`, the
//!   name that code scanning knows.
//! - Code scanning refuses a whole file for one result without a location. What has no line, as the
//!   heap as a whole, is put at `package.json`, which stands for the program, and says so.
//! - What may be there, allowed or by a baseline, is suppressed, which viewers hide.
//! - Results are followed by their signature. Code scanning looks at `primaryLocationLineHash` alone,
//!   whose form is a hash and which of its namesakes it is.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{json, Map, Value};

use super::place::{other_frames, own_frame, uri, Root};
use super::Report;
use crate::guard::advice;
use crate::guard::finding::{Finding, Frame, Severity};
use crate::guard::phrase::printable;
use crate::ledger::Kind;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// What relative paths are relative to.
const ROOT_NAME: &str = "%SRCROOT%";
/// Where a finding is shown that has no line.
const PROGRAM: &str = "package.json";

/// In the order that the standard asks for.
#[derive(Serialize)]
struct Log {
    version: &'static str,
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Value; 1],
}

/// Writes it, with a newline at the end.
pub(super) fn write(report: &Report, root: &Root) -> String {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut namesakes: HashMap<&str, u32> = HashMap::new();
    let mut results = Vec::with_capacity(report.findings.len());
    for finding in &report.findings {
        let known = kinds.iter().position(|&kind| kind == finding.kind);
        let rule_index = known.unwrap_or(kinds.len());
        if known.is_none() {
            kinds.push(finding.kind);
        }
        let namesake = namesakes.entry(&finding.signature).or_default();
        *namesake += 1;
        results.push(result(finding, rule_index, *namesake, root));
    }
    let base = root
        .uri()
        .map(|uri| (ROOT_NAME.to_owned(), json!({ "uri": uri })));
    let rules: Vec<Value> = kinds.into_iter().map(rule).collect();
    let notifications = report
        .notes
        .iter()
        .map(|note| json!({ "level": "note", "message": { "text": plain(note) } }));
    let run = json!({
        "tool": { "driver": {
            "name": "leakguard",
            "version": plain(&report.leakguard),
            "rules": rules,
        } },
        "invocations": [{
            "executionSuccessful": true,
            "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
        }],
        "originalUriBaseIds": base.into_iter().collect::<Map<_, _>>(),
        "columnKind": "utf16CodeUnits",
        "results": results,
        "properties": { "verdict": report.verdict },
    });
    let log = Log {
        version: "2.1.0",
        schema: SCHEMA,
        runs: [run],
    };
    // Maps with string keys and finite numbers: nothing in it can fail to serialize.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn rule_id(kind: Kind) -> String {
    format!("leakguard/{}", kind.name())
}

fn rule(kind: Kind) -> Value {
    let what = description(kind);
    json!({
        "id": rule_id(kind),
        "name": kind.name(),
        "shortDescription": { "text": what },
        "fullDescription": { "text": what },
        "help": { "text": format!("{what} To mend it: {}.", advice::fix(kind, "")) },
        "properties": { "tags": ["memory-leak", "reliability"] },
    })
}

fn description(kind: Kind) -> &'static str {
    match kind {
        Kind::Listeners => "Event listeners are added and not removed again.",
        Kind::Timers => "Timers are started and not cleared again.",
        Kind::Collections => "A collection gains entries that are not deleted again.",
        Kind::Globals => "What hangs on globalThis or in the module cache keeps growing.",
        Kind::Objects => "Objects of one allocation site stay reachable.",
        Kind::Promises => "Promises of one line stay pending.",
        Kind::Handles => "Sockets, files or other handles are opened and not closed again.",
        Kind::Heap => "The memory in use keeps growing.",
        Kind::Retained => "An object that should be gone is still reachable.",
    }
}

fn result(finding: &Finding, rule_index: usize, namesake: u32, root: &Root) -> Value {
    let level = match finding.severity {
        Severity::Leak => "error",
        Severity::Suspect => "warning",
        Severity::Note => "note",
    };
    let mut message = finding.message.clone();
    let location = own_frame(finding).map_or_else(
        || {
            message += "\nno line is known; this place stands for the whole program";
            json!({ "physicalLocation": {
                "artifactLocation": artifact(PROGRAM, true),
                "region": { "startLine": 1 },
            } })
        },
        |frame| json!({ "physicalLocation": physical(frame, root) }),
    );
    let related: Vec<Value> = other_frames(finding)
        .into_iter()
        .enumerate()
        .map(|(id, (frame, role))| {
            json!({
                "id": id,
                "message": { "text": plain(&role) },
                "physicalLocation": physical(frame, root),
            })
        })
        .collect();
    let accepted = finding.is_accepted().then(|| {
        let kind = if finding.is_allowed() {
            "inSource"
        } else {
            "external"
        };
        json!({ "kind": kind })
    });
    json!({
        "ruleId": rule_id(finding.kind),
        "ruleIndex": rule_index,
        "level": level,
        "message": { "text": plain(&message) },
        "locations": [location],
        "relatedLocations": related,
        "suppressions": accepted.into_iter().collect::<Vec<_>>(),
        "partialFingerprints": {
            "leakguardSignature/v1": plain(&finding.signature),
            "primaryLocationLineHash": format!("{}:{namesake}", plain(&finding.signature)),
        },
        "rank": (finding.confidence * 100.0).clamp(0.0, 100.0),
        "properties": {
            "tier": finding.tier,
            "what": plain(&finding.what),
            "owner": plain(&finding.owner),
            "count": finding.count,
            "ratePerMinute": finding.rate_per_minute,
            "marks": finding.marks.iter().map(|mark| plain(&mark.label)).collect::<Vec<_>>(),
        },
    })
}

fn physical(frame: &Frame, root: &Root) -> Value {
    let place = match root.relative(&frame.file) {
        Some(path) => artifact(&uri(&path), true),
        None => artifact(&uri(&frame.file), false),
    };
    json!({
        "artifactLocation": place,
        // A stored report may say 0, which the schema does not know.
        "region": { "startLine": frame.line.max(1), "startColumn": frame.column.max(1) },
    })
}

fn artifact(uri: &str, below_root: bool) -> Value {
    if below_root {
        json!({ "uri": uri, "uriBaseId": ROOT_NAME })
    } else {
        json!({ "uri": uri })
    }
}

/// Text without escape sequences and without what a viewer would show as a link: `[…](…)`.
fn plain(text: &str) -> String {
    printable(text).replace("](", "] (")
}
