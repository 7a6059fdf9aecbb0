//! Verdicts over whole families of behaviour, each with 50 seeds through the real guard: no healthy
//! one is ever called a leak, every leaking one is, in time, and the right function is named.
//!
//! A family says per tick how many members are born and how many die; the level is their balance, and
//! the samples are told as the hooks tell them. Run with `--nocapture` for the table.

mod simulation;

use leakguard::guard::finding::Severity;
use simulation::{outcome, Change, Random};

const SEEDS: u64 = 50;
const TICKS: u32 = 1_200;

/// Takes (random, tick, level).
type Behaviour = Box<dyn FnMut(&mut Random, u32, u32) -> Change>;
type Family = (&'static str, fn() -> Behaviour);

const HEALTHY: [Family; 12] = [
    ("plateau", || {
        Box::new(|random, _, level| toward(random, level, 500.0, 5.0))
    }),
    ("bounded cache", || {
        Box::new(|random, _, level| {
            let born = random.poisson(80.0);
            Change {
                born,
                died: (level + born).saturating_sub(1_500),
                ..Change::default()
            }
        })
    }),
    ("time to live", || {
        Box::new(|random, tick, level| {
            let died = if tick > 30 {
                random.poisson(f64::from(level) / 30.0)
            } else {
                0
            };
            Change {
                died,
                ..Change::born(random.poisson(40.0))
            }
        })
    }),
    ("sawtooth", || {
        Box::new(|random, tick, level| {
            if tick % random.seed_between(3, 30) == 0 {
                Change::died(level.saturating_sub(20))
            } else {
                Change::born(random.poisson(30.0))
            }
        })
    }),
    ("random walk", || {
        Box::new(|random, _, level| {
            if random.chance(0.5) || level < 100 {
                Change::born(10)
            } else {
                Change::died(10)
            }
        })
    }),
    ("one big step", || {
        Box::new(|random, tick, _| {
            Change::born(if tick == random.seed_between(20, 500) {
                5_000
            } else {
                0
            })
        })
    }),
    ("oscillation", || {
        Box::new(|random, tick, level| {
            let phase = wave(tick, f64::from(random.seed_between(5, 30)));
            toward(random, level, 500.0 + 300.0 * phase, 5.0)
        })
    }),
    ("pool growth", || {
        Box::new(|random, _, level| Change::born(random.poisson(120.0).saturating_sub(level)))
    }),
    ("warm-up", || {
        Box::new(|random, tick, _| {
            let ends = random.seed_between(10, 50);
            Change::born(if tick < ends { random.poisson(25.0) } else { 0 })
        })
    }),
    ("a thousand at start", || {
        Box::new(|_, tick, _| Change::born(if tick == 1 { 1_000 } else { 0 }))
    }),
    ("burst that drains", || {
        Box::new(|random, tick, level| {
            let at = random.seed_between(20, 300);
            if (at..at + 20).contains(&tick) {
                Change::born(random.poisson(100.0))
            } else {
                Change::died(random.poisson(f64::from(level) / 40.0))
            }
        })
    }),
    ("bounded cache, skewed keys", || {
        let mut cache = SkewedCache::new(5_000);
        Box::new(move |random, _, level| {
            let born = cache.misses(random, 60);
            Change {
                born,
                died: (level + born).saturating_sub(1_000),
                ..Change::default()
            }
        })
    }),
];

/// Healthy in the end, but growing for longer than a trend can wait: a suspect is fair, a leak is not.
const HEALTHY_BUT_GROWING: [Family; 4] = [
    ("diurnal load with churn", || {
        Box::new(|random, tick, level| {
            let change = toward(random, level, 600.0 + 400.0 * wave(tick + 450, 600.0), 3.0);
            Change {
                gone_at_once: random.poisson(100.0),
                ..change
            }
        })
    }),
    ("rising load with churn", || {
        Box::new(|random, tick, level| {
            let change = toward(random, level, 100.0 + f64::from(tick), 5.0);
            Change {
                gone_at_once: random.poisson(f64::from(level) / 2.0),
                ..change
            }
        })
    }),
    ("filling cache that fades", || {
        Box::new(|random, _, level| {
            Change::born(random.poisson(60.0 * (1.0 - f64::from(level) / 2_000.0).max(0.0)))
        })
    }),
    ("unbounded cache, skewed keys", || {
        let mut cache = SkewedCache::new(5_000);
        Box::new(move |random, _, _| Change::born(cache.misses(random, 100)))
    }),
];

/// With the tick by which it must be called a leak. Steps and bursts take long, because a sign test
/// needs 18 net rises, and buckets of one tick show few.
const LEAKING: [(Family, u32); 10] = [
    (("constant", || Box::new(|_, _, _| Change::born(2))), 80),
    (
        ("random arrivals", || {
            Box::new(|random, _, _| Change::born(random.poisson(4.0)))
        }),
        110,
    ),
    (
        ("slow, one per four ticks", || {
            Box::new(|_, tick, _| Change::born(u32::from(tick % 4 == 0)))
        }),
        120,
    ),
    (
        ("bursty", || {
            Box::new(|random, _, _| Change::born(if random.chance(0.1) { 20 } else { 0 }))
        }),
        600,
    ),
    (
        ("stepwise", || {
            Box::new(|_, tick, _| Change::born(if tick % 15 == 0 { 20 } else { 0 }))
        }),
        400,
    ),
    (
        ("noise by another site", || {
            let mut others = 0_u32;
            Box::new(move |random, _, _| {
                let before = std::mem::replace(&mut others, random.poisson(30.0));
                let elsewhere = (others.saturating_sub(before), before.saturating_sub(others));
                Change {
                    elsewhere,
                    ..Change::born(random.poisson(2.0))
                }
            })
        }),
        600,
    ),
    (
        ("sawtooth whose floor rises", || {
            let mut batch = 0_u32;
            Box::new(move |random, tick, _| {
                let filled = if tick % random.seed_between(5, 25) == 0 {
                    0
                } else {
                    batch + 10
                };
                let before = std::mem::replace(&mut batch, filled);
                let elsewhere = (filled.saturating_sub(before), before.saturating_sub(filled));
                Change {
                    elsewhere,
                    ..Change::born(2)
                }
            })
        }),
        1_100,
    ),
    (
        ("accelerating", || {
            Box::new(|random, tick, _| Change::born(random.poisson(f64::from(tick) / 20.0)))
        }),
        110,
    ),
    (
        ("load that varies by half", || {
            Box::new(|random, tick, _| Change::born(random.poisson(8.0 + 4.0 * wave(tick, 40.0))))
        }),
        300,
    ),
    (
        ("one in thirty is taken away", || {
            Box::new(|random, _, _| {
                let born = random.poisson(5.0);
                Change {
                    died: (0..born).map(|_| u32::from(random.chance(0.03))).sum(),
                    ..Change::born(born)
                }
            })
        }),
        250,
    ),
];

/// A cache over keys whose popularity follows Zipf's law with exponent 1.
struct SkewedCache {
    cumulative: Vec<f64>,
    seen: Vec<bool>,
}

impl SkewedCache {
    fn new(keys: u32) -> Self {
        let mut sum = 0.0;
        let cumulative = (1..=keys).map(|rank| {
            sum += 1.0 / f64::from(rank);
            sum
        });
        Self {
            cumulative: cumulative.collect(),
            seen: vec![false; keys as usize],
        }
    }

    /// How many of so many draws are of keys never drawn before.
    fn misses(&mut self, random: &mut Random, draws: u32) -> u32 {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let mut draw = |_| {
            let at = random.unit() * total;
            let key = self.cumulative.partition_point(|&sum| sum < at);
            u32::from(!std::mem::replace(&mut self.seen[key], true))
        };
        (0..draws).map(&mut draw).sum()
    }
}

fn wave(tick: u32, period_ticks: f64) -> f64 {
    (f64::from(tick) / period_ticks * std::f64::consts::TAU).sin()
}

fn toward(random: &mut Random, level: u32, target: f64, noise: f64) -> Change {
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

/// How many of the seeds ended as suspects; fails on any leak.
fn suspects_among((name, family): Family, sampled: bool) -> usize {
    let worst = |seed| {
        let worst = outcome(seed, TICKS, sampled, family()).worst;
        assert_ne!(
            worst,
            Some(Severity::Leak),
            "{name}, seed {seed}, sampled {sampled}"
        );
        worst
    };
    let suspects = (1..=SEEDS)
        .filter(|&seed| worst(seed) == Some(Severity::Suspect))
        .count();
    println!("{name}, sampled {sampled}: {suspects} of {SEEDS} suspect, none a leak");
    suspects
}

#[test]
fn healthy_families_stay_steady() {
    for family in HEALTHY {
        for sampled in [true, false] {
            assert_eq!(suspects_among(family, sampled), 0, "{}", family.0);
        }
    }
}

#[test]
fn healthy_families_that_grow_for_long_are_never_called_a_leak() {
    for family in HEALTHY_BUT_GROWING {
        suspects_among(family, true);
    }
}

#[test]
fn leaking_families_are_called_a_leak_in_time_and_their_function_is_named() {
    for ((name, family), by_tick) in LEAKING {
        let mut ticks = Vec::new();
        for seed in 1..=SEEDS {
            let outcome = outcome(seed, TICKS, true, family());
            let tick = outcome
                .leak_at_tick
                .unwrap_or_else(|| panic!("{name}, seed {seed}: missed"));
            assert!(tick <= by_tick, "{name}, seed {seed}: only at tick {tick}");
            assert_eq!(
                outcome.blamed.as_deref(),
                Some("onRequest"),
                "{name}, seed {seed}"
            );
            assert_eq!(outcome.recovered_at_tick, None, "{name}, seed {seed}");
            ticks.push(tick);
        }
        ticks.sort_unstable();
        println!(
            "{name}: median tick {}, last {}",
            ticks[ticks.len() / 2],
            ticks[ticks.len() - 1]
        );
    }
}
