//! The gates, run on the base as a cycle would run them, in a worktree of the pool that nobody owns.

use std::sync::Arc;

use super::item::Item;
use crate::command::{Desk, age, announce};
use crate::cycle::{Bench, Rehearsed, Said, Workshop, rehearse};
use crate::error::{Context, Error, Result};
use crate::model::crew::Member;
use crate::os::git::Oid;
use crate::os::journal::{Journal, new_run_id};
use crate::os::process::become_subreaper;
use crate::os::signals;
use crate::os::workspace::{Place, Workspace};
use crate::os::{clock, folders};

/// What the gates would be asked, where they are not run.
pub(super) fn not_run(place: &Place, why: &str) -> Item {
    let count = place.config.verify.len();
    if count == 0 { none() } else { Item::note("gates", format!("{}, not run: {why}", counted(count))) }
}

fn counted(gates: usize) -> String {
    if gates == 1 { "1 gate".to_owned() } else { format!("{gates} gates") }
}

fn none() -> Item {
    Item {
        hint: Some("name some with `verify:` in config/swarm.yaml".to_owned()),
        ..Item::note("gates", "there are none: whatever an agent leaves is merged as it is")
    }
}

/// Runs them on `tip`. The other half of the answer: whether that was interrupted.
pub(super) fn run(desk: &Desk, workspace: &Workspace, branch: &str, tip: &Oid) -> (Vec<Item>, bool) {
    if workspace.config.verify.is_empty() {
        return (vec![none()], false);
    }
    match all(desk, workspace, branch, tip) {
        Ok(rehearsed) => {
            let interrupted = rehearsed.iter().any(|it| it.said == Said::Interrupted);
            (rehearsed.into_iter().map(|it| item(it, branch)).collect(), interrupted)
        }
        Err(error) => (vec![Item::failed("gates", &error)], false),
    }
}

fn item(it: Rehearsed, branch: &str) -> Item {
    let took = age::length(it.duration);
    match it.said {
        Said::Green => Item::ok("gates", format!("`{}` succeeds on {branch} ({took})", it.gate)),
        Said::Red(reason) => Item::failed(
            "gates",
            &Error::failed(format!("on {branch}: {reason}")).hint("mend the base first: no work can land on it"),
        ),
        Said::CouldNotRun(reason) => Item::failed("gates", &Error::environment(reason)),
        Said::Interrupted => Item::note("gates", format!("`{}` was interrupted", it.gate)),
    }
}

fn all(desk: &Desk, workspace: &Workspace, branch: &str, tip: &Oid) -> Result<Vec<Rehearsed>> {
    become_subreaper().context(|| "become the parent of orphaned processes".to_owned())?;
    let dirs = &workspace.dirs;
    folders::create(dirs)?;
    // It is no run, so its logs are no records: they go when it ends.
    let scratch = tempfile::tempdir_in(dirs.scratch()).context(|| format!("write to {}", dirs.scratch().display()))?;
    let show = if desk.json() { Box::new(|_: &_| {}) } else { announce::show(desk) };
    let journal = Journal::create(scratch.path(), &new_run_id(clock::now()), show)
        .context(|| format!("write to {}", scratch.path().display()))?;
    let shop = Workshop::new(workspace, branch.to_owned(), workspace.settings(), journal);
    let mut bench = Bench::take(&shop, "check".to_owned(), Member::worker(workspace.agents.default_agents()), tip)?;
    let wake = Arc::clone(&bench.wake);
    signals::listen(move |_| wake.end_now()).context(|| "listen to signals".to_owned())?;
    let count = workspace.config.verify.len();
    desk.say(&format!("running {} on {branch} in {}", counted(count), dirs.shown(bench.slot.path())));
    rehearse(&shop, &mut bench, tip)
}
