//! The graph of a snapshot in flat columns: a node is an index, and what is known of it stands at this
//! index of each column. The edges of a node lie together, so that a node knows them by where they begin.
//!
//! A node takes 17 bytes and an edge 8: V8's own numbers, but for the kind of an edge, which goes into the
//! three bits of its target that no snapshot needs (2^29 nodes are a heap of some 40 GB).

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::detached;
use super::index::{Column, EdgeIndex, FunctionIndex, NodeIndex, StringIndex, TraceId};
use super::layout::{EdgeKind, Layout, NodeKind};
use super::node_names;
use super::strings::Strings;
use super::traces::{Function, Traces};
use super::weak_map::table_of_pair;

/// An edge keeps its kind above these bits of its target.
const TARGET_BITS: u32 = 29;
const TARGET_MASK: u32 = (1 << TARGET_BITS) - 1;
/// Of a graph; edges are numbered in 32 bits.
pub(super) const MAX_NODES: u64 = 1 << TARGET_BITS;
const MAX_EDGES: u64 = u32::MAX as u64;
/// Records that room is made for on the word of a header, when the length of the file is not known.
const UNCHECKED_RECORDS: u64 = 1 << 20;

/// How an edge is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EdgeName {
    /// A property, a variable or a field.
    Name(StringIndex),
    /// An element or a field without a name.
    Index(u32),
}

/// A reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// How it refers.
    pub kind: EdgeKind,
    /// How it is called.
    pub name: EdgeName,
    /// What it refers to.
    pub to: NodeIndex,
}

/// Whether something outside of the heap still shows a DOM node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Detachedness {
    /// Not a node of a document.
    Unknown,
    /// In a document.
    Attached,
    /// In none.
    Detached,
}

/// Where a function or an object was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Which one.
    pub node: NodeIndex,
    /// V8's number of the script.
    pub script_id: u32,
    /// From 0.
    pub line: u32,
    /// From 0.
    pub column: u32,
}

/// Above the kind of a node.
const DETACHEDNESS_SHIFT: u32 = 4;
const KIND_MASK: u8 = (1 << DETACHEDNESS_SHIFT) - 1;

/// Nodes, edges and strings.
#[derive(Debug, Default)]
pub struct Graph {
    /// With the detachedness above it.
    kinds: Column<NodeIndex, u8>,
    names: Column<NodeIndex, StringIndex>,
    /// Of those that are called otherwise.
    class_names: FxHashMap<NodeIndex, StringIndex>,
    ids: Column<NodeIndex, u32>,
    /// Of the object alone, in bytes; `u32::MAX` where `large_sizes` has it.
    self_sizes: Column<NodeIndex, u32>,
    large_sizes: FxHashMap<NodeIndex, u64>,
    /// Where the edges of each node begin, and at last where all end.
    first_edges: Column<NodeIndex, EdgeIndex>,
    /// With the kind above it.
    targets: Column<EdgeIndex, u32>,
    edge_names: Column<EdgeIndex, u32>,
    locations: Vec<Location>,
    traces: Traces,
    strings: Strings,
}

