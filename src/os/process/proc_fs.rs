//! What `/proc` tells of a process. Any of it may be gone, or another process's, a moment later: who acts on it
//! holds a pidfd first and looks again.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::fstat;
use rustix::io::Errno;
use rustix::process::RawPid;

/// What one line of `/proc/<pid>/stat` tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    state: u8,
    flags: u64,
    environ: (u64, u64),
    /// Its parent.
    pub(super) parent: RawPid,
    /// Its process group.
    pub(super) group: RawPid,
    /// Its session.
    pub(super) session: RawPid,
    /// When it started, in clock ticks since the boot.
    pub(super) start_ticks: u64,
}

impl Stat {
    /// It does nothing any more and only waits for its parent to take note.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }

    /// It is a part of the kernel.
    pub(super) fn is_kernel(&self) -> bool {
        const PF_KTHREAD: u64 = 0x0020_0000;
        self.flags & PF_KTHREAD != 0
    }
}

/// The environment of a process, as it was given at its `execve`.
#[derive(Debug)]
pub(super) enum Environ {
    /// All of it.
    Known(Vec<u8>),
    /// It cannot be told at this moment, as in the middle of an `execve`: look again.
    Unclear,
    /// It is never told: the process is gone, or another user's.
    Hidden,
}

/// A file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// That of an open file or pipe.
    pub(super) fn of(file: impl AsFd) -> io::Result<Self> {
        let stat = fstat(file)?;
        Ok(Self { device: stat.st_dev, inode: stat.st_ino })
    }
}

/// The processes that exist, ended ones included.
pub(super) fn pids() -> io::Result<Vec<RawPid>> {
    numbers("/proc")
}

/// The line of this program itself. Its session and group are 0 where they began outside of the container that this
/// program sees; `getsid` and `getpgrp` promise a number above 0 and are of no use there.
pub(super) fn own_stat() -> io::Result<Stat> {
    let line = read("/proc/self/stat".to_owned(), 1024)?;
    parse_stat(&line).ok_or_else(|| io::Error::other("/proc/self/stat does not tell what it should"))
}

/// The line of one process; `None` if there is no such process.
pub(super) fn stat(pid: RawPid) -> Option<Stat> {
    parse_stat(&read(format!("/proc/{pid}/stat"), 1024).ok()?)
}

/// The environment of one process.
pub(super) fn environ(pid: RawPid) -> Environ {
    match read(format!("/proc/{pid}/environ"), 16 * 1024) {
        Ok(bytes) if bytes.is_empty() => match stat(pid) {
            // Between two programs the kernel shows an environment at no address; an empty one lies somewhere.
            Some(stat) if stat.environ == (0, 0) && !stat.has_ended() && !stat.is_kernel() => Environ::Unclear,
            Some(_) => Environ::Known(bytes),
            None => Environ::Hidden,
        },
        Ok(bytes) => Environ::Known(bytes),
        Err(error) if is_gone(&error) || error.kind() == io::ErrorKind::PermissionDenied => Environ::Hidden,
        Err(_) => Environ::Unclear,
    }
}

/// The folder in which a process works.
pub(super) fn folder(pid: RawPid) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// Whether a process has one of `files` open.
pub(super) fn holds(pid: RawPid, files: &[FileId]) -> bool {
    let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    open.flatten()
        .filter_map(|entry| fs::metadata(entry.path()).ok())
        .any(|metadata| files.contains(&FileId { device: metadata.dev(), inode: metadata.ino() }))
}

/// The command line of a process on one line, at most about 200 characters; its bare name if it has none.
pub(super) fn command(pid: RawPid) -> String {
    const LONGEST: usize = 200;
    let line = read(format!("/proc/{pid}/cmdline"), 4096).unwrap_or_default();
    let line = match line.iter().rposition(|byte| *byte != 0) {
        Some(last) => line[..=last].to_vec(),
        None => read(format!("/proc/{pid}/comm"), 64).unwrap_or_default(),
    };
    let line = String::from_utf8_lossy(&line);
    let mut command: String =
        line.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST + 1).collect();
    if let Some((cut, _)) = command.char_indices().nth(LONGEST) {
        command.replace_range(cut.., "…");
    }
    command
}

