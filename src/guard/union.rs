//! One cause that was found in several processes, as one finding.
//!
//! What can be added up is: counts, rates, sizes, marks, victims. What cannot is taken whole from one of
//! them: words and evidence from the worst, the history from the one that reached highest. By which
//! that is decided stays true of the result, so the order in which findings are united does not matter.

use std::cmp::Ordering;

use super::advice::Topic;
use super::finding::{Finding, MarkCount, SiteShare, Tier, Victim};
use super::leftover::MAX_LISTED_MARKS;
use super::phrase::printable;
use super::population::MAX_LISTED_SITES;

impl Finding {
    /// Whether both are one cause, proven in one way, and both may be there, or neither.
    pub(crate) fn is_same_cause(&self, other: &Self) -> bool {
        let same = self.signature == other.signature && self.tier == other.tier;
        same && self.site == other.site && self.is_accepted() == other.is_accepted()
    }

    /// Adds what another process found of the same cause.
    pub(crate) fn unite(self, other: Self) -> Self {
        let (worse, other) = match worst_first(&self, &other) {
            Ordering::Greater => (other, self),
            _ => (self, other),
        };
        let mut both = Self {
            count: worse.count.saturating_add(other.count),
            peak: worse.peak.saturating_add(other.peak),
            bytes: sum(worse.bytes, other.bytes),
            rate_per_minute: worse.rate_per_minute + other.rate_per_minute,
            eta_ms: worse.eta_ms.into_iter().chain(other.eta_ms).min(),
            first_seen: worse.first_seen.min(other.first_seen),
            last_seen: worse.last_seen.max(other.last_seen),
            sites: shares(&worse, &other),
            marks: marks(&worse.marks, other.marks),
            victims: victims(&worse.victims, other.victims),
            history: higher(worse.history, other.history),
            ..worse
        };
        both.title = if both.tier == Tier::Trend {
            Topic::of(&both).title(both.count)
        } else {
            Topic::of(&both).left(both.count)
        };
        both.message = both.message_with_new_first_line();
        both
    }

    fn message_with_new_first_line(&self) -> String {
        let first = Topic::of(self).growing(&self.title, self.rate_per_minute);
        let rest = self.message.lines().skip(1);
        let lines: Vec<&str> = std::iter::once(&*first).chain(rest).collect();
        printable(&lines.join("\n"))
    }
}

/// Never by what is added up.
fn worst_first(a: &Finding, b: &Finding) -> Ordering {
    let words = |finding: &Finding| {
        let evidence = finding.evidence.iter();
        let evidence = evidence.flat_map(|seen| [seen.signal.clone(), seen.detail.clone()]);
        let message = finding.message.lines().skip(1).map(str::to_owned);
        let owner = std::iter::once(finding.owner.clone());
        owner.chain(evidence).chain(message).collect::<Vec<_>>()
    };
    b.severity
        .cmp(&a.severity)
        .then_with(|| b.confidence.total_cmp(&a.confidence))
        .then_with(|| words(a).cmp(&words(b)))
}

fn sum(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    }
}

/// Each site's part of both counts.
fn shares(a: &Finding, b: &Finding) -> Vec<SiteShare> {
    let total = (a.count as f64 + b.count as f64).max(1.0);
    let mut sites: Vec<SiteShare> = Vec::new();
    for (finding, weight) in [(a, a.count as f64 / total), (b, b.count as f64 / total)] {
        for SiteShare { site, share } in &finding.sites {
            let share = share * weight;
            match sites.iter_mut().find(|known| known.site == *site) {
                Some(known) => known.share += share,
                None => sites.push(SiteShare {
                    site: site.clone(),
                    share,
                }),
            }
        }
    }
    sites.sort_by(|a, b| {
        let larger = b.share.total_cmp(&a.share);
        larger.then_with(|| a.site.cmp(&b.site))
    });
    sites.truncate(MAX_LISTED_SITES);
    sites
}

fn marks(a: &[MarkCount], b: Vec<MarkCount>) -> Vec<MarkCount> {
    let mut marks = a.to_vec();
    for mark in b {
        match marks.iter_mut().find(|known| known.label == mark.label) {
            Some(known) => known.count = known.count.saturating_add(mark.count),
            None => marks.push(mark),
        }
    }
    marks.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.label.cmp(&b.label)));
    marks.truncate(MAX_LISTED_MARKS);
    marks
}

fn victims(a: &[Victim], b: Vec<Victim>) -> Vec<Victim> {
    fn name(victim: &Victim) -> (&str, &str, &str) {
        (victim.kind.name(), &victim.what, &victim.owner)
    }
    let mut victims = a.to_vec();
    for victim in b {
        match victims
            .iter_mut()
            .find(|known| name(known) == name(&victim))
        {
            Some(known) => {
                known.count = known.count.saturating_add(victim.count);
                known.bytes = sum(known.bytes, victim.bytes);
            }
            None => victims.push(victim),
        }
    }
    victims.sort_by(|a, b| {
        let larger = (b.bytes, b.count).cmp(&(a.bytes, a.count));
        larger.then_with(|| name(a).cmp(&name(b)))
    });
    victims
}

fn higher(a: Vec<(u64, u64)>, b: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    let height = |history: &[(u64, u64)]| history.iter().map(|&(_, count)| count).max();
    match height(&a).cmp(&height(&b)).then_with(|| a.cmp(&b)) {
        Ordering::Less => b,
        _ => a,
    }
}
