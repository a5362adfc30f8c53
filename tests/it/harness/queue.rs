//! The queue as a user sees it: files in folders.

use std::fs;
use std::path::PathBuf;

use super::Workspace;

/// The folders, in the order of a task's life.
pub(crate) const STATES: [&str; 5] = ["pending", "current", "review", "blocked", "complete"];

impl Workspace {
    /// Drops a task for the agent `script`, which runs these shell commands.
    pub(crate) fn task(&self, id: &str, commands: &str) {
        self.file(id, format!("# Do {id}\n\n```sh\n{commands}\n```\n"));
    }

    /// The same with front matter.
    pub(crate) fn task_with(&self, id: &str, keys: &str, commands: &str) {
        self.file(id, format!("---\n{keys}\n---\n# Do {id}\n\n```sh\n{commands}\n```\n"));
    }

    /// Drops a task for an agent, with some text.
    pub(crate) fn task_for(&self, agent: &str, id: &str) {
        self.file(id, format!("---\nagent: {agent}\n---\n# Do {id}\n"));
    }

    /// Drops a file with exactly these contents into `tasks/pending`.
    pub(crate) fn file(&self, id: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.task_path("pending", id), contents).expect("write a task");
    }

    /// The path of a task's file in a folder.
    pub(crate) fn task_path(&self, state: &str, id: &str) -> PathBuf {
        self.path(format!("tasks/{state}/{id}.md"))
    }

    /// Moves a task's file as a user does with `mv`.
    #[track_caller]
    pub(crate) fn move_task(&self, id: &str, from: &str, to: &str) {
        fs::rename(self.task_path(from, id), self.task_path(to, id)).expect("move a task");
    }

    /// The folders in which a task lies.
    pub(crate) fn whereabouts(&self, id: &str) -> Vec<&'static str> {
        STATES.into_iter().filter(|state| self.task_path(state, id).symlink_metadata().is_ok()).collect()
    }

    /// The task lies there and nowhere else; gives its contents.
    #[track_caller]
    pub(crate) fn is_in(&self, state: &str, id: &str) -> String {
        assert_eq!(self.whereabouts(id), [state], "where {id} lies");
        self.read(self.task_path(state, id))
    }

    /// The tasks in a folder, in order of their names.
    pub(crate) fn tasks_in(&self, state: &str) -> Vec<String> {
        let mut ids: Vec<String> =
            self.names_in(state).into_iter().filter_map(|name| Some(name.strip_suffix(".md")?.to_owned())).collect();
        ids.sort();
        ids
    }

    /// All that lies in a folder.
    pub(super) fn names_in(&self, state: &str) -> Vec<String> {
        let listing = fs::read_dir(self.path("tasks").join(state)).into_iter().flatten().flatten();
        listing.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}
