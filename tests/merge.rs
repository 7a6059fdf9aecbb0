//! Several reports as one: what is added up, what is taken from the worst, and that neither the order of
//! the reports nor how they are grouped matters.

mod simulation;

use leakguard::guard::finding::{
    Evidence, Finding, Frame, MarkCount, Severity, Site, SiteShare, Tier, Victim,
};
use leakguard::guard::Guard;
use leakguard::ledger::Kind;
use leakguard::report::{
    merge, merge_stored, render, Context, Format, HookState, LedgerState, Report, Root, Verdict,
};
use proptest::prelude::*;
use simulation::settings;

fn site(line: u32) -> Site {
    let frame = Frame {
        file: "/srv/app/a.js".to_owned(),
        line,
        column: 1,
        function: "onRequest".to_owned(),
    };
    Site {
        frame,
        package: None,
        app: None,
    }
}

fn finding(line: u32, count: u64) -> Finding {
    Finding {
        signature: "00112233445566ff".to_owned(),
        kind: Kind::Listeners,
        what: "EventEmitter".to_owned(),
        severity: Severity::Leak,
        confidence: 0.9,
        tier: Tier::Trend,
        owner: "Bus 'tick'".to_owned(),
        title: format!("{count} listeners on Bus 'tick'"),
        message: format!(
            "{count} listeners on Bus 'tick', growing by 1.0 listeners per minute\nfix: off()"
        ),
        advice: "off()".to_owned(),
        count,
        peak: count,
        bytes: None,
        rate_per_minute: 1.0,
        eta_ms: None,
        first_seen: 1_000,
        last_seen: 2_000,
        site: Some(site(line)),
        sites: vec![SiteShare {
            site: site(line),
            share: 1.0,
        }],
        marks: Vec::new(),
        victims: Vec::new(),
        evidence: vec![Evidence {
            signal: "peak".to_owned(),
            detail: "it rose".to_owned(),
        }],
        history: vec![(1_000, 1), (2_000, count)],
    }
}

fn report(pid: u32, verdict: Verdict, findings: Vec<Finding>) -> Report {
    let context = format!(
        r#"{{ "node": "v20.20.2", "pid": {pid}, "threadId": 0, "at": 1800000100000, "level": "sites" }}"#
    );
    let context = Context::from_json(&context).unwrap();
    Report {
        findings,
        verdict,
        ..Report::assemble(&Guard::new(settings(4, 60)), context)
    }
}

fn leaking(pid: u32, finding: Finding) -> Report {
    report(pid, Verdict::Leak, vec![finding])
}

#[test]
fn one_cause_in_two_processes_is_one_finding_with_both_counts() {
    let mut worse = finding(12, 30);
    worse.confidence = 0.99;
    worse.evidence[0].detail = "it rose for sure".to_owned();
    worse.marks = vec![MarkCount {
        label: "adds".to_owned(),
        count: 3,
    }];
    worse.first_seen = 500;
    let mut larger = finding(12, 90);
    larger.marks = vec![
        MarkCount {
            label: "adds".to_owned(),
            count: 1,
        },
        MarkCount {
            label: "removes".to_owned(),
            count: 9,
        },
    ];
    let merged = merge(vec![leaking(1, worse), leaking(2, larger.clone())]).unwrap();
    let [both] = &merged.findings[..] else {
        panic!("one cause");
    };
    assert_eq!((both.count, both.peak), (120, 120));
    assert_eq!(both.title, "120 listeners on Bus 'tick'");
    assert_eq!(
        both.message,
        "120 listeners on Bus 'tick', growing by 2.0 listeners per minute\nfix: off()"
    );
    assert_eq!(both.evidence[0].detail, "it rose for sure");
    assert_eq!(both.history, larger.history);
    assert_eq!((both.first_seen, both.last_seen), (500, 2_000));
    let marks: Vec<_> = both
        .marks
        .iter()
        .map(|mark| (&*mark.label, mark.count))
        .collect();
    assert_eq!(marks, [("removes", 9), ("adds", 4)]);
}

#[test]
fn what_tests_left_is_still_called_left() {
    let left = || Finding {
        tier: Tier::Contract,
        rate_per_minute: 0.0,
        ..finding(12, 1)
    };
    let merged = merge(vec![leaking(1, left()), leaking(2, left())]).unwrap();
    assert_eq!(merged.findings[0].title, "2 listeners left on Bus 'tick'");
    assert_eq!(
        merged.findings[0].message,
        "2 listeners left on Bus 'tick'\nfix: off()"
    );
}

