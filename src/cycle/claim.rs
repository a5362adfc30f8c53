//! **Claimed**: the kernel lock first, then one rename that never replaces.
//!
//! The lock is held to the end of the cycle. A rename that a power cut undoes is a task that is pending
//! again, so nothing is synced here.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::funds::{self, Unpaid};
use super::{Bench, Chosen, Terms, Workshop};
use crate::model::budget::Spell;
use crate::model::queue::Invalid;
use crate::model::record::{Event, StepName};
use crate::model::state::State;
use crate::model::task::{Kept, Kind, Session, TaskId};
use crate::os::dirs::Dirs;
use crate::os::files::{self, Moved};
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::plain_file;
use crate::os::process::{Identity, Mark};
use crate::os::task_folder::{self, Found};

/// A task that this worker has.
pub struct Claim {
    /// Which.
    pub id: TaskId,
    /// The file as it was when it was claimed.
    pub found: Found,
    /// What is known of the claim to whoever comes after this process.
    pub record: ClaimRecord,
    /// The agent that is to work on it has chosen it.
    pub chosen: Option<Chosen>,
    /// Held while the cycle lasts; the order of the fields is the order of their release.
    _domain: Option<Lock>,
    _lock: Lock,
}

/// What a later process must know to clear a claim: `.swarm/claims/<id>.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClaimRecord {
    /// The version of this format.
    pub schema: u32,
    /// The task.
    pub task: TaskId,
    /// The workspace, so that a copy of its folders does not speak of the original's processes.
    pub workspace: Home,
    /// The run.
    pub run_id: String,
    /// The worker.
    pub worker: String,
    /// Its cycle.
    pub cycle: u32,
    /// Which attempt.
    pub attempt: u32,
    /// The worktree.
    pub slot: String,
    /// Where the base stood when the work began: what is merged after it is this attempt's. `None`: the work
    /// has not begun.
    pub base: Option<Oid>,
    /// What every process of the agent has in its environment.
    pub mark: Mark,
    /// The first process of the step that runs, where one does.
    pub process: Option<Identity>,
    /// The locked prompt, held by the agent while it lives.
    pub prompt: Option<String>,
    /// With what the next attempt goes on, should this one be broken off.
    #[serde(default)]
    pub go_on: GoOn,
    /// The domain whose budget pays for it.
    #[serde(default)]
    pub domain: Option<String>,
    /// What it has cost so far.
    #[serde(default)]
    pub bill: Bill,
    /// On what terms; `None` in the record of an older version.
    #[serde(default)]
    pub terms: Option<Terms>,
}

/// What the agents of an attempt have told of its cost so far.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Bill {
    /// In dollars.
    pub usd: Option<f64>,
    /// An agent has its turn: what that costs is not known yet.
    pub is_open: bool,
    /// Its last turn, open or not, of an agent that asks a model.
    #[serde(default)]
    pub turn: Option<OpenTurn>,
    /// When the first of those turns began.
    #[serde(default)]
    pub began: Option<Timestamp>,
    /// Nobody knows all that the turns before it have cost.
    #[serde(default)]
    pub is_partial: bool,
    /// So many earlier cycles died in the middle of a turn whose cost is part of this.
    #[serde(default)]
    pub told_cycles: u32,
}

/// What is known of a turn before it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTurn {
    /// For which step.
    pub step: StepName,
    /// Who tells what it has cost, should its worker die.
    pub later: Later,
}

/// Who tells what a turn has cost in whose middle its worker has died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// The next turn of the author's session: his agent counts whole sessions.
    Session,
    /// Nobody.
    Nobody,
}

/// With what an attempt goes on that follows one which was broken off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct GoOn {
    /// The author's session.
    pub session: Option<Session>,
    /// Work whose author says that it is done, and what it was done for.
    pub kept: Option<Kept>,
}

/// A folder, by what a copy of it does not share and a renamed one keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    device: u64,
    inode: u64,
}

