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
//!    before what somebody has to hold (listeners, entries), down [`rank`]. Two lines of a function
//!    that leak different things are two causes. A population whose site nobody knows is a victim of
//!    one of its own sort whose site is known, or of handles that it is a part of, and lends its name
//!    to a nameless one: `globalThis.log` holds the Map that `remember` adds to.
//!
//! A suspect explains nothing, except what is made in the very place where it is added to: the values of
//! a cache that may be filling up are no more of a leak than the cache.
//!
//! Rule 1 can hide a second leak of plain objects behind a first of listeners: it is named among the
//! victims, and comes to the front when the first is mended.

use super::finding::{Evidence, Finding, Frame, Severity, Site, SiteShare, Victim};
use super::phrase::percent;
use super::population::MAX_LISTED_SITES;
use crate::ledger::Kind;

/// Victims that a finding lists, the largest first.
const MAX_VICTIMS: usize = 16;

/// Share of the heap's growth that has to be accounted for (DESIGN, section 1).
pub(super) const MIN_EXPLAINED: f64 = 0.8;

/// Handles that others have: a child process its pipes, a socket its descriptor.
const PARTS: [&str; 2] = ["pipe", "descriptor"];

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
            self.finding.sites = self
                .sites
                .into_iter()
                .map(share)
                .take(MAX_LISTED_SITES)
                .collect();
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
fn rank(finding: &Finding) -> (u8, u8, bool, bool) {
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
    // Before what contains it.
    let memory = match finding.what.as_str() {
        "rss" => 2,
        "external" => 1,
        _ => 0,
    };
    (kind, memory, finding.site.is_none(), internal)
}

fn is_victim(finding: &Finding, cause: &Finding, explained: Option<f64>) -> bool {
    // What must be gone is a contract of its own.
    if finding.kind == Kind::Retained {
        return false;
    }
    if (cause.kind, finding.kind) == (Kind::Heap, Kind::Heap) {
        return contains(&finding.what, &cause.what);
    }
    if cause.severity != Severity::Leak {
        return finding.counts_bytes() && !cause.counts_bytes() && fill(finding, cause);
    }
    match finding.kind {
        Kind::Heap => {
            cause.kind != Kind::Heap && explained.is_some_and(|share| share >= MIN_EXPLAINED)
        }
        _ if finding.counts_bytes() => cause.kind != Kind::Retained,
        _ => is_same_thing(finding, cause) || share_a_place(finding, cause),
    }
}

/// Whether that memory is part of this: the heap and what is external to it are resident, and array
/// buffers are external.
fn contains(what: &str, part: &str) -> bool {
    what == "rss" || (what == "external" && part == "arrayBuffers")
}

/// Whether these objects are made where that population is added to: then they are what is in it, and
/// leak no more than it does.
fn fill(finding: &Finding, cause: &Finding) -> bool {
    let mut objects = finding.sites.iter().map(|share| &share.site);
    objects.any(|one| {
        let mut additions = cause.sites.iter().map(|share| &share.site);
        additions.any(|other| {
            is_one_package(one, other)
                || frames(one).any(|a| frames(other).any(|b| is_one_function(a, b)))
        })
    })
}

