//! Which task is next, and what holds each of the others: one pure decision over the queue's picture, so
//! that the workers, `--dry-run` and every explanation agree.

use std::collections::{HashMap, HashSet};
use std::fmt;

use jiff::Timestamp;

use super::footprint::Footprint;
use super::queue::{Entry, Queue};
use super::state::State;
use super::task::{Kind, TaskId};

/// Which tasks a run is for; empty fields let all through.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these.
    pub tasks: HashSet<TaskId>,
    /// Only children of this epic.
    pub parent: Option<TaskId>,
    /// Only this domain.
    pub domain: Option<String>,
}

impl Filter {
    /// The flag that leaves `entry` out, if one does.
    fn refuses(&self, entry: &Entry) -> Option<&'static str> {
        if !self.tasks.is_empty() && !self.tasks.contains(&entry.id) {
            return Some("--task");
        }
        if self.parent.is_some() && self.parent != entry.parent {
            return Some("--parent");
        }
        if self.domain.is_some() && self.domain != entry.domain {
            return Some("--domain");
        }
        None
    }
}

/// What keeps a task from being claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// An epic is never claimed.
    Epic,
    /// A file of the same name lies in another folder too.
    Double(State),
    /// The file is being written.
    BeingWritten,
    /// Waits for a task that is not complete; `None`: no such task is known.
    Dependency(TaskId, Option<State>),
    /// Waits, through others, for itself.
    Cycle(Vec<TaskId>),
    /// Not before this moment, by its author's wish.
    NotBefore(Timestamp),
    /// Not before this moment, after a failed attempt.
    Backoff(Timestamp),
    /// Its lock was held when it was last tried; tried again at this moment.
    Locked(Timestamp),
    /// A live task has the same domain.
    Domain(String, TaskId),
    /// A live task may touch the same files, and something else is claimable.
    Overlap(TaskId),
    /// A flag of this run leaves it out.
    Filtered(&'static str),
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hold::Epic => f.write_str("an epic: it is complete when its children are"),
            Hold::Double(state) => write!(f, "a task of the same name lies in {state}/ too: rename or remove one"),
            Hold::BeingWritten => f.write_str("the file is being written"),
            Hold::Dependency(id, Some(state)) => write!(f, "waits for {id}, which is in {state}/"),
            Hold::Dependency(id, None) => write!(f, "depends on {id}, and no task has that name"),
            Hold::Cycle(ids) => {
                f.write_str("depends on itself: ")?;
                for id in ids {
                    write!(f, "{id} → ")?;
                }
                write!(f, "{}", ids.first().map_or("", TaskId::as_str))
            }
            Hold::NotBefore(at) => write!(f, "not before {at:.0}"),
            Hold::Backoff(at) => write!(f, "pauses after a failed attempt until {at:.0}"),
            Hold::Locked(at) => write!(f, "its lock is held; tried again at {at:.0}"),
            Hold::Domain(domain, id) => write!(f, "{id} is at work in the domain {domain}"),
            Hold::Overlap(id) => write!(f, "may touch the same files as {id}, which is being worked on"),
            Hold::Filtered(flag) => write!(f, "left out by {flag}"),
        }
    }
}

impl Hold {
    /// Whether only a person can take it away.
    pub fn needs_a_person(&self) -> bool {
        match self {
            Hold::Double(_) | Hold::Cycle(_) | Hold::Dependency(_, None | Some(State::Blocked | State::Review)) => true,
            Hold::Dependency(_, Some(State::Pending | State::Current | State::Complete))
            | Hold::Epic
            | Hold::BeingWritten
            | Hold::NotBefore(_)
            | Hold::Backoff(_)
            | Hold::Locked(_)
            | Hold::Domain(..)
            | Hold::Overlap(_)
            | Hold::Filtered(_) => false,
        }
    }
}

