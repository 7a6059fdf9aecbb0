//! Why something is still there: the way from a root that explains it best.
//!
//! The shortest way is often one through V8's own tables, which explains nothing. So ways are looked for as
//! `LeakCanary`'s Shark does it: breadth first, but what is V8's own business is followed only when nothing
//! else is left, and globals come before all other roots. Every node is reached once, by one edge, so all
//! ways together take a number for each node.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::contents::{is_realm, FieldName, FieldNames};
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
        let fields = FieldNames::new(graph);
        walk(graph, &fields, |_, edge| {
            edges[graph.target(edge)] = edge.get();
        });
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

/// Who goes with a walk.
pub(super) trait Walker {
    /// A node's way by its last step: whence, and by which edge. The steps before come before.
    fn reach(&mut self, from: NodeIndex, edge: EdgeIndex);

    /// The edges of one node that are as good as each other, into the order in which they are followed.
    fn sort(&mut self, _from: NodeIndex, _edges: &mut [EdgeIndex]) {}
}

impl<Tell: FnMut(NodeIndex, EdgeIndex)> Walker for Tell {
    fn reach(&mut self, from: NodeIndex, edge: EdgeIndex) {
        self(from, edge);
    }
}

/// Finds every node's way.
pub(super) fn walk(graph: &Graph, fields: &FieldNames, walker: impl Walker) {
    let root = NodeIndex::from(0_u32);
    let mut reached: Column<NodeIndex, bool> = vec![false; graph.node_count()].into();
    reached[root] = true;
    let mut search = Search {
        graph,
        fields,
        reached,
        walker,
        soon: VecDeque::new(),
        next: Vec::new(),
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
    let targets = global_edges(graph).into_iter();
    targets
        .map(|(_, edge)| graph.target(edge))
        .filter(|&node| graph.kind(node) != NodeKind::Synthetic)
}

/// The edges of the ways to the globals. V8 marks these by shortcuts from the root; since V8 14 such shortcuts lead to
/// contexts, which have the globals. Without any, as in Deno, they are the contexts that V8's own roots hold.
fn global_edges(graph: &Graph) -> Vec<(NodeIndex, EdgeIndex)> {
    let root = NodeIndex::from(0_u32);
    let is_global = |edge: EdgeIndex| {
        let Edge { kind, name, .. } = graph.edge(edge);
        let EdgeName::Name(name) = name else {
            return false;
        };
        !matches!(kind, EdgeKind::Weak | EdgeKind::Shortcut)
            && matches!(graph.strings().get(name), "global_object" | "extension")
    };
    let shortcuts = graph
        .edges_of(root)
        .filter(|&edge| graph.edge_kind(edge) == EdgeKind::Shortcut);
    let mut marks: Vec<(NodeIndex, EdgeIndex)> = shortcuts.map(|edge| (root, edge)).collect();
    if marks.is_empty() {
        marks = realms_of_roots(graph);
    }
    let mut edges = Vec::new();
    // A context that is marked more than once has its globals once.
    let mut marked_before = FxHashSet::default();
    for (from, edge) in marks {
        let marked = graph.target(edge);
        if marked_before.insert(marked) {
            edges.push((from, edge));
            let of_context = graph.edges_of(marked).filter(|&edge| is_global(edge));
            edges.extend(of_context.map(|edge| (marked, edge)));
        }
    }
    edges
}

/// The edges of the ways to contexts that have globals, through a group of V8's roots.
fn realms_of_roots(graph: &Graph) -> Vec<(NodeIndex, EdgeIndex)> {
    let strong = |from: NodeIndex| {
        let edges = graph.edges_of(from);
        edges.filter(|&edge| !matches!(graph.edge_kind(edge), EdgeKind::Weak | EdgeKind::Shortcut))
    };
    let is_group = |node: NodeIndex| {
        graph.kind(node) == NodeKind::Synthetic && !is_group_of_the_moment(graph, node)
    };
    let mut edges = Vec::new();
    let root = NodeIndex::from(0_u32);
    for to_roots in strong(root) {
        let roots = graph.target(to_roots);
        for to_group in strong(roots).filter(|_| is_group(roots)) {
            let group = graph.target(to_group);
            let is_way = |&edge: &EdgeIndex| is_group(group) && is_realm(graph, graph.target(edge));
            for to_realm in strong(group).filter(is_way) {
                edges.extend([(root, to_roots), (roots, to_group), (group, to_realm)]);
            }
        }
    }
    edges
}

/// Whether these roots are the functions that run just now, which may have changed at the next snapshot.
fn is_group_of_the_moment(graph: &Graph, group: NodeIndex) -> bool {
    ["(Stack roots)", "(Handle scope)", "(Micro tasks)"].contains(&graph.name(group))
}

struct Search<'a, W> {
    graph: &'a Graph,
    fields: &'a FieldNames,
    reached: Column<NodeIndex, bool>,
    walker: W,
    /// Reached, and not looked at yet.
    soon: VecDeque<NodeIndex>,
    /// Edges of the node that is looked at, to be followed now.
    next: Vec<EdgeIndex>,
    /// Edges of V8's own, to be followed when all else is.
    late: VecDeque<(NodeIndex, EdgeIndex)>,
    /// Edges to what is there for a moment only.
    last: VecDeque<(NodeIndex, EdgeIndex)>,
}

