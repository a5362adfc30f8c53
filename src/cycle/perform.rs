//! Performs one cycle: asks the plan for the next step, does it, tells the plan what happened.

use std::sync::Arc;
use std::time::Duration;

use super::author::choose;
use super::begin::{Beginning, beginning};
use super::complete::{Ended, complete};
use super::integrate::integrate;
use super::keep::keep_the_work;
use super::ledger::Ledger;
use super::notes::{Heading, Notes};
use super::product::Product;
use super::resolve::Conflict;
use super::review::Reviewed;
use super::shared::report_shared;
use super::verify;
use super::vigil::reason_to_halt;
use super::{Bench, Claim, Workshop, outbox};
use crate::error::{Class, Error};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::gate::Gate;
use crate::model::outcome::Outcome;
use crate::model::plan::{self, Gates, Halt, Landing, Plan, Review, Rules, Step, Work};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task;
use crate::os::git::{GitError, Oid};
use crate::os::journal::Who;
use crate::os::settings::Settings;

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

/// Everything that the steps of one cycle need.
pub(super) struct Cycle<'a> {
    pub(super) shop: &'a Workshop,
    /// The settings with which it began.
    pub(super) settings: Arc<Settings>,
    pub(super) bench: &'a mut Bench,
    pub(super) claim: &'a mut Claim,
    /// Who works.
    pub(super) choice: Choice,
    /// His description.
    pub(super) author: Agent,
    /// The session that knows the task.
    pub(super) session: Option<String>,
    /// The commit from which the work began.
    pub(super) base: Oid,
    /// What came of it so far.
    pub(super) work: Option<Product>,
    /// A turn of the author's that has begun and not ended: what lies in the worktree is not what `work` says.
    pub(super) open_turn: Option<Step>,
    /// The last review that asked for changes.
    pub(super) reviewed: Option<Reviewed>,
    /// The last conflict with the base.
    pub(super) conflict: Option<Conflict>,
    /// What its sessions have told of their cost.
    pub(super) ledger: Ledger,
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

/// Performs the cycle of a claimed task, from its checkout to its record.
pub fn perform(shop: &Workshop, bench: &mut Bench, mut claim: Claim, number: u32) -> Performed {
    let who = Who { worker: Some(bench.worker.clone()), cycle: Some(number), task: Some(claim.id.clone()) };
    let choice = choose(&bench.member.choice, &claim.found.task);
    let mut notes = Notes::begin(who.clone(), number, claim.record.attempt);
    shop.journal.event(
        &who,
        Event::TaskClaimed { attempt: claim.record.attempt, slot: bench.slot_name.clone(), agent: choice.to_string() },
    );
    let heading = Heading {
        run_id: shop.journal.run_id().to_owned(),
        host: shop.host.clone(),
        worker: bench.worker.clone(),
        title: Some(claim.found.task.title.clone()),
        agent: choice.agent.clone(),
        model: choice.model.clone(),
        slot: bench.slot_name.clone(),
    };
    let outcome = match begin(shop, bench, &mut claim, choice, &mut notes) {
        Ok(Begun::Cycle(mut cycle, plan)) => {
            let outcome = follow(&mut cycle, plan, &mut notes);
            cycle.bench.ledger = std::mem::take(&mut cycle.ledger);
            if let Some(merged) = notes.merged.as_ref().filter(|_| !cycle.gates().is_empty()) {
                // What gates leave behind is nobody's work. A failure is met again at the next reset.
                let _ = cycle.bench.reset(shop, merged);
            }
            match (outcome, &notes.head) {
                (Outcome::Merged, Some(head)) => {
                    // Should this fail, the next owner of the worktree keeps under a ref what the base has already.
                    let _ = cycle.bench.settle(shop, &cycle.claim.record, head);
                }
                (_, _) => keep_the_work(&mut cycle, &mut notes, outcome),
            }
            outcome
        }
        Ok(Begun::NoAuthor(reason)) => {
            notes.because(reason);
            Outcome::NeedsInput
        }
        Err(Infra(reason)) => {
            notes.because(reason);
            Outcome::Infra
        }
    };
    complete(Ended { shop, claim, notes, heading, outcome })
}

/// How a cycle could begin.
enum Begun<'a> {
    Cycle(Box<Cycle<'a>>, Plan),
    /// The task names an agent that nobody described: no other attempt would find it.
    NoAuthor(String),
}

