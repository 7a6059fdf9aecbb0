//! The report as a comment under a pull request: a table to glance at, details to unfold.

use super::{sparkline, Report, Verdict};
use crate::guard::finding::{Finding, Frame, Severity, Tier};
use crate::guard::phrase::{bytes, count, decimal, duration, percent, plural, printable};

const SPARKLINE_COLUMNS: usize = 16;

/// Writes it, with a newline at the end.
pub(super) fn write(report: &Report) -> String {
    let age = duration(report.at.saturating_sub(report.started_at) as f64);
    let ticks = plural(u64::from(report.ticks), "tick", "ticks");
    let mut text = format!("### leakguard: {}\n\n", report.verdict.name());
    if report.findings.is_empty() {
        let nothing = match report.verdict {
            Verdict::Inconclusive => "Too little history for a verdict",
            _ => "Nothing grows",
        };
        text += &format!("{nothing}: {ticks} in {age}.\n");
    } else {
        text += "| | What | Growth | Who adds it |\n|---|---|---|---|\n";
        for finding in &report.findings {
            text += &row(finding);
        }
        for finding in &report.findings {
            text += &details(finding);
        }
        text += "\n";
    }
    let whose = match report.processes.len() {
        0 | 1 => String::new(),
        number => format!("{number} processes and threads, the worst: "),
    };
    text += &format!(
        "\n<sub>leakguard {}, node {}, {whose}pid {}, {ticks} in {age}, {} of {} subjects, {} evicted, {} dropped</sub>\n",
        cell(&report.leakguard),
        cell(&report.node),
        report.pid,
        count(report.ledger.tracked),
        count(report.ledger.capacity),
        count(report.ledger.evicted),
        count(report.ledger.dropped)
    );
    printable(&text)
}

fn row(finding: &Finding) -> String {
    let mark = match finding.severity {
        Severity::Leak => "**leak**",
        Severity::Suspect => "suspect",
        Severity::Note => "note",
    };
    let who = match (&finding.site, finding.sites.len()) {
        (Some(site), _) => {
            let share = finding.sites.first().map_or(1.0, |first| first.share);
            let caller = site
                .app
                .as_ref()
                .map(|app| format!(", from {}", bars(&place(app))));
            format!(
                "{} ({}){}",
                bars(&place(&site.frame)),
                percent(share),
                caller.unwrap_or_default()
            )
        }
        (None, 0) => "not known".to_owned(),
        (None, sites) => format!("spread over {sites} sites"),
    };
    let line = sparkline::draw(&finding.history, SPARKLINE_COLUMNS);
    let growth = format!("{line} {}", rate(finding));
    format!(
        "| {mark} | {} | {} | {who} |\n",
        cell(&finding.title),
        growth.trim_start()
    )
}

fn rate(finding: &Finding) -> String {
    if finding.tier != Tier::Trend {
        return format!("{} left", count(finding.count));
    }
    let amount = if finding.counts_bytes() {
        bytes(finding.rate_per_minute)
    } else {
        decimal(finding.rate_per_minute)
    };
    format!("{amount} per minute")
}

fn details(finding: &Finding) -> String {
    let mut text = format!("\n<details><summary>{}</summary>\n\n", html(&finding.title));
    for evidence in &finding.evidence {
        text += &format!("- {}\n", cell(&evidence.detail));
    }
    for site in &finding.sites {
        text += &format!(
            "- {} of it by {}\n",
            percent(site.share),
            place(&site.site.frame)
        );
    }
    for mark in &finding.marks {
        text += &format!("- {} during {}\n", count(mark.count), cell(&mark.label));
    }
    let confidence = match finding.severity {
        Severity::Note => String::new(),
        _ => format!(", confidence {:.2}", finding.confidence),
    };
    text += &format!(
        "\n**Fix:** {}\n\nSignature `{}`{confidence}\n\n</details>\n",
        cell(&finding.advice),
        cell(&finding.signature)
    );
    text
}

fn place(frame: &Frame) -> String {
    let place = format!(
        "{}:{}:{} {}",
        frame.file, frame.line, frame.column, frame.function
    );
    // Within backticks only a backtick means anything.
    format!("`{}`", place.replace(['`', '\n', '\r'], "'"))
}

/// In a table a bar ends a cell, within backticks too.
fn bars(cell: &str) -> String {
    cell.replace('|', "\\|")
}

/// Text within a tag, where Markdown means nothing.
fn html(text: &str) -> String {
    let safe = text.replace(['\n', '\r'], " ").replace('&', "&amp;");
    safe.replace('<', "&lt;").replace('>', "&gt;")
}

/// Text that may stand in a table cell and means nothing to Markdown or HTML.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '#' | '@' => {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
    }
    safe
}
