//! What the workers of the live runs do now.
//!
//! A claim says who has which task; the last events say with which step (`live`). Only the end of a run's events is
//! read, more of it where a task has been alive for long.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::age;
use super::live::{LiveTask, live_tasks, look_closer};
use crate::cycle::ClaimRecord;
use crate::model::config::Role;
use crate::model::record::{Crew, Event, EventLine, Standing, Started, StepName};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::folders;
use crate::os::lock_table::LockTable;
use crate::os::records::{Records, RunRecord};
use crate::os::task_folder;
use crate::swarm::Alive;

/// What the merge queue is called where a worker would be.
const QUEUE: &str = "queue";
/// How much of the events' end is read at first, and at most.
const TAILS: [u64; 3] = [64 * 1024, 1024 * 1024, 16 * 1024 * 1024];

/// A worker of a live run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct WorkerNow {
    pub(super) run_id: String,
    pub(super) worker: String,
    /// Who works.
    pub(super) agent: Option<String>,
    /// What it does.
    pub(super) role: Role,
    /// It is one too many: it finishes its cycle and leaves.
    pub(super) retires: bool,
    /// On what; null: it waits for work.
    pub(super) task: Option<TaskId>,
    pub(super) cycle: Option<u32>,
    pub(super) attempt: Option<u32>,
    pub(super) slot: Option<String>,
    /// With which step; null: between two, or not known.
    pub(super) step: Option<StepName>,
    pub(super) round: Option<u32>,
    /// Since when it does that.
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) since: Option<Timestamp>,
    /// When it was last heard of.
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) last_event_at: Option<Timestamp>,
    pub(super) last_event_age_ms: Option<u64>,
}

/// A run that is alive.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunNow {
    pub(super) run_id: String,
    pub(super) pid: u32,
    pub(super) host: String,
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) started_at: Option<Timestamp>,
    pub(super) duration_ms: Option<u64>,
    /// The branch it lands on.
    pub(super) base: Option<String>,
    /// Why it claims no more.
    pub(super) paused: Option<String>,
    /// Providers that asked for a pause, with the reason.
    #[serde(skip)]
    pub(super) parked: BTreeMap<String, String>,
}

/// A task in `current/` whose worker is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NoWorker {
    pub(super) task: TaskId,
    pub(super) run_id: Option<String>,
    pub(super) worker: Option<String>,
}

/// A run with its workers and its tasks.
pub(super) struct Seen {
    pub(super) run: RunNow,
    pub(super) workers: Vec<WorkerNow>,
    /// The tasks that are alive, those in the merge queue last, in the order in which they came there.
    pub(super) live: Vec<LiveTask>,
}

/// One run, its workers and its tasks, from its records and the claims.
pub(super) fn of_run(
    records: &mut Records<'_>,
    dirs: &Dirs,
    run: &Alive,
    claims: &[ClaimRecord],
    now: Timestamp,
) -> Seen {
    let RunRecord { started, crew: changed, .. } = records.run(&run.run_id);
    let claims: Vec<&ClaimRecord> = claims.iter().filter(|claim| claim.run_id == run.run_id).collect();
    let (mut events, mut live) = (Vec::new(), Vec::new());
    for bytes in TAILS {
        let (found, all) = records.last_events(&run.run_id, bytes);
        events = found;
        live = live_tasks(&events, &claims);
        if all || live.iter().all(|task| task.is_whole) {
            break;
        }
    }
    look_closer(dirs, &mut live, now);
    let mut workers = crew(&run.run_id, started.as_ref());
    events.iter().for_each(|line| hear(&mut workers, line));
    workers.values_mut().for_each(|worker| put_to_work(worker, &live));
    changed.iter().for_each(|changed| follow_changes(&mut workers, &run.run_id, changed));
    let mut workers: Vec<WorkerNow> = workers.into_values().collect();
    for worker in &mut workers {
        worker.last_event_age_ms = worker.last_event_at.map(|at| age::since_ms(at, now));
    }
    let started_at = started.as_ref().map(|started| started.started_at);
    let run = RunNow {
        run_id: run.run_id.clone(),
        pid: run.process.pid,
        host: run.host.clone(),
        started_at,
        duration_ms: started_at.map(|at| age::since_ms(at, now)),
        base: started.map(|started| started.base),
        paused: paused(&events),
        parked: parked(&events),
    };
    Seen { run, workers, live }
}