#[test]
fn the_shares_of_sites_are_weighted_by_what_each_process_found() {
    let split = |count, first: u32, second: u32| {
        let share = |line, share| SiteShare {
            site: site(line),
            share,
        };
        Finding {
            sites: vec![share(first, 0.75), share(second, 0.25)],
            ..finding(1, count)
        }
    };
    let merged = merge(vec![
        leaking(1, split(30, 1, 2)),
        leaking(2, split(10, 2, 3)),
    ])
    .unwrap();
    let sites = &merged.findings[0].sites;
    let shares: Vec<_> = sites
        .iter()
        .map(|share| (share.site.frame.line, share.share))
        .collect();
    assert_eq!(shares, [(1, 0.5625), (2, 0.375), (3, 0.0625)]);
}

#[test]
fn another_site_another_tier_and_another_signature_are_other_findings() {
    let other_tier = Finding {
        tier: Tier::Contract,
        ..finding(12, 3)
    };
    let other_signature = Finding {
        signature: "ff00".to_owned(),
        ..finding(12, 4)
    };
    let reports = [finding(12, 1), finding(13, 2), other_tier, other_signature];
    let merged = merge(reports.map(|finding| leaking(1, finding)).to_vec()).unwrap();
    let counts: Vec<u64> = merged
        .findings
        .iter()
        .map(|finding| finding.count)
        .collect();
    assert_eq!(counts, [4, 3, 2, 1], "the largest first");
}

#[test]
fn what_a_test_allows_stays_apart_from_what_another_left_at_the_same_line() {
    let allowed = Finding {
        severity: Severity::Note,
        evidence: vec![Evidence {
            signal: "allowed".to_owned(),
            detail: String::new(),
        }],
        ..finding(12, 5)
    };
    let both = report(1, Verdict::Leak, vec![finding(12, 3), allowed.clone()]);
    let merged = merge(vec![both, report(2, Verdict::Clean, vec![allowed])]).unwrap();
    let told: Vec<_> = merged
        .findings
        .iter()
        .map(|finding| (finding.severity, finding.count))
        .collect();
    assert_eq!(told, [(Severity::Leak, 3), (Severity::Note, 10)]);
}

#[test]
fn the_head_is_that_of_the_worst_process_and_all_are_listed_behind_it() {
    let clean = report(1, Verdict::Clean, Vec::new());
    let guilty = leaking(2, finding(12, 30));
    let young = report(3, Verdict::Inconclusive, Vec::new());
    let merged = merge(vec![clean, young, guilty]).unwrap();
    assert_eq!((merged.verdict, merged.pid), (Verdict::Leak, 2));
    let pids: Vec<u32> = merged.processes.iter().map(|one| one.pid).collect();
    assert_eq!(pids, [2, 3, 1]);
    let text = render(&merged.to_json(), Format::Text, &Root::new("")).unwrap();
    assert!(
        text.starts_with("leakguard: 1 leak (3 processes and threads, the worst: "),
        "{text}"
    );
    assert!(
        text.contains("from    leak: pid 2; inconclusive: pid 3; clean: pid 1\n"),
        "{text}"
    );
}

#[test]
fn ledgers_and_costs_are_added_up_and_the_worst_state_of_a_hook_is_told() {
    let mut one = report(1, Verdict::Clean, Vec::new());
    let mut two = report(2, Verdict::Clean, Vec::new());
    one.shims.insert("timers".to_owned(), HookState::Failed);
    two.shims.insert("timers".to_owned(), HookState::On);
    one.ledger.dropped = 1;
    two.ledger.dropped = u64::MAX;
    one.overhead.cpu_ms = 1.5;
    two.overhead.cpu_ms = 2.5;
    two.notes = vec!["said twice".to_owned()];
    one.notes = two.notes.clone();
    let merged = merge(vec![two, one]).unwrap();
    assert_eq!(merged.shims["timers"], HookState::Failed);
    assert_eq!(merged.ledger.dropped, u64::MAX);
    assert!((merged.overhead.cpu_ms - 4.0).abs() < f64::EPSILON);
    assert_eq!(merged.notes, ["said twice"]);
}

