//! `swarm comment`: writes a person's words into a task.

use super::Desk;
use super::add::parse_id;
use super::moves::{bring_back, whereabouts};
use crate::cli::Comment;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::comment::{Author, with_comment};
use crate::model::reopen::is_answered;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::task_folder;

pub(super) fn run(desk: &Desk, words: &Comment) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let id = parse_id(&words.id)?;
    let text = words.text.join(" ");
    if text.trim().is_empty() {
        return Err(Error::usage("the comment says nothing"));
    }
    let state = whereabouts(&dirs, &id)?;
    let at = clock::now();
    let edited = task_folder::edit(&dirs, state, &id, |bytes| Ok(with_comment(bytes, at, &Author::Human, &text)));
    match edited {
        Ok(true) if state == State::Blocked && is_answer(&dirs, &id) => {
            bring_back(&dirs, &id)?;
            desk.say(&format!("{id}: comment added, blocked → pending"));
            Ok(Exit::Done)
        }
        Ok(true) => {
            let next = match state {
                State::Blocked => format!("; it stays in blocked/ until `swarm retry {id}`"),
                State::Review => format!("; it stays in review/ until `swarm approve {id}` or `swarm retry {id}`"),
                State::Pending | State::Current | State::Complete => String::new(),
            };
            desk.say(&format!("{id}: comment added ({state}){next}"));
            Ok(Exit::Done)
        }
        Ok(false) => Err(Error::failed(format!("{id} has just left {state}/")).hint("try again")),
        Err(error) => Err(Error::failed(format!("cannot write into {id}")).because(error)),
    }
}

/// Whether the task waited for these words. One that has left meanwhile did: a swarm that runs was quicker.
fn is_answer(dirs: &Dirs, id: &TaskId) -> bool {
    match task_folder::read(dirs, State::Blocked, id) {
        Ok(Some(found)) => is_answered(&found.task),
        Ok(None) => true,
        Err(_) => false,
    }
}
