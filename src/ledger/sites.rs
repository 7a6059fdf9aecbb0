//! Which sites add the members of one subject: the six with the most live ones, by Space-Saving.
//!
//! Members come *and go*, so this is the lazy variant for streams with deletions: an insertion by an
//! unmonitored site replaces the entry with the fewest live members and inherits that number as its
//! possible error; a deletion at an unmonitored site changes only the totals. With `n` insertions
//! and 6 entries no live count is wrong by more than `n / 6`, and `live - error` is never above
//! the truth, which is the only number blame is put on.
//!
//! Sources: Metwally, Agrawal, El Abbadi, "Efficient computation of frequent and top-k elements in
//! data streams" (ICDT 2005); Zhao, Agrawal, El Abbadi, "SpaceSaving±: an optimal algorithm for
//! frequency estimation and frequent items in the bounded-deletion model" (VLDB 2022).
//!
//! Blame goes by *growth*, not by presence: a thousand intervals made at start are live but not
//! guilty. Each entry therefore trails its live count with a `baseline`: taken when the warm-up is
//! over, and moved half of the way to the live count at each doubling of the history.

use bytemuck::Zeroable;

use super::packed::Packed;

/// Sites kept per subject. Six name the guilty one with room for five innocents; a site that adds
/// more than a sixth of all members is always among them.
pub const TOP_SITES: usize = 6;

/// What one site has added to one subject.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteCount {
    /// Number of the site in the site table, 1 or more.
    pub site: u16,
    /// Members it added for certain.
    pub born: u32,
    /// Of its members, how many are gone.
    pub died: u32,
    /// Its live members for certain: never above the truth.
    pub live: u32,
    /// How many of the live ones are more than there were at the baseline.
    pub gain: u32,
}

/// Six counters, stored by column so that no padding is paid 4,096 times.
#[derive(Clone, Copy, Debug, Default, Zeroable)]
pub(crate) struct TopSites {
    born: [u32; TOP_SITES],
    died: [u32; TOP_SITES],
    born_total: u32,
    died_total: u32,
    samples_born: u32,
    site: [u16; TOP_SITES],
    error: [Packed; TOP_SITES],
    baseline: [Packed; TOP_SITES],
    /// Whether members were sampled that ended before they counted as born.
    passing: bool,
}

impl TopSites {
    /// A sampled member that stands for `weight` members was added by `site` (0: nobody knows whom).
    pub(crate) fn born(&mut self, site: u16, weight: u32) {
        self.born_total = self.born_total.saturating_add(weight);
        self.samples_born = self.samples_born.saturating_add(1);
        if site == 0 {
            return;
        }
        let entry = match self.entry(site) {
            Some(entry) => entry,
            None => self.replace_fewest_live(site),
        };
        self.born[entry] = self.born[entry].saturating_add(weight);
    }

    /// That sampled member is gone.
    pub(crate) fn died(&mut self, site: u16, weight: u32) {
        self.died_total = self.died_total.saturating_add(weight).min(self.born_total);
        if let Some(entry) = (site != 0).then(|| self.entry(site)).flatten() {
            self.died[entry] = self.died[entry]
                .saturating_add(weight)
                .min(self.born[entry]);
        }
    }

    /// A sampled member ended before it counted as born.
    pub(crate) fn passed(&mut self) {
        self.passing = true;
    }

    fn entry(&self, site: u16) -> Option<usize> {
        self.site.iter().position(|&known| known == site)
    }

    fn live_upper(&self, entry: usize) -> u32 {
        self.born[entry] - self.died[entry]
    }

    fn replace_fewest_live(&mut self, site: u16) -> usize {
        // Unused entries have site 0 and no live members, so they go first; among equals the first.
        let entry = (0..TOP_SITES)
            .min_by_key(|&entry| (self.site[entry] != 0, self.live_upper(entry)))
            .unwrap_or(0);
        let inherited = self.live_upper(entry);
        self.site[entry] = site;
        self.born[entry] = inherited;
        self.died[entry] = 0;
        self.error[entry] = Packed::ceil(inherited);
        self.baseline[entry] = Packed::default();
        entry
    }

    /// The warm-up is over: what lives now is the baseline that growth is measured from.
    pub(crate) fn set_baseline(&mut self) {
        for entry in 0..TOP_SITES {
            self.baseline[entry] = Packed::floor(self.live_upper(entry));
        }
    }

    /// The history doubled its span: the baseline follows half of the way.
    pub(crate) fn trail_baseline(&mut self) {
        for entry in 0..TOP_SITES {
            let (old, live) = (self.baseline[entry].get(), self.live_upper(entry));
            let halfway = u64::midpoint(u64::from(old), u64::from(live));
            self.baseline[entry] = Packed::floor(u32::try_from(halfway).unwrap_or(u32::MAX));
        }
    }

    /// Deaths so far are forgotten; who is alive stays known and is the new baseline.
    pub(crate) fn forget_past(&mut self) {
        self.samples_born = mean_count(self.born_total - self.died_total, self.mean_weight());
        self.born_total -= self.died_total;
        self.died_total = 0;
        for entry in 0..TOP_SITES {
            self.born[entry] = self.live_upper(entry);
            self.died[entry] = 0;
        }
        self.set_baseline();
    }

