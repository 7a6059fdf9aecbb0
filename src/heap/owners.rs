//! How objects are owned, told so that snapshots can be compared: not by which object holds which, but by
//! the names of the steps that lead to each. All sessions in one `Map` have one owner, whatever their keys,
//! in every snapshot and every process.
//!
//! The idea is that of `LeakCanary`'s Shark (`ObjectGrowthDetector`): the ways that explain best (`paths.rs`)
//! make a tree of objects, and objects of the same name below the same owner are taken together. So a list
//! that gets longer is one owner with more below it, and what grows is named by the topmost such owner.
//!
//! - Where V8 keeps contents (tables, elements, contexts) is a part of what they are the contents of.
//! - Elements are all called alike, and so are the properties of an object that has many: a dictionary.
//! - Steps that repeat those right above them lead back: a list of a million elements is as deep as two.

use std::iter::successors;

use rustc_hash::{FxHashMap, FxHashSet};

use super::classes::kind_name;
use super::contents::{holds_roots, leads_inside, FieldName, FieldNames};
use super::describe;
use super::graph::{Edge, EdgeName, Graph};
use super::index::{Column, EdgeIndex, NodeIndex, OwnerIndex, StringIndex};
use super::layout::{EdgeKind, NodeKind};
use super::paths::{globals, walk, Walker};
use super::weak_map::PAIR;

/// An object with more properties than these is a dictionary.
const MAX_NAMED_PROPERTIES: usize = 64;
/// Steps from one element of a list to the next at most.
const MAX_PERIOD: usize = 6;

/// What holds all that is ours (lib/monitor.js).
const OWN_CLASS: &str = "LeakguardMonitor";

/// A text that is in several snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Text(u32);

/// Every text once.
#[derive(Debug, Default)]
struct Texts {
    all: Vec<Box<str>>,
    by_text: FxHashMap<Box<str>, Text>,
}

impl Texts {
    fn intern(&mut self, text: &str) -> Text {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        // Fewer than the strings of a snapshot, which have 32 bits.
        let made = Text(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(text.into());
        self.by_text.insert(text.into(), made);
        made
    }
}

/// How an owner holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum By {
    /// By a property of that name.
    Property(Text),
    /// By a variable that a closure uses.
    Variable(Text),
    /// By a field of V8's.
    Field(Text),
    /// As one of many.
    Element,
    /// As a root.
    Root,
}

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Is {
    /// An object, by its constructor, or what V8 calls it.
    Object(Text),
    /// A function, by its name.
    Function(Text),
    /// All else.
    Kind(NodeKind),
}

/// A step from an owner to what it owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Step {
    pub(super) by: By,
    pub(super) is: Is,
}

/// What a node is to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// One of those that the owner stands for.
    Member,
    /// Where V8 keeps what such a one contains.
    Contents,
}

/// What the objects of one owner are in one snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many.
    pub(super) count: u64,
    /// Of them by themselves.
    pub(super) bytes: u64,
}

/// By owner; what a snapshot does not have may be missing at the end.
pub(super) type Census = Column<OwnerIndex, Tally>;

/// The owners of any number of snapshots, an owner's owner before it.
#[derive(Debug)]
pub(super) struct Owners {
    texts: Texts,
    /// The owner of each, and the step from there; the root's has no meaning.
    steps: Column<OwnerIndex, (OwnerIndex, Step)>,
    by_step: FxHashMap<(OwnerIndex, Step), OwnerIndex>,
}

impl Owners {
    pub(super) fn new() -> Self {
        let root = Step {
            by: By::Root,
            is: Is::Kind(NodeKind::Synthetic),
        };
        Self {
            texts: Texts::default(),
            steps: vec![(OwnerIndex::from(0_u32), root)].into(),
            by_step: FxHashMap::default(),
        }
    }

