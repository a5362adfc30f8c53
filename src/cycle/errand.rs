//! An errand: an agent works in the worker's worktree, at the newest base, without a task of its own. Whatever it has
//! changed there is kept under a ref and then taken back: nothing of it ever comes to the base.

use std::ffi::OsString;
use std::sync::Arc;

use super::bench::SlotRecord;
use super::brief::{completion, render};
use super::ended::Ended;
use super::errand_record::ErrandRecord;
use super::ledger::Ledger;
use super::mandate::{Mandate, Stage};
use super::notes::{Heading, Notes};
use super::perform::{Infra, sentence};
use super::shared::report_shared;
use super::succession::{Unable, first_able, next_able};
use super::turn::{Talk, Turn};
use super::{Bench, Workshop, funds, outbox};
use crate::model::agent::Agent;
use crate::model::budget::Spell;
use crate::model::choice::Choice;
use crate::model::choices::Choices;
use crate::model::outcome::Outcome;
use crate::model::plan::Halt;
use crate::model::prompt::{Facts, Telling, Template};
use crate::model::record::{Event, SCHEMA, StepName, StepResult, gist};
use crate::model::signal::signals;
use crate::model::task::{Session, TaskId};
use crate::os::git::Oid;
use crate::os::settings::Settings;
use crate::os::stop::Stop;

/// Everything that the turns of an errand need.
pub(super) struct Errand<'a> {
    pub(super) shop: &'a Workshop,
    /// The settings with which it began.
    pub(super) settings: Arc<Settings>,
    pub(super) bench: &'a mut Bench,
    /// Who may work, in the order in which they are asked.
    agents: Choices,
    /// Who works.
    pub(super) choice: Choice,
    /// His description.
    pub(super) agent: Agent,
    record: ErrandRecord,
    base: Oid,
    /// Under which name what it leaves in the worktree is kept.
    owner: TaskId,
    /// The session that was begun.
    pub(super) session: Option<String>,
    /// What its sessions have told of their cost.
    pub(super) ledger: Ledger,
}

/// What came of a turn.
pub(super) enum Answer {
    /// The agent has come to its end, and said this.
    Said(String),
    /// It has not; the notes say why.
    Failed(Outcome),
}

/// What came of one agent's turn.
enum Had {
    Answer(Answer),
    /// It cannot go on.
    Unable(Unable),
}

/// What is known of an errand before it begins.
pub(super) fn heading(shop: &Workshop, bench: &Bench) -> Heading {
    Heading {
        run_id: shop.journal.run_id().to_owned(),
        host: shop.host.clone(),
        worker: bench.worker.clone(),
        title: None,
        agent: bench.member.agents.first().agent.clone(),
        model: bench.member.agents.first().model.clone(),
        slot: bench.slot_name.clone(),
    }
}

impl<'a> Errand<'a> {
    /// Puts the worktree to the newest base.
    pub(super) fn begin(shop: &'a Workshop, bench: &'a mut Bench, notes: &mut Notes) -> Result<Self, Infra> {
        shop.journal.ensure_folders()?;
        let settings = shop.settings();
        settings.agents.find_for(&bench.member)?;
        let agents = bench.member.agents.clone();
        let (choice, agent) = first_able(shop, &settings, bench, &notes.who, &agents, None)?;
        notes.author = Some(choice.clone());
        shop.sentry.look(shop);
        let base = shop.repo.newest(&shop.base)?;
        let owner = owner(shop.journal.run_id(), &bench.worker)?;
        let record = ErrandRecord::begin(shop, bench, notes.cycle)?;
        let slot =
            SlotRecord { schema: SCHEMA, task: owner.clone(), attempt: notes.cycle, base: base.clone(), lent: false };
        if let Err(error) = bench.prepare_for(shop, &settings.config, &slot, &record.mark, &base) {
            record.forget(&shop.dirs);
            return Err(error.into());
        }
        notes.base = Some(base.clone());
        let (session, ledger) = (None, Ledger::default());
        Ok(Self { shop, settings, bench, agents, choice, agent, record, base, owner, session, ledger })
    }

