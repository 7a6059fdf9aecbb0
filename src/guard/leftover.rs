//! What was registered since a mark and is still there: findings of the contract tier, and, where a
//! scenario was run in rounds, of the scenario tier.
//!
//! The host has asked each registration whether it is still there (`lib/registrations.js`) and knows the
//! line of each, so there is nothing to estimate. What is left to decide is what may be called a leak:
//! - A first look proves nothing, for what is there may be about to go. It is a suspicion until the host
//!   has waited, collected and looked again.
//! - A few entries more are what every cache gains, so below [`MIN_ENTRIES`] of one mark they are a
//!   suspicion. What the host follows by name has no such minimum.
//! - What lets the process end is a suspicion, since pools keep such.
//! - What a mark's code allows is a note, apart from what others have left at the same line.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::advice::{self, Topic};
use super::finding::{self, Evidence, Finding, MarkCount, Severity, Site, SiteShare, Tier};
use super::folding::fold;
use super::known;
use super::phrase::{count, plural, printable, whole};
use super::population::who_adds;
use super::signature::Signature;
use crate::error::{Error, Result};
use crate::ledger::{Kind, Ledger};

/// A cache of the application gains an entry or two with every test; eight of one test are kept by
/// something that has no bound in sight.
const MIN_ENTRIES: u64 = 8;
/// As sure as a verdict on both signals gets.
const CONFIDENCE: f64 = 0.99;
/// At most that of a suspect.
const DOUBT: f64 = 0.5;
/// Marks that a finding lists; a helper that leaks does so in every test.
pub(super) const MAX_LISTED_MARKS: usize = 64;

/// The registrations of one line under one mark, as far as they are still there.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Leftover {
    kind: Kind,
    what: String,
    owner: String,
    /// Whether the host follows it by name.
    #[serde(default)]
    named: bool,
    /// Number of the site that registered; 0: unknown.
    site: u32,
    /// Label of the mark that ran the code; null: none did.
    mark: Option<String>,
    /// Bytes, of objects and promises, which only the heap's sampler sees.
    count: u64,
    /// Whether the code that the mark ran allows it.
    #[serde(default)]
    allowed: bool,
    /// Why it is no more than a suspicion, if it is.
    doubt: Option<Doubt>,
    /// Growth of each round, where a scenario was run.
    #[serde(default)]
    rounds: Vec<u64>,
}

/// What speaks against calling it a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Doubt {
    /// Nobody has waited for it.
    Fresh,
    /// It does not keep the process.
    Unreferenced,
    /// It was registered while a module was loaded.
    Loading,
    /// Most of what was added was taken away again.
    Bounded,
    /// Not every round of a scenario gained as much as it had loops.
    Rounds,
}

impl Doubt {
    fn reason(self) -> &'static str {
        match self {
            Self::Fresh => "this is a first look, and what is about to go is still there",
            Self::Unreferenced => "it lets the process end, as what is kept in a pool does",
            Self::Loading => "it was registered while a module was loaded, which happens once",
            Self::Bounded => {
                "most of what was added was taken away again, as a cache at its bound does"
            }
            Self::Rounds => "not every round gained as much as it had loops",
        }
    }
}

/// All that was left, and how it was found.
#[derive(Clone, Debug, Deserialize)]
pub struct Leftovers {
    tier: Tier,
    /// Epoch milliseconds of the mark.
    since: f64,
    /// Epoch milliseconds.
    at: f64,
    parts: Vec<Leftover>,
}

