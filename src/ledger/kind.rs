//! The kinds of population a subject can be. The names are part of the report's contract.

use once_cell::sync::OnceCell;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind as ErrorKind, Result};

/// Kinds by name, built at the first claim: every claim names its kind, and a server may claim a subject
/// per connection.
static BY_NAME: OnceCell<FxHashMap<&'static str, Kind>> = OnceCell::new();

/// What a subject is a population of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Listeners of one event of one emitter or target.
    Listeners,
    /// Live timers of one sort.
    Timers,
    /// Entries of one Map, Set, array, object or cache.
    Collections,
    /// Keys of `globalThis`, or what they hold.
    Globals,
    /// Heap objects from one allocation site.
    Objects,
    /// Promises that are still pending.
    Promises,
    /// Sockets, files, workers and other handles of one type.
    Handles,
    /// The used heap as a whole; its level is in [`super::MEMORY_UNIT_BYTES`].
    Heap,
    /// Objects that were expected to be gone.
    Retained,
}

impl Kind {
    /// Every kind, in the order in which an error lists them.
    pub const ALL: [Self; 9] = [
        Self::Listeners,
        Self::Timers,
        Self::Collections,
        Self::Globals,
        Self::Objects,
        Self::Promises,
        Self::Handles,
        Self::Heap,
        Self::Retained,
    ];

    /// The name as the report writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Listeners => "listeners",
            Self::Timers => "timers",
            Self::Collections => "collections",
            Self::Globals => "globals",
            Self::Objects => "objects",
            Self::Promises => "promises",
            Self::Handles => "handles",
            Self::Heap => "heap",
            Self::Retained => "retained",
        }
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// `InvalidInput` that lists the names, for any other text.
    pub fn parse(name: &str) -> Result<Self> {
        let by_name = BY_NAME.get_or_init(|| {
            Self::ALL
                .into_iter()
                .map(|kind| (kind.name(), kind))
                .collect()
        });
        by_name.get(name).copied().ok_or_else(|| {
            let accepted = Self::ALL.map(Self::name).join(", ");
            Error::new(
                ErrorKind::InvalidInput,
                format!("kind is {name:?}; accepted: {accepted}"),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_parses_from_its_own_name_and_serializes_to_it() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()).ok(), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn an_unknown_kind_is_refused_with_the_accepted_names() {
        let error = Kind::parse("Listeners").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(
            error.to_string().contains("listeners, timers, collections"),
            "{error}"
        );
    }
}
