//! Classes whose members hold much of the heap together while none of them does alone: a leak that no single object
//! dominates, such as sessions that two `Map`s share. (Eclipse MAT's "N instances of X", with its accumulation point.)
//!
//! The class that retains most comes first, and what its members retain is told by no other. A class that every
//! program has much of (strings, functions, plain objects) comes after all others, as these are made of it, and is told
//! only where most of it gathers in one place.
//! Each class that is looked at takes a few passes over the nodes.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::classes::{retained_by_group, ClassKey};
use super::contents::is_realm;
use super::graph::Graph;
use super::index::{Column, NodeIndex};
use super::layout::NodeKind;
use super::snapshot::Snapshot;

/// A class, and where most of what it retains gathers.
pub(super) struct Found {
    pub(super) class: ClassKey,
    pub(super) count: u64,
    pub(super) retained_bytes: u64,
    /// The lowest node that dominates members that retain more than half of it; `None` when that is a root.
    pub(super) holder: Option<NodeIndex>,
}

/// Classes that are looked at. Few are large in a real heap; in one that is made up all may be, each in the next.
const MAX_LOOKED_AT: usize = 64;

/// Of no class: what is no candidate, and what is told already.
const NO_CLASS: u32 = 0;

/// Classes of candidates that are large together, by the bytes they retain; those that retain most first. What is told
/// is left out with all that it dominates.
pub(super) fn find(
    snapshot: &Snapshot,
    is_candidate: impl Fn(NodeIndex) -> bool,
    is_told: impl Fn(NodeIndex) -> bool,
    is_large: impl Fn(u64) -> bool,
) -> Vec<Found> {
    let mut search = Search::new(snapshot, is_candidate, is_told);
    let mut found = Vec::new();
    // Each takes its share of the heap away from the others.
    while let Some(next) = search.next(&is_large) {
        found.push(next);
    }
    found.sort_by_key(|found| Reverse(found.retained_bytes));
    found
}

struct Search<'a> {
    snapshot: &'a Snapshot,
    graph: &'a Graph,
    /// What is reached, a dominator before what it dominates.
    order: Vec<NodeIndex>,
    classes: Vec<Option<ClassKey>>,
    class_by_node: Column<NodeIndex, u32>,
    left: usize,
}

impl<'a> Search<'a> {
    fn new(
        snapshot: &'a Snapshot,
        is_candidate: impl Fn(NodeIndex) -> bool,
        is_told: impl Fn(NodeIndex) -> bool,
    ) -> Self {
        let graph = snapshot.graph();
        let children = snapshot.dominators().children();
        let mut order = Vec::with_capacity(graph.node_count());
        let mut classes = vec![None];
        let mut numbers: FxHashMap<ClassKey, u32> = FxHashMap::default();
        let mut class_by_node: Column<NodeIndex, u32> = vec![NO_CLASS; graph.node_count()].into();
        let mut waiting = vec![NodeIndex::from(0_u32)];
        while let Some(node) = waiting.pop() {
            if is_told(node) {
                continue;
            }
            order.push(node);
            waiting.extend(&children[usize::from(node)]);
            if is_candidate(node) {
                let key = ClassKey::of(graph, node);
                class_by_node[node] = *numbers.entry(key).or_insert_with(|| {
                    classes.push(Some(key));
                    // Fewer than there are nodes.
                    u32::try_from(classes.len() - 1).unwrap_or(NO_CLASS)
                });
            }
        }
        Self {
            snapshot,
            graph,
            order,
            classes,
            class_by_node,
            left: MAX_LOOKED_AT,
        }
    }

