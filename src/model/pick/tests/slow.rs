//! The queue and the pick once more, as plain lists that are searched from end to end at every question.

use jiff::Timestamp;

use super::families::plain_circle;
use crate::model::pick::{Chain, End, Filter, Hold, Outlook};
use crate::model::queue::Entry;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

/// Which tasks lie where, and what is known of them.
#[derive(Debug)]
pub(super) struct Slow {
    pub(super) now: Timestamp,
    /// Every file: a folder and a name; the pending ones with their contents, the others perhaps.
    pub(super) files: Vec<(State, TaskId, Option<Entry>)>,
    /// The files that cannot be understood, with the parent that each names.
    pub(super) broken: Vec<(State, TaskId, Option<TaskId>)>,
    pub(super) open: Vec<TaskId>,
    pub(super) set_aside: Vec<(TaskId, Timestamp)>,
}

impl Slow {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, files: Vec::new(), broken: Vec::new(), open: Vec::new(), set_aside: Vec::new() }
    }

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
        if entry.is_some() || state == State::Current {
            self.broken.retain(|(at, name, _)| !(*at == state && name == id));
        }
        let of_pending = || if state == State::Current { self.known(State::Pending, id) } else { None };
        let known = entry.or_else(|| self.known(state, id)).or_else(of_pending);
        self.files.retain(|(at, name, _)| !(*at == state && name == id));
        self.files.push((state, id.clone(), known));
    }

    pub(super) fn put_broken(&mut self, state: State, id: &TaskId, named: Option<TaskId>) {
        let before =
            self.parents().find(|(at, name, _)| *at == state && *name == id).map(|(.., parent)| parent.clone());
        self.remove(state, id);
        self.broken.push((state, id.clone(), named.or(before)));
    }

    pub(super) fn remove(&mut self, state: State, id: &TaskId) {
        self.files.retain(|(at, name, _)| !(*at == state && name == id));
        self.broken.retain(|(at, name, _)| !(*at == state && name == id));
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
        let of_domain = |domain: &String| entry.domain.as_ref() == Some(domain);
        let named = |parent: &TaskId| self.needed(self.children_elsewhere(parent)).contains(&entry.id);
        if !filter.tasks.is_empty() && !self.needed(filter.tasks.iter().cloned().collect()).contains(&entry.id) {
            Some("--task")
        } else if !filter.parent.as_ref().is_none_or(named) {
            Some("--parent")
        } else if !filter.domain.as_ref().is_none_or(of_domain) {
            Some("--domain")
        } else {
            None
        }
    }

    /// As `hold`; a circle is told by its first task alone.
    pub(super) fn hold(&self, filter: &Filter, entry: &Entry) -> Option<Hold> {
        for state in [State::Current, State::Review, State::Blocked, State::Complete] {
            if self.lies_in(state, &entry.id) {
                return Some(Hold::Double(state));
            }
        }
        if self.is_in_circle(&entry.id) {
            return Some(Hold::Cycle(plain_circle(&entry.id)));
        }
        if let Some((ids, end)) = self.chain(entry) {
            let chain = shortened(ids, end);
            return Some(if entry.kind == Kind::Epic { Hold::Epic(chain) } else { Hold::Dependency(chain) });
        }
        if entry.kind == Kind::Epic && self.finished(&entry.id) == 0 {
            return Some(Hold::Childless);
        }
        if self.open.contains(&entry.id) {
            return Some(Hold::BeingWritten);
        }
        if entry.kind == Kind::Epic {
            return Some(self.moments(entry)[2].map_or(Hold::Ripe, Hold::Locked));
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

    pub(super) fn furthest(&self, id: &TaskId) -> Option<State> {
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
        let is_meant = |entry: &&Entry| self.left_out(filter, entry).is_none();
        let waiting: Vec<&Entry> = self.pending().into_iter().filter(by_time).filter(is_meant).collect();
        let due = |entry: &&Entry| match (entry.kind, self.moments(entry)) {
            (Kind::Task, moments) => moments.into_iter().max().flatten(),
            (Kind::Epic, [_, _, aside]) => aside,
        };
        match waiting.iter().filter_map(due).min() {
            None => Outlook::Nothing,
            Some(nearest) if waiting.iter().any(|entry| self.moments(entry)[0].is_none()) => Outlook::At(nearest),
            Some(nearest) => Outlook::AuthorsTime(nearest),
        }
    }
}

/// The first three and the last.
fn shortened(ids: Vec<TaskId>, end: End) -> Chain {
    let left_out = ids.len().saturating_sub(4);
    let told = ids.iter().enumerate().filter(|(at, _)| *at < 3 || at + 1 == ids.len());
    Chain { ids: told.map(|(_, id)| id.clone()).collect(), left_out, end }
}
