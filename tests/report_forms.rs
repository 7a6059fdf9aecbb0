//! The forms for machines that show findings: `JUnit` XML, SARIF and workflow commands of GitHub. Each is
//! read back as its readers do it, and hostile names stay names.

mod simulation;

use leakguard::guard::finding::{
    Evidence, Finding, Frame, MarkCount, Severity, Site, SiteShare, Tier,
};
use leakguard::guard::Guard;
use leakguard::ledger::Kind;
use leakguard::report::{render, Context, Format, Report, Root, Verdict};
use roxmltree::{Document, Node};
use serde_json::Value;
use simulation::settings;

/// What can end a field, a line, an element, a comment or a section of one of the forms.
const HOSTILE: &str =
    "\"'<b>&amp;]]>--><!--\n::error::\r%0A:,;\u{1b}[31m\u{0}\u{ffff}\u{1f600}[a](b){0}";

fn site(file: &str, line: u32, function: &str) -> Site {
    let frame = Frame {
        file: file.to_owned(),
        line,
        column: 7,
        function: function.to_owned(),
    };
    Site {
        frame,
        package: None,
        app: None,
    }
}

fn finding(severity: Severity, owner: &str, site: Option<Site>) -> Finding {
    let share = |site: &Site| SiteShare {
        site: site.clone(),
        share: 1.0,
    };
    Finding {
        signature: "00112233445566ff".to_owned(),
        kind: Kind::Listeners,
        what: "EventEmitter".to_owned(),
        severity,
        confidence: 0.9,
        tier: Tier::Trend,
        owner: owner.to_owned(),
        title: format!("110 listeners on {owner}"),
        message: format!("110 listeners on {owner}\nfix: call off()"),
        advice: "call off()".to_owned(),
        count: 110,
        peak: 110,
        bytes: None,
        rate_per_minute: 60.0,
        eta_ms: None,
        first_seen: 1_000,
        last_seen: 101_000,
        sites: site.iter().map(share).collect(),
        site,
        marks: Vec::new(),
        victims: Vec::new(),
        evidence: Vec::new(),
        history: vec![(1_000, 10), (101_000, 110)],
    }
}

fn ours(severity: Severity) -> Finding {
    let here = site("/srv/app/src/a b.js", 12, "onRequest");
    finding(severity, "Bus 'tick'", Some(here))
}

/// As a test leaves it behind.
fn left_by_tests() -> Finding {
    let mark = |label: &str| MarkCount {
        label: label.to_owned(),
        count: 1,
    };
    Finding {
        tier: Tier::Contract,
        rate_per_minute: 0.0,
        history: Vec::new(),
        count: 2,
        title: "2 listeners left on Bus 'tick'".to_owned(),
        marks: vec![mark("cart > adds"), mark("cart > removes")],
        ..ours(Severity::Leak)
    }
}

fn report(findings: Vec<Finding>, verdict: Verdict) -> Report {
    let context = r#"{ "node": "v20.20.2", "pid": 4711, "threadId": 0, "at": 1800000100000, "level": "sites" }"#;
    let context = Context::from_json(context).unwrap();
    Report {
        findings,
        verdict,
        ..Report::assemble(&Guard::new(settings(4, 60)), context)
    }
}

fn leaking(findings: Vec<Finding>) -> Report {
    report(findings, Verdict::Leak)
}

fn write(report: &Report, format: Format) -> String {
    render(&report.to_json(), format, &Root::new("/srv/app")).unwrap()
}

fn sarif(report: &Report) -> Value {
    serde_json::from_str(&write(report, Format::Sarif)).unwrap()
}

fn cases<'a>(document: &'a Document<'_>) -> Vec<Node<'a, 'a>> {
    let is_case = |node: &Node<'_, '_>| node.has_tag_name("testcase");
    document.descendants().filter(is_case).collect()
}

fn child<'a>(node: Node<'a, 'a>, name: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name(name))
}

