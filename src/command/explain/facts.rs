//! Gathers what is known of a task: from the queue, its file, the claims, the records and the salvage refs.

use std::time::Duration;

use jiff::Timestamp;

use crate::command::claims;
use crate::command::live::LiveTask;
use crate::command::live_run::{self, Seen};
use crate::cycle::ClaimRecord;
use crate::error::{Error, Result};
use crate::model::explain::{AtWork, Facts, Past, RunFacts, Standing, Waiting, links};
use crate::model::pick::{Filter, forecast, holds};
use crate::model::queue::{Invalid, Queue};
use crate::model::state::State;
use crate::model::task::{Kind, Task, TaskId};
use crate::os::dirs::Dirs;
use crate::os::git::Repo;
use crate::os::records::Records;
use crate::os::task_folder;
use crate::os::workspace::Place;
use crate::swarm::{Alive, Board, alive};

/// What was found of a task.
pub(super) enum Looked {
    /// It can be read.
    Valid(Box<Facts>),
    /// Its file is no valid task.
    Invalid(Invalid),
}

pub(super) fn look(
    place: &Place,
    board: &Board,
    records: &mut Records<'_>,
    id: &TaskId,
    state: State,
    now: Timestamp,
) -> Result<Looked> {
    let dirs = &place.dirs;
    let task = match task_folder::read(dirs, state, id) {
        Ok(Some(found)) => found.task,
        Ok(None) => return Err(Error::failed(format!("{id} has just left {state}/")).hint("ask again")),
        Err(invalid) => return Ok(Looked::Invalid(invalid)),
    };
    let alive = alive(dirs);
    let claims = board.with_queue(|queue| claims(records, dirs, queue));
    let (mut runs, mut working) = (Vec::new(), Vec::new());
    for run in &alive {
        let part = records.run(&run.run_id).started.and_then(|started| part(&started.arguments));
        let Seen { run, workers, live } = live_run::look(records, dirs, run, &claims, now);
        let doing = workers.iter().map(|worker| (worker.worker.clone(), worker.task.clone())).collect();
        runs.push(RunFacts { run_id: run.run_id, paused: run.paused, part, workers: doing });
        working.extend(live);
    }
    let standing = match state {
        State::Pending => {
            if task.kind == Kind::Epic {
                board.read_complete();
            }
            Standing::Waiting(board.with_queue(|queue| waiting(queue, &task)))
        }
        State::Current => live(dirs, id, &claims, &alive, &working, now),
        State::Review => Standing::Review,
        State::Blocked => Standing::Blocked,
        State::Complete => Standing::Complete,
    };
    let past = past(place, records, &task);
    Ok(Looked::Valid(Box::new(Facts { id: id.clone(), standing, runs, past })))
}

fn claims(records: &mut Records<'_>, dirs: &Dirs, queue: &Queue) -> Vec<ClaimRecord> {
    let current: Vec<TaskId> = queue.ids(State::Current).cloned().collect();
    claims::read(records, dirs, &current)
}

/// The words of a command line that leave a part of the queue out.
fn part(arguments: &[String]) -> Option<String> {
    let names = ["--task", "--parent", "--domain"];
    let mut part = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.as_str()) {
            part.extend([Some(word.clone()), words.next().cloned()].into_iter().flatten());
        } else if names.iter().any(|name| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('='))) {
            part.push(word.clone());
        }
    }
    (!part.is_empty()).then(|| part.join(" "))
}

fn waiting(queue: &Queue, task: &Task) -> Waiting {
    // Between the scan and this it may have gone: then nothing is known of it.
    let Some(entry) = queue.pending(&task.id) else { return Waiting::default() };
    let filter = Filter::default();
    let (claimable, _) = forecast(queue, &filter);
    let position = claimable.iter().position(|other| other.id == task.id);
    let children = (task.kind == Kind::Epic).then(|| {
        let unfinished = queue.unfinished_children(&task.id).cloned().collect();
        (queue.finished_children(&task.id).count(), unfinished)
    });
    Waiting {
        line: position.map(|position| (position + 1, claimable.len())),
        holds: holds(queue, &filter, entry),
        chain: links(queue, &task.id),
        children,
        mends_base: queue.brakes.mended_by(&task.id),
    }
}

fn live(
    dirs: &Dirs,
    id: &TaskId,
    claims: &[ClaimRecord],
    alive: &[Alive],
    working: &[LiveTask],
    now: Timestamp,
) -> Standing {
    let dead = claims::without_worker(dirs, std::slice::from_ref(id), claims, alive);
    if let Some(dead) = dead.into_iter().next() {
        return Standing::Abandoned(dead.worker.zip(dead.run_id));
    }
    let ago = |at: Timestamp| Duration::try_from(now.duration_since(at)).unwrap_or_default();
    let claim = claims.iter().find(|claim| claim.task == *id);
    match (working.iter().find(|task| task.task == *id), claim) {
        (Some(live), _) => Standing::AtWork(AtWork {
            worker: live.worker.clone(),
            run_id: live.run_id.clone(),
            agent: live.agent.clone(),
            attempt: live.attempt,
            step: live.step.map(|step| (step, live.round.unwrap_or(1))),
            since: live.since.map(ago),
            output: live.last_output_at.map(ago),
        }),
        // Somebody holds the lock; of its run nothing can be read.
        (None, Some(claim)) => Standing::AtWork(AtWork {
            worker: claim.worker.clone(),
            run_id: claim.run_id.clone(),
            agent: None,
            attempt: Some(claim.attempt),
            step: None,
            since: None,
            output: None,
        }),
        (None, None) => Standing::Abandoned(None),
    }
}

fn past(place: &Place, records: &mut Records<'_>, task: &Task) -> Past {
    let mut past = Past::of(task, &place.config.limits);
    if let Some(last) = &mut past.last {
        let cycles = records.cycles(&last.run_id);
        let its = cycles.into_iter().find(|cycle| cycle.worker == last.worker && cycle.cycle == last.cycle);
        last.reason = its.filter(|cycle| cycle.task.as_ref() == Some(&task.id)).map(|cycle| cycle.reason);
    }
    past.salvage = salvaged(place, &task.id);
    past
}

/// The ref of the last attempt; nothing where the repository cannot be asked.
fn salvaged(place: &Place, id: &TaskId) -> Option<String> {
    let repo = Repo::open(place.dirs.root()).ok()?;
    let attempt = |reference: &str| reference.rsplit('/').next().and_then(|last| last.parse::<u64>().ok());
    let refs = repo.salvaged(id.as_str()).ok()?.into_iter().map(|(reference, _)| reference);
    refs.max_by_key(|reference| attempt(reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_of_the_queue_that_a_run_takes_is_found_in_its_words() {
        for (words, expected) in [
            ("start -n 4 --drain", None),
            ("start --task a --task b -n 1", Some("--task a --task b")),
            ("start --domain=db", Some("--domain=db")),
            ("start --parent", Some("--parent")),
        ] {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(part(&words).as_deref(), expected);
        }
    }
}
