//! A snapshot in memory: its graph, and what is worked out from that when it is first asked for.

use std::sync::OnceLock;

use super::distances::Distances;
use super::dominators::Dominators;
use super::graph::Graph;
use super::paths::Paths;

/// A snapshot.
#[derive(Debug)]
pub struct Snapshot {
    graph: Graph,
    dominators: OnceLock<Dominators>,
    paths: OnceLock<Paths>,
    distances: OnceLock<Distances>,
}

impl From<Graph> for Snapshot {
    fn from(graph: Graph) -> Self {
        Self {
            graph,
            dominators: OnceLock::new(),
            paths: OnceLock::new(),
            distances: OnceLock::new(),
        }
    }
}

impl Snapshot {
    /// What refers to what.
    #[must_use]
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Who holds whom.
    pub fn dominators(&self) -> &Dominators {
        self.dominators.get_or_init(|| Dominators::new(&self.graph))
    }

    /// Why each is there.
    pub fn paths(&self) -> &Paths {
        self.paths.get_or_init(|| Paths::new(&self.graph))
    }

    /// How far each is from where the program begins.
    pub fn distances(&self) -> &Distances {
        self.distances.get_or_init(|| Distances::new(&self.graph))
    }
}
