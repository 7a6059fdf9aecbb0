//! Objects that can only be sampled: a site makes so many samples per round, each lives for so long, and
//! all the engine sees once per round is how many of each birth cohort are still there.

use leakguard::verdict::generations::{Cohorts, MAX_COHORTS};
use leakguard::verdict::{judge, Bucket, Case, History, Survival, Verdict};

use super::Random;

/// Rounds before anything is said.
pub const PATIENCE_ROUNDS: u32 = 8;

/// Judgings in a row, as in the guard.
const CONFIRMATIONS: u32 = 4;

/// Samples below which nobody cares.
const FLOOR: u32 = 8;

/// For ever.
pub const STAYS: u32 = u32::MAX;

/// What a site does: how many samples are born in that round, and how many rounds each of them lives.
pub struct Site {
    pub name: &'static str,
    pub born: fn(&mut Random, round: u32) -> u32,
    pub lives: fn(&mut Random, round: u32) -> u32,
    /// Whatever else happens to the live samples of all rounds at the end of a round.
    pub clears_every: Option<u32>,
    /// What the process has to do in that round, if that is known.
    pub load: Option<fn(u32) -> f32>,
}

const SITE: Site = Site {
    name: "",
    born: |_, _| 0,
    lives: |_, _| STAYS,
    clears_every: None,
    load: None,
};

/// So many rounds on average, without memory.
fn exponential(random: &mut Random, mean: f64) -> u32 {
    // Not negative, and far below u32::MAX.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rounds = (-mean * random.unit().max(1e-12).ln()) as u32;
    rounds
}

/// With the round by which a leak must be called one.
pub const LEAKING: [(Site, u32); 9] = [
    (
        Site {
            name: "1 sample per round",
            born: |random, _| random.poisson(1.0),
            ..SITE
        },
        42,
    ),
    (
        Site {
            name: "3 samples per round",
            born: |random, _| random.poisson(3.0),
            ..SITE
        },
        26,
    ),
    (
        Site {
            name: "20 samples per round",
            born: |random, _| random.poisson(20.0),
            ..SITE
        },
        22,
    ),
    (
        Site {
            name: "3 stay and 10 die young, per round",
            born: |random, _| random.poisson(13.0),
            lives: |random, _| if random.chance(3.0 / 13.0) { STAYS } else { 0 },
            ..SITE
        },
        26,
    ),
    (
        Site {
            name: "half of them die within three rounds",
            born: |random, _| random.poisson(10.0),
            lives: |random, _| {
                if random.chance(0.5) {
                    STAYS
                } else {
                    exponential(random, 2.0)
                }
            },
            ..SITE
        },
        28,
    ),
    (
        Site {
            name: "seems five times as many from round 10 on",
            born: |random, round| random.poisson(4.0 * fivefold(round)),
            ..SITE
        },
        30,
    ),
    (
        Site {
            name: "per request, under a load that doubles",
            born: |random, round| random.poisson(5.0 * f64::from(doubling(round))),
            load: Some(doubling),
            ..SITE
        },
        24,
    ),
    (
        Site {
            name: "12 every third round, half of which stay",
            born: |random, round| random.poisson(if round % 3 == 0 { 12.0 } else { 0.0 }),
            lives: |random, _| if random.chance(0.5) { STAYS } else { 2 },
            ..SITE
        },
        44,
    ),
    (
        Site {
            name: "a burst in one of two rounds, by chance",
            born: |random, _| {
                if random.chance(0.5) {
                    random.poisson(12.0)
                } else {
                    0
                }
            },
            ..SITE
        },
        40,
    ),
];

pub const HEALTHY: [Site; 16] = [
    Site {
        name: "a burst every third round, kept until the next but one",
        born: |random, round| random.poisson(if round % 3 == 0 { 12.0 } else { 0.0 }),
        lives: |_, _| 6,
        ..SITE
    },
    Site {
        name: "a burst in one of four rounds that turns over",
        born: |random, _| {
            if random.chance(0.25) {
                random.poisson(20.0)
            } else {
                0
            }
        },
        lives: |random, _| exponential(random, 6.0),
        ..SITE
    },
    Site {
        name: "one sample in three rounds that turns over",
        born: |random, _| random.poisson(0.3),
        lives: |random, _| exponential(random, 15.0),
        ..SITE
    },
    Site {
        name: "bursts of a bounded cache with skewed keys",
        born: |random, round| random.poisson(if round % 4 == 0 { 30.0 } else { 0.0 }),
        lives: |random, _| {
            let mean = if random.chance(0.7) { 3.0 } else { 15.0 };
            exponential(random, mean)
        },
        ..SITE
    },
    Site {
        name: "all die young",
        born: |random, _| random.poisson(40.0),
        lives: |_, _| 0,
        ..SITE
    },
    Site {
        name: "working set that turns over",
        born: |random, _| random.poisson(20.0),
        lives: |random, _| exponential(random, 2.0),
        ..SITE
    },
    Site {
        name: "few samples that turn over",
        born: |random, _| random.poisson(2.0),
        lives: |random, _| exponential(random, 2.0),
        ..SITE
    },
    Site {
        name: "time to live of four rounds",
        born: |random, _| random.poisson(15.0),
        lives: |_, _| 4,
        ..SITE
    },
    Site {
        name: "bounded cache with skewed keys",
        born: |random, _| random.poisson(20.0),
        // Most entries are never asked for again and go first; some stay for long.
        lives: |random, _| {
            if random.chance(0.9) {
                exponential(random, 2.0)
            } else {
                exponential(random, 10.0)
            }
        },
        ..SITE
    },
    Site {
        name: "few samples of a bounded cache",
        born: |random, _| random.poisson(8.0),
        lives: |random, _| exponential(random, 6.0),
        ..SITE
    },
    Site {
        name: "turn-over of five times as many from round 10 on",
        born: |random, round| random.poisson(4.0 * fivefold(round)),
        lives: |random, _| exponential(random, 4.0),
        ..SITE
    },
    Site {
        name: "warm-up once",
        born: |random, round| if round < 3 { random.poisson(60.0) } else { 0 },
        ..SITE
    },
    Site {
        name: "warm-up once, then a working set",
        born: |random, round| random.poisson(if round < 3 { 60.0 } else { 10.0 }),
        lives: |random, round| {
            if round < 3 {
                STAYS
            } else {
                exponential(random, 1.5)
            }
        },
        ..SITE
    },
    Site {
        name: "cleared every six rounds",
        born: |random, _| random.poisson(20.0),
        clears_every: Some(6),
        ..SITE
    },
    Site {
        name: "turn-over under a load that doubles",
        born: |random, round| random.poisson(10.0 * f64::from(doubling(round))),
        lives: |random, _| exponential(random, 2.0),
        load: Some(doubling),
        ..SITE
    },
    Site {
        name: "rare stragglers",
        born: |random, _| random.poisson(10.0),
        lives: |random, _| {
            if random.chance(0.03) {
                exponential(random, 8.0)
            } else {
                0
            }
        },
        ..SITE
    },
];

