//! Who of a run claims, and who may still make tasks: a drain ends only when every planner has had its say.

use std::collections::HashMap;
use std::sync::PoisonError;

use jiff::Timestamp;

use super::board::{Board, WhenEmpty};
use super::picture::Picture;
use crate::model::config::Role;
use crate::model::task::Kind;
use crate::os::clock;

/// The part of the picture that is about people rather than tasks.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    /// How many workers there are that claim.
    hands: usize,
    /// The planners, each with the change up to which it has nothing more to say; `None`: it may yet make tasks.
    planners: HashMap<String, Option<u64>>,
    /// How often the queue has changed, or was looked through.
    changes: u64,
    /// How many tasks have come to where their work ends, or to a person.
    arrivals: u64,
}

impl Attendance {
    /// Something in the queue may be another than before.
    pub(super) fn change(&mut self) {
        self.changes += 1;
    }

    /// A task has come to `review/`, `blocked/` or `complete/`.
    pub(super) fn arrive(&mut self) {
        self.arrivals += 1;
    }

    /// Whether no planner has anything to say of the queue as it is.
    pub(super) fn all_have_spoken(&self) -> bool {
        self.planners.values().all(|spoken| *spoken == Some(self.changes))
    }
}

/// What a planner sees of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    changes: u64,
    /// How many tasks have come to where their work ends, or to a person, since the run began.
    pub(super) arrivals: u64,
    /// How many tasks wait, without the epics.
    pub(super) waiting: usize,
    /// Nobody begins anything before this moment.
    pub(super) rests_until: Option<Timestamp>,
    /// Nobody begins anything: a person has paused it.
    pub(super) paused: bool,
    /// The gates fail on the base, so that nothing is claimed but what mends it; or the run has cost what it may.
    pub(super) is_kept_back: bool,
}

/// How long a planner waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// Until something has changed; till then it makes no tasks.
    Change,
    /// The same, but it has something in mind.
    ChangeOrMore,
    /// Until this moment, or a change before it.
    Moment(Timestamp),
}

impl Board {
    /// A worker of that role is about to begin.
    pub(super) fn join(&self, worker: &str, role: Role) {
        let mut inner = self.lock();
        if role.has_tasks() {
            inner.attendance.hands += 1;
        } else {
            inner.attendance.planners.insert(worker.to_owned(), None);
        }
    }

    /// It has ended.
    pub(super) fn leave(&self, worker: &str, role: Role) {
        let mut inner = self.lock();
        if role.has_tasks() {
            inner.attendance.hands -= 1;
        } else {
            inner.attendance.planners.remove(worker);
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// What a planner sees; `None`: it is to end, which `leaves` may say too.
    pub(super) fn sight(&self, leaves: &dyn Fn() -> bool) -> Option<Sight> {
        let inner = self.lock();
        if is_over(&inner, leaves) {
            return None;
        }
        Some(Sight {
            changes: inner.attendance.changes,
            arrivals: inner.attendance.arrivals,
            waiting: inner.queue.all_pending().filter(|entry| entry.kind == Kind::Task).count(),
            rests_until: inner.resting_until,
            paused: inner.paused,
            is_kept_back: inner.admission.keeps_back() || inner.till.is_spent(),
        })
    }

    /// A planner plans: it may make tasks.
    pub(super) fn begin_planning(&self, worker: &str) {
        self.lock().attendance.planners.insert(worker.to_owned(), None);
    }

    /// Lets a planner wait that has seen `sight`.
    pub(super) fn wait_with(&self, worker: &str, sight: &Sight, until: Until, leaves: &dyn Fn() -> bool) {
        let mut inner = self.lock();
        let spoken = (until == Until::Change).then_some(sight.changes);
        if inner.attendance.planners.insert(worker.to_owned(), spoken) != Some(spoken) {
            self.changed.notify_all();
        }
        let is_as_seen = |inner: &Picture| {
            inner.attendance.changes == sight.changes
                && inner.paused == sight.paused
                && (inner.admission.keeps_back() || inner.till.is_spent()) == sight.is_kept_back
        };
        while !is_over(&inner, leaves) && is_as_seen(&inner) {
            // Where nobody claims, what waits stays where it is.
            let is_alone = self.when_empty == WhenEmpty::End && inner.attendance.hands == 0;
            if is_alone && inner.nothing_runs(&self.filter) && inner.attendance.all_have_spoken() {
                inner.drained = true;
                self.changed.notify_all();
                return;
            }
            inner = match until {
                Until::Change | Until::ChangeOrMore => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Until::Moment(at) => {
                    let now = clock::now();
                    if at <= now {
                        return;
                    }
                    self.wait_until(inner, at, now)
                }
            };
        }
    }
}

fn is_over(inner: &Picture, leaves: &dyn Fn() -> bool) -> bool {
    inner.stopped || inner.drained || leaves()
}
