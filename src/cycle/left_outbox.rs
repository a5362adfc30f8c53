//! Outboxes that outlive their step: the worker was killed, or the disk was full. What lies in them is collected before
//! anybody works in the worktree again, and also where nobody ever does.
//!
//! That an outbox is open is noted beside the worktree, in `.swarm/slots/<NN>.outbox.json`: a folder of that name that
//! nobody has opened is no outbox, whoever made it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::bench::{SlotRecord, is_still_used};
use super::outbox::{MOST_NEW, NAME, collect_from};
use super::{Bench, Workshop};
use crate::error::{Context, Result};
use crate::model::config::Role;
use crate::model::record::{Event, SCHEMA};
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};
use crate::os::files;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::plain_file::{self, Unreadable};
use crate::os::removal::remove;
use crate::os::task_folder::{self, Name};

/// How the notes are called, behind the number of the worktree.
const EXTENSION: &str = "outbox.json";

/// How many tasks are named in one sentence.
const MOST_NAMED: usize = 20;

/// An outbox that was opened and not closed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// The version of this format.
    schema: u32,
    /// Whose.
    worker: String,
    /// A planner's: it makes tasks while fewer than these wait.
    max_pending: Option<u32>,
}

/// Notes that the outbox of a worktree is about to be opened.
pub(super) fn note(bench: &Bench) -> io::Result<()> {
    let max_pending = match bench.member.role {
        Role::Planner => Some(bench.member.max_pending),
        Role::Worker | Role::Executor => None,
    };
    let note = Note { schema: SCHEMA, worker: bench.worker.clone(), max_pending };
    files::write(&path(bench.slot.path()), &serde_json::to_vec(&note)?)
}

/// The outbox of the worktree at `slot` is gone.
pub(super) fn forget(slot: &Path) -> io::Result<()> {
    match fs::remove_file(path(slot)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn path(slot: &Path) -> PathBuf {
    slot.with_extension(EXTENSION)
}

/// Collects what dead workers left in their outboxes. Worktrees that somebody owns, or in which an agent still lives, are
/// left alone: their owners do it.
pub fn take_left_tasks(shop: &Workshop) -> Result<()> {
    let dirs = &shop.dirs;
    let listing = match fs::read_dir(dirs.slots()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listing => listing.context(|| format!("read {}", dirs.slots().display()))?,
    };
    for name in listing.flatten().map(|entry| entry.file_name()) {
        let slot = name.to_str().and_then(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.'));
        let Some(slot) = slot else { continue };
        let path = dirs.slot_lock(slot);
        let lock = Lock::try_exclusive(&path).context(|| format!("lock {}", path.display()))?;
        if lock.is_some() && !is_still_used(shop, slot)? {
            collect_left(shop, slot).context(|| format!("collect the new tasks in slot {slot}"))?;
        }
    }
    Ok(())
}

/// Collects what was left in the outbox of a worktree that the caller owns and in which nobody is at work.
pub(super) fn collect_left(shop: &Workshop, slot: &str) -> io::Result<()> {
    let folder = shop.dirs.slot(slot);
    let note = match plain_file::read_record(&path(&folder)) {
        // A torn note is one all the same, and so is what somebody has put in its place.
        Ok(bytes) => serde_json::from_slice::<Note>(&bytes).unwrap_or_default(),
        Err(Unreadable::Gone) => return Ok(()),
        Err(Unreadable::Io(error)) => return Err(error),
        Err(Unreadable::Link | Unreadable::Folder | Unreadable::Odd(_) | Unreadable::TooLarge(_)) => Note::default(),
    };
    // Only a run takes tasks: what it refuses is kept beside its records.
    if shop.journal.folder().parent() != Some(shop.dirs.runs()) {
        return Ok(());
    }
    // In place of a worktree there may be a link, which may lead anywhere.
    if fs::symlink_metadata(&folder).is_ok_and(|meta| meta.is_dir()) {
        let (who, room) = (who(shop, slot, &note), room(shop, &note)?);
        let created = collect_from(shop, &folder.join(NAME), &who, room)?;
        if !created.is_empty() {
            let reason = format!("new tasks were left in an outbox, and are pending now: {}", named(&created));
            shop.journal.event(&who, Event::ClaimRecovered { reason });
        }
        remove(&folder.join(NAME))?;
    }
    remove(&path(&folder))
}

fn who(shop: &Workshop, slot: &str, note: &Note) -> Who {
    // A planner has no task; what stands in its place is no name of one.
    let record = SlotRecord::read(&shop.dirs, slot).filter(|_| note.max_pending.is_none());
    let worker = Some(note.worker.clone()).filter(|worker| !worker.is_empty());
    Who { worker, cycle: None, task: record.map(|record| record.task) }
}

/// How many tasks may be made; a planner's bound is asked anew, because others have made some meanwhile.
fn room(shop: &Workshop, note: &Note) -> io::Result<usize> {
    let Some(most) = note.max_pending else { return Ok(MOST_NEW) };
    let names = task_folder::list(&shop.dirs, State::Pending)?;
    let is_task = |name: &_| match task_folder::read_name(name) {
        Name::Task(id) => {
            let found = task_folder::read(&shop.dirs, State::Pending, &id);
            found.is_ok_and(|found| found.is_some_and(|found| found.task.kind == Kind::Task))
        }
        Name::Foreign | Name::Impossible(_) => false,
    };
    let waiting = names.iter().filter(|name| is_task(name)).count();
    Ok(usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(waiting))
}

fn named(ids: &[TaskId]) -> String {
    let first: Vec<&str> = ids.iter().take(MOST_NAMED).map(TaskId::as_str).collect();
    let more = ids.len() - first.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    first.join(", ") + &more
}
