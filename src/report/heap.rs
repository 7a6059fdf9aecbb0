//! The summary of a heap for a terminal.

use std::fmt::Write as _;

use crate::guard::phrase::{bytes, count, plural, printable};
use crate::heap::{Class, Duplicate, Object, Summary};

/// Sizes as people read them.
fn size(value: u64) -> String {
    bytes(value as f64)
}

/// The summary as text.
#[must_use]
pub fn heap_text(summary: &Summary) -> String {
    let Summary {
        node_count,
        edge_count,
        total_bytes,
        unreachable,
        detached,
        class_count,
        classes,
        objects,
        duplicate_strings,
    } = summary;
    let mut text = format!(
        "{} in {} with {}\n",
        size(*total_bytes),
        plural(*node_count as u64, "node", "nodes"),
        plural(*edge_count as u64, "reference", "references"),
    );
    for (sum, what) in [
        (unreachable, "that only weak references lead to"),
        (detached, "of the DOM that are in no document"),
    ] {
        if sum.count > 0 {
            let nodes = plural(sum.count, "node", "nodes");
            text += &format!("{nodes} {what}: {}\n", size(sum.shallow_bytes));
        }
    }
    text += &format!(
        "\nCLASSES, {} of {}\n    retained     shallow       count\n",
        classes.len(),
        class_count
    );
    for Class {
        name,
        count: members,
        shallow_bytes,
        retained_bytes,
    } in classes
    {
        let _ = writeln!(
            text,
            "{:>12}{:>12}{:>12}  {}",
            size(*retained_bytes),
            size(*shallow_bytes),
            count(*members),
            printable(name)
        );
    }
    text += "\nLARGEST OBJECTS\n    retained     shallow  references\n";
    for Object {
        id,
        class,
        name,
        shallow_bytes,
        retained_bytes,
        edge_count,
        path,
    } in objects
    {
        let called = format!("{class} {name}");
        let _ = writeln!(
            text,
            "{:>12}{:>12}{:>12}  {} @{id}",
            size(*retained_bytes),
            size(*shallow_bytes),
            count(*edge_count as u64),
            printable(called.trim_end())
        );
        for step in path {
            let _ = writeln!(text, "{:38}{}", "", printable(step));
        }
    }
    if duplicate_strings.count > 0 {
        let _ = write!(
            text,
            "\nSTRINGS THERE MORE THAN ONCE, {} too many\n      wasted       count\n",
            size(duplicate_strings.wasted_bytes)
        );
        for Duplicate {
            text: contents,
            count: copies,
            wasted_bytes,
        } in &duplicate_strings.top
        {
            let _ = writeln!(
                text,
                "{:>12}{:>12}  {}",
                size(*wasted_bytes),
                count(*copies),
                printable(contents)
            );
        }
    }
    text
}
