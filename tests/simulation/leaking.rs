//! Populations that add up without bounds.
//!
//! What is honest about them: where a plateau of the same population scatters or swings, the leak is
//! found once its floor has outgrown the former peaks, which takes the height of the swing over the
//! rate. Nobody can do better without knowing the members: until then every level has been seen
//! before. The families with a bound in ticks are those where that is over soon enough.

use super::healthy::{daily, plateau_then, rising};
use super::run::{toward, wave, Change, Family};

/// A family, when its leak starts, by when after that it must be called one, and for how many of
/// 1,000 traces it may not be by then.
pub struct Leaking {
    pub family: Family,
    pub starts: u32,
    pub within: u32,
    pub ticks: u32,
    pub missed_per_mille: usize,
}

const fn linear(family: Family, starts: u32) -> Leaking {
    Leaking {
        family,
        starts,
        within: 120,
        ticks: starts + 300,
        missed_per_mille: 30,
    }
}

const fn late(family: Family, within: u32, ticks: u32) -> Leaking {
    Leaking {
        family,
        starts: 0,
        within,
        ticks,
        missed_per_mille: 30,
    }
}

/// Straight lines, from a rate of one per tick on, wherever they start.
pub const LINEAR: [Leaking; 12] = [
    linear(
        Family::new("2 per tick, exactly", |_| {
            Box::new(|_, _, _| Change::born(2))
        }),
        0,
    ),
    linear(
        Family::new("1 per tick", |_| {
            Box::new(|random, _, _| Change::born(random.poisson(1.0)))
        }),
        0,
    ),
    linear(
        Family::new("4 per tick", |_| {
            Box::new(|random, _, _| Change::born(random.poisson(4.0)))
        }),
        0,
    ),
    linear(
        Family::new("100 per tick", |_| {
            Box::new(|random, _, _| Change::born(random.poisson(100.0)))
        }),
        0,
    ),
    linear(
        Family::new("1 per tick from tick 30 on", |_| {
            plateau_then(
                30,
                Box::new(|_, _, _| Change::default()),
                Box::new(|random, _, _| Change::born(random.poisson(1.0))),
            )
        }),
        30,
    ),
    linear(
        Family::new("1 per tick from tick 150 on", |_| {
            plateau_then(
                150,
                Box::new(|_, _, _| Change::default()),
                Box::new(|random, _, _| Change::born(random.poisson(1.0))),
            )
        }),
        150,
    ),
    linear(
        Family::new("1 per tick from tick 300 on, above a plateau", |_| {
            plateau_then(
                300,
                Box::new(|random, _, level| toward(random, level, 300.0, 1.0)),
                Box::new(|random, _, _| Change::born(random.poisson(1.0))),
            )
        }),
        300,
    ),
    linear(
        Family::new("2 per tick from tick 300 on, above a noisy plateau", |_| {
            plateau_then(
                300,
                Box::new(|random, _, level| toward(random, level, 300.0, 4.0)),
                Box::new(|random, _, _| Change::born(random.poisson(2.0))),
            )
        }),
        300,
    ),
    linear(
        Family::new("2 per tick from tick 300 on, above a sawtooth", |random| {
            let period = random.between(3, 12);
            let saw = move |_: &mut super::Random, tick: u32, level: u32| {
                if tick % period == 0 {
                    Change::died(level)
                } else {
                    Change::born(3)
                }
            };
            plateau_then(
                300,
                Box::new(saw),
                Box::new(|random, _, _| Change::born(random.poisson(2.0))),
            )
        }),
        300,
    ),
    linear(
        Family::new("5 per tick from tick 1,000 on, above churn", |_| {
            plateau_then(
                1_000,
                Box::new(churn),
                Box::new(|random, _, _| Change::born(random.poisson(5.0))),
            )
        }),
        1_000,
    ),
    linear(
        Family::new("a cache that stops evicting at tick 500", |_| {
            Box::new(|random, tick, level| {
                let born = random.poisson(3.0);
                let died = if tick > 500 {
                    0
                } else {
                    (level + born).saturating_sub(100)
                };
                Change {
                    born,
                    died,
                    ..Change::default()
                }
            })
        }),
        500,
    ),
    linear(
        Family::new("1 per tick from tick 5,000 on, above a plateau", |_| {
            plateau_then(
                5_000,
                Box::new(|random, _, level| toward(random, level, 300.0, 1.0)),
                Box::new(|random, _, _| Change::born(random.poisson(1.0))),
            )
        }),
        5_000,
    ),
];

