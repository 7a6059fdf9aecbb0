//! Why something is still there, in the words of a program: what V8 keeps between an object and its
//! contents is left out, an entry of a `Map` is called by its key, functions have their file and line. As in
//! `LeakCanary`, one step is marked: where the way should have been cut.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::classes::{class_name, ClassKey};
use super::contents::{is_contents, is_realm, leads_to_contents, FieldNames};
use super::describe;
use super::graph::Graph;
use super::index::{EdgeIndex, NodeIndex};
use super::layout::{EdgeKind, NodeKind};
use super::places::{follow, Places};
use super::question::Shown;
use super::snapshot::Snapshot;
use crate::error::{Error, Kind, Result};

/// Things of one class that one owner holds, from which on this owner is the suspect.
const MANY: usize = 10;

/// What a way is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// The node of an id.
    Id(u32),
    /// Members of a class.
    Class(String),
    /// Functions of a name, strings of such contents.
    Name(String),
    /// What the property `target` of objects of this class refers to weakly.
    Weak(String),
}

/// The ways to some things; all sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retainers {
    /// How many such things there are.
    pub count: usize,
    /// Those that retain most.
    pub targets: Vec<Retained>,
}

/// A single thing, and why it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Retained {
    /// The same in every snapshot of a process.
    pub id: u32,
    /// As [`super::Class::name`].
    pub class: String,
    /// A function's name, a string's contents; empty for what has none beside its class.
    pub name: String,
    /// Where a function begins: file, line and column, from 1.
    pub place: Option<String>,
    /// By itself.
    pub shallow_bytes: u64,
    /// With all that goes with it.
    pub retained_bytes: u64,
    /// References from it, and from where its contents are.
    pub reference_count: usize,
    /// As [`super::Distances::of`].
    pub distance: Option<u32>,
    /// From a root to it; empty for what nothing but weak references lead to.
    pub path: Vec<Step>,
}

/// One step of a way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// How it is called, such as `.cache`, `variable sessions`, `[7]`, `get("key")`; `{name}` is V8's own.
    /// Empty for a root.
    pub by: String,
    /// What it leads to.
    pub class: String,
    /// As [`Retained::name`].
    pub name: String,
    /// As [`Retained::place`].
    pub place: Option<String>,
    /// As [`Retained::id`].
    pub id: u32,
    /// As [`Retained::retained_bytes`].
    pub retained_bytes: u64,
    /// Whether the way should have been cut here: from what holds many of the kind, or else the last step.
    pub is_suspect: bool,
}

impl Retainers {
    /// Of those that retain most.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] when there is no such thing.
    pub fn new(snapshot: &Snapshot, target: &Target, shown: Shown) -> Result<Self> {
        let graph = snapshot.graph();
        let is_meant = |&node: &NodeIndex| match target {
            Target::Id(id) => graph.id(node) == *id,
            Target::Class(class) | Target::Weak(class) => class_name(graph, node) == class,
            Target::Name(name) => {
                matches!(
                    graph.kind(node),
                    NodeKind::Closure | NodeKind::String | NodeKind::Object | NodeKind::Native
                ) && graph.name(node) == name
            }
        };
        let mut found: Vec<NodeIndex> = graph.nodes().filter(is_meant).collect();
        if let Target::Weak(_) = target {
            let referred = |&node: &NodeIndex| {
                let reference = follow(graph, node, &["target"])?;
                follow(graph, reference, &["target"])
            };
            found = found.iter().filter_map(referred).collect();
        }
        if found.is_empty() {
            let text = match target {
                Target::Id(id) => format!("no node has the id {id}"),
                Target::Class(class) | Target::Weak(class) => {
                    format!("no object is of class {class:?}")
                }
                Target::Name(name) => format!("no function, string or class is called {name:?}"),
            };
            let advice = "see `leakguard heap summary` for what there is";
            return Err(Error::new(Kind::InvalidInput, format!("{text}; {advice}")));
        }
        let dominators = snapshot.dominators();
        let count = found.len();
        let largest = dominators.largest(found, shown.limit);
        let describer = Describer::new(snapshot, shown.redact);
        Ok(Self {
            count,
            targets: largest
                .into_iter()
                .map(|node| describer.retained(node))
                .collect(),
        })
    }
}

/// Describes nodes of one snapshot.
pub(super) struct Describer<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) graph: &'a Graph,
    pub(super) fields: FieldNames,
    places: Places<'a>,
    /// How many of each class a node holds as one of many; ways share their steps.
    counts: RefCell<FxHashMap<NodeIndex, FxHashMap<ClassKey, usize>>>,
    redact: bool,
}

