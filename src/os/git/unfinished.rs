//! Operations that stopped in the middle: git keeps them as files in the git directory of the worktree.
//!
//! The names are git's and the same in all versions we support; they are files with either kind of ref
//! storage, but for a few pseudo-refs that `checkout --force` removes itself.

use std::fs;
use std::io;
use std::path::Path;

use super::error::GitError;
use super::oid::Oid;

/// What tells of an operation: a file or folder, and the operation's name.
const SIGNS: &[(&str, &str)] = &[
    ("MERGE_HEAD", "merge"),
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "git am"),
    ("rebase-apply", "rebase"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("sequencer", "cherry-pick or revert"),
    ("BISECT_START", "bisect"),
];

/// Everything of an operation, and what a dead git leaves behind.
const LEFTOVERS: &[&str] = &[
    "AUTO_MERGE",
    "BISECT_ANCESTORS_OK",
    "BISECT_EXPECTED_REV",
    "BISECT_FIRST_PARENT",
    "BISECT_HEAD",
    "BISECT_LOG",
    "BISECT_NAMES",
    "BISECT_RUN",
    "BISECT_START",
    "BISECT_TERMS",
    "CHERRY_PICK_HEAD",
    "HEAD.lock",
    "MERGE_AUTOSTASH",
    "MERGE_HEAD",
    "MERGE_MODE",
    "MERGE_MSG",
    "MERGE_RR",
    "NOTES_MERGE_PARTIAL",
    "NOTES_MERGE_REF",
    "REBASE_HEAD",
    "REVERT_HEAD",
    "SQUASH_MSG",
    "config.worktree",
    "config.worktree.lock",
    "index.lock",
    "info/sparse-checkout",
    "info/sparse-checkout.lock",
    "logs/HEAD",
    "rebase-apply",
    "rebase-merge",
    "refs/bisect",
    "refs/rewritten",
    "sequencer",
];

/// Files that name commits which no ref may reach.
const HOLDERS: &[&str] = &[
    "CHERRY_PICK_HEAD",
    "MERGE_AUTOSTASH",
    "MERGE_HEAD",
    "rebase-apply/autostash",
    "rebase-apply/orig-head",
    "rebase-merge/autostash",
    "rebase-merge/orig-head",
];

/// The name of the operation that is unfinished in the worktree with this git directory, if one is.
pub(super) fn operation(git_dir: &Path) -> Option<&'static str> {
    SIGNS.iter().find(|(sign, _)| git_dir.join(sign).exists()).map(|&(_, name)| name)
}

/// The name of an unfinished operation in that worktree that will move or give back `reference`
/// (`refs/heads/…`) when it ends, although the branch does not look checked out.
pub(super) fn claims(git_dir: &Path, reference: &str) -> Option<&'static str> {
    let read = |file: &str| fs::read_to_string(git_dir.join(file)).unwrap_or_default();
    let rebased =
        ["rebase-merge/head-name", "rebase-apply/head-name"].iter().any(|file| read(file).trim() == reference)
            || read("rebase-merge/update-refs").lines().any(|line| line.trim() == reference);
    if rebased {
        return Some("rebase");
    }
    let start = read("BISECT_START");
    let start = start.trim();
    (!start.is_empty() && reference == format!("refs/heads/{}", start.trim_start_matches("refs/heads/")))
        .then_some("bisect")
}

/// The commits that only unfinished operations of that worktree hold.
pub(super) fn held_commits(git_dir: &Path) -> Vec<Oid> {
    let texts = HOLDERS.iter().filter_map(|file| fs::read(git_dir.join(file)).ok());
    texts.flat_map(|text| text.split(|&byte| byte == b'\n').filter_map(Oid::from_git).collect::<Vec<_>>()).collect()
}

/// Forgets all of it, with the lock files, sparse patterns, private settings and reflog that a dead agent has
/// left.
/// Only for a slot of ours whose agent is gone.
pub(super) fn forget(git_dir: &Path) -> Result<(), GitError> {
    // The indexes of a salvage that was killed.
    let listing = fs::read_dir(git_dir).map_err(GitError::io("read", git_dir))?.flatten();
    let ours = listing.filter(|entry| entry.file_name().to_string_lossy().starts_with(super::snapshot::PREFIX));
    let git = LEFTOVERS.iter().map(|name| git_dir.join(name));
    for path in ours.map(|entry| entry.path()).chain(git) {
        let removed = match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(&path),
            Ok(_) => fs::remove_file(&path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(GitError::io("remove", path)(error)),
            _ => {}
        }
    }
    Ok(())
}
