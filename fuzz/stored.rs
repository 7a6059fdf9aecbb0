//! What must hold of every stored report, and of every text that the addon is given. Fed by libFuzzer
//! (`fuzz_targets/`) and by `tests/fuzz.rs`.
//!
//! An input is several texts, each ended by a byte of 0, which no JSON has.

use std::str;

use leakguard::error::{Error, Kind as ErrorKind, Result};
use leakguard::guard::{baseline, Guard, Leftovers, Settings};
use leakguard::heap::{Question, Shown};
use leakguard::ledger::{Claim, Kind};
use leakguard::report::{merge_stored, render, Context, Format, Report, Root};

const FORMATS: [&str; 7] = ["text", "json", "md", "html", "junit", "sarif", "github"];

/// A larger ledger takes more time and goes no other way.
const MAX_CAPACITY: u32 = 256;
/// Subjects of a guard, if it has room for them.
const SUBJECTS: u32 = 3;
const MAX_TICKS: usize = 2048;

fn texts(input: &[u8]) -> impl Iterator<Item = &str> {
    let parts = input.split(|&byte| byte == 0);
    parts.filter_map(|part| str::from_utf8(part).ok())
}

fn check_error(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(!error.to_string().is_empty());
}

/// A text in every format, or in none.
fn written(json: &str) -> Option<[String; FORMATS.len()]> {
    let root = Root::new("/srv/app");
    let results = FORMATS.map(|name| {
        let format = Format::parse(name).expect("a format");
        render(json, format, &root)
    });
    if let Err(error) = &results[0] {
        check_error(error);
        assert!(results.iter().all(Result::is_err));
        return None;
    }
    Some(results.map(|result| result.expect("what one writer takes all take")))
}

/// Writes reports in every format, alone and as one; returns how many were accepted.
pub(crate) fn check_reports(input: &[u8]) -> usize {
    let mut accepted = Vec::new();
    for text in texts(input) {
        let Some([_, json, _, page, ..]) = written(text) else {
            continue;
        };
        // What was written is read again, and is the same.
        assert_eq!(written(&json).map(|[_, again, ..]| again), Some(json));
        // Text of the report begins and ends nothing in the page.
        assert_eq!(
            page.matches("<script").count(),
            page.matches("</script").count()
        );
        accepted.push(text);
    }
    match merge_stored(accepted.iter().copied()) {
        Ok(merged) => assert!(written(&merged).is_some()),
        Err(error) => {
            check_error(&error);
            assert!(accepted.is_empty());
        }
    }
    accepted.len()
}

/// Gives each text to everything that reads one, and lets a guard run with the first that are settings, a context
/// and leftovers, its levels taken from all bytes; returns whether there was a guard.
pub(crate) fn check_options(input: &[u8]) -> bool {
    let (mut settings, mut context, mut leftovers) = (None, None, None);
    for text in texts(input) {
        let errors = [
            baseline::check(text).err(),
            Question::from_json(text).err(),
            Shown::from_json(text).err(),
            keep(&mut settings, Settings::from_json(text)),
            keep(&mut context, Context::from_json(text)),
            keep(&mut leftovers, Leftovers::from_json(text)),
        ];
        errors.iter().flatten().for_each(check_error);
    }
    let Some(settings) = settings.filter(|settings| settings.capacity <= MAX_CAPACITY) else {
        return false;
    };
    let mut guard = Guard::new(settings);
    run(&mut guard, input);
    assert!(guard.findings().len() <= guard.ledger().tracked());
    if let Some(context) = context {
        let report = match leftovers {
            Some(leftovers) => Report::of_leftovers(&guard, &leftovers, context),
            None => Report::assemble(&guard, context),
        };
        assert!(written(&report.to_json()).is_some());
    }
    true
}

fn keep<T>(first: &mut Option<T>, read: Result<T>) -> Option<Error> {
    match read {
        Ok(read) => {
            first.get_or_insert(read);
            None
        }
        Err(error) => Some(error),
    }
}

/// Three subjects: one grows by what the bytes say, one has their levels, one stands still.
fn run(guard: &mut Guard, bytes: &[u8]) {
    let slots: Vec<u32> = (0..SUBJECTS)
        .filter_map(|index| {
            guard.claim(&Claim {
                kind: Kind::ALL[index as usize],
                what: "Map",
                owner: ["sessions", "jobs", "routes"][index as usize],
                floor: 1,
                level: 1,
            })
        })
        .collect();
    let mut levels = vec![0_u32; guard.ledger().capacity()];
    let mut at_ms = guard.started_at_ms();
    for &byte in bytes.iter().take(MAX_TICKS) {
        for (index, &slot) in slots.iter().enumerate() {
            let level = &mut levels[slot as usize];
            *level = match index {
                0 => level.saturating_add(byte.into()),
                1 => u32::from(byte) << (byte % 24),
                _ => 1000,
            };
        }
        at_ms += f64::from(byte) * guard.settings().interval_ms;
        guard.tick(&levels, Some(f64::from(byte)), at_ms);
        guard.take_events();
    }
}
