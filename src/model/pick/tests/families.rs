//! The slow queue's answers about who waits for whom.

use super::slow::Slow;
use crate::model::pick::{Circle, End};
use crate::model::queue::Entry;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

/// A circle that only says who asked.
pub(super) fn plain_circle(id: &TaskId) -> Circle {
    Circle::new([id.clone()].into(), 0)
}

impl Slow {
    /// Every file that names a parent.
    pub(super) fn parents(&self) -> impl Iterator<Item = (State, &TaskId, &TaskId)> {
        let known =
            self.files.iter().filter_map(|(state, id, entry)| Some((*state, id, entry.as_ref()?.parent.as_ref()?)));
        let broken = self.broken.iter().filter_map(|(state, id, parent)| Some((*state, id, parent.as_ref()?)));
        known.chain(broken)
    }

    /// The children that lie elsewhere than in `complete/`, by name.
    pub(super) fn children_elsewhere(&self, parent: &TaskId) -> Vec<TaskId> {
        let mine = self.parents().filter(|(state, _, of)| *state != State::Complete && *of == parent);
        let mut children: Vec<TaskId> = mine.map(|(_, id, _)| id.clone()).collect();
        children.sort();
        children.dedup();
        children
    }

    /// How many children are complete.
    pub(super) fn finished(&self, parent: &TaskId) -> usize {
        self.parents().filter(|(state, _, of)| *state == State::Complete && *of == parent).count()
    }

    fn is_epic(&self, id: &TaskId) -> bool {
        let elsewhere = self.files.iter().filter(|(state, name, _)| *state != State::Complete && name == id);
        elsewhere.filter_map(|(.., entry)| entry.as_ref()).any(|entry| entry.kind == Kind::Epic)
    }

    /// `names`, all that they need, all that those need.
    pub(super) fn needed(&self, names: Vec<TaskId>) -> Vec<TaskId> {
        let mut needed = names;
        let mut at = 0;
        while let Some(id) = needed.get(at).cloned() {
            at += 1;
            let depends_on = self.known(State::Pending, &id).map(|entry| entry.depends_on).unwrap_or_default();
            let open = depends_on.into_iter().filter(|id| !self.lies_in(State::Complete, id));
            let children = if self.is_epic(&id) { self.children_elsewhere(&id) } else { Vec::new() };
            for need in open.chain(children).collect::<Vec<_>>() {
                if !needed.contains(&need) {
                    needed.push(need);
                }
            }
        }
        needed
    }

    fn unmet(&self, entry: &Entry) -> Vec<TaskId> {
        let open = entry.depends_on.iter().filter(|id| !self.lies_in(State::Complete, id)).cloned();
        let children = if entry.kind == Kind::Epic { self.children_elsewhere(&entry.id) } else { Vec::new() };
        open.chain(children).collect()
    }

    /// Whether waiting tasks of which none is complete lead from `from` back to it.
    pub(super) fn is_in_circle(&self, from: &TaskId) -> bool {
        let mut found: Vec<TaskId> = Vec::new();
        let mut ask = vec![from.clone()];
        while let Some(id) = ask.pop() {
            let Some(entry) = self.known(State::Pending, &id) else { continue };
            for next in self.unmet(&entry) {
                if !self.lies_in(State::Complete, &next) && !found.contains(&next) {
                    found.push(next.clone());
                    ask.push(next);
                }
            }
        }
        found.contains(from)
    }

    /// The tasks for which one waits, one after the other, and what is with the last.
    pub(super) fn chain(&self, entry: &Entry) -> Option<(Vec<TaskId>, End)> {
        let chains: Vec<_> = self.unmet(entry).iter().map(|id| self.chain_from(id)).collect();
        let lost = chains.iter().find(|(_, end)| end.needs_a_person());
        lost.or(chains.first()).cloned()
    }

    fn chain_from(&self, id: &TaskId) -> (Vec<TaskId>, End) {
        let end = match self.furthest(id) {
            None => End::Unknown,
            Some(State::Complete) => {
                let others = [State::Pending, State::Current, State::Review, State::Blocked];
                let other = others.into_iter().find(|state| self.lies_in(*state, id));
                End::Double(other.unwrap_or(State::Complete))
            }
            Some(State::Pending) if self.is_in_circle(id) => End::Cycle(plain_circle(id)),
            Some(State::Pending) => match self.known(State::Pending, id) {
                Some(entry) => match self.chain(&entry) {
                    Some((ids, end)) => return ([vec![id.clone()], ids].concat(), end),
                    None if entry.kind == Kind::Epic && self.finished(id) == 0 => End::Childless,
                    None => End::Lies(State::Pending, None),
                },
                None => End::Lies(State::Pending, None),
            },
            Some(state @ (State::Current | State::Review | State::Blocked)) => End::Lies(state, None),
        };
        (vec![id.clone()], end)
    }
}
