//! The queue's picture that all threads of a run share, and the place where idle workers wait.
//!
//! Whoever changes the folders, or hears that somebody did, asks the board to look at that name again; the
//! board wakes the workers. Nobody polls.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::picture::{Complaint, Picture, REST};
use crate::cycle::{Workshop, let_through, out_of_reach};
use crate::model::pick::{self, Closed, Filter, Outlook, Reach};
use crate::model::queue::Queue;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::ledger::Ledger;
use crate::os::process::Wake;
use crate::os::task_folder::{self, Found, Name};
use crate::os::{clock, writers};

/// From so many new files on, reading them with all cores is worth it (measured: no gain below a thousand).
pub(super) const MANY: usize = 1000;

/// What a worker that asks for work is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Try to claim this one.
    Claim(TaskId),
    /// All is done of some epic: complete it.
    Epics,
    /// Nothing is left, and nothing will come by itself.
    Drained,
    /// It is called for something else.
    Called,
    /// It is one worker too many.
    Retired,
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

/// The queue's picture, shared.
pub struct Board {
    pub(super) dirs: Dirs,
    pub(super) filter: Filter,
    pub(super) when_empty: WhenEmpty,
    pub(super) inner: Arc<Mutex<Picture>>,
    pub(super) changed: Arc<Condvar>,
    /// How the money stands, also for who only looks at the queue.
    pub(super) ledger: Ledger,
    /// One thread of this process at a time completes epics.
    pub(super) settling: Mutex<()>,
}

impl Board {
    /// An empty board.
    pub fn new(dirs: Dirs, filter: Filter, when_empty: WhenEmpty) -> Self {
        let (inner, changed, ledger) = (Arc::default(), Arc::default(), Ledger::new(&dirs));
        Self { dirs, filter, when_empty, inner, changed, ledger, settling: Mutex::default() }
    }

    /// A panic elsewhere leaves the picture as it was: it is a hint, and the folders are the truth.
    pub(super) fn lock(&self) -> MutexGuard<'_, Picture> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads all folders.
    pub fn scan(&self) -> std::io::Result<()> {
        let ripe = self.ripe();
        self.scan_once()?;
        self.meet_children();
        if self.ripe().iter().any(|id| !ripe.contains(id)) {
            // A child that moves backwards while the folders are read is missed by one scan, not by two.
            self.scan_once()?;
        }
        self.count_money();
        let mut inner = self.lock();
        inner.rescanned = true;
        inner.attendance.change();
        drop(inner);
        self.changed.notify_all();
        Ok(())
    }

    fn scan_once(&self) -> std::io::Result<()> {
        for state in State::ALL {
            let listed: HashSet<OsString> = task_folder::list(&self.dirs, state)?.into_iter().collect();
            let mut inner = self.lock();
            let gone: Vec<_> = inner.known_names(state).into_iter().filter(|name| !listed.contains(name)).collect();
            let fresh = listed.into_iter().filter(|name| !inner.is_as_known(&self.dirs, state, name));
            let fresh: Vec<_> = fresh.chain(gone).collect();
            drop(inner);
            let mut read = self.read_ahead(state, &fresh);
            inner = self.lock();
            let young = inner.half_written(&self.dirs, state, &fresh);
            for name in fresh {
                if young.contains(&name) {
                    inner.begin_writing(state, &name);
                } else if state == State::Complete {
                    inner.enlist(&self.dirs, &name);
                } else if !read.remove(&name).is_some_and(|found| inner.accept(&self.dirs, found)) {
                    inner.look(&self.dirs, state, &name);
                }
            }
        }
        Ok(())
    }

    /// Reads many waiting tasks with all cores, without keeping anybody from the board.
    fn read_ahead(&self, state: State, names: &[OsString]) -> HashMap<OsString, Found> {
        if state != State::Pending || names.len() < MANY {
            return HashMap::new();
        }
        let read = |name: &OsString| match task_folder::read_name(name) {
            Name::Task(id) => {
                task_folder::read(&self.dirs, state, &id).ok().flatten().map(|found| (name.clone(), found))
            }
            Name::Foreign | Name::Impossible(_) => None,
        };
        names.par_iter().filter_map(read).collect()
    }

