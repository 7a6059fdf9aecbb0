//! `measure RESULT LIMIT_S COMMAND...`: runs a command, and writes what it took to a file, as JSON. One that takes too
//! long is killed.

use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use nix::sys::resource::{getrusage, UsageWho};
use nix::sys::signal::{kill, Signal};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [result, limit_s, program, rest @ ..] = arguments.as_slice() else {
        panic!("measure RESULT LIMIT_S COMMAND...");
    };
    let limit = Duration::from_secs(limit_s.parse().expect("seconds"));
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(rest)
        .spawn()
        .expect("a command that can be run");
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
    thread::spawn(move || {
        thread::sleep(limit);
        let _ = kill(id, Signal::SIGKILL);
    });
    let status = child.wait().expect("a child that ends");
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    // Of all children that have been waited for, which is this one.
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("its usage");
    let cpu_ms = (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e3;
    // Linux counts it in KiB.
    let peak_bytes = usage.max_rss() * 1024;
    let json = format!(
        "{{\"succeeded\":{},\"status\":\"{status}\",\"wallMs\":{wall_ms},\"cpuMs\":{cpu_ms},\"peakBytes\":{peak_bytes}}}",
        status.success()
    );
    fs::write(result, json).expect("a file that can be written");
}
