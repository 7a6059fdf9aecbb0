//! Which single things hold much of the heap: a leak is mostly one of them, or what it holds.
//!
//! What retains a tenth of the heap is a suspect, if nothing below it in the tree of dominators does: the
//! lowest such node is where the bytes gather, and those above it only hold it. (The accumulation points
//! of Eclipse MAT's leak suspects.)

use std::iter::successors;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::class_suspects;
use super::classes::class_name;
use super::contents::is_contents;
use super::graph::Graph;
use super::index::{Column, NodeIndex};
use super::question::Shown;
use super::retainers::{Describer, Retained};
use super::snapshot::Snapshot;

/// Of the heap: what retains more is a suspect.
const LEAST_SHARE: f64 = 0.1;
/// Classes that are told of what gathers at a suspect.
const MAX_CLASSES: usize = 3;

/// What holds much of a heap; all sizes in bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspects {
    /// Of all nodes that are reachable.
    pub total_bytes: u64,
    /// How many there are.
    pub suspect_count: usize,
    /// Those that retain most.
    pub suspects: Vec<Suspect>,
    /// How many classes hold as much by their members together, beside these.
    pub class_suspect_count: usize,
    /// Those that retain most.
    pub class_suspects: Vec<ClassSuspect>,
}

/// A single thing that holds much of a heap.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Suspect {
    /// Why it is there.
    #[serde(flatten)]
    pub retained: Retained,
    /// Of the heap, 0 to 1.
    pub share: f64,
    /// What gathers there.
    pub held: Vec<Held>,
}

/// A class whose members hold much of a heap together, while none of them does alone.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassSuspect {
    /// As [`super::Class::name`].
    pub class: String,
    /// Of members, but for those that a suspect dominates.
    pub count: u64,
    /// What would go if these went.
    pub retained_bytes: u64,
    /// Of the heap, 0 to 1.
    pub share: f64,
    /// The lowest thing with which more than half of that goes; `None` when only roots have as much.
    pub holder: Option<Retained>,
}

/// Things of one class that go when a suspect goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Their class.
    pub class: String,
    /// How many.
    pub count: u64,
    /// Of them and what goes with them.
    pub retained_bytes: u64,
}

impl Suspects {
    /// Of a snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, shown: Shown) -> Self {
        let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
        let root = NodeIndex::from(0_u32);
        let total_bytes = dominators.retained_bytes(root);
        let is_large = |bytes: u64| bytes > 0 && bytes as f64 >= total_bytes as f64 * LEAST_SHARE;
        let share = |bytes: u64| bytes as f64 / total_bytes as f64;
        // Of a thing and where its contents are the thing is told.
        let is_candidate = |&node: &NodeIndex| is_of_the_program(graph, node);
        let large: Vec<NodeIndex> = graph
            .nodes()
            // What is not reached is no part of the total.
            .filter(|&node| dominators.of(node).is_some())
            .filter(|&node| is_large(dominators.retained_bytes(node)))
            .filter(is_candidate)
            .collect();
        let mut holds_large: FxHashSet<NodeIndex> = FxHashSet::default();
        for &node in &large {
            let above = successors(dominators.of(node), |&at| dominators.of(at));
            for above in above.take_while(|&above| above != root) {
                if !holds_large.insert(above) {
                    break;
                }
            }
        }
        let found: Vec<NodeIndex> = large
            .into_iter()
            .filter(|node| !holds_large.contains(node))
            .collect();
        let suspect_count = found.len();
        let told: FxHashSet<NodeIndex> = found.iter().copied().collect();
        let by_class = class_suspects::find(
            snapshot,
            |node| is_candidate(&node) && !is_large(dominators.retained_bytes(node)),
            |node| told.contains(&node),
            is_large,
        );
        let class_suspect_count = by_class.len();
        let describer = Describer::new(snapshot, shown.redact);
        let holders = holders(snapshot);
        let suspects = dominators
            .largest(found, shown.limit)
            .into_iter()
            .map(|node| Suspect {
                share: share(dominators.retained_bytes(node)),
                held: held(snapshot, &holders, node),
                retained: describer.retained(node),
            })
            .collect();
        let class_suspects = by_class
            .into_iter()
            .take(shown.limit)
            .map(|found| ClassSuspect {
                class: found.class.name(graph).to_owned(),
                count: found.count,
                retained_bytes: found.retained_bytes,
                share: share(found.retained_bytes),
                holder: found.holder.map(|node| describer.retained(node)),
            });
        Self {
            total_bytes,
            suspect_count,
            suspects,
            class_suspect_count,
            class_suspects: class_suspects.collect(),
        }
    }
}

/// Code and roots hold what is needed, not what leaks.
fn is_of_the_program(graph: &Graph, node: NodeIndex) -> bool {
    !graph.kind(node).is_v8s() && !is_contents(graph, node)
}

/// The closest dominator of each node that is not where contents are; of what has none, the node itself.
fn holders(snapshot: &Snapshot) -> Column<NodeIndex, NodeIndex> {
    let graph = snapshot.graph();
    let children = snapshot.dominators().children();
    let mut holders: Column<NodeIndex, NodeIndex> = graph.nodes().collect();
    let mut waiting = vec![NodeIndex::from(0_u32)];
    while let Some(node) = waiting.pop() {
        let holder = if is_contents(graph, node) {
            holders[node]
        } else {
            node
        };
        for &child in &children[usize::from(node)] {
            holders[child] = holder;
            waiting.push(child);
        }
    }
    holders
}

