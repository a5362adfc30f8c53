//! The tasks that are alive in a run: worked on by a worker, or waiting in the merge queue while their workers go on.
//!
//! It is the events that tell; a claim says only that there is something to be told.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use jiff::Timestamp;
use serde::Serialize;

use super::age;
use crate::cycle::ClaimRecord;
use crate::model::record::{Event, EventLine, StepName};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::task_folder;

/// A task that is alive.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct LiveTask {
    pub(super) task: TaskId,
    pub(super) run_id: String,
    pub(super) worker: String,
    pub(super) cycle: Option<u32>,
    pub(super) attempt: Option<u32>,
    pub(super) slot: Option<String>,
    pub(super) agent: Option<String>,
    /// What is done for it now; null: between two steps, or not known.
    pub(super) step: Option<StepName>,
    pub(super) round: Option<u32>,
    /// Since when.
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) since: Option<Timestamp>,
    /// Since when it is in the merge queue; null: it is not.
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) queued_at: Option<Timestamp>,
    /// Its place there, from 1.
    pub(super) place: Option<usize>,
    /// It was there, and waits for its own worker to work on it again.
    pub(super) goes_back: bool,
    /// When its programs printed last.
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) last_output_at: Option<Timestamp>,
    pub(super) last_output_age_ms: Option<u64>,
    /// Dollars, with those of earlier attempts, as far as they are known.
    pub(super) cost_usd: Option<f64>,
    /// Its cycle has; its agent may have claimed it together with others.
    pub(super) has_begun: bool,
    /// All that its cycle did was heard.
    #[serde(skip)]
    pub(super) is_whole: bool,
    /// The number of the event with which it came to the merge queue.
    #[serde(skip)]
    came: usize,
}

impl LiveTask {
    /// One of which nothing is known but whose it is.
    fn blank(run_id: &str, worker: &str, task: &TaskId) -> Self {
        Self {
            task: task.clone(),
            run_id: run_id.to_owned(),
            worker: worker.to_owned(),
            cycle: None,
            attempt: None,
            slot: None,
            agent: None,
            step: None,
            round: None,
            since: None,
            queued_at: None,
            place: None,
            goes_back: false,
            last_output_at: None,
            last_output_age_ms: None,
            cost_usd: None,
            has_begun: false,
            is_whole: false,
            came: 0,
        }
    }

    /// Its worker has handed it over and goes on with others.
    pub(super) fn is_away(&self) -> bool {
        self.queued_at.is_some() || self.goes_back
    }
}

/// The tasks that are alive after these events of one run, corrected by the claims of that run.
pub(super) fn live_tasks(events: &[EventLine], claims: &[&ClaimRecord]) -> Vec<LiveTask> {
    let mut live = BTreeMap::new();
    events.iter().enumerate().for_each(|(number, line)| hear(&mut live, number, line));
    claims.iter().for_each(|claim| correct(&mut live, claim));
    let mut live: Vec<LiveTask> = live.into_values().collect();
    live.sort_by_key(|task| task.came);
    // One whose coming was not heard may stand before all others.
    let is_known = live.iter().all(|task| task.is_whole);
    let queued = live.iter_mut().filter(|task| task.queued_at.is_some() && is_known);
    queued.zip(1..).for_each(|(task, place)| task.place = Some(place));
    live
}

