//! Every label, path and function name once, in one byte arena of fixed size.
//!
//! ```text
//! bytes    [id u16][length u16][text …][id][length][text …] …        in order of arrival
//! offsets  id -> where its record starts, or the next free id
//! index    hash -> id, open addressing, half empty at worst
//! ```
//!
//! There are no reference counts to get wrong: when the arena or the ids run out, the owner marks what it
//! still uses and [`Strings::sweep`] closes the gaps in place. Ids stay what they were.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// Text the arena holds, with 4 bytes of record head per string. Owners and sites repeat: a service
/// with 300 source files and 2,000 functions fills about half of it.
const ARENA_BYTES: usize = 160 * 1024;
/// Distinct strings.
const IDS: usize = 8192;
/// Twice the ids, so a probe ends soon.
const INDEX: usize = 2 * IDS;
/// Bytes in front of each text.
const RECORD_HEAD_BYTES: usize = 4;
/// No path or name is kept longer than this; 512 is beyond what a reader can use.
pub(crate) const MAX_TEXT_BYTES: usize = 512;

const FREE_BIT: u32 = 1 << 31;
const NO_ID: u16 = u16::MAX;

/// Number of an interned string; 0 is the empty one.
pub(crate) type StringId = u16;

/// What is still in use, one bit per id.
#[derive(Clone, Copy)]
pub(crate) struct Marks([u64; IDS / 64]);

impl Marks {
    pub(crate) fn none() -> Self {
        Self([0; IDS / 64])
    }

    pub(crate) fn mark(&mut self, id: StringId) {
        self.0[usize::from(id) / 64] |= 1 << (id % 64);
    }

    fn has(&self, id: StringId) -> bool {
        self.0[usize::from(id) / 64] & (1 << (id % 64)) != 0
    }
}

/// The arena.
pub(crate) struct Strings {
    bytes: Box<[u8]>,
    used_bytes: usize,
    offsets: Box<[u32]>,
    first_free: u16,
    index: Box<[u16]>,
}

impl Strings {
    pub(crate) fn new() -> Self {
        let mut strings = Self {
            bytes: vec![0; ARENA_BYTES].into_boxed_slice(),
            used_bytes: 0,
            offsets: vec![0; IDS].into_boxed_slice(),
            first_free: 0,
            index: vec![NO_ID; INDEX].into_boxed_slice(),
        };
        strings.chain_free_ids(&Marks::none());
        // Takes id 0, which is never swept.
        let empty = strings.intern("");
        debug_assert_eq!(empty, Some(0));
        strings
    }

    /// The id of `text`, cut to [`MAX_TEXT_BYTES`]; `None` when there is no room for it.
    pub(crate) fn intern(&mut self, text: &str) -> Option<StringId> {
        let text = cut(text, MAX_TEXT_BYTES).as_bytes();
        let place = match self.find(text) {
            Ok(id) => return Some(id),
            Err(place) => place,
        };
        let end = self.used_bytes + RECORD_HEAD_BYTES + text.len();
        let id = self.first_free;
        if id == NO_ID || end > self.bytes.len() {
            return None;
        }
        // The mask leaves 15 bits, and ids have 13.
        self.first_free = low_bits(self.offsets[usize::from(id)] & !FREE_BIT);
        let start = self.used_bytes;
        self.bytes[start..start + 2].copy_from_slice(&id.to_le_bytes());
        // At most MAX_TEXT_BYTES after the cut.
        let length = u16::try_from(text.len()).unwrap_or(0);
        self.bytes[start + 2..start + 4].copy_from_slice(&length.to_le_bytes());
        self.bytes[start + RECORD_HEAD_BYTES..end].copy_from_slice(text);
        // The arena is far smaller than 2 GiB.
        self.offsets[usize::from(id)] = u32::try_from(start).unwrap_or(0);
        self.used_bytes = end;
        self.index[place] = id;
        Some(id)
    }

    /// The text of an id that [`Strings::intern`] gave and no sweep took; otherwise empty.
    pub(crate) fn get(&self, id: StringId) -> &str {
        std::str::from_utf8(self.raw(id)).unwrap_or("")
    }

