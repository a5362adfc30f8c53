//! The queue as the program knows it: which tasks lie where, and, for the waiting ones, what holds them.
//!
//! It is kept up to date one file at a time, so that neither a claim nor a new file costs work that grows
//! with the queue. It is a picture: the folders are the truth, and a claim asks them again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::budget::{Appetite, Purse};
use super::footprint::Footprint;
use super::state::State;
use super::task::{Kind, Task, TaskId};

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
            appetite: Appetite::of(task),
        }
    }

    fn key(&self) -> Key {
        Key { priority: self.priority, arrived: self.arrived, id: self.id.clone() }
    }

    /// Where both ask for patience, the later moment.
    fn due(&self) -> Option<Timestamp> {
        self.not_before.max(self.backoff)
    }
}

/// The order of the queue: by priority, then arrival, then id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    priority: u8,
    arrived: Timestamp,
    id: TaskId,
}

/// Which tasks lie where.
#[derive(Debug, Default)]
pub struct Queue {
    pending: HashMap<TaskId, Waiting>,
    current: HashMap<TaskId, Option<Entry>>,
    review: HashSet<TaskId>,
    blocked: HashSet<TaskId>,
    complete: HashSet<TaskId>,
    /// Files in `pending/` that somebody is writing.
    open: HashSet<TaskId>,
    /// Claimable but for the moment's circumstances (domains, overlaps, filters).
    ready: BTreeSet<Key>,
    /// Claimable from a moment on.
    timed: BTreeSet<(Timestamp, Key)>,
    /// Set aside for a while after a claim that found them locked.
    deferred: HashMap<TaskId, Timestamp>,
    /// Who waits for whom.
    dependents: HashMap<TaskId, BTreeSet<TaskId>>,
    /// Files that are no valid task, with the reason.
    invalid: BTreeMap<(State, String), Invalid>,
    /// What the domains can pay.
    pub purse: Purse,
}

/// A waiting task, and in which of the two orders it stands.
#[derive(Debug)]
struct Waiting {
    entry: Entry,
    listed: Listed,
}

#[derive(Debug, Clone, Copy)]
enum Listed {
    /// In none: something other than time holds it.
    Nowhere,
    /// In `ready`.
    Ready,
    /// In `timed`.
    At(Timestamp),
}

/// A file in the queue's folders that is no valid task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Counts from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what to do.
    pub reason: String,
}

impl Queue {
    /// A valid task lies in `pending/`; `entry.arrived` decides ties.
    pub fn put_pending(&mut self, entry: Entry) {
        self.forget_pending(&entry.id.clone());
        for dependency in &entry.depends_on {
            self.dependents.entry(dependency.clone()).or_default().insert(entry.id.clone());
        }
        let id = entry.id.clone();
        self.pending.insert(id.clone(), Waiting { entry, listed: Listed::Nowhere });
        self.reconsider(&id);
    }

    /// A valid task lies in `current/`; `entry` as far as it is known.
    pub fn put_current(&mut self, id: &TaskId, entry: Option<Entry>) {
        let known = entry.or_else(|| self.current.remove(id).flatten()).or_else(|| self.pending(id).cloned());
        self.current.insert(id.clone(), known);
        self.reconsider(id);
    }

    /// A task file lies in a folder whose contents need not be known.
    pub fn put(&mut self, state: State, id: &TaskId) {
        match state {
            State::Pending => {}
            State::Current => self.put_current(id, None),
            State::Review => drop(self.review.insert(id.clone())),
            State::Blocked => drop(self.blocked.insert(id.clone())),
            State::Complete => drop(self.complete.insert(id.clone())),
        }
        self.changed(id);
    }

    /// No task of that name lies there any more.
    pub fn remove(&mut self, state: State, id: &TaskId) {
        match state {
            State::Pending => {
                self.deferred.remove(id);
                self.forget_pending(id);
            }
            State::Current => drop(self.current.remove(id)),
            State::Review => drop(self.review.remove(id)),
            State::Blocked => drop(self.blocked.remove(id)),
            State::Complete => drop(self.complete.remove(id)),
        }
        self.changed(id);
    }

    /// Notes that somebody is writing the file in `pending/`, or that he has closed it.
    pub fn set_open(&mut self, id: &TaskId, open: bool) {
        let changed = if open { self.open.insert(id.clone()) } else { self.open.remove(id) };
        if changed {
            self.reconsider(id);
        }
    }

    /// Sets a task aside until `until`, because its lock is held, or until it leaves `pending/`.
    pub fn defer(&mut self, id: &TaskId, until: Timestamp) {
        self.deferred.insert(id.clone(), until);
        self.reconsider(id);
    }

    /// A file is no valid task. Gives whether that is news.
    pub fn put_invalid(&mut self, state: State, name: &str, invalid: Invalid) -> bool {
        self.invalid.insert((state, name.to_owned()), invalid.clone()) != Some(invalid)
    }

    /// The file is valid now, or gone.
    pub fn remove_invalid(&mut self, state: State, name: &str) {
        self.invalid.remove(&(state, name.to_owned()));
    }

    /// The files that are no valid task.
    pub fn invalid(&self) -> impl Iterator<Item = (State, &str, &Invalid)> {
        self.invalid.iter().map(|((state, name), invalid)| (*state, name.as_str(), invalid))
    }

    /// Lets the tasks whose moment has come be claimed.
    pub fn advance(&mut self, now: Timestamp) {
        self.purse.advance(now);
        while let Some((due, key)) = self.timed.first().filter(|(due, _)| *due <= now).cloned() {
            self.timed.remove(&(due, key.clone()));
            self.deferred.remove(&key.id);
            if let Some(waiting) = self.pending.get_mut(&key.id) {
                waiting.listed = Listed::Ready;
                self.ready.insert(key);
            }
        }
    }

