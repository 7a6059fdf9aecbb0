//! Heap snapshots, read and asked on threads of their own while the event loop goes on.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::mpsc::{sync_channel, SyncSender};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use napi::bindgen_prelude::{AsyncTask, ToNapiValue, TypeName};
use napi::{Env, Task};
use napi_derive::napi;
use parking_lot::Mutex;
use serde::Serialize;

use super::error::to_js;
use crate::error::{Error, Kind, Result};
use crate::heap::{self, file, Diff, GrowthSearch, Parser, Question, Shown};
use crate::report;

/// Pieces of a stream that wait to be read: more than V8 writes while a slower thread has its turn.
const PIECES_AHEAD: usize = 64;

/// Work for a thread of the pool.
// In a public signature of what napi exports.
#[allow(unreachable_pub)]
pub struct Work<T>(Option<Box<dyn FnOnce() -> Result<T> + Send>>);

impl<T: Send + ToNapiValue + TypeName + 'static> Work<T> {
    fn start(work: impl FnOnce() -> Result<T> + Send + 'static) -> AsyncTask<Self> {
        AsyncTask::new(Self(Some(Box::new(work))))
    }
}

fn fault() -> Error {
    Error::new(
        Kind::Internal,
        "a fault of ours in the work on a heap snapshot",
    )
}

impl<T: Send + ToNapiValue + TypeName + 'static> Task for Work<T> {
    type Output = T;
    type JsValue = T;

    /// napi guards functions only: a panic on a thread of the pool would end the host.
    fn compute(&mut self) -> napi::Result<T> {
        let work = self.0.take().ok_or_else(fault).map_err(to_js)?;
        catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_: Box<dyn Any + Send>| Err(fault()))
            .map_err(to_js)
    }

    fn resolve(&mut self, _env: Env, output: T) -> napi::Result<T> {
        Ok(output)
    }
}

/// What was asked, for programs and for people.
#[napi(object)]
#[derive(Debug)]
// napi exports what is public; no Rust uses it.
#[allow(unreachable_pub)]
pub struct HeapAnswer {
    /// As JSON.
    pub json: String,
    /// As text for a terminal.
    pub text: String,
}

impl HeapAnswer {
    fn new(answer: &impl Serialize, text: String) -> Self {
        Self {
            // Plain data: nothing in it can fail to serialize.
            json: serde_json::to_string(answer).unwrap_or_default(),
            text,
        }
    }
}

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

/// A snapshot in memory, outside of V8's heap.
#[napi]
pub struct HeapSnapshot {
    snapshot: Arc<heap::Snapshot>,
}

#[napi]
impl HeapSnapshot {
    /// How many nodes it has.
    #[napi(getter, catch_unwind)]
    // No more than 2^29.
    #[allow(clippy::cast_possible_truncation)]
    #[must_use]
    pub fn node_count(&self) -> u32 {
        self.snapshot.graph().node_count() as u32
    }

    /// Answers a question, in JSON: `{ kind: 'summary' | 'suspects' | 'path', limit, redact }`, and for a path
    /// one of `id`, `class` and `name`.
    #[napi(catch_unwind, ts_return_type = "Promise<HeapAnswer>")]
    // napi hands strings over by value.
    #[allow(clippy::needless_pass_by_value)]
    pub fn ask(&self, question_json: String) -> napi::Result<AsyncTask<Work<HeapAnswer>>> {
        let question = Question::from_json(&question_json).map_err(to_js)?;
        let snapshot = Arc::clone(&self.snapshot);
        Ok(Work::start(move || {
            let answer = question.ask(&snapshot)?;
            let text = report::heap_text(&answer);
            Ok(HeapAnswer::new(&answer, text))
        }))
    }
}

impl From<heap::Graph> for HeapSnapshot {
    fn from(graph: heap::Graph) -> Self {
        Self {
            snapshot: Arc::new(graph.into()),
        }
    }
}

/// Reads the `.heapsnapshot` at `path`.
#[napi(catch_unwind, ts_return_type = "Promise<HeapSnapshot>")]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn read_heap(path: String, progress: &HeapProgress) -> AsyncTask<Work<HeapSnapshot>> {
    let progress = Arc::clone(&progress.progress);
    Work::start(move || Ok(file::read(&PathBuf::from(path), &progress)?.into()))
}