/// The direct children of this program.
///
/// The kernel lists them by thread and may skip some when another child is waited for, or a thread ends, in the
/// middle. Either shows as a difference to a second reading, so only two that agree are believed; `None` if they
/// do not for a while. Some of those listed may have ended.
pub(super) fn own_children() -> io::Result<Option<BTreeSet<RawPid>>> {
    const READINGS: usize = 6;
    let mut before = own_children_once()?;
    for _ in 1..READINGS {
        let now = own_children_once()?;
        if now == before {
            return Ok(Some(now));
        }
        before = now;
    }
    Ok(None)
}

/// The direct children of this program, as one reading shows them.
pub(super) fn own_children_once() -> io::Result<BTreeSet<RawPid>> {
    if !Path::new("/proc/thread-self/children").exists() {
        // A kernel without CONFIG_PROC_CHILDREN: ask every process for its parent.
        let own = rustix::process::getpid().as_raw_nonzero().get();
        return Ok(pids()?.into_iter().filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == own)).collect());
    }
    let mut children = BTreeSet::new();
    for thread in numbers("/proc/self/task")? {
        match read(format!("/proc/self/task/{thread}/children"), 8 * 1024) {
            Ok(listed) => children.extend(listed.split(|byte| *byte == b' ').filter_map(number::<RawPid>)),
            // A thread that has just ended has none: they have moved to another.
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(children)
}

fn parse_stat(line: &[u8]) -> Option<Stat> {
    // The second field is the program's name in brackets, and a name may hold brackets, blanks and line ends.
    let after_name = line.iter().rposition(|byte| *byte == b')')?;
    let mut fields = line.get(after_name + 2..)?.trim_ascii_end().split(|byte| *byte == b' ');
    let state = *fields.next()?.first()?;
    let fields: Vec<u64> = fields.map(|field| number(field).unwrap_or(0)).collect();
    // The state is field 3 in the manual's count, the one after it 4.
    let field = |manual: usize| fields.get(manual - 4).copied();
    let id = |manual: usize| field(manual).and_then(|id| RawPid::try_from(id).ok());
    Some(Stat {
        state,
        parent: id(4)?,
        group: id(5)?,
        session: id(6)?,
        flags: field(9)?,
        start_ticks: field(22)?,
        environ: (field(50).unwrap_or(0), field(51).unwrap_or(0)),
    })
}

fn numbers(folder: &str) -> io::Result<Vec<RawPid>> {
    Ok(fs::read_dir(folder)?.flatten().filter_map(|entry| number(entry.file_name().as_bytes())).collect())
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// Reads with as few calls as can be: each call may show another moment.
fn read(path: String, expected: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(expected);
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_named_like_a_line_of_its_own() {
        let line = b"42 (a) R 1 (\n) S 7 8 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n";
        let stat = parse_stat(line).unwrap();
        assert_eq!((stat.state, stat.parent, stat.group, stat.session), (b'S', 7, 8, 9));
        assert_eq!(stat.start_ticks, 12345);
    }

    #[test]
    fn a_torn_line_is_no_process() {
        for line in ["", "42", "42 (a)", "42 (a) S", "42 (a) S 1 2 3 4"] {
            assert!(parse_stat(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn this_process_is_found_with_all_it_has() {
        let own = RawPid::try_from(std::process::id()).unwrap();
        assert!(pids().unwrap().contains(&own));
        assert!(!stat(own).unwrap().has_ended());
        assert!(!stat(own).unwrap().is_kernel());
        assert!(matches!(environ(own), Environ::Known(_)));
        assert_eq!(folder(own).unwrap(), std::env::current_dir().unwrap().canonicalize().unwrap());
        assert!(!command(own).is_empty());
        let file = tempfile::tempfile().unwrap();
        assert!(holds(own, &[FileId::of(&file).unwrap()]));
        assert!(own_children_once().is_ok());
    }
}
