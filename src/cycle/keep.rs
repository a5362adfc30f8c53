//! Work that is not merged is kept under a ref before anybody resets the worktree, and the task's file says where the
//! next attempt goes on.

use super::Workshop;
use super::begin::goes_on;
use super::case::{Case, Cycle};
use super::checkout::{salvage_ref, tell_salvaged};
use super::notes::Notes;
use super::perform::Infra;
use crate::model::outcome::Outcome;
use crate::model::plan::Step;
use crate::model::record::Event;
use crate::model::task::Kept;
use crate::os::git::{Oid, Salvaged};

/// Keeps the work of a cycle that ends without having been merged.
pub(super) fn keep_the_work(cycle: &mut Cycle<'_>, notes: &mut Notes, outcome: Outcome) {
    let shop = cycle.shop;
    let who = notes.who.clone();
    if let (None, Some(work)) = (cycle.open_turn, cycle.work.clone()) {
        // Gates and reviewers leave litter, and the gates may have run on another commit. Should this fail, the litter
        // is kept with the work.
        let _ = cycle.reset(&work.head);
    }
    let (id, attempt, base) = (cycle.claim.id.clone(), cycle.claim.record.attempt, cycle.base.clone());
    match cycle.bench.keep(&id, attempt, &base) {
        // He may have thrown away what was kept before he began to mend it.
        Ok(None) => keep_handed_over(shop, cycle.case, notes, outcome),
        Ok(Some(salvaged)) => {
            let salvaged = under_one_name(shop, notes, salvaged);
            tell_salvaged(shop, &who, &salvaged);
            note(cycle.case, notes, &salvaged, outcome);
            // What is kept need not be kept again by the next owner. A failure is met again at the next reset.
            let _ = cycle.reset(&base);
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

/// Keeps work under a ref for as long as it waits in the merge queue: the worktree is free for the next task.
pub(super) fn keep_for_the_queue(cycle: &mut Cycle<'_>, notes: &mut Notes) -> Result<(), Infra> {
    let shop = cycle.shop;
    let work = cycle.work.clone().ok_or_else(|| Infra("there is nothing to integrate".to_owned()))?;
    cycle.reset(&work.head)?;
    let (id, attempt) = (cycle.claim.id.clone(), cycle.claim.record.attempt);
    let base = cycle.base.clone();
    notes.salvaged.extend(cycle.bench.keep(&id, attempt, &base)?);
    // The ref holds it, so there is nothing to salvage here any more.
    Ok(cycle.bench.settle(shop, &cycle.claim.record, &work.head)?)
}

/// Keeps the work under a ref before its author goes on with it: what he does there may lose all of it.
pub(super) fn keep_before_mending(cycle: &Cycle<'_>, notes: &mut Notes) -> Result<(), Infra> {
    let Some(work) = &cycle.work else { return Ok(()) };
    if notes.salvaged.iter().any(|salvaged| salvaged.commit == work.head) {
        return Ok(());
    }
    let reference = salvage_ref(cycle.claim.id.as_str(), cycle.claim.record.attempt);
    notes.salvaged.push(cycle.shop.repo.keep(&reference, &work.head, Some(&cycle.base))?);
    Ok(())
}

/// Keeps the commits that the author made in his turn and walked away from: they are no part of the work, and the next
/// reset makes git forget them. Whoever salvages a worktree that was not reset finds them there.
pub(super) fn keep_what_was_left(cycle: &Cycle<'_>, notes: &Notes) -> Result<(), Infra> {
    let Some(work) = &cycle.work else { return Ok(()) };
    let reference = salvage_ref(cycle.claim.id.as_str(), cycle.claim.record.attempt);
    let known = [&cycle.base, &work.head].into_iter().chain(notes.salvaged.iter().map(|salvaged| &salvaged.commit));
    let known: Vec<&Oid> = known.collect();
    for salvaged in cycle.bench.slot.keep_abandoned(&reference, &known)? {
        tell_salvaged(cycle.shop, &notes.who, &salvaged);
    }
    Ok(())
}

/// Says what was kept of a case that ends in the merge queue; of merged work nothing is kept.
pub(super) fn keep_handed_over(shop: &Workshop, case: &Case, notes: &mut Notes, outcome: Outcome) {
    if outcome == Outcome::Merged {
        return forget_what_is_merged(shop, notes);
    }
    if let Some(salvaged) = notes.salvaged.pop() {
        let salvaged = under_one_name(shop, notes, salvaged);
        tell_salvaged(shop, &notes.who, &salvaged);
        note(case, notes, &salvaged, outcome);
    }
}

/// What was kept before it was mended needs no name of its own where what came of it is kept.
fn under_one_name(shop: &Workshop, notes: &mut Notes, last: Salvaged) -> Salvaged {
    notes.salvaged.drain(..).rev().fold(last, |after, before| {
        let is_contained = before != after && shop.repo.is_ancestor(&before.commit, &after.commit).unwrap_or(false);
        // Should it fail, there are two names.
        let one = if is_contained && before.reference != after.reference {
            shop.repo.succeed(&before, &after).ok()
        } else {
            None
        };
        one.unwrap_or(after)
    })
}

/// Removes the refs that held the work while it waited. What its author threw away while he mended it was not merged,
/// and stays. Should this fail, a ref remains that nobody needs. No process for work that nobody mended.
pub(super) fn forget_what_is_merged(shop: &Workshop, notes: &mut Notes) {
    let head = notes.head.clone();
    let is_merged = |commit: &Oid| match &head {
        Some(head) => commit == head || shop.repo.is_ancestor(commit, head).unwrap_or(false),
        None => false,
    };
    for salvaged in notes.salvaged.drain(..) {
        if is_merged(&salvaged.commit) {
            let _ = shop.repo.forget(&salvaged.reference, &salvaged.commit);
        } else {
            tell_salvaged(shop, &notes.who, &salvaged);
        }
    }
}

fn note(case: &Case, notes: &mut Notes, salvaged: &Salvaged, outcome: Outcome) {
    notes.kept = kept(case, salvaged.commit.to_string(), outcome);
    if let Some(feedback) = &mut notes.feedback {
        let reference = &salvaged.reference;
        feedback.push_str(&format!("\n\nThe work of that attempt is kept: git show {reference}"));
    }
}

/// What the next attempt goes on with, where it does. A fix that was broken off goes on in the session that knows what
/// is to be fixed; a resolution is begun again, on what it was to resolve.
fn kept(case: &Case, salvaged: String, outcome: Outcome) -> Option<Kept> {
    if !goes_on(outcome) {
        return None;
    }
    let contract = case.claim.found.task.contract();
    let is_half_done = match case.open_turn {
        None | Some(Step::Resolve(_)) => false,
        Some(_) => case.session.is_some() || case.work.is_none(),
    };
    match &case.work {
        Some(work) if !is_half_done => {
            Some(Kept { commit: work.head.to_string(), contract, ready: true, approved: work.approved })
        }
        Some(_) | None => Some(Kept { commit: salvaged, contract, ready: false, approved: false }),
    }
}
