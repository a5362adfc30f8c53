//! What can be asked of the queue: where the tasks lie, in which order they stand, who waits for whom.

use jiff::Timestamp;

use super::{Aside, Entry, Invalid, Listed, Queue};
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

impl Queue {
    /// The files that are no valid task.
    pub fn invalid(&self) -> impl Iterator<Item = (State, &str, &Invalid)> {
        self.invalid.iter().map(|((state, name), invalid)| (*state, name.as_str(), invalid))
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
            State::Review => Box::new(self.review.keys()),
            State::Blocked => Box::new(self.blocked.keys()),
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
            State::Review => self.review.contains_key(id),
            State::Blocked => self.blocked.contains_key(id),
            State::Complete => self.complete.contains(id),
        }
    }

    /// A second place in which a task of that name lies.
    pub fn double(&self, id: &TaskId) -> Option<State> {
        State::ALL.into_iter().find(|state| *state != State::Pending && self.holds(*state, id))
    }

    /// A place other than `complete/` in which a task of that name lies.
    pub(in crate::model) fn not_complete(&self, id: &TaskId) -> Option<State> {
        State::ALL.into_iter().find(|state| *state != State::Complete && self.holds(*state, id))
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
    pub(in crate::model) fn in_order(&self) -> impl Iterator<Item = &Entry> {
        self.ready.iter().filter_map(|key| self.pending(&key.id))
    }

    /// The waiting tasks whose moment has not come, the nearest first.
    pub(in crate::model) fn to_come(&self) -> impl Iterator<Item = (Timestamp, &Entry)> {
        self.timed.iter().filter_map(|(due, key)| self.pending(&key.id).map(|entry| (*due, entry)))
    }

    /// The moment from which a waiting task can be claimed, if only time holds it.
    pub(in crate::model) fn due(&self, id: &TaskId) -> Option<Timestamp> {
        match self.pending.get(id)?.listed {
            Listed::At(due) => Some(due),
            Listed::Nowhere | Listed::Ready | Listed::Ripe | Listed::Childless => None,
        }
    }

    /// Whether somebody is writing the file.
    pub(in crate::model) fn is_open(&self, id: &TaskId) -> bool {
        self.open.contains(id)
    }

    /// Until when the task is set aside.
    pub(in crate::model) fn deferral(&self, id: &TaskId) -> Option<Timestamp> {
        self.deferred.get(id).copied()
    }

    /// What must be complete before `entry` can be claimed, or is complete itself, and is not: its dependencies in
    /// their order, then, for an epic, its children in the order of their names.
    pub fn unmet<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a TaskId> {
        let dependencies = entry.depends_on.iter().filter(|id| !self.holds(State::Complete, id));
        let roof = (entry.kind == Kind::Epic).then_some(&entry.id);
        dependencies.chain(roof.into_iter().flat_map(|epic| self.families.unfinished(epic)))
    }

    /// The children of `parent` that are not complete, in the order of their names.
    pub fn unfinished_children<'a>(&'a self, parent: &TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.families.unfinished(parent)
    }

    /// The children of `parent` that are known to be complete, in no order. Of `complete/` not all may have been read.
    pub fn finished_children<'a>(&'a self, parent: &TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.families.finished(parent)
    }

    /// The children of `parent` that have left their folder and were seen in no other since, in no order.
    pub fn vanished_children<'a>(&'a self, parent: &'a TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.families.vanished(parent)
    }

    /// The epics of which all is done, in the order of their names.
    pub fn ripe(&self) -> impl Iterator<Item = &TaskId> {
        self.ripe.iter()
    }

    /// The waiting epics of which no child is known, in the order of their names.
    pub fn childless(&self) -> impl Iterator<Item = &TaskId> {
        self.childless.iter()
    }

    /// The waiting tasks that depend on `id`, in the order of their names.
    pub fn dependents<'a>(&'a self, id: &TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.dependents.get(id).into_iter().flatten()
    }

    /// The epics to which `id` belongs and that are not complete: one, but for doubles.
    pub fn roofs<'a>(&'a self, id: &'a TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.families.parents(id).filter(|parent| self.is_unfinished_epic(parent))
    }

    /// Whether a file of `id`'s that is not complete names this parent.
    pub(in crate::model) fn is_child(&self, id: &TaskId, parent: &TaskId) -> bool {
        self.families.parents(id).any(|named| named == parent)
    }

    /// What is known of a task in `review/` or `blocked/`.
    pub fn aside(&self, state: State, id: &TaskId) -> Option<&Aside> {
        match state {
            State::Review => self.review.get(id),
            State::Blocked => self.blocked.get(id),
            State::Pending | State::Current | State::Complete => None,
        }
    }

    /// Why a file of that name is no valid task, and where it lies.
    pub fn invalid_file(&self, id: &TaskId) -> Option<(State, &Invalid)> {
        let name = id.file_name();
        State::ALL.into_iter().find_map(|state| Some((state, self.invalid.get(&(state, name.clone()))?)))
    }

    fn is_unfinished_epic(&self, id: &TaskId) -> bool {
        let waiting = self.pending(id).map(|entry| entry.kind);
        let live = self.current.get(id).and_then(Option::as_ref).map(|entry| entry.kind);
        let aside = [State::Review, State::Blocked].map(|state| self.aside(state, id).map(|aside| aside.kind));
        [waiting, live].into_iter().chain(aside).flatten().any(|kind| kind == Kind::Epic)
    }
}