/// From 1 to 2 over 32 rounds, then constant.
// Exact below 2^24.
#[allow(clippy::cast_precision_loss)]
fn doubling(round: u32) -> f32 {
    1.0 + round.min(32) as f32 / 32.0
}

/// From 1 to 5 in round 10.
fn fivefold(round: u32) -> f64 {
    if round < 10 {
        1.0
    } else {
        5.0
    }
}

struct Cohort {
    /// The rounds in which its live samples die, by number.
    dies_at: Vec<u32>,
    load: f32,
    /// Whether one lived at the end of a round.
    seen: bool,
}

/// The round in which the site is called a leak, and the worst verdict of all.
pub fn outcome(site: &Site, seed: u64, rounds: u32) -> (Option<u32>, Verdict) {
    let mut random = Random::new(seed);
    let mut cohorts: Vec<Cohort> = Vec::new();
    let mut cohort_rounds = 1;
    let mut buckets: Vec<Bucket> = Vec::new();
    let (mut in_a_row, mut worst) = (0, Verdict::Steady);
    for round in 0..rounds {
        let born = (site.born)(&mut random, round);
        let mut dies_at: Vec<u32> = Vec::new();
        for _ in 0..born {
            dies_at.push((site.lives)(&mut random, round).saturating_add(round));
        }
        let load = site.load.map_or(1.0, |load| load(round));
        let clears = site
            .clears_every
            .is_some_and(|every| round % every == every - 1);
        let newborn = dies_at
            .iter()
            .filter(|&&dies_at| !clears && dies_at > round)
            .count();
        if round % cohort_rounds == 0 {
            cohorts.push(Cohort {
                dies_at,
                load,
                seen: false,
            });
        } else if let Some(newest) = cohorts.last_mut() {
            newest.dies_at.extend(dies_at);
        }
        if clears {
            for cohort in &mut cohorts {
                cohort.dies_at.clear();
            }
        }
        for cohort in &mut cohorts {
            cohort.dies_at.retain(|&dies_at| dies_at > round);
            cohort.seen |= !cohort.dies_at.is_empty();
        }
        if cohorts.len() > MAX_COHORTS {
            cohort_rounds *= 2;
            cohorts = merged(cohorts);
        }
        let count = |cohort: &Cohort| u32::try_from(cohort.dies_at.len()).unwrap();
        let live: Vec<u32> = cohorts.iter().map(count).collect();
        let exposure = |cohort: &Cohort| if cohort.seen { cohort.load } else { 0.0 };
        let exposures: Vec<f32> = cohorts.iter().map(exposure).collect();
        // What was born in this round may only be passing through.
        let level = live.iter().sum::<u32>() - u32::try_from(newborn).unwrap();
        buckets.push(Bucket {
            trough: level,
            peak: level,
            ..Bucket::default()
        });
        let judgement = judge(&Case {
            long: History {
                buckets: &buckets,
                bucket_ticks: 1,
                open_ticks: 0,
                survival: Survival::Cohorts(Cohorts {
                    live: &live,
                    cohort_rounds,
                    sample_bytes: 65_536.0,
                    exposure: Some(&exposures),
                }),
            },
            recent: None,
            load: None,
            history_ticks: round + 1,
            patience_ticks: PATIENCE_ROUNDS,
            level,
            floor: FLOOR,
        });
        in_a_row = if judgement.verdict == Verdict::Leak {
            in_a_row + 1
        } else {
            0
        };
        worst = worst.max(judgement.verdict);
        if in_a_row == CONFIRMATIONS {
            return (Some(round + 1), worst);
        }
    }
    (None, worst)
}

fn merged(cohorts: Vec<Cohort>) -> Vec<Cohort> {
    let mut halved: Vec<Cohort> = Vec::new();
    for (index, cohort) in cohorts.into_iter().enumerate() {
        match halved.last_mut() {
            Some(last) if index % 2 == 1 => {
                last.dies_at.extend(cohort.dies_at);
                last.load = f32::midpoint(last.load, cohort.load);
                last.seen |= cohort.seen;
            }
            _ => halved.push(cohort),
        }
    }
    halved
}
