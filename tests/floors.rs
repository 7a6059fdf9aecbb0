//! The house's rules, read from its sources: no floor imports a higher one, the rooms of F1 do
//! not know each other, napi stays in F4, and the version is the package's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room, and the rooms it may import.
const MAY_IMPORT: [(&str, &[&str]); 9] = [
    ("budget", &[]),
    ("error", &[]),
    ("heap", &["error"]),
    ("ledger", &["error"]),
    ("verdict", &["error"]),
    ("guard", &["error", "ledger", "verdict"]),
    ("recorder", &["error", "ledger", "guard"]),
    (
        "report",
        &["error", "heap", "ledger", "verdict", "guard", "recorder"],
    ),
    (
        "node",
        &[
            "budget", "error", "heap", "ledger", "verdict", "guard", "recorder", "report",
        ],
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// (room, path, code without comments) of every source file.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(root().join("src")).unwrap().to_owned();
        let room = inside
            .iter()
            .next()
            .unwrap()
            .to_string_lossy()
            .replace(".rs", "");
        let text = fs::read_to_string(&path).unwrap();
        let code = text
            .lines()
            .map(|line| line.split("//").next().unwrap_or(""));
        (room, inside, code.collect::<Vec<_>>().join("\n"))
    };
    files.into_iter().map(source).collect()
}

/// The rooms named by `crate::room` paths and by `crate::{room, …}` groups.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let name = |text: &str| -> String {
            text.trim()
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        };
        match after.strip_prefix('{') {
            None => rooms.extend([name(after)]),
            Some(group) => {
                let mut depth = 0;
                let mut start = true;
                for (index, character) in group.char_indices() {
                    if depth == 0 && start && !character.is_whitespace() {
                        rooms.extend([name(&group[index..])]);
                        start = false;
                    }
                    match character {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        _ => {}
                    }
                }
            }
        }
    }
    rooms.remove("");
    rooms
}

/// How many floors of its own room a `super` chain may climb before it leaves the room.
fn depth_in_room(inside: &Path) -> usize {
    let parts = inside.iter().count();
    let is_room_file = inside.file_name().is_some_and(|name| name == "mod.rs") || parts == 1;
    parts - usize::from(is_room_file && parts > 1)
}

#[test]
fn no_room_imports_one_that_its_floor_does_not_allow() {
    let mut wrong = Vec::new();
    for (room, inside, code) in sources().into_iter().filter(|(room, ..)| room != "lib") {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == room) else {
            wrong.push(format!(
                "{}: room {room} is not in the table",
                inside.display()
            ));
            continue;
        };
        for import in imports(&code) {
            if import != room && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{}: {room} imports {import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_super_path_leaves_its_room() {
    for (_, inside, code) in sources() {
        // `mod tests { use super::* }` adds one level.
        let limit = depth_in_room(&inside);
        let too_far = "super::".repeat(limit + 1);
        assert!(
            !code.contains(&too_far),
            "{} climbs out of its room",
            inside.display()
        );
    }
}

#[test]
fn napi_occurs_only_on_the_top_floor() {
    for (room, inside, code) in sources() {
        assert!(
            room == "node" || !code.contains("napi"),
            "{} knows napi",
            inside.display()
        );
    }
}

#[test]
fn there_is_no_unsafe_code() {
    for (_, inside, code) in sources() {
        assert!(!code.contains("unsafe "), "{}", inside.display());
    }
}

#[test]
fn every_source_file_opens_with_its_essay() {
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}", path.display());
    }
}

#[test]
fn the_import_reader_sees_paths_and_groups() {
    let code =
        "use crate::error::Kind;\nuse crate::{guard::{A, B}, report};\nlet x = crate::node::y();";
    let expected = ["error", "guard", "node", "report"].map(str::to_owned);
    assert_eq!(imports(code), BTreeSet::from(expected));
}

#[test]
fn the_crate_has_the_version_of_the_package() {
    let package = fs::read_to_string(root().join("package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
}
