//! Workers whose agents pick their own tasks (`claim: agent`): the agent is shown what can be claimed, and what it asks
//! for is granted under the same locks as any claim.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::base_health::Admitted;
use super::board::Board;
use super::budget;
use super::recover::recover;
use super::seat::Seat;
use super::tally::Count;
use super::titles::titles;
use super::worker::{Floor, NoTask, next_task, try_claim, who};
use crate::cycle::{Bench, Claim, Grants, Offer, break_off_errand, choose};
use crate::model::excerpt::shorten;
use crate::model::outcome::Outcome;
use crate::model::pick::{self, Hold};
use crate::model::prompt::Refused;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::model::transition::pause;
use crate::os::clock;
use crate::os::process::Wake;

/// How many tasks an agent is shown.
const SHOWN: usize = 50;

/// How many it gets at once: they wait for each other, and nobody else can have them.
const AT_ONCE: u32 = 10;

/// How much of a reason it is told.
const REASON: usize = 200;

/// Waits until something can be claimed, and lets the agent claim. It may be that nothing was granted after all.
pub(super) fn chosen_claims(
    floor: &Floor<'_>,
    bench: &mut Bench,
    seat: &Seat,
    count: &mut Count,
) -> Result<Vec<Claim>, NoTask> {
    let (board, limits) = (floor.board, floor.shop.settings().config.limits.clone());
    let id = next_task(floor, bench, seat, count.rests_until)?;
    bench.member = seat.member();
    let admitted = floor.base.admits(floor, bench, &id);
    if admitted == Admitted::Yes && board.keeps_back() {
        // There is no choice: this is what mends the base.
        let claimed = try_claim(floor, bench, count.cycles + 1, &id);
        return Ok(claimed.into_iter().map(|claim| *claim).collect());
    }
    // It is not this one that is claimed, unless the agent says so.
    board.let_go(&id);
    if admitted == Admitted::No {
        return Ok(Vec::new());
    }
    let most = floor.each.map_or(AT_ONCE, |each| AT_ONCE.min(each - count.tasks));
    let offer = offer(floor, most);
    if offer.claimable.is_empty() {
        return Ok(Vec::new());
    }
    count.cycles += 1;
    bench.wake.reset();
    let number = count.cycles;
    let mut taken = Vec::new();
    let mut granting = Granting { floor, number, most, taken: &mut taken };
    let chosen = catch_unwind(AssertUnwindSafe(|| {
        choose(floor.shop, bench, &offer, number, &mut |bench, wanted| granting.grant(bench, wanted))
    }));
    let (outcome, claims) = chosen.unwrap_or_else(|_| {
        break_off(floor, bench, &taken);
        (Outcome::Infra, Vec::new())
    });
    floor.tally.add_errand(outcome);
    budget::heed(floor.shop, board);
    floor.hear_of_the_machine(&bench.worker, outcome == Outcome::Infra);
    if matches!(outcome, Outcome::Infra | Outcome::RateLimited) {
        count.failures += 1;
        count.rest(pause(count.failures, &limits, fastrand::f64()));
    } else {
        count.failures = 0;
    }
    Ok(claims)
}

/// What can be claimed now.
fn offer(floor: &Floor<'_>, most: u32) -> Offer {
    let (ids, claimable_count) = floor.board.claimable(SHOWN);
    Offer { claimable: titles(&floor.shop.dirs, State::Pending, &ids), claimable_count, most }
}

/// Grants an agent what it asks for.
struct Granting<'a> {
    floor: &'a Floor<'a>,
    /// The number of the cycle in which it asks.
    number: u32,
    most: u32,
    /// What it has got so far.
    taken: &'a mut Vec<TaskId>,
}