impl Graph {
    /// How many nodes there are; node 0 is the root.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.kinds.len()
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.targets.len()
    }

    /// Every node, from the root on.
    pub fn nodes(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.kinds.keys()
    }

    /// What kind of thing it is.
    #[must_use]
    pub fn kind(&self, node: NodeIndex) -> NodeKind {
        NodeKind::ALL[usize::from(self.kinds[node] & KIND_MASK)].0
    }

    /// Its class, its function or its contents.
    #[must_use]
    pub fn name(&self, node: NodeIndex) -> &str {
        self.strings.get(self.names[node])
    }

    pub(super) fn name_index(&self, node: NodeIndex) -> StringIndex {
        self.names[node]
    }

    /// What it is called without what is of this one only.
    pub(super) fn class_name_index(&self, node: NodeIndex) -> StringIndex {
        let other = self.class_names.get(&node).copied();
        other.unwrap_or(self.names[node])
    }

    /// Whether it is there for V8, and not for the program.
    pub(super) fn is_v8s(&self, node: NodeIndex) -> bool {
        match self.kind(node) {
            NodeKind::Native => node_names::is_v8s(self.name(node)),
            kind => kind.is_v8s(),
        }
    }

    /// The same for the same object in every snapshot of a process.
    #[must_use]
    pub fn id(&self, node: NodeIndex) -> u32 {
        self.ids[node]
    }

    /// Its own size, in bytes.
    #[must_use]
    pub fn self_size_bytes(&self, node: NodeIndex) -> u64 {
        match self.self_sizes[node] {
            u32::MAX => self.large_sizes[&node],
            size => size.into(),
        }
    }

    /// Whether it is a node of a document.
    #[must_use]
    pub fn detachedness(&self, node: NodeIndex) -> Detachedness {
        match self.kinds[node] >> DETACHEDNESS_SHIFT {
            1 => Detachedness::Attached,
            2 => Detachedness::Detached,
            _ => Detachedness::Unknown,
        }
    }

    pub(super) fn set_detachedness(&mut self, node: NodeIndex, state: Detachedness) {
        self.kinds[node] = self.kinds[node] & KIND_MASK | (state as u8) << DETACHEDNESS_SHIFT;
    }

    /// What it refers to.
    pub fn edges_of(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> + '_ {
        self.edge_range(node).map(EdgeIndex::from)
    }

    pub(super) fn edge_range(&self, node: NodeIndex) -> Range<u32> {
        let next = NodeIndex::from(node.get() + 1);
        self.first_edges[node].get()..self.first_edges[next].get()
    }

    /// What an edge comes from.
    pub(super) fn source(&self, edge: EdgeIndex) -> NodeIndex {
        // Nodes without edges begin where the next one does: the last of them has it.
        let after = self.first_edges.raw.partition_point(|&first| first <= edge);
        NodeIndex::from(after - 1)
    }

    /// How an edge refers.
    #[must_use]
    pub fn edge_kind(&self, edge: EdgeIndex) -> EdgeKind {
        EdgeKind::ALL[(self.targets[edge] >> TARGET_BITS) as usize].0
    }

    /// What an edge refers to.
    #[must_use]
    pub fn target(&self, edge: EdgeIndex) -> NodeIndex {
        NodeIndex::from(self.targets[edge] & TARGET_MASK)
    }

    /// All that is known of an edge.
    #[must_use]
    pub fn edge(&self, edge: EdgeIndex) -> Edge {
        let kind = self.edge_kind(edge);
        let name = self.edge_names[edge];
        Edge {
            kind,
            name: if kind.is_indexed() {
                EdgeName::Index(name)
            } else {
                EdgeName::Name(name.into())
            },
            to: self.target(edge),
        }
    }

    /// Where functions and objects were made, as far as the snapshot says.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// Who allocated what.
    pub(super) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// The table of strings.
    #[must_use]
    pub fn strings(&self) -> &Strings {
        &self.strings
    }

    /// Finds the classes of objects that are called otherwise.
    fn name_classes(&mut self) {
        let mut classes: FxHashMap<String, StringIndex> = FxHashMap::default();
        for node in (0..self.node_count()).map(NodeIndex::from) {
            if !matches!(self.kind(node), NodeKind::Object | NodeKind::Native) {
                continue;
            }
            let name = self.strings.get(self.names[node]);
            let is_detached = self.detachedness(node) == Detachedness::Detached;
            if let Some(class) = node_names::class_of(name, is_detached) {
                let index = *classes
                    .entry(class)
                    .or_insert_with_key(|class| self.strings.push(class));
                self.class_names.insert(node, index);
            }
        }
    }

    /// A value of a `WeakMap` is kept by its key: what V8 writes from the table becomes weak, as in `DevTools`.
    fn weaken_pairs_of_tables(&mut self) {
        let tables: FxHashSet<u32> = self.strings.iter().filter_map(table_of_pair).collect();
        if tables.is_empty() {
            return;
        }
        for node in (0..self.node_count()).map(NodeIndex::from) {
            let id = self.ids[node];
            if self.kind(node) != NodeKind::Array || !tables.contains(&id) {
                continue;
            }
            for edge in self.edge_range(node).map(EdgeIndex::from) {
                let Edge { kind, name, to } = self.edge(edge);
                let EdgeName::Name(name) = name else {
                    continue;
                };
                if kind == EdgeKind::Internal && table_of_pair(self.strings.get(name)) == Some(id) {
                    self.targets[edge] = packed(EdgeKind::Weak, to.get());
                }
            }
        }
    }
}

