//! A bell that reaches a supervisor in its sleep.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, eventfd};

use super::ready;

/// Wakes the [`run`](super::run) that was given it; shared by reference between threads, one per worker.
///
/// A ring before the run begins is not lost: the run hears it first.
#[derive(Debug)]
pub struct Wake {
    event: OwnedFd,
    ending: AtomicBool,
}

impl Wake {
    /// A wake that nobody has rung. Fails only when the system has no descriptor left.
    pub fn new() -> io::Result<Self> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { event, ending: AtomicBool::new(false) })
    }

    /// Asks for the end of the running child, and of every later one until [`Self::reset`].
    pub fn end_now(&self) {
        // The flag before the bell: who hears the bell must see the flag.
        self.ending.store(true, Ordering::SeqCst);
        self.poke();
    }

    /// Makes the run ask its [`Watch`](super::Watch) to look again.
    pub fn poke(&self) {
        // The one way to fail is a counter that is full, and then it is ringing already.
        let _ = rustix::io::write(&self.event, &1_u64.to_ne_bytes());
    }

    /// Waits for a ring where no child runs, and silences the bell; gives false after `at_most` without one.
    pub fn wait(&self, at_most: Duration) -> io::Result<bool> {
        let until = ready::after(at_most).unwrap_or_else(Instant::now);
        let rang = ready::wait_for(self.as_fd(), until)?;
        self.hush();
        Ok(rang)
    }

    /// Takes back [`Self::end_now`] and every ring that was not heard.
    pub fn reset(&self) {
        self.ending.store(false, Ordering::SeqCst);
        self.hush();
    }

    /// Whether [`Self::end_now`] was called since the last reset.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::SeqCst)
    }

    /// Silences the bell, so that the next ring is heard as a new one.
    pub(super) fn hush(&self) {
        // Nothing to read means that it was silent.
        let _ = rustix::io::read(&self.event, &mut [0_u8; 8]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
