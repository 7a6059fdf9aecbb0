//! All subjects of one cause, described as one finding: counts summed, shares and histories merged.

use rustc_hash::FxHashMap;

use super::advice::{self, Topic};
use super::blame::Blame;
use super::case::judge_view;
use super::clock::Clock;
use super::contract;
use super::evidence;
use super::finding::{Evidence, Finding, Severity, Site, SiteShare, Tier};
use super::phrase::{bytes, count, duration, percent, printable, whole};
use super::signature::Signature;
use super::Settings;
use crate::ledger::{Kind, Ledger, View, BUCKETS};
use crate::verdict::succession::DOMINANT_SHARE;
use crate::verdict::Judgement;

/// Sites a finding lists; more do not help to mend it.
pub(super) const MAX_LISTED_SITES: usize = 10;

/// Why a population is described.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// It was raised.
    Raised {
        severity: Severity,
        judgement: Judgement,
    },
    /// It stands out, and is too young for more.
    Note,
}

impl Standing {
    fn severity(&self) -> Severity {
        match self {
            Self::Raised { severity, .. } => *severity,
            Self::Note => Severity::Note,
        }
    }
}

/// How much of a population is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// All there is.
    Full,
    /// Neither words nor history nor evidence, which are most of the work: for those who count findings.
    Numbers,
}

/// The subjects of one cause, the largest first; never empty but for a cause that just vanished.
pub(super) struct Population<'a> {
    ledger: &'a Ledger,
    clock: Clock,
    settings: &'a Settings,
    members: Vec<View<'a>>,
    kind: Kind,
    what: &'a str,
    owner: &'a str,
    unit: u64,
    /// Whether levels are memory, not members.
    is_memory: bool,
}

impl<'a> Population<'a> {
    pub(super) fn new(
        ledger: &'a Ledger,
        clock: Clock,
        settings: &'a Settings,
        mut members: Vec<View<'a>>,
    ) -> Self {
        members.sort_by_key(|view| std::cmp::Reverse(view.level()));
        let (kind, what, owner) = members.first().map_or((Kind::Retained, "", ""), |view| {
            (view.kind(), view.what(), view.owner())
        });
        let unit_bytes = members.first().and_then(View::unit_bytes);
        Self {
            ledger,
            clock,
            settings,
            members,
            kind,
            what,
            owner,
            unit: u64::from(unit_bytes.unwrap_or(1)),
            is_memory: unit_bytes.is_some(),
        }
    }

    pub(super) fn describe(
        &self,
        signature: Signature,
        standing: Standing,
        detail: Detail,
    ) -> Finding {
        let severity = standing.severity();
        let level = self.sum(View::level);
        let bytes = self.is_memory.then_some(level);
        let rate_per_minute = self.clock.per_minute(self.rate_per_tick(&standing));
        let sites = self.shares();
        let dominant = sites.first().filter(|site| site.share > DOMINANT_SHARE);
        let site = dominant.map(|dominant| dominant.site.clone());
        let mut finding = Finding {
            signature: signature.to_string(),
            kind: self.kind,
            what: self.what.to_owned(),
            severity,
            confidence: rounded(self.confidence(&standing)),
            tier: contract::tier(self.kind),
            owner: self.owner.to_owned(),
            title: String::new(),
            message: String::new(),
            advice: String::new(),
            count: level,
            peak: self.sum(View::peak),
            bytes,
            rate_per_minute: rounded(rate_per_minute),
            eta_ms: self.eta_ms(level, rate_per_minute),
            first_seen: whole(self.clock.at_ms(self.first_seen_tick())),
            last_seen: whole(self.clock.at_ms(self.last_changed_tick())),
            site,
            sites: Vec::new(),
            marks: Vec::new(),
            victims: Vec::new(),
            evidence: Vec::new(),
            history: Vec::new(),
        };
        if detail == Detail::Full {
            finding.title = advice::in_places(Topic::of(&finding).title(level), self.members.len());
            let growing = Topic::of(&finding).growing(&finding.title, rate_per_minute);
            finding.message = self.message(growing, &sites, &standing);
            finding.advice.push_str(advice::fix(self.kind, self.what));
            finding.evidence = self.evidence(&standing);
            finding.history = self.history();
        }
        finding.sites = sites;
        finding.sites.truncate(MAX_LISTED_SITES);
        finding
    }

    fn is_under_contract(&self) -> bool {
        contract::tier(self.kind) == Tier::Contract
    }

