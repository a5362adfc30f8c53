//! **Reviewed**: a reviewer reads the work in the author's worktree and gives a verdict, bound to exactly that commit
//! and to the task as it reads now.
//!
//! Reviewers are asked in their order until one gives a verdict. One who fails, falls silent or speaks in riddles says
//! nothing about the work. Whatever a reviewer changes is thrown away.

use jiff::Timestamp;

use super::attend::with_tail;
use super::case::Cycle;
use super::ended::Ended;
use super::notes::{Notes, Rest};
use super::perform::Infra;
use super::product::Product;
use super::shared::report_shared;
use super::turn::{Talk, Turn};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::comment::comments;
use crate::model::excerpt;
use crate::model::plan::{Event, Halt, Verdict};
use crate::model::prompt::{self, Telling, Template};
use crate::model::record::{self, StepName, StepResult};
use crate::model::verdict::{Decision, NoReview, Review, review};
use crate::os::clock;
use crate::os::git::Oid;

/// How much of a change a reviewer is shown; he can look at all of it himself.
const DIFF_BYTES: usize = 96 * 1024;
/// How often one reviewer is asked: once more in the same session, if what he said is no review.
const TRIES: u32 = 2;

/// The review of the round before.
#[derive(Debug, Clone)]
pub(super) struct Reviewed {
    /// The work that was reviewed.
    pub(super) head: Oid,
    /// What was asked for.
    pub(super) objections: String,
}

/// What a reviewer is shown.
struct Material {
    round: u32,
    head: Oid,
    changed: Vec<String>,
    diff: (String, bool),
    /// What has changed since the last round.
    since: Option<(Reviewed, (String, bool))>,
}

/// A review, with all that is to be written down of it.
struct Given {
    reviewer: Choice,
    session: Option<String>,
    contract: String,
    review: Review,
    round: u32,
}

/// What one reviewer came to.
enum Heard {
    Review(Review, Option<String>),
    /// Nothing that says anything about the work; why.
    Nothing(String),
    /// The same, because his provider is left alone.
    Limited(String),
    Halted(Halt),
}

