//! The queue's picture that all threads of a run share, and the place where idle workers wait.
//!
//! Whoever changes the folders, or hears that somebody did, asks the board to look at that name again; the
//! board wakes the workers. Nobody polls.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::pick::{self, Filter, Outlook};
use crate::model::queue::{Entry, Invalid, Queue};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::process::Wake;
use crate::os::task_folder::{self, Name, Stamp};
use crate::os::{clock, writers};

/// How long a file that may be half written must have been at rest where nobody can tell who writes it.
const REST: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// What a worker that asks for work is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Try to claim this one.
    Claim(TaskId),
    /// Nothing is left, and nothing will come by itself.
    Drained,
    /// The run is ending.
    Stopped,
}

/// Whether workers end when nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenEmpty {
    /// They wait for more.
    Wait,
    /// They end.
    End,
}

/// A file that was found to be no task, once.
#[derive(Debug, Clone)]
pub struct Complaint {
    /// The folder.
    pub state: State,
    /// The file's name, readable.
    pub name: String,
    /// What is wrong.
    pub invalid: Invalid,
}

/// The queue's picture, shared.
pub struct Board {
    dirs: Dirs,
    filter: Filter,
    when_empty: WhenEmpty,
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    queue: Queue,
    /// What the pending files looked like when they were read.
    stamps: HashMap<TaskId, Stamp>,
    /// The tasks that this process has, and how to wake who works on them.
    mine: HashMap<TaskId, Arc<Wake>>,
    /// Tasks in `current/` that nobody has and that cannot be given back now.
    stranded: HashSet<TaskId>,
    /// Files that somebody writes, to be looked at again.
    unsettled: HashSet<(State, std::ffi::OsString)>,
    complaints: Vec<Complaint>,
    /// The folders have been read since the last change.
    rescanned: bool,
    drained: bool,
    stopped: bool,
}

impl Board {
    /// An empty board.
    pub fn new(dirs: Dirs, filter: Filter, when_empty: WhenEmpty) -> Self {
        Self { dirs, filter, when_empty, inner: Mutex::default(), changed: Condvar::new() }
    }

    /// A panic elsewhere leaves the picture as it was: it is a hint, and the folders are the truth.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all folders.
    pub fn scan(&self) -> std::io::Result<()> {
        for state in State::ALL {
            let mut names: HashSet<std::ffi::OsString> = task_folder::list(&self.dirs, state)?.into_iter().collect();
            let mut inner = self.lock();
            names.extend(inner.known_names(state));
            let fresh: Vec<_> = names.into_iter().filter(|name| !inner.is_as_known(&self.dirs, state, name)).collect();
            let young = inner.half_written(&self.dirs, state, &fresh);
            for name in fresh {
                if young.contains(&name) {
                    inner.begin_writing(state, &name);
                } else {
                    inner.look(&self.dirs, state, &name);
                }
            }
        }
        let mut inner = self.lock();
        inner.rescanned = true;
        drop(inner);
        self.changed.notify_all();
        Ok(())
    }

    /// Looks again at one name in one folder.
    pub fn look(&self, state: State, name: &OsStr) {
        let mut inner = self.lock();
        inner.settle(state, name);
        inner.look(&self.dirs, state, name);
        drop(inner);
        self.changed.notify_all();
    }

    /// Notes that a file is being written.
    pub fn writing(&self, state: State, name: &OsStr) {
        let mut inner = self.lock();
        if task_folder::is_plain_file(&self.dirs, state, name) {
            inner.begin_writing(state, name);
        } else {
            // A folder, a link or a pipe is never closed by a writer.
            inner.look(&self.dirs, state, name);
        }
    }

    /// Looks at the files that somebody was writing; gives whether some still are.
    pub fn settle(&self) -> bool {
        let mut inner = self.lock();
        let waiting: Vec<_> = inner.unsettled.iter().cloned().collect();
        let paths = waiting.iter().map(|(state, name)| self.dirs.state(*state).join(name)).collect();
        let written = writers::open_for_writing(&paths);
        for (state, name) in waiting {
            if !written.contains(&self.dirs.state(state).join(&name))
                && task_folder::has_rested(&self.dirs, state, &name, REST)
            {
                inner.settle(state, &name);
                inner.look(&self.dirs, state, &name);
            }
        }
        let some = !inner.unsettled.is_empty();
        drop(inner);
        self.changed.notify_all();
        some
    }

