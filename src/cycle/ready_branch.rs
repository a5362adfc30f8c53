//! A case between two workers: handed over to the merge queue, or given back by it.

use super::Workshop;
use super::case::Case;
use super::complete::{Ended, complete};
use super::integrate::merge;
use super::keep::keep_handed_over;
use super::notes::{Begun, Details, Heading, Notes};
use super::perform::{Infra, Performed, sentence};
use super::precedence::{Place, Standing};
use crate::model::outcome::Outcome;
use crate::model::plan::{self, Halt, Landing, Plan, Step};
use crate::model::record::StepResult;
use crate::model::task::TaskId;
use crate::os::git::{Merge, Oid};

/// A case with its plan and its notes, and without a worktree. Its work is kept under a ref while it waits.
pub struct ReadyBranch {
    pub(super) case: Case,
    pub(super) plan: Plan,
    pub(super) notes: Notes,
    pub(super) heading: Heading,
    /// The step of the merge queue, while it waits there.
    pub(super) waits: Option<Begun>,
}

impl ReadyBranch {
    /// The task.
    pub fn id(&self) -> &TaskId {
        &self.case.claim.id
    }

    /// The worker in whose worktree the work was made, and to whom it goes back if it must.
    pub fn worker(&self) -> &str {
        &self.heading.worker
    }

    /// Its place before the base.
    pub fn place(&self) -> Option<Place> {
        self.case.standing.as_ref().map(Standing::place)
    }

    /// Whether it waits until other work has landed, or will not.
    pub fn yields(&self, shop: &Workshop) -> bool {
        self.case.yields_to.is_some_and(|place| shop.precedence.is_kept(place))
    }

    /// Whether what a reviewer has approved is still what is asked for.
    pub(super) fn is_still_approved(&mut self, shop: &Workshop) -> bool {
        self.case.is_still_approved(shop, &mut self.notes)
    }

    /// Merges its work onto `tip`, in memory.
    pub(super) fn merge_onto(&self, shop: &Workshop, tip: &Oid) -> Result<Merge, Infra> {
        let work = self.case.work.as_ref().ok_or_else(|| Infra("there is nothing to integrate".to_owned()))?;
        merge(shop, &self.case, &self.notes, work, tip)
    }

    /// How the plan ends, if it is at its end.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self.plan.step() {
            Step::End(outcome) => Some(outcome),
            Step::Implement(_) | Step::Verify | Step::Review(_) | Step::Fix(_) | Step::Integrate | Step::Resolve(_) => {
                None
            }
        }
    }

    /// Tells the plan what has happened.
    pub(super) fn hear(&mut self, event: plan::Event) {
        if let plan::Event::Halted(halt @ (Halt::Interrupted | Halt::Cancelled)) = event {
            self.notes.reason = sentence(halt).to_owned();
        }
        self.plan = match self.plan.next(event) {
            Ok(next) => next,
            Err(illegal) => {
                self.notes.because(illegal.to_string());
                self.plan.broken_off()
            }
        };
    }

    /// Ends the wait in the merge queue with what came of it.
    pub(super) fn conclude(&mut self, shop: &Workshop, event: plan::Event, result: StepResult) {
        if let Some(begun) = self.waits.take() {
            let tail =
                (result == StepResult::Failed || result == StepResult::Conflict).then(|| self.notes.reason.clone());
            self.notes.end(&shop.journal, begun, result, Details { tail, ..Details::default() });
        }
        let event = match event {
            // The queue only knows that the approval does not hold.
            plan::Event::Integrated(Landing::Changed) => {
                plan::Event::Integrated(self.case.is_approved_no_more(shop, &mut self.notes))
            }
            plan::Event::Integrated(_)
            | plan::Event::Halted(_)
            | plan::Event::Worked(_)
            | plan::Event::Verified(_)
            | plan::Event::Reviewed(_) => event,
        };
        self.hear(event);
    }

    /// Brings the task to where it belongs, without a worktree.
    pub(super) fn end(mut self: Box<Self>, shop: &Workshop, outcome: Outcome) -> Performed {
        keep_handed_over(shop, &self.case, &mut self.notes, outcome);
        self.complete(shop, outcome)
    }

    /// Brings the task to where it belongs; nothing is left to keep of its work.
    pub(super) fn complete(self: Box<Self>, shop: &Workshop, outcome: Outcome) -> Performed {
        let ReadyBranch { case, notes, heading, .. } = *self;
        complete(Ended { shop, config: &case.settings.config, claim: case.claim, notes, heading, outcome })
    }
}
