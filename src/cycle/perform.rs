//! Performs one cycle: asks the plan for the next step, does it, tells the plan what happened.

use std::sync::Arc;
use std::time::Duration;

use super::begin::{Beginning, begin};
use super::case::{Case, Cycle};
use super::complete::{Ended, complete};
use super::integrate::{Integrated, integrate};
use super::keep::{forget_what_is_merged, keep_before_mending, keep_for_the_queue, keep_the_work, keep_what_was_left};
use super::notes::{Details, Heading, Notes};
use super::shared::report_shared;
use super::succession::{agents_for, first_able};
use super::verify::{self, Tried, verify};
use super::vigil::reason_to_halt;
use super::{Bench, Chosen, Claim, ReadyBranch, Workshop, outbox};
use crate::error::{Class, Error};
use crate::model::outcome::Outcome;
use crate::model::plan::{self, Gates, Halt, Plan, Step, Work};
use crate::model::record::{Event, StepResult};
use crate::model::state::State;
use crate::model::task::{self, Session};
use crate::os::git::{GitError, Oid};
use crate::os::journal::Who;

/// A trouble that says nothing about the work, in one sentence.
#[derive(Debug)]
pub(super) struct Infra(pub(super) String);

impl From<std::io::Error> for Infra {
    fn from(error: std::io::Error) -> Self {
        Infra(error.to_string())
    }
}

impl From<GitError> for Infra {
    fn from(error: GitError) -> Self {
        Infra(error.to_string())
    }
}

impl From<Error> for Infra {
    fn from(error: Error) -> Self {
        Infra(error.explained())
    }
}

/// What became of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Performed {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the task is where the outcome says.
    pub settled: bool,
    /// The folder into which it went.
    pub to: Option<State>,
    /// How long it is not to be claimed again.
    pub pause: Option<Duration>,
    /// Whether that, and what it cost, could be written into its file.
    pub noted: bool,
}

impl Performed {
    /// Whether the task needs no more work.
    pub fn is_complete(&self) -> bool {
        self.to == Some(State::Complete)
    }
}

/// How far a worker has brought a case.
pub enum Turned {
    /// To its end.
    Ended(Performed),
    /// To the merge queue, which has it now. The worker is free.
    HandedOver(Box<ReadyBranch>),
}