/// One population, seen twice: by its owner's name and by its site, or by type and by site.
fn is_same_thing(finding: &Finding, cause: &Finding) -> bool {
    match (cause.kind, finding.kind) {
        (Kind::Handles, Kind::Handles) => {
            let is_part = |what: &str| PARTS.contains(&what);
            finding.site.is_none()
                && (cause.site.is_some()
                    || is_part(&cause.what)
                    || is_part(&finding.what)
                    || is_close(cause.count, finding.count))
        }
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
    if is_one_package(one, other) {
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

fn is_one_package(a: &Site, b: &Site) -> bool {
    a.package.is_some() && a.package == b.package
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

#[cfg(test)]
mod tests {
    use super::super::finding::example;
    use super::*;

    fn frame(file: &str, line: u32, function: &str) -> Frame {
        Frame {
            file: file.to_owned(),
            line,
            column: 1,
            function: function.to_owned(),
        }
    }

    // As a finding has it.
    #[allow(clippy::unnecessary_wraps)]
    fn app(line: u32, function: &str) -> Option<Site> {
        Some(Site {
            frame: frame("/srv/app.js", line, function),
            package: None,
            app: None,
        })
    }

    #[allow(clippy::unnecessary_wraps)]
    fn of_package(name: &str, line: u32) -> Option<Site> {
        Some(Site {
            frame: frame(&format!("/srv/node_modules/{name}/index.js"), line, "add"),
            package: Some(name.to_owned()),
            app: Some(frame("/srv/app.js", 7, "<anonymous>")),
        })
    }

    fn leak(kind: Kind, what: &str, count: u64, site: Option<Site>) -> Finding {
        let is_memory = matches!(kind, Kind::Heap | Kind::Objects);
        Finding {
            count,
            bytes: is_memory.then_some(count),
            ..example(kind, what, site)
        }
    }

    fn kinds(findings: &[Finding]) -> Vec<Kind> {
        findings.iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn live_objects_are_victims_of_what_a_hook_has_found_and_lend_it_their_bytes() {
        let findings = vec![
            leak(Kind::Objects, "array", 4_000, app(3, "parse")),
            leak(Kind::Collections, "Map", 90, app(12, "remember")),
            leak(Kind::Objects, "object", 6_000, app(5, "build")),
        ];
        let folded = fold(findings, None);
        assert_eq!(kinds(&folded), [Kind::Collections]);
        assert_eq!(folded[0].bytes, Some(10_000));
        let victims: Vec<&str> = folded[0]
            .victims
            .iter()
            .map(|it| it.what.as_str())
            .collect();
        assert_eq!(victims, ["object", "array"]);
        assert_eq!(folded[0].victims[0].owner, "/srv/app.js:5 build");
    }

    #[test]
    fn among_live_objects_the_largest_is_the_cause_and_has_all_their_sites() {
        let findings = vec![
            leak(Kind::Objects, "array", 1_000, app(3, "parse")),
            leak(Kind::Objects, "object", 3_000, app(5, "build")),
        ];
        let folded = fold(findings, None);
        assert_eq!(folded.len(), 1);
        let shares: Vec<(u32, f64)> = folded[0]
            .sites
            .iter()
            .map(|it| (it.site.frame.line, it.share))
            .collect();
        assert_eq!(shares, [(5, 0.75), (3, 0.25)]);
    }

    #[test]
    fn node_itself_is_never_the_cause_while_there_is_another() {
        let mut internal = leak(Kind::Objects, "object", 9_000, app(1, "x"));
        internal.site = Some(Site {
            frame: frame("node:internal/timers", 1, "x"),
            package: None,
            app: None,
        });
        let folded = fold(
            vec![internal, leak(Kind::Objects, "object", 10, app(5, "build"))],
            None,
        );
        assert_eq!(folded.len(), 1);
        assert_eq!(folded[0].count, 10);
    }

    #[test]
    fn one_package_and_one_line_are_one_cause_and_two_lines_of_a_function_are_two() {
        let pair = |a: Option<Site>, b: Option<Site>| {
            kinds(&fold(
                vec![
                    leak(Kind::Listeners, "EventEmitter", 90, a),
                    leak(Kind::Timers, "interval", 90, b),
                ],
                None,
            ))
        };
        assert_eq!(pair(of_package("a", 1), of_package("a", 9)), [Kind::Timers]);
        assert_eq!(pair(app(3, "open"), app(3, "open")), [Kind::Timers]);
        let both = [Kind::Timers, Kind::Listeners];
        assert_eq!(pair(app(3, "open"), app(4, "open")), both);
        assert_eq!(pair(None, app(4, "open")), both);
    }

    #[test]
    fn one_sort_from_one_named_function_is_one_cause() {
        let pair = |what: &str, function: &str| {
            let other = leak(Kind::Listeners, what, 80, app(4, function));
            let findings = vec![
                leak(Kind::Listeners, "EventEmitter", 90, app(3, function)),
                other,
            ];
            fold(findings, None).len()
        };
        assert_eq!(pair("EventEmitter", "open"), 1);
        assert_eq!(pair("AbortSignal", "open"), 2);
        assert_eq!(pair("EventEmitter", "<anonymous>"), 2);
    }

    #[test]
    fn a_global_that_holds_the_collection_takes_its_site() {
        let mut global = leak(Kind::Globals, "Map", 1_000, None);
        global.owner = "globalThis.cache".to_owned();
        let folded = fold(
            vec![
                leak(Kind::Collections, "Map", 990, app(12, "remember")),
                global,
            ],
            None,
        );
        assert_eq!(kinds(&folded), [Kind::Globals]);
        assert_eq!(folded[0].site, app(12, "remember"));
        assert_eq!(folded[0].sites.len(), 1);
    }

    #[test]
    fn handles_without_a_site_are_one_cause_where_they_are_as_many_or_one_is_a_part() {
        let of = |count| leak(Kind::Handles, "FSWatcher", count, None);
        let sockets = leak(Kind::Handles, "Socket", 200, None);
        assert_eq!(fold(vec![sockets.clone(), of(90)], None).len(), 2);
        assert_eq!(fold(vec![sockets.clone(), of(198)], None).len(), 1);
        let pipes = leak(Kind::Handles, "pipe", 600, None);
        assert_eq!(fold(vec![sockets, pipes], None).len(), 1);
    }

    #[test]
    fn handles_of_a_type_belong_to_those_whose_site_is_known() {
        let folded = fold(
            vec![
                leak(Kind::Handles, "TCPSocketWrap", 200, None),
                leak(Kind::Handles, "Socket", 190, app(9, "dial")),
            ],
            None,
        );
        assert_eq!(folded.len(), 1);
        assert_eq!(folded[0].what, "Socket");
    }

    #[test]
    fn a_suspect_has_no_victims_but_what_is_made_where_it_is_filled() {
        let folded = |function| {
            let mut suspect = leak(Kind::Collections, "Map", 90, app(12, "remember"));
            suspect.severity = Severity::Suspect;
            let objects = leak(Kind::Objects, "object", 6_000, app(5, function));
            fold(vec![suspect, objects], None)
        };
        assert_eq!(folded("build").len(), 2);
        let filling = folded("remember");
        assert_eq!(kinds(&filling), [Kind::Collections]);
        assert_eq!(filling[0].severity, Severity::Suspect);
    }

    #[test]
    fn the_heap_is_a_victim_when_four_fifths_of_its_growth_are_accounted_for_and_says_so_when_less()
    {
        let folded = |explained| {
            fold(
                vec![
                    leak(Kind::Heap, "heap", 50_000, None),
                    leak(Kind::Objects, "object", 6_000, app(5, "build")),
                ],
                explained,
            )
        };
        assert_eq!(kinds(&folded(Some(0.8))), [Kind::Objects]);
        assert_eq!(kinds(&folded(None)), [Kind::Objects, Kind::Heap]);
        let unknown = &folded(Some(0.79))[1];
        assert!(unknown.evidence[0].detail.contains("79 %"), "{unknown:?}");
    }

    #[test]
    fn resident_memory_grows_because_its_parts_do() {
        let memory = |what| {
            let mut finding = leak(Kind::Heap, what, 50_000, None);
            finding.severity = Severity::Suspect;
            finding
        };
        let whats = |findings: Vec<Finding>| -> Vec<String> {
            fold(findings, None).into_iter().map(|it| it.what).collect()
        };
        assert_eq!(whats(vec![memory("rss"), memory("heap")]), ["heap"]);
        assert_eq!(
            whats(vec![memory("external"), memory("arrayBuffers")]),
            ["arrayBuffers"]
        );
        assert_eq!(
            whats(vec![memory("external"), memory("heap")]),
            ["heap", "external"]
        );
        assert_eq!(whats(vec![memory("rss")]), ["rss"]);
    }

    #[test]
    fn the_sixteenth_victim_is_listed_and_the_seventeenth_is_not() {
        let mut findings = vec![leak(Kind::Collections, "Map", 90, app(12, "remember"))];
        findings.extend((0..17).map(|n| leak(Kind::Objects, "object", 100 + n, app(20, "build"))));
        let victims = &fold(findings, None)[0].victims;
        assert_eq!(victims.len(), MAX_VICTIMS);
        assert_eq!(victims[0].count, 116);
    }
}