fn hear(live: &mut BTreeMap<TaskId, LiveTask>, number: usize, line: &EventLine) {
    let Some(id) = &line.task else { return };
    if let Event::TaskMoved { .. } = &line.event {
        live.remove(id);
        return;
    }
    let Some(worker) = &line.worker else { return };
    if let Event::TaskClaimed { attempt, slot, agent } = &line.event {
        let claimed = LiveTask {
            cycle: line.cycle,
            attempt: Some(*attempt),
            slot: Some(slot.clone()),
            agent: Some(agent.clone()),
            since: Some(line.at),
            has_begun: true,
            is_whole: true,
            ..LiveTask::blank(&line.run_id, worker, id)
        };
        live.insert(id.clone(), claimed);
    } else if let Event::StepStarted { step, round, .. } = &line.event {
        let task = live.entry(id.clone()).or_insert_with(|| LiveTask::blank(&line.run_id, worker, id));
        task.cycle = line.cycle.or(task.cycle);
        (task.step, task.round, task.since) = (Some(*step), Some(*round), Some(line.at));
        (task.goes_back, task.has_begun) = (false, true);
        if *step == StepName::Integrate {
            (task.queued_at, task.came) = (Some(line.at), number);
        }
    } else if let Event::AgentChanged { to, .. } = &line.event {
        let task = live.entry(id.clone()).or_insert_with(|| LiveTask::blank(&line.run_id, worker, id));
        task.agent = Some(to.clone());
    } else if let Event::StepEnded { step, cost_usd, .. } = &line.event {
        let Some(task) = live.get_mut(id) else { return };
        task.cost_usd = plus(task.cost_usd, *cost_usd);
        if *step == StepName::Integrate {
            task.queued_at = None;
            task.goes_back = true;
        }
        // A gate of the merge queue has ended, and the wait goes on.
        task.step = task.queued_at.map(|_| StepName::Integrate);
        (task.round, task.since) = (None, task.queued_at.or(Some(line.at)));
    }
}

/// Where the events read do not reach back to the claim, the claim knows better.
fn correct(live: &mut BTreeMap<TaskId, LiveTask>, claim: &ClaimRecord) {
    let blank = || LiveTask::blank(&claim.run_id, &claim.worker, &claim.task);
    let task = live.entry(claim.task.clone()).or_insert_with(blank);
    if task.cycle != Some(claim.cycle) || task.worker != claim.worker {
        *task = blank();
    }
    if !task.has_begun {
        // A cycle notes where the base stands when it begins: before that, there is nothing to be heard.
        task.has_begun = claim.base.is_some();
        task.is_whole = !task.has_begun;
    }
    task.cycle = Some(claim.cycle);
    task.attempt = Some(claim.attempt);
    task.slot = Some(claim.slot.clone());
}

/// Adds what the events do not tell: when the programs printed last, and what earlier attempts have cost.
pub(super) fn look_closer(dirs: &Dirs, live: &mut [LiveTask], now: Timestamp) {
    let Some(run_id) = live.first().map(|task| task.run_id.clone()) else { return };
    let outputs = last_outputs(dirs, &run_id, live);
    for task in live {
        task.last_output_at = task.cycle.and_then(|cycle| outputs.get(&(task.worker.clone(), cycle)).copied());
        task.last_output_age_ms = task.last_output_at.map(|at| age::since_ms(at, now));
        if let Ok(Some(found)) = task_folder::read(dirs, State::Current, &task.task) {
            task.cost_usd = plus(found.task.progress.cost_usd, task.cost_usd);
        }
    }
}

/// When the programs of these cycles printed last, by worker and cycle.
fn last_outputs(dirs: &Dirs, run_id: &str, live: &[LiveTask]) -> HashMap<(String, u32), Timestamp> {
    let mut outputs = HashMap::new();
    for entry in fs::read_dir(dirs.run(run_id).join("logs")).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(key) = name.to_str().and_then(cycle_of) else { continue };
        if !live.iter().any(|task| task.worker == key.0 && task.cycle == Some(key.1)) {
            continue;
        }
        let written = entry.metadata().ok().filter(|meta| meta.len() > 0).and_then(|meta| meta.modified().ok());
        if let Some(at) = written.and_then(|at| Timestamp::try_from(at).ok()) {
            let newest = outputs.entry(key).or_insert(at);
            *newest = at.max(*newest);
        }
    }
    outputs
}

/// The cycle of `<worker>-c<N>-…`.
fn cycle_of(name: &str) -> Option<(String, u32)> {
    let (worker, rest) = name.split_once("-c")?;
    let (cycle, _) = rest.split_once('-')?;
    Some((worker.to_owned(), cycle.parse().ok()?))
}