/// Performs the cycle of a claimed task: from its checkout to its record, or to the merge queue.
pub fn perform(shop: &Workshop, bench: &mut Bench, mut claim: Box<Claim>, number: u32) -> Turned {
    let who = Who { worker: Some(bench.worker.clone()), cycle: Some(number), task: Some(claim.id.clone()) };
    let settings = shop.settings();
    let agents = agents_for(&bench.member.agents, &claim.found.task);
    let chooser = claim.chosen.as_ref().and_then(Chosen::holder);
    let holder = chooser.or(claim.found.task.session_holder());
    let author = first_able(shop, &settings, bench, &who, &agents, holder);
    let choice = author.as_ref().map_or(agents.first(), |(choice, _)| choice).clone();
    let mut notes = Notes::begin(who.clone(), number, claim.record.attempt);
    shop.journal.event(
        &who,
        Event::TaskClaimed { attempt: claim.record.attempt, slot: bench.slot_name.clone(), agent: choice.to_string() },
    );
    if claim.record.attempt == 1 {
        tell_unknown_keys(shop, &who, &claim);
    }
    let heading = Heading {
        run_id: shop.journal.run_id().to_owned(),
        host: shop.host.clone(),
        worker: bench.worker.clone(),
        title: Some(claim.found.task.title.clone()),
        agent: choice.agent.clone(),
        model: choice.model.clone(),
        slot: bench.slot_name.clone(),
    };
    let config = Arc::clone(&settings.config);
    let ended = |claim, notes, outcome| {
        Turned::Ended(complete(Ended { shop, config: &config, claim, notes, heading: heading.clone(), outcome }))
    };
    let author = match author {
        Ok((_, author)) => author,
        Err(error) => {
            // The task names an agent that nobody described: no other attempt would find it.
            let outcome = if error.class() == Class::Usage { Outcome::NeedsInput } else { Outcome::Infra };
            notes.because(Infra::from(error).0);
            return ended(claim, notes, outcome);
        }
    };
    let begun = match begin(shop, &config, bench, &mut claim, &choice, &author) {
        Ok(begun) => begun,
        Err(Infra(reason)) => {
            notes.because(reason);
            return ended(claim, notes, Outcome::Infra);
        }
    };
    if let Beginning::WithWork { .. } = begun.beginning {
        // Its gates come first, and perhaps none of its agents after them: others may be let through meanwhile.
        shop.providers.turns.forget(&bench.wake);
    }
    notes.base = Some(begun.base.clone());
    notes.has_begun = true;
    let chosen = claim.chosen.as_ref().and_then(|chosen| chosen.session(&choice.agent));
    let (chosen, mut ledger) = chosen.map_or_else(Default::default, |(id, ledger)| (Some(id), ledger));
    let contract = Some(claim.found.task.contract());
    // It knows of the task, and has not been told it.
    let slot = Some(bench.slot_name.clone());
    let chosen = chosen.map(|id| Session { agent: choice.agent.clone(), id, contract, told: 0, slot, counted: None });
    // Where it cannot be taken up, a new one is told all and finds the files.
    let goes_on = |it: &Session| author.session.go_on_in(it.slot.as_deref(), &bench.slot_name);
    let session = begun.beginning.session().filter(goes_on).or(chosen);
    ledger.recall(session.as_ref());
    let mut case = Case {
        settings,
        claim,
        agents,
        choice,
        author,
        session,
        was_mute: false,
        left_behind: None,
        base: begun.base,
        work: None,
        open_turn: None,
        refused: None,
        reviewed: None,
        conflict: None,
        standing: None,
        yields_to: None,
        ledger,
    };
    let mut cycle = Cycle { shop, bench, case: &mut case };
    let plan = match cycle.first_plan(&begun.beginning, &begun.at, &mut notes) {
        Ok(plan) => plan,
        Err(Infra(reason)) => {
            notes.because(reason);
            return ended(case.claim, notes, Outcome::Infra);
        }
    };
    go_on(shop, bench, Box::new(ReadyBranch { case, plan, notes, heading, waits: None }))
}

/// Keys that mean nothing are kept, and said once.
fn tell_unknown_keys(shop: &Workshop, who: &Who, claim: &Claim) {
    let unknown: Vec<String> = claim.found.task.unknown.iter().map(|(key, _)| format!("`{key}`")).collect();
    if !unknown.is_empty() {
        let message = format!("keys that mean nothing are kept as they are: {}", unknown.join(", "));
        shop.journal.event(who, Event::Warning { message });
    }
}

/// Goes on with a case that the merge queue has given back to its author.
pub fn resume(shop: &Workshop, bench: &mut Bench, mut branch: Box<ReadyBranch>) -> Turned {
    branch.waits = None;
    let head = branch.case.work.as_ref().map_or_else(|| branch.case.base.clone(), |work| work.head.clone());
    let prepared =
        bench.prepare(shop, &branch.case.settings.config, &branch.case.claim.record, &head, &branch.case.base);
    if let Err(error) = prepared {
        branch.notes.because(Infra::from(error).0);
        return Turned::Ended(branch.end(shop, Outcome::Infra));
    }
    go_on(shop, bench, branch)
}

