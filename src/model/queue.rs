//! The queue as the program knows it: which tasks lie where, and, for the waiting ones, what holds them.
//!
//! It is kept up to date one file at a time, so that neither a claim nor a new file costs work that grows
//! with the queue. It is a picture: the folders are the truth, and a claim asks them again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::budget::Purse;
use super::pick::{Brakes, Reach};
use super::state::State;
use super::task::{Kind, TaskId};
use entry::Key;
use family::Families;

pub use entry::{Aside, Entry};
pub use family::parent_named_in;

mod entry;
mod family;
mod questions;

/// Which tasks lie where.
#[derive(Debug, Default)]
pub struct Queue {
    pending: HashMap<TaskId, Waiting>,
    current: HashMap<TaskId, Option<Entry>>,
    review: HashMap<TaskId, Aside>,
    blocked: HashMap<TaskId, Aside>,
    complete: HashSet<TaskId>,
    /// Files in `pending/` that somebody is writing.
    open: HashSet<TaskId>,
    /// Claimable but for the moment's circumstances (domains, overlaps, filters).
    ready: BTreeSet<Key>,
    /// Claimable from a moment on.
    timed: BTreeSet<(Timestamp, Key)>,
    /// Epics of which all is done.
    ripe: BTreeSet<TaskId>,
    /// Epics of which no child is known.
    childless: BTreeSet<TaskId>,
    /// Set aside for a while after a claim that found them locked.
    deferred: HashMap<TaskId, Timestamp>,
    /// Who waits for whom.
    dependents: HashMap<TaskId, BTreeSet<TaskId>>,
    /// Who belongs to which epic.
    families: Families,
    /// Files that are no valid task, with the reason.
    invalid: BTreeMap<(State, String), Invalid>,
    /// What the domains can pay.
    pub purse: Purse,
    /// What keeps all of it back, as far as whoever looks has found that out.
    pub brakes: Brakes,
    /// Whom whoever claims can reach.
    pub reach: Reach,
}

/// A waiting task, and in which of the orders it stands.
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
    /// An epic, in `ripe`.
    Ripe,
    /// An epic, in `childless`.
    Childless,
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
        let (id, parent) = (entry.id.clone(), entry.parent.clone());
        self.pending.insert(id.clone(), Waiting { entry, listed: Listed::Nowhere });
        self.belongs(State::Pending, &id, parent.as_ref());
        self.reconsider(&id);
    }

    /// A valid task lies in `current/`; `entry` as far as it is known.
    pub fn put_current(&mut self, id: &TaskId, entry: Option<Entry>) {
        let known = entry.or_else(|| self.current.remove(id).flatten()).or_else(|| self.pending(id).cloned());
        let parent = known.as_ref().and_then(|entry| entry.parent.clone());
        self.current.insert(id.clone(), known);
        self.belongs(State::Current, id, parent.as_ref());
        self.reconsider(id);
    }

    /// A task that belongs to `parent` lies in `review/` or `blocked/`.
    pub fn put_aside(&mut self, state: State, id: &TaskId, parent: Option<&TaskId>, aside: Aside) {
        match state {
            State::Review => drop(self.review.insert(id.clone(), aside)),
            State::Blocked => drop(self.blocked.insert(id.clone(), aside)),
            State::Pending | State::Current | State::Complete => return,
        }
        self.belongs(state, id, parent);
        self.changed(id);
    }

    /// A task that belongs to `parent` is complete.
    pub fn put_complete(&mut self, id: &TaskId, parent: Option<&TaskId>) {
        self.complete.insert(id.clone());
        self.belongs(State::Complete, id, parent);
        self.changed(id);
    }

    /// A file in a folder cannot be understood; the parent that it names, or named when it could be, waits for it all
    /// the same.
    pub fn put_broken(&mut self, state: State, id: &TaskId, named: Option<TaskId>) {
        let parent = named.or_else(|| self.families.parent_in(state, id).cloned());
        self.remove(state, id);
        self.belongs(state, id, parent.as_ref());
    }

    /// A task file lies in a folder; what it says is not known, or known already.
    pub fn put(&mut self, state: State, id: &TaskId) {
        match state {
            State::Pending => {}
            State::Current => self.put_current(id, None),
            State::Review => drop(self.review.entry(id.clone()).or_default()),
            State::Blocked => drop(self.blocked.entry(id.clone()).or_default()),
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
        if let Some(parent) = self.families.unset(state, id) {
            self.reconsider(&parent);
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

    /// Sets a task aside until `until`, because its lock is held, or until it leaves `pending/`; for good with the last
    /// of all moments.
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

    /// Lets the tasks whose moment has come be claimed.
    pub fn advance(&mut self, now: Timestamp) {
        self.purse.advance(now);
        while let Some((due, key)) = self.timed.first().filter(|(due, _)| *due <= now).cloned() {
            self.timed.remove(&(due, key.clone()));
            self.deferred.remove(&key.id);
            let Some(waiting) = self.pending.get_mut(&key.id) else { continue };
            if waiting.entry.kind == Kind::Epic {
                waiting.listed = Listed::Ripe;
                self.ripe.insert(key.id);
            } else {
                waiting.listed = Listed::Ready;
                self.ready.insert(key);
            }
        }
    }

    /// Whether nothing but time can hold the task, or the epic's completion.
    fn held_by_time_alone(&self, entry: &Entry) -> bool {
        !self.open.contains(&entry.id) && self.double(&entry.id).is_none() && self.unmet(entry).next().is_none()
    }

    /// The file of `child` names this parent, or none.
    fn belongs(&mut self, state: State, child: &TaskId, parent: Option<&TaskId>) {
        for parent in self.families.set(state, child, parent) {
            self.reconsider(&parent);
        }
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
            Listed::Ripe => drop(self.ripe.remove(id)),
            Listed::Childless => drop(self.childless.remove(id)),
        }
    }

    /// Puts a waiting task into the order in which it belongs now.
    fn reconsider(&mut self, id: &TaskId) {
        self.unlist(id);
        let deferral = self.deferral(id);
        let free =
            deferral != Some(Timestamp::MAX) && self.pending(id).is_some_and(|entry| self.held_by_time_alone(entry));
        let known_child = self.finished_children(id).next().is_some();
        let Some(waiting) = self.pending.get_mut(id).filter(|_| free) else {
            return;
        };
        let key = waiting.entry.key();
        let due = match waiting.entry.kind {
            Kind::Task => waiting.entry.due().max(deferral),
            Kind::Epic => deferral,
        };
        waiting.listed = match (waiting.entry.kind, due) {
            (Kind::Epic, _) if !known_child => Listed::Childless,
            (Kind::Epic | Kind::Task, Some(due)) => Listed::At(due),
            (Kind::Epic, None) => Listed::Ripe,
            (Kind::Task, None) => Listed::Ready,
        };
        match waiting.listed {
            Listed::Nowhere => {}
            Listed::Ready => drop(self.ready.insert(key)),
            Listed::At(due) => drop(self.timed.insert((due, key))),
            Listed::Ripe => drop(self.ripe.insert(key.id)),
            Listed::Childless => drop(self.childless.insert(key.id)),
        }
    }
}

#[cfg(test)]
pub(in crate::model) mod testing;
#[cfg(test)]
mod tests;
