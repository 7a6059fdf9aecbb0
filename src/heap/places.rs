//! Where functions are in their files. A snapshot has the line of each function and the number of its script;
//! the script's name hangs on what all closures of one function share.

use rustc_hash::FxHashMap;

use super::graph::{EdgeName, Graph, Location};
use super::index::NodeIndex;
use super::layout::NodeKind;
use super::node_names::file_of;

/// Where each function begins.
pub(super) struct Places<'a> {
    graph: &'a Graph,
    locations: FxHashMap<NodeIndex, Location>,
}

impl<'a> Places<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let locations = graph.locations().iter();
        Self {
            graph,
            locations: locations
                .map(|location| (location.node, *location))
                .collect(),
        }
    }

    /// File, line and column of a function, as far as the snapshot has them.
    pub(super) fn of(&self, node: NodeIndex) -> Option<String> {
        let graph = self.graph;
        if graph.kind(node) != NodeKind::Closure {
            return None;
        }
        let shared = follow(graph, node, &["shared"])?;
        let script = follow(graph, shared, &["script", "script_or_debug_info"])?;
        let file = file_of(graph.name(script));
        let Location { line, column, .. } = self.locations.get(&node)?;
        let (line, column) = (u64::from(*line) + 1, u64::from(*column) + 1);
        Some(format!("{file}:{line}:{column}")).filter(|_| !file.is_empty())
    }
}

/// What a node's reference of one of these names leads to.
pub(super) fn follow(graph: &Graph, node: NodeIndex, names: &[&str]) -> Option<NodeIndex> {
    let is_meant = |edge| match graph.edge(edge).name {
        EdgeName::Name(name) => names.contains(&graph.strings().get(name)),
        EdgeName::Index(_) => false,
    };
    let edge = graph.edges_of(node).find(|&edge| is_meant(edge))?;
    Some(graph.target(edge))
}
