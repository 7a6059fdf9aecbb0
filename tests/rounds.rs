//! Allocation sites through the real guard: rounds instead of ticks, generations instead of births and
//! deaths, and what the heap's growth is explained by.

mod simulation;

use leakguard::guard::finding::{Event, Finding, Severity};
use leakguard::guard::Guard;
use leakguard::ledger::{Claim, Kind, MAX_COHORT_SITES, MEMORY_UNIT_BYTES};
use simulation::{at_ms, settings, site};

const ROUND_TICKS: u32 = 5;

/// As levels of memory count.
const KIB: u32 = 1024 / MEMORY_UNIT_BYTES;

/// A sampled heap: who lives where, and how many were ever born.
struct Heap {
    guard: Guard,
    levels: Vec<u32>,
    tick: u32,
    born: u32,
    /// (slot, ordinal) of each live sample.
    live: Vec<(u32, u32)>,
    /// Levels that go on from before the sampler was started again.
    forgotten: Vec<u32>,
    whole: u32,
}

impl Heap {
    fn new() -> Self {
        let mut settings = settings(64, 60);
        settings.round_ms = f64::from(ROUND_TICKS) * settings.interval_ms;
        let mut guard = Guard::new(settings);
        let whole = guard
            .claim(&claim(Kind::Heap, "heap", 1_024 * KIB))
            .unwrap();
        let mut levels = vec![0; 64];
        levels[whole as usize] = 20_000 * KIB;
        Self {
            guard,
            levels,
            tick: 0,
            born: 0,
            live: Vec::new(),
            forgotten: vec![0; 64],
            whole,
        }
    }

    fn site(&mut self, line: u32, function: &str) -> u32 {
        let claim = claim(Kind::Objects, "object", 64 * KIB);
        let slot = self.guard.claim_for_rounds(&claim).unwrap();
        let number = self.guard.define_site(&site(line, function)).unwrap();
        let number = number.map_or(0, u32::from);
        self.guard.sample_born(slot, number, 1).unwrap();
        slot
    }

    /// A sample of 16 KiB is born in `slot`.
    fn allocate(&mut self, slot: u32, samples: u32) {
        self.levels[self.whole as usize] += 16 * KIB * samples;
        for _ in 0..samples {
            self.born += 1;
            self.live.push((slot, self.born));
        }
    }

    fn round(&mut self) -> Vec<(Event, Finding)> {
        for slot in 0..64 {
            let samples = self.live.iter().filter(|&&(of, _)| of == slot).count();
            if slot != self.whole {
                self.levels[slot as usize] =
                    self.forgotten[slot as usize] + 16 * KIB * u32::try_from(samples).unwrap();
            }
        }
        let (slots, ordinals): (Vec<u32>, Vec<u32>) = self.live.iter().copied().unzip();
        self.guard.round(&self.levels, self.born, &slots, &ordinals);
        for _ in 0..ROUND_TICKS {
            self.tick += 1;
            self.guard.tick(&self.levels, None, at_ms(self.tick));
        }
        let events = self.guard.take_events();
        // The heap grows with its sites.
        events
            .into_iter()
            .filter(|it| it.finding.kind != Kind::Heap)
            .map(|it| (it.event, it.finding))
            .collect()
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = self.guard.findings();
        findings.retain(|finding| finding.kind != Kind::Heap);
        findings
    }

    fn start_anew(&mut self) {
        for slot in self.guard.forget_rounds() {
            self.forgotten[slot as usize] = self.levels[slot as usize];
        }
        self.born = 0;
        self.live.clear();
    }
}

fn claim(kind: Kind, what: &str, floor: u32) -> Claim<'_> {
    Claim {
        kind,
        what,
        owner: "",
        floor,
        level: 0,
    }
}

#[test]
fn a_site_of_which_all_generations_survive_is_a_leak_within_two_patiences() {
    let mut heap = Heap::new();
    let slot = heap.site(12, "build");
    let mut told = Vec::new();
    let mut rounds = 0;
    while told.is_empty() && rounds < 40 {
        heap.allocate(slot, 5);
        told = heap.round();
        rounds += 1;
    }
    let (event, finding) = &told[0];
    assert_eq!((*event, finding.severity), (Event::Raised, Severity::Leak));
    assert!(rounds * ROUND_TICKS <= 120, "{rounds} rounds");
    assert_eq!(finding.count, u64::from(rounds) * 5 * 16 * 1024);
    assert_eq!(finding.bytes, Some(finding.count));
    assert!(finding.title.contains("live objects"), "{}", finding.title);
    // 5 samples of 16 KiB in 5 s.
    let per_minute = 60.0 * 16.0 * 1024.0;
    assert!((finding.rate_per_minute / per_minute - 1.0).abs() < 0.1);
}

#[test]
fn a_site_whose_old_generations_die_is_none_however_much_it_allocates() {
    let mut heap = Heap::new();
    let slot = heap.site(12, "render");
    for _ in 0..60 {
        heap.allocate(slot, 20);
        let young = heap.born.saturating_sub(60);
        heap.live.retain(|&(_, ordinal)| ordinal > young);
        assert_eq!(heap.round(), []);
    }
    assert_eq!(heap.findings(), []);
}

