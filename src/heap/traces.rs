//! Who allocated what, in a snapshot of an allocation timeline (`.heaptimeline`): V8 numbers the stacks that allocated
//! since the recording began, in a tree of calls, and each node of the heap has the number of its own. What is kept is
//! sums by stack and by function, so a recording of hours takes what its functions and stacks take.
//!
//! The tree is the only nested array of a snapshot: `[id, function, count, size, [children…]]`, children one after the
//! other in one array. Nothing is needed of a parent once its children begin, so no stack is kept, and it may be as
//! deep as it likes.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::graph::Graph;
use super::index::{Column, FunctionIndex, StringIndex, TraceId};
use super::lexer::is_blank;

/// Things that were allocated.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Amount {
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl Amount {
    pub(super) fn add(&mut self, count: u64, bytes: u64) {
        self.count = self.count.saturating_add(count);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// A function that allocated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    pub(super) name: StringIndex,
    pub(super) script: StringIndex,
    /// From 1; 0 where it is not known.
    pub(super) line: u32,
    /// As `line`.
    pub(super) column: u32,
}

/// What a recording says.
#[derive(Debug, Default)]
pub(super) struct Traces {
    pub(super) functions: Column<FunctionIndex, Function>,
    pub(super) function_by_trace: FxHashMap<TraceId, FunctionIndex>,
    /// Since the recording began, dead or alive.
    pub(super) allocated: FxHashMap<FunctionIndex, Amount>,
    /// What is a node of the snapshot; `None` where nodes do not say who allocated them.
    pub(super) live: Option<FxHashMap<TraceId, Amount>>,
}

/// Who allocated since a recording began; all sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocations {
    /// How many functions did.
    pub function_count: usize,
    /// Those whose allocations take most now; where that is not known, those that allocated most.
    pub functions: Vec<Allocator>,
}

/// A function that allocated, by itself, not by what it called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocator {
    /// Its name.
    pub name: String,
    /// Its file, and its line and column from 1, where they are known.
    pub place: Option<String>,
    /// How many of its allocations are in the snapshot; `None` where that does not say.
    pub live_count: Option<u64>,
    /// What these take.
    pub live_bytes: Option<u64>,
    /// Allocations since the recording began.
    pub allocated_count: u64,
    /// What these took.
    pub allocated_bytes: u64,
}

impl Allocations {
    /// Of a snapshot, `limit` functions at most; `None` when it has no record of allocations.
    #[must_use]
    pub fn new(graph: &Graph, limit: usize) -> Option<Self> {
        let Traces {
            functions,
            function_by_trace,
            allocated,
            live,
        } = graph.traces();
        let mut sums: FxHashMap<FunctionIndex, [Amount; 2]> = FxHashMap::default();
        for (&function, amount) in allocated {
            sums.entry(function).or_default()[0].add(amount.count, amount.bytes);
        }
        for (trace, amount) in live.iter().flatten() {
            if let Some(&function) = function_by_trace.get(trace) {
                sums.entry(function).or_default()[1].add(amount.count, amount.bytes);
            }
        }
        let has = |[allocated, live]: [Amount; 2]| allocated.count > 0 || live.count > 0;
        let strings = graph.strings();
        let mut found: Vec<Allocator> = sums
            .into_iter()
            .filter(|&(_, sums)| has(sums))
            .filter_map(|(function, [allocated, of_live])| {
                let function = functions.get(function)?;
                Some(Allocator {
                    name: match strings.get(function.name) {
                        "" => "(anonymous)".to_owned(),
                        name => name.to_owned(),
                    },
                    place: place(strings.get(function.script), function.line, function.column),
                    live_count: live.as_ref().map(|_| of_live.count),
                    live_bytes: live.as_ref().map(|_| of_live.bytes),
                    allocated_count: allocated.count,
                    allocated_bytes: allocated.bytes,
                })
            })
            .collect();
        if found.is_empty() {
            return None;
        }
        let function_count = found.len();
        found.sort_by(|one, other| {
            let key = |of: &Allocator| Reverse((of.live_bytes, of.allocated_bytes, of.live_count));
            let by_size = key(one).cmp(&key(other));
            by_size.then_with(|| (&one.name, &one.place).cmp(&(&other.name, &other.place)))
        });
        found.truncate(limit);
        Some(Self {
            function_count,
            functions: found,
        })
    }
}

