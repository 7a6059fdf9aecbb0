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

/// How large a snapshot is. In a comparison of two all of it counts; for growth what is reachable, and where V8 keeps
/// contents is no node of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    /// How many nodes there are.
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

    /// What grew by at least so many things from each snapshot to the next; without a number, by more
    /// than a population of its size goes up and down. Nothing grows in a single snapshot.
    #[must_use]
    pub fn growth(&self, shown: Shown, at_least: Option<u64>) -> Growth {
        let mut growing = self.growing(at_least);
        self.add_bytes(&mut growing);
        let mut by_owner: FxHashMap<OwnerIndex, Vec<(Is, Row)>> = FxHashMap::default();
        for ((owner, is), row) in growing {
            by_owner.entry(owner).or_default().push((is, row));
        }
        let sizes: Vec<u64> = self.snapshots.iter().map(|size| size.total_bytes).collect();
        let heap_growth = gain(&sizes);
        let mut owners: Vec<Owner> = by_owner
            .into_iter()
            .map(|(owner, rows)| self.describe(owner, rows, heap_growth, shown.redact))
            .collect();
        owners.sort_by(|one, other| {
            let key = |owner: &Owner| Reverse(gain(&owner.bytes));
            (key(one), &one.path).cmp(&(key(other), &other.path))
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
    fn growing(&self, at_least: Option<u64>) -> FxHashMap<Key, Row> {
        let mut rows: FxHashMap<Key, Row> = FxHashMap::default();
        if self.censuses.len() < 2 {
            return rows;
        }
        let ours = self.owners.ours();
        let grows = |counts: &[u64]| {
            let mut steps = counts.windows(2);
            steps.all(|two| {
                let least = at_least.unwrap_or_else(|| noise(two[0]));
                two[1].saturating_sub(two[0]) >= least.max(1)
            })
        };
        for owner in self.owners.all() {
            let key = self.key(owner);
            let (_, holder) = self.owners.step(key.0);
            let is_programs = is_of_the_program(key.1) && is_of_the_program(holder.is);
            if ours[owner] || !is_programs {
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
            let bytes: Vec<u64> = row.iter().map(|tally| tally.bytes).collect();
            (Reverse(gain(&bytes)), self.owners.class(*is))
        });
        let sum = |snapshot: usize| {
            rows.iter().fold(0_u64, |sum, (_, row)| {
                sum.saturating_add(row[snapshot].bytes)
            })
        };
        let bytes: Vec<u64> = (0..self.censuses.len()).map(sum).collect();
        let share = gain(&bytes) as f64 / heap_growth.max(1) as f64;
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

/// What a population of this size differs by from one moment to another where things come and go
/// independently: twice the standard deviation of a Poisson distribution.
// Not negative, and no greater than the count.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn noise(count: u64) -> u64 {
    (2.0 * (count as f64).sqrt()).ceil() as u64
}

/// From the first to the last; 0 when it shrank.
fn gain(values: &[u64]) -> u64 {
    let [first, .., last] = values else {
        return 0;
    };
    last.saturating_sub(*first)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::Heap;
    use super::*;

    /// A global that holds `variable` by a function's context.
    fn program(variable: &str, class: &str) -> (Heap, usize) {
        let mut heap = Heap::new();
        let global = heap.node("object", "global", 8);
        let function = heap.node("closure", "handler", 8);
        let context = heap.node("object", "system / Context", 8);
        let held = heap.node("object", class, 16);
        heap.edge(0, "shortcut", "2", global);
        heap.edge(global, "property", "handler", function);
        heap.edge(function, "internal", "context", context);
        heap.edge(context, "context", variable, held);
        (heap, held)
    }

    fn with_sessions(count: usize) -> Heap {
        let (mut heap, map) = program("sessions", "Map");
        let table = heap.node("array", "", 8 * count as u64);
        heap.edge(map, "internal", "table", table);
        for index in 0..count {
            let session = heap.node("object", "Session", 100);
            let user = heap.node("object", "User", 20);
            heap.edge(table, "internal", &(3 * index).to_string(), session);
            heap.edge(session, "property", "user", user);
        }
        heap
    }

    fn growth_of(heaps: &[Heap], at_least: u64) -> Growth {
        let mut search = GrowthSearch::default();
        for heap in heaps {
            search.add(&heap.graph());
        }
        let shown = Shown {
            limit: 10,
            redact: false,
        };
        search.growth(shown, Some(at_least))
    }

    #[test]
    fn a_map_that_begins_empty_is_the_owner_of_what_it_gets() {
        let growth = growth_of(&[with_sessions(0), with_sessions(1), with_sessions(2)], 1);
        let [owner] = &growth.owners[..] else {
            panic!("{growth:?}");
        };
        assert_eq!(
            owner.path,
            [
                "global",
                ".handler Function handler",
                "variable sessions Map"
            ]
        );
        let [members] = &owner.members[..] else {
            panic!("{owner:?}");
        };
        assert_eq!(
            (members.class.as_str(), &members.counts[..]),
            ("Session", &[0, 1, 2][..])
        );
        assert_eq!(members.bytes, [0, 120, 240]);
        assert!(owner.share > 0.9, "all but the table: {}", owner.share);
    }

    #[test]
    fn what_stays_or_comes_and_goes_does_not_grow() {
        for counts in [[5, 5, 5], [5, 9, 7], [5, 5, 6], [9, 7, 5]] {
            let heaps = counts.map(with_sessions);
            assert_eq!(growth_of(&heaps, 1).owner_count, 0, "{counts:?}");
        }
        assert_eq!(growth_of(&[with_sessions(5)], 1).owner_count, 0);
        assert_eq!(growth_of(&[], 1).owner_count, 0);
    }

    #[test]
    fn a_global_that_is_new_takes_nothing_from_those_that_were_there() {
        let heaps = [0, 10, 20].map(|count| {
            let (mut heap, _) = program("page", "Object");
            let global = 1;
            let context = heap.node("object", "system / Context", 8);
            let sessions = heap.node("object", "Map", 16);
            let names: &[&str] = if count == 20 {
                &["structuredClone", "atob", "fetch"]
            } else {
                &["fetch", "atob"]
            };
            for name in names {
                let function = heap.node("closure", name, 8);
                heap.edge(global, "property", name, function);
                heap.edge(function, "internal", "context", context);
            }
            heap.edge(context, "context", "sessions", sessions);
            for index in 0..count {
                let session = heap.node("object", "Session", 100);
                heap.edge(sessions, "element", &index.to_string(), session);
            }
            heap
        });
        let growth = growth_of(&heaps, 10);
        let [owner] = &growth.owners[..] else {
            panic!("{growth:?}");
        };
        assert_eq!(
            owner.path,
            ["global", ".fetch Function fetch", "variable sessions Map"]
        );
    }

    #[test]
    fn what_a_string_was_put_together_from_is_the_string() {
        let heaps = [0, 20, 40].map(|count| {
            let (mut heap, url) = program("url", "Request");
            for index in 0..50 {
                let whole = heap.node("concatenated string", "", 20);
                heap.edge(url, "element", &index.to_string(), whole);
                if index < count {
                    let part = heap.node("string", "/articles", 24);
                    heap.edge(whole, "internal", "first", part);
                }
            }
            heap
        });
        let growth = growth_of(&heaps, 10);
        assert_eq!(growth.owner_count, 0, "{growth:?}");
    }

    #[test]
    fn less_than_was_asked_for_each_time_is_no_growth() {
        let heaps = [0, 10, 19].map(with_sessions);
        assert_eq!(growth_of(&heaps, 10).owner_count, 0);
        assert_eq!(growth_of(&heaps, 9).owner_count, 1);
        assert_eq!(growth_of(&heaps, u64::MAX).owner_count, 0);
    }

    #[test]
    fn without_a_number_what_comes_and_goes_is_no_growth_and_a_leak_is() {
        let grows = |counts: [usize; 3]| {
            let mut search = GrowthSearch::default();
            for count in counts {
                search.add(&with_sessions(count).graph());
            }
            let shown = Shown {
                limit: 1,
                redact: false,
            };
            search.growth(shown, None).owner_count == 1
        };
        assert!(!grows([18, 20, 21]));
        assert!(!grows([1000, 1050, 1100]));
        assert!(grows([0, 10, 20]));
        assert!(grows([1000, 1100, 1200]));
    }

    #[test]
    fn a_linked_list_is_one_owner_however_long_it_is() {
        let with_nodes = |count: usize| {
            let (mut heap, mut last) = program("list", "List");
            for _ in 0..count {
                let next = heap.node("object", "Node", 32);
                heap.edge(last, "property", "next", next);
                last = next;
            }
            heap
        };
        let growth = growth_of(&[10, 20, 30].map(with_nodes), 10);
        assert_eq!(growth.owner_count, 1);
        assert_eq!(growth.owners[0].members[0].counts, [10, 20, 30]);
        assert_eq!(growth.owners[0].path.last().unwrap(), "variable list List");
    }

    #[test]
    fn the_properties_of_a_dictionary_are_elements() {
        let with_keys = |count: usize| {
            let (mut heap, object) = program("byUser", "Object");
            for index in 0..count {
                let list = heap.node("object", "Array", 16);
                heap.edge(object, "property", &format!("user {index}"), list);
            }
            heap
        };
        let growth = growth_of(&[100, 200, 300].map(with_keys), 1);
        assert_eq!(growth.owner_count, 1);
        assert_eq!(growth.owners[0].members[0].class, "Array");
        assert_eq!(growth.owners[0].members[0].counts, [100, 200, 300]);
    }

    #[test]
    fn values_of_weak_maps_belong_to_their_keys_whatever_these_are_called() {
        let heaps = [5, 15, 25].map(|count| {
            let (mut heap, keys) = program("keys", "Array");
            let table = heap.node("array", "", 64);
            for index in 0..40 {
                let key = heap.node("object", "Key", 8);
                heap.edge(keys, "element", &index.to_string(), key);
                if index < count {
                    let value = heap.node("object", "Value", 100);
                    heap.pair(table, key, value);
                }
            }
            heap
        });
        let growth = growth_of(&heaps, 10);
        assert_eq!(growth.owner_count, 1);
        assert_eq!(
            growth.owners[0].path.last().map(String::as_str),
            Some("[x] Key")
        );
        assert_eq!(growth.owners[0].members[0].counts, [5, 15, 25]);
    }

    #[test]
    fn what_a_growing_thing_leads_to_is_told_by_itself_when_it_is_one() {
        let build = |count: usize| {
            let (mut heap, list) = program("timers", "Array");
            let shared = heap.node("object", "Map", 16);
            for index in 0..count {
                let timer = heap.node("object", "Timeout", 10);
                heap.edge(list, "element", &index.to_string(), timer);
                heap.edge(timer, "property", "cache", shared);
                let entry = heap.node("object", "Entry", 1000);
                heap.edge(shared, "element", &index.to_string(), entry);
            }
            heap
        };
        let growth = growth_of(&[1, 2, 3].map(build), 1);
        let told: Vec<(&str, &[u64])> = growth
            .owners
            .iter()
            .map(|owner| (owner.path.last().unwrap().as_str(), &owner.bytes[..]))
            .collect();
        // Each byte is told once.
        assert_eq!(
            told,
            [
                (".cache Map", &[1000, 2000, 3000][..]),
                ("variable timers Array", &[26, 36, 46][..]),
            ]
        );
    }

    #[test]
    fn what_v8_learns_about_objects_is_left_out() {
        let build = |count: usize| {
            let (mut heap, object) = program("rows", "Row");
            let shape = heap.node("hidden", "system / DescriptorArray", 16);
            heap.edge(object, "internal", "descriptors", shape);
            for index in 0..count {
                let name = heap.node("string", "name", 16);
                heap.edge(shape, "internal", &index.to_string(), name);
            }
            heap
        };
        assert_eq!(growth_of(&[1, 2, 3].map(build), 1).owner_count, 0);
    }

    #[test]
    fn what_is_ours_is_left_out() {
        let build = |count: usize| {
            let (mut heap, monitor) = program("this", "LeakguardMonitor");
            for index in 0..count {
                let point = heap.node("object", "Array", 16);
                heap.edge(monitor, "element", &index.to_string(), point);
            }
            heap
        };
        assert_eq!(growth_of(&[1, 2, 3].map(build), 1).owner_count, 0);
    }

    #[test]
    fn keys_are_left_out_where_that_is_wanted() {
        let build = |count: usize| {
            let (mut heap, object) = program("byUser", "Object");
            let list = heap.node("object", "Array", 16);
            heap.edge(object, "property", "jane@example.com", list);
            for index in 0..count {
                let session = heap.node("object", "Session", 16);
                heap.edge(list, "element", &index.to_string(), session);
            }
            heap
        };
        let mut search = GrowthSearch::default();
        for count in 1..4 {
            search.add(&build(count).graph());
        }
        let path = |redact| {
            search.growth(Shown { limit: 1, redact }, Some(1)).owners[0]
                .path
                .clone()
        };
        assert_eq!(path(false).last().unwrap(), "[\"jane@example.com\"] Array");
        assert_eq!(path(true).last().unwrap(), "[\"(16 characters)\"] Array");
    }

    proptest! {
        #[test]
        fn no_snapshot_grows_against_itself_and_no_share_is_above_one(
            edges in prop::collection::vec((0..16_usize, 0..16_usize, 0..4_usize), 0..64),
            more in 0..8_usize,
        ) {
            let build = |more: usize| {
                let mut heap = Heap::new();
                for index in 1..16 + more {
                    let kind = ["object", "closure", "array", "string"][index % 4];
                    heap.node(kind, "Thing", 10);
                }
                for &(from, to, kind) in &edges {
                    let kind = ["property", "element", "internal", "context"][kind];
                    heap.edge(from, kind, "7", to);
                }
                for index in 0..more {
                    heap.edge(1, "element", &index.to_string(), 16 + index);
                }
                heap
            };
            prop_assert_eq!(growth_of(&[build(more), build(more)], 1).owner_count, 0);
            let growth = growth_of(&[build(0), build(more), build(2 * more)], 1);
            let told: u64 = growth.owners.iter().map(|owner| owner.bytes[2]).sum();
            prop_assert!(told <= growth.snapshots[2].total_bytes);
            prop_assert!(growth.owners.iter().all(|owner| owner.share <= 1.0));
        }
    }
}
