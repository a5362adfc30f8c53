//! Why a task is where it is, and what would move it: facts in, sentences out.
//!
//! The facts come from the functions by which the workers decide (`pick`, `transition`), so an explanation cannot say
//! something else than what is done.

use std::time::Duration;

use super::excerpt::shorten;
use super::outcome::Outcome;
use super::pick::Hold;
use super::record::{StepName, gist};
use super::span;
use super::task::TaskId;

pub use chain::{Link, links};
pub use past::{LastCycle, Past};

mod chain;
mod past;
mod person;
mod waiting;

/// No sentence quotes more than this of what a program or a person has said, in characters.
const LONGEST_QUOTE: usize = 300;

/// What is known of a task.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Its name.
    pub id: TaskId,
    /// Where it is.
    pub standing: Standing,
    /// The runs that are alive.
    pub runs: Vec<RunFacts>,
    /// What has happened to it.
    pub past: Past,
}

/// Where a task is, with what matters there.
#[derive(Debug, Clone)]
pub enum Standing {
    /// In `pending/`.
    Waiting(Waiting),
    /// In `current/`, and a worker has it.
    AtWork(AtWork),
    /// In `current/`, and nobody has it; the worker and the run that had it, where known.
    Abandoned(Option<(String, String)>),
    /// In `review/`.
    Review,
    /// In `blocked/`.
    Blocked,
    /// In `complete/`.
    Complete,
}

/// A task in `pending/`.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Its place among those that can be claimed now, and how many these are; `None`: it cannot be.
    pub line: Option<(usize, usize)>,
    /// All that holds it, the most lasting reason first; an overlap holds it only while something else can be claimed.
    pub holds: Vec<Hold>,
    /// From itself to the task for which it waits in the end.
    pub chain: Vec<Link>,
    /// Of an epic: how many children are complete, and which are not.
    pub children: Option<(usize, Vec<TaskId>)>,
    /// The base is red, and this task is to mend it.
    pub mends_base: bool,
}

/// A live task.
#[derive(Debug, Clone)]
pub struct AtWork {
    /// The worker.
    pub worker: String,
    /// Its run.
    pub run_id: String,
    /// Who works.
    pub agent: Option<String>,
    /// Which attempt it is.
    pub attempt: Option<u32>,
    /// The step that runs, and which time; `None`: between two.
    pub step: Option<(StepName, u32)>,
    /// How long it does that.
    pub since: Option<Duration>,
    /// How long ago its programs printed something.
    pub output: Option<Duration>,
}

/// A run that is alive.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// Its name.
    pub run_id: String,
    /// Why it claims nothing now.
    pub paused: Option<String>,
    /// The words of its command line that leave a part of the queue out.
    pub part: Option<String>,
    /// Its workers, each with what it works on.
    pub workers: Vec<(String, Option<TaskId>)>,
}

/// Why a task is where it is, and what would move it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// One sentence.
    pub summary: String,
    /// What led to it, a sentence each.
    pub why: Vec<String>,
    /// What moves it on, or would, a sentence each.
    pub moves: Vec<String>,
}

/// Explains a task.
pub fn explain(facts: &Facts) -> Explanation {
    let mut said = match &facts.standing {
        Standing::Waiting(waiting) => waiting::explain(facts, waiting),
        Standing::AtWork(work) => at_work(facts, work),
        Standing::Abandoned(had) => abandoned(facts, had.as_ref()),
        Standing::Review => person::in_review(facts),
        Standing::Blocked => person::blocked(facts),
        Standing::Complete => complete(facts),
    };
    if let (Some(reference), false) = (&facts.past.salvage, matches!(facts.standing, Standing::Complete)) {
        said.moves.push(format!("to see what its last attempt wrote: git show {reference}"));
    }
    said
}

fn at_work(facts: &Facts, work: &AtWork) -> Explanation {
    let AtWork { worker, run_id, .. } = work;
    let step = match (work.step, work.since) {
        (Some((step, round)), since) => {
            let again = if round > 1 { format!(" (round {round})") } else { String::new() };
            let since = since.map(|since| format!(" for {}", length(since))).unwrap_or_default();
            format!("step {}{again}{since}", step.as_str())
        }
        (None, _) => "between two steps".to_owned(),
    };
    let mut said = Explanation { summary: format!("{worker} works on it: {step}"), ..Explanation::default() };
    let agent = work.agent.as_deref().map(|agent| format!(" with {agent}")).unwrap_or_default();
    let attempt = work.attempt.map_or("an attempt".to_owned(), |attempt| facts.past.attempt(attempt));
    said.why.push(format!("run {run_id}{agent}: {attempt}"));
    if let Some(output) = work.output {
        said.why.push(format!("its programs printed something {} ago", length(output)));
    }
    said.why.extend(facts.past.before());
    said.moves.push("if the work passes its gates, it is merged and the task is complete".to_owned());
    said.moves.push(facts.past.if_it_fails());
    said.moves.push(format!("to look on: swarm logs -f {0}; to end the attempt: swarm cancel {0}", facts.id));
    said
}

fn abandoned(facts: &Facts, had: Option<&(String, String)>) -> Explanation {
    let whose = match had {
        Some((worker, run_id)) => format!("its worker {worker} of run {run_id} is dead"),
        None => "nobody has claimed it".to_owned(),
    };
    let when = if facts.runs.is_empty() {
        "no swarm is running; the next one gives it back at once: swarm start".to_owned()
    } else {
        "the running swarm gives it back within a minute".to_owned()
    };
    Explanation {
        summary: format!("nobody works on it: {whose}"),
        why: facts.past.before(),
        moves: vec![
            when,
            "what is left of its agent is ended and its work kept; then it is complete if its work was merged, else \
             pending again, and the attempt does not count"
                .to_owned(),
        ],
    }
}

fn complete(facts: &Facts) -> Explanation {
    let past = &facts.past;
    let at = past.completed_at.map(|at| format!(" at {at:.0}")).unwrap_or_default();
    let summary = match (&past.commit, past.is_epic) {
        (Some(commit), _) => format!("merged as {}{at}", commit.get(..10).unwrap_or(commit)),
        (None, true) => format!("an epic whose children are all complete{at}"),
        (None, false) => format!("complete without a commit of its own{at}"),
    };
    let mut said = Explanation { summary, ..Explanation::default() };
    if let Some(last) = &past.last {
        said.why.push(format!("last cycle: {}", last.words()));
    }
    if let Some(cost) = past.cost_usd {
        said.why.push(format!("it has cost ${cost:.2}"));
    }
    said.moves.push("nothing: it is done; a new task is made for more work".to_owned());
    if let Some(commit) = &past.commit {
        said.moves.push(format!("to see it: git show {commit}"));
    }
    said
}

/// A length of time in whole seconds, or less than one.
fn length(duration: Duration) -> String {
    let whole = Duration::from_secs(duration.as_secs());
    if whole.is_zero() { "less than a second".to_owned() } else { span::print(whole) }
}

/// One line of what somebody has said.
fn quote(text: &str) -> String {
    shorten(&gist(text), LONGEST_QUOTE)
}

/// An outcome as a part of a sentence.
fn ended_as(outcome: Outcome) -> String {
    outcome.as_str().replace('_', " ")
}

#[cfg(test)]
mod tests;
