//! The largest things that hold others: where leaks gather.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::classes::class_name;
use super::contents::{is_context, FieldName};
use super::graph::{EdgeName, Graph};
use super::index::NodeIndex;
use super::layout::{EdgeKind, NodeKind};
use super::paths::globals;
use super::places::follow;
use super::question::Shown;
use super::retainers::{Describer, Retained};

/// The largest of each sort, by what they retain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Containers {
    /// `Map`s and `WeakMap`s.
    pub maps: Vec<Container>,
    /// `Set`s and `WeakSet`s.
    pub sets: Vec<Container>,
    /// Arrays.
    pub arrays: Vec<Container>,
    /// Lists of listeners of one event of one emitter.
    pub listeners: Vec<Container>,
    /// Node.js's lists of timers of one duration.
    pub timers: Vec<Container>,
    /// The variables that closures share; `name` and `place` are those of one such closure.
    pub contexts: Vec<Container>,
    /// What properties of the global objects hold.
    pub globals: Vec<Container>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// What it is, and why it is there.
    #[serde(flatten)]
    pub retained: Retained,
    /// Members, as far as they are objects: small numbers are no nodes.
    pub entries: u64,
}

impl Containers {
    /// Of the snapshot that is described.
    pub(super) fn new(describer: &Describer, shown: Shown) -> Self {
        let graph = describer.graph;
        let search = Search {
            describer,
            graph,
            limit: shown.limit,
        };
        let of = |classes: &[&str]| {
            let is_meant = |&node: &NodeIndex| {
                graph.kind(node) == NodeKind::Object && classes.contains(&graph.name(node))
            };
            graph.nodes().filter(is_meant).collect()
        };
        Self {
            maps: search.largest(of(&["Map", "WeakMap"]), |map| {
                search.entries(map, 3) + search.pairs(map)
            }),
            sets: search.largest(of(&["Set", "WeakSet"]), |set| search.entries(set, 1)),
            arrays: search.largest(of(&["Array"]), |array| search.entries(array, 1)),
            listeners: search.largest(search.listeners(), |list| search.entries(list, 1)),
            timers: search.largest(of(&["TimersList"]), |list| search.timers(list)),
            contexts: search.contexts(),
            globals: search.largest(search.held_by_globals(), |held| search.entries(held, 1)),
        }
    }
}

struct Search<'a> {
    describer: &'a Describer<'a>,
    graph: &'a Graph,
    limit: usize,
}

