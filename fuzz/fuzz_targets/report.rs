//! Reports as text: what their writers and the merging make of any bytes.
#![no_main]

#[path = "../stored.rs"]
mod stored;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    stored::check_reports(bytes);
});