#[test]
fn junit_fails_for_leaks_skips_suspects_and_passes_notes() {
    let severities = [Severity::Leak, Severity::Suspect, Severity::Note];
    let xml = write(&leaking(severities.map(ours).to_vec()), Format::Junit);
    let document = Document::parse(&xml).unwrap();
    let suite = child(document.root_element(), "testsuite").unwrap();
    let total = |name| suite.attribute(name).unwrap();
    assert_eq!(
        ["tests", "failures", "errors", "skipped", "time"].map(total),
        ["3", "1", "0", "1", "100.000"]
    );
    let [leak, suspect, note] = cases(&document)[..] else {
        panic!("a case per finding: {xml}");
    };
    let failure = child(leak, "failure").unwrap();
    assert_eq!(
        failure.attribute("message"),
        Some("110 listeners on Bus 'tick'")
    );
    assert!(failure.text().unwrap().contains("fix     call off()"));
    assert!(child(suspect, "failure").is_none() && child(suspect, "skipped").is_some());
    assert!(child(note, "failure").is_none() && child(note, "skipped").is_none());
    assert!(child(note, "system-out").is_some());
    assert_eq!(leak.attribute("file"), Some("src/a b.js"));
    assert_eq!(leak.attribute("line"), Some("12"));
}

#[test]
fn the_name_of_a_junit_case_holds_no_number_that_changes_and_is_its_own() {
    let name = |finding: Finding| {
        let xml = write(&leaking(vec![finding.clone(), finding]), Format::Junit);
        let document = Document::parse(&xml).unwrap();
        let name = |case: &Node<'_, '_>| case.attribute("name").unwrap().to_owned();
        cases(&document).iter().map(name).collect::<Vec<_>>()
    };
    let here = |line| Some(site("/srv/app/a.js", line, "onRequest"));
    let first = name(finding(Severity::Leak, "Socket 4711", here(12)));
    assert_eq!(
        first,
        name(finding(Severity::Leak, "Socket 4712", here(13)))
    );
    assert_eq!(first[0], "Socket # by onRequest [00112233445566ff]");
    assert_eq!(first[1], format!("{} #2", first[0]));
}

#[test]
fn a_report_without_findings_is_one_junit_case_that_passes_or_is_skipped() {
    for (verdict, skipped) in [(Verdict::Clean, "0"), (Verdict::Inconclusive, "1")] {
        let xml = write(&report(Vec::new(), verdict), Format::Junit);
        let document = Document::parse(&xml).unwrap();
        let suite = child(document.root_element(), "testsuite").unwrap();
        assert_eq!(cases(&document).len(), 1);
        assert_eq!(suite.attribute("tests"), Some("1"));
        assert_eq!(suite.attribute("skipped"), Some(skipped));
    }
}

