//! Performs one cycle: asks the plan for the next step, does it, tells the plan what happened.

use std::sync::Arc;
use std::time::Duration;

use super::complete::{Ended, complete};
use super::integrate::integrate;
use super::notes::{Heading, Notes};
use super::verify::{self, Tried, verify};
use super::vigil::reason_to_halt;
use super::work::{choose, implement};
use super::{Bench, Claim, Workshop, outbox};
use crate::error::Error;
use crate::model::choice::Choice;
use crate::model::clean::clean_text;
use crate::model::config::glob_set;
use crate::model::gate::Gate;
use crate::model::outcome::Outcome;
use crate::model::plan::{self, Gates, Halt, Plan, Review, Rules, Step, Work};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task;

use crate::os::git::{Committed, GitError, Oid, Shared};
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
    /// The commit from which the work began.
    pub(super) base: Oid,
    /// What came of it so far.
    pub(super) work: Option<Product>,
}

/// What an agent has made, committed.
#[derive(Debug, Clone)]
pub(super) struct Product {
    /// The last commit.
    pub(super) head: Oid,
    /// Its tree: what the gates judge. `None` where there are no gates.
    pub(super) tree: Option<Oid>,
    /// The files that differ from where the work began.
    pub(super) changed: Vec<String>,
    /// The only commit is ours, made of what the agent left uncommitted.
    pub(super) made_by_us: bool,
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
    let choice = choose(&bench.choice, &claim.found.task);
    let mut notes = Notes::begin(who.clone(), number, claim.record.attempt);
    shop.journal.event(
        &who,
        Event::TaskClaimed { attempt: claim.record.attempt, slot: bench.slot_name.clone(), agent: choice.to_string() },
    );
    let heading = Heading {
        run_id: shop.journal.run_id().to_owned(),
        host: shop.host.clone(),
        worker: bench.worker.clone(),
        title: claim.found.task.title.clone(),
        agent: choice.agent.clone(),
        model: choice.model.clone(),
        slot: bench.slot_name.clone(),
    };
    let (outcome, base) = match checkout(shop, bench, &mut claim, &mut notes) {
        Ok(base) => {
            let mut cycle = Cycle {
                shop,
                settings: shop.settings(),
                bench,
                claim: &mut claim,
                choice,
                base: base.clone(),
                work: None,
            };
            let outcome = follow_the_plan(&mut cycle, &mut notes);
            if let Some(merged) = notes.merged.as_ref().filter(|_| !cycle.gates().is_empty()) {
                // What gates leave behind is nobody's work. A failure is met again at the next reset.
                let _ = cycle.bench.reset(shop, merged);
            }
            (outcome, Some(base))
        }
        Err(Infra(reason)) => {
            notes.because(reason);
            (Outcome::Infra, None)
        }
    };
    match (&base, outcome, &notes.head) {
        (Some(_), Outcome::Merged, Some(head)) => {
            // Should this fail, the next owner of the worktree keeps under a ref what the base has already.
            let _ = bench.settle(shop, &claim.record, head);
        }
        (Some(base), _, _) => keep_the_work(shop, bench, &claim, &mut notes, base),
        (None, _, _) => {}
    }
    complete(Ended { shop, claim, notes, heading, outcome })
}

/// Puts the worktree to the newest base and notes it in the claim, so that whoever comes later knows from
/// where on this attempt may have been merged.
fn checkout(shop: &Workshop, bench: &mut Bench, claim: &mut Claim, notes: &mut Notes) -> Result<Oid, Infra> {
    shop.journal.ensure_folders()?;
    let tip = shop.repo.newest(&shop.base)?;
    claim.record.base = Some(tip.clone());
    claim.record.write(&shop.dirs)?;
    bench.prepare(shop, &claim.record, &tip)?;
    outbox::open(bench)?;
    notes.base = Some(tip.clone());
    Ok(tip)
}