    fn stage(&mut self) -> Stage<'_> {
        Stage {
            shop: self.shop,
            settings: &self.settings,
            bench: &mut *self.bench,
            mandate: Mandate::Errand(&mut self.record),
            ledger: &mut self.ledger,
        }
    }

    /// The prompt of a turn.
    pub(super) fn brief(&self, template: Template, telling: Telling<'_>) -> Result<String, Infra> {
        let facts = Facts {
            run: self.shop.journal.run_id(),
            worker: &self.bench.worker,
            attempt: 1,
            base: &self.shop.base,
            base_short: self.base.short(),
            protected: &self.settings.config.protected,
            completion: completion(&self.agent),
            telling,
            ..Facts::default()
        };
        render(&self.settings, template, &facts)
    }

    /// Gives the agent one turn, in the session that was begun if it has sessions. Where it cannot go on before it has
    /// begun one, the next is told the same.
    pub(super) fn ask(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        prompt: &str,
        env: &[(&'static str, OsString)],
    ) -> Result<Answer, Infra> {
        let mut tried = Vec::new();
        loop {
            let may_change = self.session.is_none();
            let why = match self.one_turn(notes, step, prompt, env)? {
                Had::Answer(answer) => return Ok(answer),
                Had::Unable(why) => why,
            };
            let reason = gist(why.reason());
            tried.push((self.choice.agent.clone(), why));
            let next = next_able(self.shop, &self.settings, &self.agents, &tried).filter(|_| may_change);
            if let Some((choice, agent)) = next {
                let event = Event::AgentChanged { from: self.choice.to_string(), to: choice.to_string(), reason };
                self.shop.journal.event(&notes.who, event);
                (self.choice, self.agent, self.session) = (choice, agent, None);
                continue;
            }
            return match tried.pop() {
                Some((_, Unable::Limited(reason))) => Ok(failed(notes, Outcome::RateLimited, reason)),
                Some((_, Unable::Troubled(reason))) => Err(Infra(reason)),
                None => Err(Infra(reason)),
            };
        }
    }

    fn one_turn(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        prompt: &str,
        env: &[(&'static str, OsString)],
    ) -> Result<Had, Infra> {
        if self.shop.stop.get() == Stop::Now {
            return Ok(Had::Answer(failed(notes, Outcome::Interrupted, sentence(Halt::Interrupted))));
        }
        let (prompt, env) = (prompt.to_owned(), env.to_vec());
        let (choice, agent) = (self.choice.clone(), self.agent.clone());
        let shared = self.shop.repo.shared();
        let talk = self.session.clone().map_or_else(|| Talk::new(&agent), Talk::GoOn);
        let reply = self.stage().ask(notes, Turn { step, choice: &choice, agent: &agent, prompt, talk, env })?;
        if reply.was_asked() {
            notes.author = Some(choice.clone());
        }
        self.session.clone_from(&reply.session);
        let named =
            |id| Session { agent: choice.agent.clone(), id, contract: None, told: 0, slot: None, counted: None };
        notes.session = reply.session.clone().map(named);
        let (halt, ended, said) = (reply.halt, reply.ended.clone(), reply.said.clone());
        let mut fail = |outcome, reason: &str| Ok(Had::Answer(failed(notes, outcome, reason)));
        let (result, had) = match (halt, ended) {
            (Some(halt), _) => (StepResult::Interrupted, fail(Outcome::Interrupted, sentence(halt))),
            (None, Ended::Well) => (StepResult::Ok, Ok(Had::Answer(Answer::Said(said)))),
            (None, Ended::Early(reason) | Ended::Mute(reason)) => {
                notes.because(reason);
                (StepResult::Failed, Ok(Had::Answer(Answer::Said(said))))
            }
            (None, Ended::TimedOut(reason)) => (StepResult::Failed, fail(Outcome::Timeout, &reason)),
            (None, Ended::Badly(reason) | Ended::TooLong(reason)) => {
                (StepResult::Failed, fail(Outcome::AgentError, &reason))
            }
            (None, Ended::RateLimited(reason)) => (StepResult::CouldNotRun, Ok(Had::Unable(Unable::Limited(reason)))),
            (None, Ended::Trouble(reason)) => (StepResult::CouldNotRun, Ok(Had::Unable(Unable::Troubled(reason)))),
            (None, Ended::NoSession(reason)) => (StepResult::CouldNotRun, Err(Infra(reason))),
        };
        self.stage().end_turn(notes, reply, result)?;
        report_shared(self.shop, notes, &shared);
        if let Ok(Had::Answer(Answer::Said(said))) = &had {
            notes.signals.extend(signals(said).iter().map(|signal| signal.word().to_owned()));
        }
        if !self.bench.slot.is_intact() {
            let reason = "the agent has removed its worktree, or put something else in its place";
            return Ok(Had::Answer(failed(notes, Outcome::AgentError, reason)));
        }
        had
    }

    /// Takes back what was changed in the worktree, and keeps it under a ref. Gives what its sessions have cost.
    pub(super) fn end(mut self, notes: &Notes) -> Ledger {
        let cleared = self.clear_away(notes);
        if let Err(Infra(reason)) = cleared {
            // The worktree stays as it is; taking it over again salvages it first.
            self.bench.distrust();
            let message = format!("what was changed in the worktree could not be put aside yet: {reason}");
            self.shop.journal.event(&notes.who, Event::Warning { message });
        }
        self.record.forget(&self.shop.dirs);
        self.ledger
    }

    fn clear_away(&mut self, notes: &Notes) -> Result<(), Infra> {
        if self.bench.slot.is_intact() {
            outbox::close(self.bench)?;
        }
        self.bench.slot.forget_locks()?;
        self.bench.salvage(self.shop, &notes.who, &self.owner, notes.cycle, &self.base)?;
        Ok(self.bench.reset(&self.settings.config.worktree, &self.base)?)
    }
}

/// What stands where a task would: the run and the worker.
pub(super) fn owner(run_id: &str, worker: &str) -> Result<TaskId, Infra> {
    TaskId::parse(&format!("{run_id}.{worker}")).map_err(|bad| Infra(bad.to_string()))
}

fn failed(notes: &mut Notes, outcome: Outcome, reason: impl Into<String>) -> Answer {
    notes.because(reason);
    Answer::Failed(outcome)
}

/// Writes the record of a cycle that was an errand, and books what it has cost: that counts for the whole run.
pub(super) fn record(shop: &Workshop, notes: Notes, heading: Heading, outcome: Outcome) {
    let who = notes.who.clone();
    let record = notes.record(heading, outcome, None);
    if let Err(error) = shop.journal.cycle(&record) {
        shop.journal.event(&who, Event::Warning { message: format!("cannot write the cycle's record: {error}") });
    }
    if let Ok(task) = owner(&record.run_id, &record.worker) {
        let spell = Spell { run_id: record.run_id, worker: record.worker, cycle: record.cycle, task };
        funds::book(shop, &who, spell, record.cost_usd);
    }
}
