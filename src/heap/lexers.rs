//! Blocks of numbers, read on other threads while the next ones arrive, and handed back in the order in
//! which they came. Reading the digits is most of the work on a snapshot, and no block needs another.
//!
//! Block `n` goes to worker `n` modulo their number, so the order needs no bookkeeping, and no more than a few are
//! under way at a time, so memory is bounded. Blocks are handed back whole, to be used again.

use std::collections::VecDeque;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::thread;

use super::lexer::{self, Fault};
use super::parser::Section;

/// Bytes of a block: long enough that handing it over costs nothing, short enough for a second-level cache
/// to hold its numbers.
pub(super) const BLOCK_BYTES: usize = 256 * 1024;
/// Blocks that one worker has waiting.
const AHEAD: usize = 4;
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
        let (blocks, waiting) = sync_channel::<Block>(AHEAD);
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

/// The workers, and the blocks that are under way.
#[derive(Default)]
pub(super) struct Lexers {
    workers: Vec<Worker>,
    /// Those that this thread has read itself, for lack of workers.
    own: VecDeque<Block>,
    sent: usize,
    received: usize,
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
        self.sent - self.received >= AHEAD * self.workers.len().max(1)
    }

    pub(super) fn send(&mut self, mut block: Block) {
        if self.workers.is_empty() {
            block.lex();
            self.own.push_back(block);
        } else {
            let worker = &self.workers[self.sent % self.workers.len()];
            if let Err(unsent) = worker.blocks.send(block) {
                // Its thread is gone, and with it what it had: `receive` tells.
                drop(unsent);
            }
        }
        self.sent += 1;
    }

    /// Whether no block is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.sent == self.received
    }

    /// The oldest block under way; `None` when its thread has failed.
    pub(super) fn receive(&mut self) -> Option<Block> {
        let block = if self.workers.is_empty() {
            self.own.pop_front()
        } else {
            self.workers[self.received % self.workers.len()]
                .lexed
                .recv()
                .ok()
        };
        self.received += 1;
        block
    }

    pub(super) fn give_back(&mut self, mut block: Block) {
        block.text.clear();
        self.free.push((block.text, block.numbers));
    }
}
