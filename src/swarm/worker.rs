//! One worker: pick, cycle, repeat, on one bench of its own.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::board::{Board, Next};
use super::choosing::chosen_claims;
use super::recover::recover;
use super::seat::Seat;
use crate::cycle::{Bench, Claim, Claimed, Performed, Workshop, claim, perform};
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

/// How many cycles may still begin.
pub(super) struct Budget {
    left: Option<AtomicU32>,
}

impl Budget {
    /// At most `cycles` in all; `None`: as many as there are tasks.
    pub(super) fn new(cycles: Option<u32>) -> Self {
        Self { left: cycles.map(AtomicU32::new) }
    }

    /// Takes one, if one is left.
    pub(super) fn take(&self) -> bool {
        let Some(left) = &self.left else { return true };
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    /// One that was taken has not begun.
    pub(super) fn give_back(&self) {
        if let Some(left) = &self.left {
            left.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What the workers of a run have done.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ended: Mutex<Ended>,
}

#[derive(Debug, Default)]
struct Ended {
    outcomes: BTreeMap<Outcome, u32>,
    /// For each task, whether its last cycle completed it.
    complete: HashMap<TaskId, bool>,
    /// For each planner, whether its last cycle planned.
    planned: HashMap<String, bool>,
}

impl Tally {
    fn add(&self, id: &TaskId, performed: Performed) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.outcomes.entry(performed.outcome).or_default() += 1;
        ended.complete.insert(id.clone(), performed.is_complete());
    }

    /// A planner's cycle has ended.
    pub(super) fn add_planning(&self, worker: &str, outcome: Outcome) {
        self.add_errand(outcome);
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.planned.insert(worker.to_owned(), outcome == Outcome::Planned);
    }

    /// A cycle without a task has ended.
    pub(super) fn add_errand(&self, outcome: Outcome) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.outcomes.entry(outcome).or_default() += 1;
    }

    /// Whether every task that was claimed was completed in the end, and every planner could plan.
    pub(super) fn all_complete(&self) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.complete.values().chain(ended.planned.values()).all(|well| *well)
    }

    /// How many cycles ended how.
    pub(super) fn outcomes(&self) -> BTreeMap<Outcome, u32> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).outcomes.clone()
    }
}

/// What all workers of a run share.
pub(super) struct Floor<'a> {
    /// The tools.
    pub shop: &'a Workshop,
    /// The queue's picture.
    pub board: &'a Board,
    /// How many cycles may begin, over all workers.
    pub budget: &'a Budget,
    /// How many cycles each worker may begin.
    pub each: Option<u32>,
    /// What was done.
    pub tally: &'a Tally,
}

impl Floor<'_> {
    /// Lets claiming rest when the machine fails one cycle after the other, and goes on when one succeeds.
    fn look_at_the_machine(&self, bench: &Bench, id: &TaskId, performed: Performed) {
        let has_failed = performed.outcome == Outcome::Infra || !performed.noted;
        if has_failed {
            // The file may not be writable just now: without its note it would be claimed again at once.
            let pause = performed.pause.unwrap_or_default().max(self.shop.settings().config.limits.backoff);
            self.board.defer(id, in_future(pause));
        }
        self.hear_of_the_machine(&bench.worker, has_failed);
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

fn in_future(pause: Duration) -> Timestamp {
    let now = clock::now();
    SignedDuration::try_from(pause).ok().and_then(|pause| now.checked_add(pause).ok()).unwrap_or(now)
}

/// What a worker has done so far, and when it goes on.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// All its cycles: the number of the last one.
    pub cycles: u32,
    /// Those that had a task.
    pub tasks: u32,
    /// How often in a row its agent could not choose.
    pub failures: u32,
    /// It claims nothing before.
    pub rests_until: Option<Timestamp>,
}

impl Count {
    /// Lets it rest for `pause`, unless it rests longer.
    pub(super) fn rest(&mut self, pause: Duration) {
        if !pause.is_zero() {
            self.rests_until = self.rests_until.max(Some(in_future(pause)));
        }
    }
}

/// Works until there is nothing left to do, or until the run ends.
pub(super) fn work(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat) {
    let mut count = Count::default();
    while floor.each.is_none_or(|each| count.tasks < each) {
        if !floor.budget.take() {
            break;
        }
        let claims = next_claims(floor, bench, seat, &mut count);
        let has_ended = claims.is_none();
        let claims = claims.unwrap_or_default();
        if claims.is_empty() {
            floor.budget.give_back();
        }
        if has_ended {
            break;
        }
        work_through(floor, bench, seat, &mut count, claims);
    }
}

