//! Where V8 keeps what something contains: tables, elements, properties, and the contexts of closures. To a
//! program these are a part of what they are the contents of.

use super::graph::{EdgeName, Graph};
use super::index::{Column, EdgeIndex, NodeIndex, StringIndex};
use super::layout::{EdgeKind, NodeKind};
use super::node_names;
use super::weak_map::pair_of;

/// Whether an edge leads to where V8 keeps what its source contains.
pub(super) fn leads_to_contents(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> bool {
    let kind = graph.edge_kind(edge);
    matches!(kind, EdgeKind::Internal | EdgeKind::Hidden)
        && graph.kind(from) != NodeKind::Synthetic
        && is_contents(graph, graph.target(edge))
}

/// Whether an edge leads to what a program has no word for: contents, the parts of a string, or a set of
/// globals.
pub(super) fn leads_inside(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> bool {
    let is_of_parts = matches!(
        graph.kind(from),
        NodeKind::ConcatenatedString | NodeKind::SlicedString
    );
    is_of_parts || leads_to_contents(graph, from, edge) || is_realm(graph, graph.target(edge))
}

/// Whether what a node refers to is a root to a program.
pub(super) fn holds_roots(graph: &Graph, node: NodeIndex) -> bool {
    node == NodeIndex::from(0_u32) || is_realm(graph, node)
}

/// Whether V8 keeps there what something else contains.
pub(super) fn is_contents(graph: &Graph, node: NodeIndex) -> bool {
    match graph.kind(node) {
        NodeKind::Array => true,
        NodeKind::Object => is_context(graph, node),
        // Of the variables of scripts, each in a context.
        NodeKind::Hidden | NodeKind::Native => graph.name(node) == "system / ScriptContextTable",
        _ => false,
    }
}

/// Whether the variables of closures are there.
pub(super) fn is_context(graph: &Graph, node: NodeIndex) -> bool {
    graph.kind(node) == NodeKind::Object && node_names::is_context(graph.name(node))
}

/// Whether it is what belongs to one set of globals, which V8 has by the name of a context.
pub(super) fn is_realm(graph: &Graph, node: NodeIndex) -> bool {
    matches!(graph.kind(node), NodeKind::Hidden | NodeKind::Native)
        && node_names::is_realm(graph.name(node))
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
