//! What a worker is told while it lives: who it is to be at its next claim, and when to leave.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::crew::Member;
use crate::model::record::Standing;

/// A worker's seat, shared by the worker and the supervisor.
#[derive(Debug)]
pub(super) struct Seat(Mutex<Told>);

#[derive(Debug)]
struct Told {
    member: Member,
    standing: Standing,
}

impl Seat {
    /// A seat for a worker that stays.
    pub(super) fn new(member: Member) -> Self {
        Self(Mutex::new(Told { member, standing: Standing::Stays }))
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who sits here.
    pub(super) fn member(&self) -> Member {
        self.lock().member.clone()
    }

    /// Makes whoever sits here another from the next claim on.
    pub(super) fn assign(&self, member: &Member) {
        self.lock().member.clone_from(member);
    }

    /// How it stands.
    pub(super) fn standing(&self) -> Standing {
        self.lock().standing
    }

    /// Asks the worker to leave; gives whether it had not been asked before.
    pub(super) fn retire(&self) -> bool {
        let mut told = self.lock();
        let is_new = told.standing == Standing::Stays;
        if is_new {
            told.standing = Standing::Retires;
        }
        is_new
    }

    /// Asks a worker that was to leave to stay; gives whether it is still there.
    pub(super) fn keep(&self) -> bool {
        let mut told = self.lock();
        if told.standing == Standing::Retires {
            told.standing = Standing::Stays;
        }
        told.standing == Standing::Stays
    }

    /// The worker asks, between two cycles, whether it is to leave. If so there is no way back.
    pub(super) fn leaves(&self) -> bool {
        let mut told = self.lock();
        if told.standing == Standing::Retires {
            told.standing = Standing::Left;
        }
        told.standing == Standing::Left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::choice::Choice;

    #[test]
    fn who_is_to_leave_may_be_kept_until_it_has_left() {
        let seat = Seat::new(Member::worker(Choice::default()));
        assert!(!seat.leaves());
        assert!(seat.retire() && !seat.retire());
        assert_eq!(seat.standing(), Standing::Retires);
        assert!(seat.keep() && !seat.leaves());
        seat.retire();
        assert!(seat.leaves() && seat.leaves());
        assert!(!seat.keep());
        assert_eq!(seat.standing(), Standing::Left);
    }
}
