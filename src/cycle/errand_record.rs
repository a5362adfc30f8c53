//! What a later process must know of an agent that works without a task: `.swarm/slots/<NN>.errand.json`. A worktree
//! has one errand at a time, and none while it has a task, so its number is the name.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::claim::{Bill, Home, is_held_prompt, stays_held};
use super::dead_record::record_dead_errand;
use super::errand::owner;
use super::{Bench, Workshop};
use crate::error::{Context, Result};
use crate::model::budget::{Balances, Cost, Spell, Usd};
use crate::model::record::{Event, SCHEMA};
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::files;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::plain_file;
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
    /// What its turns have cost so far.
    #[serde(default)]
    pub(super) bill: Bill,
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
            bill: Bill::default(),
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
        let bytes = plain_file::read_record(&dirs.errand_record(slot)).ok()?;
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
        let cost = settle(shop, &who, &record);
        let reason =
            format!("its worker {} of run {} died without a task of its own; {cost}", record.worker, record.run_id);
        record_dead_errand(shop, &who, &record, &reason);
        shop.journal.event(&who, Event::ClaimRecovered { reason });
    }
    record.forget(&shop.dirs);
    Ok(())
}

/// Books what an errand has cost that was broken off, as far as its agent has told, and says what that is worth. Nothing
/// was set aside for it, so where nothing was told nothing is booked: unknown is not 0.
fn settle(shop: &Workshop, who: &Who, record: &ErrandRecord) -> String {
    let ErrandRecord { run_id, worker, cycle, .. } = record;
    let (cost, said) = worth(record.bill);
    if let (Ok(task), false) = (owner(run_id, worker), cost == Cost::Unknown) {
        let spell = Spell { run_id: run_id.clone(), worker: worker.clone(), cycle: *cycle, task };
        let settled = |ledger: &Balances| (ledger.settlement(clock::now(), &spell, None, cost, false), ());
        if let Err(error) = shop.funds.ledger.write(settled) {
            let message = format!("cannot book what it has cost: {}: {error}", shop.dirs.shown(&shop.dirs.ledger()));
            shop.journal.event(who, Event::Warning { message });
        }
    }
    said
}

/// What a bill comes to, and the words for it.
fn worth(bill: Bill) -> (Cost, String) {
    match (bill.usd.and_then(Usd::new), bill.is_open) {
        (Some(usd), false) if bill.is_partial => {
            (Cost::AtLeast(usd), format!("{usd} is counted as spent, and nobody knows what else it has cost"))
        }
        (Some(usd), false) => (Cost::Known(usd), format!("it has cost {usd}")),
        (Some(usd), true) => (
            Cost::AtLeast(usd),
            format!("{usd} is counted as spent, which is an estimate: nobody knows what its last turn has cost"),
        ),
        (None, true | false) => (Cost::Unknown, "nobody knows what it has cost, so nothing is booked".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_knows_of_an_errand_is_never_taken_for_nothing() {
        let usd = |dollars| Usd::new(dollars).unwrap();
        for (told, is_open, cost, said) in [
            (None, true, Cost::Unknown, "nobody knows what it has cost, so nothing is booked"),
            (None, false, Cost::Unknown, "nobody knows what it has cost, so nothing is booked"),
            (Some(0.25), false, Cost::Known(usd(0.25)), "it has cost $0.25"),
            (
                Some(0.25),
                true,
                Cost::AtLeast(usd(0.25)),
                "$0.25 is counted as spent, which is an estimate: nobody knows what its last turn has cost",
            ),
        ] {
            assert_eq!(
                worth(Bill { usd: told, is_open, ..Bill::default() }),
                (cost, said.to_owned()),
                "{told:?} {is_open}"
            );
        }
    }
}
