//! Where V8 keeps what something contains: tables, elements, properties, and the contexts of closures. To a
//! program these are a part of what they are the contents of.

use super::graph::{EdgeName, Graph};
use super::index::{Column, EdgeIndex, NodeIndex, StringIndex};
use super::layout::{EdgeKind, NodeKind};
use super::weak_map::pair_of;

/// How V8 calls where a closure's variables are.
const CONTEXT: &str = "system / Context";

/// Whether an edge leads to where V8 keeps what its source contains.
pub(super) fn leads_to_contents(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> bool {
    let kind = graph.edge_kind(edge);
    matches!(kind, EdgeKind::Internal | EdgeKind::Hidden)
        && graph.kind(from) != NodeKind::Synthetic
        && is_contents(graph, graph.target(edge))
}

/// Whether V8 keeps there what something else contains.
pub(super) fn is_contents(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) == NodeKind::Array || is_context(graph, node)
}

/// Whether the variables of closures are there.
pub(super) fn is_context(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) == NodeKind::Object && graph.name(node) == CONTEXT
}

/// Whether it is what belongs to one set of globals, which V8 has by the name of a context.
pub(super) fn is_realm(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) == NodeKind::Hidden && graph.name(node) == "system / NativeContext"
}

/// What V8 means by the name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldName {
    /// One of many: the fields of V8's tables are named by their numbers.
    Number(u32),
    /// Where contents are kept.
    Contents,
    /// What an object inherits from.
    Prototype,
    /// A value of a `WeakMap`.
    Pair,
    /// Any other.
    Other,
}

/// What every name of a snapshot means when it is the name of a field; asked for every edge.
pub(super) struct FieldNames(Column<StringIndex, FieldName>);

impl FieldNames {
    pub(super) fn new(graph: &Graph) -> Self {
        let strings = graph.strings();
        let meaning = |index: usize| match strings.get(StringIndex::from(index)) {
            "elements" | "properties" | "table" | "context" | "previous" | "bound_this" => {
                FieldName::Contents
            }
            "__proto__" => FieldName::Prototype,
            name => match name.as_bytes().first() {
                Some(b'0'..=b'9') if pair_of(name).is_some() => FieldName::Pair,
                Some(b'0'..=b'9') => name.parse().map_or(FieldName::Other, FieldName::Number),
                _ => FieldName::Other,
            },
        };
        Self((0..strings.len()).map(meaning).collect())
    }

    pub(super) fn of(&self, name: StringIndex) -> FieldName {
        self.0.get(name).copied().unwrap_or(FieldName::Other)
    }

    /// The number of an edge that is one of many, an element or a field of a table.
    pub(super) fn number(&self, graph: &Graph, edge: EdgeIndex) -> Option<u32> {
        match (graph.edge(edge).name, graph.edge_kind(edge)) {
            (EdgeName::Index(index), _) => Some(index),
            (EdgeName::Name(name), EdgeKind::Internal) => match self.of(name) {
                FieldName::Number(number) => Some(number),
                _ => None,
            },
            _ => None,
        }
    }
}
