//! Dominators and retained sizes. A node dominates another if every way from the root to that one leads
//! through it, so that all it dominates goes when it goes: its retained size.
//!
//! The algorithm is semi-NCA (Loukas Georgiadis, "Linear-Time Algorithms for Dominators and Related Problems",
//! 2005, chapter 2; compared with others in Georgiadis, Tarjan and Werneck, "Finding Dominators in Practice",
//! 2006), iterative, as a list of a million elements is as deep. Numbers of the depth-first search take the
//! place of nodes throughout: neighbours in the search are neighbours in memory.
//!
//! - Semidominators need all predecessors. One with a smaller number contributes just that number, which
//!   is a minimum to be kept, so only edges that go back are stored by their target: less than half.
//! - A node that only weak references lead to is not reached; it has no dominator and retains itself.
//!
//! Five numbers of 32 bits for each node, and one for each edge that goes back, are held meanwhile.

use std::cmp::Reverse;

use super::graph::Graph;
use super::index::{Column, EdgeIndex, NodeIndex};
use super::layout::EdgeKind;
use super::rows::Rows;

/// By the number that the depth-first search gives: the root is 0, a dominator has a smaller number than what it
/// dominates.
type ByDfsNumber<T> = Vec<T>;

const NOT_REACHED: u32 = u32::MAX;
const ROOT: u32 = 0;

/// Who holds whom, and how much goes with each.
#[derive(Debug)]
pub struct Dominators {
    /// The closest dominator of each; of the root and of what is not reached, itself.
    closest: Column<NodeIndex, NodeIndex>,
    retained_bytes: Column<NodeIndex, u64>,
}

impl Dominators {
    /// The closest one; `None` for the root, and for what the root does not reach.
    #[must_use]
    pub fn of(&self, node: NodeIndex) -> Option<NodeIndex> {
        Some(self.closest[node]).filter(|&dominator| dominator != node)
    }

    /// What goes when it goes, itself included.
    #[must_use]
    pub fn retained_bytes(&self, node: NodeIndex) -> u64 {
        self.retained_bytes[node]
    }

    /// What nothing but weak references lead to.
    pub fn unreachable(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.nodes()
            .filter(|&node| node.get() != ROOT && self.of(node).is_none())
    }

    /// Those that retain most, at most so many.
    pub(super) fn largest(&self, mut nodes: Vec<NodeIndex>, limit: usize) -> Vec<NodeIndex> {
        let key = |&node: &NodeIndex| (Reverse(self.retained_bytes(node)), node);
        if limit < nodes.len() {
            nodes.select_nth_unstable_by_key(limit, key);
            nodes.truncate(limit);
        }
        nodes.sort_unstable_by_key(key);
        nodes
    }

    /// Whom each node dominates closest.
    pub(super) fn children(&self) -> Rows<NodeIndex> {
        let mut counts = vec![0_u32; self.closest.len()];
        for dominator in self.nodes().filter_map(|node| self.of(node)) {
            counts[usize::from(dominator)] += 1;
        }
        let mut children = Rows::with_counts(counts, NodeIndex::from(ROOT));
        for node in self.nodes() {
            if let Some(dominator) = self.of(node) {
                children.put(usize::from(dominator), node);
            }
        }
        children
    }

    fn nodes(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.closest.keys()
    }

    /// Of every node of a graph.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let Search {
            node_by_number,
            number_by_node,
            parents,
        } = Search::new(graph);
        let back = BackEdges::new(graph, &node_by_number, &number_by_node);
        drop(number_by_node);
        let dominators = closest(parents, back);
        let mut found = Self {
            closest: graph.nodes().collect(),
            retained_bytes: graph
                .nodes()
                .map(|node| graph.self_size_bytes(node))
                .collect(),
        };
        // What is dominated has a greater number, so its own size is complete before it is added.
        for (&node, &dominator) in node_by_number.iter().zip(&dominators).skip(1).rev() {
            let dominator = node_by_number[dominator as usize];
            found.closest[node] = dominator;
            let bytes = found.retained_bytes[node];
            // Sizes are the file's word.
            let sum = &mut found.retained_bytes[dominator];
            *sum = sum.saturating_add(bytes);
        }
        found
    }
}

