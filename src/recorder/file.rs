//! Files on the disk: made so that nobody's is written over and nobody else's is followed, and read with the same
//! distrust.
//!
//! A recording is written by positions and never mapped. Whoever truncates a mapped file, or fills the memory behind
//! it, ends the process that touches it next, and no handler of a library may catch that; a write just fails.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::layout::PAGE_BYTES;
use crate::error::{Error, Kind, Result};

/// A ledger of 65,536 subjects has a recording of 44 MB.
const MAX_READ_BYTES: u64 = 64 * 1024 * 1024;

fn fault(path: &Path, what: &str) -> Error {
    Error::new(Kind::Unreadable, format!("{}: {what}", path.display()))
}

/// Only what has a name of this file's owner.
#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    // The flags of the system are those of its C interface.
    let flags = i32::from_ne_bytes(flags.bits().to_ne_bytes());
    options.mode(0o600).custom_flags(flags);
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions) {}

/// Opens a recording for reading.
///
/// # Errors
/// `Unreadable` for what is no plain file, a link, or a file that everybody can write.
pub(super) fn open(path: &Path) -> Result<(File, fs::Metadata)> {
    let mut options = OpenOptions::new();
    options.read(true);
    restrict(&mut options);
    let is_link = || fs::symlink_metadata(path).is_ok_and(|it| it.is_symlink());
    let file = options.open(path).map_err(|cause| {
        if is_link() {
            fault(
                path,
                "is a symbolic link, which is not followed: name the file itself",
            )
        } else {
            fault(path, &format!("cannot be read: {cause}"))
        }
    })?;
    let cannot = |cause: io::Error| fault(path, &format!("cannot be read: {cause}"));
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(fault(path, "is no plain file"));
    }
    if is_writable_by_all(&metadata) {
        let why = "can be written by everybody, so nobody knows who wrote it: chmod o-w it if you trust it";
        return Err(fault(path, why));
    }
    Ok((file, metadata))
}

#[cfg(unix)]
fn is_writable_by_all(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn is_writable_by_all(_metadata: &fs::Metadata) -> bool {
    false
}

fn read(path: &Path, most: u64) -> Result<(Vec<u8>, fs::Metadata)> {
    let (file, metadata) = open(path)?;
    let mut bytes = Vec::new();
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|cause| fault(path, &format!("cannot be read: {cause}")))?;
    Ok((bytes, metadata))
}

/// A whole recording.
///
/// # Errors
/// As [`open`], and for a file that is larger than any.
pub(super) fn read_whole(path: &Path) -> Result<Vec<u8>> {
    let (bytes, metadata) = read(path, MAX_READ_BYTES)?;
    if metadata.len() > MAX_READ_BYTES {
        let message = format!("{}: is larger than any recording", path.display());
        return Err(Error::new(Kind::InvalidInput, message));
    }
    Ok(bytes)
}

/// Its header page, as far as there is one.
///
/// # Errors
/// As [`open`].
pub(super) fn read_header(path: &Path) -> Result<(Vec<u8>, fs::Metadata)> {
    read(path, PAGE_BYTES as u64)
}

/// A file that is being written, first under another name.
#[derive(Debug)]
pub(super) struct Target {
    file: File,
    path: PathBuf,
    /// `None` once it has its own.
    other_path: Option<PathBuf>,
}

