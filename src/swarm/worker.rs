//! One worker: pick, cycle, repeat, on one bench of its own.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::ToSpan;

use super::base_health::{Admitted, BaseHealth};
use super::board::{Board, Next};
use super::budget;
use super::epics::settle;
use super::merge_queue::MergeQueue;
use super::recover::recover;
use super::seat::Seat;
use crate::cycle::{Bench, Claim, Claimed, Performed, Turned, Workshop, claim, perform, resume};
use crate::model::outcome::Outcome;
use crate::model::record::Event;
use crate::model::task::TaskId;
use crate::os::clock;
use crate::os::folders;
use crate::os::journal::Who;
use crate::os::stop::Stop;

/// How long a task whose lock is held is left alone.
const AFTER_LOCKED_MS: i64 = 500;

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
    fn take(&self) -> bool {
        let Some(left) = &self.left else { return true };
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    fn give_back(&self) {
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
}

impl Tally {
    fn add(&self, id: &TaskId, performed: Performed) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        *ended.outcomes.entry(performed.outcome).or_default() += 1;
        ended.complete.insert(id.clone(), performed.is_complete());
    }

    /// A task was completed without another cycle.
    pub(super) fn complete(&self, id: &TaskId) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.complete.entry(id.clone()).and_modify(|complete| *complete = true);
    }

    /// Whether every task that was claimed was completed in the end.
    pub(super) fn all_complete(&self) -> bool {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).complete.values().all(|complete| *complete)
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
        if performed.outcome != Outcome::Infra && performed.noted {
            if self.board.no_trouble() {
                self.shop.journal.event(&Who::default(), Event::Resumed {});
            }
            return;
        }
        // The file may not be writable just now: without its note it would be claimed again at once.
        let limits = &self.shop.settings().config.limits;
        let pause = performed.pause.unwrap_or_default().max(limits.backoff);
        let moment = jiff::SignedDuration::try_from(pause).unwrap_or_default();
        self.board.defer(id, clock::now().checked_add(moment).unwrap_or_else(|_| clock::now()));
        if let Some(until) = self.board.trouble(limits) {
            let who = Who { worker: Some(worker.to_owned()), ..Who::default() };
            let reason =
                format!("several cycles in a row failed because of the machine; claiming rests until {until:.0}");
            self.shop.journal.event(&who, Event::Paused { reason });
        }
    }
}

/// Works until there is nothing left to do, or until the run ends.
pub(super) fn work(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat) {
    let mut done = 0;
    budget::attend(floor.shop, floor.board);
    let mut may_claim = true;
    loop {
        if let Some(branch) = floor.queue.take_back(&bench.worker) {
            let id = branch.id().clone();
            turn(floor, bench, &id, |bench| resume(floor.shop, bench, branch));
            budget::attend(floor.shop, floor.board);
            continue;
        }
        may_claim = may_claim && floor.each.is_none_or(|each| done < each) && floor.budget.take();
        if !may_claim {
            // What it has handed over may come back.
            if floor.queue.wait_for_call(&bench.worker) {
                continue;
            }
            break;
        }
        match next_claim(floor, bench, seat, done + 1) {
            Wanted::Task(claimed) => {
                done += 1;
                let id = claimed.id.clone();
                turn(floor, bench, &id, |bench| perform(floor.shop, bench, claimed, done));
                budget::attend(floor.shop, floor.board);
            }
            Wanted::Back => floor.budget.give_back(),
            Wanted::Gone => {
                floor.budget.give_back();
                may_claim = false;
            }
        }
    }
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
}

/// What a worker does next.
enum Wanted {
    /// It has a task.
    Task(Box<Claim>),
    /// A branch of its own has come back from the merge queue.
    Back,
    /// It claims no more.
    Gone,
}

/// Waits for a task and claims it.
fn next_claim(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, cycle: u32) -> Wanted {
    loop {
        if floor.shop.stop.get() != Stop::No {
            return Wanted::Gone;
        }
        budget::heed(floor.shop, floor.board);
        let id = match floor.board.next(&bench.wake, &|| seat.leaves(), &|| floor.queue.calls(&bench.worker)) {
            Next::Claim(id) => id,
            Next::Epics => {
                settle(floor.shop, floor.board);
                continue;
            }
            Next::Drained => {
                floor.base.tell_why_tasks_are_left(floor.shop, floor.board);
                return Wanted::Gone;
            }
            Next::Called => return Wanted::Back,
            Next::Retired | Next::Stopped => return Wanted::Gone,
        };
        // The file counts, even where its event is still on its way.
        if floor.board.heed_pause() {
            floor.board.let_go(&id);
            continue;
        }
        match floor.base.admits(floor, bench, &id) {
            Admitted::Yes => {}
            Admitted::No => {
                floor.board.let_go(&id);
                continue;
            }
        }
        match claim(floor.shop, bench, cycle, &id) {
            Ok(Claimed::Yes(claimed)) => {
                // As late as can be: the cycle takes the settings in force next, and the two belong together.
                bench.choice = seat.choice();
                budget::paid(floor.board, claimed.found.task.domain.as_deref());
                return Wanted::Task(claimed);
            }
            Ok(Claimed::Unpaid(why)) => budget::unpaid(floor, &id, why),
            Ok(Claimed::Lost | Claimed::Invalid(_)) => floor.board.let_go(&id),
            Ok(Claimed::Locked) => {
                let until = clock::now().checked_add(AFTER_LOCKED_MS.milliseconds()).unwrap_or_else(|_| clock::now());
                floor.board.defer(&id, until);
            }
            Err(error) => {
                // Somebody may have removed our folders; they are made again.
                let again = folders::create(&floor.shop.dirs).err().map(|error| format!("; {}", error.chain()));
                let message = format!("cannot claim the task: {error}{}", again.unwrap_or_default());
                floor.shop.journal.event(&who(&bench.worker, &id), Event::Warning { message });
                let until = clock::now().checked_add(10.seconds()).unwrap_or_else(|_| clock::now());
                floor.board.defer(&id, until);
            }
        }
    }
}

fn who(worker: &str, id: &TaskId) -> Who {
    Who { worker: Some(worker.to_owned()), cycle: None, task: Some(id.clone()) }
}
