//! Slots: the pool of worktrees in which agents work and gates run. One worker owns a slot for its whole life.
//!
//! Making, mending and removing the entries of worktrees clashes with itself (measured: up to 35 % of
//! concurrent calls failed), so all of ours stand under one lock of the repository, shared by all processes.
//! The user's own git is not bound by it; what it can do to us is waited out by the door.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::door::{Git, unexpected};
use super::error::GitError;
use super::loose;
use super::oid::Oid;
use super::repo::Repo;
use super::worktrees::{self, Worktree};
use crate::os::lock::Lock;

/// A worktree of ours, detached from every branch when it is handed out.
#[derive(Debug, Clone)]
pub struct Slot {
    pub(super) repo: Repo,
    pub(super) path: PathBuf,
    pub(super) git_dir: PathBuf,
    /// The lock of the slot's owner, which every git command in here holds too.
    pub(super) lock: Option<Arc<File>>,
    /// What git is told when it runs hooks in here, as the value of [`PARAMETERS`](super::PARAMETERS): those that lie in the
    /// tree may be an agent's by now.
    pub(super) hooks: Option<String>,
}

impl Repo {
    /// The lock under which worktrees and settings are changed: `<common dir>/swarm.lock`. Waits for it; no
    /// holder keeps it longer than a few git commands take.
    pub fn lock(&self) -> Result<Lock, GitError> {
        let path = self.common_dir().join("swarm.lock");
        let lock = Lock::exclusive(&path, &|| false).map_err(GitError::io("lock", &path))?;
        lock.ok_or_else(|| GitError::Locked { command: "lock".into(), lock: path })
    }

    /// Gives the slot at `path` (in an existing or new folder). One that is known already keeps what is in it,
    /// unfinished work too: salvage it, then [`Slot::reset_to`]. One that is not is made, with the tree of
    /// `at`. A half-made, moved or partly deleted one is mended; no other worktree's entry is touched.
    ///
    /// No process for a whole slot, two for a new one. The checkout of a new one happens outside the lock.
    pub fn add_slot(&self, path: &Path, at: &Oid) -> Result<Slot, GitError> {
        let path = real(path)?;
        let guard = self.lock()?;
        let (git_dir, is_new) = match existing(self, &path, at)? {
            Some(git_dir) => (git_dir, false),
            None => make(self, &path, at)?,
        };
        drop(guard);
        let slot = Slot { repo: self.clone(), path, git_dir, lock: None, hooks: None };
        if is_new {
            slot.check_out(at)?;
        }
        Ok(slot)
    }
}

