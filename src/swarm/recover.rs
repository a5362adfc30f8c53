//! Finishes, or gives back, what a dead process left in `tasks/current/`.
//!
//! A claim whose lock can be taken has no worker. What its agent left running is ended first; then the base
//! says whether the work was merged (the trailer `Task-Id`), and the file goes to `complete/` or back to
//! `pending/`. The work itself is salvaged by whoever takes over the worktree.

use std::io;

use crate::cycle::{
    Bill, ClaimRecord, Ending, Later, Workshop, ask_about, record_dead, settle_dead, stays_held, weakened,
};
use crate::error::{Context, Result};
use crate::model::comment::{Author, with_comment};
use crate::model::moment::whole_seconds;
use crate::model::outcome::{Fate, Outcome};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Counted, Last, Progress, Session, Task, TaskId, with_progress};
use crate::os::clock;
use crate::os::files::Moved;
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::process::{end_remains, marks_beside};
use crate::os::task_folder;

/// What became of a task in `current/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovered {
    /// It has a worker, in this process or another.
    Alive,
    /// It went to this folder.
    Moved(State),
    /// It cannot be moved now: a person must remove a file of the same name.
    Stranded,
    /// It is gone: somebody else has moved it.
    Gone,
}

/// Clears the claim of one task in `current/`, if its worker is dead.
pub(super) fn recover(shop: &Workshop, id: &TaskId) -> Result<Recovered> {
    let dirs = &shop.dirs;
    let lock = Lock::try_exclusive(&dirs.claim_lock(id)).context(|| format!("lock the claim of {id}"))?;
    let Some(_lock) = lock else { return Ok(Recovered::Alive) };
    if !task_folder::exists(dirs, State::Current, id) {
        return Ok(Recovered::Gone);
    }
    let who = Who { task: Some(id.clone()), ..Who::default() };
    let record = ClaimRecord::read(dirs, id);
    let named = record.as_ref().filter(|record| record.speaks_of_processes_here(dirs));
    if let Some(record) = named {
        let remains =
            end_remains(&record.mark, record.process.as_ref()).context(|| format!("end what is left of {id}"))?;
        for stray in remains {
            shop.journal.event(&who, Event::StrayEnded { pid: stray.pid, command: stray.command });
        }
        if holds_prompt(shop, record).context(|| format!("look at the prompt of {id}"))? {
            let message = format!(
                "an agent of the dead worker {} still runs and cannot be ended; {id} stays in current/",
                record.worker
            );
            shop.journal.event(&who, Event::Warning { message });
            return Ok(Recovered::Stranded);
        }
    }
    if named.is_none() {
        end_the_unrecorded(shop, &who, id)?;
    }
    settle_dead(shop, id);
    match merged_as(shop, id, record.as_ref())? {
        Some(commit) => finish(shop, &who, id, record.as_ref(), &commit),
        None => give_back(shop, &who, id, record.as_ref()),
    }
}

/// The record of the claim is lost or torn: whoever was told to work on this very file is ended all the same.
fn end_the_unrecorded(shop: &Workshop, who: &Who, id: &TaskId) -> Result<()> {
    let file = shop.dirs.task(State::Current, id);
    let marks = marks_beside("SWARM_TASK_FILE", file.as_os_str()).context(|| format!("look for agents of {id}"))?;
    for mark in marks {
        for stray in end_remains(&mark, None).context(|| format!("end what is left of {id}"))? {
            shop.journal.event(who, Event::StrayEnded { pid: stray.pid, command: stray.command });
        }
    }
    Ok(())
}

fn holds_prompt(shop: &Workshop, record: &ClaimRecord) -> io::Result<bool> {
    record.prompt.as_ref().map_or(Ok(false), |prompt| stays_held(&shop.dirs, prompt))
}

/// The commit on the base that carries the dead attempt's work.
fn merged_as(shop: &Workshop, id: &TaskId, record: Option<&ClaimRecord>) -> Result<Option<Oid>> {
    shop.repo.settle()?;
    let tip = shop.repo.tips(&shop.base)?.newest().clone();
    match record {
        Some(ClaimRecord { base: Some(since), .. }) => Ok(shop.repo.merged_as(Some(since), &tip, id.as_str())?),
        // Killed between the claim and the first look at the base: nothing was begun.
        Some(ClaimRecord { base: None, .. }) => Ok(None),
        // `.swarm/` was removed: a commit that carries this name and is no older than the claim is this attempt's
        // (git keeps whole seconds).
        None => Ok(
            match (shop.repo.merged_as(None, &tip, id.as_str())?, task_folder::stamp(&shop.dirs, State::Current, id)) {
                (Some(commit), Some(stamp)) if shop.repo.committed_at(&commit)? >= whole_seconds(stamp.arrived()) => {
                    Some(commit)
                }
                (_, _) => None,
            },
        ),
    }
}

