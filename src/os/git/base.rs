//! Where the base branch stands, and who has a hand on it.

use std::fs;
use std::path::PathBuf;

use super::ahead_note;
use super::door::unexpected;
use super::error::GitError;
use super::oid::Oid;
use super::repo::Repo;
use super::status::path_of;
use super::unfinished;
use super::worktrees::{self, Worktree};

/// The base branch and what goes ahead of it while the base cannot move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tips {
    /// `refs/heads/<base>`.
    pub base: Oid,
    /// What was published ahead of it and is not contained in it, if anything is.
    pub ahead: Option<Oid>,
    /// What was published ahead of it and is contained in it by now: it waits to be forgotten.
    pub passed: Option<Oid>,
    /// The ref that holds it holds something else: somebody has moved it.
    pub ahead_was_moved: bool,
    /// The branch `swarm/<base>`, which shows that to people, if there is one.
    pub shown: Option<Oid>,
    /// The user's worktrees that have the base checked out.
    pub checked_out: Vec<PathBuf>,
    /// One sentence, if an operation that is not finished will move the base, or an agent has it checked out.
    pub in_use: Option<String>,
}

/// One branch, and what stands in the way of moving it.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) reference: String,
    pub(super) tip: Option<Oid>,
    pub(super) checked_out: Vec<Worktree>,
    pub(super) in_use: Option<String>,
}

impl Repo {
    /// Looks where `base` (without `refs/heads/`) and what is ahead of it stand. One process, two where something is
    /// ahead, and a few small files for each worktree.
    pub fn tips(&self, base: &str) -> Result<Tips, GitError> {
        let [branch, ahead, shown] = branches(self, [base_ref(base), ahead_ref(base), shown_ref(base)])?;
        let tip = branch.tip.ok_or_else(|| GitError::NoBranch { branch: base.to_owned() })?;
        let (published, ahead_was_moved) = ahead_note::published(self, base, ahead.tip)?;
        let (ahead, passed) = match published {
            Some(ahead) if self.is_ancestor(&ahead, &tip)? => (None, Some(ahead)),
            ahead => (ahead, None),
        };
        let checked_out = branch.checked_out.into_iter().map(|worktree| worktree.path).collect();
        Ok(Tips { base: tip, ahead, passed, ahead_was_moved, shown: shown.tip, checked_out, in_use: branch.in_use })
    }
}

/// The full name of the base branch.
pub(super) fn base_ref(base: &str) -> String {
    format!("refs/heads/{base}")
}

/// The full name of the ref that holds what was published ahead of it.
pub(super) fn ahead_ref(base: &str) -> String {
    format!("refs/swarm/ahead/{base}")
}

/// The full name of the branch that shows this.
pub(super) fn shown_ref(base: &str) -> String {
    format!("refs/heads/swarm/{base}")
}

/// Looks at branches by their full names. One process.
pub(super) fn branches<const N: usize>(repo: &Repo, references: [String; N]) -> Result<[Branch; N], GitError> {
    let git = repo.git().reading().args(["for-each-ref", "--format=%(objectname)%00%(refname)%00%(worktreepath)"]);
    let listed = git.args(&references).run()?;
    let mut known = Vec::new();
    for line in listed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let parts: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let [oid, name, path] = parts[..] else {
            return Err(unexpected("git for-each-ref", line));
        };
        let oid = Oid::from_git(oid).ok_or_else(|| unexpected("git for-each-ref", line))?;
        known.push((oid, String::from_utf8_lossy(name).into_owned(), path_of(path)));
    }
    let worktrees = worktrees::all(repo)?;
    Ok(references.map(|reference| {
        // The pattern `refs/heads/a` also matches `refs/heads/a/b`.
        let found = known.iter().find(|(_, name, _)| *name == reference);
        let tip = found.map(|(oid, _, _)| oid.clone());
        let told = found.map(|(_, _, path)| path.clone()).unwrap_or_default();
        let holders = holders(repo, &worktrees, &reference, &told);
        let (ours, checked_out): (Vec<Worktree>, Vec<Worktree>) = holders.into_iter().partition(|tree| tree.ours);
        let in_use = in_use(&worktrees, &reference, &ours);
        Branch { reference, tip, checked_out, in_use }
    }))
}

/// The worktrees that have `reference` checked out. git tells one; more are possible by force, and settings an
/// agent may have written (`core.bare`) make git blind, so the HEAD files are read as well.
fn holders(repo: &Repo, worktrees: &[Worktree], reference: &str, told: &PathBuf) -> Vec<Worktree> {
    let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let told = real(told);
    let holds = |worktree: &&Worktree| {
        // The HEAD of a bare repository beside linked worktrees is nobody's checkout.
        let is_certain = worktree.git_dir != repo.common_dir() || !repo.is_linked();
        real(&worktree.path) == told || (is_certain && worktree.head_ref().as_deref() == Some(reference))
    };
    // One whose folder was deleted shows its branch to nobody.
    worktrees.iter().filter(holds).filter(|worktree| worktree.path.exists()).cloned().collect()
}

fn in_use(worktrees: &[Worktree], reference: &str, ours: &[Worktree]) -> Option<String> {
    let name = reference.trim_start_matches("refs/heads/");
    let unfinished = worktrees.iter().find_map(|worktree| {
        let operation = unfinished::claims(&worktree.git_dir, reference)?;
        Some(format!("a {operation} of `{name}` is unfinished in {}", worktree.path.display()))
    });
    unfinished
        .or_else(|| ours.first().map(|slot| format!("an agent has `{name}` checked out in {}", slot.path.display())))
}
