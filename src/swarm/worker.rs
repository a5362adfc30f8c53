//! One worker: pick, cycle, repeat, on one bench of its own.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::ToSpan;

use super::board::{Board, Next};
use super::recover::recover;
use super::seat::Seat;
use crate::cycle::{Bench, Claimed, Performed, Workshop, claim, perform};
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
            let who = Who { worker: Some(bench.worker.clone()), ..Who::default() };
            let reason =
                format!("several cycles in a row failed because of the machine; claiming rests until {until:.0}");
            self.shop.journal.event(&who, Event::Paused { reason });
        }
    }
}

/// Works until there is nothing left to do, or until the run ends.
pub(super) fn work(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat) {
    let mut done = 0;
    while floor.each.is_none_or(|each| done < each) {
        if !floor.budget.take() {
            break;
        }
        let Some(claimed) = next_claim(floor, bench, seat, done + 1) else {
            floor.budget.give_back();
            break;
        };
        done += 1;
        let id = claimed.id.clone();
        bench.wake.reset();
        // A mistake of ours in one cycle must not end the others: the claim is recovered like a dead one's.
        let performed = catch_unwind(AssertUnwindSafe(|| perform(floor.shop, bench, *claimed, done)));
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
}

/// Waits for a task and claims it; `None`: there is none and will be none.
fn next_claim(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, cycle: u32) -> Option<Box<crate::cycle::Claim>> {
    loop {
        if floor.shop.stop.get() != Stop::No {
            return None;
        }
        let id = match floor.board.next(&bench.wake, &|| seat.leaves()) {
            Next::Claim(id) => id,
            Next::Drained | Next::Retired | Next::Stopped => return None,
        };
        // The file counts, even where its event is still on its way.
        if floor.board.heed_pause() {
            floor.board.let_go(&id);
            continue;
        }
        match claim(floor.shop, bench, cycle, &id) {
            Ok(Claimed::Yes(claimed)) => {
                // As late as can be: the cycle takes the settings in force next, and the two belong together.
                bench.member = seat.member();
                return Some(claimed);
            }
            Ok(Claimed::Lost | Claimed::Invalid(_)) => floor.board.let_go(&id),
            Ok(Claimed::Locked) => {
                let until = clock::now().checked_add(AFTER_LOCKED_MS.milliseconds()).unwrap_or_else(|_| clock::now());
                floor.board.defer(&id, until);
            }
            Err(error) => {
                // Somebody may have removed our folders; they are made again.
                let again = folders::create(&floor.shop.dirs).err().map(|error| format!("; {}", error.chain()));
                let message = format!("cannot claim the task: {error}{}", again.unwrap_or_default());
                floor.shop.journal.event(&who(bench, &id), Event::Warning { message });
                let until = clock::now().checked_add(10.seconds()).unwrap_or_else(|_| clock::now());
                floor.board.defer(&id, until);
            }
        }
    }
}

fn who(bench: &Bench, id: &TaskId) -> Who {
    Who { worker: Some(bench.worker.clone()), cycle: None, task: Some(id.clone()) }
}