fn plus(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::{SCHEMA, StepResult};

    fn line(second: i64, task: &str, worker: &str, cycle: u32, event: Event) -> EventLine {
        EventLine {
            schema: SCHEMA,
            at: Timestamp::from_second(second).unwrap(),
            t_ms: 0,
            run_id: "r".into(),
            worker: Some(worker.into()),
            cycle: Some(cycle),
            task: Some(TaskId::parse(task).unwrap()),
            event,
        }
    }

    fn claimed() -> Event {
        Event::TaskClaimed { attempt: 2, slot: "01".into(), agent: "a".into() }
    }

    fn began(step: StepName) -> Event {
        Event::StepStarted { step, round: 1, agent: None, command: None }
    }

    fn ended(step: StepName, cost_usd: Option<f64>) -> Event {
        Event::StepEnded { step, round: 1, result: StepResult::Ok, duration_ms: 1, cost_usd }
    }

    #[test]
    fn those_that_wait_to_be_merged_have_a_place_while_their_worker_goes_on() {
        let mut lines = Vec::new();
        for (second, task, cycle) in [(1, "b", 1), (2, "a", 2), (3, "c", 3)] {
            lines.push(line(second * 10, task, "w0", cycle, claimed()));
            lines.push(line(second * 10 + 1, task, "w0", cycle, began(StepName::Implement)));
            lines.push(line(second * 10 + 2, task, "w0", cycle, ended(StepName::Implement, Some(0.5))));
            lines.push(line(second * 10 + 3, task, "w0", cycle, began(StepName::Integrate)));
        }
        lines.pop();
        let seen = |lines: &[EventLine]| -> Vec<_> {
            let live = live_tasks(lines, &[]);
            live.iter().map(|it| (it.task.to_string(), it.step, it.place, it.since.unwrap().as_second())).collect()
        };
        let integrate = Some(StepName::Integrate);
        let (b, a) = (("b".into(), integrate, Some(1), 13), ("a".into(), integrate, Some(2), 23));
        let c: (String, Option<StepName>, Option<usize>, i64) = ("c".into(), None, None, 32);
        assert_eq!(seen(&lines), [c.clone(), b.clone(), a.clone()]);
        lines.push(line(40, "b", "w0", 1, began(StepName::Verify)));
        assert_eq!(seen(&lines)[1], ("b".into(), Some(StepName::Verify), Some(1), 40));
        lines.push(line(41, "b", "w0", 1, ended(StepName::Verify, None)));
        assert_eq!(seen(&lines), [c.clone(), b, a]);
        lines.push(line(42, "b", "w0", 1, ended(StepName::Integrate, None)));
        assert!(live_tasks(&lines, &[]).iter().any(|it| it.goes_back && it.is_away() && it.place.is_none()));
        lines.push(line(43, "b", "w0", 1, began(StepName::Resolve)));
        let after = seen(&lines);
        assert!(after.contains(&("b".into(), Some(StepName::Resolve), None, 43)), "{after:?}");
        assert!(after.contains(&("a".into(), integrate, Some(1), 23)), "{after:?}");
        lines.push(line(
            44,
            "b",
            "w0",
            1,
            Event::TaskMoved { from: State::Current, to: None, cause: "x".into(), outcome: None },
        ));
        assert_eq!(seen(&lines).len(), 2);
        assert_eq!(live_tasks(&lines, &[])[0].cost_usd, Some(0.5));
        let unheard = live_tasks(&lines[1..], &[]);
        assert_eq!((unheard.len(), unheard[1].place), (2, Some(1)), "what is unheard has gone");
    }

    #[test]
    fn a_cycle_is_known_by_the_name_of_its_log() {
        assert_eq!(cycle_of("w12-c3-review-2.log"), Some(("w12".into(), 3)));
        assert_eq!(cycle_of("queue-gate-77.log"), None);
    }
}
