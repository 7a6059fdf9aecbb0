//! Who is to blame for one subject: shares of its growth by site.
//!
//! Blame goes by gain, the live members beyond the baseline, so that what was there from the start is
//! not accused of what came later. Before there is any gain it goes by presence. Members whose site
//! nobody knows count against every share.

use crate::ledger::{SiteCount, View, TOP_SITES};
use crate::verdict::succession::{Counts, DOMINANT_SHARE};
use crate::verdict::Survival;

/// The sites of one subject with what each is blamed for.
pub(super) struct Blame {
    sites: [SiteCount; TOP_SITES],
    length: usize,
    by_gain: bool,
    unknown: u64,
    sampled: (u32, u32),
    mean_weight: f64,
}

impl Blame {
    pub(super) fn on(view: &View<'_>) -> Self {
        let mut sites = [SiteCount::default(); TOP_SITES];
        let mut length = 0;
        for (place, site) in sites.iter_mut().zip(view.sites()) {
            *place = site;
            length += 1;
        }
        let (born, died) = view.sampled().unwrap_or_default();
        let known: u64 = sites.iter().map(|site| u64::from(site.live)).sum();
        Self {
            sites,
            length,
            by_gain: sites.iter().any(|site| site.gain > 0),
            unknown: u64::from(born - died).saturating_sub(known),
            sampled: (born, died),
            mean_weight: view.mean_sample_weight(),
        }
    }

    fn amount(&self, site: &SiteCount) -> u64 {
        u64::from(if self.by_gain { site.gain } else { site.live })
    }

    /// Each site's number and the members it is blamed for.
    pub(super) fn amounts(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        self.sites[..self.length]
            .iter()
            .map(|site| (site.site, self.amount(site)))
    }

    /// Members nobody can be blamed for.
    pub(super) fn unknown(&self) -> u64 {
        self.unknown
    }

    fn dominant(&self) -> Option<(&SiteCount, f64)> {
        let total: u64 = self.amounts().map(|(_, amount)| amount).sum::<u64>() + self.unknown;
        let site = self.sites[..self.length]
            .iter()
            .max_by_key(|site| self.amount(site))?;
        (total > 0).then(|| (site, self.amount(site) as f64 / total as f64))
    }

    /// The site that more than [`DOMINANT_SHARE`] of it goes to.
    pub(super) fn dominant_site(&self) -> Option<u16> {
        self.dominant()
            .filter(|&(_, share)| share > DOMINANT_SHARE)
            .map(|(site, _)| site.site)
    }

    /// Births and deaths, in samples.
    pub(super) fn survival(&self) -> Survival<'static> {
        let counts = |born: u32, died: u32| Counts {
            births: f64::from(born) / self.mean_weight,
            deaths: f64::from(died) / self.mean_weight,
        };
        Survival::Sampled {
            all: counts(self.sampled.0, self.sampled.1),
            dominant: self
                .dominant()
                .map(|(site, share)| (counts(site.born, site.died), share)),
        }
    }
}
