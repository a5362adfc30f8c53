//! `swarm approve`: a person takes the work that waits for him. It goes back to the queue with his word, bound to
//! exactly that commit, and the next worker verifies and merges it without its agent.

use super::Desk;
use super::add::parse_id;
use super::moves::{each, go, whereabouts};
use crate::cli::Ids;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::comment::{Author, with_comment};
use crate::model::reopen::looked_at;
use crate::model::state::State;
use crate::model::task::{Kept, Progress, Task, TaskId, with_progress};
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::task_folder::{self, EditError};

pub(super) fn run(desk: &Desk, words: &Ids) -> Result<Exit> {
    let dirs = desk.place_or_defaults()?.dirs;
    let ids = words.ids.iter().map(|id| parse_id(id)).collect::<Result<Vec<_>>>()?;
    each(desk, &ids, |id| {
        let state = whereabouts(&dirs, id)?;
        if state == State::Pending && is_approved(&dirs, id) {
            return Ok(format!("{id} is approved already: the next worker verifies and merges its work"));
        }
        if state != State::Review {
            return Err(Error::failed(format!("{id} is in {state}/: only what waits in review/ can be approved")));
        }
        let commit = approve(&dirs, id)?;
        go(&dirs, id, State::Review, State::Pending)?;
        Ok(format!("{id}: review → pending, approved as {commit}: the next worker verifies and merges it"))
    })
}

fn is_approved(dirs: &Dirs, id: &TaskId) -> bool {
    let found = task_folder::read(dirs, State::Pending, id).ok().flatten();
    found.and_then(|found| found.task.progress.kept).is_some_and(|kept| kept.approved)
}

/// Notes the person's word in the file; gives the commit that it is about, short.
fn approve(dirs: &Dirs, id: &TaskId) -> Result<String> {
    let found = task_folder::read(dirs, State::Review, id)
        .map_err(|invalid| Error::failed(format!("{id} is no valid task: {}", invalid.reason)))?
        .ok_or_else(|| Error::failed(format!("{id} has just left review/")))?;
    let kept = approvable(&found.task).map_err(|reason| {
        Error::failed(format!("{id} cannot be approved: {reason}"))
            .hint(format!("have it done again: swarm retry {id}; or bring its commit into the base by hand"))
    })?;
    let short: String = kept.commit.chars().take(10).collect();
    let at = clock::now();
    let edited = task_folder::edit(dirs, State::Review, id, |bytes| {
        let progress = Task::parse(id.clone(), bytes)?.progress;
        let approved = Progress { kept: Some(Kept { approved: true, ..kept.clone() }), ..looked_at(&progress) };
        let bytes = with_progress(bytes, &approved)?;
        Ok(with_comment(&bytes, at, &Author::Human, &format!("Approved {short}.")))
    });
    match edited {
        Ok(true) => Ok(short),
        Ok(false) => Err(Error::failed(format!("{id} has just left review/"))),
        Err(EditError::Io(error)) => Err(error).context(|| format!("edit {id}")),
        Err(EditError::Invalid(reason)) => Err(Error::failed(format!("{id} is no valid task: {reason}"))),
    }
}

/// The work that can be approved; else why none can.
fn approvable(task: &Task) -> Result<Kept, String> {
    match &task.progress.kept {
        None => Err("no work is noted in its file".to_owned()),
        Some(kept) if !kept.ready => Err("its work was not finished".to_owned()),
        Some(kept) if kept.contract != task.contract() => {
            Err("the task has changed since the work was made".to_owned())
        }
        Some(kept) => Ok(kept.clone()),
    }
}
