//! Snapshots made of any bytes, as V8 writes them: each says what its nodes and edges are, in the words that
//! the analysis looks for.

use std::fmt::Write;

const NODE_KINDS: [&str; 17] = [
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
    "sliced string",
    "symbol",
    "bigint",
    "object shape",
    "wasm object",
    "",
];
const EDGE_KINDS: [&str; 8] = [
    "context", "element", "property", "internal", "hidden", "shortcut", "weak", "news",
];
/// Where `element` and `hidden` are among them.
const INDEXED: [u8; 2] = [1, 4];

const NAMES: &[&str] = &[
    "",
    "(root)",
    "(GC roots)",
    "Map",
    "Set",
    "WeakMap",
    "WeakSet",
    "Array",
    "TimersList",
    "Session",
    "system / Context",
    "system / NativeContext",
    "global_object",
    "extension",
    "table",
    "elements",
    "properties",
    "context",
    "previous",
    "bound_this",
    "__proto__",
    "shared",
    "script",
    "script_or_debug_info",
    "_events",
    "_idlePrev",
    "0",
    "1",
    "2",
    "3",
    "4",
    "4294967295",
    "4294967296",
    "a key",
    "naïve 中 😀",
    "file:///app.js",
    "line\n\"quoted\" \\ \u{1}",
];

const SIZES: [u64; 8] = [
    0,
    1,
    24,
    1 << 20,
    u32::MAX as u64 - 1,
    u32::MAX as u64,
    1 << 53,
    u64::MAX,
];

/// Bytes as they are asked for; 0 when there are no more.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }
}

/// Where a byte leads to in a table, whatever its length.
fn at(byte: u8, table: &[&str]) -> u8 {
    u8::try_from(table.len()).map_or(byte, |length| byte % length)
}

/// An input of `checks::check`, and how many snapshots it has.
pub(crate) fn snapshots(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (settings, bytes) = bytes.split_at(bytes.len().min(4));
    let (cut, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let place = if *cut == 0 {
        bytes.len()
    } else {
        bytes.len() * usize::from(*cut) / 256
    };
    let mut text = snapshot(&bytes[..place]);
    text.push('\0');
    if *cut != 0 {
        // A second that goes on where the first ends has all that is in it, and often more.
        let goes_on = cut % 2 == 0;
        let second = if goes_on { bytes } else { &bytes[place..] };
        text += &snapshot(second);
    }
    text.push('\0');
    let mut input = text.into_bytes();
    input.extend_from_slice(settings);
    (input, 1 + usize::from(*cut != 0))
}

struct Node {
    kind: u8,
    name: u8,
    id: usize,
    size: u64,
    edges: Vec<[u8; 3]>,
}

fn snapshot(bytes: &[u8]) -> String {
    let mut bytes = Bytes(bytes);
    let flags = bytes.next();
    let has = |bit: u8| flags & 1 << bit != 0;
    let [has_trace, has_detachedness, has_locations, edges_come_first, ids_are_free] =
        [0, 1, 2, 3, 4].map(has);
    let count = 1 + usize::from(bytes.next()).min(bytes.0.len() / 3);
    let mut nodes: Vec<Node> = (0..count)
        .map(|index| {
            let [kind, name, size] = [(); 3].map(|()| bytes.next());
            Node {
                kind,
                name: at(name, NAMES),
                id: if ids_are_free {
                    usize::from(bytes.next())
                } else {
                    2 * index + 1
                },
                size: if size < 0xf0 {
                    size.into()
                } else {
                    SIZES[usize::from(size & 7)]
                },
                edges: Vec::new(),
            }
        })
        .collect();
    // The root is one mostly.
    if nodes[0].kind < 0xf0 {
        (nodes[0].kind, nodes[0].name) = (9, 1);
    }
    while !bytes.0.is_empty() {
        let [from, kind, name, to] = [(); 4].map(|()| bytes.next());
        nodes[usize::from(from) % count]
            .edges
            .push([kind, name, to]);
    }
    let mut fields = vec!["type", "name", "id", "self_size", "edge_count"];
    fields.extend(has_trace.then_some("trace_node_id"));
    fields.extend(has_detachedness.then_some("detachedness"));
    let mut node_numbers = Vec::new();
    let mut edge_numbers = Vec::new();
    let mut locations = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let kind = at(node.kind & 0x1f, &NODE_KINDS);
        let numbers = [
            kind.into(),
            node.name.into(),
            node.id as u64,
            node.size,
            node.edges.len() as u64,
        ];
        node_numbers.extend(numbers);
        node_numbers.extend(has_trace.then_some(0));
        node_numbers.extend(has_detachedness.then_some(u64::from(node.kind >> 6)));
        for &[kind, name, to] in &node.edges {
            let kind = at(kind, &EDGE_KINDS);
            let name = if INDEXED.contains(&kind) {
                name
            } else {
                at(name, NAMES)
            };
            let to = usize::from(to) % count * fields.len();
            edge_numbers.extend([kind.into(), name.into(), to as u64]);
        }
        if has_locations && NODE_KINDS[usize::from(kind)] == "closure" {
            let place = (index * fields.len()) as u64;
            locations.extend([place, 1, node.name.into(), node.size & 0xff]);
        }
    }
    let header = serde_json::json!({
        "meta": {
            "node_fields": fields,
            "node_types": [NODE_KINDS],
            "edge_fields": ["type", "name_or_index", "to_node"],
            "edge_types": [EDGE_KINDS],
            "location_fields": if has_locations {
                vec!["object_index", "script_id", "line", "column"]
            } else {
                vec![]
            },
        },
        "node_count": count,
        "edge_count": edge_numbers.len() / 3,
    });
    let mut arrays = [("nodes", node_numbers), ("edges", edge_numbers)];
    if edges_come_first {
        arrays.reverse();
    }
    let mut text = format!("{{\"snapshot\":{header}");
    for (name, numbers) in arrays.into_iter().chain([("locations", locations)]) {
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        // Writing to a text cannot fail.
        let _ = write!(text, ",\n\"{name}\":[{}]", numbers.join(","));
    }
    let _ = write!(text, ",\n\"strings\":{}}}", serde_json::json!(NAMES));
    text
}
