//! Which tasks a run is for: those that were named, and what they need.
//!
//! What is needed is found from below, when a task is asked about: upwards from it through those that depend on it
//! and the epics to which it belongs. So it follows the queue as it changes, and a run for one epic of ten thousand
//! children asks one step for each.

use std::collections::HashSet;

use crate::model::queue::{Entry, Queue};
use crate::model::state::State;
use crate::model::task::TaskId;

/// Which tasks a run is for; empty fields let all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these and what they need: what they depend on and, of an epic, its children, and what those need.
    pub tasks: HashSet<TaskId>,
    /// Only the children of this epic, those of the epics among them, and what they all need.
    pub parent: Option<TaskId>,
    /// Only this domain.
    pub domain: Option<String>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_open(&self) -> bool {
        self.tasks.is_empty() && self.parent.is_none() && self.domain.is_none()
    }
}

/// A filter put to use on a queue that does not change meanwhile: what is found out once is not asked again.
pub(super) struct Sieve<'a> {
    queue: &'a Queue,
    filter: &'a Filter,
    /// Those from which no way leads to a task that was named.
    beside_tasks: HashSet<&'a TaskId>,
    /// Those from which no way leads to the epic that was named.
    beside_parent: HashSet<&'a TaskId>,
}

impl<'a> Sieve<'a> {
    pub(super) fn new(queue: &'a Queue, filter: &'a Filter) -> Self {
        Self { queue, filter, beside_tasks: HashSet::new(), beside_parent: HashSet::new() }
    }

    /// The flag that leaves `entry` out, if one does.
    pub(super) fn refuses(&mut self, entry: &'a Entry) -> Option<&'static str> {
        let Self { queue, filter, .. } = *self;
        // A run for some tasks needs what mends the base too.
        if queue.brakes.mended_by(&entry.id) {
            return None;
        }
        let is_named = |id: &TaskId| filter.tasks.contains(id);
        if !filter.tasks.is_empty() && !leads_to(queue, &entry.id, is_named, &mut self.beside_tasks) {
            return Some("--task");
        }
        if let Some(parent) = &filter.parent
            && !leads_to(queue, &entry.id, |id| queue.is_child(id, parent), &mut self.beside_parent)
        {
            return Some("--parent");
        }
        if filter.domain.is_some() && filter.domain != entry.domain {
            return Some("--domain");
        }
        None
    }
}

/// Whether a task that is meant needs `start`, or is it. `beside` are those of which it is known that none does.
fn leads_to<'a>(
    queue: &'a Queue,
    start: &'a TaskId,
    is_meant: impl Fn(&TaskId) -> bool,
    beside: &mut HashSet<&'a TaskId>,
) -> bool {
    let mut asked = Vec::new();
    let mut ask = vec![start];
    while let Some(id) = ask.pop() {
        if is_meant(id) {
            // The others on the way may lead there as well.
            for id in asked {
                beside.remove(id);
            }
            return true;
        }
        if beside.insert(id) {
            asked.push(id);
            ask.extend(queue.roofs(id));
            if !queue.holds(State::Complete, id) {
                ask.extend(queue.dependents(id));
            }
        }
    }
    false
}