impl Search<'_> {
    /// Those that retain most.
    fn largest(&self, nodes: Vec<NodeIndex>, entries: impl Fn(NodeIndex) -> u64) -> Vec<Container> {
        let dominators = self.describer.snapshot.dominators();
        let container = |node| Container {
            retained: self.describer.retained(node),
            entries: entries(node),
        };
        let largest = dominators.largest(nodes, self.limit);
        largest.into_iter().map(container).collect()
    }

    /// Members, each of so many fields in a row.
    fn entries(&self, node: NodeIndex, width: u32) -> u64 {
        let graph = self.graph;
        let contents = follow(graph, node, &["table", "elements"]);
        let numbers = |node| {
            graph
                .edges_of(node)
                .filter_map(|edge| self.describer.fields.number(graph, edge))
        };
        let of_contents: Vec<u32> = contents.into_iter().flat_map(numbers).collect();
        let Some(first) = of_contents.iter().min() else {
            return numbers(node).count() as u64;
        };
        let members: FxHashSet<u32> = of_contents
            .iter()
            .map(|number| (number - first) / width)
            .collect();
        members.len() as u64
    }

    /// Values of a `WeakMap`.
    fn pairs(&self, map: NodeIndex) -> u64 {
        let graph = self.graph;
        let is_pair = |edge| match graph.edge(edge).name {
            EdgeName::Name(name) => self.describer.fields.of(name) == FieldName::Pair,
            EdgeName::Index(_) => false,
        };
        let table = follow(graph, map, &["table"]);
        let edges = table.into_iter().flat_map(|table| graph.edges_of(table));
        edges.filter(|&edge| is_pair(edge)).count() as u64
    }

    /// Node.js keeps the listeners of an emitter in `_events`: an array where there are several of one event.
    fn listeners(&self) -> Vec<NodeIndex> {
        let graph = self.graph;
        let emitters = graph
            .nodes()
            .filter(|&node| graph.kind(node) == NodeKind::Object);
        let events: FxHashSet<NodeIndex> = emitters
            .filter_map(|emitter| property(graph, emitter, "_events"))
            .collect();
        let lists = events
            .into_iter()
            .flat_map(|events| properties(graph, events))
            .filter(|&list| class_name(graph, list) == "Array");
        lists.collect::<FxHashSet<_>>().into_iter().collect()
    }

    /// The length of a list that is linked in a ring.
    fn timers(&self, list: NodeIndex) -> u64 {
        let next = |&timer: &NodeIndex| property(self.graph, timer, "_idlePrev");
        let ring = std::iter::successors(next(&list), next);
        // A snapshot may have been taken, or made up, where the ring does not lead back.
        let mut counted = FxHashSet::default();
        ring.take_while(|&timer| timer != list && counted.insert(timer))
            .count() as u64
    }

    fn contexts(&self) -> Vec<Container> {
        let graph = self.graph;
        let contexts = graph.nodes().filter(|&node| is_context(graph, node));
        let mut found = self.largest(contexts.collect(), |context| {
            let variables = graph
                .edges_of(context)
                .filter(|&edge| graph.edge_kind(edge) == EdgeKind::Context);
            variables.count() as u64
        });
        let mut closure_by_context = FxHashMap::default();
        for node in graph.nodes() {
            if graph.kind(node) == NodeKind::Closure {
                if let Some(context) = follow(graph, node, &["context"]) {
                    closure_by_context.entry(graph.id(context)).or_insert(node);
                }
            }
        }
        for Container { retained, .. } in &mut found {
            if let Some(&closure) = closure_by_context.get(&retained.id) {
                let Retained { name, place, .. } = self.describer.retained(closure);
                (retained.name, retained.place) = (name, place);
            }
        }
        found
    }

    fn held_by_globals(&self) -> Vec<NodeIndex> {
        let graph = self.graph;
        let globals: FxHashSet<NodeIndex> = globals(graph).collect();
        let held = globals
            .into_iter()
            .flat_map(|global| properties(graph, global));
        held.collect::<FxHashSet<_>>().into_iter().collect()
    }
}

/// What the properties of an object lead to, but for what it inherits from.
fn properties(graph: &Graph, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
    named_properties(graph, node)
        .filter(|&(name, _)| name != "__proto__")
        .map(|(_, to)| to)
}

fn property(graph: &Graph, node: NodeIndex, name: &str) -> Option<NodeIndex> {
    let mut properties = named_properties(graph, node);
    properties
        .find(|&(found, _)| found == name)
        .map(|(_, to)| to)
}

