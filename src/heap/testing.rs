//! Small heaps for tests: written as V8 writes them, so that they are read by the very parser.

use std::collections::HashMap;
use std::fmt::Write;

use super::graph::{Detachedness, Graph};
use super::index::NodeIndex;
use super::parser::Parser;
use crate::error::Result;

const HEADER: &str = r#""snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count","detachedness"],"node_types":[["hidden","array","string","object","code","closure","regexp","number","native","synthetic","concatenated string","sliced string","symbol","bigint","object shape"],"string","number","number","number","number"],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["context","element","property","internal","hidden","shortcut","weak"],"string_or_number","node"],"trace_function_info_fields":[],"trace_node_fields":[],"sample_fields":[],"location_fields":["object_index","script_id","line","column"]}"#;
const NODE_WIDTH: usize = 6;

/// A heap that is being made. Node 0 is the root.
#[derive(Default)]
pub(super) struct Heap {
    nodes: Vec<(String, usize, u64)>,
    states: HashMap<usize, Detachedness>,
    edges: Vec<Vec<(&'static str, String, usize)>>,
    locations: Vec<[usize; 4]>,
}

const NODE_KINDS: [&str; 11] = [
    "hidden",
    "array",
    "string",
    "object",
    "code",
    "closure",
    "regexp",
    "number",
    "native",
    "synthetic",
    "concatenated string",
];
const EDGE_KINDS: [&str; 7] = [
    "context", "element", "property", "internal", "hidden", "shortcut", "weak",
];

fn id(index: usize) -> usize {
    2 * index + 1
}

impl Heap {
    pub(super) fn new() -> Self {
        let mut heap = Self::default();
        heap.node("synthetic", "(root)", 0);
        heap
    }

    /// Adds a node; returns its index.
    pub(super) fn node(&mut self, kind: &str, name: &str, self_size: u64) -> usize {
        let kind = NODE_KINDS.iter().position(|known| *known == kind).unwrap();
        self.nodes.push((name.to_owned(), kind, self_size));
        self.edges.push(Vec::new());
        self.nodes.len() - 1
    }

    /// Adds a reference; elements and hidden ones are named by a number.
    pub(super) fn edge(&mut self, from: usize, kind: &'static str, name: &str, to: usize) {
        self.edges[from].push((kind, name.to_owned(), to));
    }

    /// Adds a native node of 8 bytes whose state the browser knows.
    pub(super) fn dom(&mut self, name: &str, state: Detachedness) -> usize {
        let made = self.node("native", name, 8);
        self.states.insert(made, state);
        made
    }

    /// Makes something the value of a key in the table of a `WeakMap`.
    pub(super) fn pair(&mut self, table: usize, key: usize, value: usize) {
        let called = |node: usize| format!("({} @{})", self.nodes[node].0, id(node));
        let (of_key, of_value, table_id) = (called(key), called(value), id(table));
        let pair =
            format!("part of key {of_key} -> value {of_value} pair in WeakMap (table @{table_id})");
        self.edge(table, "internal", &format!("7 / {pair}"), value);
        self.edge(key, "internal", &format!("1 / {pair}"), value);
    }

    pub(super) fn location(&mut self, node: usize, script_id: usize, line: usize, column: usize) {
        self.locations
            .push([node * NODE_WIDTH, script_id, line, column]);
    }

    /// As V8 writes it.
    pub(super) fn json(&self) -> String {
        let mut strings: Vec<String> = vec!["<dummy>".to_owned()];
        let mut string = |text: &str| {
            let known = strings.iter().position(|string| string == text);
            known.unwrap_or_else(|| {
                strings.push(text.to_owned());
                strings.len() - 1
            })
        };
        let mut nodes = Vec::new();
        let mut edges = Vec::new();
        for (index, ((name, kind, self_size), own)) in
            self.nodes.iter().zip(&self.edges).enumerate()
        {
            nodes.push(format!(
                "{kind},{},{},{self_size},{},{}",
                string(name),
                id(index),
                own.len(),
                self.states.get(&index).map_or(0, |&state| state as u8),
            ));
            for (kind, name, to) in own {
                let number = EDGE_KINDS.iter().position(|known| known == kind).unwrap();
                let name = match *kind {
                    "element" | "hidden" => name.parse().unwrap(),
                    _ => string(name),
                };
                edges.push(format!("{number},{name},{}", to * NODE_WIDTH));
            }
        }
        let locations: Vec<String> = self
            .locations
            .iter()
            .map(|numbers| numbers.map(|number| number.to_string()).join(","))
            .collect();
        let strings: Vec<String> = strings
            .iter()
            .map(|text| serde_json::to_string(text).unwrap())
            .collect();
        let mut json = String::new();
        write!(
            json,
            "{{{HEADER},\"node_count\":{},\"edge_count\":{},\"trace_function_count\":0}},\n\"nodes\":[{}\n],\n\"edges\":[{}\n],\n\"trace_function_infos\":[],\n\"trace_tree\":[],\n\"samples\":[],\n\"locations\":[{}\n],\n\"strings\":[{}]}}",
            nodes.len(),
            edges.len(),
            nodes.join("\n,"),
            edges.join("\n,"),
            locations.join("\n,"),
            strings.join(",\n")
        )
        .unwrap();
        json
    }

    pub(super) fn graph(&self) -> Graph {
        parse(self.json().as_bytes()).unwrap()
    }
}

pub(super) fn parse(json: &[u8]) -> Result<Graph> {
    parse_pieces(json, json.len().max(1))
}

/// In pieces of so many bytes.
pub(super) fn parse_pieces(json: &[u8], length: usize) -> Result<Graph> {
    let mut parser = Parser::new(Some(json.len() as u64));
    for piece in json.chunks(length) {
        parser.push(piece)?;
    }
    parser.finish()
}

/// By its position.
pub(super) fn node(index: usize) -> NodeIndex {
    NodeIndex::from(index)
}
