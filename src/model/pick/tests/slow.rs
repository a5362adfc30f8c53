//! The queue and the pick once more, as plain lists that are searched from end to end at every question.

use jiff::Timestamp;

use crate::model::pick::{Filter, Hold, Outlook};
use crate::model::queue::Entry;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

/// Which tasks lie where, and what is known of them.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) now: Timestamp,
    /// Every file: a folder and a name; the pending ones with their contents, the current ones perhaps.
    pub(super) files: Vec<(State, TaskId, Option<Entry>)>,
    pub(super) open: Vec<TaskId>,
    pub(super) set_aside: Vec<(TaskId, Timestamp)>,
}

impl Slow {
    pub(super) fn lies_in(&self, state: State, id: &TaskId) -> bool {
        self.files.iter().any(|(at, name, _)| *at == state && name == id)
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.files.iter().filter(|(at, ..)| *at == state).count()
    }

    pub(super) fn known(&self, state: State, id: &TaskId) -> Option<Entry> {
        self.files.iter().find(|(at, name, _)| *at == state && name == id).and_then(|(.., entry)| entry.clone())
    }

    pub(super) fn put(&mut self, state: State, id: &TaskId, entry: Option<Entry>) {
        let known = entry.or_else(|| self.known(state, id)).or_else(|| self.known(State::Pending, id));
        self.files.retain(|(at, name, _)| !(*at == state && name == id));
        self.files.push((state, id.clone(), known));
    }

    pub(super) fn remove(&mut self, state: State, id: &TaskId) {
        self.files.retain(|(at, name, _)| !(*at == state && name == id));
        if state == State::Pending {
            self.set_aside.retain(|(name, _)| name != id);
        }
    }

    /// The waiting tasks in the order of the queue.
    pub(super) fn pending(&self) -> Vec<&Entry> {
        let of_pending =
            |(state, _, entry): &'_ (State, TaskId, Option<Entry>)| *state == State::Pending && entry.is_some();
        let mut all: Vec<&Entry> =
            self.files.iter().filter(|file| of_pending(file)).filter_map(|(.., entry)| entry.as_ref()).collect();
        all.sort_by_key(|entry| (entry.priority, entry.arrived, entry.id.clone()));
        all
    }

    fn live(&self) -> Vec<&Entry> {
        let mut live: Vec<&Entry> = self
            .files
            .iter()
            .filter(|(state, ..)| *state == State::Current)
            .filter_map(|(.., entry)| entry.as_ref())
            .collect();
        live.sort_by_key(|entry| entry.id.clone());
        live
    }

    /// The moments for which the task must wait: its author's, the program's, and that of its lock.
    fn moments(&self, entry: &Entry) -> [Option<Timestamp>; 3] {
        let aside = self.set_aside.iter().find(|(name, _)| *name == entry.id).map(|(_, until)| *until);
        [entry.not_before, entry.backoff, aside].map(|moment| moment.filter(|moment| *moment > self.now))
    }

    fn left_out(&self, filter: &Filter, entry: &Entry) -> Option<&'static str> {
        let of_parent = |parent: &TaskId| entry.parent.as_ref() == Some(parent);
        let of_domain = |domain: &String| entry.domain.as_ref() == Some(domain);
        if !filter.tasks.is_empty() && !filter.tasks.contains(&entry.id) {
            Some("--task")
        } else if !filter.parent.as_ref().is_none_or(of_parent) {
            Some("--parent")
        } else if !filter.domain.as_ref().is_none_or(of_domain) {
            Some("--domain")
        } else {
            None
        }
    }

    /// The names of the waiting tasks to which dependencies that are not complete lead from `from`, and `from`'s own
    /// if they lead back.
    fn waits_for(&self, from: &TaskId) -> Vec<TaskId> {
        let mut found: Vec<TaskId> = Vec::new();
        let mut ask = vec![from.clone()];
        while let Some(id) = ask.pop() {
            let Some(entry) = self.known(State::Pending, &id) else { continue };
            for next in entry.depends_on {
                if !self.lies_in(State::Complete, &next) && !found.contains(&next) {
                    found.push(next.clone());
                    ask.push(next);
                }
            }
        }
        found
    }

    /// As `hold`; a circle is told by its first task alone.
    pub(super) fn hold(&self, filter: &Filter, entry: &Entry) -> Option<Hold> {
        if entry.kind == Kind::Epic {
            return Some(Hold::Epic);
        }
        for state in [State::Current, State::Review, State::Blocked, State::Complete] {
            if self.lies_in(state, &entry.id) {
                return Some(Hold::Double(state));
            }
        }
        if self.waits_for(&entry.id).contains(&entry.id) {
            return Some(Hold::Cycle(vec![entry.id.clone()]));
        }
        let unmet = || {
            let unmet = entry.depends_on.iter().filter(|id| !self.lies_in(State::Complete, id));
            unmet.map(|id| Hold::Dependency(id.clone(), self.furthest(id)))
        };
        let lost = |hold: &Hold| matches!(hold, Hold::Dependency(_, None | Some(State::Blocked | State::Review)));
        if let Some(hold) = unmet().find(lost).or(unmet().next()) {
            return Some(hold);
        }
        if self.open.contains(&entry.id) {
            return Some(Hold::BeingWritten);
        }
        if let Some(flag) = self.left_out(filter, entry) {
            return Some(Hold::Filtered(flag));
        }
        let [wish, pause, aside] = self.moments(entry);
        if let Some(last) = wish.max(pause).max(aside) {
            return Some(match () {
                () if wish == Some(last) => Hold::NotBefore(last),
                () if pause == Some(last) => Hold::Backoff(last),
                () => Hold::Locked(last),
            });
        }
        for live in self.live() {
            if let (Some(mine), Some(theirs)) = (&entry.domain, &live.domain)
                && mine == theirs
            {
                return Some(Hold::Domain(mine.clone(), live.id.clone()));
            }
        }
        let overlapping = self.live().into_iter().find(|live| live.footprint.overlaps(&entry.footprint));
        overlapping.map(|live| Hold::Overlap(live.id.clone()))
    }

    fn furthest(&self, id: &TaskId) -> Option<State> {
        let backwards = [State::Complete, State::Blocked, State::Review, State::Current, State::Pending];
        backwards.into_iter().find(|state| self.lies_in(*state, id))
    }

    /// The first that nothing holds; else the first that only an overlap holds.
    pub(super) fn pick(&self, filter: &Filter) -> Option<TaskId> {
        let holds: Vec<(TaskId, Option<Hold>)> =
            self.pending().into_iter().map(|entry| (entry.id.clone(), self.hold(filter, entry))).collect();
        let free = holds.iter().find(|(_, hold)| hold.is_none());
        let overlapping = holds.iter().find(|(_, hold)| matches!(hold, Some(Hold::Overlap(_))));
        free.or(overlapping).map(|(id, _)| id.clone())
    }

    pub(super) fn outlook(&self, filter: &Filter) -> Outlook {
        let by_time = |entry: &&Entry| {
            matches!(self.hold(filter, entry), Some(Hold::NotBefore(_) | Hold::Backoff(_) | Hold::Locked(_)))
        };
        let waiting: Vec<&Entry> = self.pending().into_iter().filter(by_time).collect();
        let due = |entry: &&Entry| self.moments(entry).into_iter().max().flatten();
        match waiting.iter().filter_map(due).min() {
            None => Outlook::Nothing,
            Some(nearest) if waiting.iter().any(|entry| self.moments(entry)[0].is_none()) => Outlook::At(nearest),
            Some(nearest) => Outlook::AuthorsTime(nearest),
        }
    }
}
