//! Turns events into lines for people, or into JSON lines: the one place where a running swarm prints.

use std::io::Write;

use anstyle::Style;

use super::Desk;
use super::paint::{DIM, GREEN, RED, YELLOW};
use crate::model::excerpt::shorten;
use crate::model::outcome::Outcome;
use crate::model::record::{Event, EventLine, StepResult};
use crate::model::state::State;
use crate::os::journal::Show;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loudness {
    /// What went wrong.
    Quiet,
    /// What becomes of tasks.
    Normal,
    /// Every step.
    Verbose,
}

/// Shows events as the global options ask: JSON lines on standard output, or text on standard error.
pub(super) fn show(desk: &Desk) -> Show {
    if !desk.json() {
        return show_text(desk);
    }
    Box::new(|line: &EventLine| {
        // A closed pipe or a full disk must not end the swarm: the events are in the journal.
        if let Ok(text) = serde_json::to_string(line) {
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
    })
}

/// Shows events as text on standard error.
pub(super) fn show_text(desk: &Desk) -> Show {
    let loudness = match (desk.quiet(), desk.verbose()) {
        (true, _) => Loudness::Quiet,
        (false, 0) => Loudness::Normal,
        (false, _) => Loudness::Verbose,
    };
    Box::new(move |line: &EventLine| {
        if let Some(text) = text(line, loudness) {
            let _ = writeln!(anstream::stderr().lock(), "{text}");
        }
    })
}

/// One line for people; `None` for what is not said at this loudness.
fn text(line: &EventLine, loudness: Loudness) -> Option<String> {
    let (from, style, said) = describe(&line.event);
    if loudness < from {
        return None;
    }
    let worker = line.worker.as_deref().unwrap_or("swarm");
    let task = line.task.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
    let clock = format!("{:>7.1}s", line.t_ms as f64 / 1000.0);
    let said = shorten(&said.replace('\n', " "), 400);
    Some(format!("{DIM}{clock} {worker:<5}{DIM:#} {task}{style}{said}{style:#}"))
}

fn describe(event: &Event) -> (Loudness, Style, String) {
    use Loudness::{Normal, Quiet, Verbose};
    let plain = Style::new();
    match event {
        Event::RunStarted { workers, base, head } => {
            (Normal, plain, format!("{}; landing on {base}, which is at {}", count(*workers, "worker"), short(head)))
        }
        Event::RunStopped { reason, .. } => (Normal, plain, reason.clone()),
        Event::TaskClaimed { attempt, slot, agent } => {
            (Normal, plain, format!("claimed (attempt {attempt}, {agent}, slot {slot})"))
        }
        Event::StepStarted { step, command, .. } => {
            let command = command.as_deref().map(|command| format!(": {command}")).unwrap_or_default();
            (Verbose, DIM, format!("{} begins{command}", step.as_str()))
        }
        Event::StepEnded { step, result, duration_ms, .. } => {
            let said =
                format!("{} {} after {:.1} s", step.as_str(), result_word(*result), *duration_ms as f64 / 1000.0);
            (Verbose, DIM, said)
        }
        Event::TaskMoved { to, cause, outcome, .. } => {
            let style = match (to, outcome) {
                (Some(State::Complete), _) => GREEN,
                (Some(State::Blocked), _) => RED,
                (_, Some(Outcome::Interrupted | Outcome::Cancelled)) => plain,
                (_, _) => YELLOW,
            };
            let place = to.map_or("gone".to_owned(), |to| to.to_string());
            let outcome = outcome.filter(|outcome| *outcome != Outcome::Merged);
            let outcome = outcome.map(|outcome| format!("{outcome}, ")).unwrap_or_default();
            (Normal, style, format!("→ {place}: {outcome}{cause}"))
        }
        Event::ProviderParked { provider, reason } => (Normal, YELLOW, format!("{provider} is parked: {reason}")),
        Event::ProviderResumed { provider } => (Normal, plain, format!("{provider} is asked again")),
        Event::BasePublished { branch, from, to } if from.starts_with("swarm/") => {
            (Normal, GREEN, format!("{branch} has caught up with {from}: it is at {}", short(to)))
        }
        Event::BasePublished { branch, to, .. } => (Verbose, DIM, format!("{branch} is at {}", short(to))),
        Event::BaseHeldBack { branch, reason } => {
            (Quiet, YELLOW, format!("the base cannot move now, so work lands on {branch} until it can: {reason}"))
        }
        Event::BaseUnknown { head } => {
            (Normal, plain, format!("runs the gates on the base at {} before anything is claimed", short(head)))
        }
        Event::BaseRed { head, reason, .. } => {
            let said =
                format!("the base at {} is red, so only this task, which mends it, is claimed: {reason}", short(head));
            (Quiet, RED, said)
        }
        Event::Flake { gate, tree, reason } => {
            (Quiet, YELLOW, format!("the gate `{gate}` flakes on the tree {}: {reason}", short(tree)))
        }
        Event::BaseGreen { head } => (Normal, GREEN, format!("the gates succeed on the base at {}", short(head))),
        Event::ClaimRecovered { reason } => (Normal, YELLOW, format!("recovered: {reason}")),
        Event::Salvaged { reference, .. } => (Normal, plain, format!("its work is kept as {reference}")),
        Event::InvalidTask { path, line, reason } => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            (Quiet, RED, format!("{path}{line}: {reason}"))
        }
        Event::StrayEnded { pid, command } => {
            (Normal, YELLOW, format!("ended a process it left behind: {pid} {command}"))
        }
        Event::Warning { message } => (Quiet, YELLOW, message.clone()),
        // That of the run pauses it, which is told.
        Event::BudgetExhausted { domain: None, reason } => (Verbose, DIM, reason.clone()),
        Event::BudgetExhausted { domain: Some(_), reason } => (Quiet, RED, reason.clone()),
        Event::Paused { reason } => (Normal, YELLOW, reason.clone()),
        Event::Resumed {} => (Normal, plain, "goes on".to_owned()),
        Event::CrewChanged { workers, joined, retired, .. } => {
            let list = |names: &[String], verb: &str| match names {
                [] => String::new(),
                names => format!("; {verb}: {}", names.join(", ")),
            };
            let (joined, retired) = (list(joined, "new"), list(retired, "leave after their cycles"));
            (Normal, plain, format!("{} from now on{joined}{retired}", count(*workers, "worker")))
        }
        Event::WorkerLeft {} => (Normal, plain, "has left".to_owned()),
        Event::SettingsRead { files } => (Normal, plain, format!("new settings are in force: {}", files.join(", "))),
    }
}

fn result_word(result: StepResult) -> &'static str {
    match result {
        StepResult::Ok => "succeeded",
        StepResult::Failed => "failed",
        StepResult::Skipped => "had nothing to do",
        StepResult::Conflict => "found a conflict",
        StepResult::Rejected => "asks for changes",
        StepResult::CouldNotRun => "could not be run",
        StepResult::Interrupted => "was interrupted",
    }
}

/// A number with its noun.
pub(super) fn count(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

fn short(oid: &str) -> &str {
    oid.get(..10).unwrap_or(oid)
}
