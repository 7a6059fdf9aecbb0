//! Snapshots that the parser accepts: what the rest makes of any graph.
#![no_main]

#[path = "../checks.rs"]
mod checks;
#[path = "../made.rs"]
mod made;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (text, count) = made::snapshots(bytes);
    assert_eq!(checks::check(&text), count, "what is made is accepted");
});
