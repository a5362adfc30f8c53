//! The tables of a live run: what each worker does, and what waits in the merge queue.

use jiff::Timestamp;

use super::age;
use super::live::LiveTask;
use super::paint::{DIM, PLAIN};
use super::table::{Table, one_line};
use super::workers::WorkerNow;
use crate::model::config::Role;
use crate::model::record::{StepName, dollars};

/// What stands for what nobody knows.
const UNKNOWN: &str = "–";

/// Both tables; the second only where something waits.
pub(super) fn tables<'a>(workers: impl Iterator<Item = &'a WorkerNow>, live: &[&LiveTask], now: Timestamp) -> String {
    let ago = |at: Option<Timestamp>| at.map_or(UNKNOWN.to_owned(), |at| age::ago(at, now));
    let mut working = Table::new(["WORKER", "TASK", "ATTEMPT", "STEP", "FOR", "LAST OUTPUT", "COST", "AGENT"]);
    for worker in workers {
        let at = live.iter().find(|task| !task.is_away() && Some(&task.task) == worker.task.as_ref());
        let is_idle = worker.task.is_none() && worker.step.is_none();
        let step = if is_idle { "idle".to_owned() } else { step(worker.step, worker.round) };
        let output = at.and_then(|task| task.last_output_at);
        working.row(
            if is_idle { DIM } else { PLAIN },
            [
                worker.worker.clone(),
                worker.task.as_ref().map(ToString::to_string).unwrap_or_default(),
                worker.attempt.map(|attempt| attempt.to_string()).unwrap_or_default(),
                if worker.retires { format!("{step} (leaves)") } else { step },
                worker.since.map(|at| age::ago(at, now)).unwrap_or_default(),
                output.map(|at| format!("{} ago", age::ago(at, now))).unwrap_or_default(),
                at.map(|task| cost(task)).unwrap_or_default(),
                by_whom(worker),
            ],
        );
    }
    let mut queue = Table::new(["MERGE QUEUE", "TASK", "ATTEMPT", "FOR", "NOW", "COST", "WORKER"]);
    for task in live.iter().filter(|task| task.is_away()) {
        let doing = match task.step {
            _ if task.goes_back => format!("goes back to {}", task.worker),
            Some(StepName::Verify) => format!("its gates run for {}", ago(task.since)),
            Some(_) | None => "waits".to_owned(),
        };
        queue.row(
            PLAIN,
            [
                task.place.map_or(UNKNOWN.to_owned(), |place| place.to_string()),
                task.task.to_string(),
                task.attempt.map(|attempt| attempt.to_string()).unwrap_or_default(),
                ago(task.queued_at.or(task.since)),
                doing,
                cost(task),
                task.worker.clone(),
            ],
        );
    }
    let queue = queue.text();
    let gap = if queue.is_empty() { "" } else { "\n" };
    format!("{}{}{gap}{queue}", working.text(), not_begun(live))
}

/// Those that an agent has claimed together with others, and that wait for their turn.
fn not_begun(live: &[&LiveTask]) -> String {
    let theirs = live.iter().filter(|task| !task.has_begun).map(|task| format!("{} ({})", task.task, task.worker));
    match theirs.collect::<Vec<_>>().join(", ") {
        theirs if theirs.is_empty() => theirs,
        theirs => format!("{DIM}claimed and not begun: {}{DIM:#}\n", one_line(&theirs, 400)),
    }
}

/// The agent, and what it does where that is not the usual.
fn by_whom(worker: &WorkerNow) -> String {
    let agent = worker.agent.as_deref().unwrap_or_default();
    match worker.role {
        Role::Worker => agent.to_owned(),
        role @ (Role::Executor | Role::Planner) => format!("{agent} ({})", role.as_str()),
    }
}

fn step(step: Option<StepName>, round: Option<u32>) -> String {
    match (step, round) {
        (Some(step), Some(round)) if round > 1 => format!("{} {round}", step.as_str()),
        (Some(step), _) => step.as_str().to_owned(),
        (None, _) => String::new(),
    }
}

fn cost(task: &LiveTask) -> String {
    task.cost_usd.map_or(UNKNOWN.to_owned(), dollars)
}
