//! What the numbers of a snapshot mean, as its own header says. Fields are found by name: V8 has added and
//! removed some with almost every major, and a reader that counts positions breaks each time.

use std::fmt;

use serde::Deserialize;

/// What kind of thing a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum NodeKind {
    /// V8's own: maps, descriptors, feedback.
    Hidden,
    /// A backing store, of elements, properties, contexts or tables.
    Array,
    /// A string with contents of its own.
    String,
    /// An object, named by its constructor.
    Object,
    /// Bytecode, machine code and what they need.
    Code,
    /// A function.
    Closure,
    /// A regular expression.
    RegExp,
    /// A number that does not fit its place.
    HeapNumber,
    /// Something that the embedder knows: handles, `ArrayBuffer` memory, DOM nodes.
    Native,
    /// A root or a group of them.
    Synthetic,
    /// Two strings put together.
    ConcatenatedString,
    /// A part of another string.
    SlicedString,
    /// A symbol.
    Symbol,
    /// A big integer.
    BigInt,
    /// What an object looks like inside: its hidden class.
    ObjectShape,
    /// One that this version does not know.
    Other,
}

/// How a node refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EdgeKind {
    /// A variable of a closure's context.
    Context,
    /// An element, by its index.
    Element,
    /// A property, by its name.
    Property,
    /// V8's own field, by a name.
    Internal,
    /// V8's own field, by an index.
    Hidden,
    /// What a bound function calls and the like: for people, not for the garbage collector.
    Shortcut,
    /// One that keeps nothing alive.
    Weak,
    /// One that this version does not know; it keeps its target alive.
    Other,
}