    /// All but the root.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = OwnerIndex> + ExactSizeIterator {
        (1..self.steps.len()).map(OwnerIndex::from)
    }

    /// The owner of an owner, and the step from there.
    pub(super) fn step(&self, owner: OwnerIndex) -> (OwnerIndex, Step) {
        self.steps[owner]
    }

    /// An owner and those above it, but for the root.
    fn upwards(&self, owner: OwnerIndex) -> impl Iterator<Item = OwnerIndex> + '_ {
        successors(Some(owner), |&owner| Some(self.steps[owner].0))
            .take_while(|owner| owner.get() > 0)
    }

    /// The steps from the root.
    pub(super) fn way(&self, owner: OwnerIndex) -> Vec<Step> {
        let mut way: Vec<Step> = self
            .upwards(owner)
            .map(|owner| self.steps[owner].1)
            .collect();
        way.reverse();
        way
    }

    /// Which belong to leakguard in the process itself: its histories grow while it looks.
    pub(super) fn ours(&self) -> Column<OwnerIndex, bool> {
        let own = self
            .texts
            .by_text
            .get(OWN_CLASS)
            .map(|&text| Is::Object(text));
        let mut ours: Column<OwnerIndex, bool> = vec![false].into();
        for owner in self.all() {
            let (above, Step { is, .. }) = self.steps[owner];
            ours.push(ours[above] || Some(is) == own);
        }
        ours
    }

    fn text(&self, Text(index): Text) -> &str {
        &self.texts.all[index as usize]
    }

    /// Such as `.cache Map` or `[x] Session`.
    pub(super) fn describe(&self, step: Step, redact: bool) -> String {
        let by = match step.by {
            By::Property(name) => describe::property(self.text(name), redact),
            By::Variable(name) => format!("variable {}", self.text(name)),
            By::Field(name) => format!("{{{}}}", self.text(name)),
            By::Element => "[x]".to_owned(),
            By::Root => return self.class(step.is),
        };
        format!("{by} {}", self.class(step.is))
    }

    /// Such as `Map` or `Function onData`.
    pub(super) fn class(&self, is: Is) -> String {
        match is {
            Is::Object(name) => self.text(name).to_owned(),
            Is::Function(name) => format!("Function {}", self.text(name)),
            Is::Kind(kind) => kind_name(kind).to_owned(),
        }
        .trim_end()
        .to_owned()
    }

    /// Finds the owner of every node that is reached in one more snapshot, an owner's before those of what
    /// it owns; what is contents of another has that one's. Nothing of the graph is kept.
    pub(super) fn visit(
        &mut self,
        graph: &Graph,
        tell: impl FnMut(&Self, NodeIndex, OwnerIndex, Role),
    ) {
        let fields = FieldNames::new(graph);
        let root = OwnerIndex::from(0_u32);
        let visit = Visit {
            names: Names::new(graph, &fields),
            owner_by_node: vec![root; graph.node_count()].into(),
            known: self.steps.len(),
            owners: self,
            tell,
        };
        walk(graph, &fields, visit);
    }

    fn below(&mut self, above: OwnerIndex, step: Step) -> OwnerIndex {
        if let Some(&known) = self.by_step.get(&(above, step)) {
            return known;
        }
        let repeated = self.repeated(above, step);
        let owner = repeated.unwrap_or_else(|| self.steps.push_and_get_key((above, step)));
        self.by_step.insert((above, step), owner);
        owner
    }

    /// The owner to which a step below `above` leads back: the way to it ends with the same steps twice.
    fn repeated(&self, above: OwnerIndex, step: Step) -> Option<OwnerIndex> {
        let way = self
            .upwards(above)
            .take(2 * MAX_PERIOD - 1)
            .map(|owner| (owner, self.steps[owner].1));
        let (owners, mut steps): (Vec<OwnerIndex>, Vec<Step>) = way.unzip();
        steps.insert(0, step);
        (1..=steps.len() / 2)
            .find(|&period| steps[..period] == steps[period..2 * period])
            .map(|period| owners[period - 1])
    }

    /// What there is of each owner in one more snapshot.
    pub(super) fn count(&mut self, graph: &Graph) -> Census {
        let mut census = Census::default();
        self.visit(graph, |_, node, owner, role| {
            if census.len() <= usize::from(owner) {
                census.resize(usize::from(owner) + 1, Tally::default());
            }
            let tally = &mut census[owner];
            tally.bytes = tally.bytes.saturating_add(graph.self_size_bytes(node));
            if role == Role::Member {
                tally.count += 1;
            }
        });
        census
    }
}

/// A walk through one more snapshot.
struct Visit<'a, Tell> {
    names: Names<'a>,
    owner_by_node: Column<NodeIndex, OwnerIndex>,
    owners: &'a mut Owners,
    /// How many there were before.
    known: usize,
    tell: Tell,
}

