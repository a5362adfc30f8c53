//! What keeps a task from being claimed, or an epic from being complete, and the words for it.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::brakes::{Mending, Paused, RedBase};
use super::reach::OutOfReach;
use crate::model::budget::{Closed, Refusal, Short};
use crate::model::state::State;
use crate::model::task::TaskId;

/// So many links of a chain are told, and the last one.
const TOLD_LINKS: usize = 3;
/// So many tasks of a circle are told.
const TOLD_OF_CIRCLE: usize = 8;

/// What keeps a task from being claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// A file of the same name lies in another folder too.
    Double(State),
    /// Waits, through others, for itself.
    Cycle(Circle),
    /// An epic, which waits for a child or for what it depends on.
    Epic(Chain),
    /// An epic without children.
    Childless,
    /// An epic of which all is done: the next look of a running swarm completes it.
    Ripe,
    /// Waits for a task that is not complete.
    Dependency(Chain),
    /// The file is being written.
    BeingWritten,
    /// A flag of this run leaves it out.
    Filtered(&'static str),
    /// A person has paused claiming.
    Paused(Paused),
    /// The gates fail on the base, and this is not the task that mends it.
    RedBase(RedBase),
    /// Not before this moment, by its author's wish.
    NotBefore(Timestamp),
    /// Not before this moment, after a failed attempt.
    Backoff(Timestamp),
    /// Its lock was held when it was last tried; tried again at this moment.
    Locked(Timestamp),
    /// Nobody who may work on it can be asked.
    OutOfReach(OutOfReach),
    /// A live task has the same domain.
    Domain(String, TaskId),
    /// The budget of its domain does not allow it.
    Budget(Short),
    /// The budget command gives nothing for its domain.
    NotPaid(Closed),
    /// A live task may touch the same files, and something else is claimable.
    Overlap(TaskId),
}

impl From<Refusal> for Hold {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Short(short) => Hold::Budget(short),
            Refusal::Closed(closed) => Hold::NotPaid(closed),
        }
    }
}

impl Hold {
    /// Whether only a person can take it away.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Hold::Double(_) | Hold::Cycle(_) | Hold::Childless | Hold::Paused(_) | Hold::Budget(_) => true,
            Hold::RedBase(red) => matches!(red.mending(), Mending::LeftTo(_)),
            Hold::NotPaid(closed) => closed.needs_a_person,
            Hold::Dependency(chain) | Hold::Epic(chain) => chain.end.needs_a_person(),
            Hold::Ripe
            | Hold::BeingWritten
            | Hold::Filtered(_)
            | Hold::NotBefore(_)
            | Hold::Backoff(_)
            | Hold::Locked(_)
            | Hold::OutOfReach(_)
            | Hold::Domain(..)
            | Hold::Overlap(_) => false,
        }
    }

    /// The moment at which it goes away by itself, if it does so at a moment that is known.
    pub fn until(&self) -> Option<Timestamp> {
        match self {
            Hold::NotBefore(at) | Hold::Backoff(at) | Hold::Locked(at) => Some(*at),
            Hold::OutOfReach(lack) => Some(lack.until),
            Hold::NotPaid(closed) => (!closed.needs_a_person).then_some(closed.until),
            Hold::Double(_)
            | Hold::Cycle(_)
            | Hold::Epic(_)
            | Hold::Childless
            | Hold::Ripe
            | Hold::Dependency(_)
            | Hold::BeingWritten
            | Hold::Filtered(_)
            | Hold::Paused(_)
            | Hold::RedBase(_)
            | Hold::Domain(..)
            | Hold::Budget(_)
            | Hold::Overlap(_) => None,
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Double(state) => write!(f, "a task of the same name lies in {state}/ too: rename or remove one"),
            Hold::Cycle(circle) => write!(f, "depends on itself: {circle}"),
            Hold::Epic(chain) => write!(f, "an epic: {chain}"),
            Hold::Childless => f.write_str("an epic without children: tasks belong to it by the key `parent`"),
            Hold::Ripe => f.write_str("an epic whose children are complete: a running swarm completes it"),
            Hold::Dependency(chain) => chain.fmt(f),
            Hold::BeingWritten => f.write_str("the file is being written"),
            Hold::Filtered(flag) => write!(f, "left out by {flag}"),
            Hold::Paused(paused) => paused.fmt(f),
            Hold::RedBase(red) => red.fmt(f),
            Hold::NotBefore(at) => write!(f, "not before {at:.0}"),
            Hold::Backoff(at) => write!(f, "pauses after a failed attempt until {at:.0}"),
            Hold::Locked(at) => write!(f, "its lock is held; tried again at {at:.0}"),
            Hold::OutOfReach(lack) => lack.fmt(f),
            Hold::Domain(domain, id) => write!(f, "{id} is at work in the domain {domain}"),
            Hold::Budget(short) => short.fmt(f),
            Hold::NotPaid(closed) => closed.fmt(f),
            Hold::Overlap(id) => write!(f, "may touch the same files as {id}, which is being worked on"),
        }
    }
}