    fn confidence(&self, standing: &Standing) -> f64 {
        match standing {
            Standing::Raised { .. } if self.is_under_contract() => contract::CONFIDENCE,
            Standing::Raised { judgement, .. } => judgement.confidence(),
            Standing::Note => 0.0,
        }
    }

    /// Since the first of its objects was overdue.
    fn overdue_ms(&self) -> f64 {
        self.clock.since_ms(self.first_seen_tick())
    }

    fn sum(&self, of: impl Fn(&View<'a>) -> u32) -> u64 {
        self.members
            .iter()
            .map(|view| u64::from(of(view)) * self.unit)
            .sum()
    }

    fn first_seen_tick(&self) -> u32 {
        self.members
            .iter()
            .map(View::first_seen_tick)
            .min()
            .unwrap_or(0)
    }

    fn last_changed_tick(&self) -> u32 {
        self.members
            .iter()
            .map(View::last_changed_tick)
            .max()
            .unwrap_or(0)
    }

    fn history_ticks(&self) -> u32 {
        self.members
            .iter()
            .map(View::history_ticks)
            .max()
            .unwrap_or(0)
    }

    /// Of the largest; all members of a cause are observed alike.
    fn ticks_per_observation(&self) -> f64 {
        self.members
            .first()
            .map_or(1.0, View::ticks_per_observation)
    }

    fn patience(&self) -> u32 {
        self.members
            .first()
            .map_or(self.settings.patience_ticks, |view| {
                self.settings.patience(view)
            })
    }

    /// The trends of all members that have one now; else what was measured when it was raised.
    fn rate_per_tick(&self, standing: &Standing) -> f64 {
        let per_tick: f64 = match standing {
            Standing::Raised { judgement, .. } => {
                let rates = self.members.iter().filter_map(|view| {
                    let trend = judge_view(view, self.settings.patience(view)).trend?;
                    Some(trend.rate_per_tick / view.ticks_per_observation())
                });
                let rate: f64 = rates.sum();
                let measured = judgement.trend.map_or(0.0, |trend| trend.rate_per_tick);
                let measured = measured / self.ticks_per_observation();
                if rate > 0.0 {
                    rate
                } else {
                    measured
                }
            }
            Standing::Note => self.members.iter().map(young_rate_per_tick).sum(),
        };
        per_tick * self.unit as f64
    }

    /// Until the heap limit, for the heap.
    fn eta_ms(&self, bytes: u64, rate_per_minute: f64) -> Option<u64> {
        let left = self.settings.heap_limit_bytes.checked_sub(bytes)?;
        // Only the heap itself has that limit.
        let applies = self.kind == Kind::Heap && self.what == "heap" && rate_per_minute > 0.0;
        applies.then(|| whole(left as f64 / rate_per_minute * 60_000.0))
    }

    /// Sites with their share of the blame, the largest first.
    fn shares(&self) -> Vec<SiteShare> {
        let mut amounts: FxHashMap<u16, u64> = FxHashMap::default();
        let mut total = 0;
        for view in &self.members {
            let blame = Blame::on(view);
            total += blame.unknown();
            for (site, amount) in blame.amounts().filter(|&(_, amount)| amount > 0) {
                *amounts.entry(site).or_default() += amount;
                total += amount;
            }
        }
        let mut amounts: Vec<(u16, u64)> = amounts.into_iter().collect();
        // By number among equals, so that a report does not change without cause.
        amounts.sort_by_key(|&(site, amount)| (std::cmp::Reverse(amount), site));
        let share = |(number, amount)| {
            let site = Site::from(&self.ledger.site(number)?);
            Some(SiteShare {
                site,
                share: rounded(amount as f64 / total as f64),
            })
        };
        amounts.into_iter().filter_map(share).collect()
    }

    fn evidence(&self, standing: &Standing) -> Vec<Evidence> {
        match standing {
            Standing::Raised { .. } if self.is_under_contract() => contract::evidence(
                self.owner,
                self.sum(View::level),
                self.overdue_ms(),
                self.clock.tick_ms(),
            ),
            Standing::Raised { judgement, .. } => evidence::of_judgement(
                judgement,
                |level| self.level(level),
                self.clock.tick_ms() * self.ticks_per_observation(),
            ),
            Standing::Note => evidence::of_youth(self.history_ticks(), self.patience()),
        }
    }

    /// What a warning prints: what and how fast, who, since when and how sure, the cure, the next step.
    fn message(&self, growing: String, sites: &[SiteShare], standing: &Standing) -> String {
        let mut lines = vec![growing];
        lines.extend(who_adds(sites));
        lines.push(self.how_sure(standing));
        lines.push(format!("fix: {}", advice::fix(self.kind, self.what)));
        lines.push(format!(
            "next: {}",
            advice::next(self.kind, standing.severity())
        ));
        printable(&lines.join("\n"))
    }

    fn level(&self, level: u32) -> String {
        let value = u64::from(level) * self.unit;
        if self.is_memory {
            bytes(value as f64)
        } else {
            count(value)
        }
    }

    fn how_sure(&self, standing: &Standing) -> String {
        let since = duration(self.clock.since_ms(self.first_seen_tick()));
        match standing {
            Standing::Raised { severity, .. } if self.is_under_contract() => format!(
                "{}, confidence {:.2}: {}",
                severity.name(),
                contract::CONFIDENCE,
                contract::in_short(
                    self.sum(View::level),
                    self.overdue_ms(),
                    self.clock.tick_ms()
                )
            ),
            Standing::Raised {
                severity,
                judgement,
            } => format!(
                "watched for {since}: {}, confidence {:.2} ({})",
                severity.name(),
                judgement.confidence(),
                evidence::in_short(judgement)
            ),
            Standing::Note => format!(
                "watched for {since}, too short for a verdict: {} of {} ticks",
                self.history_ticks(),
                self.patience()
            ),
        }
    }

    /// Troughs over time, summed over all members at the bucket ends of the one watched longest; the
    /// level now comes last.
    fn history(&self) -> Vec<(u64, u64)> {
        let longest = self.members.iter().max_by_key(|view| view.history_ticks());
        let Some(longest) = longest else {
            return Vec::new();
        };
        let steps: Vec<Vec<(u32, u32)>> = self.members.iter().map(steps_of).collect();
        let mut points: Vec<(u64, u64)> = steps_of(longest)
            .into_iter()
            .map(|(tick, _)| {
                let sum: u64 = steps
                    .iter()
                    .map(|steps| u64::from(level_at(steps, tick)))
                    .sum();
                (whole(self.clock.at_ms(tick)), sum * self.unit)
            })
            .collect();
        let now = whole(self.clock.now_ms());
        points.retain(|&(at, _)| at < now);
        points.push((now, self.sum(View::level)));
        points.split_off(points.len().saturating_sub(BUCKETS))
    }
}

/// One line for the site, one for the application's frame above it; none when no site is known.
pub(super) fn who_adds(sites: &[SiteShare]) -> Vec<String> {
    let Some(SiteShare { site, share }) = sites.first() else {
        return Vec::new();
    };
    let frame = &site.frame;
    let mut place = format!("{}:{}:{}", frame.file, frame.line, frame.column);
    place += &format!(" {} ({}", frame.function, percent(*share));
    if let Some(package) = &site.package {
        place += &format!(", package {package}");
    }
    place.push(')');
    let mut lines = vec![if *share > DOMINANT_SHARE {
        format!("dominated by {place}")
    } else {
        format!("spread over {} sites, most from {place}", sites.len())
    }];
    if let Some(app) = &site.app {
        let place = format!("{}:{}:{}", app.file, app.line, app.column);
        lines.push(format!("called from {place} {}", app.function));
    }
    lines
}

/// The ticks at which the member's closed buckets end, and their troughs, which is what was judged.
fn steps_of(view: &View<'_>) -> Vec<(u32, u32)> {
    let first = f64::from(view.first_seen_tick());
    let span = f64::from(view.bucket_ticks()) * view.ticks_per_observation();
    // A tick's number, not negative; `as` saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let tick = |ended: u32| (first + f64::from(ended) * span) as u32;
    (1u32..)
        .zip(view.buckets())
        .map(|(ended, bucket)| (tick(ended), bucket.min))
        .collect()
}

fn level_at(steps: &[(u32, u32)], tick: u32) -> u32 {
    let after = steps.partition_point(|&(at, _)| at <= tick);
    after.checked_sub(1).map_or(0, |index| steps[index].1)
}

/// Growth of a member that is too young for a trend, over all it has.
fn young_rate_per_tick(view: &View<'_>) -> f64 {
    match view.buckets().next() {
        Some(first) if view.history_ticks() > 1 => {
            let growth = f64::from(view.level()) - f64::from(first.min);
            let ticks = f64::from(view.history_ticks() - 1) * view.ticks_per_observation();
            (growth / ticks).max(0.0)
        }
        _ => 0.0,
    }
}

/// To two places: more would be false precision, and would make reports differ for nothing.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
