//! Tells what has changed in the queue and in the settings, as the kernel reports it.
//!
//! An event is a hint to look at a name again, never the truth. When too many come at once the kernel drops
//! some and says so: then everything must be looked at.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::dirs::Dirs;
use super::prices;
use super::settings::Source;
use crate::error::{Error, Result};
use crate::model::state::State;

/// What the kernel saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A task file is being written: its contents may be half.
    Writing(State, OsString),
    /// A task file's name came or went, or a writer has closed it.
    Settled(State, OsString),
    /// Something changes in the settings; it may be half.
    Settings,
    /// Somebody asks something of the running swarms.
    Requests,
    /// Events were lost.
    Lost,
}

/// Watches the folders of the queue, of the settings and of requests for as long as it lives.
pub struct Watch {
    watcher: RecommendedWatcher,
    places: Arc<Places>,
}

/// What lies where.
struct Places {
    states: [(State, PathBuf); State::ALL.len()],
    root: PathBuf,
    control: PathBuf,
    settings: [PathBuf; 3],
    file: PathBuf,
}

impl Watch {
    /// Calls `tell`, on a thread of its own, for every change in the folders of the queue and of the settings.
    pub fn start(dirs: &Dirs, source: &Source, mut tell: impl FnMut(Change) + Send + 'static) -> Result<Self> {
        let places = Arc::new(Places {
            states: State::ALL.map(|state| (state, dirs.state(state))),
            root: dirs.root().to_owned(),
            control: dirs.control(),
            settings: source.folders(),
            file: source.file().to_owned(),
        });
        let known = Arc::clone(&places);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| match event {
            Err(_) => tell(Change::Lost),
            Ok(event) if event.need_rescan() => tell(Change::Lost),
            Ok(event) => {
                let Some(writing) = is_writing(&event.kind) else { return };
                event.paths.iter().filter_map(|path| known.change(path, writing)).for_each(&mut tell);
            }
        })
        .map_err(|error| unfit(&error))?;
        for (_, folder) in &places.states {
            watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| unfit(&error))?;
        }
        let mut watch = Self { watcher, places };
        watch.renew();
        Ok(watch)
    }

    /// Watches the folders that need not be there, those that are there now: to be called when one may have come, or
    /// another one in its place.
    pub fn renew(&mut self) {
        let Places { root, control, settings, file, .. } = &*self.places;
        for folder in settings.iter().chain([root, control]).map(PathBuf::as_path).chain(file.parent()) {
            // Where this fails, the slow rescan is left.
            let _ = self.watcher.watch(folder, RecursiveMode::NonRecursive);
        }
    }
}

impl Places {
    /// What it means that `path` has changed; `None`: nothing.
    fn change(&self, path: &Path, writing: bool) -> Option<Change> {
        let (folder, name) = (path.parent()?, path.file_name()?);
        if let Some((state, _)) = self.states.iter().find(|(_, known)| known == folder) {
            let name = name.to_owned();
            return Some(if writing { Change::Writing(*state, name) } else { Change::Settled(*state, name) });
        }
        if folder == self.control || path == self.control {
            // What is written gets its close; a name that is put there is whole.
            return (!writing).then_some(Change::Requests);
        }
        let [agents, prompts, config] = &self.settings;
        // Editors leave files of their own beside what they save.
        let is_ours = |known: &Path, end: &str| folder == known && path.extension().is_some_and(|is| is == end);
        let of_settings = path == self.file
            || path == prices::file(config)
            || self.settings.iter().any(|known| known == path)
            || is_ours(agents, "yaml")
            || is_ours(prompts, "md");
        of_settings.then_some(Change::Settings)
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

fn unfit(error: &notify::Error) -> Error {
    Error::environment(format!("cannot watch the queue's folders: {error}"))
        .hint("the system may be out of inotify watches or instances: raise fs.inotify.max_user_instances")
}