/// Whether an edge keeps its target alive. Shortcuts repeat what other edges say, except at the root,
/// where they lead to the globals.
fn keeps_alive(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> bool {
    match graph.edge_kind(edge) {
        EdgeKind::Weak => false,
        EdgeKind::Shortcut => from.get() == ROOT,
        _ => true,
    }
}

/// A depth-first search from the root.
struct Search {
    node_by_number: ByDfsNumber<NodeIndex>,
    number_by_node: Column<NodeIndex, u32>,
    /// From where each was reached.
    parents: ByDfsNumber<u32>,
}

impl Search {
    fn new(graph: &Graph) -> Self {
        let mut search = Self {
            node_by_number: Vec::with_capacity(graph.node_count()),
            number_by_node: vec![NOT_REACHED; graph.node_count()].into(),
            parents: Vec::with_capacity(graph.node_count()),
        };
        let root = NodeIndex::from(ROOT);
        search.reach(root, ROOT);
        // The edges of each node on the way that have not been followed yet.
        let mut way = vec![(root, graph.edge_range(root))];
        while let Some((from, edges)) = way.last_mut() {
            let from = *from;
            let Some(edge) = edges.next().map(EdgeIndex::from) else {
                way.pop();
                continue;
            };
            let to = graph.target(edge);
            if search.number_by_node[to] == NOT_REACHED && keeps_alive(graph, from, edge) {
                search.reach(to, search.number_by_node[from]);
                way.push((to, graph.edge_range(to)));
            }
        }
        search
    }

    fn reach(&mut self, node: NodeIndex, parent: u32) {
        // There are fewer than 2^29 nodes.
        self.number_by_node[node] = u32::try_from(self.node_by_number.len()).unwrap_or(NOT_REACHED);
        self.node_by_number.push(node);
        self.parents.push(parent);
    }
}

/// What edges say of semidominators.
struct BackEdges {
    /// The least number that an edge comes from.
    least: ByDfsNumber<u32>,
    /// Of the edges that come from greater numbers.
    sources: Rows<u32>,
}

impl BackEdges {
    fn new(
        graph: &Graph,
        node_by_number: &ByDfsNumber<NodeIndex>,
        number_by_node: &Column<NodeIndex, u32>,
    ) -> Self {
        let for_each = |take: &mut dyn FnMut(u32, usize)| {
            for (from, &node) in (0_u32..).zip(node_by_number) {
                for edge in graph.edges_of(node) {
                    if keeps_alive(graph, node, edge) {
                        take(from, number_by_node[graph.target(edge)] as usize);
                    }
                }
            }
        };
        let mut least = vec![NOT_REACHED; node_by_number.len()];
        let mut counts = vec![0_u32; node_by_number.len()];
        for_each(&mut |from, to| {
            if from as usize > to {
                counts[to] += 1;
            } else {
                least[to] = least[to].min(from);
            }
        });
        let mut sources = Rows::with_counts(counts, 0);
        for_each(&mut |from, to| {
            if from as usize > to {
                sources.put(to, from);
            }
        });
        Self { least, sources }
    }
}

/// A link of the forest that semidominators are looked up in.
#[derive(Clone, Copy)]
struct Link {
    ancestor: u32,
    /// The least semidominator between here and the ancestor.
    least: u32,
}

/// The closest dominators, the root's being itself.
fn closest(parents: ByDfsNumber<u32>, back: BackEdges) -> ByDfsNumber<u32> {
    let BackEdges {
        least: mut semidominators,
        sources,
    } = back;
    let mut forest: ByDfsNumber<Link> = parents
        .iter()
        .zip(0_u32..)
        .map(|(&ancestor, number)| Link {
            ancestor,
            least: number,
        })
        .collect();
    let mut way = Vec::new();
    for at in (1..parents.len()).rev() {
        // Numbers have 32 bits.
        #[allow(clippy::cast_possible_truncation)]
        let number = at as u32;
        let mut least = semidominators[at];
        for &source in &sources[at] {
            least = least.min(lookup(&mut forest, source, number, &mut way));
        }
        semidominators[at] = least;
        forest[at].least = least;
    }
    drop((forest, sources));
    let mut dominators = parents;
    for number in 1..dominators.len() {
        let mut dominator = dominators[number];
        while dominator > semidominators[number] {
            dominator = dominators[dominator as usize];
        }
        dominators[number] = dominator;
    }
    dominators
}

/// The least semidominator on the way from `number` up to, but not including, the first that is not above `below`;
/// shortens that way for the next time.
fn lookup(forest: &mut [Link], number: u32, below: u32, way: &mut Vec<u32>) -> u32 {
    let mut at = number;
    while forest[at as usize].ancestor > below {
        way.push(at);
        at = forest[at as usize].ancestor;
    }
    let Link {
        ancestor,
        mut least,
    } = forest[at as usize];
    while let Some(step) = way.pop() {
        let link = &mut forest[step as usize];
        least = least.min(link.least);
        *link = Link { ancestor, least };
    }
    least
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{node, Heap};
    use super::*;

    const KINDS: [&str; 4] = ["property", "element", "weak", "shortcut"];

    fn heap_of(sizes: &[u64], edges: &[(usize, usize, usize)]) -> Heap {
        let mut heap = Heap::new();
        for &size in &sizes[1..] {
            heap.node("object", "Node", size);
        }
        for &(from, to, kind) in edges {
            heap.edge(from % sizes.len(), KINDS[kind], "1", to % sizes.len());
        }
        heap
    }

    /// What the root reaches when one node is left out.
    fn reached_without(graph: &Graph, left_out: Option<NodeIndex>) -> Vec<bool> {
        let mut reached = vec![false; graph.node_count()];
        let mut waiting = vec![node(0)];
        while let Some(from) = waiting.pop() {
            if Some(from) == left_out || std::mem::replace(&mut reached[usize::from(from)], true) {
                continue;
            }
            for edge in graph.edges_of(from) {
                if keeps_alive(graph, from, edge) {
                    waiting.push(graph.target(edge));
                }
            }
        }
        reached
    }

    /// By the definition: a node retains what is not reached without it; its closest dominator is the one
    /// of all that retain it that retains least.
    fn naive(graph: &Graph) -> (Vec<Option<NodeIndex>>, Vec<u64>) {
        let all = reached_without(graph, None);
        let lost: Vec<Vec<NodeIndex>> = graph
            .nodes()
            .map(|left_out| {
                let reached = reached_without(graph, Some(left_out));
                graph
                    .nodes()
                    .filter(|&node| all[usize::from(node)] && !reached[usize::from(node)])
                    .collect()
            })
            .collect();
        let dominator = |of: NodeIndex| {
            graph
                .nodes()
                .filter(|&node| node != of && lost[usize::from(node)].contains(&of))
                .min_by_key(|&node| lost[usize::from(node)].len())
        };
        let retained = |of: NodeIndex| {
            if !all[usize::from(of)] {
                return graph.self_size_bytes(of);
            }
            let lost = &lost[usize::from(of)];
            lost.iter().map(|&node| graph.self_size_bytes(node)).sum()
        };
        (
            graph.nodes().map(dominator).collect(),
            graph.nodes().map(retained).collect(),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn dominators_and_retained_sizes_are_those_of_the_definition(
            sizes in prop::collection::vec(0..1000_u64, 1..24),
            edges in prop::collection::vec((0..24_usize, 0..24_usize, 0..4_usize), 0..72),
        ) {
            let graph = heap_of(&sizes, &edges).graph();
            let (dominators, retained) = naive(&graph);
            let found = Dominators::new(&graph);
            for node in graph.nodes() {
                prop_assert_eq!(found.of(node), dominators[usize::from(node)]);
                prop_assert_eq!(found.retained_bytes(node), retained[usize::from(node)]);
            }
            let all = reached_without(&graph, None);
            let unreachable = all.iter().filter(|reached| !**reached).count();
            prop_assert_eq!(found.unreachable().count(), unreachable);
        }
    }

    #[test]
    fn a_value_of_a_weak_map_goes_with_its_key() {
        let mut heap = Heap::new();
        let table = heap.node("array", "", 64);
        let keys = ["Key", "Key"].map(|name| heap.node("object", name, 1));
        let own = heap.node("object", "Own", 10);
        let shared = heap.node("object", "Shared", 100);
        for held in [table, keys[0], keys[1]] {
            heap.edge(0, "element", "1", held);
        }
        heap.pair(table, keys[0], own);
        heap.pair(table, keys[0], shared);
        heap.pair(table, keys[1], shared);
        let dominators = Dominators::new(&heap.graph());
        let retained = [table, keys[0], keys[1]].map(|held| dominators.retained_bytes(node(held)));
        assert_eq!(retained, [64, 11, 1]);
        assert_eq!(dominators.of(node(shared)), Some(node(0)));
    }

    #[test]
    fn without_its_key_a_weak_map_holds_nothing() {
        let mut heap = Heap::new();
        let table = heap.node("array", "", 64);
        let key = heap.node("object", "Key", 1);
        let value = heap.node("object", "Value", 10);
        heap.edge(0, "element", "1", table);
        heap.edge(table, "weak", "1", key);
        heap.pair(table, key, value);
        assert_eq!(Dominators::new(&heap.graph()).of(node(value)), None);
    }

    #[test]
    fn only_the_table_of_a_pair_does_without_its_value() {
        let mut heap = Heap::new();
        let table = heap.node("array", "", 64);
        let other = heap.node("array", "", 64);
        let value = heap.node("object", "Value", 10);
        heap.edge(0, "element", "1", other);
        heap.pair(table, other, value);
        let dominators = Dominators::new(&heap.graph());
        assert_eq!(dominators.of(node(value)), Some(node(other)));
    }

    #[test]
    fn a_list_of_a_million_elements_is_no_deeper_than_the_stack() {
        let length = 1_000_000;
        let mut heap = Heap::new();
        for _ in 0..length {
            let made = heap.node("object", "Node", 1);
            heap.edge(made - 1, "property", "next", made);
        }
        let graph = heap.graph();
        let found = Dominators::new(&graph);
        assert_eq!(found.retained_bytes(node(0)), length);
        assert_eq!(found.of(node(1000)), Some(node(999)));
    }

    #[test]
    fn sizes_beyond_all_bounds_do_not_overflow() {
        let graph = heap_of(&[0, u64::MAX, u64::MAX], &[(0, 1, 0), (1, 2, 0)]).graph();
        assert_eq!(Dominators::new(&graph).retained_bytes(node(0)), u64::MAX);
    }
}