impl Target {
    /// A new file of `bytes` zeros that are the disk's already, so that a full one is seen now.
    ///
    /// # Errors
    /// `Unreadable` where it cannot be made.
    pub(super) fn create(path: &Path, suffix: &str, bytes: u64) -> Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let other_path = PathBuf::from(name);
        let cannot = |cause: io::Error| fault(path, &format!("cannot be written: {cause}"));
        allow(bytes).map_err(cannot)?;
        let open = || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            restrict(&mut options);
            options.open(&other_path)
        };
        let file = open()
            .or_else(|error| match error.kind() {
                // Of a process of the same number that ended while it made one.
                io::ErrorKind::AlreadyExists => fs::remove_file(&other_path).and_then(|()| open()),
                _ => Err(error),
            })
            .map_err(cannot)?;
        let target = Self {
            file,
            path: path.to_owned(),
            other_path: Some(other_path),
        };
        target.reserve(bytes).map_err(cannot)?;
        Ok(target)
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        if reserve(&self.file, bytes)? {
            return Ok(());
        }
        let zeros = vec![0; 16 * PAGE_BYTES];
        let mut at = 0;
        while at < bytes {
            let length = (bytes - at).min(zeros.len() as u64);
            // At most 64 KiB.
            self.write_at(at, &zeros[..usize::try_from(length).unwrap_or(0)])?;
            at += length;
        }
        Ok(())
    }

    /// Gives it its name, in the place of what has that.
    ///
    /// # Errors
    /// `Unreadable` where it cannot be named.
    pub(super) fn publish(&mut self) -> Result<()> {
        if let Some(other_path) = &self.other_path {
            fs::rename(other_path, &self.path)
                .map_err(|cause| fault(&self.path, &format!("cannot be written: {cause}")))?;
            self.other_path = None;
        }
        Ok(())
    }

    #[cfg(unix)]
    pub(super) fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, offset)
    }

    #[cfg(not(unix))]
    pub(super) fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        use std::io::{Seek, SeekFrom, Write};
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(other_path) = &self.other_path {
            // It is left over at worst, and removed by name with those of dead processes.
            let _ = fs::remove_file(other_path);
        }
    }
}

/// Writing beyond the limit of a file's size ends the process by a signal.
#[cfg(unix)]
fn allow(bytes: u64) -> io::Result<()> {
    use rustix::process::{getrlimit, Resource};
    match getrlimit(Resource::Fsize).current {
        Some(most) if most < bytes => Err(io::Error::from(io::ErrorKind::FileTooLarge)),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn allow(_bytes: u64) -> io::Result<()> {
    Ok(())
}

/// Whether the file system could reserve them.
#[cfg(all(unix, not(any(target_os = "openbsd", target_os = "netbsd"))))]
fn reserve(file: &File, bytes: u64) -> io::Result<bool> {
    use rustix::fs::{fallocate, FallocateFlags};
    use rustix::io::Errno;
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, bytes) {
            Ok(()) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => return Ok(false),
            Err(other) => return Err(other.into()),
        }
    }
}

#[cfg(any(not(unix), target_os = "openbsd", target_os = "netbsd"))]
fn reserve(_file: &File, _bytes: u64) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("leakguard-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        path
    }

    #[test]
    fn a_target_has_its_room_from_the_start_and_its_name_at_the_end() {
        let folder = folder("target");
        let path = folder.join("a");
        let mut target = Target::create(&path, ".new", 10_000).unwrap();
        assert!(!path.exists());
        target.write_at(9_999, b"x").unwrap();
        target.publish().unwrap();
        assert_eq!(fs::read(&path).unwrap().len(), 10_000);
        let names = fs::read_dir(&folder).unwrap().count();
        assert_eq!(names, 1);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn one_that_is_given_up_leaves_nothing() {
        let folder = folder("given-up");
        drop(Target::create(&folder.join("a"), ".new", 10).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn links_folders_pipes_and_files_of_everybody_are_refused_by_name() {
        use std::os::unix::fs::{symlink, PermissionsExt};
        let folder = folder("refused");
        let (plain, link, open_to_all) = (folder.join("p"), folder.join("l"), folder.join("w"));
        fs::write(&plain, "x").unwrap();
        symlink(&plain, &link).unwrap();
        fs::write(&open_to_all, "x").unwrap();
        fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o666)).unwrap();
        let message = |path: &Path| open(path).unwrap_err().to_string();
        assert!(open(&plain).is_ok());
        assert!(
            message(&link).contains("symbolic link"),
            "{}",
            message(&link)
        );
        assert!(message(&folder).contains("no plain file"));
        assert!(message(&open_to_all).contains("by everybody"));
        assert!(message(&folder.join("none")).contains("cannot be read"));
        fs::remove_dir_all(folder).unwrap();
    }
}
