//! Snapshots in files. They are read piece by piece and never mapped: a mapped file that shrinks while it is read ends
//! the process.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::graph::Graph;
use super::parser::Parser;
use crate::error::{Error, Kind, Result};

/// Of one read.
const PIECE_BYTES: usize = 256 * 1024;

/// How far a file has been read, for whoever waits on another thread.
#[derive(Debug, Default)]
pub struct Progress {
    read_bytes: AtomicU64,
    total_bytes: AtomicU64,
}

impl Progress {
    /// Of the file, 0 to 1; 0 as long as its length is not known.
    #[must_use]
    pub fn share(&self) -> f64 {
        let total = self.total_bytes.load(Ordering::Relaxed);
        let read = self.read_bytes.load(Ordering::Relaxed);
        if total == 0 {
            return 0.0;
        }
        (read as f64 / total as f64).min(1.0)
    }
}

/// The graph of a `.heapsnapshot`.
///
/// # Errors
/// [`Kind::Unreadable`] when there is no such file; [`Kind::InvalidInput`] with the offset of the byte where it is no
/// snapshot, or ends too early.
pub fn read(path: &Path, progress: &Progress) -> Result<Graph> {
    let unreadable = |cause: std::io::Error| {
        Error::new(
            Kind::Unreadable,
            format!("{} cannot be read: {cause}", path.display()),
        )
    };
    let in_file = |error: Error| error.in_file(path);
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let length_bytes = metadata.is_file().then_some(metadata.len());
    progress
        .total_bytes
        .store(length_bytes.unwrap_or(0), Ordering::Relaxed);
    let mut parser = Parser::new(length_bytes);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return parser.finish().map_err(in_file),
            Ok(length) => {
                parser.push(&piece[..length]).map_err(in_file)?;
                progress
                    .read_bytes
                    .fetch_add(length as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}
