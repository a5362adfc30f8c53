//! What a later process must know of an agent that works without a task: `.swarm/slots/<NN>.errand.json`. A worktree
//! has one errand at a time, and none while it has a task, so its number is the name.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::claim::{Home, is_held_prompt, stays_held};
use super::{Bench, Workshop};
use crate::error::{Context, Result};
use crate::model::record::{Event, SCHEMA};
use crate::os::dirs::Dirs;
use crate::os::files;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::process::{Identity, Mark, end_remains};

/// Who is on an errand in a worktree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ErrandRecord {
    /// The version of this format.
    pub(super) schema: u32,
    /// The worktree.
    pub(super) slot: String,
    /// The workspace, so that a copy of its folders does not speak of the original's processes.
    pub(super) workspace: Home,
    /// The run.
    pub(super) run_id: String,
    /// The worker.
    pub(super) worker: String,
    /// Its cycle.
    pub(super) cycle: u32,
    /// What every process of the agent has in its environment.
    pub(super) mark: Mark,
    /// The first process of the step that runs, where one does.
    pub(super) process: Option<Identity>,
    /// The locked prompt, held by the agent while it lives.
    pub(super) prompt: Option<String>,
}

impl ErrandRecord {
    /// Notes that a worker begins an errand.
    pub(super) fn begin(shop: &Workshop, bench: &Bench, cycle: u32) -> io::Result<Self> {
        let record = Self {
            schema: SCHEMA,
            slot: bench.slot_name.clone(),
            workspace: Home::of(shop.dirs.root())?,
            run_id: shop.journal.run_id().to_owned(),
            worker: bench.worker.clone(),
            cycle,
            mark: Mark::new(),
            process: None,
            prompt: None,
        };
        record.write(&shop.dirs)?;
        Ok(record)
    }

    pub(super) fn write(&self, dirs: &Dirs) -> io::Result<()> {
        files::write(&dirs.errand_record(&self.slot), &serde_json::to_vec(self)?)
    }

    /// The errand is over. A record that stays speaks of processes that have ended.
    pub(super) fn forget(&self, dirs: &Dirs) {
        let _ = fs::remove_file(dirs.errand_record(&self.slot));
    }

    /// Reads it; a torn or foreign one is as good as none.
    fn read(dirs: &Dirs, slot: &str) -> Option<Self> {
        let bytes = fs::read(dirs.errand_record(slot)).ok()?;
        serde_json::from_slice(&bytes).ok().filter(|record: &Self| record.slot == slot)
    }
}

/// Whether an agent on an errand, which outlived its worker and could not be ended, works in a worktree.
pub(super) fn is_on_errand(dirs: &Dirs, slot: &str) -> io::Result<bool> {
    match ErrandRecord::read(dirs, slot).and_then(|record| record.prompt) {
        Some(prompt) => is_held_prompt(dirs, &prompt),
        None => Ok(false),
    }
}

/// Ends the agents whose workers died on an errand. What they had made is salvaged by whoever takes over the worktree.
pub fn end_lost_errands(shop: &Workshop) -> Result<()> {
    let dirs = &shop.dirs;
    let listing = match fs::read_dir(dirs.slots()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        listing => listing.context(|| format!("read {}", dirs.slots().display()))?,
    };
    for name in listing.flatten().map(|entry| entry.file_name()) {
        if let Some(slot) = name.to_str().and_then(|name| name.strip_suffix(".errand.json")) {
            end_lost_errand(shop, slot).context(|| format!("end the errand in slot {slot}"))?;
        }
    }
    Ok(())
}

fn end_lost_errand(shop: &Workshop, slot: &str) -> io::Result<()> {
    // Whose worker lives ends it himself.
    match Lock::try_exclusive(&shop.dirs.slot_lock(slot))? {
        Some(_lock) => end_errand(shop, slot),
        None => Ok(()),
    }
}

/// Ends the agent of an errand that a mistake of ours has broken off.
pub fn break_off_errand(shop: &Workshop, bench: &mut Bench) {
    bench.distrust();
    if let Err(error) = end_errand(shop, &bench.slot_name) {
        let who = Who { worker: Some(bench.worker.clone()), ..Who::default() };
        shop.journal.event(&who, Event::Warning { message: format!("cannot end an agent: {error}") });
    }
}

fn end_errand(shop: &Workshop, slot: &str) -> io::Result<()> {
    let Some(record) = ErrandRecord::read(&shop.dirs, slot) else { return Ok(()) };
    if record.workspace.is(shop.dirs.root()) {
        let who = Who { worker: Some(record.worker.clone()), ..Who::default() };
        for stray in end_remains(&record.mark, record.process.as_ref())? {
            shop.journal.event(&who, Event::StrayEnded { pid: stray.pid, command: stray.command });
        }
        if record.prompt.as_ref().is_some_and(|prompt| stays_held(&shop.dirs, prompt).unwrap_or(true)) {
            let (worker, run) = (&record.worker, &record.run_id);
            let message = format!("an agent of the dead worker {worker} of run {run} still runs and cannot be ended");
            shop.journal.event(&who, Event::Warning { message });
            return Ok(());
        }
        let reason = format!("its worker {} of run {} died without a task of its own", record.worker, record.run_id);
        shop.journal.event(&who, Event::ClaimRecovered { reason });
    }
    record.forget(&shop.dirs);
    Ok(())
}
