//! leakguard, the part that counts and judges. It is told how many of what there are, tick by tick, and says
//! which of them leak and which line adds them. It never looks at a JavaScript object: hooks, stacks
//! and weak references are JavaScript's business.
//!
//! ```text
//! F4  node      the only napi code: arguments in, JSON out
//! F3  report    plain model, text and Markdown                recorder  what a process leaves when it dies
//! F2  guard     turns, hysteresis, grouping, events: what deserves attention
//! F1  ledger    subjects, histories, sites, strings      verdict   trend and succession
//!     heap      V8 heap snapshots
//! F0  error   budget: what watching may cost
//! ```
//!
//! A floor imports only floors below it, the rooms of F1 never each other; a report can be made of a
//! recording, so `report` knows `recorder`; `napi` occurs only in F4; `tests/floors.rs` reads the imports and fails on anything else. Without the feature
//! `node`, F0 to F3 build and test without Node.
//!
//! Three properties hold throughout: memory is fixed at construction (the tables, and the report of
//! what did not fit), time is an argument (no clock is read, so tests need not sleep), and no input
//! panics.

pub mod budget;
pub mod error;
pub mod guard;
pub mod heap;
pub mod ledger;
#[cfg(feature = "node")]
mod node;
pub mod recorder;
pub mod report;
pub mod verdict;
