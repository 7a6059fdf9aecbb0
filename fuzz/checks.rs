//! What must hold of every snapshot, whatever is in it. Fed by libFuzzer (`fuzz_targets/`) and by `tests/fuzz.rs`.
//!
//! An input is one snapshot or two, and settings, each ended by a byte of 0, which no JSON has: a seed without
//! settings is a file that `leakguard heap summary` reads.

use std::collections::HashSet;
use std::iter::successors;

use leakguard::error::{Error, Kind, Result};
use leakguard::heap::{
    classes, Allocations, Answer, Diff, Dominators, EdgeIndex, EdgeKind, Graph, Growth,
    GrowthSearch, NodeIndex, Parser, Paths, Question, Retained, Shown, Snapshot, Target,
};

/// Nodes of a graph that the definitions are tried on; they take the cube of it.
const MAX_DEFINED: usize = 24;
/// Nodes whose ways are walked.
const MAX_WALKED: usize = 64;

/// How a snapshot is read and asked.
struct Settings {
    piece_bytes: usize,
    is_length_known: bool,
    shown: Shown,
    at_least: Option<u64>,
}

impl Settings {
    fn new(bytes: &[u8]) -> Self {
        let byte = |at: usize| bytes.get(at).copied();
        let flags = byte(1).unwrap_or(0);
        Self {
            piece_bytes: match byte(0).unwrap_or(0) {
                0 => usize::MAX,
                length => length.into(),
            },
            is_length_known: flags & 1 == 0,
            shown: Shown {
                limit: byte(2).map_or(20, usize::from),
                redact: flags & 2 != 0,
            },
            at_least: byte(3).map(|count| match count {
                u8::MAX => u64::MAX,
                count => count.into(),
            }),
        }
    }
}

/// Reads what is there and asks it everything; returns how many snapshots were accepted.
pub(crate) fn check(input: &[u8]) -> usize {
    let mut parts = input.splitn(3, |&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let texts = [part(), part()];
    let settings = Settings::new(part());
    let read = |text: &&[u8]| read(text, &settings);
    let snapshots: Vec<Snapshot> = texts.iter().filter_map(read).collect();
    for snapshot in &snapshots {
        check_dominators(snapshot);
        check_paths(snapshot);
        check_answers(snapshot, settings.shown);
        check_against_itself(snapshot, &settings);
    }
    if let [first, second] = &snapshots[..] {
        check_pair(first, second, &settings);
    }
    snapshots.len()
}

fn parse(text: &[u8], piece_bytes: usize, is_length_known: bool) -> Result<Graph> {
    let mut parser = Parser::new(is_length_known.then_some(text.len() as u64));
    for piece in text.chunks(piece_bytes) {
        parser.push(piece)?;
    }
    parser.finish()
}

/// In pieces and whole, which makes no difference; whole alone when no pieces are asked for.
fn read(text: &[u8], settings: &Settings) -> Option<Snapshot> {
    let Settings {
        piece_bytes,
        is_length_known,
        ..
    } = *settings;
    let whole = parse(text, usize::MAX, true);
    if piece_bytes == usize::MAX {
        return whole
            .map_err(|error| check_error(text, &error))
            .ok()
            .map(Snapshot::from);
    }
    let pieces = parse(text, piece_bytes, is_length_known);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert!(is_same(&whole, &pieces));
            Some(whole.into())
        }
        (Err(whole), Err(pieces)) => {
            check_error(text, &whole);
            assert_eq!(whole.to_string(), pieces.to_string());
            None
        }
        (whole, pieces) => panic!("whole: {:?}, in pieces: {:?}", whole.err(), pieces.err()),
    }
}

fn check_error(text: &[u8], error: &Error) {
    assert_eq!(error.kind(), Kind::InvalidInput);
    let at = error.offset_bytes().expect("an error says where");
    assert!(at <= text.len(), "{error}");
}

