//! Which tasks the state of the base lets through: all, or the one that mends it.
//!
//! A restriction may be doubted, because the base may have moved: then one other task is let through to where the
//! base is looked at again, and either the restriction falls or the task is given back.

use jiff::Timestamp;

use crate::model::pick::{self, Filter, Outlook};
use crate::model::queue::{Entry, Queue};
use crate::model::task::TaskId;

/// Which tasks may be claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Admission {
    /// All.
    #[default]
    All,
    /// None but this one.
    Only {
        /// `None`: none at all.
        task: Option<TaskId>,
        /// Nobody has looked at the base since something happened.
        doubted: bool,
        /// It was looked at once more before the end of a drain.
        looked_again: bool,
    },
}

impl Admission {
    /// Lets none through but `task`; a doubt that arose meanwhile remains.
    pub(super) fn restrict(&mut self, to: Option<TaskId>) {
        match self {
            Admission::Only { task, .. } if *task == to => {}
            Admission::Only { task, looked_again, .. } => {
                *task = to;
                *looked_again = false;
            }
            Admission::All => *self = Admission::Only { task: to, doubted: false, looked_again: false },
        }
    }

    /// The base may have moved.
    pub(super) fn doubt(&mut self) {
        match self {
            Admission::All => {}
            Admission::Only { doubted, looked_again, .. } => (*doubted, *looked_again) = (true, false),
        }
    }

    /// Before a drain ends, the base is looked at once more, should its move have been missed. Gives whether that is
    /// to be done now.
    pub(super) fn looks_again(&mut self) -> bool {
        match self {
            Admission::All | Admission::Only { looked_again: true, .. } => false,
            Admission::Only { doubted, looked_again, .. } => {
                (*doubted, *looked_again) = (true, true);
                true
            }
        }
    }

    /// A task was let through: unless it mends the base, the doubt is looked into.
    pub(super) fn pass(&mut self, id: &TaskId) {
        match self {
            Admission::Only { task, doubted, .. } if task.as_ref() != Some(id) => *doubted = false,
            Admission::All | Admission::Only { .. } => {}
        }
    }

    /// Whether tasks are kept back, and nothing speaks for another look.
    pub(super) fn keeps_back(&self) -> bool {
        matches!(self, Admission::Only { doubted: false, .. })
    }

    /// The task to claim next, of those that `filter` lets through. What mends the base is let through anyway: a run
    /// for some tasks needs it too.
    pub(super) fn pick<'a>(&self, queue: &'a Queue, filter: &Filter) -> Option<&'a Entry> {
        match self {
            Admission::All => pick::pick(queue, filter),
            Admission::Only { task, doubted, .. } => {
                let mends = task.as_ref().and_then(|id| pick::pick(queue, &only(id)));
                mends.or_else(|| if *doubted { pick::pick(queue, filter) } else { None })
            }
        }
    }

    /// What could become claimable by the passing of time alone.
    pub(super) fn outlook(&self, queue: &Queue, filter: &Filter, now: Timestamp) -> Outlook {
        match self {
            Admission::All | Admission::Only { doubted: true, .. } => pick::outlook(queue, filter, now),
            Admission::Only { task: Some(id), doubted: false, .. } => pick::outlook(queue, &only(id), now),
            Admission::Only { task: None, doubted: false, .. } => Outlook::Nothing,
        }
    }
}

fn only(id: &TaskId) -> Filter {
    Filter { tasks: [id.clone()].into(), ..Filter::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::task::Task;

    fn id(name: &str) -> TaskId {
        name.parse().unwrap()
    }

    fn queue(names: &[&str]) -> Queue {
        let mut queue = Queue::default();
        for name in names {
            queue.put_pending(Entry::of(&Task::parse(id(name), b"# x\n").unwrap(), Timestamp::UNIX_EPOCH));
        }
        queue
    }

    fn picked(admission: &Admission, queue: &Queue, filter: &Filter) -> Option<String> {
        admission.pick(queue, filter).map(|entry| entry.id.to_string())
    }

    #[test]
    fn a_restriction_lets_its_task_through_and_in_doubt_one_other() {
        let (all, one) = (Filter::default(), only(&id("a")));
        let (both, others) = (queue(&["a", "mend"]), queue(&["a", "b"]));
        let mut admission = Admission::All;
        admission.doubt();
        assert_eq!(picked(&admission, &both, &all).as_deref(), Some("a"));
        admission.restrict(Some(id("mend")));
        assert_eq!(picked(&admission, &both, &one).as_deref(), Some("mend"), "the run's filter leaves it out");
        assert_eq!(picked(&admission, &others, &all), None);
        assert!(admission.keeps_back());

        admission.doubt();
        assert!(!admission.keeps_back());
        assert_eq!(picked(&admission, &both, &all).as_deref(), Some("mend"));
        admission.pass(&id("mend"));
        assert_eq!(picked(&admission, &others, &all).as_deref(), Some("a"));
        admission.pass(&id("a"));
        admission.restrict(Some(id("mend")));
        assert_eq!(picked(&admission, &others, &all), None);

        admission.restrict(None);
        assert_eq!(picked(&admission, &both, &all), None);
    }

    #[test]
    fn a_doubt_that_arises_while_the_base_is_looked_at_remains() {
        let mut admission = Admission::All;
        admission.restrict(Some(id("mend")));
        admission.doubt();
        admission.pass(&id("a"));
        admission.doubt();
        admission.restrict(Some(id("mend")));
        assert!(!admission.keeps_back());
    }

    #[test]
    fn before_the_end_the_base_is_looked_at_once_and_again_after_news() {
        let mut admission = Admission::All;
        assert!(!admission.looks_again());
        admission.restrict(Some(id("mend")));
        assert!(admission.looks_again());
        admission.pass(&id("a"));
        admission.restrict(Some(id("mend")));
        assert!(!admission.looks_again() && admission.keeps_back());
        admission.doubt();
        admission.pass(&id("a"));
        assert!(admission.looks_again());
        admission.restrict(Some(id("other")));
        assert!(admission.looks_again(), "it is another base");
    }
}