#[test]
fn sarif_has_a_rule_per_kind_and_a_result_per_finding_that_refers_to_it() {
    let retained = Finding {
        kind: Kind::Retained,
        ..ours(Severity::Suspect)
    };
    let log = sarif(&leaking(vec![
        ours(Severity::Leak),
        retained,
        ours(Severity::Note),
    ]));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert_eq!(rules.len(), 2);
    let levels: Vec<&Value> = results.iter().map(|result| &result["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["text"].as_str().unwrap().len() > 40);
    }
    assert_eq!(
        run["originalUriBaseIds"]["%SRCROOT%"]["uri"],
        "file:///srv/app/"
    );
}

#[test]
fn sarif_follows_findings_by_signature_and_tells_namesakes_apart() {
    let log = sarif(&leaking(vec![ours(Severity::Leak), ours(Severity::Leak)]));
    let prints = |index: usize| log["runs"][0]["results"][index]["partialFingerprints"].clone();
    assert_eq!(prints(0)["leakguardSignature/v1"], "00112233445566ff");
    assert_eq!(prints(0)["primaryLocationLineHash"], "00112233445566ff:1");
    assert_eq!(prints(1)["primaryLocationLineHash"], "00112233445566ff:2");
}

#[test]
fn the_application_s_line_comes_first_and_the_package_s_is_related_to_it() {
    let package = Site {
        package: Some("ws".to_owned()),
        app: Some(site("/srv/app/src/a.js", 3, "connect").frame),
        ..site("/srv/app/node_modules/ws/lib/ws.js", 99, "emit")
    };
    let log = sarif(&leaking(vec![finding(
        Severity::Leak,
        "Bus",
        Some(package.clone()),
    )]));
    let result = &log["runs"][0]["results"][0];
    let place = |location: &Value| location["physicalLocation"].clone();
    let main = place(&result["locations"][0]);
    assert_eq!(main["artifactLocation"]["uri"], "src/a.js");
    assert_eq!(main["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    assert_eq!(main["region"]["startLine"], 3);
    let related = result["relatedLocations"].as_array().unwrap();
    assert_eq!(related.len(), 1);
    assert_eq!(
        place(&related[0])["artifactLocation"]["uri"],
        "node_modules/ws/lib/ws.js"
    );
    let log = write(
        &leaking(vec![finding(Severity::Leak, "Bus", Some(package))]),
        Format::Github,
    );
    assert!(log.contains("::error file=src/a.js,line=3,col=7,"), "{log}");
}

#[test]
fn what_has_no_line_has_a_place_in_sarif_and_none_in_the_other_forms() {
    let report = leaking(vec![finding(Severity::Leak, "heap", None)]);
    let result = sarif(&report)["runs"][0]["results"][0].clone();
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(place["uri"], "package.json");
    assert!(result["message"]["text"]
        .as_str()
        .unwrap()
        .contains("no line is known"));
    assert!(write(&report, Format::Github).contains("\n::error title="));
    let xml = write(&report, Format::Junit);
    assert_eq!(
        cases(&Document::parse(&xml).unwrap())[0].attribute("file"),
        None
    );
}

#[test]
fn a_file_elsewhere_keeps_its_own_name() {
    for (file, uri) in [
        ("/opt/x y.js", "file:///opt/x%20y.js"),
        ("node:internal/timers", "node:internal/timers"),
    ] {
        let elsewhere = finding(Severity::Leak, "Bus", Some(site(file, 1, "f")));
        let result = sarif(&leaking(vec![elsewhere]))["runs"][0]["results"][0].clone();
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!(place["uri"], uri);
        assert_eq!(place.get("uriBaseId"), None);
    }
}

#[test]
fn github_commands_are_one_line_each_below_the_answer() {
    let severities = [Severity::Leak, Severity::Suspect, Severity::Note];
    let log = write(&leaking(severities.map(ours).to_vec()), Format::Github);
    let lines: Vec<&str> = log.lines().collect();
    assert!(
        lines[0].starts_with("leakguard: 1 leak, 1 suspect, 1 note"),
        "{log}"
    );
    assert_eq!(
        lines[1],
        "::error file=src/a b.js,line=12,col=7,title=leakguard%3A 110 listeners on Bus 'tick'\
         ::110 listeners on Bus 'tick'%0Afix: call off()"
    );
    assert!(lines[2].starts_with("::warning ") && lines[3].starts_with("::notice "));
    assert_eq!(lines.len(), 4);
}

#[test]
fn what_may_be_there_is_suppressed_in_sarif_and_has_no_annotation() {
    let accepted = |signal: &str| Finding {
        evidence: vec![Evidence {
            signal: signal.to_owned(),
            detail: String::new(),
        }],
        ..ours(Severity::Note)
    };
    let findings = vec![
        ours(Severity::Note),
        accepted("allowed"),
        accepted("baseline"),
    ];
    let report = report(findings, Verdict::Clean);
    let results = sarif(&report)["runs"][0]["results"].clone();
    assert_eq!(results[0]["suppressions"].as_array().unwrap().len(), 0);
    assert_eq!(results[1]["suppressions"][0]["kind"], "inSource");
    assert_eq!(results[2]["suppressions"][0]["kind"], "external");
    assert_eq!(write(&report, Format::Github).lines().count(), 2);
}

#[test]
fn what_tests_have_left_reads_well_in_every_form() {
    let report = leaking(vec![left_by_tests()]);
    let text = write(&report, Format::Text);
    assert!(text.contains("  during  cart > adds (1)\n"), "{text}");
    assert!(!text.contains("per minute"), "{text}");
    let markdown = write(&report, Format::Markdown);
    assert!(markdown.contains("| 2 left |"), "{markdown}");
    assert!(
        markdown.contains("- 1 during cart &gt; adds\n"),
        "{markdown}"
    );
    let rounds = leaking(vec![Finding {
        tier: Tier::Scenario,
        ..left_by_tests()
    }]);
    let markdown = write(&rounds, Format::Markdown);
    assert!(markdown.contains("| 2 left |"), "{markdown}");
    let xml = write(&report, Format::Junit);
    assert!(xml.contains("during  cart &gt; adds (1)"), "{xml}");
    let result = sarif(&report)["runs"][0]["results"][0].clone();
    assert_eq!(result["properties"]["marks"][1], "cart > removes");
}

#[test]
fn names_are_no_commands_to_the_log_of_a_build() {
    let long = "x".repeat(88);
    for name in [
        format!("{long} ::error file=a.js::pwned"),
        "##[error]pwned".to_owned(),
    ] {
        let report = leaking(vec![finding(Severity::Leak, &name, None)]);
        let text = write(&report, Format::Text);
        assert!(text.contains("pwned"), "{text}");
        assert!(!text.contains("##["), "{text}");
        assert!(
            text.lines()
                .all(|line| !line.trim_start().starts_with("::")),
            "{text}"
        );
    }
}

#[test]
fn a_summary_of_markdown_is_text_of_html_and_a_bar_is_escaped_in_tables_only() {
    let name = "my_bus [x] <b>";
    let here = site("/srv/a|b.js", 0, "add");
    let markdown = write(
        &leaking(vec![finding(Severity::Leak, name, Some(here))]),
        Format::Markdown,
    );
    assert!(markdown.contains("my_bus [x] &lt;b&gt;"), "{markdown}");
    assert!(markdown.contains("/srv/a\\|b.js"), "{markdown}");
    assert!(markdown.contains("it by `/srv/a|b.js"), "{markdown}");
}

#[test]
fn hostile_names_stay_names_in_every_form() {
    let here = site(&format!("/srv/app/{HOSTILE}.js"), 0, HOSTILE);
    let mut hostile = finding(Severity::Leak, HOSTILE, Some(here));
    HOSTILE.clone_into(&mut hostile.signature);
    hostile.marks.push(MarkCount {
        label: HOSTILE.to_owned(),
        count: 1,
    });
    let mut report = leaking(vec![hostile]);
    HOSTILE.clone_into(&mut report.node);
    HOSTILE.clone_into(&mut report.leakguard);
    report.notes.push(HOSTILE.to_owned());

    let xml = write(&report, Format::Junit);
    let document = Document::parse(&xml).unwrap();
    let [case] = cases(&document)[..] else {
        panic!("one case: {xml}");
    };
    let message = child(case, "failure")
        .unwrap()
        .attribute("message")
        .unwrap();
    assert!(
        message.contains("\"'<b>&amp;]]>--><!-- ::error::·%0A:,;·[31m···".trim_end_matches('·'))
    );
    let shown = "\"'<b>&amp;]]>--><!-- ::error::·%0A:,;·[31m··\u{1f600}";
    assert!(message.contains(shown), "{message}");

    let log = write(&report, Format::Github);
    assert_eq!(log.lines().count(), 2, "{log}");
    assert_eq!(log.lines().filter(|line| line.starts_with("::")).count(), 1);
    let command = log.lines().nth(1).unwrap();
    assert!(command.contains("%250A%3A%2C;"), "{command}");

    let text = sarif(&report)["runs"][0]["results"][0]["message"]["text"].to_string();
    assert!(!text.contains("]("), "{text}");

    for format in [
        Format::Text,
        Format::Markdown,
        Format::Junit,
        Format::Sarif,
        Format::Github,
    ] {
        let written = write(&report, format);
        let control = written.chars().find(|&c| c.is_control() && c != '\n');
        assert_eq!(control, None, "{format:?}: {written}");
        let is_command = |line: &&str| line.trim_start().starts_with("::error::");
        assert_eq!(written.lines().find(is_command), None, "{format:?}");
    }
}

#[test]
fn two_hundred_and_fifty_six_findings_are_all_there() {
    let report = leaking(vec![ours(Severity::Leak); 256]);
    let xml = write(&report, Format::Junit);
    let document = Document::parse(&xml).unwrap();
    let names: std::collections::BTreeSet<_> = cases(&document)
        .iter()
        .map(|case| case.attribute("name").unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), 256);
    let results = sarif(&report)["runs"][0]["results"].clone();
    assert_eq!(results.as_array().unwrap().len(), 256);
    assert_eq!(write(&report, Format::Github).lines().count(), 257);
}
