//! The ledger's bounds: what the last accepted and the first refused of everything is, who has to go,
//! and that nothing ever grows.

mod simulation;

use leakguard::error::Kind as ErrorKind;
use leakguard::guard::Guard;
use leakguard::ledger::{Claim, Kind, Ledger, Site, MAX_OWNER_BYTES, MAX_SITES};
use proptest::prelude::*;
use simulation::{at_ms, listeners, settings, site, Random};
use std::collections::BTreeMap;

const MIB: usize = 1 << 20;

fn full(levels: &[u32]) -> Ledger {
    let mut ledger = Ledger::new(u32::try_from(levels.len()).unwrap(), 12, 96);
    for &level in levels {
        assert!(ledger.claim(&listeners("list", level)).is_some());
    }
    ledger
}

#[test]
fn the_last_free_slot_is_given_and_the_next_claim_is_refused_and_counted() {
    let mut ledger = full(&[20; 8]);
    assert_eq!(ledger.tracked(), 8);
    assert_eq!(
        ledger.claim(&listeners("one more", 20)),
        None,
        "an equal is not larger"
    );
    assert_eq!((ledger.dropped(), ledger.evicted()), (1, 0));
}

#[test]
fn a_larger_newcomer_takes_the_slot_of_the_smallest() {
    let mut ledger = full(&[50, 20, 30]);
    assert_eq!(ledger.claim(&listeners("large", 40)), Some(1));
    assert_eq!(ledger.view(1).unwrap().owner(), "large");
    assert_eq!(
        (ledger.dropped(), ledger.evicted(), ledger.tracked()),
        (0, 1, 3)
    );
}

#[test]
fn a_pinned_subject_is_never_evicted() {
    let mut ledger = full(&[50, 20, 30]);
    ledger.pin(1, true);
    assert_eq!(ledger.claim(&listeners("large", 40)), Some(2));
    ledger.pin(0, true);
    ledger.pin(2, true);
    assert_eq!(ledger.claim(&listeners("huge", 4_000_000_000)), None);
}

#[test]
fn an_object_that_must_be_gone_takes_the_slot_of_the_smallest_whatever_that_has() {
    let mut ledger = full(&[50, 20, 30]);
    let overdue = Claim {
        kind: Kind::Retained,
        level: 1,
        ..listeners("session", 1)
    };
    assert_eq!(ledger.claim(&overdue), Some(1));
}

#[test]
fn labels_are_those_of_the_claim_however_often_their_table_was_full() {
    let mut ledger = full(&[50]);
    for number in 0..20_000 {
        let (what, owner) = (format!("what {number}"), format!("{number:0>90}"));
        ledger.release(0);
        let claim = Claim {
            what: &what,
            ..listeners(&owner, 1)
        };
        assert_eq!(ledger.claim(&claim), Some(0));
        let view = ledger.view(0).unwrap();
        assert_eq!((view.what(), view.owner()), (&*what, &*owner));
    }
    assert_eq!(ledger.dropped(), 0);
}

#[test]
fn a_released_slot_starts_anew() {
    let mut ledger = full(&[50]);
    ledger.tick(&[70], None);
    ledger.sample_born(0, 0, 5).unwrap();
    assert!(ledger.release(0));
    assert!(!ledger.release(0), "a second release is none");
    assert_eq!(ledger.claim(&listeners("new", 3)), Some(0));
    let view = ledger.view(0).unwrap();
    assert_eq!(
        (view.peak(), view.history_ticks(), view.sampled()),
        (3, 0, None)
    );
}

#[test]
fn unknown_slots_and_sites_are_errors_and_count_nothing() {
    let mut ledger = full(&[50]);
    let kind = |result: leakguard::error::Result<()>| result.unwrap_err().kind();
    assert_eq!(kind(ledger.sample_born(1, 0, 1)), ErrorKind::UnknownSlot);
    assert_eq!(
        kind(ledger.sample_died(u32::MAX, 0, 1)),
        ErrorKind::UnknownSlot
    );
    assert_eq!(kind(ledger.sample_born(0, 7, 1)), ErrorKind::UnknownSite);
    assert_eq!(
        kind(ledger.sample_born(0, 70_000, 1)),
        ErrorKind::UnknownSite
    );
    assert_eq!(ledger.view(0).unwrap().sampled(), None);
}

