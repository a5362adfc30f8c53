//! A worker's place: one worktree of the pool, owned by a kernel lock for as long as the worker lives.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::claim::prompt_is_held;
use super::errand_record::is_on_errand;
use super::{ClaimRecord, Workshop};
use crate::error::{Context, Error, Result};
use crate::model::crew::Member;
use crate::model::record::SCHEMA;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::files;
use crate::os::git::{Clean, Oid, Slot};
use crate::os::lock::Lock;
use crate::os::plain_file;
use crate::os::process::Wake;

/// How many slots are tried before it is believed that something is wrong.
const MOST_SLOTS: usize = 1000;

/// What a worker owns.
pub struct Bench {
    /// The worker's name.
    pub worker: String,
    /// The number of the worktree, two digits at least.
    pub slot_name: String,
    /// The worktree.
    pub slot: Slot,
    /// Who works here, unless the task says otherwise.
    pub member: Member,
    /// Reaches the worker while it waits for a program.
    pub wake: Arc<Wake>,
    /// The commit at which the worktree stands, and how it was cleaned, where nothing has touched it since.
    pub(super) fresh_at: Option<(Oid, Clean)>,
    /// The work of the last attempt could not be salvaged yet.
    pub(super) unsalvaged: bool,
    _lock: Lock,
}

/// Whose work lies in a worktree: `.swarm/slots/<NN>.json`. It is what a later process salvages by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SlotRecord {
    /// The version of this format.
    pub schema: u32,
    /// The task.
    pub task: TaskId,
    /// Which attempt at it.
    pub attempt: u32,
    /// The commit from which the work began.
    pub base: Oid,
    /// The work has been kept, and the gates run there on a commit of the base: nothing in it is anybody's work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lent: bool,
}

impl SlotRecord {
    /// Reads it; a torn or foreign one is as good as none.
    pub(super) fn read(dirs: &Dirs, slot_name: &str) -> Option<Self> {
        serde_json::from_slice(&plain_file::read_record(&dirs.slot_record(slot_name)).ok()?).ok()
    }
}

/// Whether an agent that outlived its worker, and could not be ended, works in a worktree: it holds its prompt.
pub(super) fn is_still_used(shop: &Workshop, slot_name: &str) -> Result<bool> {
    if is_on_errand(&shop.dirs, slot_name).context(|| format!("look who works in slot {slot_name}"))? {
        return Ok(true);
    }
    let Some(record) = SlotRecord::read(&shop.dirs, slot_name) else { return Ok(false) };
    let claim = ClaimRecord::read(&shop.dirs, &record.task).filter(|claim| claim.slot == slot_name);
    match claim {
        None => Ok(false),
        Some(_) => prompt_is_held(&shop.dirs, &record.task).context(|| format!("look who works in slot {slot_name}")),
    }
}

impl Bench {
    /// Takes the first worktree of the pool that nobody owns, and makes it if there is none yet. What a dead
    /// worker left in it is salvaged first.
    pub fn take(shop: &Workshop, worker: String, member: Member, tip: &Oid) -> Result<Self> {
        let wake = Arc::new(Wake::new().context(|| "make an event descriptor".to_owned())?);
        for number in 1..=MOST_SLOTS {
            let slot_name = format!("{number:02}");
            let path = shop.dirs.slot_lock(&slot_name);
            let lock = Lock::try_exclusive(&path).context(|| format!("lock {}", path.display()))?;
            let Some(mut lock) = lock else { continue };
            if is_still_used(shop, &slot_name)? {
                continue;
            }
            // For people who wonder whose it is; nothing depends on it.
            let _ = lock.describe();
            let held = lock.file().try_clone().context(|| format!("share {}", path.display()))?;
            let slot = shop.repo.add_slot(&shop.dirs.slot(&slot_name), tip)?.held_by(held);
            let mut bench =
                Self { worker, slot_name, slot, member, wake, fresh_at: None, unsalvaged: false, _lock: lock };
            bench.salvage_of_the_dead(shop)?;
            return Ok(bench);
        }
        Err(Error::environment(format!("all {MOST_SLOTS} worktrees are taken")))
    }

    /// The worktree may hold work that could not be salvaged: it is tried again before the next reset.
    pub fn distrust(&mut self) {
        self.unsalvaged = true;
    }

    /// The worktree's number, for what must differ between the slots of a machine.
    pub(super) fn index(&self) -> u32 {
        self.slot_name.parse().unwrap_or(0)
    }

    /// Something is about to run in the worktree: it must be reset before it is handed on.
    pub(super) fn touch(&mut self) {
        self.fresh_at = None;
    }

    /// All the work in the worktree, whose last commit is `head`, has been merged: there is nothing to salvage.
    pub(super) fn settle(&self, shop: &Workshop, claim: &ClaimRecord, head: &Oid) -> std::io::Result<()> {
        // The gates may have been run on the merged commit.
        let base = self.slot.detached_at().unwrap_or_else(|| head.clone());
        let (task, attempt) = (claim.task.clone(), claim.attempt);
        let record = SlotRecord { schema: SCHEMA, task, attempt, base, lent: false };
        self.sign(shop, &record)
    }

    /// Whose work lies in the worktree from now on.
    pub(super) fn sign(&self, shop: &Workshop, record: &SlotRecord) -> std::io::Result<()> {
        files::write(&shop.dirs.slot_record(&self.slot_name), &serde_json::to_vec(record)?)
    }
}
