#[warn(missing_docs)]
pub mod error;
pub mod ledger;
pub mod verdict;