/// Performs one step after the other, until the end or the merge queue.
fn go_on(shop: &Workshop, bench: &mut Bench, mut branch: Box<ReadyBranch>) -> Turned {
    loop {
        let ReadyBranch { case, plan, notes, .. } = &mut *branch;
        let mut cycle = Cycle { shop, bench, case };
        let halt = reason_to_halt(&shop.dirs, &shop.stop, &cycle.claim.id);
        let event = match (plan.step(), halt) {
            (Step::End(outcome), _) => {
                leave(&mut cycle, notes, outcome);
                return Turned::Ended(branch.complete(shop, outcome));
            }
            (_, Some(halt)) => Ok(plan::Event::Halted(halt)),
            (Step::Integrate, None) => match cycle.integrate(notes) {
                Ok(Integrated::Event(event)) => Ok(event),
                Ok(Integrated::HandOver(begun)) => match keep_for_the_queue(&mut cycle, notes) {
                    Ok(()) => {
                        branch.waits = Some(begun);
                        return Turned::HandedOver(branch);
                    }
                    Err(trouble) => {
                        notes.end(&shop.journal, begun, StepResult::CouldNotRun, Details::default());
                        Err(trouble)
                    }
                },
                Err(trouble) => Err(trouble),
            },
            (step, None) => cycle.perform(step, notes),
        };
        let event = event.unwrap_or_else(|Infra(reason)| {
            notes.because(reason);
            plan::Event::Halted(Halt::Infra)
        });
        branch.hear(event);
    }
}

/// What is done with the worktree at the end of a cycle.
fn leave(cycle: &mut Cycle<'_>, notes: &mut Notes, outcome: Outcome) {
    let shop = cycle.shop;
    if let Some(merged) = notes.merged.as_ref().filter(|_| !cycle.gates().is_empty()) {
        // What gates leave behind is nobody's work. A failure is met again at the next reset.
        let _ = cycle.reset(merged);
    }
    match (outcome, &notes.head) {
        (Outcome::Merged, Some(head)) => {
            // Should this fail, the next owner of the worktree keeps under a ref what the base has already.
            let _ = cycle.bench.settle(shop, &cycle.claim.record, head);
            forget_what_is_merged(shop, notes);
        }
        (_, _) => keep_the_work(cycle, notes, outcome),
    }
}

pub(super) fn sentence(halt: Halt) -> &'static str {
    match halt {
        Halt::Interrupted => "the run was told to end at once",
        Halt::Cancelled => "somebody moved the task's file away",
        Halt::Infra => "the machine is not fit",
        Halt::RateLimited => "the provider asks for a pause",
        Halt::OverBudget => "the money is spent",
        Halt::BaseRed => "the gates fail on the base itself",
    }
}