/// What goes with a node, by class: whom it, or where its contents are, dominates closest.
fn held(
    snapshot: &Snapshot,
    holders: &Column<NodeIndex, NodeIndex>,
    suspect: NodeIndex,
) -> Vec<Held> {
    let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
    let is_held =
        |node: NodeIndex| node != suspect && holders[node] == suspect && !is_contents(graph, node);
    let mut by_class: FxHashMap<&str, (u64, u64)> = FxHashMap::default();
    for node in graph.nodes().filter(|&node| is_held(node)) {
        let (count, bytes) = by_class.entry(class_name(graph, node)).or_default();
        *count += 1;
        *bytes = bytes.saturating_add(dominators.retained_bytes(node));
    }
    let mut held: Vec<Held> = by_class
        .into_iter()
        .map(|(class, (count, retained_bytes))| Held {
            class: class.to_owned(),
            count,
            retained_bytes,
        })
        .collect();
    held.sort_by(|one, other| {
        let size = other.retained_bytes.cmp(&one.retained_bytes);
        size.then_with(|| one.class.cmp(&other.class))
    });
    held.truncate(MAX_CLASSES);
    held
}

#[cfg(test)]
mod tests {
    use super::super::testing::Heap;
    use super::*;

    const SHOWN: Shown = Shown {
        limit: 10,
        redact: false,
    };

    fn service(sessions: usize) -> Heap {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 1000);
        let map = heap.node("object", "Map", 16);
        let table = heap.node("array", "", 80);
        heap.edge(0, "shortcut", "2", global);
        heap.edge(global, "property", "sessions", map);
        heap.edge(map, "internal", "table", table);
        for index in 0..sessions {
            let session = heap.node("object", "Session", 100);
            heap.edge(table, "internal", &(3 * index + 1).to_string(), session);
        }
        heap
    }

    #[test]
    fn where_much_gathers_is_the_suspect_and_not_what_holds_it() {
        let found = Suspects::new(&service(100).graph().into(), SHOWN);
        assert_eq!(found.suspect_count, 1);
        let Suspect {
            retained,
            share,
            held,
        } = &found.suspects[0];
        assert_eq!(retained.class, "Map");
        assert!((0.8..1.0).contains(share));
        let sessions = Held {
            class: "Session".to_owned(),
            count: 100,
            retained_bytes: 10_000,
        };
        assert_eq!(*held, [sessions]);
    }

    #[test]
    fn where_nothing_gathers_there_is_no_suspect_but_what_is_large_by_itself() {
        let mut heap = Heap::new();
        for index in 0..20 {
            let made = heap.node("object", "Small", 100);
            heap.edge(0, "element", &index.to_string(), made);
        }
        assert_eq!(Suspects::new(&heap.graph().into(), SHOWN).suspect_count, 0);
        let text = heap.node("string", "large", 1000);
        heap.edge(0, "property", "text", text);
        let found = Suspects::new(&heap.graph().into(), SHOWN);
        assert_eq!(found.suspects[0].retained.class, "(string)");
        assert_eq!(found.suspects[0].held, []);
    }

    #[test]
    fn an_empty_heap_has_none() {
        assert_eq!(
            Suspects::new(&Heap::new().graph().into(), SHOWN).suspect_count,
            0
        );
    }

    fn suspects(heap: &Heap) -> Vec<(String, f64)> {
        Suspects::new(&heap.graph().into(), SHOWN)
            .suspects
            .into_iter()
            .map(|suspect| (suspect.retained.class, suspect.share))
            .collect()
    }

    #[test]
    fn what_only_weak_references_lead_to_is_no_suspect_however_large() {
        let mut heap = Heap::new();
        let cache = heap.node("object", "Cache", 100);
        let weak = heap.node("object", "Collectable", 400);
        heap.edge(0, "property", "cache", cache);
        heap.edge(cache, "weak", "1", weak);
        assert_eq!(suspects(&heap), [("Cache".to_owned(), 1.0)]);
    }

    #[test]
    fn what_is_held_through_contents_in_contents_is_told_however_deep() {
        let mut heap = Heap::new();
        let cache = heap.node("object", "Cache", 8);
        heap.edge(0, "property", "cache", cache);
        let mut at = cache;
        for _ in 0..100_000 {
            let table = heap.node("array", "", 8);
            heap.edge(at, "internal", "table", table);
            at = table;
        }
        let session = heap.node("object", "Session", 8);
        heap.edge(at, "element", "1", session);
        let shown = Shown {
            limit: 5,
            redact: false,
        };
        let found = Suspects::new(&heap.graph().into(), shown).suspects;
        let [Suspect { held, .. }] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((held[0].class.as_str(), held[0].count), ("Session", 1));
    }

    #[test]
    fn a_heap_without_sizes_has_no_suspects() {
        let mut heap = Heap::new();
        let empty = heap.node("object", "Empty", 0);
        heap.edge(0, "property", "empty", empty);
        assert_eq!(suspects(&heap), []);
    }
}
