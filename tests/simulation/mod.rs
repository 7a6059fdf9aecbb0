//! Seeded behaviour for the integration tests: a generator, families of behaviour, and the real guard
//! that they are run through.

// Each test binary uses its part of it, and none exports anything.
#![allow(dead_code, unreachable_pub)]

pub mod cohorts;
pub mod healthy;
pub mod leaking;
pub mod run;
pub mod statistics;

use leakguard::guard::Settings;
use leakguard::ledger::{Claim, Frame, Kind, Site};

pub const STARTED_AT_MS: f64 = 1.8e12;
pub const TICK_MS: f64 = 1_000.0;

/// Marsaglia's xorshift64: small, seeded, the same everywhere.
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        };
        // Small seeds leave most bits zero at first.
        for _ in 0..4 {
            random.next();
        }
        random
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

    /// Even over `from..to`.
    pub fn between(&mut self, from: u32, to: u32) -> u32 {
        from + u32::try_from(self.next() % u64::from(to - from)).unwrap_or(0)
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