/// The workers' natural order is that of their numbers.
type Key = (usize, String);

fn key(worker: &str) -> Key {
    (worker.len(), worker.to_owned())
}

/// As they were when the run began.
fn crew(run_id: &str, started: Option<&Started>) -> BTreeMap<Key, WorkerNow> {
    let agents = started.map(|started| started.agents.as_slice()).unwrap_or_default();
    let role = |number| started.and_then(|started| started.roles.get(number).copied()).unwrap_or_default();
    let workers = agents.iter().enumerate().map(|(number, agent)| {
        let name = format!("w{number}");
        (key(&name), WorkerNow { agent: Some(agent.clone()), role: role(number), ..blank(run_id, &name) })
    });
    workers.collect()
}

/// The workers as they are since the last change.
fn follow_changes(workers: &mut BTreeMap<Key, WorkerNow>, run_id: &str, changed: &Crew) {
    for member in &changed.workers {
        let key = key(&member.worker);
        match member.standing {
            Standing::Left => {
                workers.remove(&key);
            }
            Standing::Stays | Standing::Retires => {
                let worker = workers.entry(key).or_insert_with(|| blank(run_id, &member.worker));
                worker.role = member.role;
                worker.retires = member.standing == Standing::Retires;
                if worker.task.is_none() {
                    worker.agent = Some(member.agent.clone());
                }
            }
        }
    }
}

fn blank(run_id: &str, worker: &str) -> WorkerNow {
    WorkerNow {
        run_id: run_id.to_owned(),
        worker: worker.to_owned(),
        agent: None,
        role: Role::default(),
        retires: false,
        task: None,
        cycle: None,
        attempt: None,
        slot: None,
        step: None,
        round: None,
        since: None,
        last_event_at: None,
        last_event_age_ms: None,
    }
}

/// Brings the picture of a worker up to date with one event, as far as it is about no task.
fn hear(workers: &mut BTreeMap<Key, WorkerNow>, line: &EventLine) {
    let Some(name) = line.worker.as_ref().filter(|name| *name != QUEUE) else { return };
    let worker = workers.entry(key(name)).or_insert_with(|| blank(&line.run_id, name));
    worker.last_event_at = Some(line.at);
    if let Event::TaskClaimed { slot, agent, .. } = &line.event {
        worker.agent = Some(agent.clone());
        worker.slot = Some(slot.clone());
    } else if let Event::TaskMoved { .. } | Event::StepStarted { step: StepName::Integrate, .. } = &line.event {
        // From now on it waits, unless it is seen at work.
        worker.since = Some(line.at);
    } else if let (Event::StepStarted { step, round, .. }, None) = (&line.event, &line.task) {
        (worker.step, worker.round, worker.since) = (Some(*step), Some(*round), Some(line.at));
        worker.cycle = line.cycle;
    } else if let (Event::StepEnded { .. }, None) = (&line.event, &line.task) {
        (worker.step, worker.round, worker.since) = (None, None, Some(line.at));
        worker.cycle = None;
    }
}

/// Shows a worker with the task with which it is busy.
fn put_to_work(worker: &mut WorkerNow, live: &[LiveTask]) {
    let Some(task) = busy_with(worker, live) else { return };
    worker.task = Some(task.task.clone());
    worker.agent = task.agent.clone().or_else(|| worker.agent.take());
    worker.slot = task.slot.clone().or_else(|| worker.slot.take());
    (worker.cycle, worker.attempt) = (task.cycle, task.attempt);
    (worker.step, worker.round, worker.since) = (task.step, task.round, task.since);
}

/// Of a worker's tasks the one with which it is busy: others may wait in the merge queue, or have been claimed by its
/// agent at once and not begun. None for one that is heard to do something without a task.
fn busy_with<'a>(worker: &WorkerNow, live: &'a [LiveTask]) -> Option<&'a LiveTask> {
    if worker.step.is_some() {
        return None;
    }
    let its = || live.iter().filter(|task| task.worker == worker.worker && !task.is_away());
    let begun = its().filter(|task| task.has_begun).max_by_key(|task| (task.step.is_some(), task.cycle));
    begun.or_else(|| its().min_by_key(|task| task.cycle))
}

fn paused(events: &[EventLine]) -> Option<String> {
    let mut paused = None;
    for line in events {
        if let Event::Paused { reason } = &line.event {
            paused = Some(reason.clone());
        } else if let Event::Resumed {} = &line.event {
            paused = None;
        }
    }
    paused
}

