//! The entries git keeps of its linked worktrees: `<common>/worktrees/<name>/`.
//!
//! They are read as files, because asking git costs a process, and because a half-written entry makes git
//! itself fail. An entry of ours carries a mark; the others are the user's, and are only ever read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::GitError;
use super::oid::Oid;
use super::repo::Repo;

/// The file by which an entry is known as one of our slots.
const MARK: &str = "swarm-slot";

/// A worktree: the main one, or a linked one.
#[derive(Debug, Clone)]
pub(super) struct Worktree {
    /// Its own git directory.
    pub(super) git_dir: PathBuf,
    /// Its folder, which may be gone.
    pub(super) path: PathBuf,
    /// Whether it is one of our slots.
    pub(super) ours: bool,
}

impl Worktree {
    /// The full name of the ref that HEAD is, unless it is detached or cannot be told without git.
    pub(super) fn head_ref(&self) -> Option<String> {
        let head = fs::read_to_string(self.git_dir.join("HEAD")).ok()?;
        head.trim().strip_prefix("ref: ").map(str::to_owned)
    }

    /// Whether git can work with it: an interrupted `worktree add` leaves less.
    pub(super) fn is_complete(&self) -> bool {
        ["HEAD", "commondir", "gitdir"].iter().all(|file| {
            fs::metadata(self.git_dir.join(file)).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
        })
    }

    /// Writes what an interrupted `worktree add`, or a power cut, has left out: HEAD as its reflog last knew
    /// it, or at `at`. At most one process.
    pub(super) fn mend(&self, repo: &Repo, at: &Oid) -> Result<(), GitError> {
        let missing = |file: &PathBuf| fs::metadata(file).map_or(true, |metadata| metadata.len() == 0);
        let (head, common) = (self.git_dir.join("HEAD"), self.git_dir.join("commondir"));
        if missing(&common) {
            fs::write(&common, "../..\n").map_err(GitError::io("write", common))?;
        }
        if missing(&head) {
            let log = fs::read_to_string(self.git_dir.join("logs/HEAD")).unwrap_or_default();
            let last = log.lines().last().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
            let known = if last.is_empty() { None } else { repo.resolve(last)? };
            let text = format!("{}\n", known.as_ref().unwrap_or(at));
            fs::write(&head, text).map_err(GitError::io("write", head))?;
        }
        Ok(())
    }

    /// Marks it as ours.
    pub(super) fn mark(&self) -> Result<(), GitError> {
        let mark = self.git_dir.join(MARK);
        fs::write(&mark, "made by swarm; its folder is reset before every task\n").map_err(GitError::io("write", mark))
    }
}

/// All linked worktrees that have an entry, whoever made them. No process.
pub(super) fn linked(repo: &Repo) -> Result<Vec<Worktree>, GitError> {
    let folder = repo.common_dir().join("worktrees");
    let listing = match fs::read_dir(&folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(GitError::io("read", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in listing {
        let git_dir = entry.map_err(GitError::io("read", &folder))?.path();
        // Without a readable `gitdir` it is just being made, or half gone: not ours to judge.
        if let Some(path) = worktree_of(&git_dir) {
            let ours = git_dir.join(MARK).exists();
            found.push(Worktree { git_dir, path, ours });
        }
    }
    Ok(found)
}

/// All worktrees. The folder of the main one is a guess where this checkout is a linked one. No process.
pub(super) fn all(repo: &Repo) -> Result<Vec<Worktree>, GitError> {
    let common = repo.common_dir();
    let path = if repo.is_linked() { common.parent().unwrap_or(common) } else { repo.top() };
    let main = Worktree { git_dir: common.to_owned(), path: path.to_owned(), ours: false };
    Ok(std::iter::once(main).chain(linked(repo)?).collect())
}

/// The git directory that the file `<folder>/.git` names; `None` if there is no such file.
pub(super) fn named_git_dir(folder: &Path) -> Option<PathBuf> {
    let link = folder.join(".git");
    // A symbolic link would be the agent's doing: git never makes one here.
    if !fs::symlink_metadata(&link).ok()?.is_file() {
        return None;
    }
    let text = fs::read_to_string(link).ok()?;
    // Relative since `worktree.useRelativePaths` (git 2.48).
    Some(folder.join(text.strip_prefix("gitdir:")?.trim()))
}

/// Makes `folder` and the entry `git_dir` point to each other.
pub(super) fn connect(folder: &Path, git_dir: &Path) -> Result<(), GitError> {
    let write = |path: PathBuf, target: &Path, before: &str| {
        let mut text = std::ffi::OsString::from(before);
        text.push(target);
        text.push("\n");
        fs::write(&path, text.as_encoded_bytes()).map_err(GitError::io("write", path))
    };
    write(folder.join(".git"), git_dir, "gitdir: ")?;
    write(git_dir.join("gitdir"), &folder.join(".git"), "")
}

fn worktree_of(git_dir: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(git_dir.join("gitdir")).ok()?;
    let link = git_dir.join(text.trim_end_matches('\n'));
    (!text.trim().is_empty()).then(|| link.parent().map(Path::to_owned)).flatten()
}
