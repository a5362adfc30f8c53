//! Why nobody claims for a while: the machine fails, the base is red, or a person has paused the swarm.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::admission::Admission;
use super::board::Board;
use crate::model::config::Limits;
use crate::model::pick::{Brakes, Reach};
use crate::model::task::TaskId;
use crate::model::transition::pause;
use crate::os::{clock, control};

/// So many troubles of the machine in a row may be single tasks' own.
const TROUBLES: u32 = 3;

impl Board {
    /// A cycle ended by a trouble of the machine. One may be the task's own; after a few in a row nobody claims
    /// for a while. Gives until when, if that begins now.
    pub(super) fn trouble(&self, limits: &Limits) -> Option<Timestamp> {
        let mut inner = self.lock();
        inner.troubles = inner.troubles.saturating_add(1);
        let beyond = inner.troubles.checked_sub(TROUBLES).filter(|beyond| *beyond > 0)?;
        let rest = SignedDuration::try_from(pause(beyond, limits, 1.0)).ok()?;
        inner.resting_until = clock::now().checked_add(rest).ok();
        inner.resting_until
    }

    /// Waits until that moment, or until `called` says that the worker is called for something else, or the run is ending.
    pub(super) fn wait_for(&self, until: Timestamp, called: &dyn Fn() -> bool) {
        let mut inner = self.lock();
        while !inner.stopped && !called() {
            let now = clock::now();
            if until <= now {
                return;
            }
            inner = self.wait_until(inner, until, now);
        }
    }

    /// Nobody claims before `until`.
    pub(super) fn rest_until(&self, until: Timestamp) {
        self.lock().resting_until = Some(until);
    }

    /// The base lets none but this task through, or none at all.
    pub(super) fn restrict(&self, to: Option<TaskId>) {
        self.lock().admission.restrict(to);
        self.changed.notify_all();
    }

    /// The base lets all tasks through.
    pub(super) fn admit_all(&self) {
        self.lock().admission = Admission::All;
        self.changed.notify_all();
    }

    /// The base may have moved: where it keeps tasks back, somebody looks at it again.
    pub(super) fn doubt_base(&self) {
        self.doubter()();
    }

    /// The same, for another thread.
    pub(super) fn doubter(&self) -> impl Fn() + Send + 'static {
        let (inner, changed) = (Arc::clone(&self.inner), Arc::clone(&self.changed));
        move || {
            inner.lock().unwrap_or_else(PoisonError::into_inner).admission.doubt();
            changed.notify_all();
        }
    }

    /// Wakes all who wait, from another thread.
    pub(super) fn waker(&self) -> impl Fn() + Clone + Send + Sync + 'static {
        let (inner, changed) = (Arc::clone(&self.inner), Arc::clone(&self.changed));
        move || {
            drop(inner.lock().unwrap_or_else(PoisonError::into_inner));
            changed.notify_all();
        }
    }

    /// For who only looks at the queue: whom a swarm with these settings could reach now.
    pub fn heed_reach(&self, reach: Reach) {
        self.lock().queue.reach = reach;
    }

    /// Whether the base keeps tasks back.
    pub(super) fn keeps_back(&self) -> bool {
        self.lock().admission.keeps_back()
    }

    /// A cycle came to an end that says something about its work. Gives whether a rest ends by it.
    pub(super) fn no_trouble(&self) -> bool {
        let mut inner = self.lock();
        inner.troubles = 0;
        let rested = inner.resting_until.take().is_some() && !inner.paused;
        drop(inner);
        self.changed.notify_all();
        rested
    }

    /// For who only looks at the queue: what keeps it back now. A run asks for itself, each time before it claims.
    pub fn heed_brakes(&self, brakes: Brakes) {
        self.lock().queue.brakes = brakes;
    }

    /// Looks whether claiming is paused by hand, and heeds it; gives whether it is. When a pause ends, so does a rest
    /// of the machine's: a person says that it may go on.
    pub(super) fn heed_pause(&self) -> bool {
        let mut inner = self.lock();
        // Under the lock, so that the last look is the one that counts.
        let paused = control::is_paused(&self.dirs);
        if inner.paused && !paused {
            inner.resting_until = None;
            inner.troubles = 0;
        }
        let changed = std::mem::replace(&mut inner.paused, paused) != paused;
        drop(inner);
        if changed {
            self.changed.notify_all();
        }
        paused
    }
}
