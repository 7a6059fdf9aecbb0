//! What the guard makes of verdicts: when it speaks, what it groups, when it takes it back.

mod simulation;

use leakguard::guard::finding::{Event, Finding, Severity, Tier};
use leakguard::guard::{Guard, MAX_FINDINGS};
use leakguard::ledger::{Claim, Kind, MEMORY_UNIT_BYTES};
use simulation::{at_ms, listeners, settings, site};

/// A guard, the levels it is told, and the time.
struct Run {
    guard: Guard,
    levels: Vec<u32>,
    tick: u32,
    /// Who adds to each slot.
    sites: Vec<u32>,
    load: Option<f64>,
}

impl Run {
    fn new(capacity: u32) -> Self {
        Self {
            guard: Guard::new(settings(capacity, 60)),
            levels: vec![0; capacity as usize],
            tick: 0,
            sites: vec![0; capacity as usize],
            load: None,
        }
    }

    fn claim(&mut self, owner: &str) -> u32 {
        self.claim_by(owner, "onRequest")
    }

    fn claim_by(&mut self, owner: &str, function: &str) -> u32 {
        let slot = self.guard.claim(&listeners(owner, 20)).unwrap();
        self.levels[slot as usize] = 20;
        let site = self.guard.define_site(&site(12, function)).unwrap();
        self.sites[slot as usize] = site.map_or(0, u32::from);
        slot
    }

    /// So many ticks in which each of the slots gets one more; the events with their ticks.
    fn grow(&mut self, slots: &[u32], ticks: u32) -> Vec<(u32, Event, Finding)> {
        self.ticks(ticks, |run| {
            for &slot in slots {
                run.levels[slot as usize] += 1;
                let site = run.sites[slot as usize];
                run.guard.sample_born(slot, site, 1).unwrap();
            }
        })
    }

    fn ticks(&mut self, ticks: u32, mut step: impl FnMut(&mut Self)) -> Vec<(u32, Event, Finding)> {
        let mut events = Vec::new();
        for _ in 0..ticks {
            step(self);
            self.tick += 1;
            let waiting = self.guard.tick(&self.levels, self.load, at_ms(self.tick));
            let taken = self.guard.take_events();
            // What is a victim of another is not told.
            assert!(waiting >= taken.len());
            events.extend(
                taken
                    .into_iter()
                    .map(|it| (self.tick, it.event, it.finding)),
            );
        }
        events
    }
}

fn kinds(events: &[(u32, Event, Finding)]) -> Vec<Event> {
    events.iter().map(|(_, event, _)| *event).collect()
}

#[test]
fn nothing_is_said_before_patience_and_four_judgings() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let events = run.grow(&[slot], 100);
    assert_eq!(events[0].1, Event::Raised);
    // Judged from tick 60 on, every fourth tick; the fourth time at 72.
    assert_eq!(events[0].0, 72);
    assert_eq!(events[0].2.severity, Severity::Leak);
}

#[test]
fn a_leak_is_announced_again_only_when_it_has_grown_by_half() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let events = run.grow(&[slot], 400);
    assert_eq!(kinds(&events)[..2], [Event::Raised, Event::Grown]);
    for pair in events.windows(2) {
        assert!(
            pair[1].2.count * 2 >= pair[0].2.count * 3,
            "{} {}",
            pair[0].2.count,
            pair[1].2.count
        );
    }
    assert!(events.len() <= 5, "{}", events.len());
}

#[test]
fn a_growth_that_pauses_within_the_four_judgings_is_not_raised() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 66);
    let events = run.ticks(40, |run| run.levels[slot as usize] = 20);
    assert_eq!(kinds(&events), []);
}

#[test]
fn without_samples_of_births_the_heap_is_never_more_than_a_suspect() {
    let mut run = Run::new(4);
    let claim = Claim {
        kind: Kind::Heap,
        what: "heap",
        owner: "heap",
        floor: 1_024,
        level: 50_000,
    };
    let slot = run.guard.claim(&claim).unwrap();
    run.levels[slot as usize] = 50_000;
    let events = run.ticks(200, |run| run.levels[slot as usize] += 1_000);
    assert!(!events.is_empty());
    assert!(events
        .iter()
        .all(|(_, _, finding)| finding.severity == Severity::Suspect));
    let finding = &events[0].2;
    assert!(finding.confidence <= 0.5);
    assert_eq!(finding.bytes, Some(finding.count));
    assert_eq!(
        finding.count,
        (50_000 + 1_000 * u64::from(events[0].0)) * u64::from(MEMORY_UNIT_BYTES)
    );
    assert!(finding.eta_ms.is_some());
    assert!(
        finding.title.starts_with("heap of 7.4"),
        "{}",
        finding.title
    );
}