fn place(script: &str, line: u32, column: u32) -> Option<String> {
    match (script, line) {
        ("", _) => None,
        (_, 0) => Some(script.to_owned()),
        _ => Some(format!("{script}:{line}:{column}")),
    }
}

/// What may come next in a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Due {
    /// Behind a bracket: a first record, or the end of none.
    #[default]
    First,
    /// Behind a comma.
    Next,
    /// Behind a number or an array.
    Comma,
}

/// A tree that is being read.
#[derive(Debug, Default)]
pub(super) struct TreeReader {
    /// Brackets that are open.
    depth: u64,
    /// Of the record that has begun.
    numbers: Vec<u64>,
    /// Whose last digit has not come yet.
    number: Option<u64>,
    due: Due,
}

/// What a byte of a tree was.
pub(super) enum Read {
    /// A part.
    Part,
    /// The last of a record's numbers came before it.
    Record,
    /// The last.
    End,
}

impl TreeReader {
    /// Behind the first bracket.
    pub(super) fn new() -> Self {
        Self {
            depth: 1,
            ..Self::default()
        }
    }

    /// The numbers before the children that have just begun.
    pub(super) fn record(&self) -> &[u64] {
        &self.numbers
    }

    /// Before the children are read.
    pub(super) fn end_record(&mut self) {
        self.numbers.clear();
    }

