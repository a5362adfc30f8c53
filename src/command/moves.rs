//! `swarm retry`, `hold` and `cancel`: a person moves tasks between folders, with checks.

use jiff::Timestamp;

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

/// So many names like the one typed are told.
const NEAREST: usize = 3;

/// So often a task is looked for that others move meanwhile.
const LOOKS: u32 = 4;

/// Back to pending, with a fresh ledger: a person has looked at it.
pub(super) fn retry(desk: &Desk, words: &Retry) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let ids = if words.blocked { blocked(desk, &dirs)? } else { parse_all(&words.ids)? };
    each(desk, &ids, |id| retry_one(&dirs, id))
}

fn retry_one(dirs: &Dirs, id: &TaskId) -> Result<String> {
    let mut from = whereabouts(dirs, id)?;
    // A swarm that runs may bring it back in the same moment: then it is looked for again.
    for _ in 0..LOOKS {
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
        if let Some(before) = forgive(dirs, from, id)? {
            if from == State::Pending {
                return Ok(forgotten(id, &before, clock::now()));
            }
            if try_go(dirs, id, from, State::Pending)? {
                return Ok(format!("{id}: {from} → pending"));
            }
        }
        from = whereabouts(dirs, id)?;
    }
    Err(has_left(id, from))
}

/// All blocked tasks but those that a person has put there.
fn blocked(desk: &Desk, dirs: &Dirs) -> Result<Vec<TaskId>> {
    let is_held = |id: &TaskId| {
        let found = task_folder::read(dirs, State::Blocked, id).ok().flatten();
        found.is_some_and(|found| found.task.progress.held)
    };
    let (held, ids): (Vec<TaskId>, Vec<TaskId>) = all(dirs, State::Blocked)?.into_iter().partition(is_held);
    if !held.is_empty() {
        let names: Vec<&str> = held.iter().map(TaskId::as_str).collect();
        desk.say(&format!("held or cancelled by hand, and left there unless they are named: {}", names.join(", ")));
    } else if ids.is_empty() {
        desk.say("nothing to do: no task is blocked");
    }
    Ok(ids)
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
    task_folder::find(dirs, id).ok_or_else(|| unknown(dirs, id))
}

/// There is no task of that name; perhaps one with a similar name is meant.
pub(super) fn unknown(dirs: &Dirs, id: &TaskId) -> Error {
    let known = State::ALL.into_iter().flat_map(|state| all(dirs, state).unwrap_or_default());
    let mut near: Vec<(f64, TaskId)> = known
        .map(|known| (strsim::jaro_winkler(id.as_str(), known.as_str()), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then_with(|| a_id.cmp(b_id)));
    let near: Vec<&str> = near.iter().take(NEAREST).map(|(_, id)| id.as_str()).collect();
    let error = Error::failed(format!("there is no task {id}"));
    match near.as_slice() {
        [] => error.hint("`swarm list` shows what there is"),
        near => error.hint(format!("did you mean {}?", near.join(", "))),
    }
}

/// Moves a task that must be there.
pub(super) fn go(dirs: &Dirs, id: &TaskId, from: State, to: State) -> Result<()> {
    if try_go(dirs, id, from, to)? { Ok(()) } else { Err(has_left(id, from)) }
}

/// Moves a task; gives whether it was still there.
fn try_go(dirs: &Dirs, id: &TaskId, from: State, to: State) -> Result<bool> {
    match task_folder::move_task(dirs, id, from, to).context(|| format!("move {id} to {to}/"))? {
        Moved::Done => Ok(true),
        Moved::Gone => Ok(false),
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

/// Brings a blocked task back that a person has just answered, unless a swarm that runs has been quicker.
pub(super) fn bring_back(dirs: &Dirs, id: &TaskId) -> Result<()> {
    if forgive(dirs, State::Blocked, id)?.is_some() {
        try_go(dirs, id, State::Blocked, State::Pending)?;
    }
    Ok(())
}

/// Forgets the attempts and the pause; what went wrong is still told to the next attempt. Gives what was noted before;
/// nothing, if the task is not there any more.
fn forgive(dirs: &Dirs, state: State, id: &TaskId) -> Result<Option<Progress>> {
    let mut before = Progress::default();
    let edited = task_folder::edit(dirs, state, id, |bytes| {
        before = Task::parse(id.clone(), bytes)?.progress;
        let after = looked_at(&before);
        if after == before { Ok(bytes.to_vec()) } else { with_progress(bytes, &after) }
    });
    match edited {
        Ok(true) => Ok(Some(before)),
        Ok(false) => Ok(None),
        Err(EditError::Io(error)) => Err(error).context(|| format!("edit {id}")),
        Err(EditError::Invalid(reason)) => Err(Error::failed(format!("{id} is no valid task: {reason}"))
            .hint("mend it first; `swarm lint` shows the line")),
    }
}

fn has_left(id: &TaskId, from: State) -> Error {
    Error::failed(format!("{id} has just left {from}/")).hint("look where it is: swarm list")
}

/// What a retry has done to a task that was pending already.
fn forgotten(id: &TaskId, before: &Progress, now: Timestamp) -> String {
    let count = |number: u32, one: &str, more: &str| match number {
        0 => None,
        1 => Some(format!("its 1 {one}")),
        _ => Some(format!("its {number} {more}")),
    };
    let pause = before.not_before.filter(|until| *until > now);
    let forgotten: Vec<String> = [
        count(before.attempts, "attempt", "attempts"),
        count(before.infra, "trouble with the machine", "troubles with the machine"),
        pause.map(|until| format!("its pause until {until:.0}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    match forgotten.split_last() {
        None => {
            format!("{id} is pending already, and there was nothing to forget; what it waits for: swarm explain {id}")
        }
        Some((last, [])) => format!("{id} is pending already; forgotten: {last}"),
        Some((last, first)) => format!("{id} is pending already; forgotten: {} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_of_a_waiting_task_says_what_it_has_changed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let id = "a".parse().unwrap();
        for (attempts, infra, until, expected) in [
            (0, 0, None, "a is pending already, and there was nothing to forget; what it waits for: swarm explain a"),
            (
                0,
                0,
                Some(9),
                "a is pending already, and there was nothing to forget; what it waits for: swarm explain a",
            ),
            (1, 0, None, "a is pending already; forgotten: its 1 attempt"),
            (
                2,
                0,
                Some(60),
                "a is pending already; forgotten: its 2 attempts and its pause until 1970-01-01T00:01:00Z",
            ),
            (
                1,
                3,
                Some(60),
                "a is pending already; forgotten: its 1 attempt, its 3 troubles with the machine and its pause until \
                 1970-01-01T00:01:00Z",
            ),
        ] {
            let before = Progress { attempts, infra, not_before: until.map(at), ..Progress::default() };
            assert_eq!(forgotten(&id, &before, at(10)), expected);
        }
    }
}
