//! Who belongs to which epic: every file that names a parent, found by that parent's name.
//!
//! What a task says of its parent is known for each folder in which a file of its name lies. Of those in `complete/`
//! only some have been read; they are told of as they become known.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::model::state::State;
use crate::model::task::TaskId;

/// The families.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// The parent that the file in a folder names.
    named: HashMap<(TaskId, State), TaskId>,
    /// For each parent the files of children that are not complete.
    unfinished: HashMap<TaskId, BTreeSet<(TaskId, State)>>,
    /// For each parent the children that are known to lie in `complete/`.
    finished: HashMap<TaskId, HashSet<TaskId>>,
    /// Children that have left a folder and were not seen in another yet, with their parent.
    vanished: HashMap<TaskId, TaskId>,
}

impl Families {
    /// The file of `child` in a folder names this parent, or none. Gives the parents for whom that is news.
    pub(super) fn set(&mut self, state: State, child: &TaskId, parent: Option<&TaskId>) -> Vec<TaskId> {
        self.vanished.remove(child);
        let place = (child.clone(), state);
        if self.named.get(&place) == parent {
            return Vec::new();
        }
        let mut changed: Vec<TaskId> = self.take(&place).into_iter().collect();
        if let Some(parent) = parent {
            self.named.insert(place.clone(), parent.clone());
            if state == State::Complete {
                self.finished.entry(parent.clone()).or_default().insert(child.clone());
            } else {
                self.unfinished.entry(parent.clone()).or_default().insert(place);
            }
            changed.push(parent.clone());
        }
        changed
    }

    /// The file of `child` is gone from a folder. Gives the parent for whom that is news.
    pub(super) fn unset(&mut self, state: State, child: &TaskId) -> Option<TaskId> {
        let parent = self.take(&(child.clone(), state))?;
        if State::ALL.into_iter().all(|state| self.parent_in(state, child).is_none()) {
            self.vanished.insert(child.clone(), parent.clone());
        }
        Some(parent)
    }

    fn take(&mut self, place: &(TaskId, State)) -> Option<TaskId> {
        let parent = self.named.remove(place)?;
        if let Some(children) = self.unfinished.get_mut(&parent) {
            children.remove(place);
            if children.is_empty() {
                self.unfinished.remove(&parent);
            }
        }
        if place.1 == State::Complete
            && let Some(children) = self.finished.get_mut(&parent)
        {
            children.remove(&place.0);
            if children.is_empty() {
                self.finished.remove(&parent);
            }
        }
        Some(parent)
    }

    /// The parent that the file of `child` in a folder names.
    pub(super) fn parent_in(&self, state: State, child: &TaskId) -> Option<&TaskId> {
        self.named.get(&(child.clone(), state))
    }

    /// The parents that the files of `child` name that are not complete: one, but for doubles.
    pub(super) fn parents<'a>(&'a self, child: &'a TaskId) -> impl Iterator<Item = &'a TaskId> {
        let places = State::ALL.into_iter().filter(|state| *state != State::Complete);
        places.filter_map(move |state| self.parent_in(state, child))
    }

    /// The children whose files lie elsewhere than in `complete/`, in the order of their names, each once.
    pub(super) fn unfinished<'a>(&'a self, parent: &TaskId) -> impl Iterator<Item = &'a TaskId> {
        let mut last = None;
        let children = self.unfinished.get(parent).into_iter().flatten().map(|(child, _)| child);
        children.filter(move |child| last.replace(*child) != Some(*child))
    }

    /// Those that are known to be complete, in no order.
    pub(super) fn finished<'a>(&'a self, parent: &TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.finished.get(parent).into_iter().flatten()
    }

    /// Those that have left a folder and were seen in no other since, in no order.
    pub(super) fn vanished<'a>(&'a self, parent: &'a TaskId) -> impl Iterator<Item = &'a TaskId> {
        self.vanished.iter().filter(move |(_, of)| *of == parent).map(|(child, _)| child)
    }
}

/// The parent that a file names which cannot be understood: its front matter's line `parent: <id>`.
pub fn parent_named_in(bytes: &[u8]) -> Option<TaskId> {
    let text = String::from_utf8_lossy(bytes);
    let head = text.lines().skip(1).take_while(|line| line.trim_end() != "---");
    let value = head.filter_map(|line| line.strip_prefix("parent")?.trim_start().strip_prefix(':')).next()?;
    let value = value.split(" #").next().unwrap_or_default();
    TaskId::parse(value.trim().trim_matches(['"', '\''])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::queue::testing::id;

    fn unfinished(families: &Families) -> Vec<&str> {
        families.unfinished(&id("e")).map(TaskId::as_str).collect()
    }

    #[test]
    fn a_child_is_followed_from_folder_to_folder() {
        let mut families = Families::default();
        let (a, e) = (id("a"), id("e"));
        assert_eq!(families.set(State::Pending, &a, Some(&e)), std::slice::from_ref(&e));
        assert_eq!(families.set(State::Pending, &a, Some(&e)), [], "no news");
        assert_eq!(unfinished(&families), ["a"]);
        assert_eq!(families.unset(State::Pending, &a), Some(e.clone()));
        assert_eq!(families.vanished(&e).collect::<Vec<_>>(), [&a]);
        families.set(State::Complete, &a, Some(&e));
        assert_eq!((families.vanished(&e).count(), families.finished(&e).count()), (0, 1));
        assert!(unfinished(&families).is_empty());
        families.unset(State::Complete, &a);
        assert_eq!((families.vanished(&e).count(), families.finished(&e).count()), (1, 0));
    }

    #[test]
    fn a_double_counts_once_and_while_one_of_its_files_is_not_complete() {
        let mut families = Families::default();
        for state in [State::Complete, State::Pending, State::Blocked] {
            families.set(state, &id("a"), Some(&id("e")));
        }
        assert_eq!(unfinished(&families), ["a"]);
        families.unset(State::Pending, &id("a"));
        assert_eq!(unfinished(&families), ["a"]);
        families.unset(State::Blocked, &id("a"));
        assert!(unfinished(&families).is_empty());
        assert_eq!(families.vanished(&id("e")).count(), 0);
    }

    #[test]
    fn a_child_that_is_given_another_parent_changes_both() {
        let mut families = Families::default();
        families.set(State::Pending, &id("a"), Some(&id("e")));
        assert_eq!(families.set(State::Pending, &id("a"), Some(&id("f"))), [id("e"), id("f")]);
        assert_eq!(families.set(State::Pending, &id("a"), None), [id("f")]);
        assert!(families.unfinished.is_empty() && families.named.is_empty());
    }

    #[test]
    fn a_broken_file_may_still_name_its_parent() {
        for (text, parent) in [
            ("---\npriority: 9\nparent: e\n---\n", Some("e")),
            ("---\nparent : 'e' # the roof\npriority: [\n", Some("e")),
            ("---\nparent: a/b\n---\n", None),
            ("---\npriority: 9\n---\nparent: e\n", None),
            ("# Text\n", None),
            ("", None),
        ] {
            assert_eq!(parent_named_in(text.as_bytes()), parent.map(id), "{text}");
        }
    }
}
