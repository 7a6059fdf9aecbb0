//! One cause, one finding: what grows because something else does is folded under it as a victim.
//!
//! A leaked connection is a socket, with listeners, a timer, an entry in a Set, and the objects of
//! its request behind it: five populations, each of which grows and keeps what it gets. Mending the
//! connection mends them all. Two rules say who is whose victim.
//!
//! 1. **By sort.** What hooks see comes before what the heap's sampler sees: a listener, a timer or an
//!    entry *is* the reference, a live object is what hangs on it. So all allocation sites that grow
//!    are victims of any leak that a hook has found, and of the largest among themselves where no hook
//!    saw one. The heap as a whole is a victim of whatever accounts for most of its growth.
//! 2. **By place.** Among what hooks see, populations from one package or one line have one cause, and
//!    those of one sort from one function: what the event loop holds by itself (handles, timers)
//!    before what somebody has to hold (listeners, entries), down [`rank`]. Two lines of a function that leak different things are two causes. A population whose
//!    site nobody knows is a victim of one of its own sort whose site is known, and lends its name to
//!    a nameless one: `globalThis.log` holds the Map that `remember` adds to.
//!
//! Rule 1 can hide a second leak of plain objects behind a first of listeners: it is named among the
//! victims, and comes to the front when the first is mended.

use super::finding::{Evidence, Finding, Frame, Severity, Site, SiteShare, Victim};
use super::phrase::percent;
use crate::ledger::Kind;

/// Victims that a finding lists, the largest first.
const MAX_VICTIMS: usize = 16;

/// Sites that a finding lists, as elsewhere.
const MAX_SITES: usize = 10;

/// Share of the heap's growth that has to be accounted for (DESIGN, section 1).
pub(super) const MIN_EXPLAINED: f64 = 0.8;

/// Two counts of one thing, asked at different moments, may differ by so much.
const SAME_COUNT: f64 = 0.05;

/// Findings with their victims under them. `explained` is the share of the heap's growth that is
/// accounted for, if it is known.
pub(super) fn fold(mut findings: Vec<Finding>, explained: Option<f64>) -> Vec<Finding> {
    findings.sort_by(|a, b| rank(a).cmp(&rank(b)).then(b.count.cmp(&a.count)));
    let mut causes: Vec<Cause> = Vec::new();
    for finding in findings {
        let cause = causes
            .iter_mut()
            .find(|cause| is_victim(&finding, &cause.finding, explained));
        match cause {
            Some(cause) => cause.take(finding),
            None => causes.push(Cause::new(finding)),
        }
    }
    causes
        .into_iter()
        .map(|cause| cause.finish(explained))
        .collect()
}

/// A finding on its way to its victims.
struct Cause {
    finding: Finding,
    /// The sites of a cause that counts bytes and of its victims, with their bytes.
    sites: Vec<(Site, f64)>,
}

impl Cause {
    fn new(finding: Finding) -> Self {
        let sites = sites_in_bytes(&finding);
        Self { finding, sites }
    }

    fn take(&mut self, victim: Finding) {
        let cause = &mut self.finding;
        if cause.counts_bytes() {
            self.sites.extend(sites_in_bytes(&victim));
        } else {
            if cause.site.is_none() && victim.site.is_some() {
                cause.site.clone_from(&victim.site);
                cause.sites.clone_from(&victim.sites);
            }
            if let Some(bytes) = victim.bytes.filter(|_| victim.kind != Kind::Heap) {
                cause.bytes = Some(cause.bytes.unwrap_or(0) + bytes);
            }
        }
        cause.victims.push(Victim {
            owner: name_of(&victim),
            kind: victim.kind,
            what: victim.what,
            count: victim.count,
            bytes: victim.bytes,
        });
        cause.victims.extend(victim.victims);
    }

