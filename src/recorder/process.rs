//! Which process is which: a pid is given again, so its start counts too, as the system counts it. Where a system
//! tells less, less is known.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::records::Header;

/// A recording of which nobody knows whether its process lives is written to at least so often.
const FRESH: Duration = Duration::from_secs(60);

/// When a process was started, in ticks of the system since it was: the 22nd field of `/proc/PID/stat`. The second,
/// its name, is in brackets and may hold anything. `None` where there is no such process, or no such file system; one
/// that has ended and only waits for its parent to hear of it is none.
fn start_ticks(pid: &str) -> Option<u64> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn boot() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

fn pid_namespace() -> u64 {
    let link = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let digits: String = link
        .to_string_lossy()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

/// Fills in what this process is known by.
pub(super) fn identify(header: &mut Header) {
    header.pid = std::process::id();
    header.start_ticks = start_ticks("self").unwrap_or(0);
    header.parent_pid = parent();
    header.parent_start_ticks = start_ticks(&header.parent_pid.to_string()).unwrap_or(0);
    header.boot = boot();
    header.pid_namespace = pid_namespace();
}

/// Whether both are of one process.
pub(super) fn is_same(a: &Header, b: &Header) -> bool {
    a.process() == b.process() && a.pid_namespace == b.pid_namespace && a.boot == b.boot
}

/// Whether the process of a recording lives.
pub(super) fn is_alive(header: &Header, written: Option<SystemTime>) -> bool {
    if header.start_ticks == 0 {
        return exists(header.pid);
    }
    if header.boot != boot() {
        return false;
    }
    if header.pid_namespace != pid_namespace() {
        // Of another container: its pids say nothing here.
        let age = written.and_then(|written| written.elapsed().ok());
        let interval = Duration::try_from_secs_f64(header.interval_ms / 100.0).unwrap_or(FRESH);
        return age.is_none_or(|age| age < FRESH.max(interval));
    }
    start_ticks(&header.pid.to_string()) == Some(header.start_ticks)
}

/// The pid of the one that has started this; 0 where the system does not say.
fn parent() -> u32 {
    #[cfg(unix)]
    return std::os::unix::process::parent_id();
    #[cfg(not(unix))]
    return 0;
}

/// Whether there is a process of that number.
#[cfg(unix)]
pub(super) fn exists(pid: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{test_kill_process, Pid};

    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    // Somebody else's process may not be signalled, and is there.
    pid.is_some_and(|pid| matches!(test_kill_process(pid), Ok(()) | Err(Errno::PERM)))
}

/// Nobody knows here.
#[cfg(not(unix))]
pub(super) fn exists(_pid: u32) -> bool {
    true
}

/// The pid in a recording's name, `<pid>-<start>-<thread>.leakguard`.
pub(super) fn pid_in_name(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    name.split_once('-')?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Header {
        let mut header = Header::default();
        identify(&mut header);
        header
    }

    #[test]
    fn this_process_is_alive() {
        assert!(is_alive(&own(), None));
        assert!(exists(std::process::id()));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pid_with_another_start_or_boot_is_another_process() {
        let other = Header {
            start_ticks: own().start_ticks + 1,
            ..own()
        };
        assert!(!is_alive(&other, None) && !is_same(&other, &own()));
        let other = Header {
            boot: "another".to_owned(),
            ..own()
        };
        assert!(!is_alive(&other, None));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_child_that_has_ended_and_was_not_waited_for_is_dead() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id().to_string();
        while start_ticks(&pid).is_some() {
            std::thread::yield_now();
        }
        assert!(exists(child.id()));
        child.wait().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_of_another_container_is_judged_by_its_last_write() {
        let other = Header {
            pid_namespace: 1,
            interval_ms: 1000.0,
            ..own()
        };
        assert!(is_alive(&other, Some(SystemTime::now())));
        let long_ago = SystemTime::now() - Duration::from_secs(600);
        assert!(!is_alive(&other, Some(long_ago)));
    }

    #[test]
    fn the_pid_of_a_name_is_what_comes_before_its_first_dash() {
        assert_eq!(pid_in_name(Path::new("/a/12-3-0.leakguard")), Some(12));
        assert_eq!(pid_in_name(Path::new("/a/x-3-0.leakguard")), None);
    }
}
