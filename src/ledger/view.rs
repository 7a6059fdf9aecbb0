//! One subject, for reading: what higher floors may know of the ledger's columns.

use super::{Bucket, Cohort, Kind, Ledger, LoadMeans, SiteCount, Subject, MEMORY_UNIT_BYTES};

/// One claimed subject, for reading.
#[derive(Clone, Copy)]
pub struct View<'a> {
    ledger: &'a Ledger,
    slot: usize,
}

impl<'a> View<'a> {
    /// The caller has seen that the slot is claimed.
    pub(super) fn of(ledger: &'a Ledger, slot: usize) -> Self {
        Self { ledger, slot }
    }

    fn subject(&self) -> &'a Subject {
        &self.ledger.subjects[self.slot]
    }

    /// What it is a population of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.subject().kind
    }

    /// Refines the kind.
    #[must_use]
    pub fn what(&self) -> &'a str {
        self.ledger.strings.get(self.subject().what)
    }

    /// Its label; may be empty.
    #[must_use]
    pub fn owner(&self) -> &'a str {
        self.ledger.strings.get(self.subject().owner)
    }

    /// Level below which nobody cares.
    #[must_use]
    pub fn floor(&self) -> u32 {
        self.subject().floor
    }

    /// Level now.
    #[must_use]
    pub fn level(&self) -> u32 {
        self.ledger.levels[self.slot]
    }

    /// Highest level seen.
    #[must_use]
    pub fn peak(&self) -> u32 {
        self.subject().peak
    }

    /// The tick it was claimed at.
    #[must_use]
    pub fn first_seen_tick(&self) -> u32 {
        self.subject().first_seen_tick
    }

    /// The last tick at which its level changed.
    #[must_use]
    pub fn last_changed_tick(&self) -> u32 {
        self.subject().last_changed_tick
    }

    /// Ticks of history it has.
    #[must_use]
    pub fn history_ticks(&self) -> u32 {
        self.subject().head.recorded_ticks()
    }

    /// Ticks each of its closed buckets covers.
    #[must_use]
    pub fn bucket_ticks(&self) -> u32 {
        self.subject().head.span_ticks()
    }

    /// Its closed buckets, oldest first, at most [`BUCKETS`](super::BUCKETS).
    #[must_use]
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + ExactSizeIterator + 'a {
        self.subject().head.closed(&self.ledger.rings[self.slot])
    }

    /// Whether it is observed at the rounds of the heap's sampler; its history then counts rounds.
    #[must_use]
    pub fn observed_at_rounds(&self) -> bool {
        self.ledger.cohorts.has(self.slot)
    }

    /// What its level counts where that is memory: [`super::MEMORY_UNIT_BYTES`]; `None` for members.
    #[must_use]
    pub fn unit_bytes(&self) -> Option<u32> {
        let is_memory = self.kind() == Kind::Heap || self.observed_at_rounds();
        is_memory.then_some(MEMORY_UNIT_BYTES)
    }

    /// Ticks between two observations of it: 1, or the mean distance of its rounds so far.
    #[must_use]
    pub fn ticks_per_observation(&self) -> f64 {
        if !self.observed_at_rounds() {
            return 1.0;
        }
        let subject = self.subject();
        let ticks = self.ledger.ticks.saturating_sub(subject.first_seen_tick);
        (f64::from(ticks) / f64::from(subject.head.recorded_ticks().max(1))).max(1.0)
    }

    /// Live samples by generation, oldest first; none for a subject observed at ticks.
    #[must_use]
    pub fn cohorts(&self) -> impl ExactSizeIterator<Item = Cohort> + 'a {
        self.ledger.cohorts.of(self.slot)
    }

    /// The closed buckets of its recent history, oldest first, at most
    /// [`RECENT_BUCKETS`](super::RECENT_BUCKETS).
    #[must_use]
    pub fn recent_buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + 'a {
        self.subject().head.recent(&self.ledger.rings[self.slot])
    }

    /// How many of them there are.
    #[must_use]
    pub fn recent_len(&self) -> usize {
        self.subject().head.recent_len()
    }

    /// Ticks each of them covers.
    #[must_use]
    pub fn recent_bucket_ticks(&self) -> u32 {
        self.ledger.recent_span_ticks
    }

    /// Ticks since the last bucket closed: of the whole history, and of the recent one.
    #[must_use]
    pub fn open_ticks(&self) -> (u32, u32) {
        self.subject().head.open_ticks()
    }

    /// The load of the process, since the start and of late; no subject has one of its own.
    #[must_use]
    pub fn load(&self) -> Option<(LoadMeans<'a>, LoadMeans<'a>)> {
        self.ledger.load()
    }

    /// The sites that add to it, at most [`TOP_SITES`](super::TOP_SITES), in no particular order.
    pub fn sites(&self) -> impl Iterator<Item = SiteCount> + 'a {
        self.ledger.tops[self.slot].iter()
    }

    /// Members its samples stand for: (born, died). `None` when it was never sampled.
    #[must_use]
    pub fn sampled(&self) -> Option<(u32, u32)> {
        self.ledger.tops[self.slot].totals()
    }

    /// How many members one sample stands for on average.
    #[must_use]
    pub fn mean_sample_weight(&self) -> f64 {
        self.ledger.tops[self.slot].mean_weight()
    }
}