    fn finish(mut self, explained: Option<f64>) -> Finding {
        let victims = &mut self.finding.victims;
        victims.sort_by_key(|victim| std::cmp::Reverse((victim.bytes, victim.count)));
        victims.truncate(MAX_VICTIMS);
        if self.finding.counts_bytes() {
            self.sites.sort_by(|a, b| b.1.total_cmp(&a.1));
            let total: f64 = self.sites.iter().map(|(_, bytes)| bytes).sum();
            let share = |(site, bytes): (Site, f64)| SiteShare {
                site,
                share: (bytes / total.max(1.0) * 100.0).round() / 100.0,
            };
            self.finding.sites = self.sites.into_iter().map(share).take(MAX_SITES).collect();
        }
        if let (Kind::Heap, Some(share)) = (self.finding.kind, explained) {
            self.finding.evidence.push(Evidence {
                signal: "explained".to_owned(),
                detail: format!(
                    "the other findings account for {} of its growth: the rest has an unknown source",
                    percent(share)
                ),
            });
        }
        self.finding
    }
}

fn sites_in_bytes(finding: &Finding) -> Vec<(Site, f64)> {
    let weigh = |share: &SiteShare| (share.site.clone(), share.share * finding.count as f64);
    finding.sites.iter().map(weigh).collect()
}

/// The nearer to the cause, the lower; the heap last. Node's own allocations come behind those of the
/// host, and a population without a site behind one that has one.
fn rank(finding: &Finding) -> (u8, bool, bool) {
    let kind = match finding.kind {
        Kind::Retained => 0,
        Kind::Handles => 1,
        Kind::Timers => 2,
        Kind::Listeners => 3,
        Kind::Globals => 4,
        Kind::Collections => 5,
        Kind::Promises if !finding.counts_bytes() => 6,
        Kind::Promises | Kind::Objects => 7,
        Kind::Heap => 8,
    };
    let internal = finding
        .site
        .as_ref()
        .is_some_and(|site| site.frame.file.starts_with("node:"));
    (kind, finding.site.is_none(), internal)
}

fn is_victim(finding: &Finding, cause: &Finding, explained: Option<f64>) -> bool {
    // A suspect explains nothing, and what must be gone is a contract of its own.
    if cause.severity != Severity::Leak || finding.kind == Kind::Retained {
        return false;
    }
    match finding.kind {
        Kind::Heap => {
            cause.kind != Kind::Heap && explained.is_some_and(|share| share >= MIN_EXPLAINED)
        }
        _ if finding.counts_bytes() => cause.kind != Kind::Retained,
        _ => is_same_thing(finding, cause) || share_a_place(finding, cause),
    }
}

/// One population, seen twice: by its owner's name and by its site, or by type and by site.
fn is_same_thing(finding: &Finding, cause: &Finding) -> bool {
    match (cause.kind, finding.kind) {
        (Kind::Handles, Kind::Handles) => finding.site.is_none(),
        (Kind::Globals, Kind::Collections) => {
            cause.what == finding.what && is_close(cause.count, finding.count)
        }
        _ => false,
    }
}

fn is_close(a: u64, b: u64) -> bool {
    a.abs_diff(b) as f64 <= a.max(b) as f64 * SAME_COUNT
}

/// Whether the sites lie in one package or were reached from one line; for two populations of one sort
/// one named function is enough.
fn share_a_place(finding: &Finding, cause: &Finding) -> bool {
    let (Some(one), Some(other)) = (&finding.site, &cause.site) else {
        return false;
    };
    if one.package.is_some() && one.package == other.package {
        return true;
    }
    let is_one_place = if (finding.kind, &finding.what) == (cause.kind, &cause.what) {
        is_one_function
    } else {
        is_one_line
    };
    frames(one).any(|frame| frames(other).any(|it| is_one_place(frame, it)))
}

fn frames(site: &Site) -> impl Iterator<Item = &Frame> {
    std::iter::once(&site.frame).chain(&site.app)
}

fn is_one_line(a: &Frame, b: &Frame) -> bool {
    a.file == b.file && a.line == b.line
}

fn is_one_function(a: &Frame, b: &Frame) -> bool {
    // All functions without a name look alike.
    a.file == b.file && a.function == b.function && a.function != "<anonymous>"
}

/// A victim is known by what owns it, or else by who made it.
fn name_of(finding: &Finding) -> String {
    match &finding.site {
        Some(site) if finding.owner.is_empty() || finding.owner == finding.what => {
            let frame = &site.frame;
            format!("{}:{} {}", frame.file, frame.line, frame.function)
        }
        _ => finding.owner.clone(),
    }
}
