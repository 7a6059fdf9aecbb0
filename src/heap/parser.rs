//! Reads a snapshot as it comes, in pieces of any length. Nothing of the file is kept but what goes into the
//! graph, so a snapshot that is streamed needs no disk and no memory for its text.
//!
//! A snapshot is one JSON object: `{"snapshot": header, "nodes": [numbers], "edges": [numbers], …, "strings":
//! [texts]}`. Its structure is read byte by byte; what is long, the numbers and the texts, by whole pieces:
//! an array of numbers ends at the next `]`, and a text at the next quote without a backslash. The
//! numbers themselves are read by other threads meanwhile (`lexers.rs`).
//!
//! It knows where things stand and that they are complete, not what the numbers mean (`graph.rs`).

use super::graph::{Builder, Graph, Misfit, Mismatch};
use super::layout::Layout;
use super::lexer::{self, is_blank};
use super::lexers::{Block, Lexers, BLOCK_BYTES};
use super::traces::{Read, TreeReader};
use crate::error::{Error, Kind, Result};

/// A header is a kilobyte.
const MAX_HEADER_BYTES: usize = 1 << 20;
const MAX_KEY_BYTES: usize = 64;
/// V8 cuts its texts at 1,024 characters unless told otherwise; one as long as this is none of V8's.
const MAX_STRING_BYTES: usize = 1 << 30;

/// The arrays that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Nodes,
    Edges,
    Locations,
    Functions,
}

/// What stands at the next byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// The first key, or the end of an empty object.
    FirstKey,
    NextKey,
    InKey,
    Colon,
    /// Of `snapshot`.
    HeaderStart,
    Header(Nesting),
    ArrayStart(Section),
    Numbers(Section),
    StringsStart,
    FirstString,
    NextString,
    /// With `true`: behind a backslash.
    InString(bool),
    AfterString,
    TreeStart,
    /// The nested array of stacks that allocated.
    Tree,
    /// The value of a key that is not needed.
    Passing(Nesting),
    AfterValue,
    End,
}

