//! A heap at a glance: how large it is, of what, the largest things in it with the way to each, and what
//! is there twice.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::classes::{keyed_classes, Class, ClassKey};
use super::containers::Containers;
use super::contents::{is_contents, is_realm};
use super::describe;
use super::graph::{Detachedness, Graph};
use super::index::{NodeIndex, StringIndex};
use super::layout::NodeKind;
use super::question::Shown;
use super::retainers::{Describer, Retained};
use super::snapshot::Snapshot;
use super::traces::Allocations;

/// V8 cuts contents here, so longer ones may differ behind it.
const CUT_AT_CHARACTERS: usize = 1024;

/// A heap at a glance; all sizes in bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Nodes of the graph.
    pub node_count: usize,
    /// Edges of the graph.
    pub edge_count: usize,
    /// Of all nodes together.
    pub total_bytes: u64,
    /// What nothing but weak references lead to.
    pub unreachable: Sum,
    /// DOM nodes that are in no document.
    pub detached: Sum,
    /// How many classes there are.
    pub class_count: usize,
    /// Those that retain most.
    pub classes: Vec<ClassRow>,
    /// Single things that retain most, roots left out.
    pub objects: Vec<Retained>,
    /// The largest things that hold others.
    pub containers: Containers,
    /// Strings that are there more than once.
    pub duplicate_strings: Duplicates,
    /// Who allocated; `None` where that was not recorded.
    pub allocations: Option<Allocations>,
}

/// A class, and how near the nearest of its members is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassRow {
    /// Its members, taken together.
    #[serde(flatten)]
    pub class: Class,
    /// The least distance of a member, as [`super::Distances::of`].
    pub distance: Option<u32>,
}

/// Several nodes, taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// By themselves.
    pub shallow_bytes: u64,
}

/// Strings of the same contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Duplicates {
    /// Strings beyond the first of each.
    pub count: u64,
    /// What these take.
    pub wasted_bytes: u64,
    /// Those that take most.
    pub top: Vec<Duplicate>,
}

/// One string that is there more than once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Duplicate {
    /// Its beginning.
    pub text: String,
    /// How often it is there.
    pub count: u64,
    /// What all but one of them take.
    pub wasted_bytes: u64,
}

impl Summary {
    /// Of a snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, shown: Shown) -> Self {
        let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
        let describer = Describer::new(snapshot, shown.redact);
        let mut all = keyed_classes(graph, dominators);
        let class_count = all.len();
        all.truncate(shown.limit);
        let mut detached = Sum::default();
        let mut unreachable = Sum::default();
        let mut total_bytes = 0_u64;
        for node in graph.nodes() {
            let bytes = graph.self_size_bytes(node);
            total_bytes = total_bytes.saturating_add(bytes);
            if graph.detachedness(node) == Detachedness::Detached {
                detached.add(bytes);
            }
        }
        for node in dominators.unreachable() {
            unreachable.add(graph.self_size_bytes(node));
        }
        Self {
            node_count: graph.node_count(),
            edge_count: graph.edge_count(),
            total_bytes,
            unreachable,
            detached,
            class_count,
            classes: rows(snapshot, all),
            objects: objects(&describer, shown),
            containers: Containers::new(&describer, shown),
            duplicate_strings: duplicates(graph, shown),
            allocations: Allocations::new(graph, shown.limit),
        }
    }
}

impl Sum {
    fn add(&mut self, bytes: u64) {
        self.count += 1;
        self.shallow_bytes = self.shallow_bytes.saturating_add(bytes);
    }
}

fn rows(snapshot: &Snapshot, classes: Vec<(ClassKey, Class)>) -> Vec<ClassRow> {
    let graph = snapshot.graph();
    let mut least: FxHashMap<ClassKey, u32> = FxHashMap::default();
    for node in graph.nodes() {
        if let Some(distance) = snapshot.distances().of(node) {
            let key = ClassKey::of(graph, node);
            let known = least.entry(key).or_insert(distance);
            *known = distance.min(*known);
        }
    }
    let row = |(key, class)| ClassRow {
        class,
        distance: least.get(&key).copied(),
    };
    classes.into_iter().map(row).collect()
}

fn objects(describer: &Describer, shown: Shown) -> Vec<Retained> {
    let snapshot = describer.snapshot;
    let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
    // Where contents are is told as what they are the contents of.
    let is_object = |&node: &NodeIndex| {
        node != NodeIndex::from(0_u32)
            && graph.kind(node) != NodeKind::Synthetic
            && !is_contents(graph, node)
            && !is_realm(graph, node)
    };
    let objects = graph.nodes().filter(is_object).collect();
    dominators
        .largest(objects, shown.limit)
        .into_iter()
        .map(|node| describer.retained(node))
        .collect()
}

