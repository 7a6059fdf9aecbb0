//! What there is of each class: how many, how large by themselves, and how much goes with all of them.
//!
//! Classes are named as `DevTools` names them: objects by their constructor, all else by its kind, in
//! parentheses. What goes with a class is the sum over those of its members that no other member
//! dominates: what one list holds of another is counted once.

use std::iter;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::dominators::Dominators;
use super::graph::Graph;
use super::index::{Column, NodeIndex, StringIndex};
use super::layout::NodeKind;

/// A class and its members, taken together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Class {
    /// As `DevTools` has it.
    pub name: String,
    /// Of members.
    pub count: u64,
    /// Of the members by themselves.
    pub shallow_bytes: u64,
    /// What would go if all members went.
    pub retained_bytes: u64,
}

/// How members are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ClassKey {
    Named(StringIndex),
    Kind(&'static str),
}

/// The class of everything of a kind.
pub(super) fn kind_name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Object => "Object",
        NodeKind::Native => "(native)",
        NodeKind::Synthetic => "(roots)",
        NodeKind::Other => "(unknown)",
        NodeKind::Hidden => "(system)",
        NodeKind::Array => "(array)",
        NodeKind::String => "(string)",
        NodeKind::Code => "(compiled code)",
        NodeKind::Closure => "Function",
        NodeKind::RegExp => "RegExp",
        NodeKind::HeapNumber => "(number)",
        NodeKind::ConcatenatedString => "(concatenated string)",
        NodeKind::SlicedString => "(sliced string)",
        NodeKind::Symbol => "symbol",
        NodeKind::BigInt => "bigint",
        NodeKind::ObjectShape => "(object shape)",
    }
}

impl ClassKey {
    pub(super) fn of(graph: &Graph, node: NodeIndex) -> Self {
        match graph.kind(node) {
            NodeKind::Object | NodeKind::Native | NodeKind::Synthetic | NodeKind::Other => {
                Self::Named(graph.name_index(node))
            }
            kind => Self::Kind(kind_name(kind)),
        }
    }

    pub(super) fn name(self, graph: &Graph) -> &str {
        match self {
            Self::Named(name) => graph.strings().get(name),
            Self::Kind(name) => name,
        }
    }
}

/// The name of a node's class.
pub(super) fn class_name(graph: &Graph, node: NodeIndex) -> &str {
    ClassKey::of(graph, node).name(graph)
}

/// All classes but that of the root, those that retain most first.
#[must_use]
pub fn classes(graph: &Graph, dominators: &Dominators) -> Vec<Class> {
    let keyed = keyed_classes(graph, dominators);
    keyed.into_iter().map(|(_, class)| class).collect()
}

/// As [`classes`], each with what tells its members from others.
pub(super) fn keyed_classes(graph: &Graph, dominators: &Dominators) -> Vec<(ClassKey, Class)> {
    let mut numbers: FxHashMap<ClassKey, u32> = FxHashMap::default();
    let mut classes: Vec<(ClassKey, Class)> = Vec::new();
    let class_by_node: Column<NodeIndex, u32> = graph
        .nodes()
        .map(|node| {
            let key = ClassKey::of(graph, node);
            let number = *numbers.entry(key).or_insert_with(|| {
                let class = Class {
                    name: key.name(graph).to_owned(),
                    count: 0,
                    shallow_bytes: 0,
                    retained_bytes: 0,
                };
                classes.push((key, class));
                // Fewer than there are nodes.
                u32::try_from(classes.len() - 1).unwrap_or(u32::MAX)
            });
            let (_, class) = &mut classes[number as usize];
            class.count += 1;
            class.shallow_bytes = class
                .shallow_bytes
                .saturating_add(graph.self_size_bytes(node));
            number
        })
        .collect();
    let retained = retained_by_group(dominators, &class_by_node, classes.len());
    for ((_, class), bytes) in classes.iter_mut().zip(retained) {
        class.retained_bytes = bytes;
    }
    // The whole heap is no answer to what holds it.
    classes.swap_remove(class_by_node[NodeIndex::from(0_u32)] as usize);
    classes.sort_by(|(_, one), (_, other)| {
        let size = other.retained_bytes.cmp(&one.retained_bytes);
        size.then_with(|| one.name.cmp(&other.name))
    });
    classes
}