/// The live tasks, as far as they restrict the others.
struct Live<'a> {
    domains: HashMap<&'a str, &'a TaskId>,
    footprints: Vec<(&'a TaskId, &'a Footprint)>,
}

impl<'a> Live<'a> {
    /// In the order of their names, so that what is said of a task does not change from look to look.
    fn of(queue: &'a Queue) -> Self {
        let mut known: Vec<_> = queue.live().filter_map(|(id, entry)| Some((id, entry?))).collect();
        known.sort_unstable_by_key(|(id, _)| *id);
        let mut live = Live { domains: HashMap::new(), footprints: Vec::new() };
        for (id, entry) in known {
            if let Some(domain) = &entry.domain {
                live.domains.entry(domain).or_insert(id);
            }
            live.footprints.push((id, &entry.footprint));
        }
        live
    }

    fn domain_of(&self, entry: &Entry) -> Option<&'a TaskId> {
        entry.domain.as_deref().and_then(|domain| self.domains.get(domain).copied())
    }

    fn overlap_of(&self, entry: &Entry) -> Option<&'a TaskId> {
        self.footprints.iter().find(|(_, other)| other.overlaps(&entry.footprint)).map(|(id, _)| *id)
    }
}

/// The task to claim next, if there is one. `queue` must have been advanced to the present.
///
/// The work grows with the live tasks and with those that stand before the one picked and are passed over:
/// left out by the filter, of a busy domain, or overlapping with a live task.
pub fn pick<'a>(queue: &'a Queue, filter: &Filter) -> Option<&'a Entry> {
    let live = Live::of(queue);
    let mut second_best = None;
    for entry in queue.in_order() {
        if filter.refuses(entry).is_some() || live.domain_of(entry).is_some() {
            continue;
        }
        if live.overlap_of(entry).is_none() {
            return Some(entry);
        }
        second_best = second_best.or(Some(entry));
    }
    second_best
}

/// The first `most` of what could be claimed now, in the order in which it would be, and how many could be in all.
/// `queue` must have been advanced to the present.
pub fn first_claimable<'a>(queue: &'a Queue, filter: &Filter, most: usize) -> (Vec<&'a Entry>, usize) {
    let live = Live::of(queue);
    let claimable = queue.in_order().filter(|entry| filter.refuses(entry).is_none() && live.domain_of(entry).is_none());
    let (mut first, mut overlapping, mut count) = (Vec::new(), Vec::new(), 0);
    for entry in claimable {
        count += 1;
        // The others need no look: they could not come before these.
        if first.len() < most {
            let of_its_kind = if live.overlap_of(entry).is_none() { &mut first } else { &mut overlapping };
            of_its_kind.push(entry);
        }
    }
    first.extend(overlapping);
    first.truncate(most);
    (first, count)
}

/// What could be claimed now, in the order in which it would be; and for each other waiting task what holds it.
/// `queue` must have been advanced to the present.
pub fn forecast<'a>(queue: &'a Queue, filter: &Filter) -> (Vec<&'a Entry>, Vec<(&'a Entry, Hold)>) {
    let live = Live::of(queue);
    let claimable = queue.in_order().filter(|entry| filter.refuses(entry).is_none() && live.domain_of(entry).is_none());
    let (clear, overlapping): (Vec<_>, Vec<_>) = claimable.partition(|entry| live.overlap_of(entry).is_none());
    let claimed: Vec<&Entry> = clear.into_iter().chain(overlapping).collect();
    let listed: HashSet<&TaskId> = claimed.iter().map(|entry| &entry.id).collect();
    let mut rest: Vec<&Entry> = queue.all_pending().filter(|entry| !listed.contains(&entry.id)).collect();
    rest.sort_by(|a, b| (a.priority, a.arrived, &a.id).cmp(&(b.priority, b.arrived, &b.id)));
    let held = rest.into_iter().filter_map(|entry| hold_beside(&live, queue, filter, entry).map(|hold| (entry, hold)));
    (claimed, held.collect())
}

