//! New tasks that an agent makes: files in a folder of its worktree, checked and moved to `tasks/pending`
//! when its step ends.
//!
//! The folder is the agent's to spoil: it may be a link to anywhere, and hold links, pipes, huge files, or more files
//! than anybody wants. Nothing in here follows a link, opens what is no plain file, reads more than a task may hold, or
//! remembers more names than are looked at.

use std::collections::BinaryHeap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::left_outbox;
use super::perform::Infra;
use super::refused::Refused;
use super::{Bench, Workshop};
use crate::model::state::State;
use crate::model::task::{Progress, Task, TaskId};
use crate::os::files;
use crate::os::journal::Who;
use crate::os::removal::{open_up, remove};
use crate::os::task_folder::{self, Name};

/// Its name in the worktree.
pub(super) const NAME: &str = ".swarm-outbox";

/// How many tasks one step of a worker may make; a planner has the limit of its settings.
pub(super) const MOST_NEW: usize = 100;

/// How many files are looked at beyond those for which there is room.
const MOST_BEYOND: usize = 1000;
/// No more names than these are remembered.
const MOST_NAMES: usize = 10_000;

/// The outbox of a worktree.
pub(super) fn folder(bench: &Bench) -> PathBuf {
    bench.slot.path().join(NAME)
}

/// Makes an empty outbox that git does not see, and notes that it is open: what lies in it is collected even if nobody
/// who lives now lives to see the step end.
pub(super) fn open(bench: &Bench) -> io::Result<()> {
    let folder = folder(bench);
    remove(&folder)?;
    left_outbox::note(bench)?;
    fs::create_dir(&folder)?;
    // The pattern covers this file too, so nothing in here is ever committed.
    files::write(&folder.join(".gitignore"), b"*\n")
}

/// Removes the outbox, whatever it has become. An agent that has committed it finds that taken back in its work. What
/// could not be collected stays until it can be.
pub(super) fn close(bench: &Bench) -> io::Result<()> {
    if bench.unsalvaged {
        return Ok(());
    }
    remove(&folder(bench))?;
    left_outbox::forget(bench.slot.path())
}

/// Takes what lies in the outbox, at most `room` tasks of it in the order of their names; gives those that are new in
/// `pending/`. A file that is no valid task, whose name is taken, or for which there is no room, is put beside the run's
/// records and reported, within bounds. Should it fail, the rest is collected before the worktree is used again.
pub(super) fn collect(shop: &Workshop, bench: &mut Bench, who: &Who, room: usize) -> Result<Vec<TaskId>, Infra> {
    let collected = collect_from(shop, &folder(bench), who, room);
    if collected.is_err() {
        bench.distrust();
    }
    Ok(collected?)
}

/// The same for the outbox at `folder`. Each file is removed when its task is safe in `pending/`, or its contents are
/// beside the records: whoever is killed here has lost nothing, and doubles nothing when it is begun again.
pub(super) fn collect_from(shop: &Workshop, folder: &Path, who: &Who, room: usize) -> io::Result<Vec<TaskId>> {
    let mut created = Vec::new();
    if !fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()) {
        return Ok(created);
    }
    // The agent may have closed it to us.
    let listing = fs::read_dir(folder).or_else(|_| open_up(folder).and_then(|()| fs::read_dir(folder)))?;
    let most = room.saturating_add(MOST_BEYOND).min(MOST_NAMES);
    let (names, unseen) = first_names(listing.flatten().map(|entry| entry.file_name()), most);
    let mut refused = Refused::begin(shop, who);
    for name in names {
        let path = folder.join(&name);
        let adopted = match task_folder::read_name(&name) {
            Name::Foreign => continue,
            Name::Impossible(reason) => Adopted::No(reason),
            Name::Task(_) if created.len() >= room => Adopted::No(format!("there was room for {room}")),
            Name::Task(id) => adopt(shop, &path, id)?,
        };
        match adopted {
            Adopted::New(id) => created.push(id),
            Adopted::Known => {}
            Adopted::No(reason) => refused.put(&path, &reason)?,
        }
        // What cannot be removed now goes with the folder.
        let _ = fs::remove_file(&path);
    }
    refused.end(unseen);
    Ok(created)
}

/// The first `most` names that may be tasks', in their order, and how many more there are.
fn first_names(names: impl Iterator<Item = OsString>, most: usize) -> (Vec<OsString>, usize) {
    let mut first = BinaryHeap::new();
    let mut more = 0;
    for name in names.filter(|name| task_folder::read_name(name) != Name::Foreign) {
        first.push(name);
        if first.len() > most {
            first.pop();
            more += 1;
        }
    }
    (first.into_sorted_vec(), more)
}

/// What became of a file.
enum Adopted {
    /// It is a new task.
    New(TaskId),
    /// It is pending already, byte for byte: whoever put it there was killed before he could remove it here.
    Known,
    /// It is not taken, for this reason.
    No(String),
}

fn adopt(shop: &Workshop, path: &Path, id: TaskId) -> io::Result<Adopted> {
    let bytes = match task_folder::read_plain(path) {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Adopted::No(reason)),
    };
    let task = match Task::parse(id.clone(), &bytes) {
        Ok(task) => task,
        Err(invalid) => return Ok(Adopted::No(task_folder::because(&invalid).reason)),
    };
    if task.progress != Progress::default() {
        // It would speak of work and approvals that there never were.
        return Ok(Adopted::No("it has a `swarm:` block, which only the program writes".to_owned()));
    }
    let presumed = task.policy().presumes(&shop.settings().config.limits);
    if !presumed.is_empty() {
        return Ok(Adopted::No(format!("only a person may ask for that: {}", presumed.join(", "))));
    }
    let pending = shop.dirs.task(State::Pending, &id);
    let is_new = match task_folder::find(&shop.dirs, &id) {
        None => files::create_durably(&pending, &bytes)?,
        Some(State::Pending) => false,
        Some(state) => return Ok(Adopted::No(format!("a task of that name is in {state}/"))),
    };
    Ok(match is_new {
        true => Adopted::New(id),
        false if task_folder::read_plain(&pending).is_ok_and(|there| there == bytes) => Adopted::Known,
        false => Adopted::No("a task of that name is in pending/".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> impl Iterator<Item = OsString> {
        names.iter().map(OsString::from).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn of_a_flood_of_names_the_first_are_remembered_and_the_others_counted() {
        let (first, more) = first_names(names(&["d.md", "b.md", ".gitignore", "c.md", "note.txt", "a.md"]), 3);
        assert_eq!((first, more), (names(&["a.md", "b.md", "c.md"]).collect(), 1));
        assert_eq!(first_names(names(&["a.md"]), 3).1, 0);
        assert_eq!(first_names(names(&["a.md", "b.md"]), 0), (Vec::new(), 2));
    }
}