/// Puts the worktree to where the work begins and notes it in the claim, so that whoever comes later knows from where
/// on this attempt may have been merged.
fn begin<'a>(
    shop: &'a Workshop,
    bench: &'a mut Bench,
    claim: &'a mut Claim,
    choice: Choice,
    notes: &mut Notes,
) -> Result<Begun<'a>, Infra> {
    shop.journal.ensure_folders()?;
    let settings = shop.settings();
    let author = match settings.agents.find(&choice) {
        Ok(described) => described.agent.clone(),
        Err(error) if error.class() == Class::Usage => return Ok(Begun::NoAuthor(Infra::from(error).0)),
        Err(error) => return Err(error.into()),
    };
    let tip = shop.repo.newest(&shop.base)?;
    let beginning = beginning(shop, claim, &choice, &author)?;
    let (at, base) = match beginning.commit() {
        None => (tip.clone(), tip.clone()),
        Some(commit) => match shop.repo.merge_base(&tip, commit)? {
            Some(base) => (commit.clone(), base),
            // The base has been replaced by another history.
            None => (tip.clone(), tip.clone()),
        },
    };
    claim.record.base = Some(tip);
    claim.record.go_on.session.clone_from(&claim.found.task.progress.session);
    claim.record.write(&shop.dirs)?;
    bench.prepare(shop, &claim.record, &at, &base)?;
    notes.base = Some(base.clone());
    let chosen = claim.chosen.as_ref().and_then(|chosen| chosen.session(&choice.agent));
    let ledger = if chosen.is_some() { std::mem::take(&mut bench.ledger) } else { Ledger::default() };
    let session = beginning.session().or(chosen);
    let mut cycle = Cycle {
        shop,
        settings,
        bench,
        claim,
        choice,
        author,
        session,
        base,
        work: None,
        open_turn: None,
        reviewed: None,
        conflict: None,
        ledger,
    };
    let rules = cycle.rules();
    let plan = match beginning {
        Beginning::WithWork { head, approved, .. } if head == at => match cycle.take_in(notes, head, false)? {
            Work::Ready if approved => {
                cycle.is_approved()?;
                Plan::go_on_approved(rules)
            }
            Work::Ready => Plan::go_on(rules),
            // All of it has come to the base in another way.
            _ => Plan::begin(rules),
        },
        Beginning::WithWork { .. } | Beginning::InSession { .. } | Beginning::Afresh => Plan::begin(rules),
    };
    Ok(Begun::Cycle(Box::new(cycle), plan))
}

fn follow(cycle: &mut Cycle<'_>, mut plan: Plan, notes: &mut Notes) -> Outcome {
    loop {
        let halt = reason_to_halt(&cycle.shop.dirs, &cycle.shop.stop, &cycle.claim.id);
        let event = match (plan.step(), halt) {
            (Step::End(outcome), _) => return outcome,
            (_, Some(halt)) => Ok(plan::Event::Halted(halt)),
            (step, None) => cycle.perform(step, notes),
        };
        let event = event.unwrap_or_else(|Infra(reason)| {
            notes.because(reason);
            plan::Event::Halted(Halt::Infra)
        });
        if let plan::Event::Halted(halt @ (Halt::Interrupted | Halt::Cancelled)) = event {
            notes.reason = sentence(halt).to_owned();
        }
        plan = match plan.next(event) {
            Ok(next) => next,
            Err(illegal) => {
                notes.because(illegal.to_string());
                return Outcome::Infra;
            }
        };
    }
}

pub(super) fn sentence(halt: Halt) -> &'static str {
    match halt {
        Halt::Interrupted => "the run was told to end at once",
        Halt::Cancelled => "somebody moved the task's file away",
        Halt::Infra => "the machine is not fit",
        Halt::RateLimited => "the provider asks for a pause",
        Halt::OverBudget => "the money is spent",
    }
}