/// How deep in a value that is not looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Nesting {
    /// Whether there was anything but white space.
    begun: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Whether the value ends with `byte`.
    fn ends_with(&mut self, byte: u8) -> bool {
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
                return self.depth == 0;
            }
            return false;
        }
        match byte {
            b'"' => self.in_string = true,
            b'[' | b'{' => self.depth = self.depth.saturating_add(1),
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// A snapshot that is being read.
pub struct Parser {
    state: State,
    /// Of the next byte.
    offset: u64,
    length_bytes: Option<u64>,
    /// What has come of a key, a header, a text or a block of numbers.
    pending: Vec<u8>,
    seen: Vec<String>,
    builder: Option<Builder>,
    tree: TreeReader,
    lexers: Lexers,
}

impl Parser {
    /// `length_bytes`: of the whole file, where it is known; room is made for no more than fits into it.
    #[must_use]
    pub fn new(length_bytes: Option<u64>) -> Self {
        Self {
            state: State::Start,
            offset: 0,
            length_bytes,
            pending: Vec::new(),
            seen: Vec::new(),
            builder: None,
            tree: TreeReader::default(),
            lexers: Lexers::new(),
        }
    }

    /// Reads on.
    ///
    /// # Errors
    /// [`Kind::InvalidInput`] with the offset of the byte where something else was expected. A parser that has failed
    /// must not be used any more.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let taken = match self.state {
                State::Numbers(section) => self.take_numbers(section, bytes)?,
                State::InString(escaped) => self.take_string(escaped, bytes)?,
                _ => self.take_byte(bytes[0])?,
            };
            self.offset += taken as u64;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// The graph, when the file has ended.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(mut self) -> Result<Graph> {
        if self.state != State::End {
            let expected = self.expected();
            return Err(self.fault(format!("the file ends here, where {expected} was expected")));
        }
        for section in ["nodes", "edges", "strings"] {
            if !self.has_seen(section) {
                return Err(self.fault(format!("there is no {section:?}")));
            }
        }
        let offset = self.offset;
        let builder = self.builder.take();
        let graph = builder.map_or_else(
            || Err(Mismatch("there is no \"snapshot\"".to_owned())),
            Builder::finish,
        );
        graph.map_err(|Mismatch(text)| invalid(offset, &text))
    }

    fn has_seen(&self, key: &str) -> bool {
        self.seen.iter().any(|seen| seen == key)
    }

    fn fault(&self, text: impl AsRef<str>) -> Error {
        invalid(self.offset, text.as_ref())
    }

    /// In words, for whoever has the file.
    fn expected(&self) -> &'static str {
        match self.state {
            State::Start | State::HeaderStart => "{",
            State::FirstKey => "a key or }",
            State::NextKey => "a key",
            State::InKey => "the end of a key",
            State::Colon => ":",
            State::Header(_) => "the end of the header",
            State::ArrayStart(_) | State::StringsStart | State::TreeStart => "[",
            State::Tree => self.tree.expected(self.trace_width().unwrap_or(0)),
            State::Numbers(_) => "a number or ]",
            State::FirstString => "a string or ]",
            State::NextString => "a string",
            State::InString(_) => "the end of a string",
            State::AfterString => "a comma or ]",
            State::Passing(_) => "a value",
            State::AfterValue => "a comma or }",
            State::End => "nothing more",
        }
    }

    fn take_byte(&mut self, byte: u8) -> Result<usize> {
        let is_inside = matches!(
            self.state,
            State::InKey | State::Header(_) | State::Passing(_) | State::Tree
        );
        if !is_inside && is_blank(byte) {
            return Ok(1);
        }
        self.state = match (self.state, byte) {
            (State::Start, b'{') => State::FirstKey,
            (State::FirstKey | State::NextKey, b'"') => State::InKey,
            (State::InKey, b'"') => State::Colon,
            (State::InKey, _) if self.pending.len() < MAX_KEY_BYTES => {
                self.pending.push(byte);
                State::InKey
            }
            (State::Colon, b':') => self.value()?,
            (State::HeaderStart, b'{') | (State::Header(_), _) => self.take_header(byte)?,
            (State::ArrayStart(section), b'[') => State::Numbers(section),
            (State::TreeStart, b'[') => {
                self.tree = TreeReader::new();
                State::Tree
            }
            (State::Tree, _) => self.take_tree(byte)?,
            (State::StringsStart, b'[') => {
                self.reserve_strings();
                State::FirstString
            }
            (State::FirstString | State::NextString, b'"') => State::InString(false),
            (State::AfterString, b',') => State::NextString,
            (State::FirstString | State::AfterString, b']') => State::AfterValue,
            (State::AfterValue, b',') => State::NextKey,
            (State::FirstKey | State::AfterValue, b'}') => State::End,
            (State::Passing(nesting), _) => {
                let Some(state) = self.pass(nesting, byte)? else {
                    // The byte is what follows a number or a name.
                    self.state = State::AfterValue;
                    return Ok(0);
                };
                state
            }
            _ => {
                let expected = self.expected();
                return Err(self.fault(format!(
                    "{} stands where {expected} was expected",
                    shown(byte)
                )));
            }
        };
        Ok(1)
    }

    /// What a key is followed by.
    fn value(&mut self) -> Result<State> {
        let key = String::from_utf8_lossy(&self.pending).into_owned();
        self.pending.clear();
        if self.has_seen(&key) {
            return Err(self.fault(format!("{key:?} is there twice")));
        }
        let of_traces = ["trace_function_infos", "trace_tree"];
        let is_known = ["snapshot", "nodes", "edges", "locations", "strings"]
            .contains(&key.as_str())
            || of_traces.contains(&key.as_str()) && self.trace_width().is_some();
        if is_known && key != "snapshot" && self.builder.is_none() {
            return Err(self.fault(format!(
                "{key:?} stands before \"snapshot\", which says what it means: is this a heap snapshot?"
            )));
        }
        let state = match key.as_str() {
            "snapshot" => State::HeaderStart,
            "nodes" => State::ArrayStart(Section::Nodes),
            "edges" => State::ArrayStart(Section::Edges),
            "locations" => State::ArrayStart(Section::Locations),
            "strings" => State::StringsStart,
            "trace_function_infos" if is_known => State::ArrayStart(Section::Functions),
            "trace_tree" if is_known => State::TreeStart,
            _ => State::Passing(Nesting::default()),
        };
        if is_known {
            self.seen.push(key);
        }
        Ok(state)
    }

    fn take_header(&mut self, byte: u8) -> Result<State> {
        let mut nesting = match self.state {
            State::Header(nesting) => nesting,
            _ => Nesting::default(),
        };
        if self.pending.len() == MAX_HEADER_BYTES {
            return Err(self.fault("the header is too long for one of a heap snapshot"));
        }
        self.pending.push(byte);
        if !nesting.ends_with(byte) {
            return Ok(State::Header(nesting));
        }
        let layout = Layout::from_json(&self.pending)
            .map_err(|unusable| self.fault(format!("the header cannot be used: {unusable}")))?;
        self.pending = Vec::with_capacity(BLOCK_BYTES);
        let builder = Builder::new(layout, self.length_bytes);
        self.builder = Some(builder.map_err(|Mismatch(text)| self.fault(text))?);
        Ok(State::AfterValue)
    }

    fn trace_width(&self) -> Option<usize> {
        self.builder.as_ref().and_then(Builder::trace_width)
    }

    fn take_tree(&mut self, byte: u8) -> Result<State> {
        let Some(width) = self.trace_width() else {
            return Ok(State::Tree);
        };
        let Some(read) = self.tree.take(byte, width) else {
            let expected = self.tree.expected(width);
            let byte = shown(byte);
            return Err(self.fault(format!("{byte} stands where {expected} was expected")));
        };
        match read {
            Read::Part => Ok(State::Tree),
            Read::Record => {
                let (builder, record) = (self.builder.as_mut(), self.tree.record());
                let pushed = builder.map_or(Ok(()), |builder| builder.push_trace(record));
                pushed
                    .map_err(|expected| self.fault(format!("expected {expected} before this")))?;
                self.tree.end_record();
                Ok(State::Tree)
            }
            Read::End => Ok(State::AfterValue),
        }
    }

    /// Passes over a byte of a value that is not needed; `None` when the value has ended before it.
    fn pass(&self, mut nesting: Nesting, byte: u8) -> Result<Option<State>> {
        let is_outside = nesting.depth == 0 && !nesting.in_string;
        if is_outside && nesting.begun && matches!(byte, b',' | b'}') {
            return Ok(None);
        }
        if is_outside && matches!(byte, b',' | b'}' | b']') {
            let byte = shown(byte);
            return Err(self.fault(format!("{byte} stands where a value was expected")));
        }
        nesting.begun |= !is_blank(byte);
        Ok(Some(if nesting.ends_with(byte) {
            State::AfterValue
        } else {
            State::Passing(nesting)
        }))
    }

    fn take_numbers(&mut self, section: Section, bytes: &[u8]) -> Result<usize> {
        let room = BLOCK_BYTES.saturating_sub(self.pending.len()).max(1);
        let piece = &bytes[..bytes.len().min(room)];
        let end = memchr::memchr(b']', piece);
        let taken = end.unwrap_or(piece.len());
        self.pending.extend_from_slice(&piece[..taken]);
        let offset = self.offset + taken as u64;
        if end.is_some() {
            self.send(section, offset, false)?;
            while self.receive()? {}
            let ended = self.builder.as_mut().map_or(Ok(()), Builder::end_array);
            ended.map_err(|Mismatch(text)| invalid(offset, &text))?;
            self.state = State::AfterValue;
            return Ok(taken + 1);
        }
        if self.pending.len() >= BLOCK_BYTES {
            self.send(section, offset, true)?;
        }
        Ok(taken)
    }

    /// Has what is pending read, up to its last comma when there is more to come.
    fn send(&mut self, section: Section, end: u64, goes_on: bool) -> Result<()> {
        let start = end - self.pending.len() as u64;
        let cut = if goes_on {
            memchr::memrchr(b',', &self.pending).map_or(0, |comma| comma + 1)
        } else {
            self.pending.len()
        };
        if cut == 0 && goes_on {
            return Err(invalid(start, "so long a text is no number"));
        }
        let (mut next, numbers) = self.lexers.buffers();
        next.extend_from_slice(&self.pending[cut..]);
        self.pending.truncate(cut);
        let text = std::mem::replace(&mut self.pending, next);
        if self.lexers.is_full() {
            self.receive()?;
        }
        self.lexers.send(Block {
            section,
            text,
            offset: start,
            goes_on,
            numbers,
            fault: None,
        });
        Ok(())
    }

    /// Puts the numbers of the oldest block where they belong; `false` when there is none.
    fn receive(&mut self) -> Result<bool> {
        if self.lexers.is_idle() {
            return Ok(false);
        }
        let (Some(block), Some(builder)) = (self.lexers.receive(), self.builder.as_mut()) else {
            return Err(self.fault("a thread that reads numbers has failed"));
        };
        let pushed = match block.section {
            Section::Nodes => builder.push_nodes(&block.numbers),
            Section::Edges => builder.push_edges(&block.numbers),
            Section::Locations => builder.push_locations(&block.numbers),
            Section::Functions => builder.push_functions(&block.numbers),
        };
        if let Err(Misfit { index, expected }) = pushed {
            let at = block.offset + lexer::offset_of(&block.text, index) as u64;
            return Err(invalid(
                at,
                &format!("expected {expected}, not {}", block.numbers[index]),
            ));
        }
        if let Some(fault) = block.fault {
            let at = block.offset + fault.at as u64;
            return Err(invalid(at, &format!("expected {}", fault.expected)));
        }
        self.lexers.give_back(block);
        Ok(true)
    }

    fn reserve_strings(&mut self) {
        self.pending = Vec::new();
        if let (Some(length), Some(builder)) = (self.length_bytes, self.builder.as_mut()) {
            let left = usize::try_from(length.saturating_sub(self.offset)).unwrap_or(0);
            builder.strings().reserve(left);
        }
    }

    fn take_string(&mut self, mut escaped: bool, bytes: &[u8]) -> Result<usize> {
        let mut at = 0;
        if escaped {
            at = 1;
            escaped = false;
        }
        let end = loop {
            match memchr::memchr2(b'"', b'\\', &bytes[at..]).map(|found| at + found) {
                Some(quote) if bytes[quote] == b'"' => break Some(quote),
                Some(backslash) if backslash + 1 < bytes.len() => at = backslash + 2,
                Some(_) => {
                    escaped = true;
                    break None;
                }
                None => break None,
            }
        };
        let Some(end) = end else {
            if self.pending.len() + bytes.len() > MAX_STRING_BYTES {
                return Err(self.fault("so long a string is none of a heap snapshot"));
            }
            self.pending.extend_from_slice(bytes);
            self.state = State::InString(escaped);
            return Ok(bytes.len());
        };
        let before = self.pending.len();
        let raw = if before == 0 {
            &bytes[..end]
        } else {
            self.pending.extend_from_slice(&bytes[..end]);
            &self.pending
        };
        let pushed = self
            .builder
            .as_mut()
            .map_or(Ok(()), |builder| builder.strings().push_json(raw));
        pushed.map_err(|(place, expected)| {
            let start = self.offset - before as u64;
            invalid(start + place as u64, &format!("expected {expected}"))
        })?;
        self.pending.clear();
        self.state = State::AfterString;
        Ok(end + 1)
    }
}

