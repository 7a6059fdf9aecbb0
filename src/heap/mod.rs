//! F1. V8 heap snapshots: what is in the heap, how much goes with it, and who holds it.
//!
//! ```text
//! file
//!   │
//! parser ── lexers ── lexer      bytes, in pieces of any length
//!   │
//! graph ── layout, strings       nodes, edges and names in flat columns (index.rs, rows.rs)
//!   │
//! dominators                     who holds whom, and how much
//!   │
//! classes, paths, summary        what there is of each class, and why it is still there
//! ```
//!
//! The room knows nothing of ledgers, verdicts and Node.js. Memory is bounded by the input, whatever its header
//! says; input that is no snapshot is an error with the offset of the byte, never a panic.

mod classes;
mod dominators;
pub mod file;
mod graph;
mod index;
mod layout;
mod lexer;
mod lexers;
mod parser;
mod paths;
mod rows;
mod strings;
mod summary;
#[cfg(test)]
mod testing;

pub use classes::{classes, Class};
pub use dominators::Dominators;
pub use graph::{Detachedness, Edge, EdgeName, Graph, Location};
pub use index::{EdgeIndex, NodeIndex, StringIndex};
pub use layout::{EdgeKind, NodeKind};
pub use parser::Parser;
pub use paths::Paths;
pub use strings::Strings;
pub use summary::{Duplicate, Duplicates, Object, Options, Sum, Summary};
