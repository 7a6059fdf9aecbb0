//! The report for a terminal: the answer in the first line, then one block per finding, then what a
//! doubter asks for. No colours, no control characters, at most 100 columns unless a path is longer.

use super::sparkline;
use super::{HookState, Report, Verdict};
use crate::guard::finding::{Finding, Frame, Severity};
use crate::guard::phrase::{bytes, count, decimal, duration, percent, plural, printable};

const COLUMNS: usize = 100;
const SPARKLINE_COLUMNS: usize = 32;
/// A level that has not changed for this part of its history is said to stand still.
const STILL_PARTS: u64 = 5;
/// Victims shown.
const SHOWN_VICTIMS: usize = 4;
/// Marks shown.
const SHOWN_MARKS: usize = 8;
/// Processes and threads shown of one verdict.
const SHOWN_PROCESSES: usize = 4;
/// Sites shown below the dominant one.
const OTHER_SITES: usize = 3;

/// Writes it, with a newline at the end.
pub(super) fn write(report: &Report) -> String {
    let mut page = Page::default();
    page.line(&headline(report));
    for finding in &report.findings {
        page.line("");
        block(&mut page, finding, report.at);
    }
    footer(&mut page, report);
    printable(&page.text)
}

/// One finding, as it stands in the whole.
pub(super) fn finding(finding: &Finding, report_at: u64) -> String {
    let mut page = Page::default();
    block(&mut page, finding, report_at);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        // The log of a build is read for commands: `::` at the beginning of a line, indented or not, and `##[` anywhere.
        let line = line.replace('\n', " ").replace("##[", "#·[");
        let line = line.trim_end();
        let words = line.trim_start();
        self.text += &line[..line.len() - words.len()];
        self.text += if words.starts_with("::") { "·" } else { "" };
        self.text += words;
        self.text.push('\n');
    }

    /// A named row, wrapped between words under its own indentation.
    fn row(&mut self, indent: usize, name: &str, value: &str) {
        let margin = indent + 8;
        let mut line = format!("{:indent$}{name:<8}", "");
        let mut used = margin;
        let mut first = true;
        for word in value.split(' ') {
            let width = word.chars().count();
            if !first && used + 1 + width > COLUMNS {
                self.line(&line);
                line = " ".repeat(margin);
                used = margin;
                first = true;
            }
            if !first {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += width;
            first = false;
        }
        self.line(&line);
    }
}

/// The answer, and what it rests on.
pub(super) fn headline(report: &Report) -> String {
    let age = duration(report.at.saturating_sub(report.started_at) as f64);
    let seen = format!(
        "{} in {age}, {} watched, node {}, pid {}{}",
        plural(u64::from(report.ticks), "tick", "ticks"),
        plural(report.ledger.tracked, "subject", "subjects"),
        report.node,
        report.pid,
        if report.thread_id == 0 {
            String::new()
        } else {
            format!(", thread {}", report.thread_id)
        }
    );
    let whose = match report.processes.len() {
        0 | 1 => String::new(),
        number => format!("{number} processes and threads, the worst: "),
    };
    format!("leakguard: {} ({whose}{seen})", answer(report))
}

fn answer(report: &Report) -> String {
    let number = |severity: Severity| {
        report
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count() as u64
    };
    let found: Vec<String> = [
        (number(Severity::Leak), "leak", "leaks"),
        (number(Severity::Suspect), "suspect", "suspects"),
        (number(Severity::Note), "note", "notes"),
    ]
    .into_iter()
    .filter(|&(number, _, _)| number > 0)
    .map(|(number, one, many)| plural(number, one, many))
    .collect();
    match report.verdict {
        Verdict::Clean => "clean".to_owned(),
        Verdict::Inconclusive if found.is_empty() => {
            "inconclusive, too little history for a verdict".to_owned()
        }
        Verdict::Inconclusive => format!("inconclusive, {}", found.join(", ")),
        Verdict::Leak | Verdict::Suspect => found.join(", "),
    }
}

