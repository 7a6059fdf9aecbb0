//! Reports as text: what their writers and the merging make of any bytes.
#![no_main]

#[path = "../stored.rs"]
#[allow(dead_code)] // The half of the other target.
mod stored;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    stored::check_reports(bytes);
});
