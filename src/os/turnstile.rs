//! Lets one thread through at a time, hands over at once, and lets go of those who are told to give up.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often a waiting thread looks whether it should give up.
const LOOK: Duration = Duration::from_millis(50);

/// A gate for threads of one process. (A file lock does the same between processes, but hands over with a delay.)
#[derive(Debug, Default)]
pub struct Turnstile {
    taken: Mutex<bool>,
    freed: Condvar,
}

/// The right to be inside.
#[derive(Debug)]
#[must_use = "the turnstile is free again when this is dropped"]
pub struct Inside<'a>(&'a Turnstile);

impl Turnstile {
    /// Waits for its turn; `None` if `give_up` said so first.
    pub fn enter(&self, give_up: &dyn Fn() -> bool) -> Option<Inside<'_>> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            if give_up() {
                return None;
            }
            taken = self.freed.wait_timeout(taken, LOOK).unwrap_or_else(PoisonError::into_inner).0;
        }
        *taken = true;
        Some(Inside(self))
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.freed.notify_one();
    }
}
