//! Stores the files of a folder as a tree, through an index of our own.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::door::Git;
use super::error::GitError;
use super::nested::untracked;
use super::oid::Oid;
use super::reset::open_up;

/// How the folders with our indexes begin, in the git directory of a slot.
pub(super) const PREFIX: &str = "swarm-salvage-";

/// What the index of a snapshot begins with. It decides which ignored files are part of it (the tracked ones)
/// and which files need not be read again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// A copy of this index file.
    Copy(&'a Path),
    /// This tree.
    Tree(&'a Oid),
    /// Nothing.
    Empty,
}

/// A place for the indexes of one salvage; removed when dropped.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    git_dir: &'a Path,
    folder: TempDir,
}

impl<'a> Snapshot<'a> {
    /// Objects go where `git_dir` keeps them.
    pub(super) fn new(git_dir: &'a Path) -> Result<Self, GitError> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(git_dir);
        Ok(Self { git_dir, folder: folder.map_err(GitError::io("create a folder in", git_dir))? })
    }

    /// The tree of all files in `folder` that are not ignored. The repositories at `nested` (paths in
    /// `folder`), and those within them, are entered; their folders are added to `all`. Three processes, four more for
    /// each nested repository.
    pub(super) fn tree(
        &self,
        folder: &Path,
        start: Start<'_>,
        nested: &[PathBuf],
        all: &mut Vec<PathBuf>,
    ) -> Result<Oid, GitError> {
        let index = self.folder.path().join(format!("index-{}", fastrand::u64(..)));
        let git = || self.git(folder).env("GIT_INDEX_FILE", &index);
        match start {
            Start::Copy(from) => drop(fs::copy(from, &index).map_err(GitError::io("copy", from))?),
            Start::Tree(tree) => drop(git().arg("read-tree").arg(tree).run()?),
            Start::Empty => {}
        }
        let add = || {
            let apart = nested.iter().map(|path| {
                let mut spec = OsString::from(":(top,exclude,literal)");
                spec.push(path);
                spec
            });
            git().slow().durable().args(["add", "-A", "--", ":/"]).args(apart)
        };
        if let Err(error) = add().run() {
            let GitError::Failed { .. } = error else {
                return Err(error);
            };
            // Most likely files or folders that the agent has closed to us.
            open_up(folder);
            add().run()?;
        }
        for path in nested {
            let inside = folder.join(path);
            let tree = self.tree(&inside, Start::Empty, &untracked(self.git_dir, &inside)?, all)?;
            git().args(["update-index", "--force-remove", "--"]).arg(path).run()?;
            let mut prefix = OsString::from("--prefix=");
            prefix.push(path);
            prefix.push("/");
            git().arg("read-tree").arg(prefix).arg(tree).run()?;
            all.push(inside);
        }
        git().durable().arg("write-tree").oid()
    }

    /// The tree of every file in `folder`, ignored or not: for the inside of a `.git` folder.
    pub(super) fn tree_of_everything(&self, folder: &Path) -> Result<Oid, GitError> {
        let index = self.folder.path().join(format!("index-{}", fastrand::u64(..)));
        let git = || self.git(folder).env("GIT_INDEX_FILE", &index);
        git().slow().durable().args(["add", "-A", "-f", "--", ":/"]).run()?;
        git().durable().arg("write-tree").oid()
    }

    fn git(&self, folder: &Path) -> Git {
        let git = Git::of(self.git_dir, folder).set("core.sparseCheckout=false").set("core.safecrlf=false");
        git.set("core.splitIndex=false").set("index.sparse=false")
    }
}
