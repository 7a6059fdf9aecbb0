//! The largest things that hold others: where leaks gather.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::classes::class_name;
use super::contents::{is_context, FieldNames};
use super::graph::{EdgeName, Graph};
use super::index::NodeIndex;
use super::layout::{EdgeKind, NodeKind};
use super::paths::globals;
use super::places::follow;
use super::question::Shown;
use super::retainers::{Describer, Retained};
use super::snapshot::Snapshot;

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
    /// Of a snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, shown: Shown) -> Self {
        let graph = snapshot.graph();
        let search = Search {
            snapshot,
            graph,
            fields: FieldNames::new(graph),
            describer: Describer::new(snapshot, shown.redact),
            limit: shown.limit,
        };
        let of = |classes: &[&str]| {
            let is_meant = |&node: &NodeIndex| {
                graph.kind(node) == NodeKind::Object && classes.contains(&graph.name(node))
            };
            graph.nodes().filter(is_meant).collect()
        };
        Self {
            maps: search.largest(of(&["Map", "WeakMap"]), |map| search.entries(map, 3)),
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
    snapshot: &'a Snapshot,
    graph: &'a Graph,
    fields: FieldNames,
    describer: Describer<'a>,
    limit: usize,
}

impl Search<'_> {
    /// Those that retain most.
    fn largest(
        &self,
        mut nodes: Vec<NodeIndex>,
        entries: impl Fn(NodeIndex) -> u64,
    ) -> Vec<Container> {
        let dominators = self.snapshot.dominators();
        nodes.sort_by_key(|&node| (Reverse(dominators.retained_bytes(node)), node));
        nodes.truncate(self.limit);
        let container = |node| Container {
            retained: self.describer.retained(node),
            entries: entries(node),
        };
        nodes.into_iter().map(container).collect()
    }

    /// Members, each of so many fields in a row.
    fn entries(&self, node: NodeIndex, width: u32) -> u64 {
        let graph = self.graph;
        let contents = follow(graph, node, &["table", "elements"]);
        let numbers = |node| {
            graph
                .edges_of(node)
                .filter_map(|edge| self.fields.number(graph, edge))
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

    /// Node.js keeps the listeners of an emitter in `_events`: an array where there are several of one event.
    fn listeners(&self) -> Vec<NodeIndex> {
        let graph = self.graph;
        let lists = graph
            .nodes()
            .filter(|&node| graph.kind(node) == NodeKind::Object)
            .filter_map(|emitter| property(graph, emitter, "_events"))
            .flat_map(|events| properties(graph, events))
            .filter(|&list| class_name(graph, list) == "Array");
        lists.collect::<FxHashSet<_>>().into_iter().collect()
    }

    /// The length of a list that is linked in a ring.
    fn timers(&self, list: NodeIndex) -> u64 {
        let next = |&timer: &NodeIndex| property(self.graph, timer, "_idlePrev");
        let ring = std::iter::successors(next(&list), next);
        ring.take_while(|&timer| timer != list)
            .take(self.graph.node_count())
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
        let held = globals(graph).flat_map(|global| properties(graph, global));
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
