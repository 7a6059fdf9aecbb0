//! F3. The recorder: what a process leaves when it is killed. One file of fixed size per process or thread, written at
//! ticks and at findings, readable at any time by anybody. It knows what the guard shows; it knows no report and no
//! JavaScript.
//!
//! - **Never harms the host.** Written by positions, never mapped; its room is taken when it is opened; the first
//!   failure ends it.
//! - **Never half.** States alternate, versions of a finding never overwrite each other, every record has a check, and
//!   a file has its name only when it can be read.
//! - **Never trusts.** A file that is read may hold anything.
//!
//! `docs/recorder.md` has the format for readers in other languages.

mod bytes;
mod file;
mod folder;
mod layout;
mod log;
mod process;
mod reader;
mod records;
mod writer;

pub use self::folder::{list, list_descendants, Listed};
pub use self::layout::FORMAT;
#[cfg(any(test, fuzzing))]
pub use self::reader::parse_resealed;
pub use self::reader::{
    is_alive_at, parse, read, Ended, LedgerState, Logged, MeterPoint, Meters, NearLimit, Overhead,
    Place, Recording, Subject,
};
pub use self::writer::Recorder;