    /// Waits until there is something for a worker to do. A task that it is told to claim counts as taken
    /// until [`Board::look`] says otherwise.
    pub fn next(&self, wake: &Arc<Wake>) -> Next {
        let mut inner = self.lock();
        loop {
            if inner.stopped {
                return Next::Stopped;
            }
            if inner.drained {
                return Next::Drained;
            }
            let now = clock::now();
            inner.queue.advance(now);
            if let Some(id) = pick::pick(&inner.queue, &self.filter).map(|entry| entry.id.clone()) {
                inner.take(&id, wake);
                return Next::Claim(id);
            }
            let outlook = pick::outlook(&inner.queue, &self.filter, now);
            if self.when_empty == WhenEmpty::End
                && inner.nothing_runs()
                && !matches!(outlook, Outlook::At(_))
                && inner.unsettled.is_empty()
            {
                if inner.rescanned {
                    inner.drained = true;
                    drop(inner);
                    self.changed.notify_all();
                    return Next::Drained;
                }
                // The kernel may have dropped events: read the folders once more before giving up.
                drop(inner);
                if self.scan().is_err() {
                    return Next::Drained;
                }
                inner = self.lock();
                continue;
            }
            inner = match outlook {
                Outlook::At(at) | Outlook::AuthorsTime(at) => {
                    self.changed.wait_timeout(inner, until(at, now)).unwrap_or_else(PoisonError::into_inner).0
                }
                Outlook::Nothing => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// A worker has let go of a task that now lies wherever it lies.
    pub fn let_go(&self, id: &TaskId) {
        let mut inner = self.lock();
        inner.mine.remove(id);
        for state in State::ALL {
            inner.look(&self.dirs, state, OsStr::new(&id.file_name()));
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// A claim found the task's lock held: not to be tried before `until`.
    pub fn defer(&self, id: &TaskId, until: Timestamp) {
        self.lock().queue.defer(id, until);
        self.let_go(id);
    }

    /// A task in `current/` that cannot be given back now; nobody waits for it.
    pub fn strand(&self, id: &TaskId) {
        self.lock().stranded.insert(id.clone());
        self.changed.notify_all();
    }

    /// Looks again at a task in every folder.
    pub fn refresh(&self, id: &TaskId) {
        let mut inner = self.lock();
        for state in State::ALL {
            inner.look(&self.dirs, state, OsStr::new(&id.file_name()));
        }
        drop(inner);
        self.changed.notify_all();
    }

    /// Wakes every worker of this process that waits for a program.
    pub fn poke_all(&self) {
        for wake in self.lock().mine.values() {
            wake.poke();
        }
    }

    /// Wakes the worker that has `id`, if this process does.
    pub fn poke(&self, id: &TaskId) {
        if let Some(wake) = self.lock().mine.get(id) {
            wake.poke();
        }
    }

    /// Tells every waiting worker that the run is ending.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Whether this process has the task.
    pub fn is_mine(&self, id: &TaskId) -> bool {
        self.lock().mine.contains_key(id)
    }

    /// The tasks in `current/` that this process does not have.
    pub fn others(&self) -> Vec<TaskId> {
        let inner = self.lock();
        inner.queue.live().map(|(id, _)| id.clone()).filter(|id| !inner.mine.contains_key(id)).collect()
    }

    /// The complaints since the last time.
    pub fn complaints(&self) -> Vec<Complaint> {
        std::mem::take(&mut self.lock().complaints)
    }

    /// Whether a file or a waiting task needs a person before it can be worked on.
    pub fn something_needs_a_person(&self) -> bool {
        let inner = self.lock();
        let queue = &inner.queue;
        let stuck = |entry: &Entry| pick::hold(queue, &self.filter, entry).is_some_and(|hold| hold.needs_a_person());
        queue.invalid().any(|(state, _, _)| state == State::Pending) || queue.all_pending().any(stuck)
    }

    /// Lets the tasks whose moment has come be claimed.
    pub fn advance(&self, now: Timestamp) {
        self.lock().queue.advance(now);
    }

    /// Shows the picture to `look`.
    pub fn with_queue<T>(&self, look: impl FnOnce(&Queue) -> T) -> T {
        look(&self.lock().queue)
    }
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    // A moment more, so that the clock has surely reached it.
    Duration::try_from(at.duration_since(now)).unwrap_or_default() + Duration::from_millis(1)
}

impl Inner {
    fn take(&mut self, id: &TaskId, wake: &Arc<Wake>) {
        let entry = self.queue.pending(id).cloned();
        self.queue.remove(State::Pending, id);
        self.stamps.remove(id);
        self.queue.put_current(id, entry);
        self.mine.insert(id.clone(), Arc::clone(wake));
    }

    fn nothing_runs(&self) -> bool {
        self.mine.is_empty() && self.queue.live().all(|(id, _)| self.stranded.contains(id))
    }

    fn known_names(&self, state: State) -> Vec<std::ffi::OsString> {
        let invalid = self.queue.invalid().filter(|(at, _, _)| *at == state).map(|(_, name, _)| name.into());
        self.queue.ids(state).map(|id| id.file_name().into()).chain(invalid).collect()
    }

    /// Whether a name needs no second look: a scan of ten thousand complete tasks must not touch each.
    fn is_as_known(&self, dirs: &Dirs, state: State, name: &OsStr) -> bool {
        let Name::Task(id) = task_folder::read_name(name) else { return false };
        match state {
            State::Pending => {
                self.stamps.get(&id).is_some_and(|known| task_folder::stamp(dirs, state, &id).as_ref() == Some(known))
            }
            State::Current => self.mine.contains_key(&id),
            State::Review | State::Blocked | State::Complete => false,
        }
    }

    /// Those of the pending files that somebody may be in the middle of writing.
    fn half_written(&self, dirs: &Dirs, state: State, names: &[std::ffi::OsString]) -> HashSet<std::ffi::OsString> {
        if state != State::Pending {
            return HashSet::new();
        }
        let folder = dirs.state(state);
        let young: HashSet<PathBuf> = names
            .iter()
            .filter(|name| !task_folder::has_rested(dirs, state, name, REST))
            .map(|name| folder.join(name))
            .collect();
        writers::open_for_writing(&young).iter().filter_map(|path| path.file_name().map(OsStr::to_owned)).collect()
    }

    fn begin_writing(&mut self, state: State, name: &OsStr) {
        if let (State::Pending, Name::Task(id)) = (state, task_folder::read_name(name)) {
            self.queue.set_open(&id, true);
            self.unsettled.insert((state, name.to_owned()));
        }
    }

    fn settle(&mut self, state: State, name: &OsStr) {
        if self.unsettled.remove(&(state, name.to_owned()))
            && let Name::Task(id) = task_folder::read_name(name)
        {
            self.queue.set_open(&id, false);
        }
    }

    /// Makes the picture agree with one name in one folder.
    fn look(&mut self, dirs: &Dirs, state: State, name: &OsStr) {
        self.rescanned = false;
        let shown = name.to_string_lossy().into_owned();
        let complaint = match task_folder::read_name(name) {
            Name::Foreign => None,
            Name::Impossible(reason) => {
                let there = std::fs::symlink_metadata(dirs.state(state).join(name)).is_ok();
                there.then_some(Invalid { line: None, reason })
            }
            Name::Task(id) => match state {
                State::Pending | State::Current => self.look_inside(dirs, state, &id),
                State::Review | State::Blocked | State::Complete => self.look_outside(dirs, state, &id),
            },
        };
        match complaint {
            None => self.queue.remove_invalid(state, &shown),
            Some(invalid) => {
                if self.queue.put_invalid(state, &shown, invalid.clone()) {
                    self.complaints.push(Complaint { state, name: shown, invalid });
                }
            }
        }
    }

    /// Reads a task whose contents matter to the pick.
    fn look_inside(&mut self, dirs: &Dirs, state: State, id: &TaskId) -> Option<Invalid> {
        match task_folder::read(dirs, state, id) {
            Ok(Some(found)) => {
                let entry = Entry::of(&found.task, found.stamp.arrived());
                if state == State::Current {
                    self.queue.put_current(id, Some(entry));
                } else if !self.mine.contains_key(id) {
                    self.queue.put_pending(entry);
                    self.stamps.insert(id.clone(), found.stamp);
                }
                None
            }
            Ok(None) => {
                // A task that a worker is about to rename counts as taken already.
                if state != State::Current || !self.mine.contains_key(id) {
                    self.queue.remove(state, id);
                    self.stranded.remove(id);
                }
                if state == State::Pending {
                    self.stamps.remove(id);
                }
                None
            }
            Err(invalid) => {
                self.queue.remove(state, id);
                Some(invalid)
            }
        }
    }

    /// Looks whether a task is there; what it says does not matter any more.
    fn look_outside(&mut self, dirs: &Dirs, state: State, id: &TaskId) -> Option<Invalid> {
        match task_folder::kind_of(dirs, state, id) {
            None => self.queue.remove(state, id),
            Some(Ok(())) => {
                if !self.queue.holds(state, id) {
                    self.queue.put(state, id);
                }
            }
            Some(Err(invalid)) => {
                self.queue.remove(state, id);
                return Some(invalid);
            }
        }
        None
    }
}
