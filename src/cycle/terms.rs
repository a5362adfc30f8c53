//! The terms on which a task was claimed: its policy, and what the program had noted in its file. They stand in the
//! claim's record, because an agent can write the file of its own task, and its worker may die.

use serde::{Deserialize, Serialize};

use super::{ClaimRecord, Workshop};
use crate::model::state::State;
use crate::model::task::{Policy, Progress, Task};
use crate::os::task_folder;

/// On what terms a task is worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// How its work is judged and bounded.
    pub policy: Policy,
    /// What the program has noted last; without the keys that this version does not know.
    pub progress: Progress,
}

impl Terms {
    /// Those of a task as it reads now.
    pub fn of(task: &Task) -> Self {
        Self { policy: task.policy(), progress: known(&task.progress) }
    }

    /// What the program has noted, in the place of what the file says of that.
    pub fn progress_in(&self, file: &Progress) -> Progress {
        Progress { other: file.other.clone(), ..self.progress.clone() }
    }

    /// The program notes something new.
    pub fn note(&mut self, progress: &Progress) {
        self.progress = known(progress);
    }
}

fn known(progress: &Progress) -> Progress {
    Progress { other: Default::default(), ..progress.clone() }
}

/// How the policy of a claimed task has become weaker than it was claimed with, in one sentence; `None`: it has not, or
/// the file cannot be read. It may have been a person, but the file does not tell.
pub fn weakened(shop: &Workshop, record: &ClaimRecord, state: State) -> Option<String> {
    let terms = record.terms.as_ref()?;
    let found = task_folder::read(&shop.dirs, state, &record.task).ok()??;
    let weaker = terms.policy.weakened_by(&found.task.policy(), &shop.settings().config.limits);
    let changes = weaker.join(", ");
    (!weaker.is_empty()).then(|| format!("its front matter was changed while an agent worked on it: {changes}"))
}

/// What a person is told, and what to do about it.
pub fn ask_about(weakened: &str, id: &str) -> String {
    let mut sentence = weakened.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{sentence}.\n\nIf that was you: swarm retry {id}. If not, write it back first.")
}