#[test]
fn a_suspect_that_keeps_what_it_gets_becomes_worse() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let other: u32 = run
        .guard
        .define_site(&site(50, "churn"))
        .unwrap()
        .unwrap()
        .into();
    // At first nine of ten that are added go again.
    let mut events = run.ticks(100, |run| {
        run.levels[slot as usize] += 1;
        run.guard.sample_born(slot, other, 10).unwrap();
        run.guard.sample_died(slot, other, 9).unwrap();
    });
    events.extend(run.grow(&[slot], 300));
    let told: Vec<(Event, Severity)> = events.iter().map(|it| (it.1, it.2.severity)).collect();
    assert_eq!(told[0], (Event::Raised, Severity::Suspect));
    assert!(told.contains(&(Event::Worse, Severity::Leak)), "{told:?}");
}

#[test]
fn a_rush_of_members_that_all_pass_is_never_more_than_a_suspect() {
    let mut run = Run::new(4);
    let slot = run.claim("Server 'connection'");
    run.guard.sample_passed(slot).unwrap();
    let events = run.ticks(300, |run| run.levels[slot as usize] += 1);
    assert_eq!(kinds(&events)[0], Event::Raised);
    assert!(events
        .iter()
        .all(|(_, _, finding)| finding.severity == Severity::Suspect));
}

#[test]
fn subjects_of_one_cause_are_one_finding_and_their_counts_add_up() {
    let mut run = Run::new(16);
    let slots: Vec<u32> = (0..10)
        .map(|n| run.claim(&format!("Socket {n} 'close'")))
        .collect();
    let events = run.grow(&slots, 90);
    assert_eq!(events.iter().filter(|it| it.1 == Event::Raised).count(), 1);
    let findings = run.guard.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].count, 10 * (20 + 90));
    assert_eq!(
        findings[0].title,
        "1,100 listeners on Socket 0 'close' (in 10 places)"
    );
    assert!(
        (findings[0].rate_per_minute - 600.0).abs() < 1.0,
        "{}",
        findings[0].rate_per_minute
    );
    let (first, last) = (
        findings[0].history[0],
        findings[0].history[findings[0].history.len() - 1],
    );
    assert!(findings[0].history.len() <= 64);
    assert_eq!(last, (1_800_000_090_000, 1_100));
    assert!(first.1 < 300);
}

#[test]
fn different_owners_filled_by_different_functions_are_different_findings() {
    let mut run = Run::new(4);
    let slots = [
        run.claim("EventEmitter 'tick'"),
        run.claim_by("EventEmitter 'tock'", "onTimer"),
    ];
    run.grow(&slots, 90);
    let findings = run.guard.findings();
    assert_eq!(findings.len(), 2);
    assert_ne!(findings[0].signature, findings[1].signature);
}

#[test]
fn different_owners_filled_by_one_function_are_one_finding_with_a_victim() {
    let mut run = Run::new(4);
    let slots = [
        run.claim("EventEmitter 'data'"),
        run.claim("EventEmitter 'error'"),
    ];
    let events = run.grow(&slots, 90);
    assert_eq!(kinds(&events), [Event::Raised]);
    let findings = run.guard.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].victims.len(), 1);
    assert_eq!(findings[0].victims[0].owner, "EventEmitter 'error'");
}

#[test]
fn it_recovers_when_its_trough_falls_by_a_quarter_and_not_before() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 100);
    // At tick 72 the lowest of the last sixteen ticks was 77.
    let events = run.ticks(60, |run| run.levels[slot as usize] = 58);
    assert_eq!(kinds(&events), []);
    let events = run.ticks(60, |run| run.levels[slot as usize] = 57);
    assert_eq!(kinds(&events), [Event::Recovered]);
    assert_eq!(run.guard.findings(), []);
}

