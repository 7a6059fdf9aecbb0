//! Populations that are bounded, whatever they look like for a while.
//!
//! What is honest about them: each is bounded within the trace, shows its bound before the engine's
//! window has become as long as its growth, or lets its members be seen to die. A population that
//! grows in a straight line for longer than patience, loses nothing, and will one day be full is
//! not among them: while it fills, nothing that can be measured tells it from a leak. `recovery` in
//! `tests/families.rs` says what happens to those.

use super::run::{toward, wave, Behaviour, Change, Family};
use super::Random;

pub const HEALTHY: [Family; 20] = [
    Family::new("plateau", |_| {
        Box::new(|random, _, level| toward(random, level, 500.0, 5.0))
    }),
    Family::new("noisy plateau", |_| {
        Box::new(|random, _, level| toward(random, level, 500.0, 60.0))
    }),
    Family::new("bounded cache", |_| {
        Box::new(|random, _, level| {
            let born = random.poisson(80.0);
            Change {
                born,
                died: (level + born).saturating_sub(1_500),
                ..Change::default()
            }
        })
    }),
    Family::new("bounded cache, skewed keys", |_| {
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
    Family::new("cache that is cleared when full", |random| {
        let most = random.between(300, 900);
        Box::new(move |random, _, level| {
            if level > most {
                Change::died(level)
            } else {
                Change::born(random.poisson(20.0))
            }
        })
    }),
    Family::new("time to live", |random| {
        let life = random.between(10, 45);
        let mut born_at = vec![0; life as usize];
        Box::new(move |random, tick, _| {
            let born = random.poisson(40.0);
            let died = std::mem::replace(&mut born_at[(tick % life) as usize], born);
            Change {
                born,
                died,
                ..Change::default()
            }
        })
    }),
    Family::new("sessions that end", |random| {
        let life = f64::from(random.between(3, 15));
        Box::new(move |random, _, level| Change {
            born: random.poisson(20.0),
            died: random.poisson(f64::from(level) / life),
            ..Change::default()
        })
    }),
    Family::new("sawtooth", |random| {
        let period = random.between(3, 30);
        Box::new(move |random, tick, level| sawtooth(random, tick, level, period, 30.0))
    }),
    Family::new("slow sawtooth", |random| {
        let period = random.between(30, 62);
        Box::new(move |random, tick, level| sawtooth(random, tick, level, period, 10.0))
    }),
    Family::new("oscillation", |random| {
        let period = f64::from(random.between(5, 60));
        Box::new(move |random, tick, level| {
            toward(random, level, 500.0 + 300.0 * wave(tick, period), 5.0)
        })
    }),
    Family::new("random walk", |_| {
        Box::new(|random, _, level| {
            if random.chance(0.5) || level < 100 {
                Change::born(10)
            } else {
                Change::died(10)
            }
        })
    }),
    Family::new("one big step", |random| {
        let at = random.between(20, 900);
        Box::new(move |_, tick, _| Change::born(if tick == at { 5_000 } else { 0 }))
    }),
    Family::new("several steps that stop", |random| {
        let (first, apart) = (random.between(20, 600), random.between(5, 40));
        Box::new(move |_, tick, _| {
            let since = tick.wrapping_sub(first);
            let steps = since % apart == 0 && since / apart < 8;
            Change::born(if steps { 200 } else { 0 })
        })
    }),
    Family::new("pool growth", |_| {
        Box::new(|random, _, level| Change::born(random.poisson(120.0).saturating_sub(level)))
    }),
    Family::new("warm-up", |random| {
        let ends = random.between(10, 50);
        Box::new(move |random, tick, _| {
            Change::born(if tick < ends { random.poisson(25.0) } else { 0 })
        })
    }),
    Family::new("a late warm-up", |random| {
        let (begins, lasts) = (random.between(100, 800), random.between(10, 40));
        Box::new(move |random, tick, _| {
            let warming = (begins..begins + lasts).contains(&tick);
            Change::born(if warming { random.poisson(25.0) } else { 0 })
        })
    }),
    Family::new("a thousand at start", |_| {
        Box::new(|_, tick, _| Change::born(if tick == 1 { 1_000 } else { 0 }))
    }),
    Family::new("burst that drains", |random| {
        let at = random.between(20, 300);
        Box::new(move |random, tick, level| {
            if (at..at + 20).contains(&tick) {
                Change::born(random.poisson(100.0))
            } else {
                Change::died(random.poisson(f64::from(level) / 40.0))
            }
        })
    }),
    Family::new("deploys that restart at a new size", |random| {
        let apart = random.between(80, 300);
        Box::new(move |random, tick, level| {
            if tick % apart == 0 {
                return toward(random, level, 200.0, 100.0);
            }
            Change::default()
        })
    }),
    Family::new("noise of another site alone", |_| {
        let mut others = 0_u32;
        Box::new(move |random, _, _| {
            let before = std::mem::replace(&mut others, random.poisson(30.0));
            Change {
                elsewhere: (others.saturating_sub(before), before.saturating_sub(others)),
                ..Change::default()
            }
        })
    }),
];

/// Healthy in the end, but growing for longer than a trend can wait: a suspect is fair, a leak is not.
/// All of them show by deaths, by fading or by the load what they are.
pub const HEALTHY_BUT_GROWING: [Family; 8] = [
    Family::new("diurnal load with churn", |random| {
        let phase = random.between(0, 600);
        Box::new(move |random, tick, level| {
            let change = toward(
                random,
                level,
                600.0 + 400.0 * wave(tick + phase, 600.0),
                3.0,
            );
            Change {
                gone_at_once: random.poisson(100.0),
                ..change
            }
        })
    }),
    Family::new("rising load with churn", |_| {
        Box::new(|random, tick, level| {
            let change = toward(random, level, 100.0 + f64::from(tick), 5.0);
            Change {
                gone_at_once: random.poisson(f64::from(level) / 2.0),
                ..change
            }
        })
    }),
    Family::new("filling cache that fades", |random| {
        let most = f64::from(random.between(500, 4_000));
        Box::new(move |random, _, level| {
            Change::born(random.poisson(60.0 * (1.0 - f64::from(level) / most).max(0.0)))
        })
    }),
    Family::new("unbounded cache, skewed keys", |_| {
        let mut cache = SkewedCache::new(5_000);
        Box::new(move |random, _, _| Change::born(cache.misses(random, 100)))
    }),
    Family::new("many keys, each seen once", |_| {
        Box::new(|random, _, level| unseen(random, level, 2_000.0))
    }),
    Family::new("slow time to live", |random| {
        let life = f64::from(random.between(60, 200));
        Box::new(move |random, _, level| Change {
            born: random.poisson(10.0),
            died: random.poisson(f64::from(level) / life),
            ..Change::default()
        })
    }),
    Family::new("sawtooth longer than patience, with churn", |random| {
        let period = random.between(100, 400);
        Box::new(move |random, tick, level| {
            let change = sawtooth(random, tick, level, period, 10.0);
            Change {
                gone_at_once: random.poisson(20.0),
                ..change
            }
        })
    }),
    Family::new("queue whose consumer is slow", |_| {
        Box::new(|random, tick, level| Change {
            born: random.poisson(20.0),
            died: random
                .poisson(if tick % 300 < 150 { 18.0 } else { 26.0 })
                .min(level),
            ..Change::default()
        })
    }),
];

/// Growing with the load, and losing nothing while it grows: only the load tells.
pub const FOLLOWING_LOAD: [Family; 2] = [
    Family::new("connections under daily load", |_| {
        Box::new(|random, tick, level| {
            let daily = daily(tick);
            toward(random, level, 4.0 * daily, 8.0)
        })
    })
    .under(daily),
    Family::new("connections under rising load", |_| {
        Box::new(|random, tick, level| {
            let change = toward(random, level, rising(tick), 3.0);
            Change {
                // A pool that only grows: none are closed.
                died: 0,
                ..change
            }
        })
    })
    .under(rising),
];

/// Bounded, but filling in a straight line for longer than patience: while they fill they are called what
/// they look like, and once they are full nothing may be left of it.
pub const BOUNDED_LATER: [Family; 4] = [
    Family::new("so many keys that fading takes twice patience", |_| {
        Box::new(|random, _, level| unseen(random, level, 4_000.0))
    }),
    Family::new("registry that is full after 100 to 400 ticks", |random| {
        let full = random.between(100, 400);
        Box::new(move |random, tick, _| {
            Change::born(if tick < full { random.poisson(4.0) } else { 0 })
        })
    }),
    Family::new("time to live of 100 to 300 ticks", |random| {
        let life = random.between(100, 300);
        let mut born_at = vec![0; life as usize];
        Box::new(move |random, tick, _| {
            let born = random.poisson(10.0);
            let died = std::mem::replace(&mut born_at[(tick % life) as usize], born);
            Change {
                born,
                died,
                ..Change::default()
            }
        })
    }),
    Family::new("late registry, full after 150 more ticks", |random| {
        let begins = random.between(200, 500);
        Box::new(move |random, tick, _| {
            let filling = (begins..begins + 150).contains(&tick);
            Change::born(if filling { random.poisson(4.0) } else { 0 })
        })
    }),
];

/// Busy milliseconds per second over a day of 600 ticks.
pub fn daily(tick: u32) -> f64 {
    300.0 + 200.0 * wave(tick + 450, 600.0)
}

/// A service that gets ever more to do.
pub fn rising(tick: u32) -> f64 {
    100.0 + 0.5 * f64::from(tick)
}

/// A cache without a bound over so many keys, each as likely as any: 30 draws a tick.
fn unseen(random: &mut Random, level: u32, keys: f64) -> Change {
    let unseen = 1.0 - f64::from(level) / keys;
    Change::born(random.poisson(30.0 * unseen.max(0.0)))
}

fn sawtooth(random: &mut Random, tick: u32, level: u32, period: u32, rate: f64) -> Change {
    if tick % period == 0 {
        Change::died(level.saturating_sub(20))
    } else {
        Change::born(random.poisson(rate))
    }
}

/// A cache over keys whose popularity falls as one over the rank (Zipf's law with exponent 1).
struct SkewedCache {
    seen: Vec<bool>,
}

impl SkewedCache {
    fn new(keys: u32) -> Self {
        Self {
            seen: vec![false; keys as usize],
        }
    }

    /// How many of so many draws are of keys never drawn before.
    fn misses(&mut self, random: &mut Random, draws: u32) -> u32 {
        let most = (self.seen.len() as f64 + 1.0).ln();
        let mut draw = |_| {
            // Ranks below r have a share of ln(r) / ln(n + 1), which inverts to a power.
            let rank = (random.unit() * most).exp();
            // From 1 to the number of keys.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let key = (rank as usize).clamp(1, self.seen.len()) - 1;
            u32::from(!std::mem::replace(&mut self.seen[key], true))
        };
        (0..draws).map(&mut draw).sum()
    }
}

/// A plateau until `begins`, then what `after` does on top of it.
pub fn plateau_then(begins: u32, mut plateau: Behaviour, mut after: Behaviour) -> Behaviour {
    let mut leaked = 0;
    Box::new(move |random, tick, level| {
        let change = plateau(random, tick, level.saturating_sub(leaked));
        let mut change = Change {
            elsewhere: (change.born, change.died),
            ..Change::default()
        };
        if tick > begins {
            let more = after(random, tick, level);
            change.born = more.born;
            change.died = more.died;
            leaked = (leaked + more.born).saturating_sub(more.died);
        }
        change
    })
}