    /// The largest that is worth telling.
    fn next(&mut self, is_large: impl Fn(u64) -> bool) -> Option<Found> {
        let dominators = self.snapshot.dominators();
        let retained = retained_by_group(dominators, &self.class_by_node, self.classes.len());
        let mut large = Vec::new();
        for ((key, &bytes), class) in self.classes.iter().zip(&retained).zip(0_u32..) {
            if let Some(key) = key.filter(|_| is_large(bytes)) {
                large.push((is_everywhere(self.graph, key), Reverse(bytes), class, key));
            }
        }
        large.sort_unstable_by_key(|&(is_everywhere, bytes, class, _)| {
            (is_everywhere, bytes, class)
        });
        for (is_everywhere, Reverse(retained_bytes), class, key) in large {
            self.left = self.left.checked_sub(1)?;
            let holder = self.holder(class);
            if holder.is_none() && is_everywhere {
                self.classes[class as usize] = None;
                continue;
            }
            let members = self.order.iter();
            let count = members.filter(|&&node| self.class_by_node[node] == class);
            let found = Found {
                class: key,
                count: count.count() as u64,
                retained_bytes,
                holder,
            };
            self.tell(class);
            return Some(found);
        }
        None
    }

    /// Whether each is a member or dominated by one.
    fn covered(&self, class: u32) -> Column<NodeIndex, bool> {
        let dominators = self.snapshot.dominators();
        let mut covered: Column<NodeIndex, bool> = vec![false; self.graph.node_count()].into();
        for &node in &self.order {
            let is_below = dominators.of(node).is_some_and(|above| covered[above]);
            covered[node] = is_below || self.class_by_node[node] == class;
        }
        covered
    }

    /// As [`Found::holder`].
    fn holder(&self, class: u32) -> Option<NodeIndex> {
        let dominators = self.snapshot.dominators();
        let root = NodeIndex::from(0_u32);
        let covered = self.covered(class);
        let mut bytes: Column<NodeIndex, u64> = vec![0; self.graph.node_count()].into();
        for &node in self.order.iter().rev() {
            let Some(above) = dominators.of(node) else {
                continue;
            };
            if covered[node] && !covered[above] {
                bytes[node] = dominators.retained_bytes(node);
            }
            if !covered[above] {
                bytes[above] = bytes[above].saturating_add(bytes[node]);
            }
        }
        let most = bytes[root] / 2;
        let mut holder = root;
        for &node in &self.order {
            if dominators.of(node) == Some(holder) && !covered[node] && bytes[node] > most {
                holder = node;
            }
        }
        let is_root = holder == root
            || self.graph.kind(holder) == NodeKind::Synthetic
            || is_realm(self.graph, holder);
        (!is_root).then_some(holder)
    }

    /// Members, what holds them and what they hold are candidates no more.
    fn tell(&mut self, class: u32) {
        let mut told = self.covered(class);
        for &node in self.order.iter().rev() {
            if told[node] {
                self.class_by_node[node] = NO_CLASS;
                if let Some(above) = self.snapshot.dominators().of(node) {
                    told[above] = true;
                }
            }
        }
    }
}

/// Whether every program has much of a class: what has no constructor of its own, and what V8 and the embedder name.
fn is_everywhere(graph: &Graph, class: ClassKey) -> bool {
    let name = class.name(graph);
    matches!(class, ClassKey::Kind(_))
        || ["Object", "Array"].contains(&name)
        || name.contains(" / ")
}

#[cfg(test)]
mod tests {
    use super::super::question::Shown;
    use super::super::suspects::{ClassSuspect, Suspects};
    use super::super::testing::Heap;

    /// So many things of a class that two maps of one context hold, each, and a global beside.
    fn shared(count: usize, kind: &str, class: &str) -> Heap {
        let mut heap = Heap::new();
        let context = heap.node("object", "system / Context", 8);
        let maps = [(); 2].map(|()| heap.node("object", "Map", 8));
        heap.edge(0, "internal", "handle", context);
        for map in maps {
            heap.edge(context, "context", "sessions", map);
        }
        for index in 0..count {
            let one = heap.node(kind, class, 10);
            let own = heap.node("array", "", 90);
            heap.edge(one, "internal", "elements", own);
            for map in maps {
                heap.edge(map, "element", &index.to_string(), one);
            }
        }
        heap
    }

