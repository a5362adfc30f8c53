//! The explanation as a document and as text.

use jiff::Timestamp;
use serde::Serialize;

use crate::command::paint::{BOLD, DIM, RED, of_state};
use crate::command::picture::InvalidFile;
use crate::command::table::one_line;
use crate::model::explain::{AtWork, Explanation, Facts, Link, Standing};
use crate::model::moment;
use crate::model::outcome::Outcome;
use crate::model::pick::Hold;
use crate::model::queue::Invalid;
use crate::model::record::{SCHEMA, StepName};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;

/// The longest line of text.
const WIDEST: usize = 600;

/// What `--json` prints; what does not apply is null.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    schema: u32,
    id: String,
    state: Option<State>,
    path: String,
    /// One sentence.
    summary: String,
    /// What led to it.
    why: Vec<String>,
    /// What moves it on, or would.
    moves: Vec<String>,
    /// Its place among the tasks that can be claimed now, from 1.
    position: Option<usize>,
    /// How many can be claimed now, where it is one of them.
    claimable: Option<usize>,
    /// All that holds it, the most lasting first.
    holds: Vec<HoldLine>,
    /// From it to the task for which it waits in the end.
    chain: Vec<ChainLine>,
    /// Whether only a person can move it; null for what is done.
    needs_a_person: Option<bool>,
    /// When what holds it ends by itself, where that is known.
    #[serde(serialize_with = "moment::serialize_optional")]
    until: Option<Timestamp>,
    /// Of an epic: how many children are complete, and which are not.
    children: Option<Children>,
    /// Who works on it.
    at_work: Option<Work>,
    attempts: Option<u32>,
    attempts_allowed: Option<u32>,
    last: Option<Last>,
    feedback: Option<String>,
    /// The ref under which the work of its last attempt is kept.
    salvage: Option<String>,
    commit: Option<String>,
    #[serde(serialize_with = "moment::serialize_optional")]
    completed_at: Option<Timestamp>,
    cost_usd: Option<f64>,
    /// The runs that are alive.
    runs: Vec<String>,
    /// Why its file is no valid task.
    invalid: Option<InvalidFile>,
}

#[derive(Debug, Serialize)]
struct HoldLine {
    reason: String,
    needs_a_person: bool,
    #[serde(serialize_with = "moment::serialize_optional")]
    until: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct ChainLine {
    id: TaskId,
    state: Option<State>,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Children {
    complete: usize,
    unfinished: Vec<TaskId>,
}

#[derive(Debug, Serialize)]
struct Work {
    worker: String,
    run_id: String,
    agent: Option<String>,
    attempt: Option<u32>,
    step: Option<StepName>,
    round: Option<u32>,
    since_ms: Option<u64>,
    output_age_ms: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Last {
    run: String,
    worker: String,
    cycle: u32,
    outcome: Outcome,
    reason: Option<String>,
}

impl Answer {
    /// The answer for a task.
    pub(super) fn new(dirs: &Dirs, state: State, facts: &Facts, said: Explanation) -> Self {
        let past = &facts.past;
        let mut answer = Self {
            summary: said.summary,
            why: said.why,
            moves: said.moves,
            attempts: Some(past.ledger.attempts),
            attempts_allowed: Some(past.limits.attempts),
            last: past.last.as_ref().map(|last| Last {
                run: last.run_id.clone(),
                worker: last.worker.clone(),
                cycle: last.cycle,
                outcome: last.outcome,
                reason: last.reason.clone(),
            }),
            feedback: past.feedback.clone(),
            salvage: past.salvage.clone(),
            commit: past.commit.clone(),
            completed_at: past.completed_at,
            cost_usd: past.cost_usd,
            runs: facts.runs.iter().map(|run| run.run_id.clone()).collect(),
            ..Self::blank(dirs, state, &facts.id)
        };
        match &facts.standing {
            Standing::Waiting(waiting) => {
                (answer.position, answer.claimable) = waiting.line.unzip();
                let held = waiting.holds.first().filter(|_| waiting.line.is_none());
                answer.needs_a_person = Some(held.is_some_and(Hold::needs_a_person));
                answer.until = held.and_then(|hold| hold.until().or_else(|| waiting.chain.last()?.until));
                answer.holds = waiting.holds.iter().map(HoldLine::of).collect();
                answer.chain = waiting.chain.iter().map(ChainLine::of).collect();
                let children = waiting.children.clone();
                answer.children = children.map(|(complete, unfinished)| Children { complete, unfinished });
            }
            Standing::AtWork(work) => {
                answer.needs_a_person = Some(false);
                answer.at_work = Some(Work::of(work));
            }
            Standing::Abandoned(_) => answer.needs_a_person = Some(false),
            Standing::Review | Standing::Blocked => answer.needs_a_person = Some(true),
            Standing::Complete => {}
        }
        answer
    }

    /// The answer for a file that is no valid task.
    pub(super) fn invalid(dirs: &Dirs, state: State, id: &TaskId, invalid: &Invalid) -> Self {
        let blank = Self::blank(dirs, state, id);
        let file = InvalidFile { path: blank.path.clone(), line: invalid.line, reason: invalid.reason.clone() };
        Self {
            summary: format!("no valid task: {}", file.text()),
            moves: vec!["mend the file; `swarm lint` checks it".to_owned()],
            needs_a_person: Some(true),
            invalid: Some(file),
            ..blank
        }
    }

    fn blank(dirs: &Dirs, state: State, id: &TaskId) -> Self {
        let path = dirs.shown(&dirs.task(state, id));
        Self { schema: SCHEMA, id: id.to_string(), state: Some(state), path, ..Self::default() }
    }

    /// Whether its file could be read.
    pub(super) fn is_valid(&self) -> bool {
        self.invalid.is_none()
    }
}

impl HoldLine {
    fn of(hold: &Hold) -> Self {
        Self { reason: hold.to_string(), needs_a_person: hold.needs_a_person(), until: hold.until() }
    }
}

impl ChainLine {
    fn of(link: &Link) -> Self {
        Self { id: link.id.clone(), state: link.state, reason: link.reason.clone() }
    }
}

impl Work {
    fn of(work: &AtWork) -> Self {
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            worker: work.worker.clone(),
            run_id: work.run_id.clone(),
            agent: work.agent.clone(),
            attempt: work.attempt,
            step: work.step.map(|(step, _)| step),
            round: work.step.map(|(_, round)| round),
            since_ms: work.since.map(ms),
            output_age_ms: work.output.map(ms),
        }
    }
}

/// The same for people.
pub(super) fn text(answer: &Answer) -> String {
    let style = match (answer.needs_a_person, answer.state) {
        (Some(true), _) => RED,
        (_, Some(state)) => of_state(state),
        (_, None) => RED,
    };
    let state = answer.state.map_or("", State::folder);
    let summary = one_line(&answer.summary, WIDEST);
    let mut text = format!("{BOLD}{}{BOLD:#} {DIM}{state}{DIM:#}\n{style}{summary}{style:#}\n", answer.id);
    let mut section = |title: &str, lines: &[String]| {
        if !lines.is_empty() {
            let lines: String = lines.iter().map(|line| format!("  {}\n", one_line(line, WIDEST))).collect();
            text.push_str(&format!("\n{DIM}{title}{DIM:#}\n{lines}"));
        }
    };
    section("why", &answer.why);
    section("what moves it", &answer.moves);
    text
}