impl<Tell> Visit<'_, Tell> {
    /// `None` where it leads to contents of the same.
    fn step(&mut self, from: NodeIndex, edge: EdgeIndex) -> Option<Step> {
        let is_inside = leads_inside(self.names.graph, from, edge);
        (!is_inside).then(|| self.names.step(&mut self.owners.texts, from, edge))
    }
}

impl<Tell: FnMut(&Owners, NodeIndex, OwnerIndex, Role)> Walker for Visit<'_, Tell> {
    fn reach(&mut self, from: NodeIndex, edge: EdgeIndex) {
        let above = self.owner_by_node[from];
        let (owner, role) = match self.step(from, edge) {
            Some(step) => (self.owners.below(above, step), Role::Member),
            None => (above, Role::Contents),
        };
        let node = self.names.graph.target(edge);
        self.owner_by_node[node] = owner;
        (self.tell)(self.owners, node, owner, role);
    }

    /// The same steps come in the same order in every snapshot, and those that earlier ones don't have come last: the
    /// properties of a global object are in a hash table, where a new one may come before others that lead to the same
    /// things by as many steps.
    fn sort(&mut self, from: NodeIndex, edges: &mut [EdgeIndex]) {
        let above = self.owner_by_node[from];
        edges.sort_by_cached_key(|&edge| {
            let step = self.step(from, edge)?;
            let owner = self.owners.by_step.get(&(above, step));
            let is_new = owner.is_none_or(|&owner| usize::from(owner) >= self.known);
            Some((is_new, step))
        });
    }
}

/// Names steps of one snapshot by the texts of all.
struct Names<'a> {
    graph: &'a Graph,
    fields: &'a FieldNames,
    globals: FxHashSet<NodeIndex>,
    known: Column<StringIndex, Option<Text>>,
    /// The last node that was asked about: steps from one node come together.
    last: (NodeIndex, bool),
}

impl<'a> Names<'a> {
    fn new(graph: &'a Graph, fields: &'a FieldNames) -> Self {
        Self {
            graph,
            fields,
            globals: globals(graph).collect(),
            known: vec![None; graph.strings().len()].into(),
            last: (NodeIndex::from(0_u32), false),
        }
    }

    fn text(&mut self, texts: &mut Texts, index: StringIndex) -> Text {
        let text = || texts.intern(self.graph.strings().get(index));
        *self.known[index].get_or_insert_with(text)
    }

    fn is_dictionary(&mut self, node: NodeIndex) -> bool {
        if self.last.0 != node {
            // Those of a global object are variables.
            let most = if self.globals.contains(&node) {
                usize::MAX
            } else {
                MAX_NAMED_PROPERTIES
            };
            let properties = self
                .graph
                .edges_of(node)
                .filter(|&edge| self.graph.edge_kind(edge) == EdgeKind::Property)
                .take(most.saturating_add(1));
            self.last = (node, properties.count() > most);
        }
        self.last.1
    }

    fn step(&mut self, texts: &mut Texts, from: NodeIndex, edge: EdgeIndex) -> Step {
        let graph = self.graph;
        let Edge { kind, name, to } = graph.edge(edge);
        let by = match name {
            _ if holds_roots(graph, from) => By::Root,
            EdgeName::Name(name) if self.fields.number(graph, edge).is_none() => match kind {
                EdgeKind::Property if self.is_dictionary(from) => By::Element,
                EdgeKind::Property => By::Property(self.text(texts, name)),
                EdgeKind::Context => By::Variable(self.text(texts, name)),
                _ if self.fields.of(name) == FieldName::Pair => By::Field(texts.intern(PAIR)),
                _ => By::Field(self.text(texts, name)),
            },
            _ => By::Element,
        };
        let name = graph.class_name_index(to);
        let is = match graph.kind(to) {
            NodeKind::Native if graph.is_v8s(to) => Is::Kind(NodeKind::Hidden),
            NodeKind::Closure => Is::Function(self.text(texts, name)),
            NodeKind::Object | NodeKind::Native | NodeKind::Synthetic | NodeKind::Other => {
                Is::Object(self.text(texts, name))
            }
            // V8 puts strings together and apart as they are used.
            NodeKind::ConcatenatedString | NodeKind::SlicedString => Is::Kind(NodeKind::String),
            kind => Is::Kind(kind),
        };
        Step { by, is }
    }
}
