//! New tasks that an agent makes: files in a folder of its worktree, checked and moved to `tasks/pending`
//! when its step ends.
//!
//! The folder is the agent's to spoil: it may be a link to anywhere, and hold links, pipes and huge files. Nothing
//! in here follows a link, opens what is no plain file, or reads more than a task may hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::perform::Infra;
use super::{Bench, Workshop};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Progress, Task, TaskId};
use crate::os::files;
use crate::os::journal::Who;
use crate::os::task_folder::{self, Name};

/// Its name in the worktree.
const NAME: &str = ".swarm-outbox";

/// The outbox of a worktree.
pub(super) fn folder(bench: &Bench) -> PathBuf {
    bench.slot.path().join(NAME)
}

/// Makes an empty outbox that git does not see.
pub(super) fn open(bench: &Bench) -> io::Result<()> {
    close(bench)?;
    let folder = folder(bench);
    fs::create_dir(&folder)?;
    // The pattern covers this file too, so nothing in here is ever committed.
    files::write(&folder.join(".gitignore"), b"*\n")
}

/// Removes the outbox, whatever it has become. An agent that has committed it finds that taken back in its work.
pub(super) fn close(bench: &Bench) -> io::Result<()> {
    let folder = folder(bench);
    let removed = match fs::symlink_metadata(&folder) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(&folder),
        Ok(_) => fs::remove_file(&folder),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes what lies in the outbox, at most `room` tasks of it in the order of their names; gives those that are pending
/// now. A file that is no valid task, whose name is taken, or for which there is no room, is put beside the run's
/// records and reported.
pub(super) fn collect(shop: &Workshop, bench: &Bench, who: &Who, room: usize) -> Result<Vec<TaskId>, Infra> {
    let mut created = Vec::new();
    let folder = folder(bench);
    if !fs::symlink_metadata(&folder).is_ok_and(|meta| meta.is_dir()) {
        return Ok(created);
    }
    let mut names: Vec<_> = fs::read_dir(&folder)?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        let id = match task_folder::read_name(&name) {
            Name::Foreign => continue,
            Name::Impossible(reason) => Err(reason),
            Name::Task(id) => Ok(id),
        };
        let bytes = task_folder::read_plain(&path);
        let id =
            id.and_then(|id| if created.len() < room { Ok(id) } else { Err(format!("there was room for {room}")) });
        match id.and_then(|id| adopt(shop, bytes.as_deref(), id)) {
            Ok(id) => created.push(id),
            Err(reason) => refuse(shop, who, &path, bytes.ok().as_deref(), &reason)?,
        }
    }
    Ok(created)
}

fn adopt(shop: &Workshop, bytes: Result<&[u8], &String>, id: TaskId) -> Result<TaskId, String> {
    let bytes = bytes.map_err(String::clone)?;
    let task = Task::parse(id.clone(), bytes).map_err(|invalid| task_folder::because(&invalid).reason)?;
    if task.progress != Progress::default() {
        // It would speak of work and approvals that there never were.
        return Err("it has a `swarm:` block, which only the program writes".to_owned());
    }
    if let Some(state) = task_folder::find(&shop.dirs, &id) {
        return Err(format!("a task of that name is in {state}/"));
    }
    match files::create_durably(&shop.dirs.task(State::Pending, &id), bytes) {
        Ok(true) => Ok(id),
        Ok(false) => Err("a task of that name is in pending/".to_owned()),
        Err(error) => Err(format!("it cannot be written to pending/: {error}")),
    }
}

/// Reports a file that is not taken, and keeps its contents if it has any that can be kept.
fn refuse(shop: &Workshop, who: &Who, path: &Path, bytes: Option<&[u8]>, reason: &str) -> Result<(), Infra> {
    let name = path.file_name().unwrap_or_default();
    let mut message = format!("a new task was not taken: {}: {reason}", name.display());
    if let Some(bytes) = bytes {
        let kept = shop.journal.folder().join("outbox");
        fs::create_dir_all(&kept)?;
        let kept = kept.join(name);
        files::write(&kept, bytes)?;
        message.push_str(&format!("; it is kept as {}", shop.dirs.shown(&kept)));
    }
    shop.journal.event(who, Event::Warning { message });
    Ok(())
}