fn duplicates(graph: &Graph, shown: Shown) -> Duplicates {
    let mut sums: FxHashMap<StringIndex, Sum> = FxHashMap::default();
    for node in graph.nodes() {
        if graph.kind(node) == NodeKind::String {
            let sum = sums.entry(graph.name_index(node)).or_default();
            sum.add(graph.self_size_bytes(node));
        }
    }
    let mut found = Duplicates::default();
    for (
        text,
        Sum {
            count,
            shallow_bytes,
        },
    ) in sums
    {
        let text = graph.strings().get(text);
        if count < 2 || text.chars().count() >= CUT_AT_CHARACTERS {
            continue;
        }
        let wasted_bytes = shallow_bytes - shallow_bytes / count;
        found.count += count - 1;
        found.wasted_bytes = found.wasted_bytes.saturating_add(wasted_bytes);
        found.top.push(Duplicate {
            text: text.to_owned(),
            count,
            wasted_bytes,
        });
    }
    found.top.sort_unstable_by(|one, other| {
        let size = other.wasted_bytes.cmp(&one.wasted_bytes);
        size.then_with(|| one.text.cmp(&other.text))
    });
    found.top.truncate(shown.limit);
    for duplicate in &mut found.top {
        duplicate.text = describe::contents(&duplicate.text, shown.redact);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::testing::Heap;
    use super::*;

    fn summary(heap: &Heap, redact: bool) -> Summary {
        let shown = Shown { limit: 3, redact };
        Summary::new(&heap.graph().into(), shown)
    }

    fn service() -> Heap {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 8);
        let sessions = heap.node("object", "Map", 16);
        let table = heap.node("array", "", 64);
        heap.edge(0, "shortcut", "global", global);
        heap.edge(global, "property", "sessions", sessions);
        heap.edge(sessions, "internal", "table", table);
        for index in 0..10 {
            let session = heap.node("object", "Session", 100);
            let user = heap.node("string", "jane@example.com", 40);
            heap.edge(table, "hidden", &index.to_string(), session);
            heap.edge(session, "property", "user name", user);
        }
        heap.node("object", "Unreachable", 7);
        heap
    }

    #[test]
    fn the_largest_objects_are_there_with_the_way_to_each() {
        let Summary {
            objects,
            total_bytes,
            unreachable,
            node_count,
            ..
        } = summary(&service(), false);
        assert_eq!((node_count, total_bytes), (25, 8 + 16 + 64 + 1400 + 7));
        assert_eq!((unreachable.count, unreachable.shallow_bytes), (1, 7));
        let classes: Vec<&str> = objects.iter().map(|object| object.class.as_str()).collect();
        assert_eq!(classes, ["global", "Map", "Session"]);
        assert_eq!(objects[1].retained_bytes, 16 + 1464);
        assert_eq!(objects[1].reference_count, 1 + 10);
        let steps: Vec<(&str, &str)> = objects[1]
            .path
            .iter()
            .map(|step| (step.by.as_str(), step.class.as_str()))
            .collect();
        assert_eq!(steps, [("", "global"), (".sessions", "Map")]);
    }

    #[test]
    fn classes_come_by_what_they_retain_and_are_counted_before_they_are_cut() {
        let Summary {
            classes,
            class_count,
            ..
        } = summary(&service(), false);
        assert_eq!(class_count, 6);
        assert_eq!(classes.len(), 3);
        let ClassRow { class, distance } = &classes[0];
        assert_eq!((class.name.as_str(), class.count), ("global", 1));
        assert_eq!(*distance, Some(1));
    }

    #[test]
    fn strings_that_are_there_more_than_once_say_what_they_waste() {
        let Summary {
            duplicate_strings, ..
        } = summary(&service(), false);
        let duplicate = Duplicate {
            text: "jane@example.com".to_owned(),
            count: 10,
            wasted_bytes: 360,
        };
        assert_eq!(
            duplicate_strings,
            Duplicates {
                count: 9,
                wasted_bytes: 360,
                top: vec![duplicate]
            }
        );
    }

    #[test]
    fn redacted_no_contents_and_no_keys_leave() {
        let mut heap = service();
        let secret = heap.node("string", "secret", 1_000_000);
        heap.edge(1, "property", "jane's key", secret);
        let redacted = serde_json::to_string(&summary(&heap, true)).unwrap();
        for text in ["jane", "secret"] {
            assert!(!redacted.contains(text), "{redacted}");
        }
        assert!(redacted.contains("(6 characters)"));
        let plain = serde_json::to_string(&summary(&heap, false)).unwrap();
        assert!(plain.contains("jane's key") && plain.contains("secret"));
    }
}
