//! A folder of recordings: which there are, and which of them are of this process and of those that it has started.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::file::read_header;
use super::process::{exists, identify, is_alive, pid_in_name};
use super::records::Header;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::guard::phrase::whole;

/// The ending of recordings in a folder of ours.
const ENDING: &str = "leakguard";
/// And of those that are about to become some.
const UNFINISHED_ENDING: &str = "new";

/// One file in a folder of recordings.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its path.
    pub file: String,
    /// Process; that of its name where its header cannot be read.
    pub pid: u32,
    /// Thread within it; 0 where it cannot be read.
    pub thread_id: u32,
    /// Start of the process, epoch milliseconds; 0 where it cannot be read.
    pub started_at: u64,
    /// Whether that very process lives.
    pub alive: bool,
    /// When it was last written to, epoch milliseconds.
    pub mtime: u64,
    /// Whether it can be read as one.
    pub readable: bool,
}

/// The recordings in a folder, the one written to last first. What has another name is left out.
///
/// # Errors
/// `Unreadable` where the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Listed>> {
    let files = entries(folder)?;
    let mut listed: Vec<Listed> = files.filter_map(|path| describe(&path)).collect();
    listed.sort_by(|a, b| b.mtime.cmp(&a.mtime).then_with(|| a.file.cmp(&b.file)));
    Ok(listed)
}

/// What is in a folder, by its paths.
fn entries(folder: &Path) -> Result<impl Iterator<Item = PathBuf>> {
    let cannot = |cause: std::io::Error| {
        let message = format!("{}: cannot be read: {cause}", folder.display());
        Error::new(ErrorKind::Unreadable, message)
    };
    let entries = std::fs::read_dir(folder).map_err(cannot)?;
    Ok(entries.flatten().map(|entry| entry.path()))
}

/// The header of a recording; `None` where it has another name, or cannot be read.
fn header_of(path: &Path) -> Option<Header> {
    if path.extension()? != ENDING {
        return None;
    }
    let (bytes, _) = read_header(path).ok()?;
    Some(Header::decode(&bytes).ok()?.0)
}

fn describe(path: &Path) -> Option<Listed> {
    let ending = path.extension()?;
    let pid = pid_in_name(path)?;
    if ending != ENDING && ending != UNFINISHED_ENDING {
        return None;
    }
    let metadata = std::fs::symlink_metadata(path).ok()?;
    let modified = metadata.modified().ok();
    let since_epoch = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let header = header_of(path);
    let own = header.as_ref();
    Some(Listed {
        file: path.to_string_lossy().into_owned(),
        pid: own.map_or(pid, |it| it.pid),
        thread_id: own.map_or(0, |it| it.thread_id),
        started_at: own.map_or(0, |it| whole(it.process_started_at)),
        alive: own.map_or_else(|| exists(pid), |it| is_alive(it, modified)),
        mtime: since_epoch.map_or(0, |it| whole(it.as_secs_f64() * 1000.0)),
        readable: own.is_some(),
    })
}

/// The paths of the recordings in a folder that are of this process's threads, of what it has started, of what those
/// have, and so on: as far as each is recorded itself. In no order.
///
/// # Errors
/// As [`list`].
pub fn list_descendants(folder: &Path) -> Result<Vec<String>> {
    let mut own = Header::default();
    identify(&mut own);
    let mut others: Vec<(String, Header)> = entries(folder)?
        .filter(|path| pid_in_name(path).is_some())
        .filter_map(|path| {
            let header = header_of(&path)?;
            let is_here = header.boot == own.boot && header.pid_namespace == own.pid_namespace;
            is_here.then(|| (path.to_string_lossy().into_owned(), header))
        })
        .collect();
    let mut family = HashSet::from([own.process()]);
    let mut found = Vec::new();
    loop {
        let (known, unknown): (Vec<_>, Vec<_>) = others.into_iter().partition(|(_, header)| {
            family.contains(&header.process()) || family.contains(&header.parent())
        });
        if known.is_empty() {
            return Ok(found);
        }
        for (file, header) in known {
            family.insert(header.process());
            found.push(file);
        }
        others = unknown;
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::Layout;
    use super::*;

    /// A folder with nothing but headers in it, named by their pids.
    fn folder(name: &str, headers: &[Header]) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("leakguard-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let layout = Layout::for_capacity(16);
        for header in headers {
            let name = format!(
                "{}-{}-{}.leakguard",
                header.pid, header.start_ticks, header.thread_id
            );
            std::fs::write(folder.join(name), header.encode(&layout)).unwrap();
        }
        folder
    }

    fn own() -> Header {
        let mut own = Header::default();
        identify(&mut own);
        own
    }

    /// A process that `parent` has started.
    fn child_of(parent: &Header, pid: u32) -> Header {
        Header {
            pid,
            start_ticks: 7,
            parent_pid: parent.pid,
            parent_start_ticks: parent.start_ticks,
            ..own()
        }
    }

    fn pids(folder: &Path) -> Vec<u32> {
        let files = list_descendants(folder).unwrap();
        let mut pids: Vec<u32> = files
            .iter()
            .filter_map(|file| pid_in_name(Path::new(file)))
            .collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn descendants_are_own_threads_and_whoever_was_started_by_one_of_them() {
        let thread = Header {
            thread_id: 3,
            ..own()
        };
        let child = child_of(&own(), 4_000_001);
        let grandchild = child_of(&child, 4_000_002);
        let folder = folder("family", &[grandchild, child, thread]);
        assert_eq!(pids(&folder), [own().pid, 4_000_001, 4_000_002]);
    }

    #[test]
    fn a_parent_of_another_start_boot_or_container_is_not_this_process() {
        let other = |change: fn(&mut Header)| {
            let mut parent = own();
            change(&mut parent);
            let mut child = child_of(&parent, 4_000_003);
            (child.boot, child.pid_namespace) = (parent.boot, parent.pid_namespace);
            child
        };
        let others = [
            other(|it| it.start_ticks += 1),
            other(|it| it.pid += 1),
            other(|it| it.boot = "another".to_owned()),
            other(|it| it.pid_namespace += 1),
        ];
        for (index, child) in others.into_iter().enumerate() {
            let folder = folder(&format!("other-{index}"), &[child]);
            assert!(pids(&folder).is_empty());
        }
    }

    #[test]
    fn what_does_not_say_who_started_it_is_nobody_s() {
        let orphan = child_of(&Header::default(), 4_000_004);
        assert!(pids(&folder("orphan", &[orphan])).is_empty());
    }
}
