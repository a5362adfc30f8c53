//! What is in a slot, from one `git status`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::door::{Git, unexpected};
use super::error::GitError;
use super::oid::Oid;
use super::slot::Slot;

/// Where a slot stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotState {
    /// The commit HEAD is on; `None` on a branch that has none yet.
    pub head: Option<Oid>,
    /// The branch that is checked out, without `refs/heads/`; `None` when detached.
    pub branch: Option<String>,
    /// Whether files differ from HEAD or are untracked; ignored files do not count.
    pub dirty: bool,
}

/// The same, with what salvage needs.
#[derive(Debug, Default)]
pub(super) struct Status {
    pub(super) head: Option<Oid>,
    pub(super) branch: Option<String>,
    pub(super) dirty: bool,
    /// Untracked folders that are repositories of their own.
    pub(super) nested: Vec<PathBuf>,
    /// Recorded links to other repositories whose checkout differs from what is recorded.
    pub(super) changed_links: Vec<PathBuf>,
}

impl Slot {
    /// Where it stands. An index that hides changes or is broken is built anew first, so that this and
    /// [`Slot::commit_all`] see what is really there. One process; the agent must have ended.
    pub fn state(&self) -> Result<SlotState, GitError> {
        self.mend_index()?;
        let git = self.git().arg("status").args(ARGS).arg("--untracked-files=normal");
        let Status { head, branch, dirty, .. } = read(git)?;
        Ok(SlotState { head, branch, dirty })
    }

    /// Whether anything differs from `commit`: HEAD, a tracked file, or an untracked one. Meant for after the
    /// gates, which may write into the tree they verify. One process.
    pub fn has_changed_since(&self, commit: &Oid) -> Result<bool, GitError> {
        let state = self.state()?;
        Ok(state.dirty || state.head.as_ref() != Some(commit))
    }

    /// All of it, every untracked file looked at. One process.
    pub(super) fn full_status(&self) -> Result<Status, GitError> {
        read(self.git().slow().arg("status").args(ARGS).arg("--untracked-files=all"))
    }
}

const ARGS: [&str; 5] = ["--porcelain=v2", "--branch", "-z", "--no-renames", "--ignore-submodules=none"];

fn read(git: Git) -> Result<Status, GitError> {
    let text = git.reading().run()?;
    let mut status = Status::default();
    for line in text.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
        if let Some(oid) = line.strip_prefix(b"# branch.oid ") {
            status.head = Oid::from_git(oid);
        } else if let Some(name) = line.strip_prefix(b"# branch.head ") {
            status.branch = (name != b"(detached)").then(|| String::from_utf8_lossy(name).into_owned());
        } else if let Some(path) = line.strip_prefix(b"? ") {
            status.dirty = true;
            if let Some(folder) = path.strip_suffix(b"/") {
                status.nested.push(path_of(folder));
            }
        } else if line.starts_with(b"1 ") || line.starts_with(b"u ") {
            status.dirty = true;
            // "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path"
            let fields = if line[0] == b'1' { 9 } else { 11 };
            let mut parts = line.splitn(fields, |&byte| byte == b' ');
            let is_link = parts.nth(2).is_some_and(|sub| sub.starts_with(b"S"));
            if is_link && let Some(path) = parts.last().map(path_of) {
                status.changed_links.push(path);
            }
        } else if !line.starts_with(b"# ") {
            return Err(unexpected("git status", line));
        }
    }
    Ok(status)
}

/// A path as git prints it with `-z`.
pub(super) fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}
