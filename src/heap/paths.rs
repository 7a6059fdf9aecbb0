//! Why something is still there: the way from a root that explains it best.
//!
//! The shortest way is often one through V8's own tables, which explains nothing. So ways are looked for as
//! `LeakCanary`'s Shark does it: breadth first, but what is V8's own business is followed only when nothing
//! else is left, and globals come before all other roots. Every node is reached once, by one edge, so all
//! ways together take a number for each node.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::contents::{FieldName, FieldNames};
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
        let mut edges: Column<NodeIndex, u32> = vec![NOT_REACHED; graph.node_count()].into();
        edges[NodeIndex::from(0_u32)] = ROOT;
        walk(graph, |_, edge| edges[graph.target(edge)] = edge.get());
        Self { edges }
    }

    /// The steps from the root to a node, whence and by which edge each; `None` when nothing but weak
    /// references leads to it.
    #[must_use]
    pub fn to(&self, graph: &Graph, node: NodeIndex) -> Option<Vec<(NodeIndex, EdgeIndex)>> {
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
                    at = graph.source(edge);
                    steps.push((at, edge));
                }
            }
        }
    }
}

/// Tells of each node's way by its last step: whence, and by which edge. The steps before come before.
pub(super) fn walk(graph: &Graph, tell: impl FnMut(NodeIndex, EdgeIndex)) {
    let root = NodeIndex::from(0_u32);
    let mut reached: Column<NodeIndex, bool> = vec![false; graph.node_count()].into();
    reached[root] = true;
    let mut search = Search {
        graph,
        fields: FieldNames::new(graph),
        reached,
        tell,
        soon: VecDeque::new(),
        late: VecDeque::new(),
        last: VecDeque::new(),
    };
    for (from, edge) in global_edges(graph) {
        search.reach(from, edge);
    }
    search.run();
    for edge in graph.edges_of(root) {
        if graph.edge_kind(edge) != EdgeKind::Weak {
            search.reach(root, edge);
        }
    }
    search.run();
    while let Some((from, edge)) = search.last.pop_front() {
        search.reach(from, edge);
        search.run();
    }
}

/// The global objects.
pub(super) fn globals(graph: &Graph) -> impl Iterator<Item = NodeIndex> + '_ {
    global_edges(graph).map(|(_, edge)| graph.target(edge))
}

/// V8 marks the globals by shortcuts from the root; since V8 14 these lead to contexts, which have them.
fn global_edges(graph: &Graph) -> impl Iterator<Item = (NodeIndex, EdgeIndex)> + '_ {
    let root = NodeIndex::from(0_u32);
    let is_global = |&edge: &EdgeIndex| {
        let Edge { kind, name, .. } = graph.edge(edge);
        let EdgeName::Name(name) = name else {
            return false;
        };
        !matches!(kind, EdgeKind::Weak | EdgeKind::Shortcut)
            && matches!(graph.strings().get(name), "global_object" | "extension")
    };
    let mut marked_before = FxHashSet::default();
    graph
        .edges_of(root)
        .filter(|&edge| graph.edge_kind(edge) == EdgeKind::Shortcut)
        // A context that is marked more than once has its globals once.
        .filter(move |&edge| marked_before.insert(graph.target(edge)))
        .flat_map(move |shortcut| {
            let marked = graph.target(shortcut);
            let edges = graph.edges_of(marked).filter(is_global);
            let of_context = edges.map(move |edge| (marked, edge));
            std::iter::once((root, shortcut)).chain(of_context)
        })
}

struct Search<'a, Tell> {
    graph: &'a Graph,
    fields: FieldNames,
    reached: Column<NodeIndex, bool>,
    tell: Tell,
    /// Reached, and not looked at yet.
    soon: VecDeque<NodeIndex>,
    /// Edges of V8's own, to be followed when all else is.
    late: VecDeque<(NodeIndex, EdgeIndex)>,
    /// Edges to what is there for a moment only.
    last: VecDeque<(NodeIndex, EdgeIndex)>,
}

