//! Recordings: what the reader makes of any bytes, and of records whose checks hold, and what a report makes of that.
#![no_main]

use leakguard::recorder::{parse, parse_resealed};
use leakguard::report::{render, Format, Report, Root};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for recording in [parse(bytes), parse_resealed(bytes)].into_iter().flatten() {
        serde_json::to_string(&recording).expect("plain data");
        let report = Report::of_recording(recording, false).to_json();
        for format in ["text", "md", "sarif"] {
            let format = Format::parse(format).expect("a format");
            render(&report, format, &Root::new("")).expect("a report of ours");
        }
    }
});
