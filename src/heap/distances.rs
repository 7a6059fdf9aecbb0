//! How far each node is from where a program begins, as `DevTools` counts it: the least number of references that
//! lead there from the globals and what else the root holds that is no root of V8's own; these are at 1. What only
//! V8's own roots lead to has no distance, where `DevTools` shows a dash. (`calculateDistances` in `HeapSnapshot.ts` of
//! its front end.)
//!
//! Weak references do not count, shortcuts do. A value of a `WeakMap` is referred to by the map's table and by its key,
//! and is one step behind the farther of the two.

use rustc_hash::FxHashMap;

use super::contents::is_realm;
use super::graph::{Edge, EdgeName, Graph};
use super::index::{Column, EdgeIndex, NodeIndex, StringIndex};
use super::layout::{EdgeKind, NodeKind};
use super::weak_map::pair_of;

const NOT_REACHED: u32 = u32::MAX;

/// The distance of every node, in references.
#[derive(Debug)]
pub struct Distances(Column<NodeIndex, u32>);

impl Distances {
    /// Of every node of a graph, breadth first.
    #[must_use]
    pub fn new(graph: &Graph) -> Self {
        let root = NodeIndex::from(0_u32);
        let mut search = Search {
            graph,
            pairs: Pairs::new(graph),
            distances: vec![NOT_REACHED; graph.node_count()].into(),
            next: Vec::new(),
        };
        // `DevTools` takes these whatever the reference.
        for node in graph.edges_of(root).map(|edge| graph.target(edge)) {
            if graph.kind(node) != NodeKind::Synthetic {
                search.reach(node, 1);
            }
        }
        if search.next.is_empty() {
            search.reach(root, 0);
        }
        search.run();
        Self(search.distances)
    }

    /// `None` for what only V8's own roots, or weak references, lead to.
    #[must_use]
    pub fn of(&self, node: NodeIndex) -> Option<u32> {
        Some(self.0[node]).filter(|&distance| distance != NOT_REACHED)
    }
}

struct Search<'a> {
    graph: &'a Graph,
    pairs: Pairs,
    distances: Column<NodeIndex, u32>,
    /// Reached last; all at one distance.
    next: Vec<NodeIndex>,
}

impl Search<'_> {
    fn reach(&mut self, node: NodeIndex, distance: u32) {
        if self.distances[node] == NOT_REACHED {
            self.distances[node] = distance;
            self.next.push(node);
        }
    }

    fn run(&mut self) {
        while let Some(&first) = self.next.first() {
            // No more than there are nodes.
            let distance = self.distances[first] + 1;
            for from in std::mem::take(&mut self.next) {
                for edge in self.graph.edges_of(from) {
                    if self.follows(from, edge) {
                        self.reach(self.graph.target(edge), distance);
                    }
                }
            }
        }
    }

    /// Asked once of each reference from what is reached.
    fn follows(&mut self, from: NodeIndex, edge: EdgeIndex) -> bool {
        let Edge { kind, name, .. } = self.graph.edge(edge);
        match name {
            EdgeName::Name(name) => match self.pairs.left_of(name) {
                Some(left) => {
                    *left -= 1;
                    *left == 0
                }
                // By the shape of all functions that are not strict it is not far to anywhere.
                None if is_realm(self.graph, from) => {
                    kind != EdgeKind::Weak
                        && self.graph.strings().get(name) != "sloppy_function_map"
                }
                None => kind != EdgeKind::Weak,
            },
            EdgeName::Index(_) => kind != EdgeKind::Weak,
        }
    }
}

const NO_PAIR: u32 = u32::MAX;

/// The references to each value of a `WeakMap`, whatever their kind. V8 calls both alike but for a number.
struct Pairs {
    by_name: Column<StringIndex, u32>,
    /// References of each pair that were not followed yet.
    left: Vec<u32>,
}

impl Pairs {
    fn new(graph: &Graph) -> Self {
        let strings = graph.strings();
        let mut numbers: FxHashMap<&str, u32> = FxHashMap::default();
        let by_name: Column<StringIndex, u32> = (0..strings.len())
            .map(|index| {
                let text = strings.get(StringIndex::from(index));
                let Some(pair) = pair_of(text) else {
                    return NO_PAIR;
                };
                // Fewer than there are strings, which have 32 bits.
                let next = u32::try_from(numbers.len()).unwrap_or(NO_PAIR);
                *numbers.entry(pair).or_insert(next)
            })
            .collect();
        let mut pairs = Self {
            by_name,
            left: vec![0; numbers.len()],
        };
        if !pairs.left.is_empty() {
            for edge in graph.nodes().flat_map(|node| graph.edges_of(node)) {
                if let EdgeName::Name(name) = graph.edge(edge).name {
                    if let Some(left) = pairs.left_of(name) {
                        *left += 1;
                    }
                }
            }
        }
        pairs
    }