#[test]
fn a_site_that_takes_the_place_of_what_is_older_than_the_samples_is_none() {
    let mut heap = Heap::new();
    let slot = heap.site(12, "refresh");
    for _ in 0..60 {
        heap.allocate(slot, 5);
        heap.levels[heap.whole as usize] -= 5 * 16 * KIB;
        assert_eq!(heap.round(), []);
    }
    // The place is taken, and from now on the heap grows.
    let told: Vec<_> = (0..60)
        .flat_map(|_| {
            heap.allocate(slot, 5);
            heap.round()
        })
        .collect();
    assert_eq!(told[0].1.severity, Severity::Leak);
}

#[test]
fn a_warm_up_is_none() {
    let mut heap = Heap::new();
    let slot = heap.site(12, "boot");
    heap.allocate(slot, 200);
    for _ in 0..60 {
        assert_eq!(heap.round(), []);
    }
}

#[test]
fn of_two_sites_that_grow_together_one_is_told_and_the_other_is_its_victim() {
    let mut heap = Heap::new();
    let slots = [heap.site(12, "build"), heap.site(40, "parse")];
    let mut told = Vec::new();
    for _ in 0..30 {
        heap.allocate(slots[0], 6);
        heap.allocate(slots[1], 3);
        told.extend(heap.round().into_iter().map(|(event, _)| event));
    }
    let raised = told.iter().filter(|&&event| event == Event::Raised).count();
    assert_eq!(raised, 1);
    let findings = heap.findings();
    assert_eq!(findings.len(), 1);
    let victims: Vec<Kind> = findings[0]
        .victims
        .iter()
        .map(|victim| victim.kind)
        .collect();
    assert_eq!(victims, [Kind::Heap, Kind::Objects]);
    assert_eq!(findings[0].sites.len(), 2);
}

#[test]
fn the_heaps_growth_is_explained_by_the_sites_that_grow() {
    let mut heap = Heap::new();
    assert_eq!(heap.guard.explained(), None);
    let slot = heap.site(12, "build");
    for _ in 0..30 {
        heap.allocate(slot, 5);
        heap.levels[heap.whole as usize] += 20 * KIB;
        heap.round();
    }
    // 80 KiB of every 100.
    let explained = heap.guard.explained().unwrap();
    assert!((0.7..=0.9).contains(&explained), "{explained}");
}

#[test]
fn nothing_is_explained_while_nothing_is_sampled() {
    let mut heap = Heap::new();
    for tick in 1..200 {
        heap.levels[heap.whole as usize] += 100 * KIB;
        heap.guard.tick(&heap.levels, None, at_ms(tick));
    }
    assert_eq!(heap.guard.explained(), None);
}

#[test]
fn the_last_row_of_cohorts_is_given_and_the_next_site_is_counted_as_dropped() {
    let capacity = u32::try_from(MAX_COHORT_SITES).unwrap() + 2;
    let mut guard = Guard::new(settings(capacity, 60));
    let claim = claim(Kind::Objects, "object", 64 * KIB);
    for _ in 0..MAX_COHORT_SITES {
        assert!(guard.claim_for_rounds(&claim).is_some());
    }
    assert_eq!(guard.claim_for_rounds(&claim), None);
    assert_eq!(guard.dropped(), 1);
}

#[test]
fn after_a_new_start_of_the_sampler_generations_are_counted_anew() {
    let mut heap = Heap::new();
    let slot = heap.site(12, "build");
    for _ in 0..6 {
        heap.allocate(slot, 5);
        heap.round();
    }
    heap.start_anew();
    assert_eq!(heap.round(), []);
    let view = heap.guard.ledger().view(slot).unwrap();
    assert_eq!(view.cohorts().len(), 1);
}

#[test]
fn a_finding_stands_over_a_new_start_of_the_sampler_until_its_site_stands_still() {
    let mut heap = Heap::new();
    let slots = [heap.site(12, "build"), heap.site(40, "render")];
    let grow = |heap: &mut Heap, rounds: u32| {
        (0..rounds).fold(Vec::new(), |mut events, _| {
            heap.allocate(slots[0], 5);
            events.extend(heap.round().into_iter().map(|(event, _)| event));
            events
        })
    };
    assert_eq!(grow(&mut heap, 30), [Event::Raised]);
    assert_eq!(heap.guard.forget_rounds(), [slots[0]]);
    heap.start_anew();
    let events = grow(&mut heap, 60);
    assert!(
        events.iter().all(|&event| event == Event::Grown),
        "{events:?}"
    );
    assert_eq!(heap.findings()[0].severity, Severity::Leak);
    let over: Vec<_> = (0..100)
        .flat_map(|_| heap.round())
        .map(|(event, _)| event)
        .collect();
    assert_eq!(over, [Event::Recovered]);
}
