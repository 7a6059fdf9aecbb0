//! The report as `JUnit` XML, for servers that show tests: Jenkins, GitLab and the readers of GitHub
//! Actions. There is no standard, only what they read; this is the part on which they agree.
//!
//! - A finding is a test case. A **leak** fails. A **suspect** is skipped, which each of them shows and
//!   none fails a build for: a passed case would be folded away, and a failure would claim a proof that
//!   is not there. A **note** passes and says so in its output.
//! - `classname` and `name` are what a case is followed by from build to build, so they hold no number
//!   and no line: kind, owner, function and signature. Of two causes with one signature the second
//!   is numbered, because GitLab keeps one case per name.
//! - Without a finding there is one case for the report, passed or, when there was too little history,
//!   skipped: Jenkins takes a file without a case for a broken build.
//!
//! The escaping is ours: a document of three elements does not pay for an XML crate.

use std::collections::HashMap;

use super::place::{own_frame, Root};
use super::{text, Report, Verdict};
use crate::guard::finding::{Finding, Severity};
use crate::guard::phrase::printable;
use crate::guard::signature::without_numbers;

/// Writes it, with a newline at the end.
pub(super) fn write(report: &Report, root: &Root) -> String {
    let mut cases = String::new();
    let mut named: HashMap<String, u32> = HashMap::new();
    for finding in &report.findings {
        let mut name = name_of(finding);
        let namesakes = named.entry(name.clone()).or_default();
        *namesakes += 1;
        if *namesakes > 1 {
            name += &format!(" #{namesakes}");
        }
        cases += &case(finding, &name, report.at, root);
    }
    if report.findings.is_empty() {
        cases += &case_of_none(report);
    }
    let of = |severity: Severity| {
        let same = |finding: &&Finding| finding.severity == severity;
        report.findings.iter().filter(same).count()
    };
    let undecided = usize::from(is_undecided(report));
    let totals = format!(
        r#"name="leakguard" tests="{}" failures="{}" errors="0" skipped="{}" time="{:.3}""#,
        report.findings.len().max(1),
        of(Severity::Leak),
        of(Severity::Suspect) + undecided,
        report.at.saturating_sub(report.started_at) as f64 / 1_000.0
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {totals}>\n  <testsuite {totals}>\n\
         {cases}  </testsuite>\n</testsuites>\n"
    )
}

fn is_undecided(report: &Report) -> bool {
    report.findings.is_empty() && report.verdict == Verdict::Inconclusive
}

/// `EventEmitter 'tick' by onRequest [3f2a…]`.
fn name_of(finding: &Finding) -> String {
    let Finding { owner, what, .. } = finding;
    let named = if owner.is_empty() { what } else { owner };
    let by = match &finding.site {
        Some(site) => format!(" by {}", site.own_frame().function),
        None => String::new(),
    };
    format!("{}{by} [{}]", without_numbers(named), finding.signature)
}

fn case(finding: &Finding, name: &str, report_at: u64, root: &Root) -> String {
    let details = escaped(&text::finding(finding, report_at));
    let title = attribute(&finding.title);
    let outcome = match finding.severity {
        Severity::Leak => {
            format!(r#"<failure type="leak" message="{title}">{details}</failure>"#)
        }
        Severity::Suspect => {
            format!(r#"<skipped message="suspect: {title}"/><system-out>{details}</system-out>"#)
        }
        Severity::Note => format!("<system-out>{details}</system-out>"),
    };
    let place = own_frame(finding).map_or_else(String::new, |frame| {
        let file = attribute(&root.shown(&frame.file));
        format!(r#" file="{file}" line="{}""#, frame.line)
    });
    let class = format!("leakguard.{}", finding.kind.name());
    element(&class, name, &place, &outcome)
}

fn case_of_none(report: &Report) -> String {
    let outcome = if is_undecided(report) {
        r#"<skipped message="too little history for a verdict"/>"#
    } else {
        ""
    };
    element("leakguard", "nothing grows", "", outcome)
}

/// `place` and `outcome` are XML.
fn element(class: &str, name: &str, place: &str, outcome: &str) -> String {
    let (class, name) = (attribute(class), attribute(name));
    format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"0\"{place}>{outcome}</testcase>\n")
}

fn attribute(text: &str) -> String {
    escaped(&text.replace('\n', " "))
}

/// Text as it may stand between tags or quotes; what XML 1.0 forbids is no longer in it.
fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for character in printable(text).chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\u{fffe}' | '\u{ffff}' => xml.push('·'),
            _ => xml.push(character),
        }
    }
    xml
}