    /// How many valid tasks lie in each folder.
    pub fn count(&self, state: State) -> usize {
        match state {
            State::Pending => self.pending.len(),
            State::Current => self.current.len(),
            State::Review => self.review.len(),
            State::Blocked => self.blocked.len(),
            State::Complete => self.complete.len(),
        }
    }

    /// The names of the tasks in a folder, in no order.
    pub fn ids(&self, state: State) -> Box<dyn Iterator<Item = &TaskId> + '_> {
        match state {
            State::Pending => Box::new(self.pending.keys()),
            State::Current => Box::new(self.current.keys()),
            State::Review => Box::new(self.review.iter()),
            State::Blocked => Box::new(self.blocked.iter()),
            State::Complete => Box::new(self.complete.iter()),
        }
    }

    /// Where a task lies; the furthest place if it lies in several.
    pub fn whereabouts(&self, id: &TaskId) -> Option<State> {
        State::ALL.into_iter().rev().find(|state| self.holds(*state, id))
    }

    /// Whether a task of that name lies there.
    pub fn holds(&self, state: State, id: &TaskId) -> bool {
        match state {
            State::Pending => self.pending.contains_key(id),
            State::Current => self.current.contains_key(id),
            State::Review => self.review.contains(id),
            State::Blocked => self.blocked.contains(id),
            State::Complete => self.complete.contains(id),
        }
    }

    /// A second place in which a task of that name lies.
    pub fn double(&self, id: &TaskId) -> Option<State> {
        State::ALL.into_iter().find(|state| *state != State::Pending && self.holds(*state, id))
    }

    /// A waiting task.
    pub fn pending(&self, id: &TaskId) -> Option<&Entry> {
        self.pending.get(id).map(|waiting| &waiting.entry)
    }

    /// The waiting tasks, in no order.
    pub fn all_pending(&self) -> impl Iterator<Item = &Entry> {
        self.pending.values().map(|waiting| &waiting.entry)
    }

    /// The tasks in `current/`, with what is known of them.
    pub fn live(&self) -> impl Iterator<Item = (&TaskId, Option<&Entry>)> {
        self.current.iter().map(|(id, entry)| (id, entry.as_ref()))
    }

    /// The waiting tasks that only the moment's circumstances can hold, in the order of the queue.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Entry> {
        self.ready.iter().filter_map(|key| self.pending(&key.id))
    }

    /// The waiting tasks whose moment has not come, the nearest first.
    pub(super) fn to_come(&self) -> impl Iterator<Item = (Timestamp, &Entry)> {
        self.timed.iter().filter_map(|(due, key)| self.pending(&key.id).map(|entry| (*due, entry)))
    }

    /// The moment from which a waiting task can be claimed, if only time holds it.
    pub(super) fn due(&self, id: &TaskId) -> Option<Timestamp> {
        match self.pending.get(id)?.listed {
            Listed::At(due) => Some(due),
            Listed::Nowhere | Listed::Ready => None,
        }
    }

    /// Whether somebody is writing the file.
    pub(super) fn is_open(&self, id: &TaskId) -> bool {
        self.open.contains(id)
    }

    /// Until when the task is set aside.
    pub(super) fn deferral(&self, id: &TaskId) -> Option<Timestamp> {
        self.deferred.get(id).copied()
    }

    /// Whether time alone could make the task claimable.
    fn held_by_time_alone(&self, entry: &Entry) -> bool {
        entry.kind == Kind::Task
            && !self.open.contains(&entry.id)
            && self.double(&entry.id).is_none()
            && entry.depends_on.iter().all(|dependency| self.complete.contains(dependency))
    }

    fn forget_pending(&mut self, id: &TaskId) {
        self.unlist(id);
        let Some(Waiting { entry, .. }) = self.pending.remove(id) else {
            return;
        };
        for dependency in &entry.depends_on {
            if let Some(waiting) = self.dependents.get_mut(dependency) {
                waiting.remove(id);
                if waiting.is_empty() {
                    self.dependents.remove(dependency);
                }
            }
        }
    }

    /// A task came or went: those that wait for it, and one of the same name, may be free now, or not any more.
    fn changed(&mut self, id: &TaskId) {
        self.reconsider(id);
        let waiting: Vec<TaskId> = self.dependents.get(id).into_iter().flatten().cloned().collect();
        for dependent in waiting {
            self.reconsider(&dependent);
        }
    }

    fn unlist(&mut self, id: &TaskId) {
        let Some(waiting) = self.pending.get_mut(id) else {
            return;
        };
        match std::mem::replace(&mut waiting.listed, Listed::Nowhere) {
            Listed::Nowhere => {}
            Listed::Ready => drop(self.ready.remove(&waiting.entry.key())),
            Listed::At(due) => drop(self.timed.remove(&(due, waiting.entry.key()))),
        }
    }

    /// Puts a waiting task into the order in which it belongs now.
    fn reconsider(&mut self, id: &TaskId) {
        self.unlist(id);
        let deferral = self.deferral(id);
        let free = self.pending(id).is_some_and(|entry| self.held_by_time_alone(entry));
        let Some(waiting) = self.pending.get_mut(id).filter(|_| free) else {
            return;
        };
        let key = waiting.entry.key();
        match waiting.entry.due().max(deferral) {
            Some(due) => {
                waiting.listed = Listed::At(due);
                self.timed.insert((due, key));
            }
            None => {
                waiting.listed = Listed::Ready;
                self.ready.insert(key);
            }
        }
    }
}

#[cfg(test)]
pub(in crate::model) mod testing;
#[cfg(test)]
mod tests;
