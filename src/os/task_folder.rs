//! The queue on disk: reads, lists, moves and edits task files, and decides nothing.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::clock;
use super::dirs::Dirs;
use super::files::{self, Moved};
use super::plain_file::{self, Links, Unreadable};
use crate::model::queue::Invalid;
use crate::model::state::State;
use crate::model::task::{InvalidTask, MAX_BYTES_WITH_OURS, Task, TaskId};

/// No file is read beyond this; what the user wrote may have half of it.
const LARGEST: u64 = MAX_BYTES_WITH_OURS as u64;

/// What a name in one of the folders means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A task.
    Task(TaskId),
    /// Hidden, a backup, or no markdown: none of ours.
    Foreign,
    /// Markdown, but no task can be called that.
    Impossible(String),
}

/// What the name of a file in the queue's folders means.
pub fn read_name(name: &OsStr) -> Name {
    let bytes = name.as_bytes();
    if bytes.first() == Some(&b'.') || !bytes.ends_with(b".md") {
        return Name::Foreign;
    }
    let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".md")) else {
        return Name::Impossible("the name is not UTF-8: rename the file".to_owned());
    };
    match TaskId::parse(stem) {
        Ok(id) => Name::Task(id),
        Err(bad) => Name::Impossible(bad.to_string()),
    }
}

/// What identifies the contents of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self {
            inode: meta.ino(),
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// When the file came to where it is: a rename sets the change time and leaves the time of the last edit.
    pub fn arrived(&self) -> Timestamp {
        timestamp(self.changed)
    }

    /// When its contents were last written.
    pub fn modified(&self) -> Timestamp {
        timestamp(self.modified)
    }

    /// Whether it was renamed (or linked, or given another mode) since it was last written: whoever moves a
    /// file into place has finished it.
    pub fn moved_since_written(&self) -> bool {
        self.changed > self.modified
    }
}

fn timestamp((seconds, nanos): (i64, i64)) -> Timestamp {
    Timestamp::new(seconds, i32::try_from(nanos).unwrap_or(0)).unwrap_or_default()
}

/// A task file as it was found.
#[derive(Debug)]
pub struct Found {
    /// Its contents.
    pub task: Task,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What identifies them.
    pub stamp: Stamp,
}

/// Reads a task file; `Ok(None)` if there is none.
pub fn read(dirs: &Dirs, state: State, id: &TaskId) -> Result<Option<Found>, Invalid> {
    // A link may point anywhere.
    let (bytes, meta) = match plain_file::read(&dirs.task(state, id), Links::Refused, LARGEST) {
        Ok(read) => read,
        Err(Unreadable::Gone) => return Ok(None),
        Err(why) => return Err(Invalid { line: None, reason: advice(&why) }),
    };
    match Task::parse(id.clone(), &bytes) {
        Ok(task) => Ok(Some(Found { task, bytes, stamp: Stamp::of(&meta) })),
        Err(invalid) => Err(because(&invalid)),
    }
}

/// The same complaint, for a list of complaints.
pub fn because(invalid: &InvalidTask) -> Invalid {
    let reason = match invalid.advice.as_str() {
        "" => invalid.reason.clone(),
        advice => format!("{}: {advice}", invalid.reason),
    };
    Invalid { line: invalid.line, reason }
}

/// Why it is no task, and what to do.
fn advice(why: &Unreadable) -> String {
    match why {
        Unreadable::Gone => "it is gone".to_owned(),
        Unreadable::Link => format!("{why}: put the file itself here"),
        Unreadable::Folder => format!("{why}: a task is a file"),
        Unreadable::Odd(_) => format!("{why}: a task is a markdown file"),
        Unreadable::TooLarge(_) => format!("{why}: a task may have 1 MiB; point to a file instead"),
        Unreadable::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            "cannot be read: allow it with chmod u+r".to_owned()
        }
        Unreadable::Io(_) => why.to_string(),
    }
}

/// What identifies a file's contents, without reading them; `None` if there is no such file.
pub fn stamp(dirs: &Dirs, state: State, id: &TaskId) -> Option<Stamp> {
    fs::symlink_metadata(dirs.task(state, id)).ok().map(|meta| Stamp::of(&meta))
}

