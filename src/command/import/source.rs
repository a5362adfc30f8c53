//! The folder from which is imported: it is only ever read.

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::import::oompa::{Kind, Remark};
use crate::model::state::State;
use crate::os::plain_file::{self, Links, Unreadable};

/// The most that a file of theirs may hold, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// Where the settings lie, in the order in which they are looked for.
const SETTINGS: [&str; 2] = ["oompa.json", "oompa/oompa.json"];

/// The list of tasks of the first versions.
const TASK_LIST: &str = "config/tasks.edn";

/// The folders of tasks, and where their tasks go. Those that come first count where a task stands in two.
const FOLDERS: [(&str, State); 6] = [
    ("complete", State::Complete),
    ("done", State::Complete),
    ("blocked", State::Blocked),
    ("current", State::Pending),
    ("in_progress", State::Pending),
    ("pending", State::Pending),
];

/// A project of oompa's.
pub(super) struct Source {
    folder: PathBuf,
}

/// A file with tasks in it.
pub(super) struct TaskSource {
    /// As it is named from the folder.
    pub(super) path: String,
    /// The state of its folder; `None`: it is a list in which each names its own.
    pub(super) state: Option<State>,
}

impl Source {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Whether there is anything of oompa's.
    pub(super) fn is_one(&self) -> bool {
        self.settings().is_some() || self.folder.join(TASK_LIST).is_file() || !self.tasks().0.is_empty()
    }

    /// The settings, as they are named from the folder.
    pub(super) fn settings(&self) -> Option<&'static str> {
        SETTINGS.into_iter().find(|path| self.folder.join(path).is_file())
    }

    /// The files with tasks, those that count first in front; and what lies in folders that are none of theirs.
    pub(super) fn tasks(&self) -> (Vec<TaskSource>, Vec<Remark>) {
        let tasks = self.folder.join("tasks");
        let mut sources = Vec::new();
        for (name, state) in FOLDERS {
            let files = files_in(&tasks.join(name)).into_iter();
            sources.extend(files.map(|file| TaskSource { path: format!("tasks/{name}/{file}"), state: Some(state) }));
        }
        if self.folder.join(TASK_LIST).is_file() {
            sources.push(TaskSource { path: TASK_LIST.to_owned(), state: None });
        }
        let mut others: Vec<String> = fs::read_dir(&tasks)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| FOLDERS.iter().all(|(known, _)| known != name))
            .collect();
        others.sort();
        let remark = |name: String| match files_in(&tasks.join(&name)).len() {
            0 => None,
            1 => Some(Remark::new(
                Kind::Look,
                &format!("tasks/{name}"),
                "oompa has no such folder: its file is not read",
            )),
            some => {
                let reason = format!("oompa has no such folder: its {some} files are not read");
                Some(Remark::new(Kind::Look, &format!("tasks/{name}"), reason))
            }
        };
        (sources, others.into_iter().filter_map(remark).collect())
    }

    /// The text of a file; `Ok(None)` if there is none.
    pub(super) fn text(&self, path: &str) -> Result<Option<String>, Remark> {
        let refused = |reason: String| Remark::new(Kind::Refused, path, reason);
        match plain_file::read(&self.folder.join(path), Links::Followed, LARGEST) {
            Ok((bytes, _)) => String::from_utf8(bytes).map(Some).map_err(|error| {
                let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
                let line = good.filter(|byte| **byte == b'\n').count() + 1;
                refused("is not UTF-8".to_owned()).at(Some(line))
            }),
            Err(Unreadable::Gone) => Ok(None),
            Err(unreadable) => Err(refused(unreadable.to_string())),
        }
    }
}

/// The files of a folder that hold data, by their names; none where it cannot be listed.
fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_data = |name: &String| !name.starts_with('.') && (name.ends_with(".edn") || name.ends_with(".json"));
    let mut names: Vec<String> = names.filter(is_data).collect();
    names.sort();
    names
}
