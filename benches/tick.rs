//! What one tick costs with every slot of the default capacity in use: `cargo bench
//! --no-default-features`. It prints, and fails nothing.
//!
//! Three mixes: all subjects below their floor (the common case), all at rest above it, and all
//! leaking at once (the worst: each due verdict is computed to its end).

use std::time::Instant;

use leakguard::guard::{Guard, Settings};
use leakguard::ledger::{Claim, Frame, Kind, Site};

const CAPACITY: u32 = 4_096;
const PATIENCE_TICKS: u32 = 60;
const TICKS: u32 = 6_000;

struct Mix {
    name: &'static str,
    floor: u32,
    growth: u32,
}

const MIXES: [Mix; 3] = [
    Mix {
        name: "below the floor",
        floor: 1_000_000,
        growth: 0,
    },
    Mix {
        name: "at rest",
        floor: 16,
        growth: 0,
    },
    Mix {
        name: "all leaking",
        floor: 16,
        growth: 1,
    },
];

fn main() {
    for Mix {
        name,
        floor,
        growth,
    } in MIXES
    {
        let mut guard = Guard::new(Settings {
            capacity: CAPACITY,
            patience_ticks: PATIENCE_TICKS,
            interval_ms: 1_000.0,
            round_ms: 60_000.0,
            started_at_ms: 0.0,
            heap_limit_bytes: 0,
        });
        let frame = Frame {
            file: "/srv/server.js".to_owned(),
            line: 1,
            ..Frame::default()
        };
        let site = Site {
            frame,
            package: None,
            app: None,
        };
        let site = guard.define_site(&site).ok().flatten().map_or(0, u32::from);
        let mut levels = vec![100; CAPACITY as usize];
        for _ in 0..CAPACITY {
            let claim = Claim {
                kind: Kind::Listeners,
                what: "list",
                owner: "list",
                floor,
                level: 100,
            };
            guard.claim(&claim);
        }
        let mut nanoseconds: Vec<u128> = Vec::new();
        for tick in 1..=TICKS {
            for (slot, level) in (0..).zip(&mut levels) {
                *level += growth;
                // A slot of ours, a site of ours: cannot fail.
                let _ = guard.sample_born(slot, site, growth);
            }
            let from = Instant::now();
            guard.tick(&levels, None, f64::from(tick) * 1_000.0);
            nanoseconds.push(from.elapsed().as_nanos());
            guard.take_events();
        }
        nanoseconds.sort_unstable();
        let at = |part: usize| nanoseconds[(nanoseconds.len() - 1) * part / 100] / 1_000;
        println!(
            "{CAPACITY} subjects, {name}: fastest tenth {} µs, median {} µs, 99 % below {} µs, longest {} µs",
            at(10),
            at(50),
            at(99),
            at(100)
        );
    }
}
