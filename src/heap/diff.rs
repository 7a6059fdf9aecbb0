//! What changed between two snapshots: by class, and by who owns what by which property.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::classes::{retained_by_group, ClassKey};
use super::dominators::Dominators;
use super::graph::Graph;
use super::growth::Size;
use super::index::{Column, NodeIndex};
use super::owners::{Owners, Role};
use super::question::Shown;
use super::snapshot::Snapshot;

/// What changed; all sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The first snapshot.
    pub before: Size,
    /// The second.
    pub after: Size,
    /// How many classes changed.
    pub class_count: usize,
    /// Those that gained most first.
    pub classes: Vec<Change>,
    /// How many owners' properties changed.
    pub property_count: usize,
    /// By the class of an owner, how it holds something, and what that is.
    pub properties: Vec<Change>,
}

/// A group of nodes in both snapshots: `[before, after]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Of the group.
    pub name: String,
    /// How many.
    pub counts: [u64; 2],
    /// By themselves.
    pub shallow_bytes: [u64; 2],
    /// What goes with them.
    pub retained_bytes: [u64; 2],
    /// Nodes of the second that the first does not have; by their ids, which only one process gives.
    pub new_count: u64,
    /// Nodes of the first that the second does not have.
    pub freed_count: u64,
}

impl Diff {
    /// Of two snapshots, the earlier first.
    #[must_use]
    pub fn new(before: &Snapshot, after: &Snapshot, shown: Shown) -> Self {
        let sides = [before, after];
        let ids: Vec<FxHashSet<u32>> = sides
            .iter()
            .map(|side| side.graph())
            .map(|graph| graph.nodes().map(|node| graph.id(node)).collect())
            .collect();
        let mut classes = Groups::default();
        let mut properties = Groups::default();
        let mut owners = Owners::new();
        let mut totals = Vec::new();
        for (side, snapshot) in sides.into_iter().enumerate() {
            let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
            let other = &ids[1 - side];
            let total_bytes = graph.nodes().fold(0_u64, |sum, node| {
                sum.saturating_add(graph.self_size_bytes(node))
            });
            totals.push(Size {
                node_count: graph.node_count() as u64,
                total_bytes,
            });
            let mut numbers = FxHashMap::default();
            let by_class = graph
                .nodes()
                .map(|node| ClassKey::of(graph, node))
                .map(|key| {
                    *numbers
                        .entry(key)
                        .or_insert_with(|| classes.number(key.name(graph)))
                })
                .collect();
            classes.add(side, graph, dominators, &by_class, other);
            let none = properties.number("");
            let mut by_property: Column<NodeIndex, u32> = vec![none; graph.node_count()].into();
            let mut numbers = FxHashMap::default();
            owners.visit(graph, |owners, node, owner, role| {
                if role == Role::Contents {
                    return;
                }
                by_property[node] = *numbers.entry(owner).or_insert_with(|| {
                    let (above, step) = owners.step(owner);
                    let (_, above) = owners.step(above);
                    properties.number(&format!(
                        "{} {}",
                        owners.class(above.is),
                        owners.describe(step, shown.redact)
                    ))
                });
            });
            properties.add(side, graph, dominators, &by_property, other);
        }
        let (class_count, classes) = classes.changed(shown.limit);
        let (property_count, properties) = properties.changed(shown.limit);
        Self {
            before: totals[0],
            after: totals[1],
            class_count,
            classes,
            property_count,
            properties,
        }
    }
}

/// Groups of nodes by their names.
#[derive(Default)]
struct Groups {
    changes: Vec<Change>,
    by_name: FxHashMap<String, u32>,
}

