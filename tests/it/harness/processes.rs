//! Looks at processes through `/proc`.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The living processes that belong to a folder: its path stands in their environment or command line, or they work
/// in it.
pub(super) fn belonging_to(folder: &Path) -> Vec<(i32, String)> {
    let own = std::process::id().cast_signed();
    let numbers = fs::read_dir("/proc").expect("list /proc").flatten();
    let pids = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| *pid != own && belongs(*pid, folder) && is_alive(pid.unsigned_abs()))
        .map(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            (pid, String::from_utf8_lossy(&words).replace('\0', " "))
        })
        .collect()
}

fn belongs(pid: i32, folder: &Path) -> bool {
    let needle = folder.as_os_str().as_bytes();
    let mentions = |file: &str| {
        fs::read(format!("/proc/{pid}/{file}"))
            .is_ok_and(|text| text.windows(needle.len()).any(|window| window == needle))
    };
    mentions("environ")
        || mentions("cmdline")
        || fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(folder))
}

/// Ends all of them, and what they start meanwhile.
pub(super) fn end_all(folder: &Path) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let left = belonging_to(folder);
        if left.is_empty() || Instant::now() > until {
            return;
        }
        for pid in left.iter().filter_map(|(pid, _)| Pid::from_raw(*pid)) {
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Whether a process is there and has not ended.
pub(crate) fn is_alive(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| !matches!(fields[0].as_str(), "Z" | "X" | "x"))
}

/// The processor time that a process has used, with its ended children: in ticks.
pub(crate) fn cpu_ticks(pid: u32) -> u64 {
    let fields = stat(pid).expect("the process is alive");
    fields[11..15].iter().map(|field| field.parse::<u64>().expect("a number")).sum()
}

/// The fields of `/proc/<pid>/stat` from the third on.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}
