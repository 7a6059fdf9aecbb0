//! What JavaScript hands to the addon as text, and a guard that is set up by it.
#![no_main]

#[path = "../stored.rs"]
#[allow(dead_code)] // The half of the other target.
mod stored;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    stored::check_options(bytes);
});