impl Home {
    /// The folder as it is now.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let meta = std::fs::metadata(folder)?;
        Ok(Self { device: meta.dev(), inode: meta.ino() })
    }

    /// Whether it is that folder.
    pub fn is(&self, folder: &Path) -> bool {
        Self::of(folder).is_ok_and(|here| here == *self)
    }
}

/// What came of an attempt to claim.
pub enum Claimed {
    /// It is ours.
    Yes(Box<Claim>),
    /// Somebody else has it, or it is gone, or it lies in two places, or became an epic.
    Lost,
    /// A lock is held: by a worker that is about to give it back, or by an agent that outlived its worker.
    Locked,
    /// It is no valid task.
    Invalid(Invalid),
    /// Nobody pays for it.
    Unpaid(Unpaid),
}

/// Tries to claim a task for a worker's next cycle.
pub fn claim(shop: &Workshop, bench: &Bench, cycle: u32, id: &TaskId) -> io::Result<Claimed> {
    let dirs = &shop.dirs;
    let Some(lock) = Lock::try_exclusive(&dirs.claim_lock(id))? else { return Ok(Claimed::Locked) };
    // Under the lock nobody else moves it, so what is read now is what is claimed, unless its author writes.
    let found = match task_folder::read(dirs, State::Pending, id) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Claimed::Lost),
        Err(invalid) => return Ok(Claimed::Invalid(invalid)),
    };
    let elsewhere = |state: &State| *state != State::Pending && task_folder::exists(dirs, *state, id);
    let waits = |id: &TaskId| !task_folder::exists(dirs, State::Complete, id);
    let is_epic = found.task.kind == Kind::Epic;
    if is_epic || State::ALL.iter().any(elsewhere) || found.task.depends_on.iter().any(waits) {
        return Ok(Claimed::Lost);
    }
    let domain = match &found.task.domain {
        None => None,
        Some(domain) => match Lock::try_exclusive(&dirs.domain_lock(domain))? {
            Some(lock) => Some(lock),
            None => return Ok(Claimed::Locked),
        },
    };
    if prompt_is_held(dirs, id)? {
        return Ok(Claimed::Locked);
    }
    let mut record = ClaimRecord {
        schema: crate::model::record::SCHEMA,
        task: id.clone(),
        workspace: Home::of(dirs.root())?,
        run_id: shop.journal.run_id().to_owned(),
        worker: bench.worker.clone(),
        cycle,
        attempt: found.task.progress.attempts.saturating_add(1),
        slot: bench.slot_name.clone(),
        base: None,
        mark: Mark::new(),
        process: None,
        prompt: None,
        go_on: GoOn { session: None, kept: found.task.progress.kept.clone() },
        domain: found.task.domain.clone(),
        bill: Bill::default(),
        terms: Some(Terms::of(&found.task)),
    };
    // The record that is replaced says what the attempt before has cost.
    funds::settle_dead(shop, id);
    record.write(dirs)?;
    if let Some(unpaid) = funds::reserve(shop, &record, &found.task)? {
        return Ok(Claimed::Unpaid(unpaid));
    }
    match take(dirs, id) {
        Ok(Ok(found)) => {
            let (id, chosen) = (id.clone(), None);
            // Its author may have saved it just before.
            record.terms = Some(Terms::of(&found.task));
            Ok(Claimed::Yes(Box::new(Claim { id, found, record, chosen, _domain: domain, _lock: lock })))
        }
        Ok(Err(claimed)) => funds::give_back(shop, &record).map(|()| claimed),
        Err(error) => funds::give_back(shop, &record).and(Err(error)),
    }
}

