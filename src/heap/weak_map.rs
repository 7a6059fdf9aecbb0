//! How V8 writes the pairs of a `WeakMap`: a reference to the value from the table and one from the key, each
//! called `7 / part of key (Key @1) -> value (Value @3) pair in WeakMap (table @5)`.

/// What the references of all pairs are called.
pub(super) const PAIR: &str = "pair in WeakMap";

/// What the names of both references have in common; `None` for other references. It says what key and value are
/// called, contents of strings too, and may be cut within.
pub(super) fn pair_of(name: &str) -> Option<&str> {
    let pair = name.trim_start_matches(|character: char| character.is_ascii_digit());
    let is_one = pair.len() < name.len() && pair.starts_with(" / part of key (");
    is_one.then_some(pair)
}

/// The id of the table that a pair is in; `None` for other references, and where V8 has cut it off.
pub(super) fn table_of_pair(name: &str) -> Option<u32> {
    let pair = pair_of(name)?.strip_suffix(')')?;
    let before = pair.trim_end_matches(|character: char| character.is_ascii_digit());
    before.strip_suffix(" pair in WeakMap (table @")?;
    pair[before.len()..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_says_which_table_it_is_in() {
        let pair = "12 / part of key (Key @1) -> value (Value @3) pair in WeakMap (table @5)";
        assert_eq!(table_of_pair(pair), Some(5));
        let cut = &pair[..60];
        assert_eq!((pair_of(cut), table_of_pair(cut)), (Some(&cut[2..]), None));
        for other in ["12", "", "table", " / part of key (", &pair[3..]] {
            assert_eq!((pair_of(other), table_of_pair(other)), (None, None));
        }
    }

    #[test]
    fn a_value_that_looks_like_a_pair_is_none() {
        let text = "1 / part of key (K @1) -> value (x pair in WeakMap (table @7) @3) pair in WeakMap (table @5)";
        assert_eq!(table_of_pair(text), Some(5));
    }
}
