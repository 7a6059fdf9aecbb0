//! F1. The bounded book of everything that can grow: subjects, their levels and histories, and the
//! sites that add to them. It counts; it knows nothing of leaks, verdicts or clocks.
//!
//! Every table is allocated in [`Ledger::new`] and never grows. At the default capacity of 4,096
//! subjects that is, per subject:
//!
//! | column | bytes | holds |
//! |---|---|---|
//! | `rings` | 704 | 64 + 24 closed buckets, touched when one closes and when a verdict is due |
//! | `tops` | 100 | six Space-Saving counters |
//! | `subjects` | 84 | identity, floor, peak, open buckets |
//! | `levels` | 4 | the level now |
//!
//! plus 72 KiB of sites, 224 KiB of strings and 67 KiB of birth cohorts, whatever the capacity. [`Ledger::bytes`] adds it up
//! from the allocations themselves, and a test holds all of it, the guard's share included, under 4 MiB.
//!
//! A full table makes room like Space-Saving does: the smallest subject goes if it is smaller than the
//! newcomer. What was evicted or refused is counted and shown in every report.

mod cohorts;
mod history;
mod kind;
mod load;
mod packed;
mod site_table;
mod sites;
mod strings;
mod view;

use self::cohorts::Cohorts;
use self::history::{Head, Ring};
use self::load::LoadHistory;
use self::site_table::{Full, SiteTable};
use self::sites::TopSites;
pub(crate) use self::strings::cut;
use self::strings::{Marks, StringId, Strings};
use crate::error::{Error, Kind as ErrorKind, Result};

pub use self::cohorts::{Cohort, COHORTS, MAX_COHORT_SITES};
pub use self::history::{Bucket, BUCKETS, RECENT_BUCKETS};
pub use self::kind::Kind;
pub use self::load::LoadMeans;
pub use self::site_table::{Frame, Site, MAX_SITES};
pub use self::sites::{SiteCount, TOP_SITES};
pub use self::view::View;

/// A level of memory, that of the heap or of an allocation site, counts these: a small object, and 256 GiB
/// fit a `u32`.
pub const MEMORY_UNIT_BYTES: u32 = 64;

/// Owner labels are cut to this many bytes, between characters: one line of a report.
pub const MAX_OWNER_BYTES: usize = 96;

/// Who a subject is and how it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What it is a population of.
    pub kind: Kind,
    /// Refines the kind: `interval`, `Map`, `EventEmitter` …
    pub what: &'a str,
    /// The label a reader knows it by; may be empty.
    pub owner: &'a str,
    /// Level below which nobody cares.
    pub floor: u32,
    /// Level now.
    pub level: u32,
}

#[derive(Clone, Copy, Debug)]
struct Subject {
    floor: u32,
    peak: u32,
    first_seen_tick: u32,
    last_changed_tick: u32,
    head: Head,
    what: StringId,
    owner: StringId,
    kind: Kind,
    claimed: bool,
    pinned: bool,
    /// Whether the warm-up is over and the site counters have their baseline.
    settled: bool,
}

impl Subject {
    const FREE: Self = Self {
        floor: 0,
        peak: 0,
        first_seen_tick: 0,
        last_changed_tick: 0,
        head: Head::starting_at(0),
        what: 0,
        owner: 0,
        kind: Kind::Retained,
        claimed: false,
        pinned: false,
        settled: false,
    };
}

/// Everything that can grow, and how it grew.
pub struct Ledger {
    rings: Box<[Ring]>,
    tops: Box<[TopSites]>,
    subjects: Box<[Subject]>,
    levels: Box<[u32]>,
    cohorts: Cohorts,
    /// Free slots, the next one last. Its allocation is `capacity` long from the start.
    free: Vec<u32>,
    strings: Strings,
    sites: SiteTable,
    warm_up_ticks: u32,
    recent_span_ticks: u32,
    load: LoadHistory,
    ticks: u32,
    evicted: u64,
    dropped: u64,
}