fn packed(kind: EdgeKind, to: u32) -> u32 {
    to | u32::from(kind as u8) << TARGET_BITS
}

/// A number that does not fit.
#[derive(Debug)]
pub(super) struct Misfit {
    /// Among the numbers that were pushed.
    pub(super) index: usize,
    pub(super) expected: &'static str,
}

/// A part of a graph that does not fit the rest.
#[derive(Debug)]
pub(super) struct Mismatch(pub(super) String);

/// Puts numbers where they belong, as they come.
#[derive(Debug)]
pub(super) struct Builder {
    layout: Layout,
    graph: Graph,
    /// Numbers of a record whose rest has not come yet.
    pending: Vec<u64>,
    /// Edges of the nodes so far.
    edges_due: u32,
    /// The greatest index of a string so far.
    last_string: u32,
}

/// Cuts numbers into records of `width`, the first of which may have begun before.
fn for_each_record(
    pending: &mut Vec<u64>,
    width: usize,
    numbers: &[u64],
    mut take: impl FnMut(&[u64]) -> Result<(), (usize, &'static str)>,
) -> Result<(), Misfit> {
    let begun = pending.len();
    let missing = if begun == 0 { 0 } else { width - begun };
    let (head, rest) = numbers.split_at(missing.min(numbers.len()));
    pending.extend_from_slice(head);
    if pending.len() == width {
        // A field of the part that came before is told at the first of these numbers.
        take(pending).map_err(|(field, expected)| Misfit {
            index: field.saturating_sub(begun),
            expected,
        })?;
        pending.clear();
    }
    let records = rest.chunks_exact(width);
    pending.extend_from_slice(records.remainder());
    for (record, fields) in records.enumerate() {
        take(fields).map_err(|(field, expected)| Misfit {
            index: missing + record * width + field,
            expected,
        })?;
    }
    Ok(())
}

impl Builder {
    /// For a file of so many bytes, where that is known: no header is believed that announces more than fits.
    pub(super) fn new(layout: Layout, length_bytes: Option<u64>) -> Result<Self, Mismatch> {
        let most = |width: usize| {
            // A number and its comma take two bytes.
            length_bytes.map_or(UNCHECKED_RECORDS, |bytes| bytes / (2 * width as u64) + 1)
        };
        for (what, count, limit) in [
            ("nodes", layout.node_count, MAX_NODES),
            ("edges", layout.edge_count, MAX_EDGES),
        ] {
            if count > limit {
                return Err(Mismatch(format!(
                    "{count} {what} are more than the {limit} that can be read"
                )));
            }
        }
        let mut graph = Graph::default();
        let room = |count: u64, width| usize::try_from(count.min(most(width))).unwrap_or(0);
        let nodes = room(layout.node_count, layout.nodes.width);
        let edges = room(layout.edge_count, layout.edges.width);
        // Without room now, it is taken piece by piece.
        let _ = graph.kinds.raw.try_reserve_exact(nodes);
        let _ = graph.names.raw.try_reserve_exact(nodes);
        let _ = graph.ids.raw.try_reserve_exact(nodes);
        let _ = graph.self_sizes.raw.try_reserve_exact(nodes);
        let _ = graph.first_edges.raw.try_reserve_exact(nodes + 1);
        let _ = graph.targets.raw.try_reserve_exact(edges);
        let _ = graph.edge_names.raw.try_reserve_exact(edges);
        graph.first_edges.push(EdgeIndex::from(0_u32));
        graph.traces.live = layout.nodes.trace_id.map(|_| FxHashMap::default());
        Ok(Self {
            layout,
            graph,
            pending: Vec::new(),
            edges_due: 0,
            last_string: 0,
        })
    }

    pub(super) fn strings(&mut self) -> &mut Strings {
        &mut self.graph.strings
    }

    pub(super) fn push_nodes(&mut self, numbers: &[u64]) -> Result<(), Misfit> {
        let Self {
            layout,
            graph,
            pending,
            edges_due,
            last_string,
        } = self;
        let fields = &layout.nodes;
        for_each_record(pending, fields.width, numbers, |record| {
            if graph.kinds.len() as u64 == layout.node_count {
                return Err((0, "the end of the nodes, as the header counts them"));
            }
            let kind = kind_of(&layout.node_kinds, record[fields.kind])
                .ok_or((fields.kind, "the number of a kind of node"))?;
            let name = u32::try_from(record[fields.name])
                .map_err(|_| (fields.name, "the number of a string"))?;
            let id = u32::try_from(record[fields.id])
                .map_err(|_| (fields.id, "an id of less than 2^32"))?;
            let detachedness = match fields.detachedness.map(|at| record[at]) {
                Some(1) => 1,
                Some(2) => 2,
                _ => 0_u8,
            };
            *edges_due = u32::try_from(record[fields.edge_count])
                .ok()
                .and_then(|count| edges_due.checked_add(count))
                .filter(|&due| u64::from(due) <= layout.edge_count)
                .ok_or((fields.edge_count, "no more edges than the header announces"))?;
            let node = graph
                .kinds
                .push_and_get_key(kind as u8 | detachedness << DETACHEDNESS_SHIFT);
            *last_string = name.max(*last_string);
            graph.names.push(name.into());
            graph.ids.push(id);
            let size = record[fields.self_size];
            match u32::try_from(size) {
                Ok(size) if size < u32::MAX => graph.self_sizes.push(size),
                _ => {
                    graph.self_sizes.push(u32::MAX);
                    graph.large_sizes.insert(node, size);
                }
            }
            graph.first_edges.push(EdgeIndex::from(*edges_due));
            let trace = fields.trace_id.map_or(0, |at| record[at]);
            if let (Some(live), 1..) = (&mut graph.traces.live, trace) {
                live.entry(trace_id(trace).map_err(|expected| (fields.kind, expected))?)
                    .or_default()
                    .add(1, size);
            }
            Ok(())
        })
    }

    pub(super) fn push_edges(&mut self, numbers: &[u64]) -> Result<(), Misfit> {
        let Self {
            layout,
            graph,
            pending,
            last_string,
            ..
        } = self;
        let fields = &layout.edges;
        for_each_record(pending, fields.width, numbers, |record| {
            if graph.targets.len() as u64 == layout.edge_count {
                return Err((0, "the end of the edges, as the header counts them"));
            }
            let kind = kind_of(&layout.edge_kinds, record[fields.kind])
                .ok_or((fields.kind, "the number of a kind of edge"))?;
            let name = u32::try_from(record[fields.name_or_index])
                .map_err(|_| (fields.name_or_index, "a name or an index of less than 2^32"))?;
            let to = node_at(layout, record[fields.to_node])
                .ok_or((fields.to_node, "the place of a node"))?;
            if !kind.is_indexed() {
                *last_string = name.max(*last_string);
            }
            graph.edge_names.push(name);
            graph.targets.push(packed(kind, to));
            Ok(())
        })
    }

    pub(super) fn push_locations(&mut self, numbers: &[u64]) -> Result<(), Misfit> {
        let Self {
            layout,
            graph,
            pending,
            ..
        } = self;
        // Without names for its fields nothing can be made of them.
        let Some(fields) = &layout.locations else {
            return Ok(());
        };
        for_each_record(pending, fields.width, numbers, |record| {
            let small = |field| small(record, field);
            let node = node_at(layout, record[fields.object])
                .ok_or((fields.object, "the place of a node"))?;
            graph.locations.push(Location {
                node: NodeIndex::from(node),
                script_id: small(fields.script_id)?,
                line: small(fields.line)?,
                column: small(fields.column)?,
            });
            Ok(())
        })
    }

    pub(super) fn push_functions(&mut self, numbers: &[u64]) -> Result<(), Misfit> {
        let Self {
            layout,
            graph,
            pending,
            last_string,
            ..
        } = self;
        let Some((fields, _)) = &layout.traces else {
            return Ok(());
        };
        for_each_record(pending, fields.width, numbers, |record| {
            let small = |field| small(record, field);
            let (name, script) = (small(fields.name)?, small(fields.script)?);
            *last_string = name.max(script).max(*last_string);
            graph.traces.functions.push(Function {
                name: name.into(),
                script: script.into(),
                line: small(fields.line)?,
                column: small(fields.column)?,
            });
            Ok(())
        })
    }

    /// How many numbers a node of the tree of calls has; `None` where nothing can be made of one.
    pub(super) fn trace_width(&self) -> Option<usize> {
        self.layout.traces.as_ref().map(|(_, fields)| fields.width)
    }

    /// A node of the tree of calls.
    pub(super) fn push_trace(&mut self, record: &[u64]) -> Result<(), &'static str> {
        let Some((_, fields)) = &self.layout.traces else {
            return Ok(());
        };
        let traces = &mut self.graph.traces;
        let trace = trace_id(record[fields.id])?;
        let function = u32::try_from(record[fields.function])
            .map(FunctionIndex::from)
            .map_err(|_| "the number of a function")?;
        traces.function_by_trace.insert(trace, function);
        let allocated = traces.allocated.entry(function).or_default();
        allocated.add(record[fields.count], record[fields.size]);
        Ok(())
    }

    /// At the end of an array.
    pub(super) fn end_array(&mut self) -> Result<(), Mismatch> {
        let left = self.pending.len();
        if left == 0 {
            return Ok(());
        }
        Err(Mismatch(format!("the last record has only {left} numbers")))
    }

    /// The graph, when all of it has come.
    pub(super) fn finish(mut self) -> Result<Graph, Mismatch> {
        let Self {
            layout,
            graph,
            edges_due,
            last_string,
            ..
        } = &mut self;
        let nodes = graph.kinds.len() as u64;
        let edges = graph.targets.len() as u64;
        if nodes == 0 {
            return Err(Mismatch("there is no node, not even a root".to_owned()));
        }
        for (what, announced, found) in [
            ("nodes", layout.node_count, nodes),
            ("edges", layout.edge_count, edges),
            ("edges of nodes", edges, u64::from(*edges_due)),
        ] {
            if announced != found {
                return Err(Mismatch(format!(
                    "there should be {announced} {what}, and there are {found}"
                )));
            }
        }
        let strings = graph.strings.len();
        if *last_string as usize >= strings {
            return Err(Mismatch(format!(
                "a name is string {last_string}, and there are {strings}"
            )));
        }
        graph.weaken_pairs_of_tables();
        detached::spread(graph);
        graph.name_classes();
        graph.strings.shrink();
        graph
            .locations
            .sort_unstable_by_key(|location| location.node);
        Ok(self.graph)
    }
}

fn trace_id(number: u64) -> Result<TraceId, &'static str> {
    let id = u32::try_from(number).map_err(|_| "the number of a stack of less than 2^32")?;
    Ok(TraceId::from(id))
}

fn kind_of<Kind: Copy>(kinds: &[Kind], number: u64) -> Option<Kind> {
    usize::try_from(number)
        .ok()
        .and_then(|number| kinds.get(number))
        .copied()
}

/// A field of a record, where it has to fit; else where it is and what was expected.
fn small(record: &[u64], field: usize) -> Result<u32, (usize, &'static str)> {
    u32::try_from(record[field]).map_err(|_| (field, "a number of less than 2^32"))
}

/// The node whose first number stands at `place` among those of all nodes; below `MAX_NODES`.
fn node_at(layout: &Layout, place: u64) -> Option<u32> {
    let width = layout.nodes.width as u64;
    let node = place / width;
    let is_there = place % width == 0 && node < layout.node_count;
    u32::try_from(node).ok().filter(|_| is_there)
}