impl Slot {
    /// From now on git is told this when it runs hooks in here; see [`parameters`](super::parameters).
    pub fn guard_hooks(&mut self, parameters: Option<String>) {
        self.hooks = parameters;
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its own git directory.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// Removes it for good, folder and entry. What is in it is lost unless it was salvaged. No process.
    pub fn remove(self) -> Result<(), GitError> {
        let _guard = self.repo.lock()?;
        super::reset::open_up(&self.path);
        for folder in [&self.path, &self.git_dir] {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(GitError::io("remove", folder)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A command in this slot. Both directories are given, so that nothing an agent did to the `.git` file, or
    /// to the settings of the slot, leads it elsewhere.
    pub(super) fn git(&self) -> Git {
        let git = Git::of(&self.git_dir, &self.path).holding(self.lock.clone());
        git.set("core.sparseCheckout=false").set("core.splitIndex=false").set("index.sparse=false")
    }

    /// Whether the worktree is still a folder of its own: neither removed nor replaced by a link, which may lead into
    /// the user's checkout. (Without its `.git` file it can still be read: every command names both.)
    pub fn is_intact(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.is_dir())
    }

    /// The commit at which its HEAD is detached, where that can be told without a process.
    pub fn detached_at(&self) -> Option<Oid> {
        loose::read(&self.git_dir, "HEAD")
    }

    /// Removes the locks that a git of the agent's has left in here. The agent must have ended, with all of its
    /// processes: that is what makes it right.
    pub fn forget_locks(&self) -> Result<(), GitError> {
        for name in ["index.lock", "HEAD.lock"] {
            let path = self.git_dir.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(GitError::io("remove", path)(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Lets every git command in here hold the lock of the slot's owner, so that a new owner cannot begin while
    /// the git of a killed one still works.
    #[must_use]
    pub fn held_by(mut self, lock: File) -> Self {
        self.lock = Some(Arc::new(lock));
        self
    }

    /// Whether folder and entry are there and point to each other.
    pub(super) fn is_whole(&self) -> bool {
        is_folder(&self.path)
            && worktrees::named_git_dir(&self.path).is_some_and(|named| same(&named, &self.git_dir))
            && Worktree { git_dir: self.git_dir.clone(), path: self.path.clone(), ours: true }.is_complete()
    }

    /// Whether the git directory can still be used.
    pub(super) fn has_entry(&self) -> bool {
        self.git_dir.join("HEAD").is_file()
    }
}

/// The git directory of the slot at `path`, mended, if it has one. It is never thrown away: HEAD may be all that
/// knows an agent's commits, even when the folder is gone.
fn existing(repo: &Repo, path: &Path, at: &Oid) -> Result<Option<PathBuf>, GitError> {
    let entries = worktrees::linked(repo)?;
    let by_path = entries.iter().find(|entry| entry.path == path);
    let found = by_path.or_else(|| {
        // The folder was moved, with the workspace: its `.git` file still knows the entry's name.
        let named = worktrees::named_git_dir(path)?;
        let moved = |entry: &&Worktree| entry.git_dir.file_name() == named.file_name() && entry.ours;
        entries.iter().find(moved).filter(|entry| !entry.path.exists())
    });
    let Some(entry) = found else { return Ok(None) };
    if !entry.is_complete() {
        entry.mend(repo, at)?;
    }
    if !entry.ours {
        entry.mark()?;
    }
    if !is_folder(path) {
        if fs::symlink_metadata(path).is_ok() {
            fs::remove_file(path).map_err(GitError::io("remove", path))?;
        }
        fs::create_dir(path).map_err(GitError::io("create", path))?;
    }
    // What is right is left alone: a git that an agent left behind may be reading it.
    let is_linked = worktrees::named_git_dir(path).is_some_and(|named| same(&named, &entry.git_dir));
    if !(is_linked && entry.path == path) {
        link(path, &entry.git_dir)?;
    }
    Ok(Some(entry.git_dir.clone()))
}

/// Makes a new entry for `path`. Gives its git directory, and whether the folder is new as well: files that
/// are there without an entry stay, because they may be an agent's work.
fn make(repo: &Repo, path: &Path, at: &Oid) -> Result<(PathBuf, bool), GitError> {
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
        fs::remove_file(path).map_err(GitError::io("remove", path))?;
    }
    let is_new = !path.exists() || is_empty(path);
    let target = if is_new { path.to_owned() } else { path.with_extension("making") };
    if !is_new && target.exists() {
        fs::remove_dir_all(&target).map_err(GitError::io("remove", &target))?;
    }
    // Forced, because an entry of ours for the target may be left from a try that was killed.
    repo.git().args(["worktree", "add", "-q", "-f", "--detach", "--no-checkout"]).arg(&target).arg(at).run()?;
    let git_dir = worktrees::named_git_dir(&target)
        .and_then(|named| fs::canonicalize(named).ok())
        .ok_or_else(|| unexpected("git worktree add", b"no .git file"))?;
    Worktree { git_dir: git_dir.clone(), path: path.to_owned(), ours: true }.mark()?;
    // A sparse main checkout hands its patterns down; gates need the whole tree.
    super::unfinished::forget(&git_dir)?;
    if !is_new {
        link(path, &git_dir)?;
        fs::remove_dir_all(&target).map_err(GitError::io("remove", &target))?;
    }
    Ok((git_dir, is_new))
}

/// Makes folder and entry point to each other. A repository that an agent has made in place
/// of the `.git` file is moved into a folder, where salvage finds it like any other nested repository.
fn link(path: &Path, git_dir: &Path) -> Result<(), GitError> {
    if worktrees::named_git_dir(path).is_none() {
        let dot_git = path.join(".git");
        match fs::symlink_metadata(&dot_git) {
            Ok(metadata) if metadata.is_dir() => {
                let lost = path.join(format!("lost-repository-{}", fastrand::u32(..)));
                fs::create_dir(&lost).map_err(GitError::io("create", &lost))?;
                fs::rename(&dot_git, lost.join(".git")).map_err(GitError::io("move", &dot_git))?;
            }
            Ok(_) => fs::remove_file(&dot_git).map_err(GitError::io("remove", &dot_git))?,
            Err(_) => {}
        }
    }
    worktrees::connect(path, git_dir)
}

/// The path as git records it: its folder resolved, its own name as it is.
fn real(path: &Path) -> Result<PathBuf, GitError> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).map_err(GitError::io("create", folder))?;
    let folder = fs::canonicalize(folder).map_err(GitError::io("resolve", folder))?;
    Ok(folder.join(path.file_name().unwrap_or_default()))
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn is_empty(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut listing| listing.next().is_none())
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || matches!((fs::canonicalize(one), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
}