impl Cycle<'_> {
    fn rules(&self) -> Rules {
        let limits = &self.settings.config.limits;
        let told = self.author.can_be_told();
        let has_reviewers = !self.settings.config.reviewer.is_empty();
        Rules {
            resumes: if self.author.has_sessions() { limits.resumes } else { 0 },
            review: match self.claim.found.task.review {
                task::Review::Human => Review::Human,
                // One who cannot be told what to mend has one chance.
                task::Review::Auto if has_reviewers && !told => Review::Agent { rounds: 1 },
                task::Review::Auto if has_reviewers => Review::Agent { rounds: self.settings.config.review_rounds() },
                task::Review::Auto | task::Review::None => Review::Unneeded,
            },
            resolves: if told { limits.resolves } else { 0 },
        }
    }

    /// The gates of this task, in the order they run.
    pub(super) fn gates(&self) -> Vec<&Gate> {
        let task = &self.claim.found.task;
        let added = match &task.verify {
            task::Gates::Added(gates) => gates.as_slice(),
            // Only a task of a workspace without gates may go without.
            task::Gates::None => &[],
        };
        self.settings.config.gates(task.domain.as_deref(), added)
    }

    fn perform(&mut self, step: Step, notes: &mut Notes) -> Result<plan::Event, Infra> {
        match step {
            Step::Implement(_) | Step::Fix(_) | Step::Resolve(_) => self.work_on(step, notes),
            Step::Verify => self.verify(notes),
            Step::Review(round) => self.review(notes, round),
            Step::Integrate => match self.is_still_approved(notes) {
                true => integrate(self, notes),
                false => Ok(plan::Event::Integrated(Landing::Changed)),
            },
            Step::End(_) => Err(Infra("the end cannot be performed".to_owned())),
        }
    }

    /// A turn of the author's, and what he made in it.
    fn work_on(&mut self, step: Step, notes: &mut Notes) -> Result<plan::Event, Infra> {
        let shared = self.shop.repo.shared();
        self.open_turn = Some(step);
        let event = match step {
            Step::Implement(turn) => self.implement(notes, turn)?,
            Step::Fix(round) => self.fix(notes, round)?,
            Step::Resolve(_) => self.resolve(notes)?,
            Step::Verify | Step::Review(_) | Step::Integrate | Step::End(_) => {
                return Err(Infra(format!("{step:?} is not the author's")));
            }
        };
        report_shared(self.shop, notes, &shared);
        if !self.bench.slot.is_intact() {
            notes.because("the agent has removed its worktree, or put something else in its place");
            return Ok(plan::Event::Worked(Work::Failed));
        }
        if self.bench.member.role.makes_tasks() {
            notes.created.extend(outbox::collect(self.shop, self.bench, &notes.who, usize::MAX)?);
        }
        outbox::close(self.bench)?;
        self.bench.slot.forget_locks()?;
        let plan::Event::Worked(said) = event else { return Ok(event) };
        self.open_turn = None;
        let work = match (step, said) {
            (_, Work::NeedsInput | Work::Replan | Work::Failed | Work::TimedOut) => said,
            (Step::Resolve(_), _) => self.mended(notes, Self::take_resolution)?,
            (Step::Fix(_), _) => self.mended(notes, Self::gather)?,
            (_, Work::Ready) => self.gather(notes)?,
            (_, Work::Silent | Work::NoChange | Work::Done) => said,
        };
        Ok(plan::Event::Worked(work))
    }

    /// What counts after a mending is the tree, whatever the author says of it.
    fn mended(
        &mut self,
        notes: &mut Notes,
        take: impl Fn(&mut Self, &mut Notes) -> Result<Work, Infra>,
    ) -> Result<Work, Infra> {
        let work = take(self, notes)?;
        if self.work.is_none() && work != Work::Failed {
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
                    self.bench.reset(self.shop, &work.head)?;
                }
                verify::verify(self, notes, &work.head, tree)?
            }
            None => verify::Verdict::Green,
        };
        match verdict {
            verify::Verdict::Green => {
                let touched = self.protected_path(&work)?;
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

    /// Whether what a reviewer has approved is still what is asked for. A change of the task that nobody has to approve
    /// is told, and the work goes on.
    fn is_still_approved(&mut self, notes: &mut Notes) -> bool {
        let before = self.claim.found.task.contract();
        self.read_again();
        let now = self.claim.found.task.contract();
        let approved_for = self.work.as_ref().and_then(|work| work.approved_for.as_ref());
        match approved_for {
            Some(contract) if *contract != now => {
                notes.because("the task was changed after its work had been approved");
                false
            }
            Some(_) => true,
            None => {
                if before != now {
                    let message =
                        "the task was changed while it was worked on; the work was made for what it said before";
                    self.shop.journal.event(&notes.who, Event::Warning { message: message.to_owned() });
                }
                true
            }
        }
    }
}