    fn found(heap: &Heap) -> Suspects {
        let shown = Shown {
            limit: 10,
            redact: false,
        };
        Suspects::new(&heap.graph().into(), shown)
    }

    fn classes(heap: &Heap) -> Vec<(String, u64, u64, Option<String>)> {
        let class_suspects = found(heap).class_suspects.into_iter();
        let told = class_suspects.map(|suspect| {
            let ClassSuspect {
                class,
                count,
                retained_bytes,
                holder,
                ..
            } = suspect;
            (class, count, retained_bytes, holder.map(|one| one.class))
        });
        told.collect()
    }

    #[test]
    fn a_class_that_holds_a_tenth_together_is_told_with_where_most_of_it_gathers() {
        let mut heap = shared(20, "object", "Session");
        for index in 0..9 {
            let elsewhere = heap.node("object", "Session", 100);
            heap.edge(0, "element", &index.to_string(), elsewhere);
        }
        let context = Some("system / Context".to_owned());
        let expected = ("Session".to_owned(), 29, 2900, context);
        assert_eq!(classes(&heap), [expected]);
    }

    #[test]
    fn one_that_gathers_nowhere_is_told_without_unless_every_program_has_it() {
        for (class, is_told) in [("Session", true), ("Object", false), ("Node / X", false)] {
            let mut heap = Heap::new();
            for index in 0..20 {
                let one = heap.node("object", class, 100);
                heap.edge(0, "element", &index.to_string(), one);
            }
            let told = is_told.then(|| (class.to_owned(), 20, 2000, None));
            assert_eq!(classes(&heap), Vec::from_iter(told));
        }
    }

    #[test]
    fn what_a_class_is_made_of_is_not_told_before_it() {
        let mut heap = shared(20, "object", "Session");
        for index in 0..20 {
            let session = 4 + 2 * index;
            let history = heap.node("object", "Array", 1000);
            heap.edge(session, "property", "history", history);
            let other = heap.node("object", "Array", 100);
            heap.edge(0, "element", &index.to_string(), other);
        }
        let found = classes(&heap);
        assert_eq!(found[0].0, "Session", "{found:?}");
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn plain_objects_that_gather_are_told() {
        let found = classes(&shared(20, "object", "Object"));
        assert_eq!((found[0].0.as_str(), found[0].1), ("Object", 20));
    }

    #[test]
    fn what_a_single_suspect_dominates_is_told_by_that_one_alone() {
        let mut heap = Heap::new();
        let map = heap.node("object", "Map", 8);
        heap.edge(0, "property", "sessions", map);
        for index in 0..20 {
            let session = heap.node("object", "Session", 100);
            heap.edge(map, "element", &index.to_string(), session);
        }
        assert_eq!(found(&heap).suspect_count, 1);
        assert_eq!(classes(&heap), []);
    }

    #[test]
    fn what_members_hold_and_what_holds_them_is_told_by_them_alone() {
        let mut heap = Heap::new();
        for index in 0..20 {
            let holder = heap.node("object", "Holder", 1);
            let session = heap.node("object", "Session", 10);
            let user = heap.node("object", "User", 100);
            heap.edge(0, "element", &index.to_string(), holder);
            heap.edge(holder, "property", "session", session);
            heap.edge(session, "property", "user", user);
        }
        assert_eq!(classes(&heap), [("Holder".to_owned(), 20, 2220, None)]);
    }

    #[test]
    fn what_only_weak_references_lead_to_counts_for_nothing() {
        let mut heap = shared(20, "object", "Session");
        for _ in 0..20 {
            let weak = heap.node("object", "Session", 100);
            heap.edge(0, "weak", "1", weak);
        }
        assert_eq!(classes(&heap)[0].1, 20);
    }
}