    fn raw(&self, id: StringId) -> &[u8] {
        match self.offsets.get(usize::from(id)) {
            Some(&offset) if offset & FREE_BIT == 0 => {
                let start = offset as usize + RECORD_HEAD_BYTES;
                &self.bytes[start..start + self.length_at(offset as usize)]
            }
            _ => &[],
        }
    }

    fn length_at(&self, start: usize) -> usize {
        usize::from(u16::from_le_bytes([
            self.bytes[start + 2],
            self.bytes[start + 3],
        ]))
    }

    /// Where `text` is in the index, or the empty place where it would go.
    fn find(&self, text: &[u8]) -> Result<StringId, usize> {
        let mut place = hash_of(text) % INDEX;
        loop {
            match self.index[place] {
                NO_ID => return Err(place),
                id if self.raw(id) == text => return Ok(id),
                _ => place = (place + 1) % INDEX,
            }
        }
    }

    /// Frees every string that is not marked and closes the gaps.
    pub(crate) fn sweep(&mut self, marks: &Marks) {
        let mut marks = *marks;
        marks.mark(0);
        let (mut from, mut to) = (0, 0);
        while from < self.used_bytes {
            let id = u16::from_le_bytes([self.bytes[from], self.bytes[from + 1]]);
            let length = RECORD_HEAD_BYTES + self.length_at(from);
            if marks.has(id) {
                self.bytes.copy_within(from..from + length, to);
                self.offsets[usize::from(id)] = u32::try_from(to).unwrap_or(0);
                to += length;
            } else {
                self.offsets[usize::from(id)] = FREE_BIT;
            }
            from += length;
        }
        self.used_bytes = to;
        // Marks of ids that were never given out must not hide them from the free chain.
        let mut kept = Marks::none();
        let mut at = 0;
        while at < to {
            kept.mark(u16::from_le_bytes([self.bytes[at], self.bytes[at + 1]]));
            at += RECORD_HEAD_BYTES + self.length_at(at);
        }
        self.chain_free_ids(&kept);
        self.reindex(&kept);
    }

    fn chain_free_ids(&mut self, kept: &Marks) {
        self.first_free = NO_ID;
        // IDS is 2^13, so every number fits.
        for id in (0..IDS).rev().filter_map(|id| u16::try_from(id).ok()) {
            if !kept.has(id) {
                self.offsets[usize::from(id)] = FREE_BIT | u32::from(self.first_free);
                self.first_free = id;
            }
        }
    }

    fn reindex(&mut self, kept: &Marks) {
        self.index.fill(NO_ID);
        for id in (0..IDS)
            .filter_map(|id| u16::try_from(id).ok())
            .filter(|&id| kept.has(id))
        {
            let mut place = hash_of(self.raw(id)) % INDEX;
            while self.index[place] != NO_ID {
                place = (place + 1) % INDEX;
            }
            self.index[place] = id;
        }
    }

    /// What it occupies, which never changes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.bytes) + size_of_val(&*self.offsets) + size_of_val(&*self.index)
    }
}