    /// In words; `width` is that of a record without its children.
    pub(super) fn expected(&self, width: usize) -> &'static str {
        match self.due {
            Due::First => "a number or ]",
            Due::Next if self.numbers.len() == width => "[",
            Due::Next => "a number",
            Due::Comma if self.numbers.is_empty() => "a comma or ]",
            Due::Comma => "a comma",
        }
    }

    /// Reads a byte of records of `width` numbers, each with its children behind; `None` when something else was
    /// expected.
    pub(super) fn take(&mut self, byte: u8, width: usize) -> Option<Read> {
        if byte.is_ascii_digit() {
            if self.due == Due::Comma || self.numbers.len() == width {
                return None;
            }
            let number = self.number.unwrap_or(0).checked_mul(10)?;
            self.number = Some(number.checked_add(u64::from(byte - b'0'))?);
            return Some(Read::Part);
        }
        if let Some(number) = self.number.take() {
            self.numbers.push(number);
            self.due = Due::Comma;
        }
        match (byte, self.due) {
            (b',', Due::Comma) => self.due = Due::Next,
            (b'[', Due::Next) if self.numbers.len() == width => {
                self.depth += 1;
                self.due = Due::First;
                return Some(Read::Record);
            }
            (b']', Due::First | Due::Comma) if self.numbers.is_empty() => {
                self.depth -= 1;
                self.due = Due::Comma;
                if self.depth == 0 {
                    return Some(Read::End);
                }
            }
            (byte, _) if is_blank(byte) => {}
            _ => return None,
        }
        Some(Read::Part)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{parse, parse_pieces};
    use super::*;

    /// Two stacks of `open`, one of which calls an anonymous function, and one whose allocations are gone.
    const TIMELINE: &str = include_str!("../../fuzz/seeds/heap_text/timeline.heapsnapshot");

    fn rows(text: &str) -> Vec<(String, Option<String>, Option<u64>, u64)> {
        let graph = parse(text.as_bytes()).unwrap();
        let found = Allocations::new(&graph, 10).map_or(vec![], |found| found.functions);
        let row = |of: Allocator| (of.name, of.place, of.live_bytes, of.allocated_bytes);
        found.into_iter().map(row).collect()
    }

    fn row(
        name: &str,
        place: &str,
        live: Option<u64>,
        allocated: u64,
    ) -> (String, Option<String>, Option<u64>, u64) {
        let place = Some(place.to_owned()).filter(|place| !place.is_empty());
        (name.to_owned(), place, live, allocated)
    }

    #[test]
    fn functions_have_what_their_stacks_allocated_and_what_of_it_is_there() {
        let expected = [
            row("open", "/app/server.js:3:4", Some(250), 1250),
            row("(anonymous)", "/app/server.js:9:1", Some(0), 700),
            row("handler", "", Some(0), 20),
        ];
        assert_eq!(rows(TIMELINE), expected);
        let graph = parse(TIMELINE.as_bytes()).unwrap();
        let Some(Allocations {
            function_count,
            functions,
        }) = Allocations::new(&graph, 1)
        else {
            panic!("there are allocations");
        };
        assert_eq!((function_count, functions.len()), (3, 1));
        assert_eq!(
            (functions[0].live_count, functions[0].allocated_count),
            (Some(3), 13)
        );
    }

    #[test]
    fn where_nodes_do_not_say_who_allocated_them_functions_have_what_they_allocated() {
        let other = TIMELINE.replacen("trace_node_id", "news", 1);
        let found: Vec<_> = rows(&other).into_iter().map(|row| (row.2, row.3)).collect();
        assert_eq!(found, [(None, 1250), (None, 700), (None, 20)]);
    }

    #[test]
    fn a_snapshot_without_a_record_of_allocations_says_nothing() {
        let tree = TIMELINE.find("[1,0,0,0,").unwrap();
        let end = TIMELINE.find(",\n\"samples\"").unwrap();
        let empty = format!("{}[]{}", &TIMELINE[..tree], &TIMELINE[end..]);
        assert_eq!(rows(&empty), []);
        assert_eq!(rows(&TIMELINE.replacen("\"children\"", "\"news\"", 1)), []);
        assert_eq!(
            rows(&TIMELINE.replacen("\"script_name\"", "\"news\"", 1)),
            []
        );
    }

    #[test]
    fn pieces_of_every_length_say_the_same() {
        let whole = Allocations::new(&parse(TIMELINE.as_bytes()).unwrap(), 10);
        for length in 1..40 {
            let graph = parse_pieces(TIMELINE.as_bytes(), length).unwrap();
            assert_eq!(Allocations::new(&graph, 10), whole);
        }
    }

    #[test]
    fn a_tree_may_be_as_deep_as_it_likes() {
        let depth = 200_000;
        let deep = format!(
            "{}{}",
            "[9,1,1,10,".repeat(depth),
            "[]".to_owned() + &"]".repeat(depth)
        );
        let found = rows(&TIMELINE.replacen(
            "[1,0,0,0,[2,2,0,0,[4,1,12,1200,[]],3,1,1,50,[5,2,7,700,[]],6,3,2,20,[]]]",
            &deep,
            1,
        ));
        assert_eq!(
            found,
            [row(
                "open",
                "/app/server.js:3:4",
                Some(0),
                10 * depth as u64
            )]
        );
    }

    #[test]
    fn what_is_no_tree_is_told_with_its_byte() {
        for (right, wrong, inside, message) in [
            (
                "[4,1,12,",
                "[4,1,[",
                5,
                "[ stands where a number was expected",
            ),
            (
                "[4,1,12,",
                "[4,1,,",
                5,
                ", stands where a number was expected",
            ),
            (
                "[4,1,12,",
                "[4,1,x",
                5,
                "x stands where a number was expected",
            ),
            (
                "[4,1,12,",
                "[4,1 2,",
                5,
                "2 stands where a comma was expected",
            ),
            ("1200,[]", "1200,7", 5, "7 stands where [ was expected"),
            (
                "1200,[]",
                "1200,[]7",
                7,
                "7 stands where a comma or ] was expected",
            ),
            ("1200,[]", "1200]", 4, "] stands where a comma was expected"),
            (
                "1200,[]",
                "1200,[],]",
                8,
                "] stands where a number was expected",
            ),
            ("[4,1,12,", "[4294967296,1,12,", 22, "the number of a stack"),
            (
                "[4,1,12,",
                "[4,4294967296,12,",
                22,
                "the number of a function",
            ),
            (
                "\"trace_tree\":[",
                "\"trace_tree\":{",
                13,
                "{ stands where [ was expected",
            ),
        ] {
            let at = TIMELINE.find(right).unwrap();
            let error = parse(TIMELINE.replacen(right, wrong, 1).as_bytes()).unwrap_err();
            assert!(error.to_string().contains(message), "{wrong}: {error}");
            assert_eq!(error.offset_bytes(), Some(at + inside), "{error}");
        }
        for end in TIMELINE.find("[1,0,0,0").unwrap()..TIMELINE.find("\"samples\"").unwrap() {
            let error = parse(&TIMELINE.as_bytes()[..end]).unwrap_err();
            assert_eq!(error.offset_bytes(), Some(end), "{error}");
        }
    }
}
