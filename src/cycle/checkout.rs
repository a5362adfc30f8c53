//! Given a **checkout**: the worker's own worktree, reset to the newest base, with whatever lay in it salvaged.

use crate::error::{Context, Error, Result};
use crate::model::record::{Event, SCHEMA};
use crate::model::task::TaskId;
use crate::os::git::{Clean, Oid, Salvaged};
use crate::os::journal::Who;
use crate::os::process::Mark;

use super::bench::SlotRecord;
use super::{Bench, ClaimRecord, Workshop, setup};

/// The ref under which the work of an attempt is kept when it is not merged.
pub(super) fn salvage_ref(task: &str, attempt: u32) -> String {
    format!("refs/swarm/salvage/{task}/{attempt}")
}

impl Bench {
    /// Puts the worktree to `at`, for the attempt of `claim` whose work began at `base`.
    pub(super) fn prepare(&mut self, shop: &Workshop, claim: &ClaimRecord, at: &Oid, base: &Oid) -> Result<()> {
        let record =
            SlotRecord { schema: SCHEMA, task: claim.task.clone(), attempt: claim.attempt, base: base.clone() };
        self.prepare_for(shop, &record, &claim.mark, at)
    }

    /// Puts the worktree to `at`, for the work that `record` names; `mark` is that of its programs.
    pub(super) fn prepare_for(&mut self, shop: &Workshop, record: &SlotRecord, mark: &Mark, at: &Oid) -> Result<()> {
        if self.unsalvaged {
            self.salvage_of_the_dead(shop)?;
            self.unsalvaged = false;
        }
        if self.fresh_at.as_ref() != Some(at) {
            self.reset(shop, at)?;
        }
        self.sign(shop, record).context(|| format!("write {}", shop.dirs.slot_record(&self.slot_name).display()))?;
        setup::make_ready(shop, self, at, mark)?;
        self.fresh_at = None;
        Ok(())
    }

    /// Resets the worktree; what lies in it must have been merged or salvaged.
    pub(super) fn reset(&mut self, shop: &Workshop, to: &Oid) -> Result<()> {
        let clean = match &shop.settings().config.worktree.keep {
            None => Clean::KeepIgnored,
            Some(kept) => Clean::KeepOnly(kept.iter().chain(&shop.settings().config.worktree.copy).cloned().collect()),
        };
        self.fresh_at = None;
        self.slot.reset_to(to, &clean)?;
        self.fresh_at = Some(to.clone());
        Ok(())
    }

    /// Keeps all work in the worktree that `base` does not have, and says so.
    pub(super) fn salvage(
        &mut self,
        shop: &Workshop,
        who: &Who,
        task: &TaskId,
        attempt: u32,
        base: &Oid,
    ) -> Result<Option<Salvaged>> {
        let reference = salvage_ref(task.as_str(), attempt);
        let message = format!("Salvaged: attempt {attempt} at {task}\n");
        let salvaged = self.slot.salvage(&reference, base, &message)?;
        if let Some(Salvaged { reference, commit }) = &salvaged {
            let event = Event::Salvaged { reference: reference.clone(), commit: commit.to_string() };
            shop.journal.event(who, event);
        }
        Ok(salvaged)
    }

    /// A worktree that was just taken over may hold the work of a worker that died.
    pub(super) fn salvage_of_the_dead(&mut self, shop: &Workshop) -> Result<()> {
        let record = SlotRecord::read(&shop.dirs, &self.slot_name);
        let who = Who { worker: Some(self.worker.clone()), ..Who::default() };
        match record {
            Some(record) => {
                let who = Who { task: Some(record.task.clone()), ..who };
                self.salvage(shop, &who, &record.task, record.attempt, &record.base)?;
            }
            None => {
                let unknown = TaskId::parse(&format!("slot-{}", self.slot_name))
                    .map_err(|bad| Error::environment(bad.to_string()))?;
                let tip = shop.repo.tips(&shop.base)?.newest().clone();
                self.salvage(shop, &who, &unknown, 1, &tip)?;
            }
        }
        Ok(())
    }
}