/// The same after a day of a tick per second and more: `cargo test -- --ignored`.
pub const AFTER_A_DAY: [Leaking; 2] = [
    linear(
        Family::new("1 per tick from tick 100,000 on, above a plateau", |_| {
            plateau_then(
                100_000,
                Box::new(|random, _, level| toward(random, level, 300.0, 1.0)),
                Box::new(|random, _, _| Change::born(random.poisson(1.0))),
            )
        }),
        100_000,
    ),
    linear(
        Family::new(
            "2 per tick from tick 100,000 on, above a noisy plateau",
            |_| {
                plateau_then(
                    100_000,
                    Box::new(|random, _, level| toward(random, level, 300.0, 5.0)),
                    Box::new(|random, _, _| Change::born(random.poisson(2.0))),
                )
            },
        ),
        100_000,
    ),
];

/// Leaks that no straight line describes.
pub const OTHERS: [Leaking; 15] = [
    late(
        Family::new("slow, one per four ticks", |_| {
            Box::new(|_, tick, _| Change::born(u32::from(tick % 4 == 0)))
        }),
        120,
        600,
    ),
    late(
        Family::new("very slow, one per 20 ticks", |_| {
            Box::new(|random, _, _| Change::born(random.poisson(0.05)))
        }),
        1_200,
        2_400,
    ),
    late(
        Family::new("bursty", |_| {
            Box::new(|random, _, _| Change::born(if random.chance(0.1) { 20 } else { 0 }))
        }),
        350,
        1_200,
    ),
    late(
        Family::new("stepwise", |_| {
            Box::new(|_, tick, _| Change::born(if tick % 15 == 0 { 20 } else { 0 }))
        }),
        300,
        1_200,
    ),
    late(
        Family::new("noise by another site", |_| {
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
        300,
        1_200,
    ),
    late(
        Family::new("sawtooth whose floor rises", |random| {
            let period = random.between(5, 25);
            let mut batch = 0_u32;
            Box::new(move |_, tick, _| {
                let filled = if tick % period == 0 { 0 } else { batch + 10 };
                let before = std::mem::replace(&mut batch, filled);
                let elsewhere = (filled.saturating_sub(before), before.saturating_sub(filled));
                Change {
                    elsewhere,
                    ..Change::born(2)
                }
            })
        }),
        600,
        1_200,
    ),
    late(
        Family::new("accelerating", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(f64::from(tick) / 20.0)))
        }),
        110,
        600,
    ),
    late(
        Family::new("load that varies by half", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(8.0 + 4.0 * wave(tick, 40.0))))
        }),
        200,
        1_200,
    ),
    late(
        Family::new("one in thirty is taken away", |_| {
            Box::new(|random, _, _| {
                let born = random.poisson(5.0);
                Change {
                    died: (0..born).map(|_| u32::from(random.chance(0.03))).sum(),
                    ..Change::born(born)
                }
            })
        }),
        250,
        1_200,
    ),
    late(
        Family::new("per request, under daily load that is known", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(daily(tick) / 100.0)))
        })
        .under(daily),
        300,
        1_800,
    ),
    late(
        Family::new("per request, under daily load that is not", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(daily(tick) / 100.0)))
        }),
        300,
        1_800,
    ),
    late(
        Family::new("per request, under rising load", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(rising(tick) / 50.0)))
        })
        .under(rising),
        200,
        1_200,
    ),
    late(
        Family::new("per request, under falling load", |_| {
            Box::new(|random, tick, _| Change::born(random.poisson(falling(tick) / 50.0)))
        })
        .under(falling),
        300,
        1_200,
    ),
    late(
        Family::new("2 per tick from tick 300 on, scatter of 6", |_| {
            plateau_then(
                300,
                Box::new(|random, _, level| toward(random, level, 300.0, 6.0)),
                Box::new(|random, _, _| Change::born(random.poisson(2.0))),
            )
        }),
        500,
        900,
    ),
    late(
        Family::new("2 per tick from tick 1,000 on, churn of 10", |_| {
            plateau_then(
                1_000,
                Box::new(churn),
                Box::new(|random, _, _| Change::born(random.poisson(2.0))),
            )
        }),
        1_400,
        1_800,
    ),
];

/// Ten come and some ten go, about a level of 100.
fn churn(random: &mut super::Random, _: u32, level: u32) -> Change {
    Change {
        born: random.poisson(10.0),
        died: random.poisson(10.0 + 0.1 * (f64::from(level) - 100.0).max(-100.0)),
        ..Change::default()
    }
}

fn falling(tick: u32) -> f64 {
    100.0 + 400.0 / (1.0 + f64::from(tick) / 400.0)
}
