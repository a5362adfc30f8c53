//! What a run knows of the queue's folders, and how it looks at them.
//!
//! The folders are the truth; this follows them one name at a time.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::admission::Admission;
use super::attendance::Attendance;
use super::budget::Till;
use crate::model::pick::{Filter, Hold, is_meant};
use crate::model::queue::{Aside, Entry, Invalid, Queue, parent_named_in};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::process::Wake;
use crate::os::task_folder::{self, Found, Name, Stamp};
use crate::os::writers;

/// How long a file that may be half written must have been at rest where nobody can tell who writes it.
pub(super) const REST: SignedDuration = SignedDuration::from_secs(2);

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

/// The picture, and who of this process has what.
#[derive(Default)]
pub(super) struct Picture {
    pub(super) queue: Queue,
    /// What the files looked like when they were read, of those whose contents may change where they lie.
    pub(super) stamps: HashMap<(State, TaskId), Stamp>,
    /// Complete tasks whose parents are not known: ten thousand of them need not be read where no epic waits.
    pub(super) unread: HashSet<TaskId>,
    /// Tasks that have come to a person since it was last told who waits for them.
    pub(super) newly_aside: Vec<TaskId>,
    /// What was told of the waiting tasks that only a person can set free.
    pub(super) told: HashMap<TaskId, String>,
    /// How often in a row an epic could not be completed.
    pub(super) failures: HashMap<TaskId, u32>,
    /// The tasks that this process has, and how to wake who works on them.
    pub(super) mine: HashMap<TaskId, Arc<Wake>>,
    /// How to wake those who wait for a program that is no single task's.
    pub(super) apart: Vec<Arc<Wake>>,
    /// Tasks in `current/` that nobody has and that cannot be given back now.
    pub(super) stranded: HashSet<TaskId>,
    /// Files that somebody writes, to be looked at again.
    pub(super) unsettled: HashSet<(State, OsString)>,
    /// Waiting tasks of whose double it was told.
    pub(super) doubles: HashSet<TaskId>,
    pub(super) complaints: Vec<Complaint>,
    /// How many cycles in a row, over all workers, ended by a trouble of the machine.
    pub(super) troubles: u32,
    /// Nobody claims before this moment: the machine is not fit.
    pub(super) resting_until: Option<Timestamp>,
    /// What is known of money.
    pub(super) till: Till,
    /// Which tasks the base lets through.
    pub(super) admission: Admission,
    /// Nobody claims: a person has paused it.
    pub(super) paused: bool,
    /// Who claims, and who may make tasks.
    pub(super) attendance: Attendance,
    /// The folders have been read since the last change.
    pub(super) rescanned: bool,
    pub(super) drained: bool,
    pub(super) stopped: bool,
}

impl Picture {
    pub(super) fn take(&mut self, id: &TaskId, wake: &Arc<Wake>) {
        let entry = self.queue.pending(id).cloned();
        self.queue.remove(State::Pending, id);
        self.stamps.remove(&(State::Pending, id.clone()));
        self.queue.put_current(id, entry);
        self.mine.insert(id.clone(), Arc::clone(wake));
    }

    /// Whether nothing is worked on that a run with this filter waits for.
    pub(super) fn nothing_runs(&self, filter: &Filter) -> bool {
        let idle = |(id, entry)| self.stranded.contains(id) || !is_meant(&self.queue, filter, entry);
        self.mine.is_empty() && self.queue.live().all(idle)
    }

    pub(super) fn known_names(&self, state: State) -> Vec<OsString> {
        let invalid = self.queue.invalid().filter(|(at, _, _)| *at == state).map(|(_, name, _)| name.into());
        self.queue.ids(state).map(|id| id.file_name().into()).chain(invalid).collect()
    }

    /// Whether a name in a folder's listing needs no second look: a scan of ten thousand complete tasks must not
    /// touch each.
    pub(super) fn is_as_known(&self, dirs: &Dirs, state: State, name: &OsStr) -> bool {
        let Name::Task(id) = task_folder::read_name(name) else { return false };
        match state {
            State::Pending | State::Review | State::Blocked => {
                let now = task_folder::stamp(dirs, state, &id);
                self.stamps.get(&(state, id)).is_some_and(|known| now.as_ref() == Some(known))
            }
            State::Current => self.mine.contains_key(&id),
            State::Complete => self.queue.holds(state, &id),
        }
    }