#[test]
fn nothing_is_no_report_and_what_is_no_report_is_refused() {
    assert_eq!(merge(Vec::new()), None);
    assert!(merge_stored([])
        .unwrap_err()
        .to_string()
        .contains("one or more"));
    let good = report(1, Verdict::Clean, Vec::new()).to_json();
    assert!(merge_stored([&*good, "{}"])
        .unwrap_err()
        .to_string()
        .contains("schema is missing"));
}

prop_compose! {
    /// Of few causes, so that they meet; shares and rates are dyadic, so that sums are exact.
    fn any_finding()(
        line in 1..4u32,
        signature in 0..2u32,
        severity in 0..3u8,
        confidence in 0..3u8,
        tier in any::<bool>(),
        count in 1..5u64,
        owner in 0..3u32,
        detail in 0..3u32,
        signal in 0..3usize,
        height in 0..4u64,
        mark in 0..4u32,
        bytes in proptest::option::of(0..9u64),
        eta_ms in proptest::option::of(0..9u64),
    ) -> Finding {
        let base = finding(line, count);
        Finding {
            signature: format!("{signature:016x}"),
            severity: [Severity::Note, Severity::Suspect, Severity::Leak][usize::from(severity)],
            confidence: f64::from(confidence) / 4.0,
            tier: if tier { Tier::Trend } else { Tier::Contract },
            owner: format!("Bus {owner}"),
            evidence: vec![Evidence { signal: ["peak", "allowed", "baseline"][signal].to_owned(),
                detail: detail.to_string(),
            }],
            history: vec![(1, 1), (2, height)],
            marks: vec![MarkCount { label: mark.to_string(), count }],
            victims: vec![Victim {
                kind: Kind::Objects,
                what: mark.to_string(),
                owner: String::new(),
                count,
                bytes,
            }],
            bytes,
            eta_ms,
            ..base
        }
    }
}

prop_compose! {
    fn any_report()(
        pid in 1..6u32,
        ticks in 0..3u32,
        tracked in 0..100u64,
        findings in proptest::collection::vec(any_finding(), 0..5),
        note in 0..3u32,
    ) -> Report {
        let verdict = match findings.iter().map(|finding| finding.severity).max() {
            Some(Severity::Leak) => Verdict::Leak,
            Some(Severity::Suspect) => Verdict::Suspect,
            Some(Severity::Note) => Verdict::Inconclusive,
            None => Verdict::Clean,
        };
        let base = report(pid, verdict, findings);
        Report {
            ticks,
            ledger: LedgerState { tracked, ..base.ledger },
            notes: vec![note.to_string()],
            ..base
        }
    }
}

/// With shares to a millionth: they are averaged, and the order of rounding is not ours to choose.
fn rounded(mut report: Report) -> Report {
    for finding in &mut report.findings {
        for site in &mut finding.sites {
            site.share = (site.share * 1e6).round();
        }
    }
    report
}

proptest! {
    #[test]
    fn neither_order_nor_grouping_matters(
        reports in proptest::collection::vec(any_report(), 1..7),
        at in 0..7usize,
    ) {
        let all = rounded(merge(reports.clone()).unwrap());
        let backwards = reports.iter().rev().cloned().collect();
        prop_assert_eq!(&rounded(merge(backwards).unwrap()), &all);
        let (left, right) = reports.split_at(at.min(reports.len()));
        let halves = [left, right].into_iter().filter_map(|half| merge(half.to_vec()));
        prop_assert_eq!(&rounded(merge(halves.collect()).unwrap()), &all);
    }

    #[test]
    fn nothing_is_lost(reports in proptest::collection::vec(any_report(), 1..7)) {
        let sum = |reports: &[Report]| -> u64 {
            let findings = reports.iter().flat_map(|report| &report.findings);
            findings.map(|finding| finding.count).sum()
        };
        let merged = merge(reports.clone()).unwrap();
        prop_assert_eq!(sum(&reports), sum(std::slice::from_ref(&merged)));
        prop_assert_eq!(merged.processes.len(), reports.len());
        let read = merge_stored([&*merged.to_json()]).unwrap();
        prop_assert_eq!(serde_json::from_str::<Report>(&read).unwrap(), merged);
    }
}
