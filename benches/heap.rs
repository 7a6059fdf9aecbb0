//! Times and peak memory of the stages of a heap snapshot's analysis: `cargo bench --no-default-features --bench heap -- FILE…`.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use leakguard::heap::{self, file, Dominators, Paths};

/// The most memory this process has had, in MiB, where the system tells.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// A stage's result, the seconds it took and the peak of memory after it.
fn stage<T>(work: impl FnOnce() -> T) -> (T, f64, u64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64(), peak_mib())
}

fn main() {
    let files: Vec<PathBuf> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .map(PathBuf::from)
        .collect();
    if files.is_empty() {
        println!("heap: no snapshot given, nothing measured");
    }
    for path in files {
        let read = || file::read(&path, &file::Progress::default());
        let (graph, parse_s, parse_mib) = stage(read);
        let graph = graph.unwrap_or_else(|error| panic!("{error}"));
        let (dominators, dominators_s, dominators_mib) = stage(|| Dominators::new(&graph));
        let (classes, classes_s, classes_mib) = stage(|| heap::classes(&graph, &dominators));
        let (_, paths_s, paths_mib) = stage(|| Paths::new(&graph));
        println!(
            "{}: {} nodes, {} edges, {} classes\n  parse {parse_s:.3} s, {parse_mib} MiB at most\n  \
             dominators and retained sizes {dominators_s:.3} s, {dominators_mib} MiB\n  \
             classes {classes_s:.3} s, {classes_mib} MiB\n  ways {paths_s:.3} s, {paths_mib} MiB",
            path.display(),
            graph.node_count(),
            graph.edge_count(),
            classes.len(),
        );
    }
}
