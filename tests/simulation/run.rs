//! Populations with a behaviour, run through the real guard, 250 at a time.
//!
//! A behaviour says per tick how many members are born and how many die; the level is their balance, and
//! the samples are told as the hooks tell them.

use leakguard::guard::finding::{Event, Occurrence, Severity};
use leakguard::guard::{Guard, MAX_FINDINGS};

use super::{at_ms, listeners, settings, site, Random};

/// Subjects in one guard: each may have a finding of its own.
const BATCH: u32 = 250;
const _: () = assert!(BATCH as usize <= MAX_FINDINGS);

pub const PATIENCE_TICKS: u32 = 60;

/// Members that each population begins with: the floor.
const LEVEL_AT_START: u32 = 16;

/// What happens to a population within one tick.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change {
    pub born: u32,
    pub died: u32,
    /// Born and dead before the tick could see them; only samples know.
    pub gone_at_once: u32,
    /// Members another site has added, and of its members those that died.
    pub elsewhere: (u32, u32),
}

impl Change {
    pub fn born(born: u32) -> Self {
        Self {
            born,
            ..Self::default()
        }
    }

    pub fn died(died: u32) -> Self {
        Self {
            died,
            ..Self::default()
        }
    }
}

/// Takes (random, tick, level).
pub type Behaviour = Box<dyn FnMut(&mut Random, u32, u32) -> Change>;

/// One kind of behaviour, made anew for every seed.
#[derive(Clone, Copy)]
pub struct Family {
    pub name: &'static str,
    pub make: fn(&mut Random) -> Behaviour,
    /// What the process has to do at that tick, if the guard is told.
    pub load: Option<fn(u32) -> f64>,
}

impl Family {
    pub const fn new(name: &'static str, make: fn(&mut Random) -> Behaviour) -> Self {
        Self {
            name,
            make,
            load: None,
        }
    }

    pub const fn under(self, load: fn(u32) -> f64) -> Self {
        Self {
            load: Some(load),
            ..self
        }
    }
}

/// What became of one population.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The worst severity any event ever had.
    pub worst: Option<Severity>,
    pub leak_at_tick: Option<u32>,
    pub recovered_at_tick: Option<u32>,
    /// The function that the last leak event named.
    pub blamed: Option<String>,
    /// Whether there is a finding at the end.
    pub standing: Option<Severity>,
}

impl Outcome {
    fn hears(&mut self, tick: u32, occurrence: Occurrence) {
        let severity = occurrence.finding.severity;
        match occurrence.event {
            Event::Recovered => self.recovered_at_tick = Some(tick),
            _ if severity == Severity::Leak => {
                self.leak_at_tick.get_or_insert(tick);
                self.blamed = occurrence.finding.site.map(|site| site.frame.function);
            }
            _ => {}
        }
        self.worst = self.worst.max(Some(severity));
    }
}

/// Seeds that nothing was tuned on begin elsewhere: `FIRST_SEED=1000001 cargo test …`.
pub fn first_seed() -> u32 {
    let given = std::env::var("FIRST_SEED").ok();
    given.map_or(1, |text| {
        text.parse().expect("FIRST_SEED is a whole number")
    })
}

/// The outcomes of so many seeds over so many ticks.
pub fn outcomes(family: &Family, seeds: u32, ticks: u32, sampled: bool) -> Vec<Outcome> {
    let (first, end) = (first_seed(), first_seed() + seeds);
    let batches = (first..end).step_by(BATCH as usize);
    batches
        .flat_map(|from| batch(family, from..=(from + BATCH).min(end) - 1, ticks, sampled))
        .collect()
}

/// Digits would be folded into one signature.
fn owner(index: u32) -> String {
    let letter = |value: u32| char::from_u32('a' as u32 + value % 26).unwrap_or('a');
    format!("Emitter{}{} 'tick'", letter(index / 26), letter(index))
}

fn batch(
    family: &Family,
    seeds: std::ops::RangeInclusive<u32>,
    ticks: u32,
    sampled: bool,
) -> Vec<Outcome> {
    let size = seeds.clone().count();
    let mut guard = Guard::new(settings(BATCH, PATIENCE_TICKS));
    // In a file of its own for each: what one function leaks is one cause.
    let mut define = |slot, line, function| {
        let mut place = site(line, function);
        place.frame.file = format!("/srv/app/src/{}.js", owner(slot));
        let number = guard.define_site(&place).unwrap();
        number.map_or(0, u32::from)
    };
    let sites: Vec<[u32; 2]> = (0..BATCH)
        .map(|slot| {
            [
                define(slot, 12, "onRequest"),
                define(slot, 99, "readThrough"),
            ]
        })
        .collect();
    let mut runs: Vec<(Random, Behaviour)> = seeds
        .map(|seed| {
            let mut random = Random::new(u64::from(seed));
            let behaviour = (family.make)(&mut random);
            (random, behaviour)
        })
        .collect();
    let mut noise = Random::new(4_711);
    let mut levels = vec![0; BATCH as usize];
    // A fresh guard gives its slots in order.
    for slot in 0..BATCH {
        assert_eq!(
            guard.claim(&listeners(&owner(slot), LEVEL_AT_START)),
            Some(slot)
        );
    }
    levels[..size].fill(LEVEL_AT_START);
    let mut outcomes = vec![Outcome::default(); size];
    for tick in 1..=ticks {
        for ((slot, level), (random, behaviour)) in (0..).zip(&mut levels).zip(&mut runs) {
            let change = behaviour(random, tick, *level);
            let died = change.died.min(*level + change.born);
            let (there, gone) = change.elsewhere;
            *level = (*level + change.born - died + there).saturating_sub(gone);
            if sampled {
                let passing = change.gone_at_once;
                let here = (change.born + passing, died + passing);
                let sites = sites[slot as usize];
                for (site, (born, died)) in sites.into_iter().zip([here, (there, gone)]) {
                    if born > 0 {
                        guard.sample_born(slot, site, born).unwrap();
                    }
                    if died > 0 {
                        guard.sample_died(slot, site, died).unwrap();
                    }
                }
            }
        }
        // A tenth of noise: no figure of a real process is smooth.
        let load = family
            .load
            .map(|load| load(tick) * (1.0 + 0.1 * noise.normal()));
        if guard.tick(&levels, load, at_ms(tick)) > 0 {
            for occurrence in guard.take_events() {
                let index = (0..BATCH).position(|it| owner(it) == occurrence.finding.owner);
                outcomes[index.unwrap()].hears(tick, occurrence);
            }
        }
    }
    for finding in guard.findings() {
        let index = (0..BATCH).position(|it| owner(it) == finding.owner);
        outcomes[index.unwrap()].standing = Some(finding.severity);
    }
    outcomes
}

/// One turn of the sine after so many ticks.
pub fn wave(tick: u32, period_ticks: f64) -> f64 {
    (f64::from(tick) / period_ticks * std::f64::consts::TAU).sin()
}

/// The population is set to `target` and some noise.
pub fn toward(random: &mut Random, level: u32, target: f64, noise: f64) -> Change {
    let aim = (target + noise * random.normal()).max(0.0);
    // Small and not negative.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let aim = aim.round() as u32;
    Change {
        born: aim.saturating_sub(level),
        died: level.saturating_sub(aim),
        ..Change::default()
    }
}
