//! The report as one HTML file that needs nothing else: the page of `page.html`, which
//! `scripts/build-page.js` makes, with the report's JSON for its script and the text for readers without.
//!
//! What is in a report was written by strangers: names of functions, keys of maps, paths. Two places are
//! filled, and each has its own danger. The JSON stands in a `script` element that is data, where only
//! `</script` and `<!--` mean anything: no `<` is left in it. The text stands in a `pre`, where `<` and `&`
//! do. The policy in the page lets no other script run than its own, should either be wrong.
//!
//! The page's script makes elements of the JSON without ever parsing HTML, see `page/dom.mjs`.

use serde::{Deserialize, Serialize};

use super::{text, Report};

/// Generated, with [`TEXT`] and [`REPORT`] where those belong.
const PAGE: &str = include_str!("page.html");
/// Where the text goes; the first of the two.
const TEXT: &str = "{{text}}";
/// Where the JSON goes.
const REPORT: &str = "{{report}}";

/// Lines of a source around the one that a finding names. The host reads them, since what may be read is
/// its matter, and hands them over beside the report's own fields; no other form has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Excerpt {
    /// As of a frame.
    file: String,
    /// The line that is meant, from 1.
    line: u32,
    /// Of the first of the lines.
    first: u32,
    /// Without line ends.
    lines: Vec<String>,
}

/// What the page's script is given: the report in a shorter form, which `unpacked()` in
/// `page/report.mjs` undoes. Fifty findings with their histories are a file to be sent by mail.
#[derive(Serialize)]
struct Content<'a> {
    #[serde(flatten)]
    report: Report,
    excerpts: &'a [Excerpt],
}

impl<'a> Content<'a> {
    fn new(report: &Report, excerpts: &'a [Excerpt]) -> Self {
        let mut report = report.clone();
        to_distances(&mut report.meters.history);
        for finding in &mut report.findings {
            to_distances(&mut finding.history);
            // All that it says the other fields say too.
            finding.message.clear();
        }
        Self { report, excerpts }
    }
}

/// Each time as the distance from the latest one before, the first from the epoch.
fn to_distances(history: &mut [(u64, u64)]) {
    let mut latest = 0;
    for (at, _) in history {
        let distance = at.saturating_sub(latest);
        latest += distance;
        *at = distance;
    }
}

/// The excerpts in the JSON of a report; none where there are none, or something else of that name.
pub(super) fn excerpts(json: &str) -> Vec<Excerpt> {
    #[derive(Deserialize)]
    struct Beside {
        #[serde(default)]
        excerpts: Vec<Excerpt>,
    }

    serde_json::from_str(json).map_or_else(|_| Vec::new(), |beside: Beside| beside.excerpts)
}

/// Writes it.
pub(super) fn write(report: &Report, excerpts: &[Excerpt]) -> String {
    // As of `Report::to_json`.
    let json = serde_json::to_string(&Content::new(report, excerpts)).unwrap_or_default();
    fill(
        PAGE,
        &escaped_text(&text::write(report)),
        &escaped_json(&json),
    )
}

/// The page around its two contents. It is cut, not searched again once something is in it: a report may
/// hold the names of the places itself.
fn fill(page: &str, text: &str, json: &str) -> String {
    let (head, rest) = page.split_once(TEXT).unwrap_or((page, ""));
    let (middle, tail) = rest.split_once(REPORT).unwrap_or((rest, ""));
    [head, text, middle, json, tail].concat()
}

/// JSON that is the same JSON within a `script` element. The characters stand in strings only.
fn escaped_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + json.len() / 64);
    for character in json.chars() {
        match character {
            // The last two end a line to a JavaScript older than 2019, should anybody read it as such.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                escaped += &format!("\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Text within an element.
fn escaped_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 64);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 8] = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "</pre><img src=x onerror=alert(1)>",
        "a\u{2028}b\u{2029}c",
        "{{report}}{{text}}",
        "&lt;b&gt;",
        "'\"`${alert(1)}",
    ];

    #[test]
    fn the_page_has_both_places_once_and_in_their_order() {
        assert_eq!(PAGE.matches(TEXT).count(), 1);
        assert_eq!(PAGE.matches(REPORT).count(), 1);
        assert!(PAGE.find(TEXT) < PAGE.find(REPORT));
    }

    #[test]
    fn no_string_ends_the_element_of_the_json_and_each_is_read_back_as_it_was() {
        let json = serde_json::to_string(&HOSTILE).unwrap();
        let escaped = escaped_json(&json);
        for character in ['<', '>', '&', '\u{2028}', '\u{2029}'] {
            assert!(!escaped.contains(character), "{escaped}");
        }
        let back: Vec<String> = serde_json::from_str(&escaped).unwrap();
        assert_eq!(back, HOSTILE);
    }

    #[test]
    fn no_string_is_markup_in_the_text() {
        for hostile in HOSTILE {
            let escaped = escaped_text(hostile);
            assert!(!escaped.contains(['<', '>', '"', '\'']), "{escaped}");
            let back = escaped
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#39;", "'")
                .replace("&amp;", "&");
            assert_eq!(back, hostile);
        }
    }

    #[test]
    fn what_is_filled_in_is_not_searched_for_places() {
        let filled = fill("a{{text}}b{{report}}c", "{{report}}", "{{text}}");
        assert_eq!(filled, "a{{report}}b{{text}}c");
    }

    #[test]
    fn times_are_distances_and_one_that_goes_back_is_the_one_before() {
        let mut history = [(1_000, 1), (1_500, 2), (1_200, 3), (u64::MAX, 4)];
        to_distances(&mut history);
        assert_eq!(
            history,
            [(1_000, 1), (500, 2), (0, 3), (u64::MAX - 1_500, 4)]
        );
        to_distances(&mut []);
    }

    #[test]
    fn excerpts_stand_beside_the_report_and_are_none_where_they_are_something_else() {
        let json =
            r#"{"schema":1,"excerpts":[{"file":"/a.js","line":2,"first":1,"lines":["a","b"]}]}"#;
        assert_eq!(excerpts(json)[0].lines, ["a", "b"]);
        for other in ["{}", r#"{"excerpts":5}"#, r#"{"excerpts":[{"file":1}]}"#] {
            assert_eq!(excerpts(other), []);
        }
    }
}
