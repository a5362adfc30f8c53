//! New tasks that an agent makes: files in a folder of its worktree, checked and moved to `tasks/pending`
//! when its step ends.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::perform::{Cycle, Infra};
use super::{Bench, Workshop};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Task, TaskId};
use crate::os::files;
use crate::os::journal::Who;
use crate::os::task_folder::{self, Name};

/// The outbox of a worktree.
pub(super) fn folder(bench: &Bench) -> PathBuf {
    bench.slot.path().join(".swarm-outbox")
}

/// Makes an empty outbox that git does not see.
pub(super) fn open(bench: &Bench) -> io::Result<()> {
    let folder = folder(bench);
    fs::create_dir_all(&folder)?;
    // The pattern covers this file too, so nothing in here is ever committed.
    fs::write(folder.join(".gitignore"), "*\n")
}

/// Takes what lies in the outbox; gives the tasks that are pending now. A file that is no valid task, or
/// whose name is taken, is put beside the run's records and reported.
pub(super) fn collect(cycle: &Cycle<'_>, who: &Who) -> Result<Vec<TaskId>, Infra> {
    let mut created = Vec::new();
    let entries = match fs::read_dir(folder(cycle.bench)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(created),
        Err(error) => return Err(error.into()),
    };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let path = folder(cycle.bench).join(&name);
        match task_folder::read_name(&name) {
            Name::Foreign => continue,
            Name::Impossible(reason) => refuse(cycle.shop, who, &path, &reason)?,
            Name::Task(id) => match adopt(cycle.shop, &path, &id)? {
                Ok(()) => created.push(id),
                Err(reason) => refuse(cycle.shop, who, &path, &reason)?,
            },
        }
        // An agent's folder may hold anything under such a name; what cannot be removed goes with the reset.
        let _ = fs::remove_file(&path);
    }
    Ok(created)
}

fn adopt(shop: &Workshop, path: &std::path::Path, id: &TaskId) -> Result<Result<(), String>, Infra> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Ok(Err("is no plain file".to_owned()));
    }
    let bytes = fs::read(path)?;
    if let Err(invalid) = Task::parse(id.clone(), &bytes) {
        return Ok(Err(task_folder::because(&invalid).reason));
    }
    if let Some(state) = task_folder::find(&shop.dirs, id) {
        return Ok(Err(format!("a task of that name is in {state}/")));
    }
    if files::create_durably(&shop.dirs.task(State::Pending, id), &bytes)? {
        Ok(Ok(()))
    } else {
        Ok(Err("a task of that name is in pending/".to_owned()))
    }
}

fn refuse(shop: &Workshop, who: &Who, path: &std::path::Path, reason: &str) -> Result<(), Infra> {
    let name = path.file_name().unwrap_or_default();
    let kept = shop.journal.folder().join("outbox");
    fs::create_dir_all(&kept)?;
    let kept = kept.join(name);
    // A folder or a link has nothing to keep.
    let _ = fs::copy(path, &kept);
    let message =
        format!("a new task was not taken: {}: {reason}; it is kept as {}", name.display(), shop.dirs.shown(&kept));
    shop.journal.event(who, Event::Warning { message });
    Ok(())
}