impl Ledger {
    /// A ledger of `capacity` subjects. A subject is warm after `warm_up_ticks`: growth is blamed on
    /// sites from then on. Its recent history reaches at least `recent_ticks` back.
    #[must_use]
    pub fn new(capacity: u32, warm_up_ticks: u32, recent_ticks: u32) -> Self {
        let length = capacity as usize;
        // RECENT_BUCKETS fits.
        #[allow(clippy::cast_possible_truncation)]
        let recent_span_ticks = recent_ticks.div_ceil(RECENT_BUCKETS as u32).max(1);
        Self {
            // Zeroed memory costs a page fault when a slot is first used, not 1.5 ms of every start-up.
            rings: bytemuck::zeroed_slice_box(length),
            tops: bytemuck::zeroed_slice_box(length),
            subjects: vec![Subject::FREE; length].into_boxed_slice(),
            levels: vec![0; length].into_boxed_slice(),
            cohorts: Cohorts::new(length),
            free: (0..capacity).rev().collect(),
            strings: Strings::new(),
            sites: SiteTable::new(),
            warm_up_ticks,
            recent_span_ticks,
            load: LoadHistory::new(recent_span_ticks),
            ticks: 0,
            evicted: 0,
            dropped: 0,
        }
    }

    /// A slot for a new subject; `None` when every other one is larger or pinned.
    pub fn claim(&mut self, claim: &Claim<'_>) -> Option<u32> {
        // One object that must be gone is more than any number of entries.
        let level = match claim.kind {
            Kind::Retained => u32::MAX,
            _ => claim.level,
        };
        let Some(slot) = self.free.pop().or_else(|| self.evict_smaller_than(level)) else {
            self.dropped += 1;
            return None;
        };
        let index = slot as usize;
        let [what, owner] = self.labels([claim.what, cut(claim.owner, MAX_OWNER_BYTES)]);
        self.subjects[index] = Subject {
            floor: claim.floor,
            peak: claim.level,
            first_seen_tick: self.ticks,
            last_changed_tick: self.ticks,
            head: Head::starting_at(claim.level),
            what,
            owner,
            kind: claim.kind,
            claimed: true,
            ..Subject::FREE
        };
        self.tops[index] = TopSites::default();
        self.levels[index] = claim.level;
        self.cohorts.release(index);
        Some(slot)
    }

    /// A slot for an allocation site, which is observed at rounds instead of ticks and has birth
    /// cohorts. `None` when there is no room.
    pub fn claim_for_rounds(&mut self, claim: &Claim<'_>) -> Option<u32> {
        let slot = self.claim(claim)?;
        if self.cohorts.claim(slot as usize) {
            return Some(slot);
        }
        self.release(slot);
        self.dropped += 1;
        None
    }

    fn evict_smaller_than(&mut self, level: u32) -> Option<u32> {
        let (slot, _) = (0u32..)
            .zip(&*self.levels)
            .filter(|&(slot, &held)| held < level && !self.subjects[slot as usize].pinned)
            .min_by_key(|&(_, &held)| held)?;
        self.evicted += 1;
        Some(slot)
    }

    /// The labels' ids. With no room even after a sweep the subject is watched under an empty label.
    fn labels(&mut self, texts: [&str; 2]) -> [StringId; 2] {
        if let [Some(what), Some(owner)] = texts.map(|text| self.strings.intern(text)) {
            return [what, owner];
        }
        // Takes whichever of the two had room, too: no subject refers to it yet.
        self.sweep_strings();
        texts.map(|text| {
            self.strings.intern(text).unwrap_or_else(|| {
                self.dropped += 1;
                0
            })
        })
    }

    fn sweep_strings(&mut self) {
        let mut marks = Marks::none();
        for subject in self.subjects.iter().filter(|subject| subject.claimed) {
            marks.mark(subject.what);
            marks.mark(subject.owner);
        }
        self.sites.visit_strings(|id| marks.mark(id));
        self.strings.sweep(&marks);
    }

    /// The subject is gone. False when there was none.
    pub fn release(&mut self, slot: u32) -> bool {
        if self.view(slot).is_none() {
            return false;
        }
        self.subjects[slot as usize] = Subject::FREE;
        self.levels[slot as usize] = 0;
        self.cohorts.release(slot as usize);
        self.free.push(slot);
        true
    }

    /// Keeps the subject from being evicted, or no longer.
    pub fn pin(&mut self, slot: u32, pinned: bool) {
        if let Some(subject) = self.subjects.get_mut(slot as usize) {
            subject.pinned = pinned;
        }
    }