fn follow_the_plan(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Outcome {
    let mut plan = Plan::begin(cycle.rules());
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

fn sentence(halt: Halt) -> &'static str {
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
    fn rules(&self) -> Rules {
        Rules {
            // Sessions come with the agents that have them.
            resumes: 0,
            review: match self.claim.found.task.review {
                task::Review::Human => Review::Human,
                task::Review::Auto | task::Review::None => Review::Unneeded,
            },
            resolves: 0,
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
            Step::Implement(_) => {
                let shared = self.shop.repo.shared();
                let event = implement(self, notes)?;
                self.report_shared(notes, &shared);
                if !self.bench.slot.is_intact() {
                    notes.because("the agent has removed its worktree, or put something else in its place");
                    return Ok(plan::Event::Worked(Work::Failed));
                }
                notes.created.extend(outbox::collect(self, &notes.who)?);
                outbox::close(self.bench)?;
                self.bench.slot.forget_locks()?;
                match event {
                    plan::Event::Worked(Work::Ready) => self.gather(notes),
                    other => Ok(other),
                }
            }
            Step::Verify => self.verify(notes),
            Step::Integrate => integrate(self, notes),
            // Nothing in the rules leads here before reviewers and resumed sessions exist.
            Step::Review(_) | Step::Fix(_) | Step::Resolve(_) | Step::End(_) => {
                Err(Infra(format!("{step:?} cannot be performed by this version")))
            }
        }
    }

    /// Says what was changed, while the agent worked, of what all worktrees share.
    fn report_shared(&self, notes: &Notes, before: &Shared) {
        for path in before.changed(&self.shop.repo.shared()) {
            let path = self.shop.dirs.shown(&path);
            let message =
                format!("{path} was changed while the agent worked: it applies to all tasks, and to you; look at it");
            self.shop.journal.event(&notes.who, Event::Warning { message });
        }
    }

    /// Commits what the agent left uncommitted: everything that git does not ignore counts as its work.
    fn gather(&mut self, notes: &mut Notes) -> Result<plan::Event, Infra> {
        let state = self.bench.slot.state()?;
        notes.branch = state.branch.clone();
        let mut head = state.head.clone();
        if state.dirty {
            let task = &self.claim.found.task;
            match self.bench.slot.commit_all(&format!("{}\n\nTask-Id: {}\n", clean_text(&task.title), task.id))? {
                Committed::Done(commit) => head = Some(commit),
                Committed::Nothing => {}
                Committed::Refused { reason } => {
                    notes.because(super::attend::with_tail("the work cannot be committed".to_owned(), &reason));
                    return Ok(plan::Event::Worked(Work::Failed));
                }
            }
        }
        let Some(head) = head else {
            notes.because("the agent left a branch without any commit checked out");
            return Ok(plan::Event::Worked(Work::Failed));
        };
        notes.head = Some(head.clone());
        let changed = if head == self.base { Vec::new() } else { self.shop.repo.changed_paths(&self.base, &head)? };
        if changed.is_empty() {
            notes.because("the agent changed nothing");
            return Ok(plan::Event::Worked(Work::NoChange));
        }
        let tree = if self.gates().is_empty() { None } else { Some(self.shop.repo.tree_of(&head)?) };
        let made_by_us = state.head.as_ref() == Some(&self.base);
        self.work = Some(Product { head, tree, changed, made_by_us });
        Ok(plan::Event::Worked(Work::Ready))
    }

    fn verify(&mut self, notes: &mut Notes) -> Result<plan::Event, Infra> {
        let work = self.work.clone().ok_or_else(|| Infra("there is nothing to verify".to_owned()))?;
        let verdict = match &work.tree {
            Some(tree) => verify(self, notes, &Tried { commit: &work.head, tree, beneath: &self.base.clone() })?,
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

    /// A path of the work in which a change needs somebody's word.
    fn protected_path<'w>(&self, work: &'w Product) -> Result<Option<&'w String>, Infra> {
        // A link in place of a protected folder changes all below it.
        let folders =
            self.settings.config.protected.iter().filter_map(|glob| glob.strip_suffix("/**").map(str::to_owned));
        let globs: Vec<String> = self.settings.config.protected.iter().cloned().chain(folders).collect();
        let set = glob_set(&globs).map_err(|error| Infra(error.to_string()))?;
        Ok(work.changed.iter().find(|path| set.is_match(path)))
    }
}

/// Whatever is not merged is kept under a ref before anybody resets the worktree.
fn keep_the_work(shop: &Workshop, bench: &mut Bench, claim: &Claim, notes: &mut Notes, base: &Oid) {
    let who = notes.who.clone();
    match bench.salvage(shop, &who, &claim.id, claim.record.attempt, base) {
        Ok(None) => {}
        Ok(Some(reference)) => {
            // What is kept need not be kept again by the next owner. A failure is met again at the next reset.
            let _ = bench.reset(shop, base);
            if let Some(feedback) = &mut notes.feedback {
                feedback.push_str(&format!("\n\nThe work of that attempt is kept: git show {reference}"));
            }
        }
        Err(error) => {
            // The worktree stays as it is; taking it over again salvages it first.
            bench.distrust();
            shop.journal.event(
                &who,
                Event::Warning { message: format!("the work could not be salvaged yet: {}", error.chain()) },
            );
        }
    }
}
