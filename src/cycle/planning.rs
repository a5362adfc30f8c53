//! Planning: an agent makes new tasks, through the outbox and in no other way, in a cycle that has no task of its own.

use super::errand::{Answer, Errand, heading, record};
use super::notes::Notes;
use super::perform::Infra;
use super::{Bench, Workshop, outbox};
use crate::model::outcome::Outcome;
use crate::model::prompt::{self, Telling, Template, Waiting};
use crate::model::record::StepName;
use crate::model::signal::{Signal, signals};
use crate::model::task::TaskId;
use crate::os::journal::Who;

/// What a planner is asked for.
pub struct PlanOrder<'a> {
    /// The tasks that wait.
    pub waiting: Few,
    /// Those that are worked on.
    pub current: Few,
    /// Those that are done and wait for somebody's word.
    pub review: Few,
    /// Those that cannot go on without a person.
    pub blocked: Few,
    /// How many may be made.
    pub room: usize,
    /// How many may still be made, asked again when they have been.
    pub still_room: &'a dyn Fn() -> usize,
}

/// Tasks of which a few are told.
pub struct Few {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Waiting>,
}

/// What came of planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// How the cycle ended.
    pub outcome: Outcome,
    /// The tasks that it made.
    pub created: Vec<TaskId>,
}

/// Performs a planner's cycle, from its checkout to its record.
pub fn plan(shop: &Workshop, bench: &mut Bench, order: &PlanOrder<'_>, number: u32) -> Planned {
    let who = Who { worker: Some(bench.worker.clone()), cycle: Some(number), task: None };
    let mut notes = Notes::begin(who, number, 1);
    let heading = heading(shop, bench);
    let outcome = perform(shop, bench, order, &mut notes).unwrap_or_else(|Infra(reason)| {
        notes.because(reason);
        Outcome::Infra
    });
    let planned = Planned { outcome, created: notes.created.clone() };
    record(shop, notes, heading, outcome);
    planned
}

fn perform(shop: &Workshop, bench: &mut Bench, order: &PlanOrder<'_>, notes: &mut Notes) -> Result<Outcome, Infra> {
    let mut errand = Errand::begin(shop, bench, notes)?;
    let outcome = make_tasks(&mut errand, order, notes);
    errand.end(notes);
    outcome
}

fn make_tasks(errand: &mut Errand<'_>, order: &PlanOrder<'_>, notes: &mut Notes) -> Result<Outcome, Infra> {
    outbox::open(errand.bench)?;
    let env = [("SWARM_OUTBOX", outbox::folder(errand.bench).into_os_string())];
    let PlanOrder { waiting, current, review, blocked, .. } = order;
    let telling = Telling::Plan(prompt::Plan {
        waiting_count: waiting.count,
        waiting: &waiting.first,
        current_count: current.count,
        current: &current.first,
        review_count: review.count,
        review: &review.first,
        blocked_count: blocked.count,
        blocked: &blocked.first,
        room: u32::try_from(order.room).unwrap_or(u32::MAX),
    });
    let prompt = errand.brief(Template::Planner, telling)?;
    let answer = errand.ask(notes, StepName::Plan, &prompt, &env);
    // Whatever became of the agent: each of its files is a task by itself, or none.
    if errand.bench.slot.is_intact() {
        let room = order.room.min((order.still_room)());
        notes.created = outbox::collect(errand.shop, errand.bench, &notes.who, room)?;
    }
    let said = match answer? {
        Answer::Failed(outcome) => return Ok(outcome),
        Answer::Said(said) => said,
    };
    let made = match notes.created.len() {
        1 => "made 1 task".to_owned(),
        made => format!("made {made} tasks"),
    };
    // Nobody reads a planner's words but here.
    let asks = signals(&said).into_iter().find_map(|signal| match signal {
        Signal::NeedsInput(question) => Some(format!("; it asks: {question}")),
        Signal::Replan(reason) | Signal::NoChange(reason) => Some(format!("; it says: {reason}")),
        Signal::Ready | Signal::Done | Signal::Claim(_) => None,
    });
    notes.because(made + &asks.unwrap_or_default());
    Ok(Outcome::Planned)
}