impl<W: Walker> Search<'_, W> {
    fn reach(&mut self, from: NodeIndex, edge: EdgeIndex) {
        let to = self.graph.target(edge);
        if !std::mem::replace(&mut self.reached[to], true) {
            self.walker.reach(from, edge);
            self.soon.push_back(to);
        }
    }

    fn run(&mut self) {
        loop {
            while let Some(node) = self.soon.pop_front() {
                self.look_at(node);
            }
            match self.late.pop_front() {
                Some((node, edge)) => self.reach(node, edge),
                None => return,
            }
        }
    }

    fn look_at(&mut self, node: NodeIndex) {
        let mut next = std::mem::take(&mut self.next);
        for edge in self.graph.edges_of(node) {
            if self.reached[self.graph.target(edge)] {
                continue;
            }
            match self.rank(node, edge) {
                Rank::Never => {}
                Rank::Soon => next.push(edge),
                Rank::Late => self.late.push_back((node, edge)),
                Rank::Last => self.last.push_back((node, edge)),
            }
        }
        if next.len() > 1 {
            self.walker.sort(node, &mut next);
        }
        for edge in next.drain(..) {
            self.reach(node, edge);
        }
        self.next = next;
    }

    fn is_of_the_moment(&self, name: EdgeName, to: NodeIndex) -> bool {
        let fields = ["weak_refs_keep_during_job", "current_microtask"];
        is_group_of_the_moment(self.graph, to)
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
                let is_v8s = graph.is_v8s(from) || graph.is_v8s(to);
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
    fn without_marks_globals_are_those_of_contexts_that_roots_hold() {
        let mut heap = Heap::new();
        let roots = heap.node("synthetic", "(GC roots)", 0);
        let stack = heap.node("synthetic", "(Stack roots)", 0);
        let handles = heap.node("synthetic", "(Global handles)", 0);
        let function = heap.node("closure", "bootstrap", 0);
        let context = heap.node("native", "system / NativeContext", 0);
        let global = heap.node("object", "Window", 0);
        let held = heap.node("object", "Held", 0);
        heap.edge(0, "element", "1", roots);
        heap.edge(roots, "element", "1", stack);
        heap.edge(roots, "element", "2", handles);
        heap.edge(stack, "internal", "1", context);
        heap.edge(handles, "internal", "1", function);
        heap.edge(handles, "internal", "2", context);
        heap.edge(function, "property", "held", held);
        heap.edge(context, "internal", "global_object", global);
        heap.edge(global, "property", "held", held);
        let way = names(&heap, held).unwrap();
        assert_eq!(
            way,
            [
                "(GC roots)",
                "(Global handles)",
                "system / NativeContext",
                "Window",
                "Held"
            ]
        );
        let graph = heap.graph();
        let found: Vec<NodeIndex> = globals(&graph).collect();
        assert_eq!(found, [node(context), node(global)]);
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