#[test]
fn a_leak_that_stops_under_load_is_a_suspect_without_a_word_and_then_over() {
    let mut run = Run::new(4);
    run.load = Some(100.0);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 150);
    // The recent history has to be still for 96 ticks, and so for four judgings.
    let events = run.ticks(112, |_| ());
    assert_eq!(kinds(&events), []);
    assert_eq!(run.guard.findings()[0].severity, Severity::Suspect);
    let events = run.ticks(60, |_| ());
    assert_eq!(kinds(&events), [Event::Recovered]);
    assert_eq!(run.guard.findings(), []);
}

#[test]
fn a_leak_that_pauses_for_want_of_work_stays_a_leak() {
    let mut run = Run::new(4);
    run.load = Some(100.0);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 150);
    run.load = Some(2.0);
    let events = run.ticks(400, |_| ());
    assert_eq!(kinds(&events), []);
    assert_eq!(run.guard.findings()[0].severity, Severity::Leak);
}

#[test]
fn a_leak_that_was_doubted_and_goes_on_is_one_again_without_a_word_until_it_has_grown_by_half() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let told = run.grow(&[slot], 150);
    run.ticks(112, |_| ());
    assert_eq!(run.guard.findings()[0].severity, Severity::Suspect);
    let events = run.grow(&[slot], 120);
    assert_eq!(run.guard.findings()[0].severity, Severity::Leak);
    assert_eq!(kinds(&events), [Event::Grown]);
    let before = told.last().unwrap().2.count;
    assert!(events[0].2.count * 2 >= before * 3, "{before}: {events:?}");
}

#[test]
fn it_recovers_when_its_last_subject_is_released() {
    let mut run = Run::new(4);
    let slots = [run.claim("Socket 1 'close'"), run.claim("Socket 2 'close'")];
    run.grow(&slots, 90);
    run.guard.release(slots[0]);
    assert_eq!(run.guard.take_events(), []);
    run.guard.release(slots[1]);
    run.guard.release(slots[1]);
    let events = run.guard.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event, Event::Recovered);
    assert_eq!(events[0].finding.owner, "Socket 2 'close'");
}

#[test]
fn what_nobody_has_heard_of_is_not_called_off() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    for tick in 1..=80 {
        run.levels[slot as usize] += 1;
        let site = run.sites[slot as usize];
        run.guard.sample_born(slot, site, 1).unwrap();
        run.guard.tick(&run.levels, None, at_ms(tick));
    }
    run.guard.release(slot);
    assert_eq!(run.guard.take_events(), []);
}

/// Two populations that one function adds to, of which the first was told: slots of the cause and of its victim.
fn cause_and_victim(run: &mut Run) -> [u32; 2] {
    let slots = ["EventEmitter 'tick'", "EventEmitter 'tock'"].map(|owner| run.claim(owner));
    let events = run.grow(&slots, 90);
    assert_eq!(kinds(&events), [Event::Raised]);
    assert_eq!(run.guard.findings()[0].victims.len(), 1);
    if events[0].2.owner == "EventEmitter 'tick'" {
        slots
    } else {
        [slots[1], slots[0]]
    }
}

#[test]
fn a_victim_that_nobody_was_told_of_is_not_called_off() {
    let mut run = Run::new(4);
    let [cause, victim] = cause_and_victim(&mut run);
    run.guard.release(victim);
    assert_eq!(kinds(&run.grow(&[cause], 1)), []);
}

#[test]
fn a_victim_is_told_of_within_patience_once_its_cause_is_mended() {
    let mut run = Run::new(4);
    let [cause, victim] = cause_and_victim(&mut run);
    run.guard.release(cause);
    let events = run.grow(&[victim], 60);
    assert_eq!(kinds(&events)[..2], [Event::Recovered, Event::Raised]);
}

#[test]
fn a_slot_with_a_live_finding_is_not_evicted() {
    let mut run = Run::new(1);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 90);
    assert_eq!(run.guard.claim(&listeners("huge", 1_000_000)), None);
    run.guard.release(slot);
    assert_eq!(run.guard.claim(&listeners("huge", 1_000_000)), Some(0));
}

#[test]
fn blame_goes_to_who_adds_and_not_to_who_was_there_first() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let start: u32 = run
        .guard
        .define_site(&site(1, "atStart"))
        .unwrap()
        .unwrap()
        .into();
    run.guard.sample_born(slot, start, 1_000).unwrap();
    run.levels[slot as usize] = 1_000;
    run.ticks(20, |_| ());
    run.grow(&[slot], 300);
    let findings = run.guard.findings();
    assert_eq!(
        findings[0]
            .site
            .as_ref()
            .map(|site| site.frame.function.as_str()),
        Some("onRequest")
    );
}

