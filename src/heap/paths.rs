//! Why something is still there: the way from a root that explains it best.
//!
//! The shortest way is often one through V8's own tables, which explains nothing. So ways are looked for as
//! `LeakCanary`'s Shark does it: breadth first, but what is V8's own business is followed only when nothing
//! else is left, and globals come before all other roots. Every node is reached once, by one edge, so all
//! ways together take a number for each node.

use std::collections::VecDeque;

use super::graph::{Edge, EdgeName, Graph};
use super::index::{Column, EdgeIndex, NodeIndex};
use super::layout::{EdgeKind, NodeKind};

const NOT_REACHED: u32 = u32::MAX;
/// The root is reached by no edge.
const ROOT: u32 = u32::MAX - 1;

/// The way to every node.
#[derive(Debug)]
pub struct Paths {
    /// By which edge each is reached.
    edges: Column<NodeIndex, u32>,
}

impl Paths {
    /// To every node of a graph.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let mut search = Search {
            graph,
            edges: vec![NOT_REACHED; graph.node_count()].into(),
            soon: VecDeque::new(),
            late: VecDeque::new(),
        };
        let root = NodeIndex::from(0_u32);
        search.edges[root] = ROOT;
        // V8 marks the globals by shortcuts from the root.
        let (globals, roots): (Vec<_>, Vec<_>) = graph
            .edges_of(root)
            .filter(|&edge| graph.edge_kind(edge) != EdgeKind::Weak)
            .partition(|&edge| graph.edge_kind(edge) == EdgeKind::Shortcut);
        for seeds in [globals, roots] {
            for edge in seeds {
                search.reach(edge);
            }
            search.run();
        }
        Self {
            edges: search.edges,
        }
    }

    /// The steps from the root to a node; `None` when nothing but weak references leads to it.
    #[must_use]
    pub fn to(&self, graph: &Graph, node: NodeIndex) -> Option<Vec<Edge>> {
        let mut steps = Vec::new();
        let mut at = node;
        loop {
            match self.edges[at] {
                NOT_REACHED => return None,
                ROOT => {
                    steps.reverse();
                    return Some(steps);
                }
                edge => {
                    let edge = EdgeIndex::from(edge);
                    steps.push(graph.edge(edge));
                    at = graph.source(edge);
                }
            }
        }
    }
}

struct Search<'a> {
    graph: &'a Graph,
    edges: Column<NodeIndex, u32>,
    /// Reached, and not looked at yet.
    soon: VecDeque<NodeIndex>,
    /// Edges of V8's own, to be followed when all else is.
    late: VecDeque<EdgeIndex>,
}

impl Search<'_> {
    fn reach(&mut self, edge: EdgeIndex) {
        let to = self.graph.target(edge);
        if self.edges[to] == NOT_REACHED {
            self.edges[to] = edge.get();
            self.soon.push_back(to);
        }
    }

    fn run(&mut self) {
        loop {
            while let Some(node) = self.soon.pop_front() {
                for edge in self.graph.edges_of(node) {
                    match rank(self.graph, node, edge) {
                        Rank::Never => {}
                        Rank::Soon => self.reach(edge),
                        Rank::Late => {
                            if self.edges[self.graph.target(edge)] == NOT_REACHED {
                                self.late.push_back(edge);
                            }
                        }
                    }
                }
            }
            match self.late.pop_front() {
                Some(edge) => self.reach(edge),
                None => return,
            }
        }
    }
}

enum Rank {
    Soon,
    Late,
    Never,
}

/// When an edge is followed. What objects, functions, closures' contexts and tables hold is the program's.
fn rank(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> Rank {
    match graph.edge_kind(edge) {
        EdgeKind::Weak | EdgeKind::Shortcut => Rank::Never,
        EdgeKind::Property | EdgeKind::Element | EdgeKind::Context => {
            let Edge { name, .. } = graph.edge(edge);
            // Every object has its class's, and from there it is not far to all others.
            let is_prototype =
                matches!(name, EdgeName::Name(name) if graph.strings().get(name) == "__proto__");
            if is_prototype {
                Rank::Late
            } else {
                Rank::Soon
            }
        }
        EdgeKind::Internal | EdgeKind::Hidden | EdgeKind::Other => {
            let Edge { name, to, .. } = graph.edge(edge);
            let is_own = |node| {
                matches!(
                    graph.kind(node),
                    NodeKind::Hidden | NodeKind::Code | NodeKind::ObjectShape | NodeKind::Synthetic
                )
            };
            let is_content = match name {
                EdgeName::Index(_) => true,
                EdgeName::Name(name) => matches!(
                    graph.strings().get(name),
                    "elements" | "properties" | "table" | "context" | "previous" | "bound_this"
                ),
            };
            if is_content && !is_own(from) && !is_own(to) {
                Rank::Soon
            } else {
                Rank::Late
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{node, Heap};
    use super::*;

    fn names(heap: &Heap, to: usize) -> Option<Vec<String>> {
        let graph = heap.graph();
        let steps = Paths::new(&graph).to(&graph, node(to))?;
        Some(
            steps
                .iter()
                .map(|step| graph.name(step.to).to_owned())
                .collect(),
        )
    }

    #[test]
    fn a_long_way_from_a_global_explains_more_than_a_short_one_from_v8s_tables() {
        let mut heap = Heap::new();
        let roots = heap.node("synthetic", "(GC roots)", 0);
        let global = heap.node("object", "global", 0);
        let cache = heap.node("object", "Map", 0);
        let table = heap.node("array", "table", 0);
        let leaked = heap.node("object", "Leaked", 0);
        let shape = heap.node("hidden", "system / Map", 0);
        heap.edge(0, "element", "1", roots);
        heap.edge(0, "shortcut", "global", global);
        heap.edge(roots, "internal", "handle", leaked);
        heap.edge(global, "internal", "map", shape);
        heap.edge(shape, "internal", "dependent_code", leaked);
        heap.edge(global, "property", "cache", cache);
        heap.edge(cache, "internal", "table", table);
        heap.edge(table, "hidden", "7", leaked);
        assert_eq!(
            names(&heap, leaked).unwrap(),
            ["global", "Map", "table", "Leaked"]
        );
    }

    #[test]
    fn v8s_own_edges_are_followed_where_there_is_no_other_way() {
        let mut heap = Heap::new();
        let roots = heap.node("synthetic", "(GC roots)", 0);
        let code = heap.node("code", "(code)", 0);
        let held = heap.node("object", "Held", 0);
        heap.edge(0, "element", "1", roots);
        heap.edge(roots, "internal", "code", code);
        heap.edge(code, "internal", "literal", held);
        assert_eq!(
            names(&heap, held).unwrap(),
            ["(GC roots)", "(code)", "Held"]
        );
    }

    #[test]
    fn what_only_weak_references_lead_to_has_no_way() {
        let mut heap = Heap::new();
        let held = heap.node("object", "Held", 0);
        heap.edge(0, "weak", "1", held);
        assert_eq!(names(&heap, held), None);
        assert_eq!(names(&heap, 0), Some(vec![]));
    }
}
