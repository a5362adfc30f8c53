//! Which task is next, and what holds each of the others: one pure decision over the queue's picture, so
//! that the workers, `--dry-run` and every explanation agree.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::budget::{Refusal, Short};
use super::footprint::Footprint;
use super::queue::{Entry, Queue};
use super::task::{Kind, TaskId};
use filter::Sieve;
use waits::{Wait, Waits, is_childless};

pub use brakes::{Brakes, Mending, Paused, RedBase};
pub use filter::Filter;
pub use hold::{Chain, Circle, End, Hold};
pub use reach::{Closed, Full, OutOfReach, Reach, first_in_reach};

mod brakes;
mod filter;
mod hold;
mod reach;
mod waits;

/// Why nobody pays for a task, if that is so.
fn unpaid(queue: &Queue, entry: &Entry) -> Option<Refusal> {
    queue.purse.refuses(entry.domain.as_deref(), &entry.appetite)
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

/// One look at a queue that does not change meanwhile.
struct Look<'a> {
    queue: &'a Queue,
    live: Live<'a>,
    sieve: Sieve<'a>,
    waits: Waits<'a>,
    brakes: &'a Brakes,
}

impl<'a> Look<'a> {
    fn new(queue: &'a Queue, filter: &'a Filter) -> Self {
        let (live, sieve, waits) = (Live::of(queue), Sieve::new(queue, filter), Waits::new(queue));
        Self { queue, live, sieve, waits, brakes: &queue.brakes }
    }

    /// What holds a waiting task, if anything does: the most lasting reason first.
    fn hold(&mut self, entry: &'a Entry) -> Option<Hold> {
        let mut first = None;
        let _ = self.each_hold(entry, &mut |hold| {
            first = Some(hold);
            ControlFlow::Break(())
        });
        first
    }

    /// Tells what holds a waiting task, the most lasting reason first, until `tell` has heard enough.
    fn each_hold(&mut self, entry: &'a Entry, tell: &mut dyn FnMut(Hold) -> ControlFlow<()>) -> ControlFlow<()> {
        let queue = self.queue;
        if let Some(state) = queue.double(&entry.id) {
            tell(Hold::Double(state))?;
        }
        let waits = self.waits.of(entry);
        match (waits, entry.kind) {
            (Wait::Cycle(circle), _) => tell(Hold::Cycle(circle))?,
            (Wait::Chain(chain), kind) => {
                let hold = |chain| match kind {
                    Kind::Epic => Hold::Epic(chain),
                    Kind::Task => Hold::Dependency(chain),
                };
                let told = chain.ids.first().cloned();
                tell(hold(chain))?;
                for need in queue.unmet(entry).filter(|need| Some(*need) != told.as_ref()) {
                    tell(hold(self.waits.for_need(need)))?;
                }
            }
            (Wait::None, Kind::Epic) if is_childless(queue, &entry.id) => tell(Hold::Childless)?,
            (Wait::None, Kind::Epic | Kind::Task) => {}
        }
        if queue.is_open(&entry.id) {
            tell(Hold::BeingWritten)?;
        }
        let due = queue.due(&entry.id);
        if entry.kind == Kind::Epic {
            return tell(due.map_or(Hold::Ripe, Hold::Locked));
        }
        if let Some(flag) = self.sieve.refuses(entry) {
            tell(Hold::Filtered(flag))?;
        }
        self.brakes.holds(&entry.id).try_for_each(&mut *tell)?;
        if let Some(due) = due {
            tell(match (entry.not_before, entry.backoff) {
                (Some(at), _) if at == due => Hold::NotBefore(at),
                (_, Some(at)) if at == due => Hold::Backoff(at),
                (_, _) => Hold::Locked(due),
            })?;
        }
        if let Some(lack) = queue.reach.lacks(entry) {
            tell(Hold::OutOfReach(lack))?;
        }
        if let (Some(id), Some(domain)) = (self.live.domain_of(entry), &entry.domain) {
            tell(Hold::Domain(domain.clone(), id.clone()))?;
        }
        if let Some(refusal) = unpaid(queue, entry) {
            tell(refusal.into())?;
        }
        match self.live.overlap_of(entry) {
            Some(id) => tell(Hold::Overlap(id.clone())),
            None => ControlFlow::Continue(()),
        }
    }
}