#[test]
fn levels_that_are_missing_count_as_zero_and_surplus_ones_are_ignored() {
    let mut ledger = full(&[50, 60]);
    ledger.tick(&[55], None);
    assert_eq!(ledger.view(1).unwrap().level(), 0);
    ledger.tick(&[1, 2, 3, 4], None);
    ledger.observe(&[]);
    assert_eq!(ledger.view(0).unwrap().level(), 0);
    assert_eq!(ledger.view(0).unwrap().peak(), 55);
}

#[test]
fn looking_between_two_ticks_hides_no_birth_and_no_change() {
    let mut ledger = full(&[50]);
    for tick in 1..=3 {
        let levels = [50 + 10 * tick];
        ledger.observe(&levels);
        ledger.tick(&levels, None);
    }
    let view = ledger.view(0).unwrap();
    assert!(view
        .buckets()
        .all(|bucket| (bucket.births, bucket.deaths) == (10, 0)));
    assert_eq!(view.last_changed_tick(), 3);
}

#[test]
fn owners_are_cut_between_characters() {
    let mut ledger = Ledger::new(1, 12, 96);
    let owner = "ü".repeat(MAX_OWNER_BYTES);
    let slot = ledger.claim(&listeners(&owner, 1)).unwrap();
    assert_eq!(
        ledger.view(slot).unwrap().owner(),
        "ü".repeat(MAX_OWNER_BYTES / 2)
    );
}

#[test]
fn a_site_keeps_its_number_and_reads_back_as_it_was() {
    let mut ledger = Ledger::new(1, 12, 96);
    let mut described = site(12, "onRequest");
    described.package = Some("express".to_owned());
    described.app = Some(site(30, "").frame);
    let number = ledger.define_site(&described).unwrap().unwrap();
    assert_eq!(ledger.define_site(&described).unwrap(), Some(number));
    assert_eq!(ledger.site(number), Some(described));
    assert_eq!((ledger.site(0), ledger.site(number + 1)), (None, None));
    assert_eq!(
        ledger.define_site(&Site::default()).unwrap_err().kind(),
        ErrorKind::InvalidInput
    );
}

#[test]
fn the_last_site_fits_the_next_is_dropped_and_a_sweep_makes_room() {
    let mut ledger = Ledger::new(1, 12, 96);
    let slot = ledger.claim(&listeners("list", 20)).unwrap();
    let lines = 1..=u32::try_from(MAX_SITES).unwrap();
    assert!(lines
        .clone()
        .all(|line| ledger.define_site(&site(line, "f")).unwrap().is_some()));
    assert_eq!(ledger.define_site(&site(0, "one more")).unwrap(), None);
    assert_eq!(ledger.dropped(), 1);
    ledger.sample_born(slot, 5, 1).unwrap();
    let freed = ledger.sweep_sites(&[7, 9, 4_000_000_000]);
    assert_eq!(
        freed.len(),
        MAX_SITES - 3,
        "all but the two in use and the one counted"
    );
    assert!([5, 7, 9].iter().all(|kept| !freed.contains(kept)));
    assert!(ledger.define_site(&site(0, "one more")).unwrap().is_some());
}

#[test]
fn long_labels_without_end_neither_grow_the_ledger_nor_stop_it() {
    let mut ledger = Ledger::new(64, 12, 96);
    let bytes = ledger.bytes();
    for round in 0..20_000u32 {
        let owner = format!("socket {round} {}", "x".repeat(60));
        let claim = Claim {
            kind: Kind::Handles,
            what: "socket",
            owner: &owner,
            floor: 1,
            level: 9,
        };
        let slot = ledger.claim(&claim).expect("a free slot");
        assert_eq!(ledger.view(slot).unwrap().owner(), owner);
        ledger.release(slot);
    }
    assert_eq!((ledger.bytes(), ledger.dropped()), (bytes, 0));
}

#[test]
fn sites_with_paths_without_end_are_dropped_when_the_arena_is_full_of_live_ones() {
    let mut ledger = Ledger::new(1, 12, 96);
    let mut defined = 0;
    for line in 0..1_000 {
        let mut long = site(line, "f");
        long.frame.file = format!("/{line}/{}", "x".repeat(500));
        defined += usize::from(ledger.define_site(&long).unwrap().is_some());
    }
    assert!((250..400).contains(&defined), "{defined}");
    assert_eq!(ledger.dropped(), 1_000 - defined as u64);
    assert!(
        ledger.claim(&listeners("list", 20)).is_some(),
        "subjects are still watched"
    );
}