/// Waits for tasks and claims them; `None`: there are none and will be none.
fn next_claims(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &mut Count) -> Option<Vec<Claim>> {
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

/// Works on what was claimed, one after the other. What an agent has claimed and not begun when the worker is to end is
/// given back.
fn work_through(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &mut Count, claims: Vec<Claim>) {
    let leaves = || seat.leaves();
    for (at, claim) in claims.into_iter().enumerate() {
        if let Some(until) = count.rests_until.filter(|_| at > 0) {
            floor.board.rest(until, &leaves);
        }
        if claim.chosen.is_some() && (floor.shop.stop.get() != Stop::No || leaves()) {
            let id = claim.id.clone();
            if !claim.give_back(floor.shop, &bench.worker, "its worker ends before it could begin") {
                floor.board.strand(&id);
            }
            floor.board.let_go(&id);
            floor.budget.give_back();
            continue;
        }
        count.cycles += 1;
        count.tasks += 1;
        one_cycle(floor, bench, claim, count.cycles);
        count.rest(bench.member.pause_between);
    }
}

fn one_cycle(floor: &Floor<'_>, bench: &mut Bench, claim: Claim, number: u32) {
    let id = claim.id.clone();
    bench.wake.reset();
    // A mistake of ours in one cycle must not end the others: the claim is recovered like a dead one's.
    let performed = catch_unwind(AssertUnwindSafe(|| perform(floor.shop, bench, claim, number)));
    match performed {
        Ok(performed) => {
            floor.tally.add(&id, performed);
            floor.look_at_the_machine(bench, &id, performed);
            if !performed.settled {
                floor.board.strand(&id);
            }
        }
        Err(_) => {
            bench.distrust();
            floor.tally.add(&id, BROKEN_OFF);
            // Given back like a dead worker's; a task that does it every time must not turn hot.
            if let Err(error) = recover(floor.shop, &id) {
                floor.shop.journal.event(&who(bench, &id), Event::Warning { message: error.chain() });
            }
            floor.look_at_the_machine(bench, &id, BROKEN_OFF);
            let message =
                "this cycle ended by a mistake in swarm (the message stands above); please report it".to_owned();
            floor.shop.journal.event(&who(bench, &id), Event::Warning { message });
        }
    }
    floor.board.let_go(&id);
}

/// Waits for a task and claims it; `None`: there is none and will be none.
fn next_claim(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, count: &Count) -> Option<Box<Claim>> {
    loop {
        let id = next_task(floor, bench, seat, count.rests_until)?;
        if let Ok(claimed) = try_claim(floor, bench, count.cycles + 1, &id) {
            // As late as can be: the cycle takes the settings in force next, and the two belong together.
            bench.member = seat.member();
            return Some(claimed);
        }
    }
}

/// Waits for a task that can be claimed, and takes it on the board; `None`: there is none and will be none.
pub(super) fn next_task(
    floor: &Floor<'_>,
    bench: &Bench,
    seat: &Seat,
    rests_until: Option<Timestamp>,
) -> Option<TaskId> {
    loop {
        if floor.shop.stop.get() != Stop::No {
            return None;
        }
        let id = match floor.board.next(&bench.wake, rests_until, &|| seat.leaves()) {
            Next::Claim(id) => id,
            Next::Drained | Next::Retired | Next::Stopped => return None,
        };
        // The file counts, even where its event is still on its way.
        if !floor.board.heed_pause() {
            return Some(id);
        }
        floor.board.let_go(&id);
    }
}

/// Claims a task that was taken on the board; the reason if it cannot be had, and then it is left alone for as long as
/// that may last.
pub(super) fn try_claim(floor: &Floor<'_>, bench: &Bench, cycle: u32, id: &TaskId) -> Result<Box<Claim>, String> {
    match claim(floor.shop, bench, cycle, id) {
        Ok(Claimed::Yes(claimed)) => Ok(claimed),
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
            floor.shop.journal.event(&who(bench, id), Event::Warning { message: message.clone() });
            floor.board.defer(id, in_future(AFTER_TROUBLE));
            Err(message)
        }
    }
}

pub(super) fn who(bench: &Bench, id: &TaskId) -> Who {
    Who { worker: Some(bench.worker.clone()), cycle: None, task: Some(id.clone()) }
}