    /// Of the pair that a reference belongs to by its name, if any; at least 1 before that is followed.
    fn left_of(&mut self, name: StringIndex) -> Option<&mut u32> {
        let pair = *self.by_name.get(name)?;
        self.left.get_mut(pair as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{node, Heap};
    use super::*;

    fn distances(heap: &Heap) -> Vec<Option<u32>> {
        let graph = heap.graph();
        let distances = Distances::new(&graph);
        graph.nodes().map(|node| distances.of(node)).collect()
    }

    #[test]
    fn globals_are_at_one_and_what_only_v8s_roots_lead_to_has_no_distance() {
        let mut heap = Heap::new();
        let roots = heap.node("synthetic", "(GC roots)", 0);
        let global = heap.node("object", "global", 0);
        let held = heap.node("object", "Held", 0);
        let code = heap.node("code", "(code)", 0);
        let weak = heap.node("object", "Weak", 0);
        heap.edge(0, "element", "1", roots);
        heap.edge(0, "shortcut", "2", global);
        heap.edge(roots, "internal", "handle", held);
        heap.edge(roots, "internal", "code", code);
        heap.edge(global, "property", "held", held);
        heap.edge(global, "weak", "1", weak);
        let expected = [None, None, Some(1), Some(2), None, None];
        assert_eq!(distances(&heap), expected);
    }

    #[test]
    fn without_globals_the_root_itself_is_where_a_program_begins() {
        let mut heap = Heap::new();
        let roots = heap.node("synthetic", "(GC roots)", 0);
        let held = heap.node("object", "Held", 0);
        heap.edge(0, "element", "1", roots);
        heap.edge(roots, "internal", "handle", held);
        assert_eq!(distances(&heap), [0, 1, 2].map(Some));
    }

    /// A global that holds a `WeakMap` directly and its key behind one more, and how the map's table refers to the value.
    fn with_weak_map(of_table: &'static str) -> Vec<Option<u32>> {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 0);
        let table = heap.node("array", "", 0);
        let holder = heap.node("object", "Holder", 0);
        let key = heap.node("object", "Key", 0);
        let value = heap.node("object", "Value", 0);
        let pair = "part of key (Key @9) -> value (Value @11) pair in WeakMap (table @5)";
        heap.edge(0, "shortcut", "2", global);
        heap.edge(global, "property", "table", table);
        heap.edge(global, "property", "holder", holder);
        heap.edge(holder, "property", "key", key);
        heap.edge(table, of_table, &format!("7 / {pair}"), value);
        heap.edge(key, "internal", &format!("1 / {pair}"), value);
        distances(&heap)
    }

    #[test]
    fn a_value_of_a_weak_map_is_behind_the_farther_of_the_map_and_its_key() {
        for of_table in ["internal", "weak"] {
            assert_eq!(with_weak_map(of_table)[5], Some(4));
        }
    }

    /// By the definition: no reference makes anything nearer any more. `pairs` are keys, tables and their values.
    fn naive(graph: &Graph, pairs: &[[usize; 3]]) -> Vec<Option<u32>> {
        let mut found: Vec<Option<u32>> = vec![None; graph.node_count()];
        let held = graph.edges_of(node(0)).map(|edge| graph.target(edge));
        for begin in held.filter(|&held| graph.kind(held) != NodeKind::Synthetic) {
            found[usize::from(begin)] = Some(1);
        }
        if found.iter().all(Option::is_none) {
            found[0] = Some(0);
        }
        let is_plain = |edge| match graph.edge(edge) {
            Edge {
                kind: EdgeKind::Weak,
                ..
            } => false,
            Edge {
                name: EdgeName::Name(name),
                ..
            } => graph.strings().get(name) == "x",
            _ => true,
        };
        let mut steps: Vec<[usize; 3]> = pairs.to_vec();
        for from in graph.nodes() {
            let to = graph.edges_of(from).filter(|&edge| is_plain(edge));
            let from = usize::from(from);
            steps.extend(to.map(|edge| [from, from, graph.target(edge).into()]));
        }
        loop {
            let mut is_nearer = false;
            for &[one, other, to] in &steps {
                let farther = found[one].zip(found[other]).map(|two| two.0.max(two.1) + 1);
                if farther.is_some_and(|farther| found[to].is_none_or(|known| farther < known)) {
                    found[to] = farther;
                    is_nearer = true;
                }
            }
            if !is_nearer {
                return found;
            }
        }
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_definition(
            kinds in prop::collection::vec(0..3_usize, 1..24),
            edges in prop::collection::vec((0..24_usize, 0..4_usize, 0..24_usize), 0..64),
            pairs in prop::collection::vec(prop::array::uniform3(0..24_usize), 0..4),
        ) {
            let mut heap = Heap::new();
            for kind in &kinds {
                heap.node(["object", "array", "synthetic"][*kind], "A", 8);
            }
            let count = kinds.len() + 1;
            for &(from, kind, to) in &edges {
                let kind = ["property", "internal", "shortcut", "weak"][kind];
                heap.edge(from % count, kind, "x", to % count);
            }
            // Those of the root are where a program begins, whatever they are called.
            let pairs: Vec<[usize; 3]> = pairs
                .into_iter()
                .map(|pair| [1 + pair[0] % (count - 1), 1 + pair[1] % (count - 1), pair[2] % count])
                .collect();
            for (number, &[key, table, value]) in pairs.iter().enumerate() {
                let pair = format!("part of key (Key @1) -> value (Value @{number}) pair");
                heap.edge(key, "internal", &format!("1 / {pair}"), value);
                heap.edge(table, "internal", &format!("22 / {pair}"), value);
            }
            prop_assert_eq!(distances(&heap), naive(&heap.graph(), &pairs));
        }
    }
}
