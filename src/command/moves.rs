//! `swarm retry`, `hold` and `cancel`: a person moves tasks between folders, with checks.

use super::Desk;
use super::add::parse_id;
use crate::cli::{Ids, Retry};
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::comment::{Author, with_comment};
use crate::model::reopen::looked_at;
use crate::model::state::State;
use crate::model::task::{Progress, Task, TaskId, with_progress};
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::files::Moved;
use crate::os::task_folder::{self, EditError, Name};

/// Back to pending, with a fresh ledger: a person has looked at it.
pub(super) fn retry(desk: &Desk, words: &Retry) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let ids = if words.blocked { all(&dirs, State::Blocked)? } else { parse_all(&words.ids)? };
    each(desk, &ids, |id| {
        let from = whereabouts(&dirs, id)?;
        match from {
            State::Blocked | State::Review | State::Pending => {}
            State::Current => {
                return Err(Error::failed(format!("{id} is being worked on"))
                    .hint(format!("end the attempt first: swarm cancel {id}")));
            }
            State::Complete => {
                return Err(Error::failed(format!("{id} is complete: its work is on the base"))
                    .hint("add a new task for more work"));
            }
        }
        forgive(&dirs, from, id)?;
        if from != State::Pending {
            go(&dirs, id, from, State::Pending)?;
        }
        Ok(format!("{id}: {from} → pending"))
    })
}

/// Out of reach of the workers.
pub(super) fn hold(desk: &Desk, words: &Ids) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    each(desk, &parse_all(&words.ids)?, |id| match whereabouts(&dirs, id)? {
        State::Pending => {
            go(&dirs, id, State::Pending, State::Blocked)?;
            note(&dirs, id, &format!("Held by hand. To let it be claimed: swarm retry {id}"))?;
            Ok(format!("{id}: pending → blocked"))
        }
        State::Blocked => Ok(format!("{id} is in blocked/ already")),
        State::Current => {
            Err(Error::failed(format!("{id} is being worked on")).hint(format!("end the attempt: swarm cancel {id}")))
        }
        state @ (State::Review | State::Complete) => {
            Err(Error::failed(format!("{id} is in {state}/: nothing claims it there")))
        }
    })
}

/// Ends a live attempt, or takes a waiting task out of the queue.
pub(super) fn cancel(desk: &Desk, words: &Ids) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    each(desk, &parse_all(&words.ids)?, |id| match whereabouts(&dirs, id)? {
        from @ (State::Current | State::Pending | State::Review) => {
            go(&dirs, id, from, State::Blocked)?;
            note(&dirs, id, &format!("Cancelled by hand. To have it tried again: swarm retry {id}"))?;
            Ok(format!("{id}: {from} → blocked"))
        }
        State::Blocked => Ok(format!("{id} is in blocked/ already")),
        State::Complete => Err(Error::failed(format!("{id} is complete: its work is on the base"))),
    })
}

fn parse_all(ids: &[String]) -> Result<Vec<TaskId>> {
    ids.iter().map(|id| parse_id(id)).collect()
}

fn all(dirs: &Dirs, state: State) -> Result<Vec<TaskId>> {
    let names = task_folder::list(dirs, state).context(|| format!("read {}", dirs.state(state).display()))?;
    let mut ids: Vec<TaskId> = names
        .iter()
        .filter_map(|name| match task_folder::read_name(name) {
            Name::Task(id) => Some(id),
            Name::Foreign | Name::Impossible(_) => None,
        })
        .collect();
    ids.sort();
    Ok(ids)
}

/// Does `act` to each; what fails does not stop the others.
pub(super) fn each(desk: &Desk, ids: &[TaskId], mut act: impl FnMut(&TaskId) -> Result<String>) -> Result<Exit> {
    let mut exit = Exit::Done;
    for id in ids {
        match act(id) {
            Ok(done) => desk.print(&format!("{done}\n"))?,
            Err(error) => {
                super::complain(&error);
                exit = error.exit();
            }
        }
    }
    Ok(exit)
}

/// The folder in which a task lies.
pub(super) fn whereabouts(dirs: &Dirs, id: &TaskId) -> Result<State> {
    task_folder::find(dirs, id)
        .ok_or_else(|| Error::failed(format!("there is no task {id}")).hint("`swarm list` shows what there is"))
}

pub(super) fn go(dirs: &Dirs, id: &TaskId, from: State, to: State) -> Result<()> {
    match task_folder::move_task(dirs, id, from, to).context(|| format!("move {id} to {to}/"))? {
        Moved::Done => Ok(()),
        Moved::Gone => Err(Error::failed(format!("{id} has just left {from}/")).hint("look where it is: swarm list")),
        Moved::Taken => {
            Err(Error::failed(format!("a task {id} lies in {to}/ too")).hint("rename or remove one of the two"))
        }
    }
}

/// Writes into the blocked file why it is there, and that only a person's hand brings it back.
fn note(dirs: &Dirs, id: &TaskId, text: &str) -> Result<()> {
    let at = clock::now();
    match task_folder::edit(dirs, State::Blocked, id, |bytes| {
        let progress = Progress { held: true, ..Task::parse(id.clone(), bytes)?.progress };
        Ok(with_comment(&with_progress(bytes, &progress)?, at, &Author::Swarm, text))
    }) {
        // Somebody has moved it on, and knows more than this.
        Ok(_) => Ok(()),
        Err(error) => Err(Error::failed(format!("cannot write into {id}")).because(error)),
    }
}

/// Forgets the attempts and the pause; what went wrong is still told to the next attempt.
pub(super) fn forgive(dirs: &Dirs, state: State, id: &TaskId) -> Result<()> {
    let edited = task_folder::edit(dirs, state, id, |bytes| {
        let progress = Task::parse(id.clone(), bytes)?.progress;
        let after = looked_at(&progress);
        if after == progress { Ok(bytes.to_vec()) } else { with_progress(bytes, &after) }
    });
    match edited {
        Ok(_) => Ok(()),
        Err(EditError::Io(error)) => Err(error).context(|| format!("edit {id}")),
        Err(EditError::Invalid(reason)) => Err(Error::failed(format!("{id} is no valid task: {reason}"))
            .hint("mend it first; `swarm lint` shows the line")),
    }
}
