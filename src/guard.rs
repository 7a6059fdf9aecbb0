//! F2. Policy: ticks in, findings out. The guard owns the ledger, asks for verdicts in turns, and decides
//! what is worth a reader's attention. It knows nothing of reports, files or Node.
//!
//! - **In turns.** With the default patience of 60 ticks a subject is judged every fourth tick, and each
//!   tick judges a quarter of them: verdicts move over minutes, so nothing is lost, and a tick over
//!   4,096 subjects stays far below a millisecond.
//! - **Hysteresis.** A verdict must hold four times running before it is raised; a single miss starts
//!   again. A raised subject leaves when its trough has fallen by a quarter, when it has stood still for
//!   twelve judgings although the process had work to do (after four a leak is a suspect again, which is
//!   not announced), or with its release.
//! - **Contracts.** An object that should be gone needs neither patience nor confirmation.
//! - **Grouping.** Subjects that grow for the same cause (equal signature) are one finding. A subject
//!   keeps the signature under which it was raised, although shares may shift later.
//! - **Silence.** After the first event there is another only when a suspect turns out a leak, at every
//!   further growth by half, and at recovery.

pub mod baseline;
pub mod finding;
pub mod settings;

pub(crate) mod advice;
mod blame;
mod case;
mod clock;
mod contract;
mod evidence;
mod explained;
mod folding;
mod glimpse;
mod known;
mod leftover;
pub(crate) mod phrase;
mod population;
pub(crate) mod signature;
mod union;
mod watch;

use rustc_hash::FxHashMap;

pub use self::finding::{Event, Finding, Occurrence, Severity};
pub use self::glimpse::{Glimpse, Listed, Listing, Rest, Stage};
pub use self::known::is_test_runner;
pub use self::leftover::Leftovers;
pub use self::settings::Settings;

use self::blame::Blame;
use self::case::{judge_view, stands_still, still_rises};
use self::clock::Clock;
use self::finding::Evidence;
use self::population::{Detail, Population, Standing};
use self::signature::Signature;
use self::watch::{has_recovered, recent_trough, Calm, Watch, CONFIRMATIONS, NO_FINDING};
use crate::error::Result;
use crate::ledger::{Claim, Ledger, Site, View};
use crate::verdict::{Growth, Judgement, Verdict, WARM_UP_PARTS};

/// Each subject is judged about this often per patience, so that [`CONFIRMATIONS`] cost a quarter of it.
const JUDGINGS_PER_PATIENCE: u32 = 15;

/// A leak that is confirmed and goes on rising is judged in full at every fourth of its turns: it cannot
/// get worse, and its numbers are a quarter of patience old at most.
const TURNS_PER_PROOF: u32 = 4;

/// The recent history reaches 1.6 times patience back, in fifths: a leak that begins late is wholly in it
/// after 96 ticks, so that four judgings end within twice the patience. Of an allocation site it takes as many rounds.
const RECENT_FIFTHS: u32 = 8;

/// Live findings at a time. A reader who has 256 causes to mend has no use for the next.
pub const MAX_FINDINGS: usize = 256;

/// One live finding.
#[derive(Clone, Copy, Debug)]
struct Raised {
    signature: Signature,
    /// The signature without a site: kind and owner.
    cause: Signature,
    severity: Severity,
    /// As bad as it has ever been. A leak may be in doubt for a while, which nobody is told, and so nobody
    /// is told either that it is one again.
    worst: Severity,
    judgement: Judgement,
    count_at_event: u64,
    members: u32,
    pending: Option<Event>,
    /// Whether anybody was told of it.
    told: bool,
    /// Which of several allocation sites is the largest changes while they grow, so one of them is told at
    /// a time: that wakes somebody, and the report has them all.
    is_allocation_site: bool,
}

/// Watches every subject and says what leaks.
pub struct Guard {
    settings: Settings,
    clock: Clock,
    ledger: Ledger,
    watches: Box<[Watch]>,
    raised: Box<[Option<Raised>]>,
    recovered: Vec<Occurrence>,
    /// By what the subject of a finding is held, as a heap snapshot has told.
    held: FxHashMap<Signature, String>,
    /// Findings for which [`MAX_FINDINGS`] left no room.
    unraised: u64,
}

