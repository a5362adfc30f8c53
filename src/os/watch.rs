//! Tells which task files have changed, as the kernel reports it.
//!
//! An event is a hint to look at a name again, never the truth. When too many come at once the kernel drops
//! some and says so: then everything must be looked at.

use std::ffi::OsString;
use std::path::Path;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::dirs::Dirs;
use crate::error::{Error, Result};
use crate::model::state::State;

/// What the kernel saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A file is being written: its contents may be half.
    Writing(State, OsString),
    /// A name came or went, or a writer has closed its file.
    Settled(State, OsString),
    /// Events were lost.
    Lost,
}

/// Watches the queue's folders for as long as it lives.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Calls `tell`, on a thread of its own, for every change in the folders of the queue.
    pub fn start(dirs: &Dirs, mut tell: impl FnMut(Change) + Send + 'static) -> Result<Self> {
        let folders = State::ALL.map(|state| (state, dirs.state(state)));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
            Err(_) => tell(Change::Lost),
            Ok(event) if event.need_rescan() => tell(Change::Lost),
            Ok(event) => {
                let Some(writing) = is_writing(&event.kind) else { return };
                for path in &event.paths {
                    let Some((state, name)) = place(&folders, path) else {
                        continue;
                    };
                    tell(if writing { Change::Writing(state, name) } else { Change::Settled(state, name) });
                }
            }
        })
        .map_err(|error| unfit(&error))?;
        for state in State::ALL {
            watcher.watch(&dirs.state(state), RecursiveMode::NonRecursive).map_err(|error| unfit(&error))?;
        }
        Ok(Self { _watcher: watcher })
    }
}

/// Whether contents may be half now; `None` for what does not matter (somebody opened or read a file).
fn is_writing(kind: &EventKind) -> Option<bool> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(false),
        EventKind::Access(_) | EventKind::Other => None,
        // A created file is empty and open; its close follows. (So does a hard link or a folder, which never
        // closes: the names are told apart when they are looked at.)
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Data(_)) => Some(true),
        EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Any => Some(false),
    }
}

fn place(folders: &[(State, std::path::PathBuf)], path: &Path) -> Option<(State, OsString)> {
    let folder = path.parent()?;
    let state = folders.iter().find(|(_, known)| known == folder)?.0;
    Some((state, path.file_name()?.to_owned()))
}

fn unfit(error: &notify::Error) -> Error {
    Error::environment(format!("cannot watch the queue's folders: {error}"))
        .hint("the system may be out of inotify watches or instances: raise fs.inotify.max_user_instances")
}
