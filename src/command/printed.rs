//! The logs of a task or a worker: found by their names, and by the records of the steps that have others.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use crate::model::record::{Cycle, Event, StepName, StepRecord};
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::records::Records;

/// Whose logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Of {
    /// All cycles of a task.
    Task(TaskId),
    /// A worker's cycles in one run.
    Worker(String),
}

/// One log, as its name tells: `<worker>-c<N>-<step>[-<R>].log`; or, where it is another name, as its step's record
/// does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Named {
    pub(super) worker: String,
    pub(super) cycle: u32,
    pub(super) step: StepName,
    pub(super) round: u32,
}

/// A log and where it belongs.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) run_id: String,
    pub(super) task: Option<TaskId>,
    pub(super) named: Named,
    /// Whose turn it was; `None`: it was none, or nobody knows.
    pub(super) agent: Option<String>,
    pub(super) path: PathBuf,
}

impl Named {
    fn parse(name: &str) -> Option<Self> {
        let (worker, rest) = name.strip_suffix(".log")?.split_once("-c")?;
        let (cycle, rest) = rest.split_once('-')?;
        let (step, round) = match rest.split_once('-') {
            Some((step, round)) => (step, round.parse().ok()?),
            None => (rest, 1),
        };
        let step = StepName::ALL.into_iter().find(|known| known.as_str() == step)?;
        Some(Self { worker: worker.to_owned(), cycle: cycle.parse().ok()?, step, round })
    }
}

/// The logs of `of` in `runs`, in the order in which they were written.
pub(super) fn find(
    records: &mut Records<'_>,
    dirs: &Dirs,
    of: &Of,
    runs: &[String],
    step: Option<StepName>,
) -> Vec<Log> {
    let mut logs = Vec::new();
    for run_id in runs {
        let Told { cycles, elsewhere, agents } = told(records, run_id, of);
        let wanted = |named: &Named| {
            let of_cycle = match of {
                Of::Task(_) => cycles.contains_key(&(named.worker.clone(), named.cycle)),
                Of::Worker(worker) => named.worker == *worker,
            };
            of_cycle && step.is_none_or(|step| step == named.step)
        };
        if cycles.is_empty() && matches!(of, Of::Task(_)) {
            continue;
        }
        let mut found: Vec<(SystemTime, Log)> = Vec::new();
        for entry in fs::read_dir(dirs.run(run_id).join("logs")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let named = name.to_str().and_then(|name| Named::parse(name).or_else(|| elsewhere.get(name).cloned()));
            let Some(named) = named.filter(wanted) else { continue };
            let written = entry.metadata().ok().filter(|meta| meta.is_file()).and_then(|meta| meta.modified().ok());
            let Some(written) = written else { continue };
            let task = cycles.get(&(named.worker.clone(), named.cycle)).cloned();
            let agent = agents.get(&named).cloned();
            found.push((written, Log { run_id: run_id.clone(), task, named, agent, path: entry.path() }));
        }
        // Steps follow each other, so the time of the last word is the order; of cycles, their numbers as well.
        found.sort_by(|(a_at, a), (b_at, b)| (a_at, a.named.cycle, &a.path).cmp(&(b_at, b.named.cycle, &b.path)));
        logs.extend(found.into_iter().map(|(_, log)| log));
    }
    logs
}

/// What the records of a run tell of its logs.
#[derive(Debug, Default)]
struct Told {
    /// Which cycles had which task.
    cycles: HashMap<(String, u32), TaskId>,
    /// The logs of steps that are not named after their cycle: those of gates in the merge queue, which may have run
    /// for several cycles at once.
    elsewhere: HashMap<String, Named>,
    /// Whose turns were which.
    agents: HashMap<Named, String>,
}

/// What is told of a run, as far as `of` needs it: by the records, and, of cycles that have none (they still run, or
/// their process died), by the events.
fn told(records: &mut Records<'_>, run_id: &str, of: &Of) -> Told {
    let wanted = |worker: &str, task: Option<&TaskId>| match of {
        Of::Task(id) => Some(id) == task,
        Of::Worker(name) => name == worker,
    };
    let mut told = Told::default();
    for cycle in records.cycles(run_id) {
        if !wanted(&cycle.worker, cycle.task.as_ref()) {
            continue;
        }
        if let Some(task) = &cycle.task {
            told.cycles.insert((cycle.worker.clone(), cycle.cycle), task.clone());
        }
        told.elsewhere.extend(cycle.steps.iter().filter_map(|step| named_elsewhere(&cycle, step)));
        told.agents.extend(cycle.steps.iter().filter_map(|step| Some((named(&cycle, step), step.agent.clone()?))));
    }
    if records.run(run_id).stopped.is_some() {
        return told;
    }
    let text = match of {
        Of::Task(id) => format!("\"task\":\"{id}\""),
        Of::Worker(name) => format!("\"worker\":\"{name}\""),
    };
    for line in records.events(run_id, &text) {
        let (Some(worker), Some(cycle)) = (line.worker, line.cycle) else { continue };
        if !wanted(&worker, line.task.as_ref()) {
            continue;
        }
        if let (Event::TaskClaimed { .. }, Some(task)) = (&line.event, line.task) {
            told.cycles.insert((worker.clone(), cycle), task);
        }
        if let Event::StepStarted { step, round, agent: Some(agent), .. } = line.event {
            told.agents.insert(Named { worker, cycle, step, round }, agent);
        }
    }
    told
}

fn named(cycle: &Cycle, step: &StepRecord) -> Named {
    Named { worker: cycle.worker.clone(), cycle: cycle.cycle, step: step.step, round: step.round }
}

fn named_elsewhere(cycle: &Cycle, step: &StepRecord) -> Option<(String, Named)> {
    let name = step.log.as_deref()?.strip_prefix("logs/")?;
    Named::parse(name).is_none().then(|| (name.to_owned(), named(cycle, step)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_its_name() {
        let named = |worker: &str, cycle, step, round| Some(Named { worker: worker.into(), cycle, step, round });
        assert_eq!(Named::parse("w0-c1-implement.log"), named("w0", 1, StepName::Implement, 1));
        assert_eq!(Named::parse("w12-c30-verify-4.log"), named("w12", 30, StepName::Verify, 4));
        for foreign in ["setup-01-abc.log", "w0-c1-implement.md", "w0-c1-.log", "w0-cx-verify.log", "w0.log", ".log"] {
            assert_eq!(Named::parse(foreign), None, "{foreign}");
        }
    }
}
