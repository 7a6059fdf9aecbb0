//! The report as data: it survives the way to disk and back, reads well in every format, and bad input
//! is refused with its place.

mod simulation;

use leakguard::error::Error;
use leakguard::guard::Guard;
use leakguard::report::{self, merge, Context, Format, Report, Root, Verdict};
use simulation::{at_ms, listeners, settings, site};

fn context(at: f64) -> Context {
    let json = format!(
        r#"{{
            "node": "v20.20.2", "pid": 4711, "threadId": 0, "at": {at}, "level": "sites",
            "meters": {{ "heapUsedBytes": 51200000, "heapAfterGcBytes": null, "rssBytes": 9.1e7,
                "resources": {{ "TCPServerWrap": 1, "Timeout": 3 }} }},
            "shims": {{ "EventEmitter.prototype.on": "on", "Map.prototype.set": "buried" }},
            "overhead": {{ "cpuMs": 12.25, "lastTickMs": 0.06, "maxTickMs": 0.41 }},
            "jsLedger": {{ "dropped": 2 }}
        }}"#
    );
    Context::from_json(&json).unwrap()
}

fn render(json: &str, format: Format) -> Result<String, Error> {
    report::render(json, format, &Root::new("/srv/app"))
}

/// A report after so many ticks in which a list got one more at each.
fn report(ticks: u32, leaking: bool) -> Report {
    let mut guard = Guard::new(settings(4, 60));
    let number = guard
        .define_site(&site(12, "onRequest"))
        .unwrap()
        .unwrap()
        .into();
    let slot = guard.claim(&listeners("EventEmitter 'tick'", 10)).unwrap();
    let mut levels = [10, 0, 0, 0];
    for tick in 1..=ticks {
        if leaking {
            levels[slot as usize] += 1;
            guard.sample_born(slot, number, 1).unwrap();
        }
        guard.tick(&levels, None, at_ms(tick));
    }
    Report::assemble(&guard, context(at_ms(ticks)))
}

#[test]
fn the_verdict_is_clean_only_after_enough_history() {
    assert_eq!(report(0, false).verdict, Verdict::Inconclusive);
    assert_eq!(report(59, false).verdict, Verdict::Inconclusive);
    assert_eq!(report(60, false).verdict, Verdict::Clean);
    assert_eq!(report(30, true).verdict, Verdict::Inconclusive);
    assert_eq!(report(100, true).verdict, Verdict::Leak);
}

#[test]
fn what_the_host_measured_is_copied_through() {
    let report = report(1, false);
    assert_eq!(report.meters.rss_bytes, Some(91_000_000));
    assert_eq!(report.meters.heap_after_gc_bytes, None);
    assert_eq!(
        report.ledger.dropped, 2,
        "the tables of JavaScript count too"
    );
    assert_eq!(
        (report.started_at, report.at),
        (1_800_000_000_000, 1_800_000_001_000)
    );
}

#[test]
fn a_report_survives_the_way_to_json_and_back() {
    for report in [report(0, false), report(30, true), report(300, true)] {
        let back: Report = serde_json::from_str(&report.to_json()).unwrap();
        assert_eq!(back, report);
        let indented = render(&report.to_json(), Format::Json).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&indented).unwrap(), report);
    }
}

#[test]
fn every_field_is_described_by_the_schema_and_none_besides() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../report.schema.json")).unwrap();
    let merged = merge(vec![report(100, true)]).unwrap();
    let report: serde_json::Value = serde_json::from_str(&merged.to_json()).unwrap();
    let fields = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let described = |place: &serde_json::Value| {
        for (name, field) in place["properties"].as_object().unwrap() {
            let described = field.get("description").or(field.get("$ref")).is_some();
            assert!(described, "{name} has no description");
        }
        assert_eq!(place["additionalProperties"], false);
        fields(&place["properties"])
    };
    let defs = &schema["$defs"];
    assert_eq!(described(&schema), fields(&report));
    assert_eq!(described(&defs["finding"]), fields(&report["findings"][0]));
    assert_eq!(described(&defs["process"]), fields(&report["processes"][0]));
    assert_eq!(
        described(&defs["siteShare"]),
        fields(&report["findings"][0]["sites"][0])
    );
    assert_eq!(
        described(&defs["site"]),
        fields(&report["findings"][0]["site"])
    );
    assert_eq!(
        described(&defs["evidence"]),
        fields(&report["findings"][0]["evidence"][0])
    );
    for name in ["meters", "ledger", "overhead"] {
        assert_eq!(described(&defs[name]), fields(&report[name]));
    }
}

#[test]
fn the_text_answers_in_its_first_line() {
    let text = render(&report(100, true).to_json(), Format::Text).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("leakguard: 1 leak (100 ticks in 1m 40s, 1 subject watched, node v20.20.2, pid 4711)")
    );
    assert!(
        text.contains("LEAK    110 listeners on EventEmitter 'tick'\n"),
        "{text}"
    );
    assert!(
        text.contains("  by      /srv/app/src/server.js:12:7 onRequest (100 %)\n"),
        "{text}"
    );
    assert!(text.contains("Map.prototype.set buried"), "{text}");
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
}

#[test]
fn a_clean_report_is_three_lines() {
    let mut report = report(100, false);
    report.ledger.dropped = 0;
    let text = render(&report.to_json(), Format::Text).unwrap();
    assert!(text.starts_with("leakguard: clean (100 ticks"), "{text}");
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn markdown_has_a_row_per_finding() {
    let text = render(&report(100, true).to_json(), Format::Markdown).unwrap();
    assert!(text.starts_with("### leakguard: leak\n"), "{text}");
    assert!(
        text.contains("| **leak** | 110 listeners on EventEmitter 'tick' | "),
        "{text}"
    );
    assert!(
        text.contains("`/srv/app/src/server.js:12:7 onRequest`"),
        "{text}"
    );
}

#[test]
fn text_that_is_no_report_is_refused_with_its_place_and_what_is_accepted() {
    let refused = |json: &str| render(json, Format::Text).unwrap_err();
    let error = refused("{\n  \"schema\": 1,\n  oops");
    assert!(error.to_string().contains("line 3 column 3"), "{error}");
    assert!(
        error
            .to_string()
            .contains("accepted: the JSON that leakguard.report()"),
        "{error}"
    );
    assert_eq!(error.offset_bytes(), Some(19));
    assert!(refused("").to_string().contains("EOF"));
    assert!(refused("[]").to_string().starts_with("report: "));
    assert!(refused("{\"schema\":1}")
        .to_string()
        .contains("missing field `leakguard`"));
    for (json, found) in [
        ("{}", "missing"),
        ("{\"schema\":2}", "2"),
        ("{\"schema\":\"1\"}", "\"1\""),
    ] {
        let message = refused(json).to_string();
        assert!(
            message.starts_with(&format!("report: schema is {found}; accepted: 1")),
            "{message}"
        );
    }
}

#[test]
fn an_unknown_format_is_refused_with_the_accepted_ones() {
    let message = Format::parse("pdf").unwrap_err().to_string();
    assert_eq!(
        message,
        "format is \"pdf\"; accepted: text, json, md, html, junit, sarif, github"
    );
}

#[test]
fn hostile_reports_are_rendered_without_escape_sequences() {
    let json = report(100, true).to_json();
    let json = json.replace("EventEmitter 'tick'", "\\u001b[31m|<b>`");
    let text = render(&json, Format::Text).unwrap();
    let markdown = render(&json, Format::Markdown).unwrap();
    assert!(!text.contains('\u{1b}') && !markdown.contains('\u{1b}'));
    assert!(!markdown.contains("<b>"), "{markdown}");
}