impl Groups {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.by_name.get(name) {
            return known;
        }
        // Fewer than there are nodes.
        let made = u32::try_from(self.changes.len()).unwrap_or(u32::MAX);
        self.changes.push(Change {
            name: name.to_owned(),
            ..Change::default()
        });
        self.by_name.insert(name.to_owned(), made);
        made
    }

    fn add(
        &mut self,
        side: usize,
        graph: &Graph,
        dominators: &Dominators,
        group_by_node: &Column<NodeIndex, u32>,
        other: &FxHashSet<u32>,
    ) {
        for (node, &group) in group_by_node.iter_enumerated() {
            let change = &mut self.changes[group as usize];
            change.counts[side] += 1;
            let sum = &mut change.shallow_bytes[side];
            *sum = sum.saturating_add(graph.self_size_bytes(node));
            if !other.contains(&graph.id(node)) {
                let count = [&mut change.freed_count, &mut change.new_count];
                *count[side] += 1;
            }
        }
        let retained = retained_by_group(dominators, group_by_node, self.changes.len());
        for (change, bytes) in self.changes.iter_mut().zip(retained) {
            change.retained_bytes[side] = bytes;
        }
    }

    /// How many changed, and those that gained most; the group without a name is none.
    fn changed(self, limit: usize) -> (usize, Vec<Change>) {
        let mut changes = self.changes;
        changes.retain(|change| {
            let Change {
                new_count,
                freed_count,
                ..
            } = change;
            let is_changed = *new_count > 0
                || *freed_count > 0
                || change.shallow_bytes[0] != change.shallow_bytes[1];
            !change.name.is_empty() && is_changed
        });
        let gain = |[before, after]: [u64; 2]| i128::from(after) - i128::from(before);
        changes.sort_by(|one, other| {
            let key = |change: &Change| {
                let Change {
                    shallow_bytes,
                    retained_bytes,
                    ..
                } = change;
                (
                    Reverse(gain(*retained_bytes)),
                    Reverse(gain(*shallow_bytes)),
                )
            };
            (key(one), &one.name).cmp(&(key(other), &other.name))
        });
        let count = changes.len();
        changes.truncate(limit);
        (count, changes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::Heap;
    use super::*;

    const SHOWN: Shown = Shown {
        limit: 100,
        redact: false,
    };

    fn heap_of(classes: &[usize]) -> Heap {
        let mut heap = Heap::new();
        let list = heap.node("object", "List", 10);
        heap.edge(0, "property", "list", list);
        for (index, &class) in classes.iter().enumerate() {
            let made = heap.node("object", ["A", "B", "C"][class], 100);
            heap.edge(list, "element", &index.to_string(), made);
        }
        heap
    }

    fn diff_of(before: &Heap, after: &Heap) -> Diff {
        Diff::new(&before.graph().into(), &after.graph().into(), SHOWN)
    }

    #[test]
    fn what_came_is_told_by_class_and_by_owner() {
        let diff = diff_of(&heap_of(&[0]), &heap_of(&[0, 1, 1]));
        let [class] = &diff.classes[..] else {
            panic!("{diff:?}");
        };
        let expected = Change {
            name: "B".to_owned(),
            counts: [0, 2],
            shallow_bytes: [0, 200],
            retained_bytes: [0, 200],
            new_count: 2,
            freed_count: 0,
        };
        assert_eq!(*class, expected);
        assert_eq!(diff.properties[0].name, "List [x] B");
        assert_eq!(diff.properties[0].counts, [0, 2]);
        assert_eq!(diff.after.total_bytes - diff.before.total_bytes, 200);
    }

    #[test]
    fn the_same_heap_has_not_changed() {
        let heap = heap_of(&[0, 1, 2]);
        let diff = diff_of(&heap, &heap);
        assert_eq!((diff.class_count, diff.property_count), (0, 0));
    }

    proptest! {
        #[test]
        fn new_and_freed_make_up_the_difference_of_the_counts(
            before in prop::collection::vec(0..3_usize, 0..12),
            after in prop::collection::vec(0..3_usize, 0..12),
        ) {
            let diff = diff_of(&heap_of(&before), &heap_of(&after));
            let sum = |of: fn(&Change) -> u64| diff.classes.iter().map(of).sum::<u64>();
            let (new, freed) = (sum(|change| change.new_count), sum(|change| change.freed_count));
            let gained = diff.after.node_count + freed;
            prop_assert_eq!(gained, diff.before.node_count + new);
        }
    }
}