fn is_same(one: &Graph, other: &Graph) -> bool {
    let of = |graph: &Graph, node| {
        (
            graph.kind(node),
            graph.id(node),
            graph.self_size_bytes(node),
        )
    };
    let edges = |graph: &Graph, node| -> Vec<_> {
        let edges = graph.edges_of(node);
        edges.map(|edge| graph.edge(edge)).collect()
    };
    one.node_count() == other.node_count()
        && one.edge_count() == other.edge_count()
        && one.locations().len() == other.locations().len()
        && Allocations::new(one, usize::MAX) == Allocations::new(other, usize::MAX)
        && one.nodes().all(|node| {
            of(one, node) == of(other, node)
                && one.name(node) == other.name(node)
                && one.detachedness(node) == other.detachedness(node)
                && edges(one, node) == edges(other, node)
        })
}

fn root() -> NodeIndex {
    NodeIndex::from(0_u32)
}

fn keeps_alive(graph: &Graph, from: NodeIndex, edge: EdgeIndex) -> bool {
    match graph.edge_kind(edge) {
        EdgeKind::Weak => false,
        EdgeKind::Shortcut => from == root(),
        _ => true,
    }
}

/// What the root reaches when one node is left out.
fn reached_without(graph: &Graph, left_out: Option<NodeIndex>) -> Vec<bool> {
    let mut reached = vec![false; graph.node_count()];
    let mut waiting = vec![root()];
    while let Some(from) = waiting.pop() {
        if Some(from) == left_out || std::mem::replace(&mut reached[usize::from(from)], true) {
            continue;
        }
        let alive = graph
            .edges_of(from)
            .filter(|&edge| keeps_alive(graph, from, edge));
        waiting.extend(alive.map(|edge| graph.target(edge)));
    }
    reached
}

fn sum_of(graph: &Graph, is_meant: impl Fn(NodeIndex) -> bool) -> u64 {
    let meant = graph.nodes().filter(|&node| is_meant(node));
    meant.fold(0, |sum, node| {
        sum.saturating_add(graph.self_size_bytes(node))
    })
}

fn check_dominators(snapshot: &Snapshot) {
    let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
    let reached = reached_without(graph, None);
    for node in graph.nodes() {
        let retained = dominators.retained_bytes(node);
        assert!(retained >= graph.self_size_bytes(node));
        if let Some(dominator) = dominators.of(node) {
            assert!(dominators.retained_bytes(dominator) >= retained);
        }
        let is_held = node == root() || dominators.of(node).is_some();
        assert_eq!(is_held, reached[usize::from(node)]);
    }
    assert_eq!(
        dominators.retained_bytes(root()),
        sum_of(graph, |node| reached[usize::from(node)])
    );
    if graph.node_count() > MAX_DEFINED {
        return;
    }
    for node in graph.nodes().filter(|&node| reached[usize::from(node)]) {
        let without = reached_without(graph, Some(node));
        let is_lost = |of: NodeIndex| reached[usize::from(of)] && !without[usize::from(of)];
        assert_eq!(dominators.retained_bytes(node), sum_of(graph, is_lost));
        for of in graph.nodes().filter(|&of| of != root()) {
            let above = successors(dominators.of(of), |&above| dominators.of(above));
            let is_dominated = of == node || above.into_iter().any(|above| above == node);
            assert_eq!(is_dominated && reached[usize::from(of)], is_lost(of));
        }
    }
}

fn check_paths(snapshot: &Snapshot) {
    let (graph, dominators) = (snapshot.graph(), snapshot.dominators());
    let paths = Paths::new(graph);
    for node in graph.nodes().take(MAX_WALKED) {
        let path = paths.to(graph, node);
        let is_held = node == root() || dominators.of(node).is_some();
        assert_eq!(path.is_some(), is_held);
        let end = path.into_iter().flatten().fold(root(), |at, (from, edge)| {
            assert_eq!(at, from);
            assert!(keeps_alive(graph, from, edge));
            assert!(graph.edges_of(from).any(|of_from| of_from == edge));
            graph.target(edge)
        });
        assert!(!is_held || end == node);
    }
}

fn check_retained(retained: &Retained) {
    assert!(retained.retained_bytes >= retained.shallow_bytes);
    let suspects = retained.path.iter().filter(|step| step.is_suspect);
    assert_eq!(suspects.count(), usize::from(!retained.path.is_empty()));
}

fn is_share(share: f64) -> bool {
    (0.0..=1.0).contains(&share)
}