/// Whether a file of that name lies there, valid or not.
pub fn exists(dirs: &Dirs, state: State, id: &TaskId) -> bool {
    fs::symlink_metadata(dirs.task(state, id)).is_ok()
}

/// Reads a plain file that may hold a task, without following a link; the reason if it is none.
pub fn read_plain(path: &Path) -> Result<Vec<u8>, String> {
    plain_file::read(path, Links::Refused, LARGEST).map(|(bytes, _)| bytes).map_err(|why| advice(&why))
}

/// Whether a name is a plain file, as a writer's is.
pub fn is_plain_file(dirs: &Dirs, state: State, name: &OsStr) -> bool {
    fs::symlink_metadata(dirs.state(state).join(name)).is_ok_and(|meta| meta.is_file())
}

/// Whether a file is surely not in the middle of being written: moved into place, or at rest for `rest`, or gone.
pub fn has_rested(dirs: &Dirs, state: State, name: &OsStr, rest: SignedDuration) -> bool {
    let Ok(meta) = fs::symlink_metadata(dirs.state(state).join(name)) else {
        return true;
    };
    let stamp = Stamp::of(&meta);
    !meta.is_file() || stamp.moved_since_written() || clock::now().duration_since(stamp.modified()) >= rest
}

/// Whether a task file lies there, without reading it; an error for what has its name and is no plain file.
pub fn kind_of(dirs: &Dirs, state: State, id: &TaskId) -> Option<Result<(), Invalid>> {
    let meta = fs::symlink_metadata(dirs.task(state, id)).ok()?;
    let checked = plain_file::check_kind(meta.file_type());
    Some(checked.map_err(|why| Invalid { line: None, reason: advice(&why) }))
}

/// The first folder, in the order of a scan, in which a file of that name lies.
pub fn find(dirs: &Dirs, id: &TaskId) -> Option<State> {
    // A file that moves backwards between two looks can be missed: look twice before saying that it is gone.
    let look = || State::ALL.into_iter().find(|state| exists(dirs, *state, id));
    look().or_else(look)
}

/// The names in the folder of a state, in no order; an absent folder holds none.
pub fn list(dirs: &Dirs, state: State) -> io::Result<Vec<std::ffi::OsString>> {
    match fs::read_dir(dirs.state(state)) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Moves a task file, never over another; durable when it returns if `to` is a state that a person relies on.
pub fn move_task(dirs: &Dirs, id: &TaskId, from: State, to: State) -> io::Result<Moved> {
    let (source, target) = (dirs.task(from, id), dirs.task(to, id));
    let moved = files::move_file(&source, &target)?;
    match (moved, to) {
        // A claim that a power cut undoes is a task that is pending again: the right answer, so no sync.
        (Moved::Gone | Moved::Taken, _) | (Moved::Done, State::Current) => {}
        (Moved::Done, State::Pending | State::Review | State::Blocked | State::Complete) => {
            files::sync_folder_of(&target)?;
            files::sync_folder_of(&source)?;
        }
    }
    Ok(moved)
}

/// Why a task file could not be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Its front matter cannot be understood, so nothing was written.
    #[error("{0}")]
    Invalid(String),
}

/// Edits a task file where it lies; gives false if it is not there any more. What has its name and is no plain file of a
/// task's size is not opened: a pipe would hang, and a link may lead anywhere.
pub fn edit(
    dirs: &Dirs,
    state: State,
    id: &TaskId,
    mut change: impl FnMut(&[u8]) -> Result<Vec<u8>, InvalidTask>,
) -> Result<bool, EditError> {
    let path = dirs.task(state, id);
    if let Ok(meta) = fs::symlink_metadata(&path) {
        plain_file::check(&meta, LARGEST).map_err(|why| EditError::Invalid(advice(&why)))?;
    }
    files::edit_durably(&path, |bytes| change(bytes).map_err(|invalid| EditError::Invalid(because(&invalid).reason)))
}