    /// Members that all samples stand for: added, and of those gone. `None` when there never was one.
    pub(crate) fn totals(&self) -> Option<(u32, u32)> {
        (self.passing || self.born_total > 0).then_some((self.born_total, self.died_total))
    }

    /// How many members one sample stands for on average; 1 while there are none.
    pub(crate) fn mean_weight(&self) -> f64 {
        if self.samples_born == 0 {
            1.0
        } else {
            f64::from(self.born_total) / f64::from(self.samples_born)
        }
    }

    /// The monitored sites, in no particular order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SiteCount> + '_ {
        (0..TOP_SITES)
            .filter(|&entry| self.site[entry] != 0)
            .map(|entry| {
                let error = self.error[entry].get();
                let born = self.born[entry].saturating_sub(error);
                let live = self.live_upper(entry).saturating_sub(error);
                // The error is part of what was there before, so it is part of the baseline.
                let before = self.baseline[entry].get().saturating_sub(error);
                SiteCount {
                    site: self.site[entry],
                    born,
                    died: self.died[entry].min(born),
                    live,
                    gain: live.saturating_sub(before),
                }
            })
    }
}

/// `members / weight` as a count of samples.
fn mean_count(members: u32, weight: f64) -> u32 {
    // A quotient of a u32 by at least 1 fits a u32; `as` truncates towards zero.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let samples = (f64::from(members) / weight.max(1.0)) as u32;
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn count(sites: &TopSites, site: u16) -> Option<SiteCount> {
        sites.iter().find(|count| count.site == site)
    }

    #[test]
    fn up_to_six_sites_are_counted_exactly() {
        let mut sites = TopSites::default();
        for site in 1..=6 {
            for _ in 0..site {
                sites.born(site, 2);
            }
        }
        sites.died(6, 2);
        assert_eq!(
            count(&sites, 6),
            Some(SiteCount {
                site: 6,
                born: 12,
                died: 2,
                live: 10,
                gain: 10
            })
        );
        assert_eq!(count(&sites, 1).map(|count| count.live), Some(2));
        assert_eq!(sites.totals(), Some((42, 2)));
    }

    #[test]
    fn the_seventh_site_replaces_the_one_with_the_fewest_live_members() {
        let mut sites = TopSites::default();
        for site in 1..=6 {
            sites.born(site, 10 * u32::from(site));
        }
        sites.died(4, 40);
        sites.born(7, 3);
        assert!(count(&sites, 4).is_none());
        assert_eq!(
            count(&sites, 7).map(|count| (count.born, count.live)),
            Some((3, 3))
        );
    }

    #[test]
    fn members_from_before_the_baseline_are_live_but_no_gain() {
        let mut sites = TopSites::default();
        sites.born(1, 1000);
        sites.set_baseline();
        sites.born(2, 50);
        assert_eq!(
            count(&sites, 1).map(|count| (count.live, count.gain)),
            Some((1000, 0))
        );
        assert_eq!(
            count(&sites, 2).map(|count| (count.live, count.gain)),
            Some((50, 50))
        );
        sites.trail_baseline();
        assert_eq!(
            count(&sites, 2).map(|count| (count.live, count.gain)),
            Some((50, 25))
        );
    }

    #[test]
    fn an_unknown_site_counts_only_in_the_totals() {
        let mut sites = TopSites::default();
        sites.born(0, 5);
        sites.died(0, 5);
        assert_eq!((sites.iter().count(), sites.totals()), (0, Some((5, 5))));
    }

    #[test]
    fn who_has_only_members_that_pass_was_sampled_and_has_no_births() {
        let mut sites = TopSites::default();
        assert_eq!(sites.totals(), None);
        sites.passed();
        assert_eq!(sites.totals(), Some((0, 0)));
        sites.forget_past();
        assert_eq!(sites.totals(), Some((0, 0)));
    }

    #[test]
    fn the_mean_weight_is_members_per_sample() {
        let mut sites = TopSites::default();
        assert!((sites.mean_weight() - 1.0).abs() < f64::EPSILON);
        sites.born(1, 128);
        sites.born(1, 128);
        assert!((sites.mean_weight() - 128.0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn live_is_never_above_the_truth(
            steps in prop::collection::vec((1u16..30, any::<bool>()), 0..2_000),
        ) {
            let (mut sites, mut truth) = (TopSites::default(), HashMap::<u16, u32>::new());
            for (site, birth) in steps {
                let live = truth.entry(site).or_default();
                if birth {
                    *live += 1;
                    sites.born(site, 1);
                } else if *live > 0 {
                    *live -= 1;
                    sites.died(site, 1);
                }
            }
            for count in sites.iter() {
                prop_assert!(count.live <= truth[&count.site], "{count:?}");
            }
        }

        #[test]
        fn a_site_with_more_than_a_sixth_of_all_births_is_kept(
            births in prop::collection::vec(1u16..30, 1..2_000),
        ) {
            let (mut sites, mut truth) = (TopSites::default(), HashMap::<u16, usize>::new());
            for &site in &births {
                *truth.entry(site).or_default() += 1;
                sites.born(site, 1);
            }
            for (site, exact) in truth {
                let kept = count(&sites, site);
                prop_assert!(kept.is_some() || exact * TOP_SITES <= births.len());
                prop_assert!(kept.is_none_or(|count| count.born as usize <= exact));
            }
        }
    }
}
