//! What a cycle has done so far, for its record.

use std::time::Instant;

use jiff::Timestamp;

use super::claim::Bill;
use crate::model::budget::Usd;
use crate::model::choice::Choice;
use crate::model::outcome::Outcome;
use crate::model::record::{CostFrom, Cycle, Event, SCHEMA, StepName, StepRecord, StepResult, Usage, dollars};
use crate::model::state::State;
use crate::model::task::{Kept, Session, TaskId};
use crate::os::clock;
use crate::os::git::{Oid, Salvaged};
use crate::os::journal::{Journal, Who};

/// The notes of one cycle.
pub(super) struct Notes {
    pub(super) who: Who,
    pub(super) cycle: u32,
    pub(super) attempt: u32,
    /// Why it ended as it did, in one sentence.
    pub(super) reason: String,
    /// What the next attempt should be told.
    pub(super) feedback: Option<String>,
    pub(super) signals: Vec<String>,
    pub(super) branch: Option<String>,
    pub(super) base: Option<Oid>,
    pub(super) head: Option<Oid>,
    pub(super) merged: Option<Oid>,
    pub(super) created: Vec<TaskId>,
    /// Tasks that the agent claimed.
    pub(super) claimed: Vec<TaskId>,
    /// Its worktree was made ready: with what the last attempt left it has gone on, or begun afresh.
    pub(super) has_begun: bool,
    /// Who worked last, where that is another than at the beginning.
    pub(super) author: Option<Choice>,
    /// The author's session.
    pub(super) session: Option<Session>,
    /// Rounds of review.
    pub(super) review_rounds: u32,
    /// Where its work was kept each time that it came to the merge queue.
    pub(super) salvaged: Vec<Salvaged>,
    /// What the next attempt goes on with.
    pub(super) kept: Option<Kept>,
    /// How long its task rests, should the cycle end because a provider asks for a pause.
    pub(super) rest: Rest,
    steps: Vec<StepRecord>,
    told_cycles: u32,
    at: Timestamp,
    began: Instant,
}

/// How long a task rests that ends because a provider asks for a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rest {
    /// As long as after another trouble.
    #[default]
    Plain,
    /// Its agent's provider is left alone until then: so is the task, unless another agent may work on it.
    WithItsProvider(Timestamp),
    /// Until then, whoever may work on it.
    Until(Timestamp),
}

/// Facts of a cycle that are known before it begins.
#[derive(Clone)]
pub(super) struct Heading {
    pub(super) run_id: String,
    pub(super) host: String,
    pub(super) worker: String,
    /// The task's; `None`: it has none.
    pub(super) title: Option<String>,
    pub(super) agent: String,
    pub(super) model: Option<String>,
    pub(super) slot: String,
}

/// A step that has begun.
pub(super) struct Begun {
    step: StepName,
    round: u32,
    agent: Option<String>,
    command: Option<String>,
    at: Timestamp,
    began: Instant,
}

/// What is known of a step at its end, beyond its result.
#[derive(Default)]
pub(super) struct Details {
    pub(super) exit_code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) timed_out: bool,
    pub(super) log: Option<String>,
    pub(super) tail: Option<String>,
    pub(super) tool_calls: Option<u32>,
    pub(super) was_heard: bool,
    pub(super) spent: Spent,
}

/// What a turn of an agent has cost; what is not known is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Spent {
    pub(super) usage: Usage,
    pub(super) cost_usd: Option<f64>,
    /// Where the dollars of one turn come from.
    pub(super) cost_from: Option<CostFrom>,
    /// So many earlier cycles died in the middle of a turn whose cost is part of this.
    pub(super) told_cycles: u32,
}

impl Spent {
    /// Both together; what is known of one only is all that is known.
    fn and(self, other: Spent) -> Spent {
        let cost_usd = match (self.cost_usd, other.cost_usd) {
            (Some(one), Some(other)) => Some(Usd::sum(one, other)),
            (one, other) => one.or(other),
        };
        let told_cycles = self.told_cycles.saturating_add(other.told_cycles);
        Spent { usage: self.usage.and(other.usage), cost_usd, cost_from: None, told_cycles }
    }
}

impl Notes {
    pub(super) fn begin(who: Who, cycle: u32, attempt: u32) -> Self {
        Self {
            who,
            cycle,
            attempt,
            reason: String::new(),
            feedback: None,
            signals: Vec::new(),
            branch: None,
            base: None,
            head: None,
            merged: None,
            created: Vec::new(),
            claimed: Vec::new(),
            has_begun: false,
            author: None,
            session: None,
            review_rounds: 0,
            salvaged: Vec::new(),
            kept: None,
            rest: Rest::Plain,
            steps: Vec::new(),
            told_cycles: 0,
            at: clock::now(),
            began: Instant::now(),
        }
    }

    /// Why the cycle ends as it does, and what the next attempt is told: the same.
    pub(super) fn because(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        self.feedback = Some(reason.clone());
        self.reason = reason;
    }

