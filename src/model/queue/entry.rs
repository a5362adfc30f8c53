//! A task as the queue knows it, and its place in line.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::footprint::Footprint;
use crate::model::task::{Kind, Task, TaskId};

/// What the pick needs to know of a task.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The task's name.
    pub id: TaskId,
    /// 0 first.
    pub priority: u8,
    /// When the file came into its folder.
    pub arrived: Timestamp,
    /// Whether it is an epic.
    pub kind: Kind,
    /// The epic it belongs to.
    pub parent: Option<TaskId>,
    /// What must be complete before it.
    pub depends_on: Vec<TaskId>,
    /// Its domain.
    pub domain: Option<String>,
    /// What it expects to touch.
    pub footprint: Arc<Footprint>,
    /// Not before, by its author's wish.
    pub not_before: Option<Timestamp>,
    /// Not before, by the program's back-off.
    pub backoff: Option<Timestamp>,
}

impl Entry {
    /// The part of `task` that the pick needs.
    pub fn of(task: &Task, arrived: Timestamp) -> Self {
        Self {
            id: task.id.clone(),
            priority: task.priority.level(),
            arrived,
            kind: task.kind,
            parent: task.parent.clone(),
            depends_on: task.depends_on.clone(),
            domain: task.domain.clone(),
            footprint: Arc::new(Footprint::new(&task.files)),
            not_before: task.not_before,
            backoff: task.progress.not_before,
        }
    }

    pub(super) fn key(&self) -> Key {
        Key { priority: self.priority, arrived: self.arrived, id: self.id.clone() }
    }

    /// Where both ask for patience, the later moment.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.not_before.max(self.backoff)
    }
}

/// The order of the queue: by priority, then arrival, then id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    priority: u8,
    arrived: Timestamp,
    pub(super) id: TaskId,
}
