//! What was asked of heap snapshots, for a terminal.

use std::fmt::Write as _;

use crate::guard::phrase::{bytes, count, plural, printable};
use crate::heap::{
    Allocations, Allocator, Answer, Change, Class, ClassRow, ClassSuspect, Container, Containers,
    Diff, Duplicate, Duplicates, Growth, Held, Members, Owner, Retained, Retainers, Size, Step,
    Summary, Suspect, Suspects,
};

/// Where what stands beside numbers begins.
const TEXT_COLUMN: usize = 38;

/// Sizes as people read them.
fn size(value: u64) -> String {
    bytes(value as f64)
}

/// What became more, or less.
fn gain([before, after]: [u64; 2], show: impl Fn(u64) -> String) -> String {
    if after < before {
        format!("-{}", show(before - after))
    } else {
        format!("+{}", show(after - before))
    }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn heading(text: &mut String, title: &str, columns: &[&str]) {
    let _ = writeln!(text, "\n{title}");
    row(text, columns, "");
}

fn row(text: &mut String, numbers: &[impl AsRef<str>], what: &str) {
    let mut line = String::new();
    for number in numbers {
        line += &format!("{:>12}", number.as_ref());
    }
    line += &format!("  {}", printable(what));
    let _ = writeln!(text, "{}", line.trim_end());
}

/// The answer to a question as text.
#[must_use]
pub fn heap_text(answer: &Answer) -> String {
    match answer {
        Answer::Summary(summary) => summary_text(summary),
        Answer::Suspects(suspects) => suspects_text(suspects),
        Answer::Path(retainers) => retainers_text(retainers),
    }
}

fn summary_text(summary: &Summary) -> String {
    let Summary {
        node_count,
        edge_count,
        total_bytes,
        unreachable,
        detached,
        class_count,
        classes,
        objects,
        containers,
        duplicate_strings,
        allocations,
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
    let title = format!("CLASSES, {} of {class_count}", classes.len());
    heading(&mut text, &title, &["retained", "shallow", "count"]);
    for ClassRow { class, .. } in classes {
        let Class {
            name,
            count: members,
            shallow_bytes,
            retained_bytes,
        } = class;
        let numbers = [size(*retained_bytes), size(*shallow_bytes), count(*members)];
        row(&mut text, &numbers, name);
    }
    heading(
        &mut text,
        "LARGEST OBJECTS",
        &["retained", "shallow", "references"],
    );
    for object in objects {
        let Retained {
            retained_bytes,
            shallow_bytes,
            reference_count,
            path,
            ..
        } = object;
        let references = count(*reference_count as u64);
        let numbers = [size(*retained_bytes), size(*shallow_bytes), references];
        row(&mut text, &numbers, &called(object));
        path_text(&mut text, path);
    }
    containers_text(&mut text, containers);
    duplicates_text(&mut text, duplicate_strings);
    if let Some(allocations) = allocations {
        allocations_text(&mut text, allocations);
    }
    text
}

fn allocations_text(text: &mut String, allocations: &Allocations) {
    let Allocations {
        function_count,
        functions,
    } = allocations;
    let title = format!(
        "WHO ALLOCATED WHAT IS THERE, {} of {function_count}",
        functions.len()
    );
    heading(text, &title, &["there", "count", "in all"]);
    for Allocator {
        name,
        place,
        live_count,
        live_bytes,
        allocated_bytes,
        ..
    } in functions
    {
        let known =
            |number: &Option<u64>, show: fn(u64) -> String| number.map_or("?".to_owned(), show);
        let numbers = [
            known(live_bytes, size),
            known(live_count, count),
            size(*allocated_bytes),
        ];
        let place = place.as_ref().map(|place| format!(" ({place})"));
        row(
            text,
            &numbers,
            &format!("{name}{}", place.unwrap_or_default()),
        );
    }
}

fn containers_text(text: &mut String, containers: &Containers) {
    let Containers {
        maps,
        sets,
        arrays,
        listeners,
        timers,
        contexts,
        globals,
    } = containers;
    for (title, columns, found) in [
        ("LARGEST MAPS", ["retained", "entries"], maps),
        ("LARGEST SETS", ["retained", "entries"], sets),
        ("LARGEST ARRAYS", ["retained", "elements"], arrays),
        (
            "LONGEST-HELD LISTENERS OF ONE EVENT",
            ["retained", "listeners"],
            listeners,
        ),
        ("LISTS OF TIMERS", ["retained", "timers"], timers),
        ("VARIABLES OF CLOSURES", ["retained", "variables"], contexts),
        ("HELD BY GLOBALS", ["retained", "entries"], globals),
    ] {
        if found.is_empty() {
            continue;
        }
        heading(text, title, &columns);
        for Container { retained, entries } in found {
            let numbers = [size(retained.retained_bytes), count(*entries)];
            row(
                text,
                &numbers,
                &format!("{}{}", called(retained), way(&retained.path)),
            );
        }
    }
}

/// The last steps of a way, in one line.
fn way(path: &[Step]) -> String {
    const SHOWN: usize = 4;
    let mut line = String::new();
    for step in &path[path.len().saturating_sub(SHOWN)..] {
        let by = step
            .by
            .strip_prefix("variable ")
            .map_or_else(|| step.by.clone(), |variable| format!(" {variable}"));
        line += &by;
    }
    if line.is_empty() {
        return line;
    }
    format!("  held by …{line}")
}

fn duplicates_text(text: &mut String, duplicates: &Duplicates) {
    let Duplicates {
        count: copies,
        wasted_bytes,
        top,
    } = duplicates;
    if *copies == 0 {
        return;
    }
    let title = format!(
        "STRINGS THERE MORE THAN ONCE, {} too many",
        size(*wasted_bytes)
    );
    heading(text, &title, &["wasted", "count"]);
    for Duplicate {
        text: contents,
        count: copies,
        wasted_bytes,
    } in top
    {
        row(text, &[size(*wasted_bytes), count(*copies)], contents);
    }
}

/// Class, name, place and id.
fn called(retained: &Retained) -> String {
    let Retained {
        id,
        class,
        name,
        place,
        ..
    } = retained;
    let mut called = class.clone();
    if !name.is_empty() {
        called += &format!(" {name}");
    }
    if let Some(place) = place {
        called += &format!(" ({place})");
    }
    called + &format!(" @{id}")
}

fn path_text(text: &mut String, path: &[Step]) {
    for step in path {
        let Step {
            by,
            class,
            name,
            place,
            is_suspect,
            ..
        } = step;
        let mut line = format!("{by} {class} {name}").trim().to_owned();
        if let Some(place) = place {
            line += &format!(" ({place})");
        }
        if *is_suspect {
            line += "  <- here?";
        }
        let _ = writeln!(text, "{:TEXT_COLUMN$}{}", "", printable(&line));
    }
}

fn suspects_text(suspects: &Suspects) -> String {
    let Suspects {
        total_bytes,
        suspect_count,
        suspects,
        class_suspect_count,
        class_suspects,
    } = suspects;
    let total = size(*total_bytes);
    let mut text = String::new();
    if *suspect_count == 0 {
        text += &format!("no single thing holds a tenth of the {total} of this heap\n");
    } else {
        let title = format!(
            "{} that {} a tenth of {total} or more",
            plural(*suspect_count as u64, "thing", "things"),
            if *suspect_count == 1 { "holds" } else { "hold" },
        );
        heading(&mut text, &title, &["retained", "of all"]);
    }
    for Suspect {
        retained,
        share,
        held,
    } in suspects
    {
        let numbers = [size(retained.retained_bytes), percent(*share)];
        row(&mut text, &numbers, &called(retained));
        for Held {
            class,
            count: members,
            retained_bytes,
        } in held
        {
            let line = format!(
                "holds {} {class}: {}",
                count(*members),
                size(*retained_bytes)
            );
            let _ = writeln!(text, "{:26}{}", "", printable(&line));
        }
        path_text(&mut text, &retained.path);
    }
    if !class_suspects.is_empty() {
        let title = format!(
            "{} whose members hold a tenth of {total} or more together",
            plural(*class_suspect_count as u64, "class", "classes"),
        );
        heading(&mut text, &title, &["retained", "of all"]);
    }
    for ClassSuspect {
        class,
        count: members,
        retained_bytes,
        share,
        holder,
    } in class_suspects
    {
        let numbers = [size(*retained_bytes), percent(*share)];
        row(&mut text, &numbers, &format!("{} {class}", count(*members)));
        let holder = holder.as_ref();
        let line = holder.map_or("in many places".to_owned(), |holder| {
            format!("most of them in {}", called(holder))
        });
        let _ = writeln!(text, "{:26}{}", "", printable(&line));
        path_text(&mut text, holder.map_or(&[], |holder| &holder.path));
    }
    text.trim_start().to_owned()
}

fn retainers_text(retainers: &Retainers) -> String {
    let Retainers {
        count: found,
        targets,
    } = retainers;
    let mut text = String::new();
    if *found > targets.len() {
        text += &format!(
            "{} of {}\n",
            targets.len(),
            plural(*found as u64, "such thing", "such things")
        );
    }
    for target in targets {
        let _ = writeln!(
            text,
            "{}: {} with all that goes with it",
            printable(&called(target)),
            size(target.retained_bytes)
        );
        if target.path.is_empty() {
            text += "    nothing but weak references lead to it\n";
        }
        for step in &target.path {
            let mark = if step.is_suspect { "~>" } else { "  " };
            let mut line = format!("{} {} {}", step.by, step.class, step.name)
                .trim()
                .to_owned();
            if let Some(place) = &step.place {
                line += &format!(" ({place})");
            }
            let retained = size(step.retained_bytes);
            let _ = writeln!(text, "{retained:>12} {mark} {}", printable(&line));
        }
    }
    text
}

/// What changed as text.
#[must_use]
pub fn heap_diff_text(diff: &Diff) -> String {
    let Diff {
        before,
        after,
        class_count,
        classes,
        property_count,
        properties,
    } = diff;
    let mut text = format!(
        "{} became {} ({}), {} nodes became {}\n",
        size(before.total_bytes),
        size(after.total_bytes),
        gain([before.total_bytes, after.total_bytes], size),
        count(before.node_count),
        count(after.node_count)
    );
    for (title, all, changes) in [
        ("CLASSES", class_count, classes),
        ("BY OWNER", property_count, properties),
    ] {
        let title = format!("{title}, {} of {all} that changed", changes.len());
        let columns = ["retained", "shallow", "count", "new", "freed"];
        heading(&mut text, &title, &columns);
        for Change {
            name,
            counts,
            shallow_bytes,
            retained_bytes,
            new_count,
            freed_count,
        } in changes
        {
            let numbers = [
                gain(*retained_bytes, size),
                gain(*shallow_bytes, size),
                gain(*counts, count),
                count(*new_count),
                count(*freed_count),
            ];
            row(&mut text, &numbers, name);
        }
    }
    text
}

/// What grew as text.
#[must_use]
pub fn heap_growth_text(growth: &Growth) -> String {
    let Growth {
        snapshots,
        owner_count,
        owners,
    } = growth;
    let sizes = snapshots
        .iter()
        .map(|Size { total_bytes, .. }| *total_bytes);
    let mut text = format!(
        "{}: {}\n",
        plural(snapshots.len() as u64, "snapshot", "snapshots"),
        series(sizes, size)
    );
    if *owner_count == 0 {
        text += "nothing grows in every one of them\n";
        return text;
    }
    text += &format!(
        "{} in every one of them\n",
        plural(*owner_count as u64, "owner grows", "owners grow")
    );
    for Owner {
        path,
        members,
        bytes,
        share,
    } in owners
    {
        let last = bytes.last().copied().unwrap_or(0);
        let first = bytes.first().copied().unwrap_or(0);
        let _ = writeln!(
            text,
            "\n{}, {} of the growth",
            gain([first, last], size),
            percent(*share)
        );
        for (index, step) in path.iter().enumerate() {
            let mark = if index + 1 == path.len() { "~>" } else { "  " };
            let _ = writeln!(text, "  {mark} {}", printable(step));
        }
        for Members {
            class,
            counts,
            bytes,
        } in members
        {
            let line = format!(
                "{class}: {} ({})",
                series(counts.iter().copied(), count),
                series(bytes.iter().copied(), size)
            );
            let _ = writeln!(text, "         {}", printable(&line));
        }
    }
    text
}

fn series(values: impl Iterator<Item = u64>, show: impl Fn(u64) -> String) -> String {
    let shown: Vec<String> = values.map(show).collect();
    shown.join(" -> ")
}