fn invalid(offset_bytes: u64, text: &str) -> Error {
    Error::at(Kind::InvalidInput, offset_bytes, text)
}

fn shown(byte: u8) -> String {
    if byte.is_ascii_graphic() {
        char::from(byte).to_string()
    } else {
        format!("the byte 0x{byte:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{node, parse, parse_pieces, Heap};
    use super::super::{Detachedness, EdgeKind, EdgeName, NodeKind};
    use super::*;

    fn sample() -> Heap {
        let mut heap = Heap::new();
        let cache = heap.node("object", "Cache \"é\\", 24);
        let table = heap.node("array", "", 5_000_000_000);
        heap.edge(0, "shortcut", "global", cache);
        heap.edge(cache, "property", "entries", table);
        heap.edge(table, "element", "7", cache);
        heap.location(cache, 12, 3, 4);
        heap
    }

    fn assert_sample(graph: &Graph) {
        assert_eq!((graph.node_count(), graph.edge_count()), (3, 3));
        let [root, cache, table] = [0, 1, 2].map(node);
        assert_eq!(graph.kind(root), NodeKind::Synthetic);
        assert_eq!(graph.name(cache), "Cache \"é\\");
        assert_eq!((graph.id(cache), graph.id(table)), (3, 5));
        assert_eq!(graph.self_size_bytes(cache), 24);
        assert_eq!(graph.self_size_bytes(table), 5_000_000_000);
        assert_eq!(graph.detachedness(cache), Detachedness::Unknown);
        let edges =
            |from| -> Vec<_> { graph.edges_of(from).map(|edge| graph.edge(edge)).collect() };
        let [global] = edges(root)[..] else { panic!() };
        assert_eq!((global.kind, global.to), (EdgeKind::Shortcut, cache));
        let [entries] = edges(cache)[..] else {
            panic!()
        };
        let EdgeName::Name(name) = entries.name else {
            panic!()
        };
        assert_eq!(graph.strings().get(name), "entries");
        let [element] = edges(table)[..] else {
            panic!()
        };
        assert_eq!(element.name, EdgeName::Index(7));
        let location = graph.locations()[0];
        assert_eq!((location.node, location.script_id), (cache, 12));
        assert_eq!((location.line, location.column), (3, 4));
    }

    #[test]
    fn pieces_of_every_length_make_the_same_graph() {
        let json = sample().json();
        for length in (1..40).chain([100, 1000, json.len()]) {
            assert_sample(&parse_pieces(json.as_bytes(), length).unwrap());
        }
    }

    #[test]
    fn other_keys_are_passed_over_whatever_they_hold() {
        let json = sample().json().replace(
            "\"trace_tree\":[]",
            r#""a":null,"b":-1.5e3 ,"c":"]}\"\\","d":{"e":[[],{"f":"}"}]},"g":true"#,
        );
        assert_sample(&parse(json.as_bytes()).unwrap());
    }

    #[test]
    fn a_file_that_ends_anywhere_says_where_and_what_was_expected() {
        let json = sample().json();
        for end in 0..json.len() {
            let error = parse(&json.as_bytes()[..end]).unwrap_err();
            assert_eq!(error.kind(), Kind::InvalidInput);
            assert_eq!(error.offset_bytes(), Some(end), "{error}");
            assert!(error.to_string().contains("the file ends here"), "{error}");
        }
    }

    /// The sample with one thing replaced, and where that begins.
    fn spoilt(right: &str, wrong: &str) -> (usize, Error) {
        let json = sample().json();
        let at = json.find(right).unwrap();
        let json = json.replacen(right, wrong, 1);
        (at, parse(json.as_bytes()).unwrap_err())
    }

    #[test]
    fn what_stands_where_something_else_is_expected_is_told_with_its_byte() {
        for (right, wrong, inside, message) in [
            ("{\"snapshot\"", "[", 0, "[ stands where { was expected"),
            ("\"nodes\"", "nodes", 0, "n stands where a key was expected"),
            (
                "\"nodes\":[",
                "\"nodes\":{",
                8,
                "{ stands where [ was expected",
            ),
            ("\"nodes\":[9", "\"nodes\":[x", 9, "expected a whole number"),
            (
                ",0\n],\n\"edges\"",
                ",0,\n],\n\"edges\"",
                4,
                "expected a whole number",
            ),
            ("\"trace_tree\"", "\"edges\"", 7, "\"edges\" is there twice"),
            (
                "\"trace_tree\":[]",
                "\"trace_tree\": ",
                14,
                ", stands where a value was expected",
            ),
            (
                "\"strings\":[\"",
                "\"strings\":[7",
                11,
                "7 stands where a string or ] was expected",
            ),
            ("entries\"", "\\u00zz\"", 0, "four hexadecimal digits"),
            (
                "\"entries\",",
                "\"entries\";",
                9,
                "; stands where a comma or ] was expected",
            ),
            (
                "\"edges\":[5,",
                "\"edges\":[7,",
                9,
                "expected the number of a kind of edge, not 7",
            ),
            (",6\n,2", ",7\n,2", 1, "expected the place of a node, not 7"),
            (
                ",6\n,2",
                ",18\n,2",
                1,
                "expected the place of a node, not 18",
            ),
            (
                "\"nodes\":[9",
                "\"nodes\":[19",
                9,
                "expected the number of a kind of node, not 19",
            ),
            (
                "3,3,3,24,1",
                "3,3,3,24,9",
                9,
                "no more edges than the header announces, not 9",
            ),
            (
                "3,3,3,24,1",
                "3,3,99999999999,24,1",
                4,
                "an id of less than 2^32",
            ),
        ] {
            let (at, error) = spoilt(right, wrong);
            assert!(error.to_string().contains(message), "{wrong}: {error}");
            assert_eq!(error.offset_bytes(), Some(at + inside), "{error}");
        }
    }

    #[test]
    fn counts_that_are_not_the_headers_are_told() {
        for (right, wrong, message) in [
            (
                "\"node_count\":3",
                "\"node_count\":4",
                "there should be 4 nodes, and there are 3",
            ),
            (
                "\"edge_count\":3",
                "\"edge_count\":4",
                "there should be 4 edges, and there are 3",
            ),
            (
                "\"node_count\":3",
                "\"node_count\":2",
                "the end of the nodes",
            ),
            ("\"edge_count\":3", "\"edge_count\":2", "no more edges"),
            (
                "\"node_count\":3",
                "\"node_count\":4294967296",
                "can be read",
            ),
            (
                "3,3,3,24,1",
                "3,3,3,24,0",
                "there should be 3 edges of nodes, and there are 2",
            ),
            (
                "3,3,3,24,1,0",
                "3,3,3,24,1",
                "the last record has only 5 numbers",
            ),
            (",\n\"entries\"", "", "a name is string"),
        ] {
            let (_, error) = spoilt(right, wrong);
            assert!(error.to_string().contains(message), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_record_that_ends_too_early_is_told_at_the_end_of_its_array_however_it_comes() {
        let json = sample().json().replacen("3,3,3,24,1,0", "3,3,3,24,1", 1);
        let end = json.find("],\n\"edges\"").unwrap();
        for length in [1, 7, 100, json.len()] {
            let error = parse_pieces(json.as_bytes(), length).unwrap_err();
            assert_eq!(error.offset_bytes(), Some(end), "{error}");
        }
    }

    #[test]
    fn a_header_that_promises_more_than_the_file_holds_costs_no_memory() {
        let json = sample().json();
        let json = json.replace(
            "\"node_count\":3",
            &format!("\"node_count\":{}", 1_u64 << 29),
        );
        assert!(parse(json.as_bytes()).is_err());
    }

    #[test]
    fn json_that_is_no_snapshot_is_refused() {
        for (text, message) in [
            ("", "the file ends here, where { was expected"),
            ("{}", "there is no \"nodes\""),
            ("[]", "[ stands where { was expected"),
            ("null", "n stands where"),
            ("\u{1f}\u{8b}", "the byte 0x1f stands where"),
            ("{\"nodes\":[]}", "is this a heap snapshot?"),
            ("{\"snapshot\":{}}", "the header cannot be used"),
            ("{\"snapshot\":[]}", "[ stands where { was expected"),
            ("{} x", "x stands where nothing more was expected"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn blocks_of_numbers_are_put_together_in_order() {
        let mut heap = Heap::new();
        for index in 0..40_000 {
            let made = heap.node("object", "Node", index);
            heap.edge(made - 1, "property", "next", made);
        }
        let json = heap.json();
        assert!(json.len() > 4 * BLOCK_BYTES);
        let graph = parse_pieces(json.as_bytes(), 65_536).unwrap();
        for index in 0..40_000 {
            assert_eq!(graph.self_size_bytes(node(index + 1)), index as u64);
            let edge = graph.edges_of(node(index)).next().unwrap();
            assert_eq!(graph.target(edge), node(index + 1));
        }
    }
}