fn block(page: &mut Page, finding: &Finding, report_at: u64) {
    let mark = match finding.severity {
        Severity::Leak => "LEAK",
        Severity::Suspect => "suspect",
        Severity::Note => "note",
    };
    page.row(0, mark, &finding.title);
    let amount = |value: f64| {
        if finding.counts_bytes() {
            bytes(value)
        } else {
            decimal(value)
        }
    };
    if let Some(growth) = growth(finding, report_at, &amount) {
        page.row(2, "growth", &growth);
    }
    who(page, finding);
    in_marks(page, finding);
    let name = |index: usize| if index == 0 { "why" } else { "" };
    for (index, evidence) in finding.evidence.iter().enumerate() {
        page.row(2, name(index), &evidence.detail);
    }
    keeps(page, finding);
    page.row(2, "fix", &finding.advice);
    let sure = match finding.severity {
        Severity::Note => String::new(),
        _ => format!(", confidence {:.2}", finding.confidence),
    };
    page.row(2, "id", &format!("{}{sure}", finding.signature));
}

fn growth(finding: &Finding, report_at: u64, amount: &dyn Fn(f64) -> String) -> Option<String> {
    let (first, last) = (finding.history.first()?, finding.history.last()?);
    if finding.history.len() < 2 {
        return None;
    }
    let whole = |value: u64| {
        if finding.counts_bytes() {
            bytes(value as f64)
        } else {
            count(value)
        }
    };
    let line = sparkline::draw(&finding.history, SPARKLINE_COLUMNS);
    let time = duration(last.0.saturating_sub(first.0) as f64);
    let mut text = format!("{line} {} to {} in {time}", whole(first.1), whole(last.1));
    if finding.rate_per_minute > 0.0 {
        text += &format!(", {} per minute", amount(finding.rate_per_minute));
    }
    if finding.peak > finding.count {
        text += &format!(", peak {}", whole(finding.peak));
    }
    let still_ms = report_at.saturating_sub(finding.last_seen);
    if still_ms > last.0.saturating_sub(first.0) / STILL_PARTS {
        text += &format!(", unchanged for {}", duration(still_ms as f64));
    }
    if let Some(eta_ms) = finding.eta_ms {
        text += &format!(", heap limit in {}", duration(eta_ms as f64));
    }
    Some(text)
}

fn who(page: &mut Page, finding: &Finding) {
    let mut sites = finding.sites.iter();
    match (&finding.site, finding.sites.len()) {
        (Some(site), _) => {
            let share = sites.next().map_or(1.0, |first| first.share);
            page.row(
                2,
                "by",
                &format!("{} ({})", place(&site.frame), percent(share)),
            );
            if let Some(package) = &site.package {
                page.row(2, "in", &format!("package {package}"));
            }
            if let Some(app) = &site.app {
                page.row(2, "from", &place(app));
            }
        }
        (None, 0) => {}
        (None, number) => page.row(2, "by", &format!("spread over {number} sites")),
    }
    for other in sites.take(OTHER_SITES) {
        let at = format!("{} ({})", place(&other.site.frame), percent(other.share));
        page.row(2, "also", &at);
    }
}

/// The marks, mostly tests, whose code registered it.
fn in_marks(page: &mut Page, finding: &Finding) {
    for (index, mark) in finding.marks.iter().take(SHOWN_MARKS).enumerate() {
        let name = if index == 0 { "during" } else { "" };
        page.row(2, name, &format!("{} ({})", mark.label, count(mark.count)));
    }
    if finding.marks.len() > SHOWN_MARKS {
        let others = finding.marks.len() - SHOWN_MARKS;
        page.row(
            2,
            "",
            &format!("and {}", plural(others as u64, "other", "others")),
        );
    }
}

/// What grows with it, the largest first.
fn keeps(page: &mut Page, finding: &Finding) {
    let victims: Vec<String> = finding
        .victims
        .iter()
        .take(SHOWN_VICTIMS)
        .map(|victim| {
            let size = match victim.bytes {
                Some(size) => bytes(size as f64),
                None => count(victim.count),
            };
            format!(
                "{size} of {} {} ({})",
                victim.kind.name(),
                victim.what,
                victim.owner
            )
        })
        .collect();
    if !victims.is_empty() {
        page.row(2, "with it", &victims.join(", "));
    }
}