/// Moves the file into `current/` and reads it there; or says why it is not ours.
fn take(dirs: &Dirs, id: &TaskId) -> io::Result<Result<Found, Claimed>> {
    match task_folder::move_task(dirs, id, State::Pending, State::Current)? {
        Moved::Done => {}
        Moved::Gone | Moved::Taken => return Ok(Err(Claimed::Lost)),
    }
    match task_folder::read(dirs, State::Current, id) {
        Ok(Some(found)) => Ok(Ok(found)),
        // Its author was quicker than we were: he moved it on, or broke it.
        Ok(None) => Ok(Err(Claimed::Lost)),
        Err(invalid) => {
            task_folder::move_task(dirs, id, State::Current, State::Pending)?;
            Ok(Err(Claimed::Invalid(invalid)))
        }
    }
}

impl ClaimRecord {
    /// Which cycle it is.
    pub fn spell(&self) -> Spell {
        let Self { run_id, worker, cycle, task, .. } = self.clone();
        Spell { run_id, worker, cycle, task }
    }

    /// Writes it where whoever comes later looks for it.
    pub fn write(&self, dirs: &Dirs) -> io::Result<()> {
        files::write(&dirs.claim_record(&self.task), &serde_json::to_vec(self)?)
    }

    /// Reads it; a torn or foreign one is as good as none.
    pub fn read(dirs: &Dirs, id: &TaskId) -> Option<Self> {
        let bytes = plain_file::read_record(&dirs.claim_record(id)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|record: &Self| record.task == *id)
    }

    /// Whether the processes that it names are this workspace's: a record that came with a copy of the folders speaks
    /// of the original's. (After a reboot the device may have another number; then no such process lives.)
    pub fn speaks_of_processes_here(&self, dirs: &Dirs) -> bool {
        self.workspace.is(dirs.root())
    }
}

/// Whether an agent of an earlier attempt still holds its prompt: its worker is dead, it is not.
pub(super) fn prompt_is_held(dirs: &Dirs, id: &TaskId) -> io::Result<bool> {
    match ClaimRecord::read(dirs, id).and_then(|record| record.prompt) {
        Some(prompt) => is_held_prompt(dirs, &prompt),
        None => Ok(false),
    }
}

/// Whether somebody still holds this prompt.
pub(super) fn is_held_prompt(dirs: &Dirs, prompt: &str) -> io::Result<bool> {
    let path = dirs.root().join(prompt);
    Ok(path.is_file() && Lock::try_exclusive(&path)?.is_none())
}

/// The same after its agent was killed: a killed process may take a moment to close its files.
pub fn stays_held(dirs: &Dirs, prompt: &str) -> io::Result<bool> {
    for _ in 0..100 {
        if !is_held_prompt(dirs, prompt)? {
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(true)
}

impl Claim {
    /// The session of its author, who has been told as many comments.
    pub(super) fn session(&self, agent: &str, id: &str, told: usize) -> Session {
        Session {
            agent: agent.to_owned(),
            id: id.to_owned(),
            contract: Some(self.found.task.contract()),
            told,
            slot: Some(self.record.slot.clone()),
            counted: None,
        }
    }

    /// Gives the task back without having begun with it. Gives whether it lies in `current/` no more.
    pub fn give_back(self, shop: &Workshop, worker: &str, cause: &str) -> bool {
        let who = Who { worker: Some(worker.to_owned()), cycle: None, task: Some(self.id.clone()) };
        let (from, to) = (State::Current, State::Pending);
        // Should that fail, whoever has the claim next does it.
        let _ = funds::give_back(shop, &self.record);
        let why = match task_folder::move_task(&shop.dirs, &self.id, from, to) {
            Ok(Moved::Done) => {
                let moved = Event::TaskMoved { from, to: Some(to), cause: cause.to_owned(), outcome: None };
                shop.journal.event(&who, moved);
                return true;
            }
            // Moved away by hand: the move wins.
            Ok(Moved::Gone) => return true,
            Ok(Moved::Taken) => format!("{} exists already", shop.dirs.shown(&shop.dirs.task(to, &self.id))),
            Err(error) => error.to_string(),
        };
        let message = format!("cannot give the task back: {why}; it stays in current/ until the next start");
        shop.journal.event(&who, Event::Warning { message });
        false
    }
}
