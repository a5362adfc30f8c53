//! A task as the queue knows it, and its place in line.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::budget::Appetite;
use crate::model::choices::Choices;
use crate::model::clean::clean_text;
use crate::model::comment::{Author, comments};
use crate::model::excerpt::shorten;
use crate::model::footprint::Footprint;
use crate::model::task::{Kind, Task, TaskId};

/// The most that is kept of the reason why a task waits for a person, in characters.
const LONGEST_REASON: usize = 200;

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
    /// Who may work on it, by the names of their descriptions, in their order; whoever claims it, where it names nobody.
    pub agents: Vec<String>,
    /// The agent whose session knows the task as it reads now.
    pub holder: Option<String>,
    /// What it may still cost.
    pub appetite: Appetite,
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
            agents: task.agent.iter().flat_map(Choices::names).map(str::to_owned).collect(),
            holder: task.session_holder().map(str::to_owned),
            appetite: Appetite::of(task),
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

/// What is known of a task that waits for a person, in `review/` or `blocked/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aside {
    /// Whether it is an epic.
    pub kind: Kind,
    /// Why it is there, in one line.
    pub reason: Option<Arc<str>>,
}

impl Aside {
    /// The part of `task` that the queue needs. The reason is what the program said last to the person for whom the
    /// task waits, without what he is to do.
    pub fn of(task: &Task) -> Self {
        let comments = comments(&task.body);
        let told = comments.iter().rev().find(|comment| comment.author == Author::Swarm);
        let line = told.and_then(|comment| comment.text.lines().map(str::trim).find(|line| !line.is_empty()));
        let reason = line.map(|line| shorten(&clean_text(line).replace('\t', " "), LONGEST_REASON).into());
        Self { kind: task.kind, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_what_the_program_said_last() {
        let text = "# t\n\n## Comments\n\n### 2026-11-20T22:00:00Z swarm\n\nfirst\n\n\
                    ### 2026-11-20T22:01:00Z swarm\n\nBlocked after 3 attempts: `x` failed\n\nMend it.\n\n\
                    ### 2026-11-20T22:02:00Z human\n\nI will.\n";
        let of = |text: &str| Aside::of(&Task::parse(TaskId::parse("t").unwrap(), text.as_bytes()).unwrap());
        assert_eq!(of(text).reason.as_deref(), Some("Blocked after 3 attempts: `x` failed"));
        assert_eq!(of("---\ntype: epic\n---\n# t\n"), Aside { kind: Kind::Epic, reason: None });
    }
}
