//! Turns events into lines for people, or into JSON lines: the one place where a running swarm prints.

use std::io::Write;

use anstyle::Style;

use super::paint::{DIM, GREEN, RED, YELLOW};
use super::{Desk, age};
use crate::model::clean::clean_text;
use crate::model::excerpt::shorten;
use crate::model::outcome::Outcome;
use crate::model::record::{Event, EventLine, StepName, StepResult, dollars};
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
    let clock = since_the_beginning(line.t_ms);
    let said = shorten(&clean_text(&said).replace('\n', " "), 400);
    let next = next_command(line).map(|next| format!("; next: {next}")).unwrap_or_default();
    Some(format!("{DIM}{clock} {worker:<5}{DIM:#} {task}{style}{said}{style:#}{next}"))
}

/// Seconds at first, which is what one looks at who sits before it; the hours of a night later.
fn since_the_beginning(ms: u64) -> String {
    let seconds = ms / 1000;
    if seconds < 1000 {
        return format!("{:>7.1}s", ms as f64 / 1000.0);
    }
    format!("{:>2}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
}

/// What a person does about a task that was left to him.
fn next_command(line: &EventLine) -> Option<String> {
    let (Event::TaskMoved { to, outcome, .. }, Some(id)) = (&line.event, &line.task) else { return None };
    let by_a_cycle = outcome.is_some_and(|outcome| outcome != Outcome::Cancelled);
    match to {
        Some(State::Review | State::Blocked) if by_a_cycle => Some(format!("swarm explain {id}")),
        Some(State::Pending | State::Current | State::Review | State::Blocked | State::Complete) | None => None,
    }
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
        Event::StepStarted { step, round, command, .. } => step_begins(*step, *round, command.as_deref()),
        Event::StepEnded { step, round, result, duration_ms, cost_usd } => {
            let cost = cost_usd.map(|cost| format!(", for {}", dollars(cost))).unwrap_or_default();
            let took = age::length_ms(*duration_ms);
            (Verbose, DIM, format!("{} {} after {took}{cost}", nth(*step, *round), result_word(*result)))
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
        Event::AgentChanged { from, to, reason } => {
            (Normal, YELLOW, format!("{from} cannot go on, {to} takes over: {reason}"))
        }
        Event::TurnAwaited { provider, most } => {
            (Verbose, plain, format!("waits for one of {most} turns at {provider} to end"))
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
        // The move says the same.
        Event::ClaimRecovered { reason } => (Verbose, DIM, format!("recovered: {reason}")),
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

/// Every step is said to begin where all is said; that an author works again, everywhere.
fn step_begins(step: StepName, round: u32, command: Option<&str>) -> (Loudness, Style, String) {
    let command = command.map(|command| format!(": {command}")).unwrap_or_default();
    let again = if round > 1 { format!(" (time {round})") } else { String::new() };
    match step {
        StepName::Fix => {
            (Loudness::Normal, Style::new(), format!("the review asks for changes; its author makes them now{again}"))
        }
        StepName::Resolve => {
            (Loudness::Normal, Style::new(), format!("it contradicts the base; its author resolves that now{again}"))
        }
        StepName::Integrate => (Loudness::Verbose, DIM, "waits to be merged".to_owned()),
        StepName::Implement | StepName::Verify | StepName::Review | StepName::Plan | StepName::Claim => {
            (Loudness::Verbose, DIM, format!("{} begins{command}", nth(step, round)))
        }
    }
}

/// `review`, `review 2`.
fn nth(step: StepName, round: u32) -> String {
    if round > 1 { format!("{} {round}", step.as_str()) } else { step.as_str().to_owned() }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(t_ms: u64, event: Event, loudness: Loudness) -> Option<String> {
        let task = crate::model::task::TaskId::parse("door").ok();
        let at = jiff::Timestamp::UNIX_EPOCH;
        let (run_id, worker) = ("r".to_owned(), Some("w0".to_owned()));
        let line = EventLine { schema: 1, at, t_ms, run_id, worker, cycle: Some(1), task, event };
        text(&line, loudness).map(|text| anstream::adapter::strip_str(&text).to_string())
    }

    fn moved(to: State, outcome: Outcome, cause: &str) -> Event {
        Event::TaskMoved { from: State::Current, to: Some(to), cause: cause.to_owned(), outcome: Some(outcome) }
    }

    #[test]
    fn who_is_left_to_a_person_is_said_with_the_next_command() {
        for (event, expected) in [
            (moved(State::Complete, Outcome::Merged, "merged"), "→ complete: merged"),
            (
                moved(State::Pending, Outcome::Stuck, "mute (next attempt in 9 s)"),
                "→ pending: stuck, mute (next attempt in 9 s)",
            ),
            (moved(State::Blocked, Outcome::Rejected, "no"), "→ blocked: rejected, no; next: swarm explain door"),
            (moved(State::Blocked, Outcome::Cancelled, "by hand"), "→ blocked: cancelled, by hand"),
        ] {
            let expected = format!("    0.1s w0    door: {expected}");
            assert_eq!(said(100, event, Loudness::Normal), Some(expected));
        }
        let long =
            said(1, moved(State::Review, Outcome::AwaitingReview, &"why ".repeat(500)), Loudness::Normal).unwrap();
        assert!(long.ends_with("…; next: swarm explain door") && long.chars().count() < 500, "{long}");
    }

    #[test]
    fn an_author_who_works_again_is_told_of_and_every_other_step_only_when_asked() {
        let began = |step, round| Event::StepStarted { step, round, agent: None, command: None };
        let fix = said(1, began(StepName::Fix, 2), Loudness::Normal).unwrap();
        assert!(fix.ends_with("door: the review asks for changes; its author makes them now (time 2)"), "{fix}");
        assert!(said(1, began(StepName::Resolve, 1), Loudness::Normal).is_some());
        for step in [StepName::Implement, StepName::Verify, StepName::Review, StepName::Integrate] {
            assert_eq!(said(1, began(step, 1), Loudness::Normal), None);
            assert!(said(1, began(step, 1), Loudness::Verbose).is_some());
        }
        let (step, round, result) = (StepName::Review, 2, StepResult::Rejected);
        let ended = Event::StepEnded { step, round, result, duration_ms: 65_000, cost_usd: Some(0.25) };
        assert_eq!(said(1, ended.clone(), Loudness::Normal), None);
        let ended = said(1, ended, Loudness::Verbose).unwrap();
        assert!(ended.ends_with("review 2 asks for changes after 1m 5s, for $0.25"), "{ended}");
    }

    #[test]
    fn a_night_has_hours() {
        assert_eq!(since_the_beginning(999_949), "  999.9s");
        assert_eq!(since_the_beginning(1_000_000), " 0:16:40");
        assert_eq!(since_the_beginning(36_000_000), "10:00:00");
    }
}