#[test]
fn growth_by_many_sites_has_shares_and_no_culprit() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let sites: Vec<u32> = (100..105)
        .map(|line| {
            run.guard
                .define_site(&site(line, "f"))
                .unwrap()
                .unwrap()
                .into()
        })
        .collect();
    run.ticks(100, |run| {
        run.levels[slot as usize] += 5;
        for &site in &sites {
            run.guard.sample_born(slot, site, 1).unwrap();
        }
    });
    let finding = &run.guard.findings()[0];
    assert_eq!((finding.site.as_ref(), finding.sites.len()), (None, 5));
    assert!(finding
        .sites
        .iter()
        .all(|site| (site.share - 0.2).abs() < 0.01));
    assert!(
        finding.message.contains("spread over 5 sites"),
        "{}",
        finding.message
    );
}

#[test]
fn a_young_list_that_one_site_dominates_is_a_note_and_never_an_event() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let events = run.grow(&[slot], 10);
    assert_eq!(kinds(&events), []);
    let findings = run.guard.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].severity, Severity::Note);
    assert_eq!(findings[0].title, "30 listeners on EventEmitter 'tick'");
    assert!(findings[0].confidence.abs() < f64::EPSILON);
}

#[test]
fn a_note_and_the_leak_it_becomes_have_the_same_signature() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 10);
    let note = run.guard.findings().remove(0);
    run.grow(&[slot], 100);
    let leak = run.guard.findings().remove(0);
    assert_eq!(
        (note.severity, leak.severity),
        (Severity::Note, Severity::Leak)
    );
    assert_eq!(note.signature, leak.signature);
}

#[test]
fn below_the_floor_nothing_is_noted() {
    let mut run = Run::new(4);
    let slot = run.claim("list");
    let site = run.sites[slot as usize];
    run.guard.sample_born(slot, site, 15).unwrap();
    run.guard.observe(&[15]);
    assert_eq!(run.guard.findings(), []);
    run.guard.observe(&[16]);
    assert_eq!(run.guard.findings().len(), 1);
}

#[test]
fn a_reset_forgets_findings_and_keeps_subjects_and_sites() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    run.grow(&[slot], 100);
    run.guard.reset(at_ms(run.tick));
    assert_eq!(run.guard.ledger().ticks(), 0);
    assert!(run
        .guard
        .findings()
        .iter()
        .all(|finding| finding.severity == Severity::Note));
    run.tick = 0;
    let events = run.grow(&[slot], 80);
    assert_eq!(kinds(&events), [Event::Raised]);
}

#[test]
fn the_last_finding_there_is_room_for_is_raised_and_the_next_one_is_counted() {
    let capacity = u32::try_from(MAX_FINDINGS).unwrap() + 4;
    let mut run = Run::new(capacity);
    // Digits would be folded into one signature.
    let name = |n: u32| -> String {
        [n / 26 / 26 % 26, n / 26 % 26, n % 26]
            .iter()
            .filter_map(|&letter| char::from_u32('a' as u32 + letter))
            .collect()
    };
    let slots: Vec<u32> = (0..capacity)
        .map(|n| run.claim_by(&name(n), &name(n)))
        .collect();
    run.grow(&slots, 100);
    assert_eq!(run.guard.findings().len(), MAX_FINDINGS);
    assert_eq!(run.guard.dropped(), 4);
}

#[test]
fn a_message_says_what_who_since_when_how_to_mend_it_and_what_to_run() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter 'tick'");
    let events = run.grow(&[slot], 80);
    let lines: Vec<&str> = events[0].2.message.lines().collect();
    assert_eq!(
        lines[0],
        "92 listeners on EventEmitter 'tick', growing by 60.0 listeners per minute"
    );
    assert_eq!(
        lines[1],
        "dominated by /srv/app/src/server.js:12:7 onRequest (100 %)"
    );
    assert!(
        lines[2].starts_with("watched for 1m 12s: leak, confidence 0."),
        "{}",
        lines[2]
    );
    assert!(lines[3].starts_with("fix: call off()"), "{}", lines[3]);
    assert!(lines[4].starts_with("next: "), "{}", lines[4]);
    assert_eq!(lines.len(), 5);
}

