//! Counts: how many cycles a run may still begin, what its workers have done, and where each of them is.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::cycle::Performed;
use crate::model::outcome::Outcome;
use crate::model::task::TaskId;
use crate::os::clock;

/// How many cycles may still begin.
pub(super) struct Budget {
    left: Option<AtomicU32>,
}

impl Budget {
    /// At most `cycles` in all; `None`: as many as there are tasks.
    pub(super) fn new(cycles: Option<u32>) -> Self {
        Self { left: cycles.map(AtomicU32::new) }
    }

    /// Takes one, if one is left.
    pub(super) fn take(&self) -> bool {
        let Some(left) = &self.left else { return true };
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    /// Whether none is left.
    pub(super) fn is_spent(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.load(Ordering::SeqCst) == 0)
    }

    /// One that was taken has not begun.
    pub(super) fn give_back(&self) {
        if let Some(left) = &self.left {
            left.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What the workers of a run have done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    outcomes: BTreeMap<Outcome, u32>,
    /// For each task, whether its last cycle completed it.
    complete: HashMap<TaskId, bool>,
    /// For each planner, whether its last cycle planned.
    planned: HashMap<String, bool>,
}

impl Tally {
    /// A task's cycle has ended.
    pub(super) fn add(&self, id: &TaskId, performed: Performed) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.outcomes.entry(performed.outcome).or_default() += 1;
        ended.complete.insert(id.clone(), performed.is_complete());
    }

    /// A task was completed without another cycle.
    pub(super) fn complete(&self, id: &TaskId) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.complete.entry(id.clone()).and_modify(|complete| *complete = true);
    }

    /// A planner's cycle has ended.
    pub(super) fn add_planning(&self, worker: &str, outcome: Outcome) {
        self.add_errand(outcome);
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.planned.insert(worker.to_owned(), outcome == Outcome::Planned);
    }

    /// A cycle without a task has ended.
    pub(super) fn add_errand(&self, outcome: Outcome) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.outcomes.entry(outcome).or_default() += 1;
    }

    /// Whether every task that was claimed was completed in the end, and every planner could plan.
    pub(super) fn all_complete(&self) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.complete.values().chain(ended.planned.values()).all(|well| *well)
    }

    /// How many cycles ended how.
    pub(super) fn outcomes(&self) -> BTreeMap<Outcome, u32> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).outcomes.clone()
    }
}

/// The moment after `pause`.
pub(super) fn in_future(pause: Duration) -> Timestamp {
    let now = clock::now();
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(now)
}

/// What a worker has done so far, and when it goes on.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// All its cycles: the number of the last one.
    pub cycles: u32,
    /// Those that had a task.
    pub tasks: u32,
    /// How often in a row its agent could not choose.
    pub failures: u32,
    /// It begins nothing before.
    pub rests_until: Option<Timestamp>,
}

impl Count {
    /// Lets it rest for `pause`, unless it rests longer.
    pub(super) fn rest(&mut self, pause: Duration) {
        if !pause.is_zero() {
            self.rests_until = self.rests_until.max(Some(in_future(pause)));
        }
    }
}
