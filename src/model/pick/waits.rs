//! Who waits for whom, to the end: found out once for each waiting task, however many wait for it.
//!
//! A circle is found with the tasks that stand in it (Tarjan's strong components, without recursion, because a chain
//! may be as long as the queue), and a task is judged after all for which it waits.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::hold::{Chain, Circle, End};
use crate::model::queue::{Entry, Queue};
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};

/// What is known so far.
pub(super) struct Waits<'a> {
    queue: &'a Queue,
    found: HashMap<&'a TaskId, Found<'a>>,
}

/// What a waiting task waits for.
#[derive(Debug, Clone)]
enum Found<'a> {
    /// For no other task.
    None,
    /// For a row of others.
    Chain(Row<'a>),
    /// For itself.
    Cycle(Circle),
}

/// A row of `length` tasks: the first, and the last, which may be the same.
#[derive(Debug, Clone)]
struct Row<'a> {
    next: &'a TaskId,
    length: usize,
    last: &'a TaskId,
    end: End,
}

/// What one task waits for.
pub(super) enum Wait {
    None,
    Chain(Chain),
    Cycle(Circle),
}

impl<'a> Waits<'a> {
    pub(super) fn new(queue: &'a Queue) -> Self {
        Self { queue, found: HashMap::new() }
    }

    /// What a waiting task waits for: what only a person can help goes before what may yet come by itself.
    pub(super) fn of(&mut self, entry: &'a Entry) -> Wait {
        if !self.found.contains_key(&entry.id) {
            self.visit(&entry.id);
        }
        match self.found.get(&entry.id) {
            None | Some(Found::None) => Wait::None,
            Some(Found::Cycle(circle)) => Wait::Cycle(circle.clone()),
            Some(Found::Chain(row)) => Wait::Chain(self.told(row)),
        }
    }

    /// The chain that begins with `need`, for which a task waits of which it was asked before.
    pub(super) fn for_need(&self, need: &'a TaskId) -> Chain {
        self.told(&self.row(need))
    }

    fn told(&self, row: &Row<'a>) -> Chain {
        let links = std::iter::successors(Some(row.next), |id| self.next(id));
        Chain::new(links, row.length, row.last, row.end.clone())
    }

