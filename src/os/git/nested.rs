//! Repositories inside a slot's tree: a clone the agent made, an `init` it ran, a submodule it worked in, or a
//! worktree it added there. `git add` would record only their commit's name, and the commit is not ours.

use std::fs;
use std::path::{Path, PathBuf};

use super::door::Git;
use super::durable;
use super::error::GitError;
use super::objects::commit_tree;
use super::oid::Oid;
use super::repo::Repo;
use super::slot::Slot;
use super::snapshot::Snapshot;
use super::status::path_of;
use super::worktrees::named_git_dir;

/// The repositories in `folder` that an empty index does not know, as paths in it: git names a repository
/// with a slash at the end where it names files without. One process.
pub(super) fn untracked(git_dir: &Path, folder: &Path) -> Result<Vec<PathBuf>, GitError> {
    let no_index = git_dir.join("swarm-no-index");
    let git = Git::of(git_dir, folder).reading().slow().env("GIT_INDEX_FILE", no_index);
    let listed = git.args(["ls-files", "--others", "--exclude-standard", "-z"]).run()?;
    let paths = listed.split(|&byte| byte == 0).filter_map(|path| path.strip_suffix(b"/"));
    Ok(paths.map(path_of).collect())
}

/// Which of `links` (gitlinks in the slot's index) hold a repository that has something of its own: those in
/// `changed`, and those the base does not record, or not at the same commit. No process without links.
pub(super) fn recorded(
    slot: &Slot,
    links: &[PathBuf],
    changed: &[PathBuf],
    base: &Oid,
) -> Result<Vec<PathBuf>, GitError> {
    let mut present: Vec<PathBuf> = links.iter().filter(|link| is_repository(&slot.path.join(link))).cloned().collect();
    if present.is_empty() {
        return Ok(present);
    }
    let known = link_commits(&slot.repo, base, &present)?;
    let mut kept = Vec::new();
    for link in present.drain(..) {
        let head = Git::at(&slot.path.join(&link)).reading().args(["rev-parse", "-q", "--verify", "HEAD"]).ask()?;
        let is_as_recorded = known.contains(&(link.clone(), Oid::from_git(&head.stdout)));
        if changed.contains(&link) || !is_as_recorded {
            kept.push(link);
        }
    }
    Ok(kept)
}

/// The gitlinks in the tree of `commit`. One process.
pub(super) fn links_of(slot: &Slot, commit: &Oid) -> Result<Vec<PathBuf>, GitError> {
    Ok(link_commits(&slot.repo, commit, &[])?.into_iter().map(|(path, _)| path).collect())
}

/// Puts the branches of the nested repository at `path`, and its HEAD, under `prefix` (`refs/…`). Where git cannot fetch
/// them (a shallow clone, another object format, a broken repository), its `.git` folder is stored as files.
pub(super) fn save(repo: &Repo, git_dir: &Path, path: &Path, prefix: &str) -> Result<(), GitError> {
    let head = Git::at(path).reading().args(["rev-parse", "-q", "--verify", "HEAD"]).ask()?;
    let head = Oid::from_git(&head.stdout);
    let own = named_git_dir(path).and_then(|named| fs::canonicalize(named).ok());
    if own.is_some_and(|own| own.starts_with(repo.common_dir().join("worktrees")) && own.join("commondir").exists()) {
        // A worktree of this very repository: its objects and branches are here already.
        return match head {
            Some(head) => point(repo, &format!("{prefix}/HEAD"), &head),
            None => Ok(()),
        };
    }
    let git = repo.git().slow().durable().set("protocol.file.allow=always").set("transfer.fsckObjects=false");
    let git =
        git.set("fetch.fsckObjects=false").set("fetch.writeCommitGraph=false").set("fetch.recurseSubmodules=false");
    let git = git.args(["fetch", "-q", "--no-tags", "--no-write-fetch-head", "--no-show-forced-updates"]);
    let git = git.arg("--").arg(path).args(head.map(|_| format!("+HEAD:{prefix}/HEAD")));
    match git.arg(format!("+refs/heads/*:{prefix}/heads/*")).run() {
        Ok(_) => durable::sync_ref(repo, &format!("{prefix}/heads/any")),
        Err(GitError::Failed { .. }) => save_as_files(repo, git_dir, path, prefix),
        Err(error) => Err(error),
    }
}

fn save_as_files(repo: &Repo, git_dir: &Path, path: &Path, prefix: &str) -> Result<(), GitError> {
    let dot_git = named_git_dir(path).unwrap_or_else(|| path.join(".git"));
    if !dot_git.is_dir() {
        return Ok(());
    }
    let tree = Snapshot::new(git_dir)?.tree_of_everything(&dot_git)?;
    let message = format!("The .git folder of {}, as files\n", path.display());
    let commit = commit_tree(repo, &tree, &[], &message)?;
    point(repo, &format!("{prefix}/dot-git"), &commit)
}

fn point(repo: &Repo, reference: &str, commit: &Oid) -> Result<(), GitError> {
    durable::sync_objects(repo, commit, None)?;
    repo.git().durable().args(["update-ref", "--no-deref", reference]).arg(commit).run()?;
    durable::sync_ref(repo, reference)
}

/// The gitlinks in the tree of `commit`, of all paths or of those given, with the commits they record.
fn link_commits(repo: &Repo, commit: &Oid, paths: &[PathBuf]) -> Result<Vec<(PathBuf, Option<Oid>)>, GitError> {
    let git = repo.git().reading().env("GIT_LITERAL_PATHSPECS", "1").args(["ls-tree", "-r", "-z", "--full-tree"]);
    let listed = git.arg(commit).arg("--").args(paths).run()?;
    let read = |line: &[u8]| {
        // "160000 commit <oid>\t<path>"
        let rest = line.strip_prefix(b"160000 commit ")?;
        let tab = rest.iter().position(|&byte| byte == b'\t')?;
        Some((path_of(&rest[tab + 1..]), Oid::from_git(&rest[..tab])))
    };
    Ok(listed.split(|&byte| byte == 0).filter_map(read).collect())
}

fn is_repository(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(".git")).is_ok()
}
