//! What grows from snapshot to snapshot, by who owns it.
//!
//! An owner grows when there is more of something below it in every snapshot than in the one before, and no
//! more of the owner itself: what is filled once and stays, or goes up and down, does not grow, and what is
//! below a growing list grows because the list does.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::graph::Graph;
use super::index::{Column, OwnerIndex};
use super::layout::NodeKind;
use super::owners::{Census, Is, Owners, Step, Tally};
use super::question::Shown;

/// What grows in every snapshot; all sizes in bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    /// The snapshots, in their order.
    pub snapshots: Vec<Size>,
    /// How many owners grow.
    pub owner_count: usize,
    /// Those that grow most.
    pub owners: Vec<Owner>,
}

/// How large a snapshot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    /// Nodes that are reachable.
    pub node_count: u64,
    /// Of them all.
    pub total_bytes: u64,
}

/// Something that owns more in every snapshot.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// From a root to the owner: how each step is called, and what it leads to.
    pub path: Vec<String>,
    /// What it owns more and more of; the largest growth first.
    pub members: Vec<Members>,
    /// Of these members and what they own, in each snapshot.
    pub bytes: Vec<u64>,
    /// Of the growth of the heap, 0 to 1.
    pub share: f64,
}

/// Things of one class that an owner has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// Their class or function.
    pub class: String,
    /// How many there are in each snapshot.
    pub counts: Vec<u64>,
    /// Of them and what they own, in each snapshot.
    pub bytes: Vec<u64>,
}

/// Compares snapshots that come one after the other; nothing of their graphs is kept.
#[derive(Debug)]
pub struct GrowthSearch {
    owners: Owners,
    censuses: Vec<Census>,
    snapshots: Vec<Size>,
}

impl Default for GrowthSearch {
    fn default() -> Self {
        Self {
            owners: Owners::new(),
            censuses: Vec::new(),
            snapshots: Vec::new(),
        }
    }
}

/// What an owner has of one class, in each snapshot.
type Row = Vec<Tally>;

/// Whom it belongs to, and what it is.
type Key = (OwnerIndex, Is);

impl GrowthSearch {
    /// Takes the next snapshot.
    pub fn add(&mut self, graph: &Graph) {
        let census = self.owners.count(graph);
        let mut size = Size::default();
        for tally in &census {
            size.node_count += tally.count;
            size.total_bytes = size.total_bytes.saturating_add(tally.bytes);
        }
        self.snapshots.push(size);
        self.censuses.push(census);
    }

    /// What grew by at least so many things from each snapshot to the next; nothing does in a single one.
    #[must_use]
    pub fn growth(&self, shown: Shown, at_least: u64) -> Growth {
        let mut growing = self.growing(at_least.max(1));
        self.add_bytes(&mut growing);
        let mut by_owner: FxHashMap<OwnerIndex, Vec<(Is, Row)>> = FxHashMap::default();
        for ((owner, is), row) in growing {
            by_owner.entry(owner).or_default().push((is, row));
        }
        let heap_growth = growth(self.snapshots.iter().map(|size| size.total_bytes));
        let mut owners: Vec<Owner> = by_owner
            .into_iter()
            .map(|(owner, rows)| self.describe(owner, rows, heap_growth, shown.redact))
            .collect();
        owners.sort_by(|one, other| {
            let growth = |owner: &Owner| Reverse(growth(owner.bytes.iter().copied()));
            (growth(one), &one.path).cmp(&(growth(other), &other.path))
        });
        let owner_count = owners.len();
        owners.truncate(shown.limit);
        Growth {
            snapshots: self.snapshots.clone(),
            owner_count,
            owners,
        }
    }

    fn tally(&self, snapshot: usize, owner: OwnerIndex) -> Tally {
        let tally = self.censuses[snapshot].get(owner);
        tally.copied().unwrap_or_default()
    }

    fn key(&self, owner: OwnerIndex) -> Key {
        let (above, Step { is, .. }) = self.owners.step(owner);
        (above, is)
    }

    /// How many things of each class the owners have that have more of them in every snapshot, but are not
    /// more themselves.
    fn growing(&self, at_least: u64) -> FxHashMap<Key, Row> {
        let mut rows: FxHashMap<Key, Row> = FxHashMap::default();
        if self.censuses.len() < 2 {
            return rows;
        }
        let grows = |counts: &[u64]| counts.windows(2).all(|two| two[1] >= two[0] + at_least);
        for owner in self.owners.all() {
            let key = self.key(owner);
            if !is_of_the_program(key.1) {
                continue;
            }
            let blank = || vec![Tally::default(); self.censuses.len()];
            let row = rows.entry(key).or_insert_with(blank);
            for (snapshot, sum) in row.iter_mut().enumerate() {
                sum.count += self.tally(snapshot, owner).count;
            }
        }
        rows.retain(|&(owner, _), row| {
            let counts: Vec<u64> = row.iter().map(|tally| tally.count).collect();
            let of_owner = (0..row.len()).map(|snapshot| self.tally(snapshot, owner).count);
            grows(&counts) && !grows(&of_owner.collect::<Vec<_>>())
        });
        rows
    }

    /// What the things take with all that they own, but for what grows there by itself.
    fn add_bytes(&self, growing: &mut FxHashMap<Key, Row>) {
        for snapshot in 0..self.censuses.len() {
            let mut below: Column<OwnerIndex, u64> = vec![0; self.owners.all().len() + 1].into();
            for owner in self.owners.all().rev() {
                let bytes = below[owner].saturating_add(self.tally(snapshot, owner).bytes);
                let key = self.key(owner);
                let sum = match growing.get_mut(&key) {
                    Some(row) => &mut row[snapshot].bytes,
                    None => &mut below[key.0],
                };
                *sum = sum.saturating_add(bytes);
            }
        }
    }

    fn describe(
        &self,
        owner: OwnerIndex,
        mut rows: Vec<(Is, Row)>,
        heap_growth: u64,
        redact: bool,
    ) -> Owner {
        rows.sort_by_cached_key(|(is, row)| {
            let bytes = growth(row.iter().map(|tally| tally.bytes));
            (Reverse(bytes), self.owners.class(*is))
        });
        let sum = |snapshot: usize| {
            rows.iter().fold(0_u64, |sum, (_, row)| {
                sum.saturating_add(row[snapshot].bytes)
            })
        };
        let bytes: Vec<u64> = (0..self.censuses.len()).map(sum).collect();
        let share = growth(bytes.iter().copied()) as f64 / heap_growth.max(1) as f64;
        let way = self.owners.way(owner).into_iter();
        Owner {
            path: way.map(|step| self.owners.describe(step, redact)).collect(),
            members: rows
                .into_iter()
                .map(|(is, row)| Members {
                    class: self.owners.class(is),
                    counts: row.iter().map(|tally| tally.count).collect(),
                    bytes: row.iter().map(|tally| tally.bytes).collect(),
                })
                .collect(),
            bytes,
            share: share.min(1.0),
        }
    }
}

/// From the first to the last; 0 when it shrank.
fn growth(values: impl DoubleEndedIterator<Item = u64> + Clone) -> u64 {
    let (first, last) = (values.clone().next(), values.clone().next_back());
    last.unwrap_or(0).saturating_sub(first.unwrap_or(0))
}

/// Code that becomes hot, and what V8 learns about it, grows in healthy programs as well.
fn is_of_the_program(is: Is) -> bool {
    !matches!(
        is,
        Is::Kind(
            NodeKind::Hidden
                | NodeKind::Array
                | NodeKind::Code
                | NodeKind::HeapNumber
                | NodeKind::ObjectShape
        )
    )
}