impl Cycle<'_> {
    /// The plan of a cycle that begins so.
    fn first_plan(&mut self, beginning: &Beginning, at: &Oid, notes: &mut Notes) -> Result<Plan, Infra> {
        let rules = self.rules();
        let Beginning::WithWork { head, approved, .. } = beginning else { return Ok(Plan::begin(rules)) };
        if head != at || self.take_in(notes, head.clone(), false)? != Work::Ready {
            // All of it has come to the base in another way, or the base is another.
            return Ok(Plan::begin(rules));
        }
        if *approved {
            self.is_approved()?;
            return Ok(Plan::go_on_approved(rules));
        }
        Ok(Plan::go_on(rules))
    }

    /// Brings the work into the base, or to the merge queue.
    fn integrate(&mut self, notes: &mut Notes) -> Result<Integrated, Infra> {
        match self.case.is_still_approved(self.shop, notes) {
            true => integrate(self, notes),
            false => {
                let landing = self.case.is_approved_no_more(self.shop, notes);
                Ok(Integrated::Event(plan::Event::Integrated(landing)))
            }
        }
    }

    fn perform(&mut self, step: Step, notes: &mut Notes) -> Result<plan::Event, Infra> {
        match step {
            Step::Implement(_) | Step::Fix(_) | Step::Resolve(_) => self.work_on(step, notes),
            Step::Verify => self.verify(notes),
            Step::Review(round) => self.review(notes, round),
            Step::Integrate | Step::End(_) => Err(Infra(format!("{step:?} is no step of the worktree"))),
        }
    }

    /// A turn of the author's, and what he made in it.
    fn work_on(&mut self, step: Step, notes: &mut Notes) -> Result<plan::Event, Infra> {
        let shared = self.shop.repo.shared();
        match step {
            Step::Fix(_) | Step::Resolve(_) => keep_before_mending(self, notes)?,
            Step::Implement(_) | Step::Verify | Step::Review(_) | Step::Integrate | Step::End(_) => {}
        }
        self.open_turn = Some(step);
        let event = match step {
            Step::Implement(turn) => self.implement(notes, turn),
            Step::Fix(round) => self.fix(notes, round),
            Step::Resolve(_) => self.resolve(notes),
            Step::Verify | Step::Review(_) | Step::Integrate | Step::End(_) => {
                return Err(Infra(format!("{step:?} is not the author's")));
            }
        };
        // Whatever became of the turn: each new task is one by itself.
        if self.bench.slot.is_intact() {
            if self.bench.member.role.makes_tasks() {
                notes.created.extend(outbox::collect(self.shop, self.bench, &notes.who, outbox::MOST_NEW)?);
            }
            outbox::close(self.bench)?;
        }
        let event = event?;
        report_shared(self.shop, notes, &shared);
        if !self.bench.slot.is_intact() {
            notes.because("the agent has removed its worktree, or put something else in its place");
            return Ok(plan::Event::Worked(Work::Failed));
        }
        self.bench.slot.forget_locks()?;
        let plan::Event::Worked(said) = event else { return Ok(event) };
        let work = match (step, said) {
            (_, Work::NeedsInput | Work::Replan | Work::Refused | Work::Failed | Work::TimedOut) => said,
            (Step::Resolve(_), _) => self.mended(notes, Self::take_resolution)?,
            (Step::Fix(_), _) => self.mended(notes, Self::gather)?,
            (_, Work::Ready) => self.gather(notes)?,
            (_, Work::Silent | Work::NoChange | Work::Done) => said,
        };
        match work {
            Work::Ready | Work::Silent | Work::NoChange | Work::Done => {
                keep_what_was_left(self, notes)?;
                self.open_turn = None;
            }
            // What the author left of it is nowhere but in the worktree.
            Work::NeedsInput | Work::Replan | Work::Refused | Work::Failed | Work::TimedOut => {}
        }
        Ok(plan::Event::Worked(work))
    }

    /// What counts after a mending is the tree, whatever the author says of it.
    fn mended(
        &mut self,
        notes: &mut Notes,
        take: impl Fn(&mut Self, &mut Notes) -> Result<Work, Infra>,
    ) -> Result<Work, Infra> {
        let work = take(self, notes)?;
        if self.work.is_none() && !matches!(work, Work::Failed | Work::Refused) {
            notes.because("nothing is left of the work");
            return Ok(Work::Failed);
        }
        Ok(work)
    }

    fn verify(&mut self, notes: &mut Notes) -> Result<plan::Event, Infra> {
        let work = self.work.clone().ok_or_else(|| Infra("there is nothing to verify".to_owned()))?;
        let verdict = match &work.tree {
            Some(tree) => {
                if self.bench.slot.detached_at().as_ref() != Some(&work.head) {
                    self.reset(&work.head)?;
                }
                let beneath = self.base.clone();
                verify(self, notes, &Tried { commit: &work.head, tree, beneath: &beneath })?
            }
            None => verify::Verdict::Green,
        };
        match verdict {
            verify::Verdict::Green => {
                let touched = self.protected_path(&work);
                if let Some(path) = touched {
                    notes.because(format!("{path} is protected: a person must approve the change"));
                }
                if self.claim.found.task.review == task::Review::Human {
                    notes.because("the task asks for a person's review");
                }
                Ok(plan::Event::Verified(Gates::Green { protected: touched.is_some() }))
            }
            verify::Verdict::Red(reason) => {
                notes.because(reason);
                Ok(plan::Event::Verified(Gates::Red))
            }
            verify::Verdict::Halted(halt) => Ok(plan::Event::Halted(halt)),
        }
    }
}