impl Granting<'_> {
    fn grant(&mut self, bench: &mut Bench, wanted: Option<&[TaskId]>) -> Grants {
        // The file counts, even where its event is still on its way.
        self.floor.board.heed_pause();
        let mut grants = Grants::default();
        match wanted {
            Some(ids) => {
                let mut seen = HashSet::new();
                for id in ids.iter().filter(|id| seen.insert(*id)) {
                    match self.grant_one(bench, id) {
                        Ok(claim) => grants.granted.push(*claim),
                        Err(reason) => {
                            grants.refused.push(Refused { id: id.to_string(), reason: shorten(&reason, REASON) });
                        }
                    }
                }
            }
            None => grants.granted.extend(self.pick(bench).map(|claim| *claim)),
        }
        grants
    }

    fn grant_one(&mut self, bench: &mut Bench, id: &TaskId) -> Result<Box<Claim>, String> {
        let board = self.floor.board;
        if self.taken.len() >= self.most as usize {
            return Err(format!("you get {} at once at most", self.most));
        }
        board.take(id, &bench.wake)?;
        // For the first one a cycle has been set apart.
        if !self.taken.is_empty() && !self.floor.budget.take() {
            board.let_go(id);
            return Err("the run begins no more cycles".to_owned());
        }
        let claimed = self.claim(bench, id);
        if claimed.is_err() && !self.taken.is_empty() {
            self.floor.budget.give_back();
        }
        claimed
    }

    /// Claims what the board has given.
    fn claim(&mut self, bench: &mut Bench, id: &TaskId) -> Result<Box<Claim>, String> {
        let before = u32::try_from(self.taken.len()).unwrap_or(u32::MAX);
        let claim = try_claim(self.floor, bench, self.number.saturating_add(before).saturating_add(1), id)?;
        self.taken.push(id.clone());
        Ok(claim)
    }

    /// The first task that can be had.
    fn pick(&mut self, bench: &mut Bench) -> Option<Box<Claim>> {
        while let Some(id) = self.floor.board.take_first(&bench.wake) {
            if let Ok(claim) = self.claim(bench, &id) {
                return Some(claim);
            }
        }
        None
    }
}

/// A mistake of ours has ended the cycle: its agent is ended, and what it had been granted is given back like a dead
/// worker's.
fn break_off(floor: &Floor<'_>, bench: &mut Bench, taken: &[TaskId]) {
    break_off_errand(floor.shop, bench);
    for id in taken {
        if let Err(error) = recover(floor.shop, id) {
            floor.shop.journal.event(&who(&bench.worker, id), Event::Warning { message: error.chain() });
        }
        floor.board.let_go(id);
    }
}

impl Board {
    /// The first `most` of the tasks that can be claimed now, and how many can be.
    fn claimable(&self, most: usize) -> (Vec<TaskId>, usize) {
        let mut inner = self.lock();
        inner.queue.advance(clock::now());
        let (first, count) = pick::first_claimable(&inner.queue, &self.filter, most);
        (first.into_iter().map(|entry| entry.id.clone()).collect(), count)
    }

    /// Takes the first of them, if there is one; it counts as taken as after [`Board::next`].
    fn take_first(&self, wake: &Arc<Wake>) -> Option<TaskId> {
        let mut inner = self.lock();
        inner.queue.advance(clock::now());
        if inner.stopped || inner.paused || inner.till.is_spent() {
            return None;
        }
        let id = inner.admission.pick(&inner.queue, &self.filter)?.id.clone();
        inner.take(&id, wake);
        inner.admission.pass(&id);
        Some(id)
    }

    /// Takes this one; the reason if it cannot be had.
    fn take(&self, id: &TaskId, wake: &Arc<Wake>) -> Result<(), String> {
        let mut inner = self.lock();
        inner.queue.advance(clock::now());
        if inner.stopped {
            return Err("the run is ending".to_owned());
        }
        if inner.paused {
            return Err("claiming is paused".to_owned());
        }
        if inner.till.is_spent() {
            return Err("the run has cost what it may".to_owned());
        }
        if inner.admission.keeps_back() {
            return Err("the gates fail on the base: nothing is claimed but what mends it".to_owned());
        }
        let Some(entry) = inner.queue.pending(id) else {
            return Err(match inner.queue.whereabouts(id) {
                Some(State::Current) => "somebody is at work on it".to_owned(),
                Some(state) => format!("it is in {state}/"),
                None => "there is no such task".to_owned(),
            });
        };
        match pick::hold(&inner.queue, &self.filter, entry) {
            None | Some(Hold::Overlap(_)) => {
                inner.take(id, wake);
                Ok(())
            }
            Some(hold) => Err(hold.to_string()),
        }
    }
}