fn place(frame: &Frame) -> String {
    format!(
        "{}:{}:{} {}",
        frame.file, frame.line, frame.column, frame.function
    )
}

fn footer(page: &mut Page, report: &Report) {
    let odd_hooks: Vec<String> = report
        .shims
        .iter()
        .filter(|(_, &state)| matches!(state, HookState::Buried | HookState::Failed))
        .map(|(name, state)| format!("{name} {}", hook(*state)))
        .collect();
    let ledger = &report.ledger;
    let overflowed = ledger.evicted > 0 || ledger.dropped > 0;
    let brief = report.verdict == Verdict::Clean;
    if !brief {
        page.line("");
    }
    let memory = memory(report);
    if !memory.is_empty() {
        page.row(0, "memory", &memory);
    }
    if !odd_hooks.is_empty() {
        page.row(
            0,
            "hooks",
            &format!("{}; the others are on", odd_hooks.join(", ")),
        );
    }
    for note in &report.notes {
        page.row(0, "note", note);
    }
    if report.processes.len() > 1 {
        page.row(0, "from", &processes(report));
    }
    if brief && !overflowed {
        return;
    }
    if let Some(share) = report.explained {
        let share = format!(
            "the findings account for {} of the heap's growth",
            percent(share)
        );
        page.row(0, "known", &share);
    }
    let resources: Vec<String> = report
        .meters
        .resources
        .iter()
        .map(|(name, number)| format!("{} {name}", count(*number)))
        .collect();
    if !resources.is_empty() {
        page.row(0, "open", &resources.join(", "));
    }
    page.row(
        0,
        "ledger",
        &format!(
            "{} of {} subjects in {}, {} evicted, {} dropped",
            count(ledger.tracked),
            count(ledger.capacity),
            bytes(ledger.bytes as f64),
            count(ledger.evicted),
            count(ledger.dropped)
        ),
    );
    let cost = &report.overhead;
    page.row(
        0,
        "cost",
        &format!(
            "{} ms of CPU in all, last tick {:.2} ms, longest {:.2} ms, level {}",
            decimal(cost.cpu_ms),
            cost.last_tick_ms,
            cost.max_tick_ms,
            report.level
        ),
    );
}

/// `leak: pid 12, pid 13 thread 1; clean: pid 11 and 4 others`.
fn processes(report: &Report) -> String {
    let groups = report.processes.chunk_by(|a, b| a.verdict == b.verdict);
    let groups = groups.map(|group| {
        let names = group.iter().take(SHOWN_PROCESSES).map(|one| {
            let thread = match one.thread_id {
                0 => String::new(),
                id => format!(" thread {id}"),
            };
            format!("pid {}{thread}", one.pid)
        });
        let names: Vec<String> = names.collect();
        let others = match group.len() - names.len() {
            0 => String::new(),
            more => format!(" and {}", plural(more as u64, "other", "others")),
        };
        format!("{}: {}{others}", group[0].verdict.name(), names.join(", "))
    });
    groups.collect::<Vec<_>>().join("; ")
}

fn memory(report: &Report) -> String {
    let meters = &report.meters;
    let named = [
        (meters.heap_used_bytes, "heap"),
        (meters.heap_after_gc_bytes, "after GC"),
        (meters.heap_limit_bytes, "heap limit"),
        (meters.external_bytes, "external"),
        (meters.array_buffers_bytes, "buffers"),
        (meters.rss_bytes, "resident"),
    ];
    let named = named
        .into_iter()
        .filter_map(|(value, name)| Some((value? as f64, name)));
    let parts: Vec<String> = named
        .map(|(value, name)| format!("{name} {}", bytes(value)))
        .collect();
    parts.join(", ")
}

fn hook(state: HookState) -> &'static str {
    match state {
        HookState::On => "on",
        HookState::Off => "off",
        HookState::Buried => "buried under another patch",
        HookState::Failed => "failed",
    }
}