impl<'a> Describer<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, redact: bool) -> Self {
        let graph = snapshot.graph();
        Self {
            snapshot,
            graph,
            fields: FieldNames::new(graph),
            places: Places::new(graph),
            counts: RefCell::default(),
            redact,
        }
    }

    pub(super) fn retained(&self, node: NodeIndex) -> Retained {
        let graph = self.graph;
        let contents = graph
            .edges_of(node)
            .filter(|&edge| leads_to_contents(graph, node, edge))
            .map(|edge| graph.edges_of(graph.target(edge)).count());
        Retained {
            id: graph.id(node),
            class: class_name(graph, node).to_owned(),
            name: describe::name(graph, node, self.redact),
            place: self.places.of(node),
            shallow_bytes: graph.self_size_bytes(node),
            retained_bytes: self.snapshot.dominators().retained_bytes(node),
            reference_count: graph.edges_of(node).count() + contents.sum::<usize>(),
            distance: self.snapshot.distances().of(node),
            path: self.path(node),
        }
    }

    fn path(&self, node: NodeIndex) -> Vec<Step> {
        let graph = self.graph;
        let edges = self.snapshot.paths().to(graph, node).unwrap_or_default();
        let mut steps = Vec::new();
        let mut most = (MANY - 1, edges.len());
        for (from, edge) in edges {
            let to = graph.target(edge);
            // The target is told even where it is the contents of something itself.
            if to != node && (leads_to_contents(graph, from, edge) || is_realm(graph, to)) {
                continue;
            }
            let alike = self.alike(from, edge);
            if alike > most.0 {
                most = (alike, steps.len());
            }
            steps.push(Step {
                by: self.by(from, edge),
                class: class_name(graph, to).to_owned(),
                name: describe::name(graph, to, self.redact),
                place: self.places.of(to),
                id: graph.id(to),
                retained_bytes: self.snapshot.dominators().retained_bytes(to),
                is_suspect: false,
            });
        }
        let suspect = most.1.min(steps.len().saturating_sub(1));
        if let Some(step) = steps.get_mut(suspect) {
            step.is_suspect = true;
        }
        steps
    }

    /// How many of the same class are held in the same way.
    fn alike(&self, from: NodeIndex, edge: EdgeIndex) -> usize {
        if !self.is_one_of_many(from, edge) {
            return 0;
        }
        let mut counts = self.counts.borrow_mut();
        let counts = counts.entry(from).or_insert_with(|| self.count(from));
        let class = ClassKey::of(self.graph, self.graph.target(edge));
        counts.get(&class).copied().unwrap_or(0)
    }

    fn count(&self, from: NodeIndex) -> FxHashMap<ClassKey, usize> {
        let mut counts = FxHashMap::default();
        for edge in self.graph.edges_of(from) {
            if self.is_one_of_many(from, edge) {
                let class = ClassKey::of(self.graph, self.graph.target(edge));
                *counts.entry(class).or_insert(0) += 1;
            }
        }
        counts
    }

    fn is_one_of_many(&self, from: NodeIndex, edge: EdgeIndex) -> bool {
        let graph = self.graph;
        match graph.edge_kind(edge) {
            // Roots have many of everything.
            _ if graph.kind(from) == NodeKind::Synthetic => false,
            // Modules have many functions.
            EdgeKind::Property => graph.kind(graph.target(edge)) != NodeKind::Closure,
            _ => self.fields.number(graph, edge).is_some(),
        }
    }

    fn by(&self, from: NodeIndex, edge: EdgeIndex) -> String {
        let graph = self.graph;
        if from == NodeIndex::from(0_u32) || is_realm(graph, from) {
            return String::new();
        }
        match (self.fields.number(graph, edge), self.owner_class(from)) {
            (Some(_), Some("Map")) => self
                .key(from, edge)
                .map_or_else(|| "[x]".to_owned(), |key| format!("get({key})")),
            (Some(_), Some(class)) if class != "Array" => "[x]".to_owned(),
            _ => describe::by(graph, &graph.edge(edge), self.redact),
        }
    }

    /// The class of what a node is the contents of.
    fn owner_class(&self, contents: NodeIndex) -> Option<&str> {
        let owner = self.snapshot.dominators().of(contents)?;
        is_contents(self.graph, contents).then(|| class_name(self.graph, owner))
    }

    /// The key of an entry of a `Map`, whose table has each value right behind its key.
    fn key(&self, table: NodeIndex, value: EdgeIndex) -> Option<String> {
        let graph = self.graph;
        let number = |edge| self.fields.number(graph, edge);
        let before = value.get().checked_sub(1).map(EdgeIndex::from)?;
        if !graph.edge_range(table).contains(&before.get())
            || number(before)?.checked_add(1) != number(value)
        {
            return None;
        }
        let key = graph.target(before);
        Some(match graph.kind(key) {
            NodeKind::String => format!("{:?}", describe::contents(graph.name(key), self.redact)),
            _ => format!("{} @{}", class_name(graph, key), graph.id(key)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Heap;
    use super::*;

    /// `sessions` is a `Map` in a closure's context, in a file.
    fn service() -> Heap {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 8);
        let handler = heap.node("closure", "handler", 8);
        let shared = heap.node("code", "handler", 8);
        let script = heap.node("code", "/app/server.js", 8);
        let context = heap.node("object", "system / Context", 8);
        let map = heap.node("object", "Map", 16);
        let table = heap.node("array", "", 80);
        heap.edge(0, "shortcut", "2", global);
        heap.edge(global, "property", "handler", handler);
        heap.edge(handler, "internal", "shared", shared);
        heap.edge(shared, "internal", "script", script);
        heap.edge(handler, "internal", "context", context);
        heap.edge(context, "context", "sessions", map);
        heap.edge(map, "internal", "table", table);
        heap.location(handler, 7, 11, 3);
        for index in 0..20 {
            let token = heap.node("string", &format!("token {index}"), 16);
            let session = heap.node("object", "Session", 100 + index);
            let at = 3 * index;
            heap.edge(table, "internal", &at.to_string(), token);
            heap.edge(table, "internal", &(at + 1).to_string(), session);
        }
        heap
    }

    fn ask(heap: &Heap, target: &Target, redact: bool) -> Result<Retainers> {
        let shown = Shown { limit: 1, redact };
        Retainers::new(&heap.graph().into(), target, shown)
    }

    fn session() -> Target {
        Target::Class("Session".to_owned())
    }

    #[test]
    fn a_way_has_no_tables_and_contexts_but_keys_and_places() {
        let found = ask(&service(), &session(), false).unwrap();
        assert_eq!(found.count, 20);
        let steps: Vec<String> = found.targets[0]
            .path
            .iter()
            .map(|step| format!("{} {}", step.by, step.class))
            .collect();
        assert_eq!(
            steps,
            [
                " global",
                ".handler Function",
                "variable sessions Map",
                "get(\"token 19\") Session"
            ]
        );
        let place = found.targets[0].path[1].place.as_deref();
        assert_eq!(place, Some("/app/server.js:12:4"));
    }

    #[test]
    fn the_step_from_what_holds_many_of_the_kind_is_marked() {
        let marked = |target: &Target| {
            let found = ask(&service(), target, false).unwrap();
            let path = &found.targets[0].path;
            let marks: Vec<usize> = (0..path.len()).filter(|&at| path[at].is_suspect).collect();
            (path.len(), marks)
        };
        assert_eq!(marked(&session()), (4, vec![3]));
        // Without many of anything it is the last step.
        assert_eq!(marked(&Target::Name("handler".to_owned())), (2, vec![1]));
    }

    #[test]
    fn what_is_referred_to_weakly_is_found_by_another_way() {
        let mut heap = service();
        let probe = heap.node("object", "Probe", 8);
        let reference = heap.node("object", "WeakRef", 8);
        let map = 6;
        heap.edge(1, "property", "aProbe", probe);
        heap.edge(probe, "property", "target", reference);
        heap.edge(reference, "weak", "target", map);
        let found = ask(&heap, &Target::Weak("Probe".to_owned()), false).unwrap();
        let last = found.targets[0].path.last().unwrap();
        assert_eq!(
            (last.by.as_str(), last.class.as_str()),
            ("variable sessions", "Map")
        );
    }

    #[test]
    fn redacted_a_way_has_no_keys() {
        let found = ask(&service(), &session(), true).unwrap();
        let json = serde_json::to_string(&found).unwrap();
        assert!(!json.contains("token"), "{json}");
    }

    #[test]
    fn an_id_is_one_node_and_what_is_not_there_is_an_error() {
        let heap = service();
        let graph = heap.graph();
        let map = graph
            .nodes()
            .find(|&node| graph.name(node) == "Map")
            .unwrap();
        let found = ask(&heap, &Target::Id(graph.id(map)), false).unwrap();
        assert_eq!((found.count, found.targets[0].class.as_str()), (1, "Map"));
        assert_eq!(found.targets[0].reference_count, 1 + 40);
        for (target, said) in [
            (Target::Id(1_000_000), "no node has the id 1000000"),
            (
                Target::Class("No".to_owned()),
                "no object is of class \"No\"",
            ),
            (Target::Name("no".to_owned()), "called \"no\""),
        ] {
            let error = ask(&heap, &target, false).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
