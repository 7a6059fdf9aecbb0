//! What JavaScript hands to the addon as text, and a guard that is set up by it.
#![no_main]

#[path = "../stored.rs"]
mod stored;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    stored::check_options(bytes);
});