/// What would go with all members of each group: the sum over those that no other member dominates.
pub(super) fn retained_by_group(
    dominators: &Dominators,
    group_by_node: &Column<NodeIndex, u32>,
    group_count: usize,
) -> Vec<u64> {
    let mut retained = vec![0_u64; group_count];
    let children = dominators.children();
    let root = NodeIndex::from(0_u32);
    // Members of each group on the way from the root of the tree; what is not reached is a tree by itself.
    let mut above = vec![0_u32; group_count];
    let mut way = Vec::new();
    for root in iter::once(root).chain(dominators.unreachable()) {
        let mut next = Some(root);
        loop {
            if let Some(node) = next {
                let group = group_by_node[node] as usize;
                if above[group] == 0 {
                    let sum = &mut retained[group];
                    *sum = sum.saturating_add(dominators.retained_bytes(node));
                }
                above[group] += 1;
                way.push((node, children[usize::from(node)].iter()));
            }
            let Some((node, below)) = way.last_mut() else {
                break;
            };
            next = below.next().copied();
            if next.is_none() {
                above[group_by_node[*node] as usize] -= 1;
                way.pop();
            }
        }
    }
    retained
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{node, Heap};
    use super::*;

    fn rows(heap: &Heap) -> Vec<(String, u64, u64, u64)> {
        let graph = heap.graph();
        classes(&graph, &Dominators::new(&graph))
            .into_iter()
            .map(|class| {
                let Class {
                    name,
                    count,
                    shallow_bytes,
                    retained_bytes,
                } = class;
                (name, count, shallow_bytes, retained_bytes)
            })
            .collect()
    }

    #[test]
    fn objects_are_named_by_their_constructor_and_all_else_by_its_kind() {
        let mut heap = Heap::new();
        for (kind, name) in [
            ("object", "Session"),
            ("closure", "handler"),
            ("string", "hello"),
            ("native", "Node / Buffer"),
        ] {
            let made = heap.node(kind, name, 8);
            heap.edge(0, "property", name, made);
        }
        let names: Vec<String> = rows(&heap).into_iter().map(|row| row.0).collect();
        assert_eq!(names, ["(string)", "Function", "Node / Buffer", "Session"]);
    }

    #[test]
    fn what_one_member_holds_of_another_is_counted_once() {
        let mut heap = Heap::new();
        let first = heap.node("object", "Node", 10);
        let second = heap.node("object", "Node", 10);
        let text = heap.node("string", "text", 100);
        heap.edge(0, "property", "list", first);
        heap.edge(first, "property", "next", second);
        heap.edge(second, "property", "text", text);
        assert_eq!(
            rows(&heap),
            [
                ("Node".to_owned(), 2, 20, 120),
                ("(string)".to_owned(), 1, 100, 100)
            ]
        );
    }

    proptest! {
        #[test]
        fn retained_sizes_are_those_of_members_that_no_other_dominates(
            nodes in prop::collection::vec((0..1000_u64, 0..3_usize), 1..24),
            edges in prop::collection::vec((0..24_usize, 0..24_usize), 0..48),
        ) {
            let mut heap = Heap::new();
            for &(size, class) in &nodes {
                heap.node("object", ["A", "B", "C"][class], size);
            }
            let count = nodes.len() + 1;
            for &(from, to) in &edges {
                heap.edge(from % count, "property", "x", to % count);
            }
            let graph = heap.graph();
            let dominators = Dominators::new(&graph);
            for class in classes(&graph, &dominators) {
                let members = (1..count).map(node).filter(|&node| graph.name(node) == class.name);
                let is_below = |of: NodeIndex| {
                    std::iter::successors(dominators.of(of), |&above| dominators.of(above))
                        .any(|above| above != node(0) && graph.name(above) == class.name)
                };
                let sum: u64 = members
                    .filter(|&node| !is_below(node))
                    .map(|node| dominators.retained_bytes(node))
                    .sum();
                prop_assert_eq!(class.retained_bytes, sum);
            }
        }
    }
}