impl Leftovers {
    /// What was left, from its JSON.
    ///
    /// # Errors
    /// `InvalidInput` with the offset of the fault.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|cause| Error::json("leftovers", text, cause))
    }

    /// One finding for each line, and one for what is allowed there; the worst and largest first.
    pub(super) fn findings(&self, ledger: &Ledger) -> Vec<Finding> {
        let mut causes: FxHashMap<_, Vec<&Leftover>> = FxHashMap::default();
        for part in &self.parts {
            let cause = (
                part.kind,
                &*part.what,
                &*part.owner,
                part.site,
                part.allowed,
            );
            causes.entry(cause).or_default().push(part);
        }
        let describe = |parts: &Vec<_>| self.describe(parts, ledger);
        let mut findings: Vec<Finding> = causes.values().map(describe).collect();
        // What a test runner or Node keeps by design is nobody's to take away.
        findings.retain_mut(|finding| {
            known::quieten(finding, 0.0);
            finding.severity > Severity::Note || finding.is_allowed()
        });
        if self.tier == Tier::Scenario {
            findings = fold(findings, None);
        }
        findings.sort_by(|a, b| {
            let place = |finding: &Finding| finding.site.as_ref().map(place_of);
            let by_size = || b.count.cmp(&a.count).then_with(|| place(a).cmp(&place(b)));
            b.severity.cmp(&a.severity).then_with(by_size)
        });
        findings
    }

    /// One cause; `parts` are never empty.
    fn describe(&self, parts: &[&Leftover], ledger: &Ledger) -> Finding {
        let Leftover {
            kind, what, owner, ..
        } = parts[0];
        let kind = *kind;
        let site = ledger.site_numbered(parts[0].site);
        let signature = Signature::of(kind, owner, site.as_ref());
        let site = site.as_ref().map(Site::from);
        let sites: Vec<SiteShare> = site
            .iter()
            .map(|site| SiteShare {
                site: site.clone(),
                share: 1.0,
            })
            .collect();
        let total = parts.iter().map(|part| part.count).sum();
        let marks = marks_of(parts);
        let doubt = self.doubt(parts, &marks);
        let (severity, confidence) = if parts[0].allowed {
            (Severity::Note, CONFIDENCE)
        } else if doubt.is_some() {
            (Severity::Suspect, DOUBT)
        } else {
            (Severity::Leak, CONFIDENCE)
        };
        let is_memory = matches!(kind, Kind::Objects | Kind::Promises);
        let topic = Topic {
            kind,
            what,
            owner,
            is_memory,
        };
        let title = topic.left(total);
        let evidence = self.evidence(parts, total, doubt);
        let mut lines = vec![title.clone()];
        lines.extend(who_adds(&sites));
        lines.extend(in_marks(&marks));
        lines.extend(evidence.iter().map(|evidence| evidence.detail.clone()));
        lines.push(format!("fix: {}", advice::fix(kind, what)));
        Finding {
            signature: signature.to_string(),
            kind,
            what: what.clone(),
            severity,
            confidence,
            tier: self.tier,
            owner: owner.clone(),
            title,
            message: printable(&lines.join("\n")),
            advice: advice::fix(kind, what).to_owned(),
            count: total,
            peak: total,
            bytes: is_memory.then_some(total),
            rate_per_minute: 0.0,
            eta_ms: None,
            first_seen: whole(self.since),
            last_seen: whole(self.at),
            site,
            sites,
            marks: marks.into_iter().take(MAX_LISTED_MARKS).collect(),
            victims: Vec::new(),
            evidence,
            history: Vec::new(),
        }
    }

    /// The reason why it is a suspicion only.
    fn doubt(&self, parts: &[&Leftover], marks: &[MarkCount]) -> Option<&'static str> {
        let of_one_mark = marks.iter().map(|mark| mark.count).max();
        let is_small =
            of_one_mark.unwrap_or_else(|| parts.iter().map(|part| part.count).sum()) < MIN_ENTRIES;
        let is_cache = parts[0].kind == Kind::Collections && !parts[0].named;
        if self.tier == Tier::Contract && is_cache && is_small {
            return Some("a few entries more are what every cache gains");
        }
        let certain = parts.iter().any(|part| part.doubt.is_none());
        parts[0].doubt.filter(|_| !certain).map(Doubt::reason)
    }

    fn evidence(
        &self,
        parts: &[&Leftover],
        total: u64,
        doubt: Option<&'static str>,
    ) -> Vec<Evidence> {
        let (signal, detail) = if self.tier == Tier::Scenario {
            let Leftover {
                kind, what, rounds, ..
            } = parts[0];
            let rounds: Vec<String> = rounds.iter().copied().map(count).collect();
            let units = advice::unit(*kind, what);
            (
                "rounds",
                format!("grew by {} {units} in the rounds", rounds.join(", ")),
            )
        } else {
            let there = if total == 1 { "is" } else { "are" };
            let fresh = parts.iter().all(|part| part.doubt == Some(Doubt::Fresh));
            let after = if fresh {
                ""
            } else {
                ", after the wait for stragglers and a full collection"
            };
            let registered = plural(total, "registration", "registrations");
            (
                "contract",
                format!("{registered} since the mark {there} still there{after}"),
            )
        };
        let doubt = doubt.map(|reason| ("doubt", reason.to_owned()));
        let allowed = parts[0].allowed.then(|| {
            let reason = "the code that leaves it allows it".to_owned();
            (finding::ALLOWED, reason)
        });
        let said = |(signal, detail): (&str, String)| Evidence {
            signal: signal.to_owned(),
            detail,
        };
        std::iter::once((signal, detail))
            .chain(doubt)
            .chain(allowed)
            .map(said)
            .collect()
    }
}

