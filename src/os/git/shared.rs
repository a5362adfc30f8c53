//! What all worktrees of a repository share beside commits and refs: settings, excludes, hooks. An agent can change
//! them for everybody; it cannot be told from the user, so nothing is put back, but it is noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::repo::Repo;

/// The shared files at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    files: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Repo {
    /// Reads the shared settings, excludes and hooks. No process.
    pub fn shared(&self) -> Shared {
        let common = self.common_dir();
        let mut paths = vec![common.join("config"), common.join("info/exclude"), common.join("info/attributes")];
        let hooks = fs::read_dir(common.join("hooks")).into_iter().flatten().flatten().map(|entry| entry.path());
        // The samples that git lays there run nothing.
        paths.extend(hooks.filter(|path| path.extension().is_none_or(|it| it != "sample")));
        Shared { files: paths.into_iter().map(|path| (path.clone(), fs::read(path).ok())).collect() }
    }
}

impl Shared {
    /// The files that differ between this moment and a later one.
    pub fn changed(&self, later: &Shared) -> Vec<PathBuf> {
        let paths = self.files.keys().chain(later.files.keys().filter(|path| !self.files.contains_key(*path)));
        let content = |moment: &Shared, path: &PathBuf| moment.files.get(path).cloned().flatten();
        paths.filter(|path| content(self, path) != content(later, path)).cloned().collect()
    }
}
