//! The promises that hold after whatever has happened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{STATES, Workspace, wait_until};

impl Workspace {
    /// Nothing runs any more, and all promises hold.
    #[track_caller]
    pub(crate) fn holds_the_laws(&self) {
        self.every_task_is_in_one_place();
        self.complete_means_merged();
        self.nothing_is_left_behind();
        self.the_repository_is_whole();
    }

    /// Each file lies in exactly one folder, and none is at work.
    #[track_caller]
    pub(crate) fn every_task_is_in_one_place(&self) {
        let mut places: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for state in STATES {
            for name in self.names_in(state) {
                places.entry(name).or_default().push(state);
            }
        }
        for (name, states) in places.into_iter().filter(|(name, _)| name.ends_with(".md")) {
            assert!(states.len() == 1 && states != ["current"], "{name} lies in {states:?}");
        }
    }

    /// Every complete task but the epics has exactly one commit on the base, and no other task has one.
    #[track_caller]
    pub(crate) fn complete_means_merged(&self) {
        let mut carried: BTreeMap<String, u32> = BTreeMap::new();
        let ahead = self.refs(&format!("refs/heads/swarm/{}", self.base_name()));
        let tip = ahead.first().map_or_else(|| self.base(), |ahead| self.at_commit(ahead));
        for (_, id) in tip.carried() {
            *carried.entry(id).or_default() += 1;
        }
        for id in self.tasks_in("complete") {
            let text = self.read(self.task_path("complete", &id));
            if !text.contains("expect: no_change") && !text.contains("type: epic") {
                assert_eq!(carried.remove(&id), Some(1), "the commits of the complete task {id}");
            }
        }
        assert_eq!(carried, BTreeMap::new(), "commits of tasks that are not complete");
    }

    /// No process, no branch, no worktree but the slots, no lock of git's.
    #[track_caller]
    pub(crate) fn nothing_is_left_behind(&self) {
        // A process that was killed is there until its parent has looked.
        wait_until(&format!("the end of {:?}", self.processes()), || self.processes().is_empty());
        let own = format!("refs/heads/{}", self.base_name());
        let odd: Vec<String> = self.refs("refs/heads/").into_iter().filter(|name| *name != own).collect();
        assert!(odd.is_empty(), "branches are left: {odd:?}");
        let slots = self.path(".swarm/slots");
        let listed = self.git(["worktree", "list", "--porcelain"]);
        assert!(!listed.contains("prunable"), "{listed}");
        for path in listed.lines().filter_map(|line| line.strip_prefix("worktree ")).map(Path::new) {
            assert!(path == self.root() || path.parent() == Some(&slots), "{} is left", path.display());
        }
        let git_dir = PathBuf::from(self.git(["rev-parse", "--path-format=absolute", "--git-common-dir"]));
        let locks: Vec<PathBuf> = files_below(&git_dir)
            .into_iter()
            .filter(|path| path.extension().is_some_and(|end| end == "lock"))
            // Our own are kept, never removed.
            .filter(|path| !is_ours(path))
            .collect();
        assert!(locks.is_empty(), "locks are left: {locks:?}");
    }

    /// git finds nothing wrong, and the user's checkout is at the tip of the base without a change.
    #[track_caller]
    pub(crate) fn the_repository_is_whole(&self) {
        self.git(["fsck", "--full", "--strict", "--no-progress"]);
        assert_eq!(self.git(["status", "--porcelain", "--", ":!config"]), "", "the user's checkout");
    }
}

fn is_ours(lock: &Path) -> bool {
    lock.file_name().is_some_and(|name| name.to_string_lossy().starts_with("swarm"))
}

/// All files below a folder, in order.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files_below(&entry.path())),
            Ok(_) | Err(_) => found.push(entry.path()),
        }
    }
    found.sort();
    found
}
