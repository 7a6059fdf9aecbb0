//! What can be asked of a snapshot, and what comes back.

use serde::{Deserialize, Serialize};

use super::retainers::{Retainers, Target};
use super::snapshot::Snapshot;
use super::summary::Summary;
use super::suspects::Suspects;
use crate::error::{Error, Result};

/// How much of an answer is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Shown {
    /// Rows of each table.
    pub limit: usize,
    /// Leaves out what strings hold, and the keys of objects that are no identifiers.
    #[serde(default)]
    pub redact: bool,
}

impl Shown {
    /// From `{ limit, redact }`.
    ///
    /// # Errors
    /// [`crate::error::Kind::InvalidInput`] when the text says something else.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|cause| Error::json("rows", text, cause))
    }
}

/// A question to one snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Question {
    /// What is in it?
    Summary(Shown),
    /// Which single things hold much of it?
    Suspects(Shown),
    /// Why is something still there?
    Path {
        /// Of which there may be several.
        target: Target,
        /// Of those that retain most.
        #[serde(flatten)]
        shown: Shown,
    },
}

/// The answer to a question.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To [`Question::Summary`].
    Summary(Box<Summary>),
    /// To [`Question::Suspects`].
    Suspects(Suspects),
    /// To [`Question::Path`].
    Path(Retainers),
}

impl Question {
    /// From JSON: `{ "kind": "path", "target": { "class": "Session" }, "limit": 3, "redact": false }`.
    ///
    /// # Errors
    /// [`crate::error::Kind::InvalidInput`] when the text says something else.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|cause| Error::json("question", text, cause))
    }

    /// Asks a snapshot.
    ///
    /// # Errors
    /// [`crate::error::Kind::InvalidInput`] when the snapshot has no such thing.
    pub fn ask(&self, snapshot: &Snapshot) -> Result<Answer> {
        Ok(match self {
            Self::Summary(shown) => Answer::Summary(Box::new(Summary::new(snapshot, *shown))),
            Self::Suspects(shown) => Answer::Suspects(Suspects::new(snapshot, *shown)),
            Self::Path { target, shown } => Answer::Path(Retainers::new(snapshot, target, *shown)?),
        })
    }
}