fn named_properties(
    graph: &Graph,
    node: NodeIndex,
) -> impl Iterator<Item = (&str, NodeIndex)> + '_ {
    graph.edges_of(node).filter_map(
        |edge| match (graph.edge_kind(edge), graph.edge(edge).name) {
            (EdgeKind::Property, EdgeName::Name(name)) => {
                Some((graph.strings().get(name), graph.target(edge)))
            }
            _ => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::Heap;
    use super::*;

    fn containers(heap: &Heap) -> Containers {
        let shown = Shown {
            limit: 5,
            redact: false,
        };
        Containers::new(&Describer::new(&heap.graph().into(), shown.redact), shown)
    }

    #[test]
    fn members_are_counted_by_how_v8_lays_them_out() {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 8);
        heap.edge(0, "shortcut", "2", global);
        let mut hold = |class: &str, field: &'static str, numbers: &[u32]| {
            let made = heap.node("object", class, 8);
            let contents = heap.node("array", "", 8);
            heap.edge(global, "property", class, made);
            heap.edge(made, "internal", field, contents);
            for number in numbers {
                let member = heap.node("object", "Member", 8);
                heap.edge(contents, "internal", &number.to_string(), member);
            }
        };
        // Keys and values; a small number takes no node.
        hold("Map", "table", &[27, 28, 30, 31, 33]);
        hold("Set", "table", &[5, 7, 9]);
        hold("Array", "elements", &[0, 1, 2, 3]);
        let found = containers(&heap);
        let entries = |found: &[Container]| found.iter().map(|one| one.entries).collect::<Vec<_>>();
        assert_eq!(entries(&found.maps), [3]);
        assert_eq!(entries(&found.sets), [3]);
        assert_eq!(entries(&found.arrays), [4]);
        assert_eq!(found.globals.len(), 3);
    }

    #[test]
    fn entries_of_a_weak_map_are_its_pairs() {
        let mut heap = Heap::new();
        let map = heap.node("object", "WeakMap", 8);
        let table = heap.node("array", "", 64);
        heap.edge(0, "element", "1", map);
        heap.edge(map, "internal", "table", table);
        for number in ["3", "5"] {
            let key = heap.node("object", "Key", 8);
            let value = heap.node("object", "Value", 8);
            heap.edge(table, "weak", number, key);
            heap.pair(table, key, value);
        }
        assert_eq!(containers(&heap).maps[0].entries, 2);
    }

    #[test]
    fn listeners_of_one_event_and_timers_of_one_duration_are_lists() {
        let mut heap = Heap::new();
        let emitter = heap.node("object", "Server", 8);
        let events = heap.node("object", "Object", 8);
        let list = heap.node("object", "Array", 8);
        heap.edge(0, "property", "server", emitter);
        heap.edge(emitter, "property", "_events", events);
        heap.edge(events, "property", "request", list);
        for index in 0..3 {
            let listener = heap.node("closure", "onRequest", 8);
            heap.edge(list, "element", &index.to_string(), listener);
        }
        let timers = heap.node("object", "TimersList", 8);
        heap.edge(0, "property", "timers", timers);
        let mut before = timers;
        for _ in 0..4 {
            let timer = heap.node("object", "Timeout", 8);
            heap.edge(before, "property", "_idlePrev", timer);
            before = timer;
        }
        heap.edge(before, "property", "_idlePrev", timers);
        let found = containers(&heap);
        assert_eq!(found.listeners[0].entries, 3);
        assert_eq!(found.timers[0].entries, 4);
    }

    #[test]
    fn timers_of_a_ring_that_does_not_come_back_are_counted_once() {
        let mut heap = Heap::new();
        let timers = heap.node("object", "TimersList", 8);
        let one = heap.node("object", "Timeout", 8);
        let other = heap.node("object", "Timeout", 8);
        heap.edge(0, "property", "timers", timers);
        heap.edge(timers, "property", "_idlePrev", one);
        heap.edge(one, "property", "_idlePrev", other);
        heap.edge(other, "property", "_idlePrev", one);
        assert_eq!(containers(&heap).timers[0].entries, 2);
    }

    #[test]
    fn variables_are_told_with_a_function_that_uses_them() {
        let mut heap = Heap::new();
        let handler = heap.node("closure", "handler", 8);
        let context = heap.node("object", "system / Context", 8);
        let rows = heap.node("object", "Rows", 500);
        heap.edge(0, "property", "handler", handler);
        heap.edge(handler, "internal", "context", context);
        heap.edge(context, "context", "rows", rows);
        let found = &containers(&heap).contexts[0];
        assert_eq!(
            (found.retained.name.as_str(), found.entries),
            ("handler", 1)
        );
        assert_eq!(found.retained.retained_bytes, 508);
    }
}
