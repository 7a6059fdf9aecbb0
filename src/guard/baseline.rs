//! The shape of a baseline file. `lib/baseline.js` reads, applies and writes it; here a text is held
//! against its shape, so that what is wrong is said with its line and column.

use rustc_hash::FxHashSet;
use serde::Deserialize;

use super::finding::Tier;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::ledger::Kind;

/// What the file says of itself.
const NAME: &str = "baseline";
/// The version of the shape below.
const VERSION: u32 = 1;

/// Read first: of a newer version the rest may look otherwise.
#[derive(Deserialize)]
struct Header {
    leakguard: String,
    version: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
// Most of it is there to be held against the text.
#[allow(dead_code)]
struct Body {
    leakguard: String,
    version: u32,
    findings: Vec<Entry>,
}

/// One cause that is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Entry {
    signature: String,
    kind: Kind,
    tier: Tier,
    title: String,
    count: u64,
    site: Option<String>,
}

/// Whether `text` is a baseline.
///
/// # Errors
/// `InvalidInput`, with the line and column where it is none.
pub fn check(text: &str) -> Result<()> {
    let read = |cause| Error::json("no baseline", text, cause);
    let header: Header = serde_json::from_str(text).map_err(read)?;
    let refused = |message| Err(Error::new(ErrorKind::InvalidInput, message));
    if header.leakguard != NAME {
        return refused(format!(
            "no baseline: \"leakguard\" is {:?}, not {NAME:?}",
            header.leakguard
        ));
    }
    if header.version != VERSION {
        return refused(format!(
            "a baseline of version {}; this leakguard reads version {VERSION}",
            header.version
        ));
    }
    let body: Body = serde_json::from_str(text).map_err(read)?;
    let mut seen = FxHashSet::default();
    for (index, entry) in body.findings.iter().enumerate() {
        if !seen.insert((&entry.signature, entry.kind.name(), entry.tier.name())) {
            return refused(format!(
                "no baseline: findings[{index}] repeats the signature {:?}",
                entry.signature
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = r#"{
      "signature": "cefa989d25b68efa",
      "kind": "listeners",
      "tier": "contract",
      "title": "2 listeners left on Bus 'x'",
      "count": 2,
      "site": null
    }"#;

    fn file(entries: &[&str]) -> String {
        format!(
            "{{\n  \"leakguard\": \"baseline\",\n  \"version\": 1,\n  \"findings\": [{}]\n}}\n",
            entries.join(",\n")
        )
    }

    fn refusal(text: &str) -> String {
        check(text).unwrap_err().to_string()
    }

    #[test]
    fn a_baseline_is_accepted_with_findings_and_without() {
        assert!(check(&file(&[])).is_ok());
        assert!(check(&file(&[ENTRY])).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let cut = file(&[ENTRY]);
        assert!(refusal(&cut[..cut.len() - 5]).contains("at line 11"));
        let conflict = file(&[ENTRY, "<<<<<<< HEAD"]);
        assert!(refusal(&conflict).contains("expected value at line 12 column 1"));
        let negative = ENTRY.replace(": 2,", ": -2,");
        assert!(refusal(&file(&[&negative])).contains("expected u64 at line 9"));
        let sort = ENTRY.replace("listeners\"", "listener\"");
        assert!(refusal(&file(&[&sort])).contains("unknown variant `listener`"));
        let more = ENTRY.replace("\"site\"", "\"line\": 7, \"site\"");
        assert!(refusal(&file(&[&more])).contains("unknown field `line`"));
    }

    #[test]
    fn foreign_and_newer_files_are_told_from_damaged_ones() {
        assert!(refusal(r#"{"name":"app"}"#).contains("missing field `leakguard`"));
        let report = r#"{"leakguard":"0.1.0","version":1}"#;
        assert!(refusal(report).contains("\"leakguard\" is \"0.1.0\""));
        let newer = r#"{"leakguard":"baseline","version":2,"causes":{}}"#;
        assert!(refusal(newer).contains("version 2; this leakguard reads version 1"));
    }

    #[test]
    fn an_entry_that_is_there_twice_is_refused() {
        assert!(refusal(&file(&[ENTRY, ENTRY])).contains("findings[1] repeats"));
        let trend = ENTRY.replace("contract", "trend");
        assert!(check(&file(&[ENTRY, &trend])).is_ok());
    }
}
