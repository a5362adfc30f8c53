//! Work that is not merged is kept under a ref before anybody resets the worktree, and the task's file says where the
//! next attempt goes on.

use super::begin::goes_on;
use super::notes::Notes;
use super::perform::Cycle;
use crate::model::outcome::Outcome;
use crate::model::plan::Step;
use crate::model::record::Event;
use crate::model::task::Kept;

/// Keeps the work of a cycle that ends without having been merged.
pub(super) fn keep_the_work(cycle: &mut Cycle<'_>, notes: &mut Notes, outcome: Outcome) {
    let shop = cycle.shop;
    let who = notes.who.clone();
    if let (None, Some(work)) = (cycle.open_turn, &cycle.work) {
        // Gates and reviewers leave litter, and the gates may have run on another commit. Should this fail, the litter
        // is kept with the work.
        let _ = cycle.bench.reset(shop, &work.head);
    }
    match cycle.bench.salvage(shop, &who, &cycle.claim.id, cycle.claim.record.attempt, &cycle.base) {
        Ok(None) => {}
        Ok(Some(salvaged)) => {
            notes.kept = kept(cycle, salvaged.commit.to_string(), outcome);
            // What is kept need not be kept again by the next owner. A failure is met again at the next reset.
            let base = cycle.base.clone();
            let _ = cycle.bench.reset(shop, &base);
            if let Some(feedback) = &mut notes.feedback {
                let reference = &salvaged.reference;
                feedback.push_str(&format!("\n\nThe work of that attempt is kept: git show {reference}"));
            }
        }
        Err(error) => {
            // The worktree stays as it is; taking it over again salvages it first.
            cycle.bench.distrust();
            shop.journal.event(
                &who,
                Event::Warning { message: format!("the work could not be salvaged yet: {}", error.chain()) },
            );
        }
    }
}

/// What the next attempt goes on with, where it does. A fix that was broken off goes on in the session that knows what
/// is to be fixed; a resolution is begun again, on what it was to resolve.
fn kept(cycle: &Cycle<'_>, salvaged: String, outcome: Outcome) -> Option<Kept> {
    if !goes_on(outcome) {
        return None;
    }
    let contract = cycle.claim.found.task.contract();
    let is_half_done = match cycle.open_turn {
        None | Some(Step::Resolve(_)) => false,
        Some(_) => cycle.session.is_some() || cycle.work.is_none(),
    };
    match &cycle.work {
        Some(work) if !is_half_done => {
            Some(Kept { commit: work.head.to_string(), contract, ready: true, approved: work.approved })
        }
        Some(_) | None => Some(Kept { commit: salvaged, contract, ready: false, approved: false }),
    }
}
