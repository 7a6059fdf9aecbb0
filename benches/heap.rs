//! Times and peak memory of the stages of a heap snapshot's analysis: `cargo bench --no-default-features --bench heap -- FILE…`.
//! It prints, and fails nothing.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use leakguard::heap::{self, file, Distances, Dominators, Graph, Paths};

/// A run of a large snapshot takes seconds, and differs by little.
const RUNS: usize = 10;

/// The most memory this process has had, in MiB, where the system tells.
fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn read(path: &Path) -> Graph {
    file::read(path, &file::Progress::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Each stage once, for its peak of memory, and then as often as it takes.
fn measure(criterion: &mut Criterion, path: &Path) {
    let graph = read(path);
    let parse_mib = peak_mib();
    let dominators = Dominators::new(&graph);
    let dominators_mib = peak_mib();
    let classes = heap::classes(&graph, &dominators);
    println!(
        "{}: {} nodes, {} edges, {} classes\n  parse {parse_mib} MiB at most, dominators and retained sizes \
         {dominators_mib} MiB, classes {} MiB",
        path.display(),
        graph.node_count(),
        graph.edge_count(),
        classes.len(),
        peak_mib(),
    );
    let mut group = criterion.benchmark_group(path.display().to_string());
    group.sampling_mode(SamplingMode::Flat);
    group.bench_function("parse", |bench| bench.iter_with_large_drop(|| read(path)));
    group.bench_function("dominators and retained sizes", |bench| {
        bench.iter_with_large_drop(|| Dominators::new(&graph));
    });
    group.bench_function("classes", |bench| {
        bench.iter(|| black_box(heap::classes(&graph, &dominators)));
    });
    group.bench_function("ways", |bench| {
        bench.iter_with_large_drop(|| Paths::new(&graph));
    });
    group.bench_function("distances", |bench| {
        bench.iter_with_large_drop(|| Distances::new(&graph));
    });
    group.finish();
}

fn main() {
    // Not as criterion reads arguments: those that are no options are files here, and not names of stages.
    let arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let files: Vec<PathBuf> = arguments
        .filter(|argument| !argument.to_string_lossy().starts_with("--"))
        .collect();
    if files.is_empty() {
        println!("heap: no snapshot given, nothing measured");
    }
    let mut criterion = Criterion::default()
        .sample_size(RUNS)
        .warm_up_time(Duration::from_millis(100))
        .without_plots();
    for path in files {
        measure(&mut criterion, &path);
    }
    criterion.final_summary();
}
