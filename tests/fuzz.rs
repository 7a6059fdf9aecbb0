//! The fuzz targets without a fuzzer: their seeds, and random changes of them, through the same checks. `fuzz/` has
//! what libFuzzer needs; the recorder's seeds are with its reader.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

#[path = "../fuzz/checks.rs"]
mod checks;
#[path = "../fuzz/made.rs"]
mod made;
#[path = "../fuzz/stored.rs"]
mod stored;

/// Changed seeds that are tried in a run; the variable `PROPTEST_CASES` may ask for more.
const MIN_CASES: u32 = 2048;
const MAX_SEEDS_BYTES: usize = 200 * 1024;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names and contents of a target's seeds, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(fuzz_folder().join("seeds").join(target)).unwrap();
    let mut seeds: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

fn contents(target: &str) -> Vec<Vec<u8>> {
    seeds(target).into_iter().map(|seed| seed.1).collect()
}

static TEXTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| contents("heap_text"));
static GRAPHS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| contents("heap_graph"));
static REPORTS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| contents("report"));
static OPTIONS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| contents("options"));

/// The entries of libFuzzer's dictionary.
static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let dictionary = fs::read_to_string(fuzz_folder().join("heap.dict")).unwrap();
    let entries = dictionary.lines().filter_map(|line| {
        let quoted = line.strip_prefix('"')?.strip_suffix('"')?;
        let text = quoted.replace("\\x0a", "\n").replace("\\\"", "\"");
        Some(text.replace("\\\\", "\\").into_bytes())
    });
    entries.collect()
});

/// One change of an input.
#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, Index),
    /// Another number in place of one.
    Number(Index, u64),
    /// A part of another seed.
    Splice(Index, Index, Index, usize),
    /// Another seed behind this one, and settings.
    Second(Index, [u8; 4]),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = any::<Index>;
    let length = 1..64_usize;
    let number = prop_oneof![
        4 => 0..64_u64,
        1 => prop::sample::select(vec![u32::MAX.into(), 1 << 32, 1 << 29, u64::MAX]),
    ];
    let change = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), length.clone()).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), length.clone()).prop_map(|(at, length)| Change::Repeat(at, length)),
        (at(), at()).prop_map(|(at, word)| Change::Insert(at, word)),
        (at(), number).prop_map(|(at, number)| Change::Number(at, number)),
        (at(), at(), at(), length)
            .prop_map(|(at, seed, from, length)| Change::Splice(at, seed, from, length)),
        (at(), any::<[u8; 4]>()).prop_map(|(seed, settings)| Change::Second(seed, settings)),
    ];
    prop::collection::vec(change, 0..6)
}

/// Up to so many bytes from a place on.
fn range(at: Index, length: usize, of: &[u8]) -> std::ops::Range<usize> {
    let start = at.index(of.len() + 1);
    start..(start + length).min(of.len())
}

fn change(input: &mut Vec<u8>, change: &Change, seeds: &[Vec<u8>]) {
    match change {
        Change::Set(at, byte) => {
            let place = range(*at, 1, input);
            input[place].fill(*byte);
        }
        Change::Remove(at, length) => {
            input.drain(range(*at, *length, input));
        }
        Change::Repeat(at, length) => {
            let part = range(*at, *length, input);
            let copy = input[part.clone()].to_vec();
            input.splice(part.end..part.end, copy);
        }
        Change::Insert(at, word) => {
            let place = range(*at, 0, input);
            input.splice(place, WORDS[word.index(WORDS.len())].iter().copied());
        }
        Change::Number(at, number) => {
            let from = range(*at, 0, input).start;
            let is_digit = |at: &usize| input[*at].is_ascii_digit();
            let Some(start) = (from..input.len()).find(is_digit) else {
                return;
            };
            let rest = start..input.len();
            let end = rest.clone().find(|at| !is_digit(at)).unwrap_or(rest.end);
            input.splice(start..end, number.to_string().into_bytes());
        }
        Change::Splice(at, seed, from, length) => {
            let other = &seeds[seed.index(seeds.len())];
            let place = range(*at, 0, input);
            let part = other[range(*from, *length, other)].to_vec();
            input.splice(place, part);
        }
        Change::Second(seed, settings) => {
            input.push(0);
            input.extend_from_slice(&seeds[seed.index(seeds.len())]);
            input.push(0);
            input.extend_from_slice(settings);
        }
    }
}

fn changed(seed: Index, changes: &[Change], seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = seeds[seed.index(seeds.len())].clone();
    for one in changes {
        change(&mut input, one, seeds);
    }
    input
}

#[test]
fn every_seed_is_what_its_name_says() {
    for (name, seed) in seeds("heap_text") {
        let is_snapshot = name.ends_with(".heapsnapshot");
        let is_pair = name.starts_with("service-grows");
        let is_redacted = name.starts_with("service-redacted");
        let expected = usize::from(is_snapshot || is_redacted) + 2 * usize::from(is_pair);
        assert_eq!(checks::check(&seed), expected, "{name}");
    }
    for (name, seed) in seeds("heap_graph") {
        let (text, count) = made::snapshots(&seed);
        assert_eq!(checks::check(&text), count, "{name}");
    }
    for (name, seed) in seeds("report") {
        let expected = match &*name {
            "pair" => 2,
            "later.json" | "no-json.txt" => 0,
            _ => 1,
        };
        assert_eq!(stored::check_reports(&seed), expected, "{name}");
    }
    for (name, seed) in seeds("options") {
        let expected = name != "question.json";
        assert_eq!(stored::check_options(&seed), expected, "{name}");
    }
}

#[test]
fn the_seeds_are_small() {
    let all = [&TEXTS, &GRAPHS, &REPORTS, &OPTIONS];
    let sizes = all.iter().flat_map(|seeds| seeds.iter()).map(Vec::len);
    assert!(sizes.sum::<usize>() <= MAX_SEEDS_BYTES);
}

proptest! {
    #![proptest_config({
        let config = ProptestConfig::default();
        let cases = config.cases.max(MIN_CASES);
        ProptestConfig { cases, ..config }
    })]

    #[test]
    fn any_text_is_a_snapshot_or_an_error(seed in any::<Index>(), changes in changes()) {
        checks::check(&changed(seed, &changes, &TEXTS));
    }

    #[test]
    fn any_graph_is_asked_everything(seed in any::<Index>(), changes in changes()) {
        let (text, count) = made::snapshots(&changed(seed, &changes, &GRAPHS));
        prop_assert_eq!(checks::check(&text), count);
    }

    #[test]
    fn any_text_is_a_report_or_an_error(seed in any::<Index>(), changes in changes()) {
        stored::check_reports(&changed(seed, &changes, &REPORTS));
    }

    #[test]
    fn any_texts_are_options_or_errors(seed in any::<Index>(), changes in changes()) {
        stored::check_options(&changed(seed, &changes, &OPTIONS));
    }
}