/// The task to claim next, if there is one. `queue` must have been advanced to the present.
///
/// The work grows with the live tasks and with those that stand before the one picked and are passed over:
/// left out by the filter, of a busy or penniless domain, or overlapping with a live task.
pub fn pick<'a>(queue: &'a Queue, filter: &Filter) -> Option<&'a Entry> {
    let live = Live::of(queue);
    let mut sieve = Sieve::new(queue, filter);
    let mut second_best = None;
    for entry in queue.in_order() {
        if live.domain_of(entry).is_some() || unpaid(queue, entry).is_some() || sieve.refuses(entry).is_some() {
            continue;
        }
        if !queue.brakes.let_through(&entry.id) || queue.reach.lacks_until(entry).is_some() {
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
    let mut sieve = Sieve::new(queue, filter);
    let is_free = |entry: &&Entry| {
        live.domain_of(entry).is_none()
            && queue.brakes.let_through(&entry.id)
            && queue.reach.lacks_until(entry).is_none()
    };
    let claimable = queue.in_order().filter(is_free).filter(|entry| sieve.refuses(entry).is_none());
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
    let mut look = Look::new(queue, filter);
    let Look { live, sieve, .. } = &mut look;
    let is_free = |entry: &&Entry| {
        live.domain_of(entry).is_none()
            && unpaid(queue, entry).is_none()
            && queue.brakes.let_through(&entry.id)
            && queue.reach.lacks_until(entry).is_none()
    };
    let claimable = queue.in_order().filter(is_free).filter(|entry| sieve.refuses(entry).is_none());
    let (clear, overlapping): (Vec<_>, Vec<_>) = claimable.partition(|entry| live.overlap_of(entry).is_none());
    let claimed: Vec<&Entry> = clear.into_iter().chain(overlapping).collect();
    let listed: HashSet<&TaskId> = claimed.iter().map(|entry| &entry.id).collect();
    let mut rest: Vec<&Entry> = queue.all_pending().filter(|entry| !listed.contains(&entry.id)).collect();
    rest.sort_by(|a, b| (a.priority, a.arrived, &a.id).cmp(&(b.priority, b.arrived, &b.id)));
    let held = rest.into_iter().filter_map(|entry| look.hold(entry).map(|hold| (entry, hold)));
    (claimed, held.collect())
}

/// What holds a waiting task, if anything does: the most lasting reason first.
pub fn hold(queue: &Queue, filter: &Filter, entry: &Entry) -> Option<Hold> {
    Look::new(queue, filter).hold(entry)
}

/// All that holds a waiting task, the most lasting reason first; of what it waits for, each.
pub fn holds(queue: &Queue, filter: &Filter, entry: &Entry) -> Vec<Hold> {
    let mut holds = Vec::new();
    let _ = Look::new(queue, filter).each_hold(entry, &mut |hold| {
        holds.push(hold);
        ControlFlow::Continue(())
    });
    if holds.len() > 1 {
        // Said of an epic of which all is done, and of nothing else.
        holds.retain(|hold| *hold != Hold::Ripe);
    }
    holds
}

/// The waiting tasks among these, of those that the filter lets through, that only a person can set free, in the order
/// of their names; each with what holds it. What holds them all is no task's own trouble, and is left out.
pub fn stuck<'a>(queue: &'a Queue, filter: &Filter, among: impl Iterator<Item = &'a Entry>) -> Vec<(&'a Entry, Hold)> {
    let mut look = Look { brakes: Brakes::NONE, ..Look::new(queue, filter) };
    let held = among.filter(|entry| look.sieve.refuses(entry).is_none()).collect::<Vec<_>>();
    let held = held.into_iter().filter_map(|entry| look.hold(entry).map(|hold| (entry, hold)));
    let mut stuck: Vec<_> = held.filter(|(_, hold)| hold.needs_a_person()).collect();
    stuck.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    stuck
}

/// The domains that cannot pay for a task that could be claimed otherwise, each once. `queue` must have been advanced
/// to the present.
pub fn short_of_money(queue: &Queue, filter: &Filter) -> Vec<Short> {
    let mut found: Vec<Short> = Vec::new();
    if !queue.purse.has_budgets() {
        return found;
    }
    let live = Live::of(queue);
    let mut sieve = Sieve::new(queue, filter);
    for entry in queue.in_order().filter(|entry| live.domain_of(entry).is_none()) {
        match unpaid(queue, entry) {
            Some(Refusal::Short(short))
                if found.iter().all(|known| known.domain != short.domain) && sieve.refuses(entry).is_none() =>
            {
                found.push(short);
            }
            Some(_) | None => {}
        }
    }
    found
}

/// Whether the filter lets a task through that is worked on now; one of which nothing is known may be meant.
pub fn is_meant(queue: &Queue, filter: &Filter, live: Option<&Entry>) -> bool {
    live.is_none_or(|entry| Sieve::new(queue, filter).refuses(entry).is_none())
}

/// What a worker that found nothing to claim can hope for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// Something becomes claimable at this moment; and, then or later, something does so by itself: after a pause, or
    /// when a lock is tried again.
    At(Timestamp),
    /// Something becomes claimable at this moment, but all that will only because its author wished to wait that long,
    /// or perhaps because somebody gives money for it.
    AuthorsTime(Timestamp),
    /// Only the end of a live task, or a person, can change something.
    Nothing,
}

/// What could become claimable by the passing of time alone. `queue` must have been advanced to `now`.
pub fn outlook(queue: &Queue, filter: &Filter, now: Timestamp) -> Outlook {
    let mut nearest = None;
    let mut sieve = Sieve::new(queue, filter);
    for (due, entry) in queue.to_come().filter(|(_, entry)| sieve.refuses(entry).is_none()) {
        let nearest = *nearest.get_or_insert(due);
        if entry.not_before.is_none_or(|wish| wish <= now) {
            return Outlook::At(nearest);
        }
    }
    if !queue.reach.closed.is_empty() {
        let kept = queue.in_order().filter(|entry| sieve.refuses(entry).is_none());
        if let Some(until) = kept.filter_map(|entry| queue.reach.lacks_until(entry)).min() {
            return Outlook::At(nearest.map_or(until, |nearest| nearest.min(until)));
        }
    }
    let mut outlook = nearest.map_or(Outlook::Nothing, Outlook::AuthorsTime);
    for entry in queue.in_order() {
        let Some(Refusal::Closed(closed)) = unpaid(queue, entry) else { continue };
        if sieve.refuses(entry).is_some() {
            continue;
        }
        let until = nearest.map_or(closed.until, |nearest| nearest.min(closed.until));
        match closed.needs_a_person {
            false => return Outlook::At(until),
            true => outlook = Outlook::AuthorsTime(until),
        }
        nearest = Some(until);
    }
    outlook
}

#[cfg(test)]
mod tests;
