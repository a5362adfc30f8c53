//! Given a **checkout**: the worker's own worktree, reset to the newest base, with whatever lay in it salvaged.

use crate::error::{Context, Error, Result};
use crate::model::config::{Config, Worktree};
use crate::model::record::{Event, SCHEMA};
use crate::model::task::TaskId;
use crate::os::git::{Clean, Oid, Salvaged};
use crate::os::journal::Who;
use crate::os::process::{Mark, end_remains, marks_beside};

use super::bench::SlotRecord;
use super::{Bench, ClaimRecord, Workshop, left_outbox, outbox, setup};

/// The ref under which the work of an attempt is kept when it is not merged.
pub(super) fn salvage_ref(task: &str, attempt: u32) -> String {
    format!("refs/swarm/salvage/{task}/{attempt}")
}

/// Says where work is kept that was not merged.
pub(super) fn tell_salvaged(shop: &Workshop, who: &Who, salvaged: &Salvaged) {
    let (reference, commit) = (salvaged.reference.clone(), salvaged.commit.to_string());
    shop.journal.event(who, Event::Salvaged { reference, commit });
}

/// What becomes of ignored files; those that were copied stay, because they are not copied each time.
fn clean_by(wanted: &Worktree) -> Clean {
    match &wanted.keep {
        None => Clean::KeepIgnored,
        Some(kept) => {
            // What could not be collected yet waits there.
            let outbox = format!("/{}", outbox::NAME);
            Clean::KeepOnly(kept.iter().chain(&wanted.copy).cloned().chain([outbox]).collect())
        }
    }
}

impl Bench {
    /// Puts the worktree to `at`, for the attempt of `claim` whose work began at `base`, as the settings of its cycle
    /// want it.
    pub(super) fn prepare(
        &mut self,
        shop: &Workshop,
        config: &Config,
        claim: &ClaimRecord,
        at: &Oid,
        base: &Oid,
    ) -> Result<()> {
        let (task, attempt, base) = (claim.task.clone(), claim.attempt, base.clone());
        let record = SlotRecord { schema: SCHEMA, task, attempt, base, lent: false };
        self.prepare_for(shop, config, &record, &claim.mark, at)
    }

    /// Puts the worktree to `at`, for the work that `record` names; `mark` is that of its programs.
    pub(super) fn prepare_for(
        &mut self,
        shop: &Workshop,
        config: &Config,
        record: &SlotRecord,
        mark: &Mark,
        at: &Oid,
    ) -> Result<()> {
        if self.unsalvaged {
            self.salvage_of_the_dead(shop)?;
            self.unsalvaged = false;
        }
        if !self.fresh_at.as_ref().is_some_and(|(commit, clean)| commit == at && *clean == clean_by(&config.worktree)) {
            self.reset(&config.worktree, at)?;
        }
        self.sign(shop, record).context(|| format!("write {}", shop.dirs.slot_record(&self.slot_name).display()))?;
        setup::make_ready(shop, config, self, at, mark)?;
        self.fresh_at = None;
        Ok(())
    }

    /// Makes the worktree free for gates that run on a commit of the base: what they leave is nobody's work.
    pub fn lend(&mut self, shop: &Workshop) -> Result<()> {
        if self.unsalvaged {
            self.salvage_of_the_dead(shop)?;
            self.unsalvaged = false;
        }
        let record = match SlotRecord::read(&shop.dirs, &self.slot_name) {
            Some(record) => SlotRecord { lent: true, ..record },
            None => SlotRecord {
                schema: SCHEMA,
                task: self.stranger()?,
                attempt: 1,
                base: shop.repo.newest(&shop.base)?,
                lent: true,
            },
        };
        self.sign(shop, &record).context(|| format!("write {}", shop.dirs.slot_record(&self.slot_name).display()))
    }

    /// Resets the worktree, in which `wanted` stays; what else lies in it must have been merged or salvaged.
    pub(super) fn reset(&mut self, wanted: &Worktree, to: &Oid) -> Result<()> {
        let clean = clean_by(wanted);
        self.fresh_at = None;
        self.slot.reset_to(to, &clean)?;
        self.fresh_at = Some((to.clone(), clean));
        Ok(())
    }

    /// Keeps all work in the worktree that `base` does not have, for as long as it waits to be merged.
    pub(super) fn keep(&self, task: &TaskId, attempt: u32, base: &Oid) -> Result<Option<Salvaged>> {
        let reference = salvage_ref(task.as_str(), attempt);
        let message = format!("Salvaged: attempt {attempt} at {task}\n");
        Ok(self.slot.salvage(&reference, base, &message)?)
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
        let salvaged = self.keep(task, attempt, base)?;
        if let Some(salvaged) = &salvaged {
            tell_salvaged(shop, who, salvaged);
        }
        Ok(salvaged)
    }

    /// A worktree that was just taken over may hold the work of a worker that died.
    pub(super) fn salvage_of_the_dead(&mut self, shop: &Workshop) -> Result<()> {
        left_outbox::collect_left(shop, &self.slot_name)
            .context(|| format!("collect the new tasks in slot {}", self.slot_name))?;
        let record = SlotRecord::read(&shop.dirs, &self.slot_name);
        let who = Who { worker: Some(self.worker.clone()), ..Who::default() };
        match record {
            Some(record) if record.lent => self.end_forgotten_gates(shop)?,
            Some(record) => {
                let who = Who { task: Some(record.task.clone()), ..who };
                self.salvage(shop, &who, &record.task, record.attempt, &record.base)?;
            }
            None => {
                let unknown = self.stranger()?;
                let tip = shop.repo.tips(&shop.base)?.newest().clone();
                self.salvage(shop, &who, &unknown, 1, &tip)?;
            }
        }
        Ok(())
    }

    /// Ends what a dead process left of the gates that it ran here outside of any task. The folder for their litter
    /// is the worktree's alone, and stands in their environment.
    fn end_forgotten_gates(&self, shop: &Workshop) -> Result<()> {
        let scratch = shop.dirs.scratch().join(&self.slot_name);
        let marks = marks_beside("TMPDIR", scratch.as_os_str()).context(|| "look for gates of the dead".to_owned())?;
        let who = Who { worker: Some(self.worker.clone()), ..Who::default() };
        for mark in marks {
            for stray in end_remains(&mark, None).context(|| "end gates of the dead".to_owned())? {
                shop.journal.event(&who, Event::StrayEnded { pid: stray.pid, command: stray.command });
            }
        }
        Ok(())
    }

    /// The name under which work is kept of which nobody knows whose it is.
    fn stranger(&self) -> Result<TaskId> {
        TaskId::parse(&format!("slot-{}", self.slot_name)).map_err(|bad| Error::environment(bad.to_string()))
    }
}