fn check_answers(snapshot: &Snapshot, shown: Shown) {
    let graph = snapshot.graph();
    let last = NodeIndex::from(graph.node_count() - 1);
    let dominators = Dominators::new(graph);
    let classes = classes(graph, &dominators);
    for class in &classes {
        assert!(class.retained_bytes >= class.shallow_bytes);
    }
    let class = classes.last().map_or("", |class| &class.name);
    let mut questions = vec![Question::Summary(shown), Question::Suspects(shown)];
    for target in [
        Target::Id(graph.id(last)),
        Target::Class(class.to_owned()),
        Target::Name(graph.name(last).to_owned()),
    ] {
        questions.push(Question::Path { target, shown });
    }
    for question in questions {
        let Ok(answer) = question.ask(snapshot) else {
            continue;
        };
        assert!(serde_json::to_string(&answer).is_ok());
        match answer {
            Answer::Summary(summary) => {
                let reached = dominators.retained_bytes(root());
                assert!(summary.total_bytes >= reached);
                assert_eq!(summary.class_count, classes.len());
                assert!(summary.objects.len() <= shown.limit);
                summary.objects.iter().for_each(check_retained);
                if let Some(Allocations {
                    function_count,
                    functions,
                }) = summary.allocations
                {
                    assert!(function_count > 0 && functions.len() <= shown.limit);
                    let live = functions.iter().filter_map(|function| function.live_bytes);
                    assert!(live.fold(0, u64::saturating_add) <= summary.total_bytes);
                }
            }
            Answer::Suspects(suspects) => {
                assert!(suspects.suspects.len() <= suspects.suspect_count);
                for suspect in suspects.suspects {
                    assert!(is_share(suspect.share), "{}", suspect.share);
                    check_retained(&suspect.retained);
                }
                assert!(suspects.class_suspects.len() <= suspects.class_suspect_count);
                // They have nothing in common.
                let sum = suspects.class_suspects.iter().map(|suspect| suspect.share);
                assert!(sum.sum::<f64>() < 1.0 + f64::EPSILON * 64.0);
                for suspect in suspects.class_suspects {
                    assert!(suspect.count > 0 && is_share(suspect.share));
                    suspect.holder.iter().for_each(check_retained);
                }
            }
            Answer::Path(retainers) => {
                assert!(retainers.count > 0);
                retainers.targets.iter().for_each(check_retained);
            }
        }
    }
}

fn growth(snapshots: &[&Snapshot], settings: &Settings) -> Growth {
    let mut search = GrowthSearch::default();
    for snapshot in snapshots {
        search.add(snapshot.graph());
    }
    let growth = search.growth(settings.shown, settings.at_least);
    assert!(serde_json::to_string(&growth).is_ok());
    for owner in &growth.owners {
        assert!(is_share(owner.share), "{}", owner.share);
        assert_eq!(owner.bytes.len(), snapshots.len());
    }
    growth
}

fn check_against_itself(snapshot: &Snapshot, settings: &Settings) {
    let diff = Diff::new(snapshot, snapshot, settings.shown);
    assert_eq!(diff.before, diff.after);
    assert_eq!((diff.class_count, diff.property_count), (0, 0), "{diff:?}");
    assert_eq!(growth(&[snapshot, snapshot], settings).owner_count, 0);
}

fn check_pair(first: &Snapshot, second: &Snapshot, settings: &Settings) {
    let there = Diff::new(first, second, settings.shown);
    let back = Diff::new(second, first, settings.shown);
    assert!(serde_json::to_string(&there).is_ok());
    assert_eq!((there.before, there.after), (back.after, back.before));
    // Of ways that are as good as each other the first snapshot's are kept, so properties may differ.
    assert_eq!(there.class_count, back.class_count);
    let ids = |of: &Snapshot| -> HashSet<u32> {
        let graph = of.graph();
        graph.nodes().map(|node| graph.id(node)).collect()
    };
    let (before, after) = (ids(first), ids(second));
    for change in there.classes.iter().chain(&there.properties) {
        assert!(change.new_count <= change.counts[1]);
        assert!(change.freed_count <= change.counts[0]);
        assert!(change.new_count == 0 || !after.is_subset(&before));
        assert!(change.freed_count == 0 || !before.is_subset(&after));
    }
    growth(&[first, second], settings);
    // What comes back to where it was does not grow.
    assert_eq!(growth(&[first, second, first], settings).owner_count, 0);
}
