//! Heap snapshots, read on a thread of the pool while the event loop goes on.

use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Arc;

use napi::bindgen_prelude::AsyncTask;
use napi::{Env, Task};
use napi_derive::napi;

use super::error::to_js;
use crate::error::{Error, Kind, Result};
use crate::heap::{file, Dominators, Options, Summary};
use crate::report;

/// How far a snapshot has been read, to be asked while one is.
#[napi]
#[derive(Default)]
pub struct HeapProgress {
    progress: Arc<file::Progress>,
}

#[napi]
impl HeapProgress {
    /// Of nothing so far.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The share of the file that has been read, 0 to 1.
    #[napi(getter, catch_unwind)]
    #[must_use]
    pub fn share(&self) -> f64 {
        self.progress.share()
    }
}

/// The work on one file.
// In a public signature of what napi exports.
#[allow(unreachable_pub)]
pub struct Summarize {
    path: PathBuf,
    options: Options,
    as_text: bool,
    progress: Arc<file::Progress>,
}

impl Summarize {
    fn run(&self) -> Result<String> {
        let graph = file::read(&self.path, &self.progress)?;
        let summary = Summary::new(&graph, &Dominators::new(&graph), self.options);
        if self.as_text {
            return Ok(report::heap_text(&summary));
        }
        // Plain data: nothing in it can fail to serialize.
        Ok(serde_json::to_string(&summary).unwrap_or_default())
    }
}

impl Task for Summarize {
    type Output = String;
    type JsValue = String;

    /// napi guards functions only: a panic on a thread of the pool would end the host.
    fn compute(&mut self) -> napi::Result<String> {
        let fault = |_| {
            Err(Error::new(
                Kind::Internal,
                "a fault of ours in the summary of a heap",
            ))
        };
        catch_unwind(AssertUnwindSafe(|| self.run()))
            .unwrap_or_else(fault)
            .map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, output: String) -> napi::Result<String> {
        Ok(output)
    }
}

/// The summary of the `.heapsnapshot` at `path`, as `text` or `json`, with at most `limit` rows of each
/// table. `redact` leaves out what strings hold.
#[napi(catch_unwind, ts_return_type = "Promise<string>")]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn summarize_heap(
    path: String,
    limit: u32,
    redact: bool,
    as_text: bool,
    progress: &HeapProgress,
) -> AsyncTask<Summarize> {
    AsyncTask::new(Summarize {
        path: path.into(),
        options: Options {
            limit: limit as usize,
            redact,
        },
        as_text,
        progress: Arc::clone(&progress.progress),
    })
}