impl Guard {
    /// A guard with all its tables.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        // Growth is blamed on sites from then on.
        let warm_up_ticks = (settings.patience_ticks / u32::from(WARM_UP_PARTS)).max(1);
        Self {
            settings,
            clock: Clock::new(settings.interval_ms, settings.started_at_ms),
            ledger: Ledger::new(
                settings.capacity,
                warm_up_ticks,
                (settings.patience_ticks * RECENT_FIFTHS).div_ceil(5),
            ),
            watches: vec![Watch::NEW; settings.capacity as usize].into_boxed_slice(),
            raised: vec![None; MAX_FINDINGS].into_boxed_slice(),
            recovered: Vec::new(),
            held: FxHashMap::default(),
            unraised: 0,
        }
    }

    /// A slot for a new subject; `None` when the table is full of larger ones.
    pub fn claim(&mut self, claim: &Claim<'_>) -> Option<u32> {
        let slot = self.ledger.claim(claim)?;
        self.watches[slot as usize] = Watch::NEW;
        Some(slot)
    }

    /// As [`Guard::claim`], for an allocation site: see [`Ledger::claim_for_rounds`].
    pub fn claim_for_rounds(&mut self, claim: &Claim<'_>) -> Option<u32> {
        let slot = self.ledger.claim_for_rounds(claim)?;
        self.watches[slot as usize] = Watch::NEW;
        Some(slot)
    }

    /// The subject is gone; an unknown slot is none.
    pub fn release(&mut self, slot: u32) {
        if self.ledger.view(slot).is_some() {
            self.leave_finding(slot);
            self.ledger.release(slot);
        }
    }

    /// See [`Ledger::define_site`].
    ///
    /// # Errors
    /// `InvalidInput` for a site without a file.
    pub fn define_site(&mut self, site: &Site) -> Result<Option<u16>> {
        self.ledger.define_site(site)
    }

    /// See [`Ledger::sweep_sites`].
    pub fn sweep_sites(&mut self, in_use: &[u32]) -> Vec<u32> {
        self.ledger.sweep_sites(in_use)
    }

    /// See [`Ledger::sample_born`].
    ///
    /// # Errors
    /// `UnknownSlot` or `UnknownSite`.
    pub fn sample_born(&mut self, slot: u32, site: u32, weight: u32) -> Result<()> {
        self.ledger.sample_born(slot, site, weight)
    }

    /// See [`Ledger::sample_died`].
    ///
    /// # Errors
    /// `UnknownSlot` or `UnknownSite`.
    pub fn sample_died(&mut self, slot: u32, site: u32, weight: u32) -> Result<()> {
        self.ledger.sample_died(slot, site, weight)
    }

    /// See [`Ledger::sample_passed`].
    ///
    /// # Errors
    /// `UnknownSlot`.
    pub fn sample_passed(&mut self, slot: u32) -> Result<()> {
        self.ledger.sample_passed(slot)
    }

    /// See [`Ledger::observe`].
    pub fn observe(&mut self, levels: &[u32]) {
        self.ledger.observe(levels);
    }

    /// One tick at `at_ms` (epoch). `load` is what the process had to do since the last one, such as busy
    /// milliseconds of its event loop; `None` when that is not known. Returns how many events wait to be
    /// taken.
    pub fn tick(&mut self, levels: &[u32], load: Option<f64>, at_ms: f64) -> usize {
        self.ledger.tick(levels, load);
        let tick = self.ledger.ticks();
        self.clock.tick(tick, at_ms);
        let stride = (self.settings.patience_ticks / JUDGINGS_PER_PATIENCE).max(1);
        let capacity = self.settings.capacity;
        // The slots with (tick + slot) % stride == 0.
        let first = (stride - tick % stride) % stride;
        for slot in (first..capacity).step_by(stride as usize) {
            if !self.observed_at_rounds(slot) {
                // By slot, so that each tick has a quarter of them.
                let turn = tick / stride + slot / stride;
                self.judge_slot(slot, turn % TURNS_PER_PROOF == 0);
            }
        }
        self.note_growth();
        self.waiting()
    }

    /// One round of the heap's sampler, see [`Ledger::round`]. All its subjects are judged at each, for
    /// rounds are rare.
    pub fn round(&mut self, levels: &[u32], last_ordinal: u32, slots: &[u32], ordinals: &[u32]) {
        self.ledger.round(levels, last_ordinal, slots, ordinals);
        for slot in 0..self.settings.capacity {
            if self.observed_at_rounds(slot) {
                self.judge_slot(slot, true);
            }
        }
    }

    /// See [`Ledger::forget_rounds`]. The slots of sites that are told of: what they had counts on, for a
    /// sampler that is started again says nothing about what it forgets.
    pub fn forget_rounds(&mut self) -> Vec<u32> {
        self.ledger.forget_rounds();
        (0..self.settings.capacity)
            .filter(|&slot| {
                self.observed_at_rounds(slot) && self.watches[slot as usize].finding != NO_FINDING
            })
            .collect()
    }

    fn observed_at_rounds(&self, slot: u32) -> bool {
        self.ledger
            .view(slot)
            .is_some_and(|view| view.observed_at_rounds())
    }

    fn judge_slot(&mut self, slot: u32, in_full: bool) {
        let Some(view) = self.ledger.view(slot) else {
            return;
        };
        let contract = contract::judge(&view);
        let watch = &mut self.watches[slot as usize];
        // What must be gone has not recovered while some of it is there.
        if watch.finding != NO_FINDING
            && contract.is_none()
            && has_recovered(&view, watch.trough_when_raised)
        {
            self.leave_finding(slot);
            return;
        }
        if watch.is_confirmed_leak() && still_rises(&view) && !in_full {
            watch.calm_down(true);
            return;
        }
        let patience = self.settings.patience(&view);
        let judgement =
            contract.unwrap_or_else(|| self.within_the_heap(&view, judge_view(&view, patience)));
        let watch = &mut self.watches[slot as usize];
        let index = usize::from(watch.finding);
        if watch.finding != NO_FINDING {
            let grows = judgement.verdict >= Verdict::Growing
                || !stands_still(&view, patience, watch.growth);
            match watch.calm_down(grows) {
                Calm::Over => return self.leave_finding(slot),
                Calm::Doubtful => self.doubt(index),
                Calm::No => {}
            }
        }
        let watch = &mut self.watches[slot as usize];
        if let (Some(trend), true) = (judgement.trend, judgement.verdict >= Verdict::Growing) {
            watch.growth = trend.growth_so_far();
        }
        let confirmed = watch.confirm(judgement.verdict);
        let Some(severity) = contract.map(|_| Severity::Leak).or(confirmed) else {
            return;
        };
        match self.raised.get_mut(index) {
            Some(Some(raised)) => raised.refresh(severity, judgement),
            _ => self.raise(slot, severity, judgement),
        }
    }

    /// No part grows while the whole stands still: one line's objects take the place of another's, which
    /// may be older than the samples.
    fn within_the_heap(&self, site: &View<'_>, judgement: Judgement) -> Judgement {
        if !site.observed_at_rounds() || judgement.verdict < Verdict::Growing {
            return judgement;
        }
        // Looked for only now: it may be behind thousands of subjects.
        let (Some(trend), Some(heap)) = (judgement.trend, self.heap()) else {
            return judgement;
        };
        let Growth {
            rate_per_tick,
            window_ticks,
        } = trend.growth_so_far();
        let rounds = f64::from(window_ticks);
        let growth = f64::from(rate_per_tick) * rounds;
        if explained::may_hold(&heap, growth, rounds * self.settings.round_ticks()) {
            return judgement;
        }
        Judgement {
            verdict: Verdict::Watching,
            ..judgement
        }
    }

    fn heap(&self) -> Option<View<'_>> {
        let mut views = self.ledger.views();
        views.find_map(|(_, view)| explained::is_heap(&view).then_some(view))
    }

    /// Unless another of its subjects still grows, the finding is a suspect from now on. Nobody is told:
    /// that a leak has come to a stop is for those who look.
    fn doubt(&mut self, index: usize) {
        let calm = |watch: &Watch| usize::from(watch.finding) != index || watch.is_calm();
        if let (Some(Some(raised)), true) =
            (self.raised.get_mut(index), self.watches.iter().all(calm))
        {
            raised.severity = Severity::Suspect;
            // Of a leak, whose confidence it is no more.
            raised.judgement.verdict = Verdict::Growing;
        }
    }

    /// The subject joins the finding of its cause, or opens it.
    fn raise(&mut self, slot: u32, severity: Severity, judgement: Judgement) {
        let Some(view) = self.ledger.view(slot) else {
            return;
        };
        let site = Blame::on(&view)
            .dominant_site()
            .and_then(|site| self.ledger.site(site));
        let signature = Signature::of(view.kind(), view.owner(), site.as_ref());
        let cause = Signature::of(view.kind(), view.owner(), None);
        // All intervals and all unnamed Maps have one owner, which tells nothing.
        let has_name = !view.owner().is_empty() && view.owner() != view.what();
        let joins = |raised: &Option<Raised>| {
            raised.is_some_and(|it| {
                it.signature == signature
                    // One of the two was raised before it had a sample: the same owner has to do.
                    || (has_name
                        && it.cause == cause
                        && (it.signature == it.cause || signature == cause))
            })
        };
        let known = self.raised.iter().position(joins);
        let Some(index) = known.or_else(|| self.raised.iter().position(Option::is_none)) else {
            // Counted once per streak, not at every judging of it.
            let watch = self.watches[slot as usize];
            self.unraised += u64::from(watch.growing_in_a_row == CONFIRMATIONS);
            return;
        };
        let trough = recent_trough(&view);
        let count = u64::from(view.level());
        let raised = self.raised[index].get_or_insert(Raised {
            signature,
            cause,
            severity,
            worst: severity,
            judgement,
            count_at_event: 0,
            members: 0,
            pending: Some(Event::Raised),
            told: false,
            is_allocation_site: view.observed_at_rounds(),
        });
        // Under the name that it was told by others look for it.
        if has_name && raised.signature == raised.cause && !raised.told {
            raised.signature = signature;
        }
        raised.members += 1;
        raised.count_at_event += count;
        raised.refresh(severity, judgement);
        let watch = &mut self.watches[slot as usize];
        // MAX_FINDINGS is 2^8.
        watch.finding = u16::try_from(index).unwrap_or(NO_FINDING);
        watch.trough_when_raised = trough;
        self.ledger.pin(slot, true);
    }

    /// The subject leaves its finding, if it has one; the last to leave closes it.
    fn leave_finding(&mut self, slot: u32) {
        let finding = std::mem::replace(&mut self.watches[slot as usize], Watch::NEW).finding;
        self.ledger.pin(slot, false);
        let Some(Some(raised)) = self.raised.get_mut(usize::from(finding)) else {
            return;
        };
        raised.members -= 1;
        if raised.members > 0 {
            return;
        }
        let raised = *raised;
        self.raised[usize::from(finding)] = None;
        // What nobody has heard of need not be called off.
        if let (true, Some(view)) = (raised.told, self.ledger.view(slot)) {
            if self.recovered.len() == MAX_FINDINGS {
                self.recovered.remove(0);
            }
            let finding = self.describe(&raised, vec![view], Detail::Full);
            self.recovered.push(Occurrence {
                event: Event::Recovered,
                finding,
            });
        }
    }

    /// Announces findings that have grown by half since they were last spoken of, and asks of those that nobody
    /// was told of whether they are victims or healthy still.
    fn note_growth(&mut self) {
        let asks_again = self.ledger.ticks() % self.settings.patience_ticks.max(1) == 0;
        let mut counts = [0u64; MAX_FINDINGS];
        for (slot, watch) in (0u32..).zip(&*self.watches) {
            if let Some(count) = counts.get_mut(usize::from(watch.finding)) {
                *count += self
                    .ledger
                    .view(slot)
                    .map_or(0, |view| u64::from(view.level()));
            }
        }
        for (raised, count) in self.raised.iter_mut().zip(counts) {
            let Some(raised) = raised else { continue };
            if raised.pending.is_some() {
                raised.count_at_event = count;
            } else if count >= raised.count_at_event + raised.count_at_event.div_ceil(2) {
                raised.count_at_event = count;
                raised.pending = Some(Event::Grown);
            } else if asks_again && !raised.told {
                raised.pending = Some(Event::Raised);
            }
        }
    }

    fn waiting(&self) -> usize {
        let pending = self
            .raised
            .iter()
            .flatten()
            .filter(|raised| raised.pending.is_some());
        self.recovered.len() + pending.count()
    }

    /// The events since the last call, and forgets them. Nothing is told of what is a victim or known to
    /// be healthy.
    pub fn take_events(&mut self) -> Vec<Occurrence> {
        let mut occurrences = std::mem::take(&mut self.recovered);
        if self
            .raised
            .iter()
            .flatten()
            .all(|raised| raised.pending.is_none())
        {
            return occurrences;
        }
        let mut causes = self.causes();
        let mut site_is_told = self.raised.iter().flatten().any(Raised::is_told_site);
        for raised in self.raised.iter_mut().flatten() {
            let Some(event) = raised.pending.take() else {
                continue;
            };
            if raised.is_allocation_site && !raised.told && site_is_told {
                continue;
            }
            let signature = raised.signature.to_string();
            let cause = causes
                .iter()
                .position(|cause| cause.severity > Severity::Note && cause.signature == signature);
            if let Some(cause) = cause {
                let finding = causes.swap_remove(cause);
                let event = if raised.told { event } else { Event::Raised };
                occurrences.push(Occurrence { event, finding });
                raised.told = true;
                site_is_told |= raised.is_allocation_site;
            }
        }
        occurrences
    }

    /// Everything that stands now: leaks, suspects and notes, the worst first, then the nearest to the cause.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        self.findings_in(Detail::Full)
    }

    /// As [`Guard::findings`], each without words, victims, evidence and history: for those who ask often,
    /// and want numbers and names.
    #[must_use]
    pub fn findings_in_numbers(&self) -> Vec<Finding> {
        let mut findings = self.findings_in(Detail::Numbers);
        for finding in &mut findings {
            finding.victims.clear();
            finding.evidence.clear();
        }
        findings
    }

    fn findings_in(&self, detail: Detail) -> Vec<Finding> {
        let mut findings = self.causes_in(detail);
        findings.extend(self.notes(detail));
        // Stable: among equals the order of causes stays.
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        findings
    }

    /// What was registered since a mark and is still there.
    #[must_use]
    pub fn leftovers(&self, leftovers: &Leftovers) -> Vec<Finding> {
        leftovers.findings(&self.ledger)
    }

    /// What was raised, victims under their causes, the nearest to the cause first.
    #[must_use]
    pub fn causes(&self) -> Vec<Finding> {
        self.causes_in(Detail::Full)
    }

    fn causes_in(&self, detail: Detail) -> Vec<Finding> {
        let raised = self.raised.iter().zip(self.members_of_all());
        let findings = raised.filter_map(|(raised, members)| {
            Some(self.describe_raised(raised.as_ref()?, members, detail))
        });
        let mut causes = folding::fold(findings.collect(), self.explained());
        for cause in &mut causes {
            let watched_ms = self.clock.now_ms() - cause.first_seen as f64;
            known::quieten(cause, watched_ms / self.clock.tick_ms());
        }
        causes
    }

    /// Share of the heap's growth that the findings account for, 0 to 1; `None` while it is not known.
    #[must_use]
    pub fn explained(&self) -> Option<f64> {
        // Without the heap's sampler nothing can be accounted for.
        if self.ledger.rounds() == 0 {
            return None;
        }
        let heap = self.heap()?;
        let is_raised = |slot: u32| self.watches[slot as usize].finding != NO_FINDING;
        let raised = self.ledger.views().filter(|&(slot, _)| is_raised(slot));
        explained::share(&heap, raised.map(|(_, view)| view))
    }

    fn describe_raised(&self, raised: &Raised, members: Vec<View<'_>>, detail: Detail) -> Finding {
        let mut finding = self.describe(raised, members, detail);
        if let Some(held) = self.held.get(&raised.signature) {
            finding.evidence.push(Evidence {
                signal: "held".to_owned(),
                detail: held.clone(),
            });
        }
        finding
    }

    /// The subjects of each raised finding, by its index: in one go over all subjects, of which there may be
    /// thousands.
    fn members_of_all(&self) -> Vec<Vec<View<'_>>> {
        let mut members = vec![Vec::new(); MAX_FINDINGS];
        for (slot, watch) in (0u32..).zip(&*self.watches) {
            if let Some(members) = members.get_mut(usize::from(watch.finding)) {
                members.extend(self.ledger.view(slot));
            }
        }
        members
    }

    /// The subjects of a raised finding.
    fn members(&self, index: usize) -> impl Iterator<Item = (u32, View<'_>)> {
        let views = self.ledger.views();
        views.filter(move |&(slot, _)| usize::from(self.watches[slot as usize].finding) == index)
    }

    fn find_raised(&self, signature: &str) -> Option<(usize, Signature)> {
        let raised = self.raised.iter().map(Option::as_ref).enumerate();
        raised
            .filter_map(|(index, raised)| Some((index, raised?.signature)))
            .find(|(_, raised)| raised.to_string() == signature)
    }

    /// The slot of the largest subject of a finding; `None` when the finding does not stand any more.
    #[must_use]
    pub fn largest_subject(&self, signature: &str) -> Option<u32> {
        let (index, _) = self.find_raised(signature)?;
        let largest = self.members(index).max_by_key(|(_, view)| view.level())?;
        Some(largest.0)
    }

    /// Says by what the subject of a finding is held; of a finding that does not stand any more it is forgotten.
    pub fn set_held(&mut self, signature: &str, held: String) {
        if let Some((_, signature)) = self.find_raised(signature) {
            let raised: Vec<Signature> = self
                .raised
                .iter()
                .flatten()
                .map(|raised| raised.signature)
                .collect();
            self.held.retain(|signature, _| raised.contains(signature));
            self.held.insert(signature, held);
        }
    }

    fn describe(&self, raised: &Raised, members: Vec<View<'_>>, detail: Detail) -> Finding {
        let standing = Standing::Raised {
            severity: raised.severity,
            judgement: raised.judgement,
        };
        self.population(members)
            .describe(raised.signature, standing, detail)
    }

    /// Subjects that are too young for a verdict but stand out: over their floor by one site.
    fn notes(&self, detail: Detail) -> Vec<Finding> {
        let mut groups: FxHashMap<Signature, Vec<View<'_>>> = FxHashMap::default();
        for (slot, view) in self.ledger.views() {
            let raised = self.watches[slot as usize].finding != NO_FINDING;
            let young = view.history_ticks() < self.settings.patience(&view);
            let is_due = contract::judge(&view).is_some();
            if raised || is_due || !young || view.level() < view.floor().max(1) {
                continue;
            }
            let dominant = Blame::on(&view).dominant_site();
            if let Some(site) = dominant.and_then(|site| self.ledger.site(site)) {
                let signature = Signature::of(view.kind(), view.owner(), Some(&site));
                groups.entry(signature).or_default().push(view);
            }
        }
        let describe = |(signature, members)| {
            let population = self.population(members);
            population.describe(signature, Standing::Note, detail)
        };
        let mut notes: Vec<Finding> = groups.into_iter().map(describe).collect();
        notes.sort_by(|a, b| (b.count, &b.signature).cmp(&(a.count, &a.signature)));
        notes
    }

    fn population<'a>(&'a self, members: Vec<View<'a>>) -> Population<'a> {
        Population::new(&self.ledger, self.clock, &self.settings, members)
    }

    /// Forgets all history and all findings at `at_ms` (epoch). Subjects and sites stay.
    pub fn reset(&mut self, at_ms: f64) {
        let started_at_ms = if at_ms.is_finite() {
            at_ms
        } else {
            self.clock.now_ms()
        };
        self.ledger.forget_past();
        self.clock = Clock::new(self.settings.interval_ms, started_at_ms);
        self.watches.fill(Watch::NEW);
        self.raised.fill(None);
        self.recovered.clear();
        self.held.clear();
        self.unraised = 0;
    }

    /// The heap may not grow beyond so many bytes.
    pub fn set_heap_limit(&mut self, bytes: u64) {
        self.settings.heap_limit_bytes = bytes;
    }

    /// The book it keeps.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Its settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Start or last reset, in epoch milliseconds.
    #[must_use]
    pub fn started_at_ms(&self) -> f64 {
        self.clock.started_at_ms()
    }

    /// Subjects, sites, labels and findings there was no room for.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.ledger.dropped() + self.unraised
    }

    /// What it and its ledger occupy, which never changes; events that wait to be taken are on top.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let tables = size_of_val(&*self.watches) + size_of_val(&*self.raised);
        self.ledger.bytes() + tables + size_of::<Self>() - size_of::<Ledger>()
    }
}

impl Raised {
    fn is_told_site(&self) -> bool {
        self.told && self.is_allocation_site
    }

    /// A later judging: the finding gets worse, never better, and shows the newest numbers.
    fn refresh(&mut self, severity: Severity, judgement: Judgement) {
        if severity > self.severity {
            self.severity = severity;
            self.judgement = judgement;
            if severity > self.worst {
                self.worst = severity;
                self.pending.get_or_insert(Event::Worse);
            }
        } else if severity == self.severity {
            self.judgement = judgement;
        }
    }
}
