//! Whether something has happened that is worth a planner's thought: a task came to an end or to a person, the base has
//! moved, or somebody has said something about a task that is not complete.

use std::collections::HashMap;

use super::board::Board;
use crate::cycle::Workshop;
use crate::model::comment::{Author, comments};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::git::Oid;
use crate::os::task_folder::{self, Stamp};

/// Where people comment on what is still to be done. (Who works on a task in `current/` finds its comments by itself.)
const COMMENTED: [State; 3] = [State::Pending, State::Review, State::Blocked];

/// What was known when a planner began.
#[derive(Debug, Default)]
pub(super) struct News {
    arrivals: u64,
    base: Option<Oid>,
    comments: HashMap<TaskId, (Stamp, usize)>,
}

impl News {
    /// What is known now, with as little reading as `before` allows.
    pub(super) fn look(shop: &Workshop, board: &Board, arrivals: u64, before: &News) -> Self {
        Self { arrivals, base: shop.repo.newest(&shop.base).ok(), comments: before.comments_now(shop, board) }
    }

    /// Whether something has happened since.
    pub(super) fn is_old(&self, shop: &Workshop, board: &Board, arrivals: u64) -> bool {
        // What is at work may be moving it, and is news itself when it arrives.
        let is_quiet = || board.with_queue(|queue| queue.count(State::Current) == 0);
        let has_moved = || shop.repo.newest(&shop.base).is_ok_and(|base| self.base.as_ref() != Some(&base));
        let has_more = || {
            let known = |id: &TaskId| self.comments.get(id).map_or(0, |(_, count)| *count);
            self.comments_now(shop, board).iter().any(|(id, (_, count))| *count > known(id))
        };
        self.arrivals != arrivals || (is_quiet() && has_moved()) || has_more()
    }

    /// How many comments of people each task has.
    fn comments_now(&self, shop: &Workshop, board: &Board) -> HashMap<TaskId, (Stamp, usize)> {
        let ids = |state| board.with_queue(|queue| queue.ids(state).cloned().collect::<Vec<_>>());
        let all = COMMENTED.into_iter().flat_map(|state| ids(state).into_iter().map(move |id| (state, id)));
        all.filter_map(|(state, id)| {
            let stamp = task_folder::stamp(&shop.dirs, state, &id)?;
            let known = self.comments.get(&id).filter(|(known, _)| *known == stamp).map(|(_, count)| *count);
            let count = known.or_else(|| count(shop, state, &id))?;
            Some((id, (stamp, count)))
        })
        .collect()
    }
}

fn count(shop: &Workshop, state: State, id: &TaskId) -> Option<usize> {
    let found = task_folder::read(&shop.dirs, state, id).ok().flatten()?;
    Some(comments(&found.task.body).iter().filter(|comment| comment.author == Author::Human).count())
}
