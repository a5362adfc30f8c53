//! One worker: pick, cycle, repeat, on one bench of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use jiff::Timestamp;

use super::base_health::{Admitted, BaseHealth};
use super::board::{Board, Next};
use super::budget;
use super::choosing::chosen_claims;
use super::epics::settle;
use super::merge_queue::MergeQueue;
use super::recover::recover;
use super::seat::Seat;
use super::tally::{Budget, Count, Tally, in_future};
use crate::cycle::{Bench, Claim, Claimed, Performed, Turned, Workshop, claim, perform, resume};
use crate::model::config::ClaimBy;
use crate::model::outcome::Outcome;
use crate::model::record::Event;
use crate::model::task::TaskId;
use crate::os::clock;
use crate::os::folders;
use crate::os::journal::Who;
use crate::os::stop::Stop;

/// How long a task whose lock is held is left alone.
const AFTER_LOCKED: Duration = Duration::from_millis(500);

/// The same for one that cannot be claimed because of the disk.
const AFTER_TROUBLE: Duration = Duration::from_secs(10);

/// A cycle that a mistake of ours broke off.
const BROKEN_OFF: Performed =
    Performed { outcome: Outcome::Infra, settled: false, to: None, pause: Some(Duration::from_secs(60)), noted: false };

/// What all workers of a run share.
pub(super) struct Floor<'a> {
    /// The tools.
    pub shop: &'a Workshop,
    /// The queue's picture.
    pub board: &'a Board,
    /// What is ready to land.
    pub queue: &'a MergeQueue,
    /// What is known of the base.
    pub base: &'a BaseHealth,
    /// How many cycles may begin, over all workers.
    pub budget: &'a Budget,
    /// How many cycles each worker may begin.
    pub each: Option<u32>,
    /// What was done.
    pub tally: &'a Tally,
}

impl Floor<'_> {
    /// Takes note of a cycle that has ended.
    pub(super) fn take_note(&self, worker: &str, id: &TaskId, performed: Performed) {
        self.tally.add(id, performed);
        self.look_at_the_machine(worker, id, performed);
        self.base.hear(self.board, id, performed.outcome);
        // Before its domain is free again.
        budget::heed(self.shop, self.board);
        if !performed.settled {
            self.board.strand(id);
        }
        self.board.let_go(id);
        settle(self.shop, self.board);
    }

    /// Takes note of a cycle that a mistake of ours broke off.
    pub(super) fn broke_off(&self, worker: &str, id: &TaskId) {
        self.tally.add(id, BROKEN_OFF);
        // Given back like a dead worker's; a task that does it every time must not turn hot.
        if let Err(error) = recover(self.shop, id) {
            self.shop.journal.event(&who(worker, id), Event::Warning { message: error.chain() });
        }
        self.look_at_the_machine(worker, id, BROKEN_OFF);
        let message = "this cycle ended by a mistake in swarm (the message stands above); please report it".to_owned();
        self.shop.journal.event(&who(worker, id), Event::Warning { message });
        self.board.let_go(id);
    }

    /// Lets claiming rest when the machine fails one cycle after the other, and goes on when one succeeds.
    fn look_at_the_machine(&self, worker: &str, id: &TaskId, performed: Performed) {
        let has_failed = performed.outcome == Outcome::Infra || !performed.noted;
        if has_failed {
            // The file may not be writable just now: without its note it would be claimed again at once.
            let pause = performed.pause.unwrap_or_default().max(self.shop.settings().config.limits.backoff);
            self.board.defer(id, in_future(pause));
        }
        self.hear_of_the_machine(worker, has_failed);
    }

    /// The same for a cycle without a task.
    pub(super) fn hear_of_the_machine(&self, worker: &str, has_failed: bool) {
        if !has_failed {
            if self.board.no_trouble() {
                self.shop.journal.event(&Who::default(), Event::Resumed {});
            }
        } else if let Some(until) = self.board.trouble(&self.shop.settings().config.limits) {
            let who = Who { worker: Some(worker.to_owned()), ..Who::default() };
            let reason =
                format!("several cycles in a row failed because of the machine; claiming rests until {until:.0}");
            self.shop.journal.event(&who, Event::Paused { reason });
        }
    }
}