#[test]
fn at_the_default_capacity_everything_fits_four_mib_and_never_grows() {
    const CAPACITY: u32 = 4_096;
    let mut guard = Guard::new(settings(CAPACITY, 60));
    let bytes = guard.bytes();
    println!("{bytes} bytes, {:.2} MiB", bytes as f64 / MIB as f64);
    assert!(bytes <= 4 * MIB, "{bytes}");
    let mut random = Random::new(7);
    let sites: Vec<u32> = (1..=500)
        .map(|line| {
            guard
                .define_site(&site(line, &format!("f{line}")))
                .unwrap()
                .unwrap()
                .into()
        })
        .collect();
    let mut levels = vec![0; CAPACITY as usize];
    for slot in 0..CAPACITY {
        assert_eq!(
            guard.claim(&listeners(&format!("list {slot}"), 20)),
            Some(slot)
        );
        levels[slot as usize] = 20;
    }
    for tick in 1..=300 {
        for (slot, level) in (0..CAPACITY).zip(&mut levels) {
            let site = sites[usize::try_from(random.next() % 500).unwrap()];
            *level += slot % 3;
            guard.sample_born(slot, site, slot % 3 + 1).unwrap();
        }
        guard.tick(&levels, None, at_ms(tick));
        guard.take_events();
    }
    assert_eq!(guard.bytes(), bytes);
    assert!(!guard.findings().is_empty());
}

/// What the oracle knows of a subject.
struct Held {
    owner: String,
    level: u32,
    pinned: bool,
    claimed_at: u32,
}

#[derive(Clone, Debug)]
enum Step {
    Claim(u32),
    Release(u32),
    Pin(u32, bool),
    Tick(Vec<u32>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u32..9).prop_map(Step::Claim),
        2 => (0u32..6).prop_map(Step::Release),
        1 => (0u32..6, any::<bool>()).prop_map(|(slot, pinned)| Step::Pin(slot, pinned)),
        2 => prop::collection::vec(0u32..9, 4).prop_map(Step::Tick),
    ]
}

proptest! {
    #[test]
    fn slots_are_given_kept_and_taken_as_by_a_map(steps in prop::collection::vec(step(), 0..120)) {
        const CAPACITY: u32 = 4;
        let mut ledger = Ledger::new(CAPACITY, 12, 96);
        let mut held = BTreeMap::<u32, Held>::new();
        let (mut ticks, mut evicted, mut dropped) = (0, 0, 0);
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Claim(level) => {
                    let owner = format!("list {number}");
                    let given = ledger.claim(&listeners(&owner, level));
                    let full = held.len() == CAPACITY as usize;
                    let smallest = held
                        .iter()
                        .filter(|(_, it)| !it.pinned && it.level < level)
                        .min_by_key(|(_, it)| it.level)
                        .map(|(&slot, _)| slot);
                    match given {
                        Some(slot) if full => {
                            prop_assert_eq!(smallest, Some(slot));
                            evicted += 1;
                        }
                        Some(slot) => prop_assert!(slot < CAPACITY && !held.contains_key(&slot)),
                        None => {
                            prop_assert!(full && smallest.is_none());
                            dropped += 1;
                        }
                    }
                    if let Some(slot) = given {
                        held.insert(slot, Held { owner, level, pinned: false, claimed_at: ticks });
                    }
                }
                Step::Release(slot) => prop_assert_eq!(ledger.release(slot), held.remove(&slot).is_some()),
                Step::Pin(slot, pinned) => {
                    ledger.pin(slot, pinned);
                    if let Some(it) = held.get_mut(&slot) {
                        it.pinned = pinned;
                    }
                }
                Step::Tick(levels) => {
                    ledger.tick(&levels, None);
                    ticks += 1;
                    for (&slot, it) in &mut held {
                        it.level = levels[slot as usize];
                    }
                }
            }
            let views = ledger.views().map(|(slot, view)| (slot, view.owner().to_owned(), view.level(), view.history_ticks()));
            let expected = held.iter().map(|(&slot, it)| (slot, it.owner.clone(), it.level, ticks - it.claimed_at));
            prop_assert_eq!(views.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
            prop_assert_eq!((ledger.tracked(), ledger.evicted(), ledger.dropped()), (held.len(), evicted, dropped));
        }
    }
}
