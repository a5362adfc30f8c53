//! What the workers of a live run do now.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::age;
use super::live::LiveTask;
use crate::model::config::Role;
use crate::model::record::{Crew, Event, EventLine, Standing, Started, StepName};
use crate::model::task::TaskId;

/// What the merge queue is called where a worker would be.
const QUEUE: &str = "queue";

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

/// What is told of the workers of a run.
pub(super) struct Told<'a> {
    /// By the record of its beginning.
    pub(super) started: Option<&'a Started>,
    /// By that of the last change of the crew.
    pub(super) changed: Option<&'a Crew>,
    /// By the end of its events.
    pub(super) events: &'a [EventLine],
    /// Of the tasks that are alive.
    pub(super) live: &'a [LiveTask],
}

/// The workers of a run, in the order of their numbers.
pub(super) fn of_run(run_id: &str, told: &Told<'_>, now: Timestamp) -> Vec<WorkerNow> {
    let mut workers = crew(run_id, told.started);
    told.events.iter().for_each(|line| hear(&mut workers, line));
    workers.values_mut().for_each(|worker| put_to_work(worker, told.live));
    told.changed.iter().for_each(|changed| follow_changes(&mut workers, run_id, changed));
    let mut workers: Vec<WorkerNow> = workers.into_values().collect();
    for worker in &mut workers {
        worker.last_event_age_ms = worker.last_event_at.map(|at| age::since_ms(at, now));
    }
    workers
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::live::live_tasks;
    use crate::cycle::ClaimRecord;
    use crate::model::record::{Member, SCHEMA, StepResult};
    use crate::model::state::State;
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

    fn heard(events: &[EventLine], changed: Option<&Crew>) -> Vec<WorkerNow> {
        let live = live_tasks(events, &[]);
        of_run("r", &Told { started: None, changed, events, live: &live }, Timestamp::from_second(9).unwrap())
    }

    #[test]
    fn a_worker_is_followed_from_its_claim_to_the_move() {
        let claimed = Event::TaskClaimed { attempt: 2, slot: "01".into(), agent: "script".into() };
        let began = Event::StepStarted { step: StepName::Verify, round: 2, agent: None, command: None };
        let ended = Event::StepEnded {
            step: StepName::Verify,
            round: 2,
            result: StepResult::Ok,
            duration_ms: 1,
            cost_usd: None,
        };
        let moved = Event::TaskMoved { from: State::Current, to: None, cause: "x".into(), outcome: None };
        let lines = [line("w0", 1, claimed), line("w0", 2, began), line("w0", 3, ended), line("w0", 4, moved)];
        let steps: Vec<_> = (1..=4).map(|count| heard(&lines[..count], None).remove(0)).collect();
        assert_eq!((steps[0].attempt, steps[0].step), (Some(2), None));
        assert_eq!((steps[1].step, steps[1].since.unwrap().as_second()), (Some(StepName::Verify), 2));
        assert_eq!((steps[2].step, steps[2].since.unwrap().as_second()), (None, 3));
        assert_eq!((&steps[3].task, steps[3].cycle), (&None, None));
        assert_eq!((steps[3].agent.as_deref(), steps[3].since.unwrap().as_second()), (Some("script"), 4));
    }

    #[test]
    fn workers_stand_in_the_order_of_their_numbers() {
        let lines = ["w10", "w9", "w0"].map(|name| line(name, 1, Event::Resumed {}));
        let names: Vec<String> = heard(&lines, None).into_iter().map(|worker| worker.worker).collect();
        assert_eq!(names, ["w0", "w9", "w10"]);
    }

    #[test]
    fn those_who_have_left_are_not_shown_and_those_who_retire_say_so() {
        let claimed = Event::TaskClaimed { attempt: 1, slot: "01".into(), agent: "old".into() };
        let lines = [line("w0", 1, claimed), line("w1", 1, Event::Resumed {})];
        let member = |worker: &str, standing| Member {
            worker: worker.into(),
            agent: "new".into(),
            role: Role::Executor,
            standing,
        };
        let members = [("w0", Standing::Retires), ("w1", Standing::Left), ("w2", Standing::Stays)];
        let members = members.map(|(worker, standing)| member(worker, standing)).to_vec();
        let workers = heard(&lines, Some(&Crew { schema: SCHEMA, workers: members }));
        let shown: Vec<_> =
            workers.iter().map(|it| (it.worker.as_str(), it.agent.as_deref().unwrap(), it.retires)).collect();
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
        let step = || Event::StepStarted { step: StepName::Plan, round: 1, agent: None, command: None };
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
        let began = Event::StepStarted { step: StepName::Verify, round: 1, agent: None, command: None };
        let line = EventLine { task: TaskId::parse("other").ok(), ..line("w0", 1, began) };
        let live = live_tasks(&[line], &[&claim("other", 4, true)]);
        assert_eq!((live[0].task.as_str(), live[0].cycle, live[0].step, live[0].since), ("other", Some(4), None, None));
        assert!(!live[0].is_whole);
    }
}
