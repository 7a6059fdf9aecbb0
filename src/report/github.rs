//! The report as workflow commands of GitHub Actions, which shows each as an annotation at its line.
//!
//! A command is a line of the log: `::error file=a.js,line=1,col=2,title=…::message`. Only `%` and line
//! breaks are escaped in a message, in a property `:` and `,` too; as the runner knows no other escape,
//! nothing else can end a field. The first line is for who reads the log. A step shows ten errors, ten
//! warnings and ten notices, so the worst come first, as in every form, and what may be there has none.

use super::place::{own_frame, Root};
use super::{text, Report};
use crate::guard::finding::{Finding, Severity};
use crate::guard::phrase::printable;

/// Writes it, with a newline at the end.
pub(super) fn write(report: &Report, root: &Root) -> String {
    let mut log = printable(&text::headline(report)).replace('\n', " ");
    for finding in report.findings.iter().filter(|one| !one.is_accepted()) {
        log.push('\n');
        log += &command(finding, root);
    }
    log.push('\n');
    log
}

fn command(finding: &Finding, root: &Root) -> String {
    let level = match finding.severity {
        Severity::Leak => "error",
        Severity::Suspect => "warning",
        Severity::Note => "notice",
    };
    let place = own_frame(finding).map_or_else(String::new, |frame| {
        let file = property(&root.shown(&frame.file));
        format!("file={file},line={},col={},", frame.line, frame.column)
    });
    format!(
        "::{level} {place}title={}::{}",
        property(&format!("leakguard: {}", finding.title)),
        data(&finding.message)
    )
}

fn data(text: &str) -> String {
    let text = printable(text).replace('%', "%25");
    text.replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
