//! What one tick costs with every slot of the default capacity in use: `cargo bench
//! --no-default-features`. It prints, and fails nothing.
//!
//! Every tick is taken twice, bare and with the recorder, whose file is in the folder that `LEAKGUARD_BENCH_FOLDER` names,
//! `/dev/shm` unless told otherwise. While another process writes and syncs on the same disk, `longest` is what a host
//! would have to wait.
//!
//! Four mixes: all subjects below their floor (the common case), all at rest above it, and all
//! leaking at once (the worst: each due verdict is computed to its end), and one in 64 busy.

use std::path::Path;
use std::time::Instant;

use leakguard::guard::{Guard, Settings};
use leakguard::ledger::{Claim, Frame, Kind, Site};
use leakguard::recorder::Recorder;

const CAPACITY: u32 = 4_096;
const PATIENCE_TICKS: u32 = 60;
const TICKS: u32 = 6_000;

struct Mix {
    name: &'static str,
    floor: u32,
    growth: u32,
    /// One in so many grows.
    every: u32,
}

const MIXES: [Mix; 4] = [
    Mix {
        name: "below the floor",
        floor: 1_000_000,
        growth: 0,
        every: 1,
    },
    Mix {
        name: "at rest",
        floor: 16,
        growth: 0,
        every: 1,
    },
    Mix {
        name: "all leaking",
        floor: 16,
        growth: 1,
        every: 1,
    },
    Mix {
        name: "one in 64 busy",
        floor: 16,
        growth: 1,
        every: 64,
    },
];

/// Numbers of a tick: as the host gives them.
const METERS: [f64; 10] = [1e8, 9e7, 4e9, 1e6, 1e6, 2e8, 1.0, 1.0, 1.0, 2.0];

fn main() {
    let folder = std::env::var("LEAKGUARD_BENCH_FOLDER").unwrap_or_else(|_| "/dev/shm".to_owned());
    for mix in MIXES {
        run(&mix, Path::new(&folder));
    }
}

fn run(mix: &Mix, folder: &Path) {
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
            floor: mix.floor,
            level: 100,
        };
        guard.claim(&claim);
    }
    let file = folder.join(format!("leakguard-bench-{}", std::process::id()));
    let from = Instant::now();
    let mut recorder = Recorder::open(&file, "{}", &guard).expect("a folder that can be written");
    let opened = from.elapsed();
    let (mut bare, mut besides) = (Vec::new(), Vec::new());
    let mut waits = Vec::new();
    for tick in 1..=TICKS {
        for (slot, level) in (0..).zip(&mut levels) {
            if (slot + tick) % mix.every == 0 {
                *level += mix.growth;
                // A slot of ours, a site of ours: cannot fail.
                let _ = guard.sample_born(slot, site, mix.growth);
            }
        }
        let from = Instant::now();
        guard.tick(&levels, None, f64::from(tick) * 1_000.0);
        bare.push(from.elapsed().as_nanos());
        let before = times_given_up();
        let from = Instant::now();
        recorder.tick(&guard, &METERS).expect("room in the folder");
        let nanoseconds = from.elapsed().as_nanos();
        besides.push(nanoseconds);
        if times_given_up() > before {
            waits.push(nanoseconds);
        }
        guard.take_events();
    }
    drop(recorder);
    let _ = std::fs::remove_file(&file);
    let name = mix.name;
    println!("{CAPACITY} subjects, {name}: {}", summary(&mut bare));
    println!(
        "  and recorded besides: {}, opened in {} µs; had to wait {} times, for {} µs at most",
        summary(&mut besides),
        opened.as_micros(),
        waits.len(),
        waits.iter().max().map_or(0, |longest| longest / 1_000)
    );
}

/// How often this thread has given up its CPU by itself, which is what a write that waits does. What others take from
/// it is no wait of the write's. 0 where the system does not tell.
fn times_given_up() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

fn summary(nanoseconds: &mut [u128]) -> String {
    nanoseconds.sort_unstable();
    let at = |part: usize| nanoseconds[(nanoseconds.len() - 1) * part / 1_000] / 1_000;
    format!(
        "fastest tenth {} µs, median {} µs, 99 % below {} µs, 99.9 % below {} µs, longest {} µs",
        at(100),
        at(500),
        at(990),
        at(999),
        at(1_000)
    )
}
