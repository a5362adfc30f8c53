//! Who holds a lock, without touching it: the kernel's own table, `/proc/locks`.
//!
//! Whoever takes a claim's lock only to see whether it is free makes the claim of a worker fail in that
//! instant, and the worker looks elsewhere for half a second. So those who only look read the table.
//!
//! The table names files by device and inode, and the device can differ from what `stat` says (btrfs,
//! overlays). So a folder that nobody else locks is locked for the time of the look: its line tells how the
//! device is written. Where the system keeps the table to itself, nothing is known. A holder in another pid
//! namespace (another container on the same folder) is not listed.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The locks of one file system at one moment.
#[derive(Debug)]
pub struct LockTable {
    held: HashSet<u64>,
}

impl LockTable {
    /// Looks at the file system that `folder` is on; `None` where the system does not tell.
    pub fn read(folder: &Path) -> Option<Self> {
        let own = File::open(folder).ok()?;
        let inode = own.metadata().ok()?.ino();
        flock(&own, FlockOperation::NonBlockingLockShared).ok()?;
        let table = fs::read_to_string("/proc/locks");
        // Closing it is as good, only later.
        let _ = flock(&own, FlockOperation::Unlock);
        Self::parse(&table.ok()?, std::process::id(), inode)
    }

    /// `pid` holds a lock on `inode`: that line names the device.
    fn parse(table: &str, pid: u32, inode: u64) -> Option<Self> {
        let lines: Vec<Line<'_>> = table.lines().filter_map(Line::read).collect();
        let device = lines.iter().find(|line| line.pid == i64::from(pid) && line.inode == inode)?.device;
        Some(Self { held: lines.iter().filter(|line| line.device == device).map(|line| line.inode).collect() })
    }

    /// Whether somebody held the lock on the file at `path`.
    pub fn holds(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|meta| self.held.contains(&meta.ino()))
    }
}

struct Line<'a> {
    pid: i64,
    device: &'a str,
    inode: u64,
}

impl<'a> Line<'a> {
    /// `1: FLOCK  ADVISORY  WRITE 4711 08:01:393217 0 EOF`; one that waits has an arrow behind the number.
    fn read(text: &'a str) -> Option<Self> {
        let mut words = text.split_whitespace().skip(1);
        if words.next()? != "FLOCK" {
            return None;
        }
        let mut words = words.skip(2);
        let pid = words.next()?.parse().ok()?;
        let (device, inode) = words.next()?.rsplit_once(':')?;
        Some(Self { pid, device, inode: inode.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::lock::Lock;

    #[test]
    fn a_held_lock_is_seen_and_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (held, free) = (folder.path().join("held.lock"), folder.path().join("free.lock"));
        let lock = Lock::try_exclusive(&held).unwrap().unwrap();
        drop(Lock::try_exclusive(&free).unwrap());
        let Some(table) = LockTable::read(folder.path()) else { return };
        assert!(table.holds(&held));
        assert!(!table.holds(&free));
        assert!(!table.holds(&folder.path().join("none")));
        drop(lock);
    }

    #[test]
    fn the_device_is_taken_from_the_own_line_and_waiters_do_not_count() {
        let table = "1: FLOCK  ADVISORY  WRITE 7 00:2a:11 0 EOF\n\
                     2: POSIX  ADVISORY  WRITE 8 00:2a:12 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 9 08:01:13 0 EOF\n\
                     3: -> FLOCK  ADVISORY  WRITE 9 00:2a:14 0 EOF\n\
                     4: FLOCK  ADVISORY  READ 5 00:2a:2 0 EOF\n";
        let read = LockTable::parse(table, 5, 2).unwrap();
        assert_eq!(read.held, HashSet::from([11, 2]));
        assert!(LockTable::parse(table, 6, 2).is_none());
        assert!(LockTable::parse("", 5, 2).is_none());
    }
}
