//! What has happened to a task, and what its next failure would come to.

use std::time::Duration;

use jiff::Timestamp;

use super::{ended_as, length, quote};
use crate::model::comment::{Author, comments};
use crate::model::config::Limits;
use crate::model::outcome::Outcome;
use crate::model::queue::Aside;
use crate::model::state::State;
use crate::model::task::{Expect, Kind, Task};
use crate::model::transition::{Ledger, Transition, transition};

/// What has happened to a task.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Whether it is an epic, to which nothing happens but that it completes.
    pub is_epic: bool,
    /// What it has used up.
    pub ledger: Ledger,
    /// What it may use up.
    pub limits: Limits,
    /// Whether it is complete without a change.
    pub no_change_expected: bool,
    /// The last cycle.
    pub last: Option<LastCycle>,
    /// What the next attempt is told.
    pub feedback: Option<String>,
    /// The commit that a person has approved, and nobody has merged yet.
    pub approved: Option<String>,
    /// What the program said last in its comments, in one line.
    pub told: Option<String>,
    /// Whether a person has commented since.
    pub answered: bool,
    /// The ref under which the work of the last attempt is kept.
    pub salvage: Option<String>,
    /// The commit that carries the work.
    pub commit: Option<String>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
    /// Dollars spent so far, where known.
    pub cost_usd: Option<f64>,
}

/// The last cycle of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastCycle {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence, where its record could be read.
    pub reason: Option<String>,
    /// The run.
    pub run_id: String,
    /// The worker.
    pub worker: String,
    /// Its cycle.
    pub cycle: u32,
}

impl LastCycle {
    pub(super) fn words(&self) -> String {
        let reason = self.reason.as_deref().map(quote).filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} ({}-c{} of run {}){reason}", ended_as(self.outcome), self.worker, self.cycle, self.run_id)
    }
}

impl Past {
    /// What the task's file tells, under the workspace's limits.
    pub fn of(task: &Task, limits: &Limits) -> Self {
        let progress = &task.progress;
        let mut limits = limits.clone();
        limits.attempts = task.attempts.map_or(limits.attempts, std::num::NonZeroU32::get);
        let comments = comments(&task.body);
        Self {
            is_epic: task.kind == Kind::Epic,
            ledger: Ledger { attempts: progress.attempts, infra: progress.infra },
            limits,
            no_change_expected: task.expect == Expect::NoChange,
            last: progress.last.as_ref().map(|last| LastCycle {
                outcome: last.outcome,
                reason: None,
                run_id: last.run.clone(),
                worker: last.worker.clone(),
                cycle: last.cycle,
            }),
            feedback: progress.feedback.clone(),
            approved: progress.kept.as_ref().filter(|kept| kept.approved).map(|kept| kept.commit.clone()),
            told: Aside::of(task).reason.map(|reason| reason.to_string()),
            answered: comments.last().is_some_and(|comment| comment.author == Author::Human),
            salvage: None,
            commit: progress.commit.clone(),
            completed_at: progress.completed_at,
            cost_usd: progress.cost_usd,
        }
    }

    /// `attempt 2 of 3`.
    pub(super) fn attempt(&self, number: u32) -> String {
        format!("attempt {number} of {}", self.limits.attempts)
    }

    /// What is behind it.
    pub(super) fn before(&self) -> Vec<String> {
        let mut said = Vec::new();
        match self.ledger.attempts {
            0 => {}
            1 => said.push(format!("1 of {} attempts has failed", self.limits.attempts)),
            failed => said.push(format!("{failed} of {} attempts have failed", self.limits.attempts)),
        }
        if self.ledger.infra > 0 {
            let (had, of) = (self.ledger.infra, self.limits.infra);
            said.push(format!(
                "{had} in a row of its cycles met trouble that says nothing about the work; after {of} it goes to blocked/"
            ));
        }
        if let Some(commit) = &self.approved {
            let short = commit.get(..10).unwrap_or(commit);
            said.push(format!("a person has approved its work, {short}: who claims it verifies and merges that"));
            return said;
        }
        if let Some(last) = &self.last {
            said.push(format!("last cycle: {}", last.words()));
        }
        if let Some(feedback) = self.feedback.as_deref().map(quote).filter(|feedback| !feedback.is_empty()) {
            said.push(format!("the next attempt is told: {feedback}"));
        }
        said
    }

    /// What the next failure comes to.
    pub(super) fn if_it_fails(&self) -> String {
        let after = |luck| transition(Outcome::VerifyFailed, self.ledger, &self.limits, self.no_change_expected, luck);
        match after(0.0) {
            Transition { exhausted: true, .. } => {
                format!("if it fails, the limit of {} is reached, and it goes to blocked/", self.limits.attempts)
            }
            Transition { to: Some(State::Pending), pause, .. } => {
                let least = pause.unwrap_or_default();
                let most = after(1.0).pause.unwrap_or_default();
                format!("if it fails, it is tried again {}", rest(least, most))
            }
            Transition { .. } => "if it fails, a person must look at it".to_owned(),
        }
    }
}

fn rest(least: Duration, most: Duration) -> String {
    match (length(least), length(most)) {
        (_, _) if most.is_zero() => "at once".to_owned(),
        (least, most) if least == most => format!("after {most}"),
        (least, most) => format!("after {least} to {most}"),
    }
}
