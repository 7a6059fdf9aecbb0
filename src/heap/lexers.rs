//! Blocks of numbers, read on other threads while the next ones arrive, and handed back in the order in
//! which they came. Reading the digits is most of the work on a snapshot, and no block needs another.
//!
//! No more than a few are under way at a time, so memory is bounded; when all workers have enough to do, the
//! thread that asks reads the next one itself. Blocks are handed back whole, to be used again.

use std::collections::VecDeque;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender, TrySendError};
use std::thread;

use super::lexer::{self, Fault};
use super::parser::Section;

/// Bytes of a block: long enough that handing it over costs nothing, short enough for a second-level cache
/// to hold its numbers. A fuzzer's inputs are shorter than one, and should have several.
pub(super) const BLOCK_BYTES: usize = if cfg!(fuzzing) { 64 } else { 256 * 1024 };
/// Blocks under way for each worker; half of them may wait for it.
const AHEAD: usize = 8;
/// More than these do not pay: one thread puts the numbers where they belong, at four times the speed.
const MAX_WORKERS: usize = 4;

/// A piece of an array of numbers.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) section: Section,
    pub(super) text: Vec<u8>,
    /// Of the text, in bytes from the start of the file.
    pub(super) offset: u64,
    /// Whether the array goes on behind it.
    pub(super) goes_on: bool,
    pub(super) numbers: Vec<u64>,
    /// Where the text is wrong; the numbers before it are there.
    pub(super) fault: Option<Fault>,
}

impl Block {
    fn lex(&mut self) {
        self.numbers.clear();
        self.fault = lexer::lex(&self.text, self.goes_on, &mut self.numbers).err();
    }
}

struct Worker {
    blocks: SyncSender<Block>,
    lexed: Receiver<Block>,
}

impl Worker {
    /// `None` where the system gives no thread.
    fn spawn() -> Option<Self> {
        let (blocks, waiting) = sync_channel::<Block>(AHEAD / 2);
        let (done, lexed) = sync_channel(AHEAD);
        let work = move || {
            for mut block in waiting {
                block.lex();
                if done.send(block).is_err() {
                    break;
                }
            }
        };
        let name = "leakguard-heap".to_owned();
        thread::Builder::new().name(name).spawn(work).ok()?;
        Some(Self { blocks, lexed })
    }
}

/// Where a block is that is under way.
enum Place {
    With(usize),
    /// Read by the thread that asks.
    Here(Block),
}

/// The workers, and the blocks that are under way.
#[derive(Default)]
pub(super) struct Lexers {
    workers: Vec<Worker>,
    /// Whose turn it is.
    next: usize,
    /// The oldest first.
    under_way: VecDeque<Place>,
    /// Texts and numbers to be used again.
    free: Vec<(Vec<u8>, Vec<u64>)>,
}

impl Lexers {
    /// As many threads as are left beside the one that asks.
    pub(super) fn new() -> Self {
        let others = thread::available_parallelism().map_or(1, usize::from) - 1;
        Self {
            workers: (0..others.min(MAX_WORKERS))
                .map_while(|_| Worker::spawn())
                .collect(),
            ..Self::default()
        }
    }

    /// An empty text of `BLOCK_BYTES`, and what its numbers go to.
    pub(super) fn buffers(&mut self) -> (Vec<u8>, Vec<u64>) {
        self.free
            .pop()
            .unwrap_or_else(|| (Vec::with_capacity(BLOCK_BYTES), Vec::new()))
    }

    /// Whether a block has to be taken back before the next is sent.
    pub(super) fn is_full(&self) -> bool {
        self.under_way.len() > AHEAD * self.workers.len()
    }

    /// Whether no block is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    pub(super) fn send(&mut self, mut block: Block) {
        if let Some(worker) = self.workers.get(self.next) {
            match worker.blocks.try_send(block) {
                Ok(()) => {
                    self.under_way.push_back(Place::With(self.next));
                    self.next = (self.next + 1) % self.workers.len();
                    return;
                }
                Err(TrySendError::Full(unsent) | TrySendError::Disconnected(unsent)) => {
                    block = unsent;
                }
            }
        }
        block.lex();
        self.under_way.push_back(Place::Here(block));
    }

    /// The oldest block under way; `None` when there is none, or when its thread has failed.
    pub(super) fn receive(&mut self) -> Option<Block> {
        match self.under_way.pop_front()? {
            Place::With(worker) => self.workers[worker].lexed.recv().ok(),
            Place::Here(block) => Some(block),
        }
    }

    pub(super) fn give_back(&mut self, mut block: Block) {
        block.text.clear();
        self.free.push((block.text, block.numbers));
    }
}
