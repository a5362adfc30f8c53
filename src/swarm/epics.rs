//! Completes the epics of which all is done: every child is in `complete/`, and there is one.
//!
//! An epic is moved under the kernel lock that a claim of its name would take, so that of several processes one does
//! it, once. Nothing is decided by the picture alone: before the move the folders are asked about the epic and about
//! every child that the picture has ever seen.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::SignedDuration;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::board::{Board, MANY, WhenEmpty};
use super::picture::parent;
use crate::cycle::Workshop;
use crate::error::{Context, Result};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Kind, Task, TaskId, with_progress};
use crate::model::transition::pause;
use crate::os::clock;
use crate::os::files::Moved;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::task_folder::{self, EditError};

/// How long an epic is left alone that another process has, or about which the picture was wrong.
const A_MOMENT: Duration = Duration::from_millis(500);

/// What came of an attempt to complete an epic.
enum Settled {
    /// It is in `complete/`.
    Complete,
    /// The folders say something else than the picture did; the picture has been told.
    NotYet,
    /// Another process has it just now.
    Busy,
}

/// Completes every epic of which all is done, also those that become so by that.
pub(super) fn settle(shop: &Workshop, board: &Board) {
    board.meet_children();
    let _alone = board.settling.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(id) = board.ripe().into_iter().next() {
        match complete(shop, board, &id) {
            Ok(Settled::Complete) => {
                board.lock().failures.remove(&id);
                board.refresh(&id);
            }
            Ok(Settled::NotYet | Settled::Busy) => put_off(board, &id, A_MOMENT),
            Err(error) => {
                let who = Who { task: Some(id.clone()), ..Who::default() };
                let message = format!("cannot complete the epic: {}", error.chain());
                shop.journal.event(&who, Event::Warning { message });
                put_off(board, &id, after_failure(shop, board, &id));
            }
        }
    }
}

fn put_off(board: &Board, id: &TaskId, pause: Duration) {
    let until = SignedDuration::try_from(pause).ok().and_then(|pause| clock::now().checked_add(pause).ok());
    board.defer(id, until.unwrap_or(jiff::Timestamp::MAX));
}

/// A run that ends when nothing is left does not wait for ever for a disk that is full.
fn after_failure(shop: &Workshop, board: &Board, id: &TaskId) -> Duration {
    let settings = shop.settings();
    let limits = &settings.config.limits;
    let mut inner = board.lock();
    let failures = inner.failures.entry(id.clone()).or_default();
    *failures = failures.saturating_add(1);
    if board.when_empty == WhenEmpty::End && *failures >= limits.infra {
        return Duration::MAX;
    }
    pause(*failures, limits, fastrand::f64()).max(A_MOMENT)
}

fn complete(shop: &Workshop, board: &Board, id: &TaskId) -> Result<Settled> {
    let dirs = &shop.dirs;
    let lock = Lock::try_exclusive(&dirs.claim_lock(id)).context(|| format!("lock the claim of {id}"))?;
    let Some(_lock) = lock else { return Ok(Settled::Busy) };
    if !is_epic_alone(shop, id) || !all_children_are_complete(board, id) {
        return Ok(Settled::NotYet);
    }
    let who = Who { task: Some(id.clone()), ..Who::default() };
    note(shop, &who, id)?;
    let (from, to) = (State::Pending, State::Complete);
    match task_folder::move_task(dirs, id, from, to).context(|| format!("move {id} to {to}/"))? {
        Moved::Done => {
            let cause = "an epic whose children are all complete".to_owned();
            shop.journal.event(&who, Event::TaskMoved { from, to: Some(to), cause, outcome: None });
            Ok(Settled::Complete)
        }
        Moved::Gone | Moved::Taken => Ok(Settled::NotYet),
    }
}

/// Whether the file in `pending/` is a valid epic, the only one of its name, and free.
fn is_epic_alone(shop: &Workshop, id: &TaskId) -> bool {
    let dirs = &shop.dirs;
    let Ok(Some(found)) = task_folder::read(dirs, State::Pending, id) else { return false };
    let elsewhere = |state: &State| *state != State::Pending && task_folder::exists(dirs, *state, id);
    let is_met = |id: &TaskId| task_folder::exists(dirs, State::Complete, id);
    found.task.kind == Kind::Epic && !State::ALL.iter().any(elsewhere) && found.task.depends_on.iter().all(is_met)
}

/// Whether the folders agree that no child is left; the board looks again at those of which they do not.
fn all_children_are_complete(board: &Board, id: &TaskId) -> bool {
    let dirs = &board.dirs;
    let inner = board.lock();
    let finished: Vec<TaskId> = inner.queue.finished_children(id).cloned().collect();
    let vanished: Vec<TaskId> = inner.queue.vanished_children(id).cloned().collect();
    drop(inner);
    let is_finished = |id: &TaskId| task_folder::exists(dirs, State::Complete, id);
    let is_gone = |id: &TaskId| matches!(task_folder::find(dirs, id), None | Some(State::Complete));
    let doubted = finished.iter().filter(|id| !is_finished(id)).chain(vanished.iter().filter(|id| !is_gone(id)));
    let doubted: Vec<&TaskId> = doubted.collect();
    doubted.iter().for_each(|id| board.refresh(id));
    doubted.is_empty()
}

/// Notes in the file when it was completed. Where its front matter cannot take that, it is complete all the same.
fn note(shop: &Workshop, who: &Who, id: &TaskId) -> Result<()> {
    let edited = task_folder::edit(&shop.dirs, State::Pending, id, |bytes| {
        let mut progress = Task::parse(id.clone(), bytes)?.progress;
        progress.completed_at = Some(clock::now());
        with_progress(bytes, &progress)
    });
    match edited {
        Ok(_) => Ok(()),
        Err(EditError::Invalid(reason)) => {
            let message = format!("that it is complete is not noted in its file: {reason}");
            shop.journal.event(who, Event::Warning { message });
            Ok(())
        }
        Err(EditError::Io(error)) => Err(error).context(|| format!("edit {id}")),
    }
}

impl Board {
    /// The epics of which all is done, as far as the picture goes.
    pub(super) fn ripe(&self) -> Vec<TaskId> {
        self.lock().queue.ripe().cloned().collect()
    }

    /// Reads to which epics the complete tasks belong, if an epic waits of which no child is known.
    pub(super) fn meet_children(&self) {
        if self.lock().queue.childless().next().is_some() {
            self.read_complete();
        }
    }

    /// Reads to which epics the complete tasks belong, each once, without keeping anybody from the board.
    pub fn read_complete(&self) {
        let unread: Vec<TaskId> = self.lock().unread.iter().cloned().collect();
        let read = |id: &TaskId| (id.clone(), parent(&self.dirs, State::Complete, id));
        let parents: Vec<_> =
            if unread.len() < MANY { unread.iter().map(read).collect() } else { unread.par_iter().map(read).collect() };
        let mut inner = self.lock();
        for (id, parent) in parents {
            if inner.unread.remove(&id) && inner.queue.holds(State::Complete, &id) {
                inner.queue.put_complete(&id, parent.as_ref());
            }
        }
    }
}