#[test]
fn labels_cannot_smuggle_control_characters_into_a_terminal() {
    let mut run = Run::new(4);
    let slot = run.claim("EventEmitter '\u{1b}[2J'");
    let events = run.grow(&[slot], 80);
    assert!(!events[0].2.message.contains('\u{1b}'));
}

#[test]
fn a_subject_raised_before_it_had_a_sample_joins_the_finding_of_its_owner() {
    let mut run = Run::new(4);
    let (unsampled, sampled) = (
        run.claim("EventEmitter 'tick'"),
        run.claim("EventEmitter 'tick'"),
    );
    let events = run.ticks(120, |run| {
        for slot in [unsampled, sampled] {
            run.levels[slot as usize] += 1;
        }
        let site = run.sites[sampled as usize];
        run.guard.sample_born(sampled, site, 1).unwrap();
    });
    assert_eq!(
        kinds(&events)
            .iter()
            .filter(|&&it| it == Event::Raised)
            .count(),
        1
    );
    let findings = run.guard.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].count, 280);
    assert!(findings[0].site.is_some());
    assert_eq!(
        findings[0].signature, events[0].2.signature,
        "those who were told look for it under that"
    );
}

fn overdue(level: u32) -> Claim<'static> {
    Claim {
        kind: Kind::Retained,
        what: "object",
        owner: "session",
        floor: 1,
        level,
    }
}

#[test]
fn of_two_objects_that_should_be_gone_one_that_is_gone_is_no_recovery() {
    let mut run = Run::new(4);
    let slot = run.guard.claim(&overdue(2)).unwrap();
    run.levels[slot as usize] = 2;
    assert_eq!(kinds(&run.ticks(8, |_| {})), [Event::Raised]);
    run.levels[slot as usize] = 1;
    assert_eq!(kinds(&run.ticks(40, |_| {})), []);
    assert_eq!(run.guard.findings()[0].count, 1);
    run.levels[slot as usize] = 0;
    assert_eq!(kinds(&run.ticks(40, |_| {})), [Event::Recovered]);
}

#[test]
fn an_object_that_should_be_gone_is_a_leak_by_contract_within_one_turn() {
    let mut run = Run::new(4);
    let slot = run.guard.claim(&overdue(1)).unwrap();
    run.levels[slot as usize] = 1;
    let site = run.guard.define_site(&site(12, "onRequest")).unwrap();
    let site = site.map_or(0, u32::from);
    run.guard.sample_born(slot, site, 1).unwrap();
    let events = run.ticks(4, |_| {});
    assert_eq!(kinds(&events), [Event::Raised]);
    let finding = &events[0].2;
    assert_eq!(finding.severity, Severity::Leak);
    assert_eq!(finding.tier, Tier::Contract);
    assert_eq!(finding.site.as_ref().unwrap().frame.function, "onRequest");
    assert_eq!(finding.evidence[0].signal, "contract");
    assert!(
        finding.evidence[0].detail.contains("is still reachable"),
        "{}",
        finding.evidence[0].detail
    );
    run.guard.release(slot);
    assert_eq!(kinds(&run.ticks(1, |_| {})), [Event::Recovered]);
}

#[test]
fn findings_in_numbers_are_the_findings_without_words_victims_evidence_and_history() {
    let mut run = Run::new(8);
    let leak = run.claim_by("EventEmitter 'tick'", "onTick");
    let other = run.claim_by("EventEmitter 'data'", "onData");
    run.grow(&[leak, other], 150);
    let young = run.claim_by("EventEmitter 'late'", "onLate");
    run.grow(&[leak, other, young], 10);
    let whole = run.guard.findings();
    assert_eq!(whole.len(), 3);
    assert!(whole.iter().all(|finding| !finding.message.is_empty()));
    let in_numbers: Vec<Finding> = whole
        .into_iter()
        .map(|finding| Finding {
            title: String::new(),
            message: String::new(),
            advice: String::new(),
            victims: Vec::new(),
            evidence: Vec::new(),
            history: Vec::new(),
            ..finding
        })
        .collect();
    assert_eq!(run.guard.findings_in_numbers(), in_numbers);
}
