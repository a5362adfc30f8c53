//! What there is to say about the task files, and the files themselves.

use serde::Serialize;

use crate::model::state::State;
use crate::model::task::{Task, TaskId};
use crate::os::dirs::Dirs;

/// Whether it must be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Weight {
    /// The task will not be done like this.
    Error,
    /// It will, but perhaps not as it was meant.
    Note,
}

/// Something to say about a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Finding {
    /// From the workspace's root.
    pub(super) path: String,
    /// Counts from 1, where it is known.
    pub(super) line: Option<usize>,
    pub(super) severity: Weight,
    /// What is wrong and what to do.
    pub(super) reason: String,
}

/// A task file that can be read.
pub(super) struct Valid {
    pub(super) state: State,
    pub(super) task: Task,
    /// Its bytes, as text.
    pub(super) text: String,
}

impl Valid {
    /// The line of a key of the front matter, where it begins one.
    fn line_of(&self, key: &str) -> Option<usize> {
        let opens = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
        let head = self.text.lines().take(self.task.body_line.saturating_sub(1));
        head.enumerate().find(|(_, line)| opens(line)).map(|(at, _)| at + 1)
    }

    /// Something about one of its keys.
    pub(super) fn about(&self, dirs: &Dirs, severity: Weight, key: &str, reason: impl Into<String>) -> Finding {
        Finding { line: self.line_of(key), ..self.finding(dirs, severity, reason) }
    }

    /// Something about the whole of it.
    pub(super) fn finding(&self, dirs: &Dirs, severity: Weight, reason: impl Into<String>) -> Finding {
        let path = dirs.shown(&dirs.task(self.state, &self.task.id));
        Finding { path, line: None, severity, reason: reason.into() }
    }

    /// The task's name.
    pub(super) fn id(&self) -> &TaskId {
        &self.task.id
    }
}