    /// The number of a site, from 1; `None` when there is no room.
    ///
    /// # Errors
    /// `InvalidInput` for a site without a file.
    pub fn define_site(&mut self, site: &Site) -> Result<Option<u16>> {
        if site.frame.file.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a site needs a non-empty `file`",
            ));
        }
        let defined = match self.sites.define(&mut self.strings, site) {
            Err(Full::Strings) => {
                self.sweep_strings();
                self.sites.define(&mut self.strings, site)
            }
            settled => settled,
        };
        self.dropped += u64::from(defined.is_err());
        Ok(defined.ok())
    }

    /// Frees the sites that are neither in `in_use` nor counted for any subject, and says which.
    pub fn sweep_sites(&mut self, in_use: &[u32]) -> Vec<u32> {
        let mut used = vec![false; MAX_SITES + 1];
        let counted = self
            .subjects
            .iter()
            .zip(&*self.tops)
            .filter(|(subject, _)| subject.claimed);
        let counted = counted.flat_map(|(_, top)| top.iter().map(|count| u32::from(count.site)));
        for site in in_use.iter().copied().chain(counted) {
            if let Some(used) = used.get_mut(site as usize) {
                *used = true;
            }
        }
        self.sites.sweep(|site| used[usize::from(site)])
    }

    /// The site of that number.
    #[must_use]
    pub fn site(&self, site: u16) -> Option<Site> {
        self.sites.get(&self.strings, site)
    }

    /// The site with this number as the host has it; `None` for 0 and for one that no site has.
    #[must_use]
    pub fn site_numbered(&self, number: u32) -> Option<Site> {
        self.site(u16::try_from(number).ok().filter(|&number| number != 0)?)
    }

    /// A sampled member of the subject was added by `site` (0: unknown) and stands for `weight`.
    ///
    /// # Errors
    /// `UnknownSlot` or `UnknownSite`; nothing is counted then.
    pub fn sample_born(&mut self, slot: u32, site: u32, weight: u32) -> Result<()> {
        let site = self.known_site(site)?;
        self.top_of(slot)?.born(site, weight);
        Ok(())
    }

    /// That member is gone.
    ///
    /// # Errors
    /// As for [`Ledger::sample_born`].
    pub fn sample_died(&mut self, slot: u32, site: u32, weight: u32) -> Result<()> {
        let site = self.known_site(site)?;
        self.top_of(slot)?.died(site, weight);
        Ok(())
    }

    /// A sampled member ended before it counted as born. Of who has no other samples nobody is known to
    /// stay then, where otherwise the rises of the level would be taken for births.
    ///
    /// # Errors
    /// `UnknownSlot`.
    pub fn sample_passed(&mut self, slot: u32) -> Result<()> {
        self.top_of(slot)?.passed();
        Ok(())
    }

    fn known_site(&self, site: u32) -> Result<u16> {
        u16::try_from(site)
            .ok()
            .filter(|&site| site == 0 || self.sites.contains(site))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::UnknownSite,
                    format!("no site has the number {site}"),
                )
            })
    }

    fn top_of(&mut self, slot: u32) -> Result<&mut TopSites> {
        if self.view(slot).is_none() {
            let message = format!("no subject is claimed in slot {slot}");
            return Err(Error::new(ErrorKind::UnknownSlot, message));
        }
        Ok(&mut self.tops[slot as usize])
    }

    /// One tick: the level of each claimed subject that is observed at ticks is `levels[slot]`; a missing
    /// one is 0. `load` is what the process had to do since the last one, in any unit.
    pub fn tick(&mut self, levels: &[u32], load: Option<f64>) {
        self.ticks = self.ticks.saturating_add(1);
        self.load.record(load);
        for slot in 0..self.subjects.len() {
            if self.subjects[slot].claimed && !self.cohorts.has(slot) {
                self.record(slot, levels);
            }
        }
    }

    /// One round of the heap's sampler: as a tick for the subjects that are observed at rounds. Sample
    /// `n` lives in slot `slots[n]` and was the `ordinals[n]`th born; `last_ordinal` is the youngest
    /// of all samples.
    pub fn round(&mut self, levels: &[u32], last_ordinal: u32, slots: &[u32], ordinals: &[u32]) {
        self.cohorts.round(last_ordinal, slots, ordinals);
        for slot in 0..self.subjects.len() {
            if self.cohorts.has(slot) {
                self.record(slot, levels);
            }
        }
    }

    /// Rounds of the heap's sampler since it was started.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.cohorts.rounds()
    }

    /// The heap's sampler was started again: ordinals and cohorts begin anew.
    pub fn forget_rounds(&mut self) {
        self.cohorts.forget();
    }

    fn record(&mut self, slot: usize, levels: &[u32]) {
        let subject = &mut self.subjects[slot];
        let level = levels.get(slot).copied().unwrap_or(0);
        self.levels[slot] = level;
        subject.peak = subject.peak.max(level);
        if level != subject.head.last() {
            subject.last_changed_tick = self.ticks;
        }
        let top = &mut self.tops[slot];
        let (ring, span) = (&mut self.rings[slot], self.recent_span_ticks);
        if subject.head.record(ring, level, span, || top.totals()) {
            top.trail_baseline();
        }
        if !subject.settled && subject.head.recorded_ticks() >= self.warm_up_ticks {
            subject.settled = true;
            self.tops[slot].set_baseline();
        }
    }

    /// Levels as they are now, between two ticks: no time passes and nothing is recorded but peaks.
    /// The next tick counts its births from the last one on, so that looking changes no verdict.
    pub fn observe(&mut self, levels: &[u32]) {
        for (slot, subject) in self
            .subjects
            .iter_mut()
            .enumerate()
            .filter(|(_, s)| s.claimed)
        {
            let level = levels.get(slot).copied().unwrap_or(0);
            subject.peak = subject.peak.max(level);
            self.levels[slot] = level;
        }
    }

    /// Forgets all history. Subjects, their levels and their sites stay.
    pub fn forget_past(&mut self) {
        self.ticks = 0;
        self.load = LoadHistory::new(self.recent_span_ticks);
        self.evicted = 0;
        self.dropped = 0;
        for (slot, subject) in self
            .subjects
            .iter_mut()
            .enumerate()
            .filter(|(_, s)| s.claimed)
        {
            self.tops[slot].forget_past();
            subject.head =
                Head::starting_at(self.levels[slot]).with_samples(self.tops[slot].totals());
            subject.peak = self.levels[slot];
            subject.first_seen_tick = 0;
            subject.last_changed_tick = 0;
            subject.pinned = false;
            subject.settled = false;
        }
    }

    /// The claimed subject in `slot`.
    #[must_use]
    pub fn view(&self, slot: u32) -> Option<View<'_>> {
        let slot = slot as usize;
        self.subjects.get(slot).filter(|subject| subject.claimed)?;
        Some(View::of(self, slot))
    }

    /// Every claimed subject with its slot.
    pub fn views(&self) -> impl Iterator<Item = (u32, View<'_>)> {
        (0u32..)
            .take(self.subjects.len())
            .filter_map(|slot| Some((slot, self.view(slot)?)))
    }

    /// The load since the start, and of late; `None` when it was never told.
    #[must_use]
    pub fn load(&self) -> Option<(LoadMeans<'_>, LoadMeans<'_>)> {
        let load = &self.load;
        load.is_known().then(|| (load.long(), load.recent()))
    }

    /// Ticks since the start or the last [`Ledger::forget_past`].
    #[must_use]
    pub fn ticks(&self) -> u32 {
        self.ticks
    }

    /// Most subjects it can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.subjects.len()
    }

    /// Subjects it holds.
    #[must_use]
    pub fn tracked(&self) -> usize {
        self.capacity() - self.free.len()
    }

    /// Subjects that had to make room for larger ones.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Subjects, sites and labels there was no room for.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What it occupies, which never changes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.rings)
            + size_of_val(&*self.tops)
            + size_of_val(&*self.subjects)
            + size_of_val(&*self.levels)
            + self.cohorts.bytes()
            + self.free.capacity() * size_of::<u32>()
            + self.strings.bytes()
            + self.sites.bytes()
            + size_of::<Self>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_the_essay_says() {
        let widths = [
            size_of::<Ring>(),
            size_of::<TopSites>(),
            size_of::<Subject>(),
        ];
        assert_eq!(widths, [704, 100, 84]);
        assert_eq!(Strings::new().bytes(), 224 * 1024);
        assert_eq!(SiteTable::new().bytes(), 72 * 1024);
        assert_eq!(Cohorts::new(0).bytes(), 67 * 1024);
    }

    #[test]
    fn the_baseline_is_taken_when_the_warm_up_is_over() {
        let mut ledger = Ledger::new(1, 12, 96);
        let claim = Claim {
            kind: Kind::Timers,
            what: "interval",
            owner: "",
            floor: 1,
            level: 5,
        };
        ledger.claim(&claim);
        let frame = Frame {
            file: "/a.js".to_owned(),
            ..Frame::default()
        };
        let site = Site {
            frame,
            ..Site::default()
        };
        let number = ledger.define_site(&site).unwrap().map_or(0, u32::from);
        ledger.sample_born(0, number, 5).unwrap();
        let gain = |ledger: &Ledger| ledger.view(0).unwrap().sites().next().map(|site| site.gain);
        (0..11).for_each(|_| ledger.tick(&[5], None));
        assert_eq!(gain(&ledger), Some(5));
        ledger.tick(&[5], None);
        assert_eq!(gain(&ledger), Some(0));
        ledger.sample_born(0, number, 2).unwrap();
        assert_eq!(gain(&ledger), Some(2));
    }
}
