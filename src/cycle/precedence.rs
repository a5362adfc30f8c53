//! Who goes first where work contradicts work. A branch whose author resolves a conflict keeps its place in the line:
//! what came later and touches the same goes after it, or it would find a new conflict each time it comes back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::os::git::Oid;

/// When work first stood before the base: smaller came first. Only of use within one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(u64);

/// The places of all work that stands before the base.
#[derive(Debug, Default)]
pub struct Precedence(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    last: u64,
    kept: BTreeMap<Place, Kept>,
}

/// A place that is kept for work in conflict.
#[derive(Debug)]
struct Kept {
    files: Vec<String>,
    head: Oid,
}

/// A place in the line, given up when it is dropped.
#[derive(Debug)]
pub(super) struct Standing {
    line: Arc<Precedence>,
    place: Place,
}

impl Precedence {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that place is kept for work in conflict.
    pub fn is_kept(&self, place: Place) -> bool {
        self.lock().kept.contains_key(&place)
    }
}

impl Standing {
    /// The last place in the line.
    pub(super) fn at_the_end_of(line: &Arc<Precedence>) -> Self {
        let mut inner = line.lock();
        inner.last += 1;
        Self { line: Arc::clone(line), place: Place(inner.last) }
    }

    /// The place.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Keeps the place for work at `head` that contradicts the base in `files`.
    pub(super) fn keep(&self, files: &[String], head: &Oid) {
        self.line.lock().kept.insert(self.place, Kept { files: files.to_vec(), head: head.clone() });
    }

    /// The work for which the place is kept has become this.
    pub(super) fn update(&self, head: &Oid) {
        if let Some(kept) = self.line.lock().kept.get_mut(&self.place) {
            kept.head = head.clone();
        }
    }

    /// Those before this place that are in conflict about one of `files`, the first of them first, and their work.
    pub(super) fn before(&self, files: &[String]) -> Vec<(Place, Oid)> {
        let inner = self.line.lock();
        let earlier = inner.kept.range(..self.place);
        let shares = |kept: &Kept| kept.files.iter().any(|file| files.contains(file));
        earlier.filter(|(_, kept)| shares(kept)).map(|(place, kept)| (*place, kept.head.clone())).collect()
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        self.line.lock().kept.remove(&self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: &str) -> Oid {
        serde_json::from_value(digit.repeat(40).into()).unwrap()
    }

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn work_in_conflict_goes_before_what_came_later_and_touches_the_same() {
        let line = Arc::new(Precedence::default());
        let [first, second, third] = [(); 3].map(|()| Standing::at_the_end_of(&line));
        assert_eq!(third.before(&files(&["a"])), []);
        second.keep(&files(&["a", "b"]), &oid("1"));
        assert_eq!(third.before(&files(&["b", "c"])), [(second.place(), oid("1"))]);
        assert_eq!(third.before(&files(&["c"])), []);
        assert_eq!(second.before(&files(&["a"])), [], "not before itself");
        assert_eq!(first.before(&files(&["a"])), [], "not before what came earlier");
        first.keep(&files(&["a"]), &oid("2"));
        first.update(&oid("3"));
        third.update(&oid("4"));
        assert_eq!(third.before(&files(&["a"])), [(first.place(), oid("3")), (second.place(), oid("1"))]);
        assert!(line.is_kept(second.place()) && !line.is_kept(third.place()));
        let place = second.place();
        drop(second);
        assert!(!line.is_kept(place));
    }
}
