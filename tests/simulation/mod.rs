//! Seeded behaviour for the integration tests: a generator, and one subject run through the real guard.

// Each test binary uses its part of it, and none exports anything.
#![allow(dead_code, unreachable_pub)]

use leakguard::guard::finding::{Event, Severity};
use leakguard::guard::{Guard, Settings};
use leakguard::ledger::{Claim, Frame, Kind, Site};

pub const STARTED_AT_MS: f64 = 1.8e12;
pub const TICK_MS: f64 = 1_000.0;

/// Marsaglia's xorshift64: small, seeded, the same everywhere.
pub struct Random {
    state: u64,
    seed: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            seed,
        }
    }

    pub fn next(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    /// Even over 0 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A parameter of the run: the same at every tick, another for every seed.
    pub fn seed_between(&self, from: u32, to: u32) -> u32 {
        let mut fixed = Self::new(self.seed ^ 0xabcd);
        fixed.next();
        from + u32::try_from(fixed.next() % u64::from(to - from)).unwrap_or(0)
    }

    /// Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (self.unit().max(1e-12), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// Knuth below 30, normal above.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean > 30.0 {
            // Not negative, and far below u32::MAX; `as` saturates.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            return (mean + mean.sqrt() * self.normal()).max(0.0).round() as u32;
        }
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

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

#[derive(Debug, Default)]
pub struct Outcome {
    /// The worst severity any event ever had.
    pub worst: Option<Severity>,
    pub leak_at_tick: Option<u32>,
    pub recovered_at_tick: Option<u32>,
    /// The function that the last leak event named.
    pub blamed: Option<String>,
}

pub fn settings(capacity: u32, patience_ticks: u32) -> Settings {
    Settings {
        capacity,
        patience_ticks,
        interval_ms: TICK_MS,
        round_ms: 60.0 * TICK_MS,
        started_at_ms: STARTED_AT_MS,
        heap_limit_bytes: 4 << 30,
    }
}

pub fn at_ms(tick: u32) -> f64 {
    STARTED_AT_MS + TICK_MS * f64::from(tick)
}

pub fn site(line: u32, function: &str) -> Site {
    Site {
        frame: Frame {
            file: "/srv/app/src/server.js".to_owned(),
            line,
            column: 7,
            function: function.to_owned(),
            module: "src/server.js".to_owned(),
        },
        package: None,
        app: None,
    }
}

pub fn listeners(owner: &str, level: u32) -> Claim<'_> {
    Claim {
        kind: Kind::Listeners,
        what: "EventEmitter",
        owner,
        floor: 16,
        level,
    }
}

/// Runs one subject, from 16 members on, for `ticks` ticks.
pub fn outcome(
    seed: u64,
    ticks: u32,
    sampled: bool,
    mut family: impl FnMut(&mut Random, u32, u32) -> Change,
) -> Outcome {
    let mut random = Random::new(seed);
    let mut guard = Guard::new(settings(4, 60));
    let number = guard
        .define_site(&site(12, "onRequest"))
        .unwrap()
        .map_or(0, u32::from);
    let other = guard
        .define_site(&site(99, "readThrough"))
        .unwrap()
        .map_or(0, u32::from);
    let mut level = 16;
    let slot = guard
        .claim(&listeners("EventEmitter 'tick'", level))
        .unwrap();
    let mut outcome = Outcome::default();
    for tick in 1..=ticks {
        let Change {
            born,
            died,
            gone_at_once,
            elsewhere,
        } = family(&mut random, tick, level);
        let died = died.min(level + born);
        level = (level + born - died + elsewhere.0).saturating_sub(elsewhere.1);
        let sites = [(number, born + gone_at_once, died + gone_at_once)];
        for (number, born, died) in sites.into_iter().chain([(other, elsewhere.0, elsewhere.1)]) {
            if sampled && born > 0 {
                guard.sample_born(slot, number, born).unwrap();
            }
            if sampled && died > 0 {
                guard.sample_died(slot, number, died).unwrap();
            }
        }
        let mut levels = [0; 4];
        levels[slot as usize] = level;
        guard.tick(&levels, at_ms(tick));
        for occurrence in guard.take_events() {
            let severity = occurrence.finding.severity;
            outcome.worst = outcome.worst.max(Some(severity));
            match occurrence.event {
                Event::Recovered => outcome.recovered_at_tick = Some(tick),
                _ if severity == Severity::Leak => {
                    outcome.leak_at_tick.get_or_insert(tick);
                    outcome.blamed = occurrence.finding.site.map(|site| site.frame.function);
                }
                _ => {}
            }
        }
    }
    outcome
}