/// A row of tasks, each waiting for the next, and what is with the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The first three and the last; all, where there are no more than four.
    pub ids: Vec<TaskId>,
    /// How many stand before the last that are not told.
    pub left_out: usize,
    /// What is with the last.
    pub end: End,
}

impl Chain {
    /// The chain of `length` tasks that `links` gives one by one, ending in `last`.
    pub(super) fn new<'a>(links: impl Iterator<Item = &'a TaskId>, length: usize, last: &'a TaskId, end: End) -> Self {
        let told = TOLD_LINKS.min(length.saturating_sub(1));
        let ids = links.take(told).chain([last]).cloned().collect();
        Self { ids, left_out: length - told - 1, end }
    }

    /// The task at its end.
    pub fn last(&self) -> Option<&TaskId> {
        self.ids.last()
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, before)) = self.ids.split_last() else { return Ok(()) };
        for id in before {
            write!(f, "waits for {id}, which ")?;
        }
        if self.left_out > 0 {
            write!(f, "waits through {} more for {last}, which ", self.left_out)?;
            return self.end.of_known(f);
        }
        match &self.end {
            End::Unknown => write!(f, "depends on {last}, and no task has that name"),
            end => {
                write!(f, "waits for {last}, which ")?;
                end.of_known(f)
            }
        }
    }
}

/// What is with the task for which others wait in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// There is none of that name.
    Unknown,
    /// Its file is no valid task.
    Invalid {
        /// The folder in which the file lies.
        state: State,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// It lies there; why, where that is known.
    Lies(State, Option<Arc<str>>),
    /// It waits, through others, for itself.
    Cycle(Circle),
    /// It is an epic without children.
    Childless,
    /// It is complete, and a file of its name lies there too.
    Double(State),
}

impl End {
    /// Whether only a person can help.
    pub fn needs_a_person(&self) -> bool {
        match self {
            End::Unknown | End::Invalid { .. } | End::Cycle(_) | End::Childless | End::Double(_) => true,
            End::Lies(state, _) => match state {
                State::Review | State::Blocked => true,
                State::Pending | State::Current | State::Complete => false,
            },
        }
    }

    fn of_known(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Unknown => f.write_str("nobody has ever seen"),
            End::Invalid { state, line, reason } => {
                let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
                write!(f, "is no valid task ({state}/{line}): {reason}")
            }
            End::Lies(state, reason) => {
                let reason = reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                write!(f, "is in {state}/{reason}")
            }
            End::Cycle(circle) => write!(f, "depends on itself: {circle}"),
            End::Childless => f.write_str("is an epic without children"),
            End::Double(state) => write!(f, "is complete and lies in {state}/ too: rename or remove one"),
        }
    }
}

/// Tasks of which each waits for the next, and the last for the first; shared by all that stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    ids: Arc<[TaskId]>,
    first: usize,
}

impl Circle {
    /// The circle as it is seen from the task at `first`.
    pub(super) fn new(ids: Arc<[TaskId]>, first: usize) -> Self {
        Self { ids, first }
    }

    /// Its tasks, each once, in the order in which they wait.
    pub fn ids(&self) -> impl Iterator<Item = &TaskId> {
        self.ids.iter().cycle().skip(self.first).take(self.ids.len())
    }
}

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.ids().take(TOLD_OF_CIRCLE) {
            write!(f, "{id} → ")?;
        }
        if self.ids.len() > TOLD_OF_CIRCLE {
            write!(f, "{} more → ", self.ids.len() - TOLD_OF_CIRCLE)?;
        }
        write!(f, "{}", self.ids().next().map_or("", TaskId::as_str))
    }
}