/// Works until there is nothing left to do, or until the run ends.
pub(super) fn work(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat) {
    budget::attend(floor.shop, floor.board);
    // Its agent may choose tasks before it has one.
    floor.board.poke_with_all(&bench.wake);
    let mut count = Count::default();
    let mut claims = VecDeque::new();
    let mut may_claim = true;
    loop {
        if let Some(branch) = floor.queue.take_back(&bench.worker) {
            let id = branch.id().clone();
            turn(floor, bench, &id, |bench| resume(floor.shop, bench, branch));
            budget::attend(floor.shop, floor.board);
            continue;
        }
        if let Some(claim) = claims.pop_front() {
            if let Some(claim) = begin(floor, bench, seat, &mut count, claim) {
                claims.push_front(claim);
            }
            continue;
        }
        may_claim = may_claim && floor.each.is_none_or(|each| count.tasks < each) && floor.budget.take();
        if !may_claim {
            // What it has handed over may come back.
            if floor.queue.wait_for_call(&bench.worker) {
                continue;
            }
            break;
        }
        match next_claims(floor, bench, seat, &mut count) {
            Ok(claimed) => claims.extend(claimed),
            Err(NoTask::Called) => {}
            Err(NoTask::Gone) => may_claim = false,
        }
        if claims.is_empty() {
            floor.budget.give_back();
        }
    }
}

/// Performs a cycle with a claimed task; gives the claim back as it was if the worker is called for something else
/// while it rests. What its agent has claimed and not begun when the worker is to end goes back to `pending/`.
fn begin(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &mut Count, claim: Claim) -> Option<Claim> {
    let id = claim.id.clone();
    if claim.chosen.is_some() {
        if floor.shop.stop.get() != Stop::No || floor.board.is_spent() || seat.leaves() {
            give_back(floor, bench, claim);
            return None;
        }
        if let Some(until) = count.rests_until.filter(|until| *until > clock::now()) {
            floor.board.wait_for(until, &|| seat.leaves() || floor.queue.calls(&bench.worker));
            return Some(claim);
        }
    }
    count.cycles += 1;
    count.tasks += 1;
    turn(floor, bench, &id, |bench| perform(floor.shop, bench, Box::new(claim), count.cycles));
    budget::attend(floor.shop, floor.board);
    count.rest(bench.member.pause_between);
    None
}

fn give_back(floor: &Floor<'_>, bench: &Bench, claim: Claim) {
    let id = claim.id.clone();
    if !claim.give_back(floor.shop, &bench.worker, "its worker ends before it could begin") {
        floor.board.strand(&id);
    }
    floor.board.let_go(&id);
    floor.budget.give_back();
}

/// Brings a task as far as this worker can.
fn turn(floor: &Floor<'_>, bench: &mut Bench, id: &TaskId, perform: impl FnOnce(&mut Bench) -> Turned) {
    bench.wake.reset();
    // A mistake of ours in one cycle must not end the others: the claim is recovered like a dead one's.
    match catch_unwind(AssertUnwindSafe(|| perform(bench))) {
        Ok(Turned::Ended(performed)) => floor.take_note(&bench.worker, id, performed),
        Ok(Turned::HandedOver(branch)) => floor.queue.hand_over(branch),
        Err(_) => {
            bench.distrust();
            floor.broke_off(&bench.worker, id);
        }
    }
    floor.queue.look_again();
}

/// Why a worker has no task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoTask {
    /// A branch of its own has come back from the merge queue.
    Called,
    /// It claims no more.
    Gone,
}