    /// Those of the pending files that somebody may be in the middle of writing.
    pub(super) fn half_written(&self, dirs: &Dirs, state: State, names: &[OsString]) -> HashSet<OsString> {
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

    pub(super) fn begin_writing(&mut self, state: State, name: &OsStr) {
        if let (State::Pending, Name::Task(id)) = (state, task_folder::read_name(name)) {
            self.queue.set_open(&id, true);
            self.unsettled.insert((state, name.to_owned()));
        }
    }

    pub(super) fn settle(&mut self, state: State, name: &OsStr) {
        if self.unsettled.remove(&(state, name.to_owned()))
            && let Name::Task(id) = task_folder::read_name(name)
        {
            self.queue.set_open(&id, false);
        }
    }

    /// Takes over a waiting task that was read a moment ago; gives false if its file has changed since.
    pub(super) fn accept(&mut self, dirs: &Dirs, found: Found) -> bool {
        let id = &found.task.id;
        if self.mine.contains_key(id) || task_folder::stamp(dirs, State::Pending, id) != Some(found.stamp) {
            return false;
        }
        self.queue.remove_invalid(State::Pending, &id.file_name());
        self.stamps.insert((State::Pending, id.clone()), found.stamp);
        self.queue.put_pending(Entry::of(&found.task, found.stamp.arrived()));
        true
    }

    /// Notes that a complete task is there; what it says is read when somebody must know.
    pub(super) fn enlist(&mut self, dirs: &Dirs, name: &OsStr) {
        let state = State::Complete;
        match task_folder::read_name(name) {
            Name::Task(id) if matches!(task_folder::kind_of(dirs, state, &id), Some(Ok(()))) => {
                self.rescanned = false;
                self.queue.remove_invalid(state, &id.file_name());
                self.queue.put(state, &id);
                self.attendance.arrive();
                self.complain_of_double(dirs, &id);
                self.unread.insert(id);
            }
            Name::Task(_) | Name::Foreign | Name::Impossible(_) => self.look(dirs, state, name),
        }
    }

    /// Makes the picture agree with one name in one folder.
    pub(super) fn look(&mut self, dirs: &Dirs, state: State, name: &OsStr) {
        self.rescanned = false;
        self.attendance.change();
        let shown = name.to_string_lossy().into_owned();
        let complaint = match task_folder::read_name(name) {
            Name::Foreign => None,
            Name::Impossible(reason) => {
                let there = std::fs::symlink_metadata(dirs.state(state).join(name)).is_ok();
                there.then_some(Invalid { line: None, reason })
            }
            Name::Task(id) => match state {
                State::Pending | State::Current => self.look_inside(dirs, state, &id),
                State::Review | State::Blocked => self.look_aside(dirs, state, &id),
                State::Complete => self.look_at_complete(dirs, &id),
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
    pub(super) fn look_inside(&mut self, dirs: &Dirs, state: State, id: &TaskId) -> Option<Invalid> {
        match task_folder::read(dirs, state, id) {
            Ok(Some(found)) => {
                let entry = Entry::of(&found.task, found.stamp.arrived());
                if state == State::Current {
                    self.queue.put_current(id, Some(entry));
                } else if !self.mine.contains_key(id) {
                    self.queue.put_pending(entry);
                    self.stamps.insert((state, id.clone()), found.stamp);
                }
                self.complain_of_double(dirs, id);
                None
            }
            Ok(None) => {
                // A task that a worker is about to rename counts as taken already.
                if state != State::Current || !self.mine.contains_key(id) {
                    self.queue.remove(state, id);
                    self.stranded.remove(id);
                }
                self.stamps.remove(&(state, id.clone()));
                None
            }
            Err(invalid) => {
                self.queue.put_broken(state, id, named_parent(dirs, state, id));
                Some(invalid)
            }
        }
    }

    /// Two files of one name: neither is touched, and the one that waits is not claimed.
    fn complain_of_double(&mut self, dirs: &Dirs, id: &TaskId) {
        let double = self.queue.double(id).filter(|_| self.queue.holds(State::Pending, id));
        let Some(other) = double.filter(|other| is_in_both(dirs, *other, id)) else {
            self.doubles.remove(id);
            return;
        };
        if self.doubles.insert(id.clone()) {
            let reason = Hold::Double(other).to_string();
            let invalid = Invalid { line: None, reason };
            self.complaints.push(Complaint { state: State::Pending, name: id.file_name(), invalid });
        }
    }

    /// Reads a task that waits for a person: why, and for which epic it counts.
    fn look_aside(&mut self, dirs: &Dirs, state: State, id: &TaskId) -> Option<Invalid> {
        match task_folder::read(dirs, state, id) {
            Ok(Some(found)) => {
                if !self.queue.holds(state, id) {
                    self.newly_aside.push(id.clone());
                    self.attendance.arrive();
                }
                self.queue.put_aside(state, id, found.task.parent.as_ref(), Aside::of(&found.task));
                self.stamps.insert((state, id.clone()), found.stamp);
                self.complain_of_double(dirs, id);
                None
            }
            Ok(None) => {
                self.queue.remove(state, id);
                self.stamps.remove(&(state, id.clone()));
                None
            }
            Err(invalid) => {
                self.queue.put_broken(state, id, named_parent(dirs, state, id));
                if matches!(task_folder::kind_of(dirs, state, id), Some(Ok(()))) {
                    self.queue.put(state, id);
                }
                Some(invalid)
            }
        }
    }

    /// Reads for which epic a complete task counts; what else it says does not matter any more.
    fn look_at_complete(&mut self, dirs: &Dirs, id: &TaskId) -> Option<Invalid> {
        self.unread.remove(id);
        match task_folder::kind_of(dirs, State::Complete, id) {
            None => self.queue.remove(State::Complete, id),
            Some(Ok(())) => {
                if !self.queue.holds(State::Complete, id) {
                    self.attendance.arrive();
                }
                self.queue.put_complete(id, parent(dirs, State::Complete, id).as_ref());
                self.complain_of_double(dirs, id);
            }
            Some(Err(invalid)) => {
                self.queue.remove(State::Complete, id);
                return Some(invalid);
            }
        }
        None
    }
}

/// The parent that a task's file names, whether it can be understood or not.
pub(super) fn parent(dirs: &Dirs, state: State, id: &TaskId) -> Option<TaskId> {
    match task_folder::read(dirs, state, id) {
        Ok(found) => found.and_then(|found| found.task.parent),
        Err(_) => named_parent(dirs, state, id),
    }
}

/// The parent that a file names which cannot be understood.
fn named_parent(dirs: &Dirs, state: State, id: &TaskId) -> Option<TaskId> {
    task_folder::read_plain(&dirs.task(state, id)).ok().and_then(|bytes| parent_named_in(&bytes))
}

/// Whether a file of that name lies in `pending/` and in `other` at one moment: a file that moves between the two
/// while they are looked at, in either direction, is not seen thrice.
fn is_in_both(dirs: &Dirs, other: State, id: &TaskId) -> bool {
    [other, State::Pending, other].iter().all(|state| task_folder::exists(dirs, *state, id))
}
