//! Puts everything an agent wrote in a slot under one ref, before the slot is reset or removed.
//!
//! What counts: commits on HEAD that the base does not have; commits the agent walked away from; tracked files
//! that differ, staged or not, hidden or not; untracked files that are not ignored; and repositories inside
//! the tree, which git itself would record as an empty link, and `clean` delete. A broken index or an
//! unfinished merge does not matter: the files are read through an index of our own.

use std::fs;
use std::path::PathBuf;

use super::abandoned;
use super::door::{Git, unexpected};
use super::durable;
use super::error::GitError;
use super::index::{Index, inspect};
use super::nested;
use super::objects::commit_tree;
use super::oid::Oid;
use super::repo::Repo;
use super::slot::Slot;
use super::snapshot::{Snapshot, Start};
use super::status::Status;

/// How the entries begin that our own resets leave in a slot's reflog.
pub(super) const OUR_MOVE: &str = "swarm: reset";

/// Where the work is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The ref. Branches of nested repositories are under `<reference>-nested/<n>/`.
    pub reference: String,
    /// The commit it points to: HEAD's last commit, or one on top of it that holds the uncommitted files.
    pub commit: Oid,
}

/// What there is to save.
#[derive(Debug, Default)]
struct Found {
    head: Option<Oid>,
    /// Files differ from HEAD, as far as can be told.
    dirty: bool,
    nested: Vec<PathBuf>,
    abandoned: Vec<Oid>,
}

impl Slot {
    /// Makes `reference` (`refs/swarm/salvage/<task>/<attempt>`; if that holds other work, the first free one
    /// of `…-2`, `…-3`, …) reach all that is in the slot and not in `base`; `None` if there is nothing. Runs
    /// no hook, leaves the slot as it is, and may be repeated: the same work is not saved twice. All of it is
    /// synced. The agent must have ended.
    ///
    /// One process if the slot is clean and at `base`, two if it has commits of its own to be looked at, about
    /// seven when there is something to save, and a few more for each nested repository.
    pub fn salvage(&self, reference: &str, base: &Oid, message: &str) -> Result<Option<Salvaged>, GitError> {
        let found = self.look(base)?;
        let has_commits = match &found.head {
            Some(head) => !self.repo.is_ancestor(head, base)?,
            None => false,
        };
        let has_files = found.dirty || !found.nested.is_empty();
        if !(has_commits || has_files || !found.abandoned.is_empty()) {
            return Ok(None);
        }
        let parent = found.head.as_ref().unwrap_or(base);
        let old_tree = self.repo.tree_of(parent)?;
        let (tree, nested) = if has_files { self.snapshot(&found, parent)? } else { (old_tree.clone(), Vec::new()) };
        let is_new = tree != old_tree || !found.abandoned.is_empty();
        if !(is_new || has_commits || !nested.is_empty()) {
            return Ok(None);
        }
        let parents: Vec<&Oid> = std::iter::once(parent).chain(&found.abandoned).collect();
        let commit = if is_new { commit_tree(&self.repo, &tree, &parents, message)? } else { parent.clone() };
        durable::sync_objects(&self.repo, &commit, Some(base))?;
        let saved = put(&self.repo, reference, &commit)?;
        for (n, nested) in nested.iter().enumerate() {
            nested::save(&self.repo, self.usable_git_dir(), nested, &format!("{}-nested/{n}", saved.reference))?;
        }
        Ok(Some(saved))
    }

    fn look(&self, base: &Oid) -> Result<Found, GitError> {
        if !self.has_entry() {
            // The agent has removed the worktree's entry, and with it HEAD. The files may still be there.
            let nested = if self.has_files() { nested::untracked(self.usable_git_dir(), &self.path)? } else { vec![] };
            return Ok(Found { dirty: self.has_files(), nested, ..Found::default() });
        }
        let index = inspect(&self.git_dir.join("index"), self.repo.digits())?;
        let mut found = match &index {
            Index::Sound { gitlinks } if self.has_files() => match self.full_status() {
                Ok(status) => self.with_index(status, gitlinks, base)?,
                // It looked sound, and git cannot read it.
                Err(GitError::Failed { .. }) => self.without_index(base)?,
                Err(error) => return Err(error),
            },
            Index::Sound { .. } | Index::Missing | Index::Doubtful => self.without_index(base)?,
        };
        let known: Vec<&Oid> = std::iter::once(base).chain(&found.head).collect();
        found.abandoned = abandoned::commits(self, &known)?;
        Ok(found)
    }

    fn with_index(&self, status: Status, gitlinks: &[PathBuf], base: &Oid) -> Result<Found, GitError> {
        let Status { head, dirty, mut nested, changed_links, .. } = status;
        nested.extend(nested::recorded(self, gitlinks, &changed_links, base)?);
        Ok(Found { head, dirty, nested, abandoned: Vec::new() })
    }

