//! Everything below a folder, byte for byte, to be compared with what is there later.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::Workspace;
use super::laws::files_below;

/// Paths with contents, modes and times of the last change.
#[derive(PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)>);

impl Workspace {
    /// All files of the workspace, git's own among them.
    pub(crate) fn everything(&self) -> Snapshot {
        Snapshot::of(files_below(self.root()))
    }

    /// What is the user's: the checkout without our folders, and how git sees it: index, HEAD, stash, and an
    /// operation in the middle.
    pub(crate) fn users_own(&self) -> Snapshot {
        let ours = ["tasks", "runs", ".swarm", ".git"].map(|folder| self.path(folder));
        let mut files = files_below(self.root());
        files.retain(|path| !ours.iter().any(|folder| path.starts_with(folder)));
        let git_dir = PathBuf::from(self.git(["rev-parse", "--absolute-git-dir"]));
        files.extend(
            ["index", "HEAD", "ORIG_HEAD", "MERGE_HEAD", "REBASE_HEAD", "refs/stash", "logs/refs/stash"]
                .map(|name| git_dir.join(name)),
        );
        files.extend(
            ["rebase-merge", "rebase-apply", "sequencer"].iter().flat_map(|name| files_below(&git_dir.join(name))),
        );
        Snapshot::of(files)
    }
}

impl Snapshot {
    fn of(files: Vec<PathBuf>) -> Self {
        let read = |path: PathBuf| {
            let meta = fs::symlink_metadata(&path).ok()?;
            let bytes = fs::read(&path).unwrap_or_default();
            Some((path, (meta.mode(), meta.mtime(), meta.mtime_nsec(), bytes)))
        };
        Self(files.into_iter().filter_map(read).collect())
    }

    /// The same files with the same bytes, modes and times.
    #[track_caller]
    pub(crate) fn is_unchanged(&self, now: &Snapshot) {
        let changed = |path: &&PathBuf| self.0.get(*path) != now.0.get(*path);
        let paths: Vec<&PathBuf> = self.0.keys().chain(now.0.keys()).filter(changed).collect();
        assert!(paths.is_empty(), "changed, new or gone: {paths:?}");
    }
}