    fn next(&self, id: &TaskId) -> Option<&'a TaskId> {
        match self.found.get(id)? {
            Found::Chain(row) => Some(row.next),
            Found::None | Found::Cycle(_) => None,
        }
    }

    /// The waiting tasks for which a waiting task waits.
    fn needs(&self, id: &TaskId) -> Vec<&'a TaskId> {
        let queue = self.queue;
        let unmet = queue.pending(id).into_iter().flat_map(|entry| queue.unmet(entry));
        unmet.filter(|need| queue.pending(need).is_some() && !queue.holds(State::Complete, need)).collect()
    }

    fn visit(&mut self, start: &'a TaskId) {
        let mut walk = Walk::default();
        walk.enter(start, self.needs(start));
        while let Some(step) = walk.frames.last_mut() {
            let (id, at) = (step.id, step.at);
            if let Some(need) = step.needs.next() {
                if self.found.contains_key(need) {
                    continue;
                }
                match walk.reached.get(need) {
                    Some(earlier) => walk.lowest[at] = walk.lowest[at].min(*earlier),
                    None => walk.enter(need, self.needs(need)),
                }
                continue;
            }
            walk.frames.pop();
            let lowest = walk.lowest[at];
            if let Some(below) = walk.frames.last() {
                walk.lowest[below.at] = walk.lowest[below.at].min(lowest);
            }
            if lowest == at {
                let mut members = walk.open.split_off(walk.open.iter().rposition(|open| *open == id).unwrap_or(0));
                // The same circles are told wherever the walk began.
                members.sort_unstable();
                self.conclude(&members);
            }
        }
    }

    /// `members` wait for each other, or are a single task; all else for which they wait is judged.
    fn conclude(&mut self, members: &[&'a TaskId]) {
        match members {
            [single] if !self.needs(single).contains(single) => {
                let found = self.judge(single);
                self.found.insert(single, found);
            }
            _ => {
                let inside: HashSet<&TaskId> = members.iter().copied().collect();
                for member in members {
                    if self.found.contains_key(member) {
                        continue;
                    }
                    let circle: Arc<[TaskId]> = self.circle(member, &inside).into_iter().cloned().collect();
                    for (first, id) in circle.iter().enumerate() {
                        if let Some(id) = inside.get(id) {
                            self.found.entry(id).or_insert(Found::Cycle(Circle::new(Arc::clone(&circle), first)));
                        }
                    }
                }
            }
        }
    }

    /// The row that begins with `next`, which is judged if it waits itself.
    fn row(&self, next: &'a TaskId) -> Row<'a> {
        let alone = |end| Row { next, length: 1, last: next, end };
        match self.found.get(next).filter(|_| self.queue.whereabouts(next) == Some(State::Pending)) {
            Some(Found::Chain(row)) => Row { next, length: row.length + 1, ..row.clone() },
            Some(Found::Cycle(circle)) => alone(End::Cycle(circle.clone())),
            None | Some(Found::None) => alone(end_of(self.queue, next)),
        }
    }

    fn judge(&self, id: &TaskId) -> Found<'a> {
        let queue = self.queue;
        let mut first = None;
        for need in queue.pending(id).into_iter().flat_map(|entry| queue.unmet(entry)) {
            let row = self.row(need);
            if row.end.needs_a_person() {
                return Found::Chain(row);
            }
            first.get_or_insert(row);
        }
        first.map_or(Found::None, Found::Chain)
    }

    /// The tasks of a circle through `start` that does not leave `inside`, in order.
    fn circle(&self, start: &'a TaskId, inside: &HashSet<&'a TaskId>) -> Vec<&'a TaskId> {
        let mut seen = HashSet::new();
        let mut path = vec![(start, self.needs(start).into_iter())];
        while let Some((_, needs)) = path.last_mut() {
            match needs.next() {
                None => drop(path.pop()),
                Some(need) if need == start => break,
                Some(need) if inside.contains(need) && seen.insert(need) => {
                    path.push((need, self.needs(need).into_iter()));
                }
                Some(_) => {}
            }
        }
        path.into_iter().map(|(id, _)| id).collect()
    }
}

/// What is with a task that waits for no other.
fn end_of(queue: &Queue, id: &TaskId) -> End {
    match queue.whereabouts(id) {
        Some(State::Complete) => End::Double(queue.not_complete(id).unwrap_or(State::Complete)),
        Some(state @ (State::Review | State::Blocked)) => {
            End::Lies(state, queue.aside(state, id).and_then(|aside| aside.reason.clone()))
        }
        Some(State::Pending) if is_childless(queue, id) => End::Childless,
        Some(state @ (State::Pending | State::Current)) => End::Lies(state, None),
        None => match queue.invalid_file(id) {
            Some((state, invalid)) => End::Invalid { state, line: invalid.line, reason: invalid.reason.clone() },
            None => End::Unknown,
        },
    }
}

/// Whether a waiting task that waits for no other is an epic of which no child is known.
pub(super) fn is_childless(queue: &Queue, id: &TaskId) -> bool {
    queue.pending(id).is_some_and(|entry| entry.kind == Kind::Epic) && queue.finished_children(id).next().is_none()
}

/// A walk along needs, deepest first.
#[derive(Default)]
struct Walk<'a> {
    frames: Vec<Frame<'a>>,
    /// When each task was reached.
    reached: HashMap<&'a TaskId, usize>,
    /// The earliest task that each can reach, by when it was reached.
    lowest: Vec<usize>,
    /// Reached, and not yet judged, in the order in which they were reached.
    open: Vec<&'a TaskId>,
}

struct Frame<'a> {
    id: &'a TaskId,
    at: usize,
    needs: std::vec::IntoIter<&'a TaskId>,
}

impl<'a> Walk<'a> {
    fn enter(&mut self, id: &'a TaskId, needs: Vec<&'a TaskId>) {
        let at = self.lowest.len();
        self.reached.insert(id, at);
        self.lowest.push(at);
        self.open.push(id);
        self.frames.push(Frame { id, at, needs: needs.into_iter() });
    }
}
