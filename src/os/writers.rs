//! Who is writing a file right now.
//!
//! A file that a scan finds may be half: its writer may still have it open. The kernel reports a close, but
//! not an open that came before the watch. `/proc/<pid>/fd` knows; it shows the processes of the same user
//! (all of them to root).

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Those of `paths` (absolute, without links) that some process we may look into has open for writing.
pub fn open_for_writing(paths: &HashSet<PathBuf>) -> HashSet<PathBuf> {
    let mut found = HashSet::new();
    if paths.is_empty() {
        return found;
    }
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let is_process =
            process.file_name().to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_process {
            continue;
        }
        let process = process.path();
        for descriptor in fs::read_dir(process.join("fd")).into_iter().flatten().flatten() {
            let Ok(target) = fs::read_link(descriptor.path()) else {
                continue;
            };
            if paths.contains(&target) && is_writable(&process.join("fdinfo").join(descriptor.file_name())) {
                found.insert(target);
            }
        }
    }
    found
}

/// Whether a descriptor was opened for writing: the lowest bits of its flags, which stand in octal.
fn is_writable(info: &Path) -> bool {
    let Ok(text) = fs::read_to_string(info) else {
        return false;
    };
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:"));
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 0o3 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_is_seen_and_a_reader_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let (written, read, idle) = (folder.join("written"), folder.join("read"), folder.join("idle"));
        for path in [&written, &read, &idle] {
            fs::write(path, "x").unwrap();
        }
        let _writer = fs::OpenOptions::new().append(true).open(&written).unwrap();
        let _reader = fs::File::open(&read).unwrap();
        let found = open_for_writing(&HashSet::from([written.clone(), read, idle]));
        assert_eq!(found, HashSet::from([written]));
    }
}