    /// The index is of no use: takes it that files differ, and lets the snapshot find out.
    fn without_index(&self, base: &Oid) -> Result<Found, GitError> {
        let git = if self.has_files() { self.git() } else { Git::of(&self.git_dir, self.repo.top()) };
        let head = git.reading().args(["rev-parse", "-q", "--verify", "HEAD^{commit}"]).ask()?;
        let head = Oid::from_git(&head.stdout);
        if !self.has_files() {
            return Ok(Found { head, ..Found::default() });
        }
        let links = nested::links_of(self, head.as_ref().unwrap_or(base))?;
        let mut nested = nested::untracked(&self.git_dir, &self.path)?;
        nested.extend(nested::recorded(self, &links, &links, base)?);
        nested.sort();
        nested.dedup();
        Ok(Found { head, dirty: true, nested, abandoned: Vec::new() })
    }

    /// The tree of all files, those of nested repositories in place of their links.
    fn snapshot(&self, found: &Found, parent: &Oid) -> Result<(Oid, Vec<PathBuf>), GitError> {
        let git_dir = self.usable_git_dir();
        let index = git_dir.join("index");
        // A copy of a sound index spares reading every file again.
        let is_sound = self.has_entry() && matches!(inspect(&index, self.repo.digits())?, Index::Sound { .. });
        let snapshot = Snapshot::new(git_dir)?;
        let start = if is_sound { Start::Copy(&index) } else { Start::Tree(parent) };
        let mut all = Vec::new();
        let done = snapshot.tree(&self.path, start, &found.nested, &mut all);
        match done {
            // The index can be read and git still does not accept it.
            Err(GitError::Failed { .. }) if is_sound => {
                all.clear();
                let tree = snapshot.tree(&self.path, Start::Tree(parent), &found.nested, &mut all)?;
                Ok((tree, all))
            }
            done => Ok((done?, all)),
        }
    }

    /// Whether there is a file to be saved. An emptied or deleted folder is nobody's work.
    fn has_files(&self) -> bool {
        let is_folder = fs::symlink_metadata(&self.path).is_ok_and(|metadata| metadata.is_dir());
        let is_work = |entry: fs::DirEntry| entry.file_name() != ".git" || entry.path().is_dir();
        is_folder && fs::read_dir(&self.path).is_ok_and(|mut listing| listing.any(|entry| entry.is_ok_and(is_work)))
    }

    /// A git directory by which files can be stored, whatever became of the slot's own.
    fn usable_git_dir(&self) -> &std::path::Path {
        if self.has_entry() { &self.git_dir } else { self.repo.common_dir() }
    }
}

impl Repo {
    /// Makes `reference`, or the first free name after it as [`Slot::salvage`] does, hold `commit`; what `base` reaches is
    /// on the disk already. Two processes, two more where the name is taken.
    pub fn keep(&self, reference: &str, commit: &Oid, base: Option<&Oid>) -> Result<Salvaged, GitError> {
        durable::sync_objects(self, commit, base)?;
        put(self, reference, commit)
    }

    /// Lets the ref `before` hold what `after`, which descends from it, holds, and removes that. Three processes.
    pub fn succeed(&self, before: &Salvaged, after: &Salvaged) -> Result<Salvaged, GitError> {
        let git = self.git().durable().args(["update-ref", "--no-deref", &before.reference]);
        git.arg(&after.commit).arg(&before.commit).run()?;
        durable::sync_ref(self, &before.reference)?;
        self.forget(&after.reference, &after.commit)?;
        Ok(Salvaged { reference: before.reference.clone(), commit: after.commit.clone() })
    }

    /// Removes a ref of ours that points to `commit`. What it held must be reachable in another way.
    pub fn forget(&self, reference: &str, commit: &Oid) -> Result<(), GitError> {
        self.git().args(["update-ref", "--no-deref", "-d", reference]).arg(commit).run().map(drop)
    }
}

/// Creates the first free ref for `commit`, or finds the one that holds the same work already.
fn put(repo: &Repo, reference: &str, commit: &Oid) -> Result<Salvaged, GitError> {
    for n in 1..=u32::MAX {
        let reference = if n == 1 { reference.to_owned() } else { format!("{reference}-{n}") };
        let git = repo.git().durable().args(["update-ref", "--no-deref", &reference]).arg(commit).arg(commit.zeros());
        match git.run() {
            Ok(_) => {
                durable::sync_ref(repo, &reference)?;
                return Ok(Salvaged { reference, commit: commit.clone() });
            }
            Err(error @ GitError::Failed { .. }) => match repo.resolve(&reference)? {
                None => return Err(error),
                Some(there) if is_same_work(repo, &there, commit)? => {
                    return Ok(Salvaged { reference, commit: there });
                }
                Some(_) => {}
            },
            Err(error) => return Err(error),
        }
    }
    Err(unexpected("git update-ref", b"no free name"))
}

/// Whether two commits have the same tree and parents: only the time differs.
fn is_same_work(repo: &Repo, one: &Oid, other: &Oid) -> Result<bool, GitError> {
    let content = |commit: &Oid| {
        let names = [format!("{commit}^{{tree}}"), format!("{commit}^@")];
        repo.git().reading().arg("rev-parse").args(names).run()
    };
    Ok(one == other || content(one)? == content(other)?)
}
