//! Nodes, and the steps that lead to them, in the words of a JavaScript program.

use super::graph::{Edge, EdgeName, Graph};
use super::index::NodeIndex;
use super::layout::{EdgeKind, NodeKind};
use super::weak_map::{pair_of, table_of_pair, PAIR};

/// Characters of contents that are shown.
const SHOWN_CHARACTERS: usize = 60;

/// What a node is called beside its class: a function's name, what a string holds.
pub(super) fn name(graph: &Graph, node: NodeIndex, redact: bool) -> String {
    match graph.kind(node) {
        NodeKind::Closure => graph.name(node).to_owned(),
        NodeKind::String | NodeKind::ConcatenatedString | NodeKind::SlicedString => {
            contents(graph.name(node), redact)
        }
        _ => String::new(),
    }
}

/// What a string holds, cut where it is long.
pub(super) fn contents(text: &str, redact: bool) -> String {
    let length = text.chars().count();
    if redact {
        return format!("({length} characters)");
    }
    let shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
    if length > SHOWN_CHARACTERS {
        format!("{shown}…")
    } else {
        shown
    }
}

/// A property as a program has it: `.cache`, or `["a key"]`.
pub(super) fn property(name: &str, redact: bool) -> String {
    let is_identifier = name
        .chars()
        .all(|character| character.is_alphanumeric() || "_$#".contains(character));
    if is_identifier {
        format!(".{name}")
    } else {
        format!("[{:?}]", contents(name, redact))
    }
}

/// How an edge is called.
pub(super) fn by(graph: &Graph, edge: &Edge, redact: bool) -> String {
    match (edge.name, edge.kind) {
        (EdgeName::Index(index), _) => format!("[{index}]"),
        (EdgeName::Name(name), kind) => {
            let name = graph.strings().get(name);
            match kind {
                EdgeKind::Property => property(name, redact),
                EdgeKind::Context => format!("variable {name}"),
                _ if pair_of(name).is_some() => table_of_pair(name).map_or_else(
                    || format!("{{{PAIR}}}"),
                    |table| format!("{{{PAIR} (table @{table})}}"),
                ),
                _ => format!("{{{name}}}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Heap;
    use super::*;

    #[test]
    fn a_pair_of_a_weak_map_says_nothing_of_its_value() {
        let mut heap = Heap::new();
        let table = heap.node("array", "", 8);
        let key = heap.node("object", "Key", 8);
        let value = heap.node("string", "jane@example.com", 8);
        heap.pair(table, key, value);
        heap.edge(
            key,
            "internal",
            "2 / part of key (Key @5) -> value (jane",
            value,
        );
        let graph = heap.graph();
        let edges = graph.edges_of(NodeIndex::from(key));
        let said: Vec<String> = edges
            .map(|edge| by(&graph, &graph.edge(edge), false))
            .collect();
        assert_eq!(said, ["{pair in WeakMap (table @3)}", "{pair in WeakMap}"]);
    }

    #[test]
    fn a_long_string_is_cut_where_characters_end() {
        assert_eq!(
            contents(&"é".repeat(61), false),
            format!("{}…", "é".repeat(60))
        );
        assert_eq!(contents("é", false), "é");
    }
}