/// The longest start of `text` of at most `limit_bytes` bytes that ends between characters.
pub(crate) fn cut(text: &str, limit_bytes: usize) -> &str {
    let mut end = text.len().min(limit_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn low_bits(value: u32) -> u16 {
    u16::try_from(value & 0xffff).unwrap_or(NO_ID)
}

fn hash_of(text: &[u8]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(text);
    // Only the low bits are used, so a 32-bit usize loses nothing.
    #[allow(clippy::cast_possible_truncation)]
    let hash = hasher.finish() as usize;
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn marks(ids: &[StringId]) -> Marks {
        let mut marks = Marks::none();
        for &id in ids {
            marks.mark(id);
        }
        marks
    }

    #[test]
    fn equal_texts_share_an_id_and_the_empty_one_is_zero() {
        let mut strings = Strings::new();
        let id = strings.intern("EventEmitter 'tick'");
        assert_eq!(strings.intern("EventEmitter 'tick'"), id);
        assert_eq!(strings.intern(""), Some(0));
        assert_eq!(strings.get(id.unwrap()), "EventEmitter 'tick'");
    }

    #[test]
    fn a_sweep_keeps_what_is_marked_under_its_old_id() {
        let mut strings = Strings::new();
        let ids: Vec<StringId> = (0..100)
            .map(|n| strings.intern(&format!("name {n}")).unwrap())
            .collect();
        let used_bytes = strings.used_bytes;
        strings.sweep(&marks(&[ids[3], ids[97]]));
        assert!(strings.used_bytes < used_bytes / 20);
        assert_eq!(
            (strings.get(ids[3]), strings.get(ids[97])),
            ("name 3", "name 97")
        );
        assert_eq!(strings.get(ids[4]), "");
        assert_eq!(strings.intern("name 97"), Some(ids[97]));
        assert!(strings.intern("name 4").is_some());
    }

    #[test]
    fn ids_run_out_at_the_cap_and_come_back_after_a_sweep() {
        let mut strings = Strings::new();
        let given = (0..IDS)
            .filter(|n| strings.intern(&format!("{n}")).is_some())
            .count();
        assert_eq!(given, IDS - 1, "one id is the empty string's");
        assert_eq!(strings.intern("one more"), None);
        assert_eq!(
            strings
                .intern("17")
                .map(|id| strings.get(id).to_owned())
                .as_deref(),
            Some("17")
        );
        strings.sweep(&Marks::none());
        assert_eq!(
            (0..IDS - 1)
                .filter(|n| strings.intern(&format!("x{n}")).is_some())
                .count(),
            IDS - 1
        );
    }

    #[test]
    fn bytes_run_out_before_the_arena_grows() {
        let mut strings = Strings::new();
        let before = strings.bytes();
        let long = "x".repeat(MAX_TEXT_BYTES - 8);
        let given = (0..IDS)
            .take_while(|n| strings.intern(&format!("{n:08}{long}")).is_some())
            .count();
        assert_eq!(
            given,
            (ARENA_BYTES - RECORD_HEAD_BYTES) / (MAX_TEXT_BYTES + RECORD_HEAD_BYTES)
        );
        assert_eq!(strings.bytes(), before);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("naïve", 3), "na");
        assert_eq!(cut("naïve", 4), "naï");
        assert_eq!(cut("naïve", 99), "naïve");
    }

    proptest! {
        #[test]
        fn ids_and_texts_equal_those_of_a_map_however_often_it_is_swept(
            steps in prop::collection::vec((0u8..200, 0u16..800), 0..1_000),
        ) {
            let text = |number: u16| format!("{number:x>width$}", width = usize::from(number).min(MAX_TEXT_BYTES));
            let (mut strings, mut ids) = (Strings::new(), HashMap::<u16, StringId>::new());
            let mut used_bytes = strings.used_bytes;
            for (step, number) in steps {
                if step == 0 {
                    ids.retain(|kept, _| kept % 3 == number % 3);
                    strings.sweep(&marks(&ids.values().copied().collect::<Vec<_>>()));
                    used_bytes = ids.keys().map(|&kept| RECORD_HEAD_BYTES + text(kept).len()).sum::<usize>()
                        + RECORD_HEAD_BYTES;
                } else {
                    let needed = RECORD_HEAD_BYTES + text(number).len();
                    let given = strings.intern(&text(number));
                    if let Some(&id) = ids.get(&number) {
                        prop_assert_eq!(given, Some(id));
                    } else if used_bytes + needed > ARENA_BYTES {
                        prop_assert_eq!(given, None);
                    } else {
                        used_bytes += needed;
                        prop_assert!(ids.values().all(|&id| Some(id) != given));
                        ids.insert(number, given.unwrap());
                    }
                }
            }
            prop_assert_eq!(strings.used_bytes, used_bytes);
            for (&number, &id) in &ids {
                prop_assert_eq!(strings.get(id), text(number));
            }
        }
    }
}
