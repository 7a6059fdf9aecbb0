//! F1. V8 heap snapshots: what is in the heap, how much goes with it, and who holds it.
//!
//! ```text
//! file
//!   │
//! parser ── lexers ── lexer      bytes, in pieces of any length
//!   │
//! graph ── layout, strings       nodes, edges and names in flat columns (index.rs, rows.rs, weak_map.rs)
//!   │
//! dominators                     who holds whom, and how much
//!   │
//! snapshot ── paths, distances   why each is still there (contents, places, describe)
//!   │
//! summary, suspects, retainers   questions to one snapshot (classes, containers)
//! diff, growth                   questions to several (owners)
//! ```
//!
//! The room knows nothing of ledgers, verdicts and Node.js. Memory is bounded by the input, whatever its header
//! says; input that is no snapshot is an error with the offset of the byte, never a panic.

mod class_suspects;
mod classes;
mod containers;
mod contents;
mod describe;
mod diff;
mod distances;
mod dominators;
pub mod file;
mod graph;
mod growth;
mod index;
mod layout;
mod lexer;
mod lexers;
mod owners;
mod parser;
mod paths;
mod places;
mod question;
mod retainers;
mod rows;
mod snapshot;
mod strings;
mod summary;
mod suspects;
#[cfg(test)]
mod testing;
mod traces;
mod weak_map;

pub use classes::{classes, Class};
pub use containers::{Container, Containers};
pub use diff::{Change, Diff};
pub use distances::Distances;
pub use dominators::Dominators;
pub use graph::{Detachedness, Edge, EdgeName, Graph, Location};
pub use growth::{Growth, GrowthSearch, Members, Owner, Size};
pub use index::{EdgeIndex, NodeIndex, StringIndex};
pub use layout::{EdgeKind, NodeKind};
pub use parser::Parser;
pub use paths::Paths;
pub use question::{Answer, Question, Shown};
pub use retainers::{Retained, Retainers, Step, Target};
pub use snapshot::Snapshot;
pub use strings::Strings;
pub use summary::{ClassRow, Duplicate, Duplicates, Sum, Summary};
pub use suspects::{ClassSuspect, Held, Suspect, Suspects};
pub use traces::{Allocations, Allocator};
