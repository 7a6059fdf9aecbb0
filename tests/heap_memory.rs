//! What a heap snapshot takes in memory, by stage, frozen: bytes per node of a graph with so many edges to each, by an
//! allocator that counts. Alone in its file, as whatever ran beside would be counted too. While a snapshot is read, there
//! are also a few blocks of its text for each thread that reads, whatever its size; these are not counted here.

use std::fmt::Write;

use leakguard::heap::{Distances, Dominators, Graph, Parser, Paths};
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const EDGES_PER_NODE: usize = 4;
const PIECE_BYTES: usize = 64 * 1024;

/// Bytes for each node.
#[derive(Debug)]
struct PerNode {
    /// What the graph keeps.
    graph: f64,
    /// Beside the graph, at most, while dominators and retained sizes are worked out.
    dominators: f64,
    /// Beside the graph, at most, while a way to every node is.
    paths: f64,
    /// Beside the graph, at most, while distances are.
    distances: f64,
}

/// Nodes that have an edge to the next each, and others to what a generator of Lehmer's draws.
fn snapshot(nodes: usize) -> String {
    let mut text = String::from(
        r#"{"snapshot":{"meta":{"node_fields":["type","name","id","self_size","edge_count"],"node_types":[["object"]],"edge_fields":["type","name_or_index","to_node"],"edge_types":[["property"]]},"#,
    );
    // Writing to a text cannot fail.
    let _ = write!(
        text,
        r#""node_count":{nodes},"edge_count":{}}},"nodes":["#,
        nodes * EDGES_PER_NODE
    );
    for node in 0..nodes {
        let comma = if node == 0 { "" } else { "," };
        let id = 2 * node + 1;
        let _ = writeln!(text, "{comma}0,0,{id},24,{EDGES_PER_NODE}");
    }
    text += "],\"edges\":[";
    let mut drawn = 1_u64;
    for edge in 0..nodes * EDGES_PER_NODE {
        let comma = if edge == 0 { "" } else { "," };
        drawn = drawn * 48_271 % 0x7fff_ffff;
        let to = match edge % EDGES_PER_NODE {
            0 => (edge / EDGES_PER_NODE + 1) % nodes,
            _ => usize::try_from(drawn).unwrap() % nodes,
        };
        let _ = writeln!(text, "{comma}0,1,{}", to * 5);
    }
    text + "],\"strings\":[\"Node\",\"next\"]}"
}

fn parse(text: &str) -> Graph {
    let mut parser = Parser::new(Some(text.len() as u64));
    for piece in text.as_bytes().chunks(PIECE_BYTES) {
        parser.push(piece).unwrap();
    }
    parser.finish().unwrap()
}

/// What `work` takes at most beside what there is, in bytes.
fn peak_of<T>(work: impl FnOnce() -> T) -> usize {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(work());
    MEMORY.peak_usage() - before
}

fn measure(nodes: usize) -> PerNode {
    let text = snapshot(nodes);
    let before = MEMORY.current_usage();
    let graph = parse(&text);
    let per_node = |bytes: usize| bytes as f64 / nodes as f64;
    PerNode {
        graph: per_node(MEMORY.current_usage() - before),
        dominators: per_node(peak_of(|| Dominators::new(&graph))),
        paths: per_node(peak_of(|| Paths::new(&graph))),
        distances: per_node(peak_of(|| Distances::new(&graph))),
    }
}

#[test]
fn each_stage_takes_so_many_bytes_a_node_however_large_the_snapshot() {
    let (small, large) = (measure(50_000), measure(200_000));
    // 17 for a node and 8 for each of its edges. Of the dominators, 20 are as their essay says, 12 are what comes of
    // them, not all at once, and the rest is for edges that go back, here more than half of all.
    let graph = 17.0 + 8.0 * EDGES_PER_NODE as f64;
    for (what, small, large, bound) in [
        ("graph", small.graph, large.graph, graph),
        ("dominators", small.dominators, large.dominators, 36.0),
        ("paths", small.paths, large.paths, 9.0),
        ("distances", small.distances, large.distances, 9.5),
    ] {
        assert!(large <= bound * 1.01, "{what}: {large} bytes a node");
        assert!(large <= small * 1.01, "{what}: {small} became {large}");
    }
}