    /// How often a step of that name has ended, plus one.
    pub(super) fn round(&self, step: StepName) -> u32 {
        let done = self.steps.iter().filter(|record| record.step == step).count();
        u32::try_from(done).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// A step begins, which is a turn of `agent`, if it is one, and one program, if it is one.
    pub(super) fn step(
        &self,
        journal: &Journal,
        step: StepName,
        round: u32,
        agent: Option<String>,
        command: Option<String>,
    ) -> Begun {
        journal.event(&self.who, Event::StepStarted { step, round, agent: agent.clone(), command: command.clone() });
        Begun { step, round, agent, command, at: clock::now(), began: Instant::now() }
    }

    pub(super) fn end(&mut self, journal: &Journal, begun: Begun, result: StepResult, details: Details) {
        let duration_ms = milliseconds(begun.began);
        let (step, round) = (begun.step, begun.round);
        let cost_usd = details.spent.cost_usd;
        self.told_cycles = self.told_cycles.saturating_add(details.spent.told_cycles);
        journal.event(&self.who, Event::StepEnded { step, round, result, duration_ms, cost_usd });
        self.steps.push(StepRecord {
            step,
            round,
            result,
            started_at: begun.at,
            duration_ms,
            agent: begun.agent,
            command: begun.command,
            exit_code: details.exit_code,
            signal: details.signal,
            timed_out: details.timed_out,
            log: details.log,
            tail: details.tail,
            tool_calls: details.tool_calls,
            was_heard: details.was_heard,
            usage: details.spent.usage,
            cost_usd: details.spent.cost_usd,
            cost_from: details.spent.cost_from,
        });
    }

    /// What all turns together have cost so far.
    pub(super) fn spent(&self) -> Spent {
        let steps = self.steps.iter();
        let steps = steps.map(|step| Spent { usage: step.usage, cost_usd: step.cost_usd, ..Spent::default() });
        steps.fold(Spent { told_cycles: self.told_cycles, ..Spent::default() }, Spent::and)
    }

    /// The same for whoever comes after this process, between two turns.
    pub(super) fn bill(&self) -> Bill {
        let Spent { cost_usd, told_cycles, .. } = self.spent();
        Bill { usd: cost_usd, is_partial: self.is_without_cost(), told_cycles, ..Bill::default() }
    }

    /// Whether nobody knows all that its turns have cost.
    pub(super) fn is_without_cost(&self) -> bool {
        self.steps.iter().any(StepRecord::is_without_cost)
    }

    /// What stands behind its dollars where more was spent than is known.
    fn more(&self) -> &'static str {
        if self.is_without_cost() { "+" } else { "" }
    }

    /// What the commit of the work tells of what it took, where that is known.
    pub(super) fn trailers(&self) -> Vec<(&'static str, String)> {
        let rounds = (self.review_rounds > 0).then(|| self.review_rounds.to_string());
        // A number that others read, so it is all of it or none.
        let cost = self.spent().cost_usd.filter(|_| !self.is_without_cost());
        let cost = cost.map(|cost| ((cost * 1e6).round() / 1e6).to_string());
        let session = self.session.as_ref().map(|session| format!("{} {}", session.agent, session.id));
        let told = [("Swarm-Review-Rounds", rounds), ("Swarm-Cost-Usd", cost), ("Swarm-Session", session)];
        told.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// The same for people, in a few words; `None`: there is nothing to tell.
    pub(super) fn took(&self) -> Option<String> {
        let rounds = match self.review_rounds {
            0 => None,
            1 => Some("1 round of review".to_owned()),
            rounds => Some(format!("{rounds} rounds of review")),
        };
        let cost = self.spent().cost_usd.map(|cost| format!("{}{}", dollars(cost), self.more()));
        let parts: Vec<String> = [rounds, cost].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// The record of the cycle, which ends now and leaves its task there.
    pub(super) fn record(self, heading: Heading, outcome: Outcome, to: Option<State>) -> Cycle {
        let text = |oid: &Oid| oid.as_str().to_owned();
        let spent = self.spent();
        let (agent, model) = match self.author {
            Some(author) => (author.agent, author.model),
            None => (heading.agent, heading.model),
        };
        let recycled = match outcome {
            Outcome::Interrupted | Outcome::Infra | Outcome::RateLimited | Outcome::Done => {
                self.who.task.iter().cloned().collect()
            }
            _ => Vec::new(),
        };
        Cycle {
            schema: SCHEMA,
            run_id: heading.run_id,
            worker: heading.worker,
            cycle: self.cycle,
            host: heading.host,
            pid: std::process::id(),
            task: self.who.task.clone(),
            title: heading.title,
            attempt: self.attempt,
            agent: Some(agent),
            model,
            session_id: self.session.map(|session| session.id),
            slot: Some(heading.slot),
            branch: self.branch,
            base: self.base.as_ref().map(text),
            head: self.head.as_ref().map(text),
            merged: self.merged.as_ref().map(text),
            outcome,
            reason: self.reason,
            to,
            signals: self.signals,
            started_at: self.at,
            ended_at: clock::now(),
            duration_ms: milliseconds(self.began),
            steps: self.steps,
            claimed: self.claimed,
            created: self.created,
            recycled,
            review_rounds: self.review_rounds,
            usage: spent.usage,
            cost_usd: spent.cost_usd,
        }
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