fn finish(shop: &Workshop, who: &Who, id: &TaskId, record: Option<&ClaimRecord>, commit: &Oid) -> Result<Recovered> {
    if let Some(weakened) = record.and_then(|record| weakened(shop, record, State::Current)) {
        let message = format!("{weakened}; the work was judged on the terms on which the task was claimed");
        shop.journal.event(who, Event::Warning { message });
    }
    note(shop, who, id, record, None, |progress| {
        progress.commit = Some(commit.to_string());
        progress.completed_at = progress.completed_at.or(Some(clock::now()));
        progress.feedback = None;
        progress.not_before = None;
        if let Some(record) = record {
            book(progress, record, Fate::Landed);
            progress.last = Some(last(record, Outcome::Merged));
        }
    });
    let (to, outcome) = (State::Complete, Outcome::Merged);
    let cause = format!("its worker died after the merge as {}", commit.short());
    if let Some(record) = record {
        record_dead(shop, who, record, &Ending { outcome, reason: &cause, to, merged: Some(commit) });
    }
    move_on(shop, who, id, to, cause, outcome)
}

fn give_back(shop: &Workshop, who: &Who, id: &TaskId, record: Option<&ClaimRecord>) -> Result<Recovered> {
    let Some(record) = record else {
        let cause = "it lay in current/ and no worker had it".to_owned();
        return move_on(shop, who, id, State::Pending, cause, Outcome::Interrupted);
    };
    let weakened = weakened(shop, record, State::Current);
    let comment = weakened.as_ref().map(|weakened| ask_about(weakened, id.as_str()));
    note(shop, who, id, Some(record), comment.as_deref(), |progress| {
        book(progress, record, Outcome::Interrupted.fate());
        progress.last = Some(last(record, Outcome::Interrupted));
        progress.kept.clone_from(&record.go_on.kept);
        progress.session = go_on(record);
        progress.held = weakened.is_some();
    });
    let died = format!("its worker {} of run {} died", record.worker, record.run_id);
    let (to, cause) = match weakened {
        // An agent may have ended its worker, so a person looks at it.
        Some(weakened) => (State::Blocked, format!("{died}, and {weakened}")),
        None => (State::Pending, died),
    };
    let outcome = Outcome::Interrupted;
    record_dead(shop, who, record, &Ending { outcome, reason: &cause, to, merged: None });
    move_on(shop, who, id, to, cause, outcome)
}

/// The session with which the next attempt goes on.
fn go_on(record: &ClaimRecord) -> Option<Session> {
    let session = record.go_on.session.clone()?;
    let Bill { is_open, turn, is_partial, .. } = record.bill;
    // Where money was set aside, the ledger has taken that for the cost of an open turn already.
    let is_booked = is_open && record.domain.is_some();
    let counted = session.counted.filter(|_| !is_booked);
    let is_told_later = is_open && !is_partial && turn.is_some_and(|turn| turn.later == Later::Session);
    let untold = |counted: Counted| Counted {
        untold_cycles: counted.untold_cycles.saturating_add(u32::from(is_told_later)),
        ..counted
    };
    Some(Session { counted: counted.map(untold), ..session })
}

/// Adds what the attempt that died has cost, as far as its agents had told; it may have noted that itself. What an open
/// turn has cost nobody knows, until the session tells it, if it goes on.
fn book(progress: &mut Progress, record: &ClaimRecord, fate: Fate) {
    let Bill { usd, is_open, is_partial, told_cycles, .. } = record.bill;
    if progress.last.as_ref().is_some_and(|noted| *noted == last(record, noted.outcome)) {
        return;
    }
    progress.cycles_without_cost = progress.cycles_without_cost.saturating_sub(told_cycles);
    progress.book(usd, !is_open && !is_partial, fate);
}

fn last(record: &ClaimRecord, outcome: Outcome) -> Last {
    Last { run: record.run_id.clone(), worker: record.worker.clone(), cycle: record.cycle, outcome }
}

/// Changes what the program has noted: what the file says of that is believed only where the claim's record says nothing.
fn note(
    shop: &Workshop,
    who: &Who,
    id: &TaskId,
    record: Option<&ClaimRecord>,
    comment: Option<&str>,
    change: impl Fn(&mut Progress),
) {
    let terms = record.and_then(|record| record.terms.as_ref());
    let edited = task_folder::edit(&shop.dirs, State::Current, id, |bytes| {
        let mut progress = Task::parse(id.clone(), bytes)?.progress;
        if let Some(terms) = terms {
            progress = terms.progress_in(&progress);
        }
        change(&mut progress);
        let bytes = with_progress(bytes, &progress)?;
        Ok(match comment {
            Some(text) => with_comment(&bytes, clock::now(), &Author::Swarm, text),
            None => bytes,
        })
    });
    if let Err(error) = edited {
        shop.journal
            .event(who, Event::Warning { message: format!("cannot note in the file what was recovered: {error}") });
    }
}

fn move_on(shop: &Workshop, who: &Who, id: &TaskId, to: State, cause: String, outcome: Outcome) -> Result<Recovered> {
    let from = State::Current;
    match task_folder::move_task(&shop.dirs, id, from, to).context(|| format!("move {id} to {to}/"))? {
        Moved::Done => {
            shop.journal.event(who, Event::ClaimRecovered { reason: cause.clone() });
            shop.journal.event(who, Event::TaskMoved { from, to: Some(to), cause, outcome: Some(outcome) });
            Ok(Recovered::Moved(to))
        }
        Moved::Gone => Ok(Recovered::Gone),
        Moved::Taken => {
            let path = shop.dirs.shown(&shop.dirs.task(to, id));
            let message = format!(
                "{id} lies in current/ and no worker has it, but {path} exists already: rename or remove one of the two"
            );
            shop.journal.event(who, Event::Warning { message });
            Ok(Recovered::Stranded)
        }
    }
}
