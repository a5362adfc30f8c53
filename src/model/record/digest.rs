//! What some cycles came to: per worker, per task and together. Nothing but their records is asked.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::sums::Sums;
use super::{Cycle, gist};
use crate::model::outcome::Outcome;
use crate::model::state::State;
use crate::model::task::TaskId;

/// What the cycles of a run came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Digest {
    /// All together.
    pub total: Sums,
    /// By worker, in the order of their numbers.
    pub workers: Vec<OfWorker>,
    /// By task, in the order in which their last cycles began.
    pub tasks: Vec<OfTask>,
}

/// The cycles of one worker.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfWorker {
    /// Its name.
    pub worker: String,
    /// What it did.
    #[serde(flatten)]
    pub sums: Sums,
}

/// The cycles of one task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfTask {
    /// Its name.
    pub task: TaskId,
    /// Its title.
    pub title: Option<String>,
    /// How its last cycle ended.
    pub outcome: Outcome,
    /// Why, in one line.
    pub reason: String,
    /// The folder into which that cycle put it; null: none, or the record is too old to tell.
    pub to: Option<State>,
    /// Whether it went to a person.
    pub needs_a_person: bool,
    /// The commit on the base that carries its work.
    pub commit: Option<String>,
    /// The author's last session.
    pub session_id: Option<String>,
    /// What was done for it.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Sums up `cycles`, in whatever order they come.
pub fn digest(cycles: &[Cycle]) -> Digest {
    let mut workers: BTreeMap<(usize, &str), Sums> = BTreeMap::new();
    let mut tasks: BTreeMap<&TaskId, Vec<&Cycle>> = BTreeMap::new();
    for cycle in cycles {
        workers.entry((cycle.worker.len(), &cycle.worker)).or_default().add(cycle);
        if let Some(task) = &cycle.task {
            tasks.entry(task).or_default().push(cycle);
        }
    }
    let mut tasks: Vec<(&Cycle, OfTask)> = tasks.into_iter().filter_map(|(id, its)| of_task(id, &its)).collect();
    tasks.sort_by(|(a, _), (b, _)| (a.started_at, &a.task).cmp(&(b.started_at, &b.task)));
    Digest {
        total: Sums::of(cycles),
        workers: workers.into_iter().map(|((_, worker), sums)| OfWorker { worker: worker.to_owned(), sums }).collect(),
        tasks: tasks.into_iter().map(|(_, task)| task).collect(),
    }
}

fn of_task<'a>(id: &TaskId, cycles: &[&'a Cycle]) -> Option<(&'a Cycle, OfTask)> {
    let last = *cycles.iter().max_by_key(|cycle| cycle.place())?;
    let to = last.left_in();
    let task = OfTask {
        task: id.clone(),
        title: last.title.clone(),
        outcome: last.outcome,
        reason: gist(&last.reason),
        to,
        needs_a_person: matches!(to, Some(State::Review | State::Blocked)),
        commit: cycles.iter().rev().find_map(|cycle| cycle.merged.clone()),
        session_id: last.session_id.clone(),
        sums: Sums::of(cycles.iter().copied()),
    };
    Some((last, task))
}

impl Cycle {
    /// Its place among the cycles of its task. They never overlap, but times are whole seconds; nothing comes after
    /// completion.
    pub(super) fn place(&self) -> (Timestamp, Timestamp, u32, bool) {
        (self.started_at, self.ended_at, self.attempt, self.to == Some(State::Complete))
    }

    /// The folder into which it put its task; `None`: none. A record that was written before this was noted tells it by
    /// its outcome, where that leaves no choice.
    pub fn left_in(&self) -> Option<State> {
        let by_outcome = match self.outcome {
            Outcome::Merged => Some(State::Complete),
            Outcome::AwaitingReview => Some(State::Review),
            Outcome::NeedsInput | Outcome::Replan | Outcome::OverBudget => Some(State::Blocked),
            Outcome::RateLimited | Outcome::Interrupted => Some(State::Pending),
            Outcome::NoChange
            | Outcome::Claimed
            | Outcome::Planned
            | Outcome::VerifyFailed
            | Outcome::Rejected
            | Outcome::Conflict
            | Outcome::AgentError
            | Outcome::Stuck
            | Outcome::Timeout
            | Outcome::Infra
            | Outcome::Cancelled
            | Outcome::Done => None,
        };
        self.to.or(by_outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::tests::cycle;

    fn at(worker: &str, task: &str, second: i64, outcome: Outcome, to: Option<State>) -> Cycle {
        let started_at = jiff::Timestamp::from_second(second).unwrap();
        let task = Some(TaskId::parse(task).unwrap());
        Cycle { worker: worker.to_owned(), task, started_at, ended_at: started_at, outcome, to, ..cycle() }
    }

    #[test]
    fn a_task_is_where_its_last_cycle_left_it() {
        let merged =
            Cycle { merged: Some("abc".to_owned()), ..at("w1", "b", 5, Outcome::Merged, Some(State::Complete)) };
        let cycles = [
            merged,
            at("w10", "a", 3, Outcome::VerifyFailed, Some(State::Blocked)),
            at("w9", "a", 2, Outcome::VerifyFailed, Some(State::Pending)),
            at("w1", "b", 5, Outcome::Stuck, Some(State::Pending)),
            at("w1", "c", 9, Outcome::NeedsInput, None),
            at("w1", "d", 1, Outcome::Cancelled, None),
        ];
        let digest = digest(&cycles);
        let tasks: Vec<_> = digest.tasks.iter().map(|it| (it.task.as_str(), it.to, it.needs_a_person)).collect();
        let (blocked, complete) = (Some(State::Blocked), Some(State::Complete));
        assert_eq!(tasks, [("d", None, false), ("a", blocked, true), ("b", complete, false), ("c", blocked, true)]);
        assert_eq!(digest.tasks[2].commit.as_deref(), Some("abc"));
        assert_eq!(digest.tasks[1].sums.cycles, 2);
        let workers: Vec<_> = digest.workers.iter().map(|it| (it.worker.as_str(), it.sums.cycles)).collect();
        assert_eq!(workers, [("w1", 4), ("w9", 1), ("w10", 1)]);
        assert_eq!((digest.total.cycles, digest.total.merged), (6, 1));
    }
}
