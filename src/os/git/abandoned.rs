//! Commits an agent made and walked away from: no ref of the repository reaches them any more.
//!
//! With HEAD detached, `git checkout trunk` or `git reset --hard` leaves the last commits to the reflog of the
//! slot alone. What `commit --amend` and a finished rebase replaced is not meant: its successor is there.

use std::collections::HashSet;
use std::fs;

use super::error::GitError;
use super::oid::Oid;
use super::salvage::{OUR_MOVE, Salvaged};
use super::slot::Slot;
use super::unfinished;

/// The last part of the name of a ref that keeps them apart from the work which they are no part of.
const APART: &str = "-left/commits";

impl Slot {
    /// Keeps what the agent has walked away from and none of `known` reaches, while the reflog still knows it: each end
    /// of a line of commits under `<reference>-left/commits`, or the first free name after it. The agent must have
    /// ended. Running it again keeps nothing twice.
    ///
    /// No process where HEAD was only ever moved by commits; one where it was, and two for each that is kept.
    pub fn keep_abandoned(&self, reference: &str, known: &[&Oid]) -> Result<Vec<Salvaged>, GitError> {
        if !self.has_entry() {
            return Ok(Vec::new());
        }
        let keep = |commit: &Oid| self.repo.keep(&format!("{reference}{APART}"), commit, known.first().copied());
        commits(self, known)?.iter().map(keep).collect()
    }
}

/// The newest of them that none of `known` reaches, one for each line of commits. No process if there can be none, else
/// one.
pub(super) fn commits(slot: &Slot, known: &[&Oid]) -> Result<Vec<Oid>, GitError> {
    let mut candidates = unfinished::held_commits(&slot.git_dir);
    candidates.extend(left_behind(slot)?);
    candidates.retain(|commit| !known.contains(&commit));
    if candidates.is_empty() {
        return Ok(candidates);
    }
    // With their parents, newest first: a candidate that is nobody's parent is the end of a line.
    let git = slot.repo.git().reading().args(["rev-list", "--topo-order", "--parents", "--ignore-missing"]);
    let git = git.args(&candidates).arg("--not").args(known).args(["--branches", "--tags", "--remotes"]);
    let git = git.arg(format!("--glob=refs/swarm/salvage/*{APART}*"));
    let listed = git.run()?;
    let mut parents = HashSet::new();
    let mut ends = Vec::new();
    for line in listed.split(|&byte| byte == b'\n') {
        let mut names = line.split(|&byte| byte == b' ').filter_map(Oid::from_git);
        let Some(commit) = names.next() else { continue };
        if candidates.contains(&commit) && !parents.contains(&commit) {
            ends.push(commit);
        }
        parents.extend(names);
    }
    Ok(ends)
}

/// The commits HEAD left by a checkout or a reset since we last reset the slot.
fn left_behind(slot: &Slot) -> Result<Vec<Oid>, GitError> {
    let left =
        own_moves(slot)?.into_iter().filter(|it| it.what.starts_with("checkout:") || it.what.starts_with("reset:"));
    Ok(left.filter_map(|it| it.from).collect())
}

/// A move of HEAD: from where, to where, and why.
pub(super) struct Move {
    pub(super) from: Option<Oid>,
    pub(super) to: Option<Oid>,
    pub(super) what: String,
}

/// The moves of HEAD since we last reset the slot, newest first.
pub(super) fn own_moves(slot: &Slot) -> Result<Vec<Move>, GitError> {
    let moves = moves(slot)?;
    Ok(moves.into_iter().rev().take_while(|it| !it.what.starts_with(OUR_MOVE)).collect())
}

/// The reflog of HEAD, oldest first.
fn moves(slot: &Slot) -> Result<Vec<Move>, GitError> {
    let file = slot.git_dir.join("logs/HEAD");
    if let Ok(text) = fs::read(&file) {
        let text = String::from_utf8_lossy(&text).into_owned();
        let read = |line: &str| {
            let (people, what) = line.split_once('\t')?;
            let mut ends = people.split(' ').map(|end| Oid::from_git(end.as_bytes()));
            Some(Move { from: ends.next()?, to: ends.next()?, what: what.to_owned() })
        };
        return Ok(text.lines().filter_map(read).collect());
    }
    if !slot.repo.common_dir().join("reftable").is_dir() {
        return Ok(Vec::new());
    }
    let git = slot.git().reading().args(["log", "-g", "--format=%H%x09%gs", "HEAD", "--"]);
    let text = String::from_utf8_lossy(&git.run()?).into_owned();
    let entries: Vec<(&str, &str)> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    // Newest first, and each says where HEAD went; it came from where the one before it went.
    let end = |(name, _): &(&str, &str)| Oid::from_git(name.as_bytes());
    let made = |(at, entry): (usize, &(&str, &str))| {
        let from = entries.get(at + 1).and_then(end);
        Move { from, to: end(entry), what: entry.1.to_owned() }
    };
    let mut moves: Vec<Move> = entries.iter().enumerate().map(made).collect();
    moves.reverse();
    Ok(moves)
}