    /// Looks again at one name in one folder.
    pub fn look(&self, state: State, name: &OsStr) {
        if state == State::Current {
            // A task that another process has let go of has freed money.
            self.count_money();
        }
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

    /// Waits until there is something to do for a worker whose agents are `own`, and that rests until `rests_until`; or until `leaves` says that it is
    /// one too many, or `called` that it is called for something else. A task that it is told to claim counts as taken
    /// until [`Board::look`] says otherwise.
    pub fn next(
        &self,
        shop: &Workshop,
        own: &[String],
        wake: &Arc<Wake>,
        rests_until: Option<Timestamp>,
        leaves: &dyn Fn() -> bool,
        called: &dyn Fn() -> bool,
    ) -> Next {
        // Whatever it was let through for is over.
        shop.providers.turns.forget(wake);
        let mut inner = self.lock();
        loop {
            if inner.stopped {
                return Next::Stopped;
            }
            if inner.drained {
                return Next::Drained;
            }
            if called() {
                return Next::Called;
            }
            if leaves() {
                return Next::Retired;
            }
            let now = clock::now();
            inner.queue.advance(now);
            let closed = out_of_reach(&shop.providers, &shop.settings(), Some(wake), now);
            if closed.values().any(|closed| matches!(closed, Closed::Full(_))) {
                // Another process may end the turn that is waited for.
                shop.providers.turns.listen();
            }
            inner.queue.reach = Reach { own: own.to_vec(), closed };
            if inner.queue.ripe().next().is_some() {
                return Next::Epics;
            }
            if let Some(id) = inner.admission.pick(&inner.queue, &self.filter).map(|entry| entry.id.clone()) {
                if inner.till.is_spent() && self.when_empty == WhenEmpty::End && inner.mine.is_empty() {
                    inner.till.keep_back();
                    inner.drained = true;
                    drop(inner);
                    self.changed.notify_all();
                    return Next::Drained;
                }
                if inner.paused || inner.till.is_spent() {
                    inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
                    continue;
                }
                let Some(until) = inner.resting_until.max(rests_until).filter(|until| *until > now) else {
                    if let Some(agent) = inner.queue.pending(&id).and_then(|entry| inner.queue.reach.who(entry)) {
                        let_through(shop, agent, wake);
                    }
                    inner.take(&id, wake);
                    inner.admission.pass(&id);
                    return Next::Claim(id);
                };
                inner = self.wait_until(inner, until, now);
                continue;
            }
            let outlook = inner.admission.outlook(&inner.queue, &self.filter, now);
            if self.when_empty == WhenEmpty::End
                && inner.nothing_runs(&self.filter)
                && !matches!(outlook, Outlook::At(_))
                && inner.unsettled.is_empty()
                && inner.attendance.all_have_spoken()
            {
                if inner.rescanned {
                    if pick::pick(&inner.queue, &self.filter).is_some() && inner.admission.looks_again() {
                        continue;
                    }
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
                Outlook::At(at) | Outlook::AuthorsTime(at) => self.wait_until(inner, at, now),
                Outlook::Nothing => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    pub(super) fn wait_until<'a>(
        &self,
        inner: MutexGuard<'a, Picture>,
        at: Timestamp,
        now: Timestamp,
    ) -> MutexGuard<'a, Picture> {
        self.changed.wait_timeout(inner, until(at, now)).unwrap_or_else(PoisonError::into_inner).0
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

    /// Wakes everybody of this process who waits for a program.
    pub fn poke_all(&self) {
        let inner = self.lock();
        inner.mine.values().chain(&inner.apart).for_each(|wake| wake.poke());
    }

    /// Whoever waits with `wake` for a program that belongs to no task of its own is woken with all.
    pub(super) fn poke_with_all(&self, wake: &Arc<Wake>) {
        self.lock().apart.push(Arc::clone(wake));
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

    /// Lets every waiting worker ask again whether it is to leave.
    pub(super) fn nudge(&self) {
        // Under the lock, so that nobody is between asking and waiting.
        drop(self.lock());
        self.changed.notify_all();
    }

    /// How many tasks this process has.
    pub(super) fn at_work(&self) -> usize {
        self.lock().mine.len()
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
