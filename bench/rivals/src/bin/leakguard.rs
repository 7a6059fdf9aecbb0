//! `leakguard FILE`: dominators and retained sizes of a heap snapshot; prints how many nodes it has and what the root
//! retains.

use std::path::Path;

use leakguard::heap::{file, Dominators, NodeIndex};

fn main() {
    let path = std::env::args().nth(1).expect("the path of a snapshot");
    let graph = file::read(Path::new(&path), &file::Progress::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let dominators = Dominators::new(&graph);
    let bytes = dominators.retained_bytes(NodeIndex::from(0_u32));
    println!("{} {bytes}", graph.node_count());
}
