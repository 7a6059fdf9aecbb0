//! Recordings of other processes, read. Their writing is a part of `Engine`.

use std::path::Path;

use napi_derive::napi;

use super::error::to_js;
use crate::recorder;
use crate::report::Report;

/// The recording at `path` as JSON; `docs/recorder.md` has its fields. With `most` it has no more subjects than that,
/// the worst first. Throws where it is none, naming the file.
#[napi(catch_unwind)]
// The macro exports it; to Rust the room is private, and in a test build nobody calls it.
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn read_recording(path: String, most: Option<u32>) -> napi::Result<String> {
    let mut recording = recorder::read(Path::new(&path)).map_err(to_js)?;
    if let Some(most) = most {
        recording.keep_worst(most as usize);
    }
    // Plain data with finite numbers: nothing in it can fail to serialize.
    Ok(serde_json::to_string(&recording).unwrap_or_default())
}

/// What was last known of a process, out of its recording at `path`, as JSON: `{ recording, report }`, the recording
/// without its subjects. Throws as `readRecording`.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn read_last(path: String) -> napi::Result<String> {
    let path = Path::new(&path);
    let mut recording = recorder::read(path).map_err(to_js)?;
    let is_alive = recorder::is_alive_at(path).map_err(to_js)?;
    recording.subjects.clear();
    let text = serde_json::to_string(&recording).unwrap_or_default();
    let report = Report::of_recording(recording, is_alive).to_json();
    Ok(format!(r#"{{"recording":{text},"report":{report}}}"#))
}

/// Whether the process whose recording is at `path` lives. Throws as `readRecording`.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn is_recording_alive(path: String) -> napi::Result<bool> {
    recorder::is_alive_at(Path::new(&path)).map_err(to_js)
}

/// The recordings in a folder as JSON, the one written to last first: `[{ file, pid, threadId, startedAt, alive,
/// mtime, readable }]`. Throws where the folder cannot be read.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn list_recordings(folder: String) -> napi::Result<String> {
    let listed = recorder::list(Path::new(&folder)).map_err(to_js)?;
    Ok(serde_json::to_string(&listed).unwrap_or_default())
}

/// The paths of the recordings in a folder that are of this process and of those that it has started, and
/// they. Throws where the folder cannot be read.
#[napi(catch_unwind)]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn list_descendants(folder: String) -> napi::Result<Vec<String>> {
    recorder::list_descendants(Path::new(&folder)).map_err(to_js)
}