fn parked(events: &[EventLine]) -> BTreeMap<String, String> {
    let mut parked = BTreeMap::new();
    for line in events {
        if let Event::ProviderParked { provider, reason } = &line.event {
            parked.insert(provider.clone(), reason.clone());
        } else if let Event::ProviderResumed { provider } = &line.event {
            parked.remove(provider);
        }
    }
    parked
}

/// What is known of the claims on the tasks in `current/`.
pub(super) fn claims(records: &mut Records<'_>, dirs: &Dirs, current: &[TaskId]) -> Vec<ClaimRecord> {
    let mut claims = Vec::new();
    for id in current {
        match ClaimRecord::read(dirs, id) {
            Some(claim) => claims.push(claim),
            None if dirs.claim_record(id).exists() => {
                records.put_aside(&dirs.claim_record(id), "is no record of a claim of this task");
            }
            None => {}
        }
    }
    claims
}

/// Those of the tasks in `current/` whose claim nobody holds; none where that cannot be seen.
///
/// The worker takes the lock before the file comes and lets it go after the file has gone. So a lock that is
/// free while the file lies there, before and after the look, has no worker. (Between the two looks the file
/// may have gone and come again; then the next look tells the truth.) A lock on another machine, or in
/// another container, is not seen: there the run's own lock speaks.
pub(super) fn without_worker(
    dirs: &Dirs,
    current: &[TaskId],
    claims: &[ClaimRecord],
    alive: &[Alive],
) -> Vec<NoWorker> {
    let host = folders::host();
    let Some(table) = LockTable::read(&dirs.claims()) else { return Vec::new() };
    let claim_of = |id: &TaskId| claims.iter().find(|claim| claim.task == *id);
    let lives_elsewhere = |claim: &ClaimRecord| alive.iter().any(|run| run.run_id == claim.run_id && run.host != host);
    let dead = current.iter().filter(|id| {
        !table.holds(&dirs.claim_lock(id))
            && task_folder::exists(dirs, State::Current, id)
            && !claim_of(id).is_some_and(lives_elsewhere)
    });
    dead.map(|id| NoWorker {
        task: id.clone(),
        run_id: claim_of(id).map(|claim| claim.run_id.clone()),
        worker: claim_of(id).map(|claim| claim.worker.clone()),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{Member, SCHEMA, StepResult};
    use crate::os::process::Mark;

    fn line(worker: &str, second: i64, event: Event) -> EventLine {
        EventLine {
            schema: SCHEMA,
            at: Timestamp::from_second(second).unwrap(),
            t_ms: 0,
            run_id: "r".into(),
            worker: Some(worker.into()),
            cycle: Some(3),
            task: Some(TaskId::parse("t").unwrap()),
            event,
        }
    }

    fn heard(lines: &[EventLine]) -> Vec<WorkerNow> {
        let mut workers = BTreeMap::new();
        lines.iter().for_each(|line| hear(&mut workers, line));
        let live = live_tasks(lines, &[]);
        workers.values_mut().for_each(|worker| put_to_work(worker, &live));
        workers.into_values().collect()
    }

    #[test]
    fn a_worker_is_followed_from_its_claim_to_the_move() {
        let claimed = Event::TaskClaimed { attempt: 2, slot: "01".into(), agent: "script".into() };
        let began = Event::StepStarted { step: StepName::Verify, round: 2, command: None };
        let ended = Event::StepEnded {
            step: StepName::Verify,
            round: 2,
            result: StepResult::Ok,
            duration_ms: 1,
            cost_usd: None,
        };
        let moved = Event::TaskMoved { from: State::Current, to: None, cause: "x".into(), outcome: None };
        let lines = [line("w0", 1, claimed), line("w0", 2, began), line("w0", 3, ended), line("w0", 4, moved)];
        let steps: Vec<_> = (1..=4).map(|count| heard(&lines[..count]).remove(0)).collect();
        assert_eq!((steps[0].attempt, steps[0].step), (Some(2), None));
        assert_eq!((steps[1].step, steps[1].since.unwrap().as_second()), (Some(StepName::Verify), 2));
        assert_eq!((steps[2].step, steps[2].since.unwrap().as_second()), (None, 3));
        assert_eq!((&steps[3].task, steps[3].cycle), (&None, None));
        assert_eq!((steps[3].agent.as_deref(), steps[3].since.unwrap().as_second()), (Some("script"), 4));
    }

    #[test]
    fn workers_stand_in_the_order_of_their_numbers() {
        let lines = ["w10", "w9", "w0"].map(|name| line(name, 1, Event::Resumed {}));
        let names: Vec<String> = heard(&lines).into_iter().map(|worker| worker.worker).collect();
        assert_eq!(names, ["w0", "w9", "w10"]);
    }

    #[test]
    fn those_who_have_left_are_not_shown_and_those_who_retire_say_so() {
        let mut workers = BTreeMap::new();
        let claimed = Event::TaskClaimed { attempt: 1, slot: "01".into(), agent: "old".into() };
        let lines = [line("w0", 1, claimed), line("w1", 1, Event::Resumed {})];
        lines.iter().for_each(|line| hear(&mut workers, line));
        let live = live_tasks(&lines, &[]);
        workers.values_mut().for_each(|worker| put_to_work(worker, &live));
        let member = |worker: &str, standing| Member {
            worker: worker.into(),
            agent: "new".into(),
            role: Role::Executor,
            standing,
        };
        let members = [("w0", Standing::Retires), ("w1", Standing::Left), ("w2", Standing::Stays)];
        let members = members.map(|(worker, standing)| member(worker, standing)).to_vec();
        follow_changes(&mut workers, "r", &Crew { schema: SCHEMA, workers: members });
        let shown: Vec<_> =
            workers.values().map(|it| (it.worker.as_str(), it.agent.as_deref().unwrap(), it.retires)).collect();
        assert_eq!(shown, [("w0", "old", true), ("w2", "new", false)]);
    }

    /// A claim of w0's.
    fn claim(task: &str, cycle: u32, begun: bool) -> ClaimRecord {
        let base = begun.then(|| serde_json::from_value(serde_json::json!("0".repeat(40))).unwrap());
        ClaimRecord {
            schema: SCHEMA,
            task: TaskId::parse(task).unwrap(),
            workspace: crate::cycle::Home::of(std::path::Path::new(".")).unwrap(),
            run_id: "r".into(),
            worker: "w0".into(),
            cycle,
            attempt: 1,
            slot: "02".into(),
            base,
            mark: Mark::new(),
            process: None,
            prompt: None,
            go_on: crate::cycle::GoOn::default(),
            domain: None,
            bill: crate::cycle::Bill::default(),
            terms: None,
        }
    }

    #[test]
    fn of_several_claims_a_worker_is_busy_with_one() {
        let step = || Event::StepStarted { step: StepName::Plan, round: 1, command: None };
        let claims = [claim("queued", 2, true), claim("t", 3, true), claim("waits", 4, false)];
        let busy = |lines: &[EventLine], claims: &[ClaimRecord]| {
            let mut workers = BTreeMap::from([(key("w0"), blank("r", "w0"))]);
            lines.iter().for_each(|line| hear(&mut workers, line));
            let live = live_tasks(lines, &claims.iter().collect::<Vec<_>>());
            busy_with(&workers[&key("w0")], &live).map(|task| task.task.to_string())
        };
        assert_eq!(busy(&[], &claims).as_deref(), Some("t"), "the last that has begun");
        assert_eq!(busy(&[], &claims[2..]).as_deref(), Some("waits"));
        assert_eq!(busy(&[line("w0", 1, step())], &claims).as_deref(), Some("t"), "what is heard of it");
        let errand = EventLine { task: None, ..line("w0", 2, step()) };
        assert_eq!(busy(&[errand], &claims), None, "it works without a task");
        let task = Some(TaskId::parse("queued").unwrap());
        let elsewhere = EventLine { task, cycle: Some(2), ..line("w0", 2, step()) };
        assert_eq!(busy(&[elsewhere], &claims).as_deref(), Some("queued"));
    }

    #[test]
    fn a_claim_knows_better_than_the_end_of_another_cycle() {
        let began = Event::StepStarted { step: StepName::Verify, round: 1, command: None };
        let line = EventLine { task: TaskId::parse("other").ok(), ..line("w0", 1, began) };
        let live = live_tasks(&[line], &[&claim("other", 4, true)]);
        assert_eq!((live[0].task.as_str(), live[0].cycle, live[0].step, live[0].since), ("other", Some(4), None, None));
        assert!(!live[0].is_whole);
    }
}