/// Waits for tasks and claims them. It may be that nothing was claimed after all.
fn next_claims(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &mut Count) -> Result<Vec<Claim>, NoTask> {
    let allowed = floor.shop.settings().config.limits.infra;
    match seat.member().claim {
        ClaimBy::Agent if count.failures < allowed => chosen_claims(floor, bench, seat, count),
        // An agent that cannot choose gets the next task: it is on record there what fails, and it ends some day.
        ClaimBy::Agent | ClaimBy::Swarm => {
            count.failures = 0;
            next_claim(floor, bench, seat, count).map(|claim| vec![*claim])
        }
    }
}

/// Waits for a task and claims it.
fn next_claim(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &Count) -> Result<Box<Claim>, NoTask> {
    loop {
        let id = next_task(floor, bench, seat, count.rests_until)?;
        if let Ok(claimed) = try_claim(floor, bench, count.cycles + 1, &id) {
            // As late as can be: the cycle takes the settings in force next, and the two belong together.
            bench.member = seat.member();
            return Ok(claimed);
        }
    }
}

/// Waits for a task that can be claimed, and takes it on the board.
pub(super) fn next_task(
    floor: &Floor<'_>,
    bench: &Bench,
    seat: &Seat,
    rests_until: Option<Timestamp>,
) -> Result<TaskId, NoTask> {
    let called = || floor.queue.calls(&bench.worker);
    loop {
        let own: Vec<String> = seat.member().agents.names().map(str::to_owned).collect();
        if floor.shop.stop.get() != Stop::No {
            return Err(NoTask::Gone);
        }
        budget::heed(floor.shop, floor.board);
        let id = match floor.board.next(floor.shop, &own, &bench.wake, rests_until, &|| seat.leaves(), &called) {
            Next::Claim(id) => id,
            Next::Epics => {
                settle(floor.shop, floor.board);
                continue;
            }
            Next::Drained => {
                floor.base.tell_why_tasks_are_left(floor.shop, floor.board);
                return Err(NoTask::Gone);
            }
            Next::Called => return Err(NoTask::Called),
            Next::Retired | Next::Stopped => return Err(NoTask::Gone),
        };
        // The file counts, even where its event is still on its way.
        if !floor.board.heed_pause() {
            return Ok(id);
        }
        floor.board.let_go(&id);
    }
}

/// Claims a task that was taken on the board; the reason if it cannot be had, and then it is left alone for as long as
/// that may last.
pub(super) fn try_claim(floor: &Floor<'_>, bench: &mut Bench, cycle: u32, id: &TaskId) -> Result<Box<Claim>, String> {
    match floor.base.admits(floor, bench, id) {
        Admitted::Yes => {}
        Admitted::No => {
            floor.board.let_go(id);
            return Err("the gates do not succeed on the base".to_owned());
        }
    }
    match claim(floor.shop, bench, cycle, id) {
        Ok(Claimed::Yes(claimed)) => {
            budget::paid(floor.board, claimed.found.task.domain.as_deref());
            Ok(claimed)
        }
        Ok(Claimed::Unpaid(why)) => {
            budget::unpaid(floor, id, why);
            Err("there is no money for it".to_owned())
        }
        Ok(Claimed::Lost) => {
            floor.board.let_go(id);
            Err("somebody else was quicker".to_owned())
        }
        Ok(Claimed::Invalid(invalid)) => {
            floor.board.let_go(id);
            Err(invalid.reason)
        }
        Ok(Claimed::Locked) => {
            floor.board.defer(id, in_future(AFTER_LOCKED));
            Err("somebody has it, or something else of its domain".to_owned())
        }
        Err(error) => {
            // Somebody may have removed our folders; they are made again.
            let again = folders::create(&floor.shop.dirs).err().map(|error| format!("; {}", error.chain()));
            let message = format!("cannot claim the task: {error}{}", again.unwrap_or_default());
            floor.shop.journal.event(&who(&bench.worker, id), Event::Warning { message: message.clone() });
            floor.board.defer(id, in_future(AFTER_TROUBLE));
            Err(message)
        }
    }
}

pub(super) fn who(worker: &str, id: &TaskId) -> Who {
    Who { worker: Some(worker.to_owned()), cycle: None, task: Some(id.clone()) }
}

#[cfg(test)]
mod tests;