/// What holds a waiting task, if anything does: the most lasting reason first.
pub fn hold(queue: &Queue, filter: &Filter, entry: &Entry) -> Option<Hold> {
    hold_beside(&Live::of(queue), queue, filter, entry)
}

fn hold_beside(live: &Live<'_>, queue: &Queue, filter: &Filter, entry: &Entry) -> Option<Hold> {
    if entry.kind == Kind::Epic {
        return Some(Hold::Epic);
    }
    if let Some(state) = queue.double(&entry.id) {
        return Some(Hold::Double(state));
    }
    if let Some(cycle) = cycle_through(queue, &entry.id) {
        return Some(Hold::Cycle(cycle));
    }
    if let Some(unmet) = unmet_dependency(queue, entry) {
        return Some(unmet);
    }
    if queue.is_open(&entry.id) {
        return Some(Hold::BeingWritten);
    }
    if let Some(flag) = filter.refuses(entry) {
        return Some(Hold::Filtered(flag));
    }
    if let Some(due) = queue.due(&entry.id) {
        return Some(match (entry.not_before, entry.backoff) {
            (Some(at), _) if at == due => Hold::NotBefore(at),
            (_, Some(at)) if at == due => Hold::Backoff(at),
            (_, _) => Hold::Locked(due),
        });
    }
    if let (Some(id), Some(domain)) = (live.domain_of(entry), &entry.domain) {
        return Some(Hold::Domain(domain.clone(), id.clone()));
    }
    live.overlap_of(entry).map(|id| Hold::Overlap(id.clone()))
}

/// A dependency that is not complete; one that only a person can help goes before one that may yet be.
fn unmet_dependency(queue: &Queue, entry: &Entry) -> Option<Hold> {
    let unmet = entry.depends_on.iter().filter(|id| !queue.holds(State::Complete, id));
    let holds = || unmet.clone().map(|id| Hold::Dependency(id.clone(), queue.whereabouts(id)));
    holds().find(Hold::needs_a_person).or_else(|| holds().next())
}

/// The tasks of a circle of dependencies through `start`, in order.
fn cycle_through(queue: &Queue, start: &TaskId) -> Option<Vec<TaskId>> {
    let mut seen = HashSet::new();
    let mut path = vec![(start, 0)];
    while let Some((id, next)) = path.last_mut() {
        let dependency = queue.pending(id).and_then(|entry| entry.depends_on.get(*next));
        *next += 1;
        match dependency {
            None => drop(path.pop()),
            Some(dependency) if dependency == start => {
                return Some(path.into_iter().map(|(id, _)| id.clone()).collect());
            }
            Some(dependency) if queue.holds(State::Complete, dependency) => {}
            Some(dependency) => {
                if seen.insert(dependency) {
                    path.push((dependency, 0));
                }
            }
        }
    }
    None
}

/// What a worker that found nothing to claim can hope for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Something becomes claimable at this moment; and, then or later, something does so by itself: after a pause, or
    /// when a lock is tried again.
    At(Timestamp),
    /// Something becomes claimable at this moment, but all that will only because its author wished to wait that long.
    AuthorsTime(Timestamp),
    /// Only the end of a live task, or a person, can change something.
    Nothing,
}

/// What could become claimable by the passing of time alone. `queue` must have been advanced to `now`.
pub fn outlook(queue: &Queue, filter: &Filter, now: Timestamp) -> Outlook {
    let mut nearest = None;
    for (due, entry) in queue.to_come().filter(|(_, entry)| filter.refuses(entry).is_none()) {
        let nearest = *nearest.get_or_insert(due);
        if entry.not_before.is_none_or(|wish| wish <= now) {
            return Outlook::At(nearest);
        }
    }
    nearest.map_or(Outlook::Nothing, Outlook::AuthorsTime)
}

#[cfg(test)]
mod tests;