impl<Tell: FnMut(NodeIndex, EdgeIndex)> Search<'_, Tell> {
    fn reach(&mut self, from: NodeIndex, edge: EdgeIndex) {
        let to = self.graph.target(edge);
        if !std::mem::replace(&mut self.reached[to], true) {
            (self.tell)(from, edge);
            self.soon.push_back(to);
        }
    }

    fn run(&mut self) {
        loop {
            while let Some(node) = self.soon.pop_front() {
                for edge in self.graph.edges_of(node) {
                    match self.rank(node, edge) {
                        Rank::Never => {}
                        Rank::Soon => self.reach(node, edge),
                        Rank::Late => {
                            if !self.reached[self.graph.target(edge)] {
                                self.late.push_back((node, edge));
                            }
                        }
                        Rank::Last => self.last.push_back((node, edge)),
                    }
                }
            }
            match self.late.pop_front() {
                Some((node, edge)) => self.reach(node, edge),
                None => return,
            }
        }
    }

    /// Whether a root is one of the functions that run just now, which may have changed at the next snapshot.
    fn is_of_the_moment(&self, name: EdgeName, to: NodeIndex) -> bool {
        let groups = ["(Stack roots)", "(Handle scope)", "(Micro tasks)"];
        let fields = ["weak_refs_keep_during_job", "current_microtask"];
        groups.contains(&self.graph.name(to))
            || matches!(name, EdgeName::Name(name)
                if fields.contains(&self.graph.strings().get(name)))
    }

    /// When an edge is followed. What objects, functions, closures' contexts and tables hold is the program's.
    fn rank(&self, from: NodeIndex, edge: EdgeIndex) -> Rank {
        let graph = self.graph;
        let Edge { kind, name, to } = graph.edge(edge);
        let meaning = match name {
            EdgeName::Index(index) => FieldName::Number(index),
            EdgeName::Name(name) => self.fields.of(name),
        };
        match kind {
            EdgeKind::Weak | EdgeKind::Shortcut => Rank::Never,
            _ if graph.kind(from) == NodeKind::Synthetic => {
                if self.is_of_the_moment(name, to) {
                    Rank::Last
                } else {
                    Rank::Late
                }
            }
            // Every object has its class's, and from there it is not far to all others.
            EdgeKind::Property | EdgeKind::Element | EdgeKind::Context => match meaning {
                FieldName::Prototype => Rank::Late,
                _ => Rank::Soon,
            },
            EdgeKind::Internal | EdgeKind::Hidden | EdgeKind::Other => {
                let is_contents = matches!(
                    meaning,
                    FieldName::Number(_) | FieldName::Contents | FieldName::Pair
                );
                let is_v8s = graph.kind(from).is_v8s() || graph.kind(to).is_v8s();
                if is_contents && !is_v8s {
                    Rank::Soon
                } else {
                    Rank::Late
                }
            }
        }
    }
}

enum Rank {
    Soon,
    Late,
    Last,
    Never,
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
                .map(|&(_, edge)| graph.name(graph.target(edge)).to_owned())
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

    #[test]
    fn a_weak_reference_of_a_marked_context_leads_nowhere() {
        let mut heap = Heap::new();
        let context = heap.node("hidden", "system / NativeContext", 0);
        let global = heap.node("object", "global", 0);
        heap.edge(0, "shortcut", "1", context);
        heap.edge(context, "weak", "global_object", global);
        heap.edge(context, "shortcut", "extension", global);
        assert_eq!(names(&heap, global), None);
    }

    #[test]
    fn globals_of_a_context_that_is_marked_often_are_there_once() {
        let mut heap = Heap::new();
        let context = heap.node("hidden", "system / NativeContext", 0);
        let global = heap.node("object", "global", 0);
        heap.edge(context, "internal", "global_object", global);
        for name in ["1", "2", "3"] {
            heap.edge(0, "shortcut", name, context);
        }
        let graph = heap.graph();
        let found: Vec<NodeIndex> = globals(&graph).collect();
        assert_eq!(found, [node(context), node(global)]);
    }
}
