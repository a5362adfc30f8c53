//! Writes commits without a checkout.

use std::io::Write;

use tempfile::NamedTempFile;

use super::door::Git;
use super::error::GitError;
use super::oid::Oid;
use super::repo::Repo;

/// Who wrote a commit that is made again elsewhere, and when.
#[derive(Debug, Clone)]
pub(super) struct Author {
    pub(super) name: String,
    pub(super) email: String,
    /// Seconds since 1970 and offset, as git keeps it: `1700000000 +0100`.
    pub(super) date: String,
}

/// Makes a commit of `tree`, synced, by our identity. One process.
pub(super) fn commit_tree(repo: &Repo, tree: &Oid, parents: &[&Oid], message: &str) -> Result<Oid, GitError> {
    write_commit(repo.committing(), tree, parents, message)
}

/// The same with another author. git refuses an empty name, so one without stays ours. One process.
pub(super) fn commit_tree_of(
    repo: &Repo,
    author: &Author,
    tree: &Oid,
    parents: &[&Oid],
    message: &str,
) -> Result<Oid, GitError> {
    let mut git = repo.committing().env("GIT_AUTHOR_DATE", format!("@{}", author.date));
    if !author.name.trim().is_empty() {
        git = git.env("GIT_AUTHOR_NAME", &author.name).env("GIT_AUTHOR_EMAIL", &author.email);
    }
    write_commit(git, tree, parents, message)
}

fn write_commit(git: Git, tree: &Oid, parents: &[&Oid], message: &str) -> Result<Oid, GitError> {
    let file = message_file(message)?;
    let git = git.durable().arg("commit-tree").arg(tree);
    let git = parents.iter().fold(git, |git, parent| git.arg("-p").arg(parent));
    git.arg("-F").arg(file.path()).oid()
}

/// A message in a file: as an argument it could be too long. git refuses a zero byte in it.
pub(super) fn message_file(message: &str) -> Result<NamedTempFile, GitError> {
    let write = || {
        let mut file = tempfile::Builder::new().prefix("swarm-message-").tempfile()?;
        file.write_all(message.replace('\0', "").as_bytes())?;
        Ok(file)
    };
    write().map_err(GitError::io("write a commit message to", std::env::temp_dir()))
}
