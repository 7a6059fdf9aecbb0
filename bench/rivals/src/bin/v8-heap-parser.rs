//! `v8-heap-parser FILE`: the same as `leakguard FILE`, by the crate of that name. It is given the whole text,
//! which it reads much faster than a reader.

fn main() {
    let path = std::env::args().nth(1).expect("the path of a snapshot");
    let text = std::fs::read(path).expect("a file that can be read");
    let graph = v8_heap_parser::decode_slice(&text).expect("a snapshot that can be read");
    drop(text);
    let bytes = graph.retained_size(graph.root_index);
    println!("{} {bytes}", graph.nodes().len());
}