/// For the order of a report.
fn place_of(site: &Site) -> (String, u32, u32) {
    let frame = &site.frame;
    (frame.file.clone(), frame.line, frame.column)
}

/// In the order of the parts, which is the host's.
fn marks_of(parts: &[&Leftover]) -> Vec<MarkCount> {
    let mut marks: Vec<MarkCount> = Vec::new();
    for part in parts {
        let Some(label) = &part.mark else { continue };
        match marks.iter_mut().find(|mark| mark.label == *label) {
            Some(mark) => mark.count += part.count,
            None => marks.push(MarkCount {
                label: label.clone(),
                count: part.count,
            }),
        }
    }
    marks
}

/// `in "cart > adds" and 2 others`.
fn in_marks(marks: &[MarkCount]) -> Option<String> {
    let first = &marks.first()?.label;
    Some(match marks.len() {
        1 => format!("in \"{first}\""),
        number => format!("in \"{first}\" and {} others", number - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(parts: &str) -> Vec<Finding> {
        let json = format!(r#"{{"tier":"contract","since":1000.5,"at":2000,"parts":[{parts}]}}"#);
        let ledger = Ledger::new(16, 1, 96);
        Leftovers::from_json(&json)
            .expect("the host's shape")
            .findings(&ledger)
    }

    const LISTENER: &str = r#"{"kind":"listeners","what":"EventEmitter","owner":"Bus 'x'","site":0,
        "mark":"adds","count":1,"doubt":null}"#;

    fn entries(mark: &str, count: u32, named: bool) -> String {
        format!(
            r#"{{"kind":"collections","what":"Map","owner":"Map","site":0,"named":{named},
            "mark":"{mark}","count":{count},"doubt":null}}"#
        )
    }

    #[test]
    fn a_first_look_is_a_suspicion_and_a_settled_one_a_leak() {
        let first = &findings(&LISTENER.replace("null", "\"fresh\""))[0];
        assert_eq!(first.severity, Severity::Suspect);
        let settled = &findings(LISTENER)[0];
        assert_eq!(settled.severity, Severity::Leak);
        assert_eq!(settled.tier, Tier::Contract);
        assert_eq!(settled.title, "1 listener left on Bus 'x'");
        assert_eq!(settled.marks[0].label, "adds");
        assert_eq!((settled.first_seen, settled.last_seen), (1001, 2000));
    }

    #[test]
    fn one_line_that_leaks_in_two_tests_is_one_finding_that_names_both() {
        let parts = format!("{},{}", entries("one", 8, false), entries("two", 9, false));
        let [finding] = &findings(&parts)[..] else {
            panic!("one cause");
        };
        assert_eq!(finding.count, 17);
        let labels: Vec<&str> = finding.marks.iter().map(|mark| &*mark.label).collect();
        assert_eq!(labels, ["one", "two"]);
        assert!(finding.message.contains("in \"one\" and 1 others"));
    }

    #[test]
    fn fewer_than_eight_entries_of_one_mark_are_a_suspicion_unless_the_map_has_a_name() {
        let severity = |parts: &str| findings(parts)[0].severity;
        let few = format!("{},{}", entries("one", 7, false), entries("two", 7, false));
        assert_eq!(severity(&few), Severity::Suspect);
        assert_eq!(severity(&entries("one", 8, false)), Severity::Leak);
        assert_eq!(severity(&entries("one", 1, true)), Severity::Leak);
    }

    #[test]
    fn what_is_allowed_is_a_note_beside_what_others_left_at_the_same_line() {
        let allowed = entries("one", 9, true).replace("\"named\"", "\"allowed\":true,\"named\"");
        let both = findings(&format!("{allowed},{}", entries("two", 8, true)));
        let told: Vec<(Severity, u64, bool)> = both
            .iter()
            .map(|finding| (finding.severity, finding.count, finding.is_allowed()))
            .collect();
        assert_eq!(
            told,
            [(Severity::Leak, 8, false), (Severity::Note, 9, true)]
        );
        assert_eq!(both[0].signature, both[1].signature);
        assert_eq!(both[1].marks[0].label, "one");
    }

    #[test]
    fn a_doubt_that_holds_for_all_of_it_makes_it_a_suspicion_and_is_said() {
        let doubtful = LISTENER.replace("null", "\"loading\"");
        let finding = &findings(&doubtful)[0];
        assert_eq!(finding.severity, Severity::Suspect);
        assert!(finding.evidence[1]
            .detail
            .contains("while a module was loaded"));
        let both = format!("{doubtful},{LISTENER}");
        assert_eq!(findings(&both)[0].severity, Severity::Leak);
    }

    fn scenario(parts: &str) -> Vec<Finding> {
        let json = format!(r#"{{"tier":"scenario","since":1000,"at":2000,"parts":[{parts}]}}"#);
        Leftovers::from_json(&json)
            .expect("the host's shape")
            .findings(&Ledger::new(16, 1, 96))
    }

    const OBJECTS: &str = r#"{"kind":"objects","what":"object","owner":"","site":0,"mark":null,
        "count":512,"doubt":null,"rounds":[2,2]}"#;

    #[test]
    fn a_scenario_says_what_each_round_has_added() {
        let listeners = LISTENER.replace("\"doubt\":null", "\"doubt\":null,\"rounds\":[2,1000]");
        let [finding] = &scenario(&listeners)[..] else {
            panic!("one cause");
        };
        assert_eq!(finding.tier, Tier::Scenario);
        assert_eq!(finding.severity, Severity::Leak);
        assert_eq!(
            finding.evidence[0].detail,
            "grew by 2, 1,000 listeners in the rounds"
        );
        let few = entries("", 2, false);
        assert_eq!(scenario(&few)[0].severity, Severity::Leak);
    }

    #[test]
    fn in_a_scenario_live_objects_count_bytes_and_are_victims_of_a_leak_that_a_hook_has_found() {
        let [alone] = &scenario(OBJECTS)[..] else {
            panic!("one cause");
        };
        assert_eq!((alone.count, alone.bytes), (512, Some(512)));
        assert_eq!(alone.title, "512 B of live objects left");
        let [finding] = &scenario(&format!("{OBJECTS},{LISTENER}"))[..] else {
            panic!("one cause");
        };
        assert_eq!(finding.kind, Kind::Listeners);
        assert_eq!(finding.victims[0].bytes, Some(512));
        let near = LISTENER.replace("null", "\"rounds\"");
        assert_eq!(scenario(&format!("{OBJECTS},{near}")).len(), 2);
    }
}
