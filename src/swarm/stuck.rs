//! Which waiting tasks only a person can set free: told once each, as soon as it is certain.
//!
//! A task that comes to `blocked/` or `review/` is bad news for all that wait for it, so those are looked at when it
//! does. What else holds a task for good, such as a name that nobody has, may be right a moment later, because files
//! are dropped one after the other; that is told at the start, every minute, and at the end.

use std::collections::{HashMap, HashSet};

use super::board::Board;
use super::picture::Picture;
use crate::model::pick::{self, Hold};
use crate::model::queue::{Entry, Queue};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::journal::{Journal, Who};

impl Board {
    /// Whether something needs a person before this run can do all that it is for.
    pub fn something_needs_a_person(&self) -> bool {
        let inner = self.lock();
        let queue = &inner.queue;
        let filter = &self.filter;
        let out_of_reach = |id: &TaskId| match queue.whereabouts(id) {
            None | Some(State::Review | State::Blocked) => true,
            Some(State::Pending | State::Current | State::Complete) => false,
        };
        inner.admission.keeps_back()
            || !inner.stranded.is_empty()
            || inner.failures.keys().any(|id| queue.holds(State::Pending, id))
            || filter.is_open() && queue.invalid().any(|(state, _, _)| state == State::Pending)
            || filter.tasks.iter().any(out_of_reach)
            || !pick::stuck(queue, filter, queue.all_pending()).is_empty()
    }

    /// Says of each waiting task that only a person can set free what holds it, unless that was said before.
    pub(super) fn tell_stuck(&self, journal: &Journal) {
        let mut inner = self.lock();
        inner.newly_aside.clear();
        let Picture { queue, told, .. } = &mut *inner;
        let news = news(told, pick::stuck(queue, &self.filter, queue.all_pending()));
        drop(inner);
        tell(journal, news);
    }

    /// The same of those alone that wait for a task which has come to a person since.
    pub(super) fn tell_newly_stuck(&self, journal: &Journal) {
        let mut inner = self.lock();
        let came = std::mem::take(&mut inner.newly_aside);
        let Picture { queue, told, .. } = &mut *inner;
        let waiting = all_that_wait_for(queue, came);
        let waiting = waiting.iter().filter_map(|id| queue.pending(id));
        let news = news(told, pick::stuck(queue, &self.filter, waiting));
        drop(inner);
        tell(journal, news);
    }
}

/// The waiting tasks, and the epics, that wait for one of `ids`, through others or not.
fn all_that_wait_for(queue: &Queue, ids: Vec<TaskId>) -> HashSet<TaskId> {
    let mut found = HashSet::new();
    let mut ask = ids;
    while let Some(id) = ask.pop() {
        for waiting in queue.dependents(&id).chain(queue.roofs(&id)) {
            if found.insert(waiting.clone()) {
                ask.push(waiting.clone());
            }
        }
    }
    found
}

/// Those of whom something else was told before, or nothing.
fn news(told: &mut HashMap<TaskId, String>, stuck: Vec<(&Entry, Hold)>) -> Vec<(TaskId, Hold)> {
    let is_news = |(entry, hold): &(&Entry, Hold)| {
        let cause = cause(hold);
        told.insert(entry.id.clone(), cause.clone()) != Some(cause)
    };
    let news = stuck.into_iter().filter(is_news);
    news.map(|(entry, hold)| (entry.id.clone(), hold)).collect()
}

/// What must change for it to be news: where the chain ends, not what stands in the files on the way.
fn cause(hold: &Hold) -> String {
    match hold {
        Hold::Dependency(chain) | Hold::Epic(chain) => {
            format!("{:?} {:?}", chain.last(), std::mem::discriminant(&chain.end))
        }
        Hold::Double(_)
        | Hold::Cycle(_)
        | Hold::Childless
        | Hold::Ripe
        | Hold::BeingWritten
        | Hold::Filtered(_)
        | Hold::Paused(_)
        | Hold::RedBase(_)
        | Hold::NotBefore(_)
        | Hold::Backoff(_)
        | Hold::Locked(_)
        | Hold::OutOfReach(_)
        | Hold::Domain(..)
        | Hold::Overlap(_) => hold.to_string(),
        // The figures change with every task that is paid for.
        Hold::Budget(short) => format!("budget {}", short.domain),
        Hold::NotPaid(closed) => closed.reason.clone(),
    }
}

fn tell(journal: &Journal, news: Vec<(TaskId, Hold)>) {
    for (id, hold) in news {
        let message = match &hold {
            // Its complaint has said so.
            Hold::Double(_) => continue,
            Hold::Epic(_) | Hold::Childless => format!("cannot be completed: {hold}"),
            Hold::Cycle(_)
            | Hold::Ripe
            | Hold::Dependency(_)
            | Hold::BeingWritten
            | Hold::Filtered(_)
            | Hold::Paused(_)
            | Hold::RedBase(_)
            | Hold::NotBefore(_)
            | Hold::Backoff(_)
            | Hold::Locked(_)
            | Hold::OutOfReach(_)
            | Hold::Domain(..)
            | Hold::Budget(_)
            | Hold::NotPaid(_)
            | Hold::Overlap(_) => format!("cannot be claimed: {hold}"),
        };
        let who = Who { task: Some(id), ..Who::default() };
        journal.event(&who, Event::Warning { message });
    }
}