impl EdgeKind {
    /// With V8's names, in the order of their numbers.
    pub(super) const ALL: [(Self, &'static str); 8] = [
        (Self::Context, "context"),
        (Self::Element, "element"),
        (Self::Property, "property"),
        (Self::Internal, "internal"),
        (Self::Hidden, "hidden"),
        (Self::Shortcut, "shortcut"),
        (Self::Weak, "weak"),
        (Self::Other, ""),
    ];

    fn parse(name: &str) -> Self {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map_or(Self::Other, |&(kind, _)| kind)
    }

    /// Whether it is called by an index and not by a name.
    #[must_use]
    pub fn is_indexed(self) -> bool {
        matches!(self, Self::Element | Self::Hidden)
    }
}

impl NodeKind {
    /// With V8's names, in the order of their numbers.
    pub(super) const ALL: [(Self, &'static str); 16] = [
        (Self::Hidden, "hidden"),
        (Self::Array, "array"),
        (Self::String, "string"),
        (Self::Object, "object"),
        (Self::Code, "code"),
        (Self::Closure, "closure"),
        (Self::RegExp, "regexp"),
        (Self::HeapNumber, "number"),
        (Self::Native, "native"),
        (Self::Synthetic, "synthetic"),
        (Self::ConcatenatedString, "concatenated string"),
        (Self::SlicedString, "sliced string"),
        (Self::Symbol, "symbol"),
        (Self::BigInt, "bigint"),
        (Self::ObjectShape, "object shape"),
        (Self::Other, ""),
    ];

    fn parse(name: &str) -> Self {
        let known = Self::ALL.iter().find(|(_, known)| *known == name);
        known.map_or(Self::Other, |&(kind, _)| kind)
    }

    /// Whether it is there for V8, and not for the program.
    pub(super) fn is_v8s(self) -> bool {
        matches!(
            self,
            Self::Hidden | Self::Code | Self::ObjectShape | Self::Synthetic
        )
    }
}

/// Where the fields of a node stand in its record.
#[derive(Clone, Debug)]
pub(super) struct NodeFields {
    pub(super) width: usize,
    pub(super) kind: usize,
    pub(super) name: usize,
    pub(super) id: usize,
    pub(super) self_size: usize,
    pub(super) edge_count: usize,
    /// Since V8 8.
    pub(super) detachedness: Option<usize>,
    /// Who allocated it; newer snapshots have it in recordings alone.
    pub(super) trace_id: Option<usize>,
}

/// Where the fields of an edge stand in its record.
#[derive(Clone, Debug)]
pub(super) struct EdgeFields {
    pub(super) width: usize,
    pub(super) kind: usize,
    pub(super) name_or_index: usize,
    pub(super) to_node: usize,
}

/// Where the fields of a location stand in its record.
#[derive(Clone, Debug)]
pub(super) struct LocationFields {
    pub(super) width: usize,
    pub(super) object: usize,
    pub(super) script_id: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where the fields of a function that allocated stand in its record.
#[derive(Clone, Debug)]
pub(super) struct FunctionFields {
    pub(super) width: usize,
    pub(super) name: usize,
    pub(super) script: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// Where the fields of a node of the tree of calls stand in its record.
#[derive(Clone, Debug)]
pub(super) struct TraceFields {
    /// Without its children, which come last.
    pub(super) width: usize,
    pub(super) id: usize,
    pub(super) function: usize,
    pub(super) count: usize,
    pub(super) size: usize,
}

/// The header of a snapshot.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) nodes: NodeFields,
    pub(super) edges: EdgeFields,
    pub(super) locations: Option<LocationFields>,
    /// Of a recording of allocations, where its fields are those that are known.
    pub(super) traces: Option<(FunctionFields, TraceFields)>,
    /// By the number of a kind.
    pub(super) node_kinds: Vec<NodeKind>,
    /// By the number of a kind.
    pub(super) edge_kinds: Vec<EdgeKind>,
    pub(super) node_count: u64,
    pub(super) edge_count: u64,
}

#[derive(Deserialize)]
struct Header {
    meta: Meta,
    node_count: u64,
    edge_count: u64,
}

#[derive(Deserialize)]
struct Meta {
    node_fields: Vec<String>,
    node_types: Vec<Type>,
    edge_fields: Vec<String>,
    edge_types: Vec<Type>,
    #[serde(default)]
    location_fields: Vec<String>,
    #[serde(default)]
    trace_function_info_fields: Vec<String>,
    #[serde(default)]
    trace_node_fields: Vec<String>,
}

/// What a field can be: one of some names, or a number or a string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Type {
    Names(Vec<String>),
    Plain(#[allow(dead_code)] String),
}

/// A header that cannot be used, in words for whoever has the file.
#[derive(Debug)]
pub(super) struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Layout {
    /// # Errors
    /// What is missing, by its name.
    pub(super) fn from_json(header: &[u8]) -> Result<Self, Unusable> {
        let Header {
            meta,
            node_count,
            edge_count,
        } = serde_json::from_slice(header).map_err(|cause| Unusable(cause.to_string()))?;
        let node = |name| position(&meta.node_fields, "node_fields", name);
        let edge = |name| position(&meta.edge_fields, "edge_fields", name);
        let nodes = NodeFields {
            width: meta.node_fields.len(),
            kind: node("type")?,
            name: node("name")?,
            id: node("id")?,
            self_size: node("self_size")?,
            edge_count: node("edge_count")?,
            detachedness: node("detachedness").ok(),
            trace_id: node("trace_node_id").ok(),
        };
        let edges = EdgeFields {
            width: meta.edge_fields.len(),
            kind: edge("type")?,
            name_or_index: edge("name_or_index")?,
            to_node: edge("to_node")?,
        };
        let location = |name| position(&meta.location_fields, "location_fields", name);
        let locations = if meta.location_fields.is_empty() {
            None
        } else {
            Some(LocationFields {
                width: meta.location_fields.len(),
                object: location("object_index")?,
                script_id: location("script_id")?,
                line: location("line")?,
                column: location("column")?,
            })
        };
        let node_kinds = names(&meta.node_types, nodes.kind, "node_types")?;
        let edge_kinds = names(&meta.edge_types, edges.kind, "edge_types")?;
        Ok(Self {
            node_kinds: node_kinds
                .iter()
                .map(|name| NodeKind::parse(name))
                .collect(),
            edge_kinds: edge_kinds
                .iter()
                .map(|name| EdgeKind::parse(name))
                .collect(),
            nodes,
            edges,
            locations,
            traces: trace_fields(&meta.trace_function_info_fields, &meta.trace_node_fields),
            node_count,
            edge_count,
        })
    }
}

/// `None` where there are none, or where they are not what is known.
fn trace_fields(functions: &[String], nodes: &[String]) -> Option<(FunctionFields, TraceFields)> {
    let at = |fields: &[String], name| fields.iter().position(|field| field == name);
    let functions = FunctionFields {
        width: functions.len(),
        name: at(functions, "name")?,
        script: at(functions, "script_name")?,
        line: at(functions, "line")?,
        column: at(functions, "column")?,
    };
    let traces = TraceFields {
        width: nodes.len().checked_sub(1)?,
        id: at(nodes, "id")?,
        function: at(nodes, "function_info_index")?,
        count: at(nodes, "count")?,
        size: at(nodes, "size")?,
    };
    let children = at(nodes, "children")?;
    (children == traces.width).then_some((functions, traces))
}

fn position(fields: &[String], list: &str, name: &str) -> Result<usize, Unusable> {
    fields
        .iter()
        .position(|field| field == name)
        .ok_or_else(|| Unusable(format!("{list} has no {name:?}")))
}

fn names<'a>(types: &'a [Type], at: usize, list: &str) -> Result<&'a [String], Unusable> {
    match types.get(at) {
        Some(Type::Names(names)) if u8::try_from(names.len()).is_ok() => Ok(names),
        _ => Err(Unusable(format!("{list} does not name the kinds"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"meta":{
        "node_fields":["edge_count","type","name","extra","id","self_size"],
        "node_types":["number",["hidden","closure","news"],"string","number","number","number"],
        "edge_fields":["to_node","type","name_or_index"],
        "edge_types":["node",["weak","property","news"],"string_or_number"],
        "location_fields":["object_index","script_id","line","column"]},
        "node_count":3,"edge_count":2,"extra_native_bytes":7}"#;

    #[test]
    fn fields_are_found_by_name_in_any_order_and_new_ones_are_passed_over() {
        let layout = Layout::from_json(HEADER.as_bytes()).unwrap();
        let NodeFields {
            width,
            kind,
            name,
            id,
            self_size,
            edge_count,
            detachedness,
            trace_id,
        } = layout.nodes;
        assert_eq!((width, kind, name, id), (6, 1, 2, 4));
        assert_eq!((self_size, edge_count, detachedness), (5, 0, None));
        assert_eq!(trace_id, None);
        assert!(layout.traces.is_none());
        assert_eq!(layout.edges.to_node, 0);
        assert_eq!(
            layout.node_kinds,
            [NodeKind::Hidden, NodeKind::Closure, NodeKind::Other]
        );
        assert_eq!(
            layout.edge_kinds,
            [EdgeKind::Weak, EdgeKind::Property, EdgeKind::Other]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |text: String| Layout::from_json(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(
            refused(HEADER.replace("\"self_size\"", "\"size\"")),
            "node_fields has no \"self_size\""
        );
        assert_eq!(
            refused(HEADER.replace("\"to_node\"", "\"to\"")),
            "edge_fields has no \"to_node\""
        );
        assert_eq!(
            refused(HEADER.replace(r#"["weak","property","news"]"#, "\"number\"")),
            "edge_types does not name the kinds"
        );
        assert!(refused(HEADER.replace("\"node_count\"", "\"count\"")).contains("node_count"));
    }
}
