//! What a run has said of a base that cannot move, so that nothing is said twice.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::os::git::Oid;

/// Whether the base is held back, as far as this run knows.
#[derive(Debug, Default)]
pub struct HeldBack(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_held: bool,
    parted_at: Option<Oid>,
    rift: Option<String>,
    strange: Option<Oid>,
}

impl HeldBack {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether work waits for the base to move.
    pub fn is_held(&self) -> bool {
        self.lock().is_held
    }

    /// The base cannot move; true if that is news.
    pub(super) fn hold(&self) -> bool {
        !std::mem::replace(&mut self.lock().is_held, true)
    }

    /// The base cannot move before a person has joined it with what waits; true if that is news, or for another reason.
    pub(super) fn rift(&self, why: &str) -> bool {
        let mut inner = self.lock();
        inner.is_held = true;
        inner.rift.replace(why.to_owned()).as_deref() != Some(why)
    }

    /// The base stands here, and what is ahead of it does not contain that; true if that is news.
    pub(super) fn part(&self, base: &Oid) -> bool {
        let mut inner = self.lock();
        inner.is_held = true;
        inner.parted_at.replace(base.clone()).as_ref() != Some(base)
    }

    /// Somebody has moved the branch that shows what waits to this commit; true if that is news.
    pub(super) fn is_strange_at(&self, commit: &Oid) -> bool {
        self.lock().strange.replace(commit.clone()).as_ref() != Some(commit)
    }

    /// Nothing waits any more.
    pub(super) fn release(&self) {
        let mut inner = self.lock();
        (inner.is_held, inner.parted_at, inner.rift) = (false, None, None);
    }
}