impl Cycle<'_> {
    /// Has the work reviewed.
    pub(super) fn review(&mut self, notes: &mut Notes, round: u32) -> Result<Event, Infra> {
        let work = self.work.clone().ok_or_else(|| Infra("there is nothing to review".to_owned()))?;
        let shop = self.shop;
        self.case.read_again(shop);
        let contract = self.claim.found.task.contract();
        if work.approved_for.as_ref() == Some(&contract) {
            return Ok(Event::Reviewed(Verdict::Approved));
        }
        let material = self.material(&work, round)?;
        let (mut silent, mut until) = (Vec::new(), None);
        for reviewer in self.settings.config.reviewers() {
            match self.hear(notes, &reviewer, &material)? {
                Heard::Review(review, session) => {
                    let given = Given { reviewer, session, contract, review, round };
                    return Ok(Event::Reviewed(self.take_review(notes, work, given)));
                }
                Heard::Halted(halt) => return Ok(Event::Halted(halt)),
                Heard::Nothing(reason) => silent.push(format!("{reviewer}: {reason}")),
                Heard::Limited(reason) => {
                    silent.push(format!("{reviewer}: {reason}"));
                    if let Rest::WithItsProvider(at) = notes.rest {
                        until = until.map_or(Some(at), |until: Timestamp| Some(until.min(at)));
                    }
                }
            }
        }
        if let Some(until) = until {
            notes.because(format!("no reviewer can be asked now: {}", silent.join("; ")));
            notes.rest = Rest::Until(until);
            return Ok(Event::Halted(Halt::RateLimited));
        }
        notes.because(format!("no reviewer gave a verdict: {}", silent.join("; ")));
        Ok(Event::Reviewed(Verdict::Missing))
    }

    fn material(&self, work: &Product, round: u32) -> Result<Material, Infra> {
        let repo = &self.shop.repo;
        let since = match &self.reviewed {
            Some(reviewed) => Some((reviewed.clone(), repo.diff(&reviewed.head, &work.head, DIFF_BYTES)?)),
            None => None,
        };
        let diff = repo.diff(&self.base, &work.head, DIFF_BYTES)?;
        Ok(Material { round, head: work.head.clone(), changed: work.changed.clone(), diff, since })
    }

    /// Asks one reviewer until he has given a review or cannot be asked any more.
    fn hear(&mut self, notes: &mut Notes, reviewer: &Choice, material: &Material) -> Result<Heard, Infra> {
        let agent = match self.settings.agents.find(reviewer) {
            Ok(described) if described.agent.can_be_told() => described.agent.clone(),
            Ok(_) => return Ok(Heard::Nothing("it runs scripts and cannot judge anything".to_owned())),
            Err(error) => return Ok(Heard::Nothing(error.chain())),
        };
        let mut talk = Talk::new(&agent);
        let mut again = None;
        for _ in 0..TRIES {
            if let Some(reason) = self.is_too_dear(notes) {
                notes.because(reason);
                return Ok(Heard::Halted(Halt::OverBudget));
            }
            let prompt = self.tell_reviewer(&agent, material, again.as_deref())?;
            self.reset(&material.head)?;
            let turn = Turn {
                step: StepName::Review,
                choice: reviewer,
                agent: &agent,
                prompt,
                talk: talk.clone(),
                env: Vec::new(),
            };
            let shared = self.shop.repo.shared();
            let reply = self.ask(notes, turn)?;
            if reply.was_asked() {
                notes.review_rounds = notes.review_rounds.max(material.round);
            }
            let session = reply.session.clone();
            let heard = match (reply.halt, &reply.ended) {
                (Some(halt), _) => Err(Heard::Halted(halt)),
                // What he found may stand in the part that is gone.
                (None, Ended::Well) if reply.is_cut => Ok(Err(NoReview::Cut)),
                (None, Ended::Well) => Ok(review(&reply.said, self.claim.found.task.acceptance.len())),
                (
                    None,
                    Ended::TimedOut(reason)
                    | Ended::Badly(reason)
                    | Ended::Early(reason)
                    | Ended::Mute(reason)
                    | Ended::Trouble(reason)
                    | Ended::NoSession(reason)
                    | Ended::TooLong(reason),
                ) => Err(Heard::Nothing(first_line(reason))),
                (None, Ended::RateLimited(reason)) => Err(Heard::Limited(first_line(reason))),
            };
            let result = match &heard {
                Ok(Ok(review)) if review.decision == Decision::Approved => StepResult::Ok,
                Ok(Ok(_)) => StepResult::Rejected,
                Ok(Err(_)) => StepResult::Failed,
                Err(Heard::Halted(_)) => StepResult::Interrupted,
                Err(Heard::Nothing(_) | Heard::Limited(_) | Heard::Review(..)) => StepResult::CouldNotRun,
            };
            let said = with_tail(String::new(), &reply.said);
            self.end_turn(notes, reply, result)?;
            report_shared(self.shop, notes, &shared);
            self.bench.slot.forget_locks()?;
            self.reset(&material.head)?;
            let no_review = match heard {
                Ok(Ok(review)) => return Ok(Heard::Review(review, session)),
                Ok(Err(no_review)) => no_review.to_string(),
                Err(heard) => return Ok(heard),
            };
            match session {
                Some(session) => talk = Talk::GoOn(session),
                None => return Ok(Heard::Nothing(format!("{no_review} ({})", excerpt::last_line(&said)))),
            }
            again = Some(no_review);
        }
        Ok(Heard::Nothing(again.unwrap_or_default()))
    }

    fn tell_reviewer(&self, agent: &Agent, material: &Material, again: Option<&str>) -> Result<String, Infra> {
        let since = material.since.as_ref();
        let telling = Telling::Review(prompt::Review {
            again,
            round: material.round,
            rounds: self.settings.config.review_rounds(),
            head_short: material.head.short(),
            changed: &material.changed,
            diff: &material.diff.0,
            diff_cut: material.diff.1,
            objections: since.map(|(reviewed, _)| reviewed.objections.as_str()),
            last_head_short: since.map_or("", |(reviewed, _)| reviewed.head.short()),
            delta: since.map_or("", |(_, delta)| delta.0.as_str()),
            delta_cut: since.is_some_and(|(_, delta)| delta.1),
        });
        let all = comments(&self.claim.found.task.body);
        self.fill_in(agent, Template::Reviewer, telling, &all, None)
    }

    /// Writes the review down and draws the conclusion.
    fn take_review(&mut self, notes: &mut Notes, work: Product, given: Given) -> Verdict {
        let Given { reviewer, session, contract, review, round } = given;
        let objections = review.objections();
        let record = record::Review {
            schema: record::SCHEMA,
            run_id: self.shop.journal.run_id().to_owned(),
            worker: self.bench.worker.clone(),
            cycle: notes.cycle,
            task: self.claim.id.clone(),
            round,
            agent: reviewer.agent.clone(),
            model: reviewer.model.clone(),
            session_id: session,
            base: self.base.to_string(),
            head: work.head.to_string(),
            contract: contract.clone(),
            verdict: review.decision,
            findings: review.findings,
            acceptance: review.acceptance,
            at: clock::now(),
        };
        if let Err(error) = self.shop.journal.review(&record) {
            let message = format!("cannot write the review's record: {error}");
            self.shop.journal.event(&notes.who, record::Event::Warning { message });
        }
        match review.decision {
            Decision::Approved => {
                self.work = Some(Product { approved_for: Some(contract), ..work });
                Verdict::Approved
            }
            Decision::NeedsChanges => {
                notes.because(format!("{reviewer} asks for changes (round {round}):\n\n{objections}"));
                self.reviewed = Some(Reviewed { head: work.head, objections });
                Verdict::NeedsChanges
            }
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
