//! Every node of a heap snapshot, a line each: `cargo run --example heap-nodes --no-default-features -- FILE`.
//!
//! A line holds the id, its own size, what it retains and the id of its closest dominator, 0 where there is none,
//! with tabs between them. The classes come after an empty line, each with its count, its own size, what it retains
//! and its name.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use leakguard::heap::{self, file, Class, Dominators};

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("the path of a snapshot");
    let graph = file::read(Path::new(&path), &file::Progress::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let dominators = Dominators::new(&graph);
    let mut out = BufWriter::new(io::stdout().lock());
    for node in graph.nodes() {
        writeln!(
            out,
            "{}\t{}\t{}\t{}",
            graph.id(node),
            graph.self_size_bytes(node),
            dominators.retained_bytes(node),
            dominators.of(node).map_or(0, |above| graph.id(above)),
        )?;
    }
    writeln!(out)?;
    for class in heap::classes(&graph, &dominators) {
        let Class {
            name,
            count,
            shallow_bytes,
            retained_bytes,
        } = class;
        let name = serde_json::to_string(&name)?;
        writeln!(out, "{count}\t{shallow_bytes}\t{retained_bytes}\t{name}")?;
    }
    out.flush()
}