/// Where the pieces go, and who reads them.
struct Reading {
    pieces: SyncSender<Vec<u8>>,
    graph: JoinHandle<Result<heap::Graph>>,
}

/// Reads a snapshot that comes in pieces, as V8 writes it.
#[napi]
pub struct HeapReader {
    reading: Mutex<Option<Reading>>,
}

#[napi]
impl HeapReader {
    /// Starts the thread that reads.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> napi::Result<Self> {
        let (pieces, waiting) = sync_channel::<Vec<u8>>(PIECES_AHEAD);
        let read = move || {
            let mut parser = Parser::new(None);
            for piece in waiting {
                parser.push(&piece)?;
            }
            parser.finish()
        };
        let thread = thread::Builder::new().name("leakguard-heap".to_owned());
        let graph = thread.spawn(read).map_err(|cause| {
            to_js(Error::new(
                Kind::Internal,
                format!("no thread can be had to read a heap snapshot: {cause}"),
            ))
        })?;
        Ok(Self {
            reading: Mutex::new(Some(Reading { pieces, graph })),
        })
    }

    /// Takes the next bytes; `false` when reading them has failed, as `finish` tells. Waits while too
    /// much is still to be read.
    #[napi(catch_unwind)]
    pub fn push(&self, bytes: &[u8]) -> bool {
        let reading = self.reading.lock();
        let send = |reading: &Reading| reading.pieces.send(bytes.to_vec()).is_ok();
        reading.as_ref().is_some_and(send)
    }

    /// The snapshot, when all bytes have come.
    #[napi(catch_unwind, ts_return_type = "Promise<HeapSnapshot>")]
    pub fn finish(&self) -> AsyncTask<Work<HeapSnapshot>> {
        let reading = self.reading.lock().take();
        Work::start(move || {
            let Reading { pieces, graph } = reading.ok_or_else(|| {
                Error::new(Kind::InvalidInput, "the heap snapshot has ended already")
            })?;
            drop(pieces);
            let graph = graph.join().map_err(|_| fault())?;
            Ok(graph?.into())
        })
    }
}

/// What changed from one snapshot to the next; `shown_json`: `{ limit, redact }`.
#[napi(catch_unwind, ts_return_type = "Promise<HeapAnswer>")]
#[allow(clippy::needless_pass_by_value, unreachable_pub, dead_code)]
pub fn diff_heaps(
    before: &HeapSnapshot,
    after: &HeapSnapshot,
    shown_json: String,
) -> napi::Result<AsyncTask<Work<HeapAnswer>>> {
    let shown = Shown::from_json(&shown_json).map_err(to_js)?;
    let before = Arc::clone(&before.snapshot);
    let after = Arc::clone(&after.snapshot);
    Ok(Work::start(move || {
        let diff = Diff::new(&before, &after, shown);
        Ok(HeapAnswer::new(&diff, report::heap_diff_text(&diff)))
    }))
}

/// Finds what grows from snapshot to snapshot, and keeps none of them.
#[napi]
#[derive(Default)]
pub struct HeapGrowth {
    search: Arc<Mutex<GrowthSearch>>,
}

#[napi]
impl HeapGrowth {
    /// Of no snapshot so far.
    #[napi(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next snapshot.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn add(&self, snapshot: &HeapSnapshot) -> AsyncTask<Work<()>> {
        let search = Arc::clone(&self.search);
        let snapshot = Arc::clone(&snapshot.snapshot);
        Work::start(move || {
            search.lock().add(snapshot.graph());
            Ok(())
        })
    }

    /// What grew by `at_least` things from each to the next; `null`: by more than things that come and go.
    #[napi(catch_unwind, ts_return_type = "Promise<HeapAnswer>")]
    #[allow(clippy::needless_pass_by_value)]
    pub fn finish(
        &self,
        shown_json: String,
        at_least: Option<u32>,
    ) -> napi::Result<AsyncTask<Work<HeapAnswer>>> {
        let shown = Shown::from_json(&shown_json).map_err(to_js)?;
        let search = Arc::clone(&self.search);
        Ok(Work::start(move || {
            let growth = search.lock().growth(shown, at_least.map(u64::from));
            Ok(HeapAnswer::new(&growth, report::heap_growth_text(&growth)))
        }))
    }
}
