//! A planner: waits until there is room in the queue and something to think about, plans, and waits again.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::{Timestamp, ToSpan};

use super::attendance::{Sight, Until};
use super::board::{Board, WhenEmpty};
use super::budget;
use super::news::News;
use super::seat::Seat;
use super::titles::titles;
use super::worker::Floor;
use crate::cycle::{Bench, Few, PlanOrder, Planned, break_off_errand, plan};
use crate::model::outcome::Outcome;
use crate::model::planner::{Due, Planner};
use crate::model::prompt::Waiting;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Kind, TaskId};
use crate::os::clock;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::stop::Stop;

/// How many of the waiting tasks a planner is told by name.
const NAMED: usize = 50;
/// How many of those in each other folder that can hold what it might plan again.
const NAMED_ELSEWHERE: usize = 25;

/// How soon it is tried again where another process plans, or the lock cannot be taken.
const AFTER_BUSY_S: i64 = 2;

/// Plans until the run ends.
pub(super) fn plan_on(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat) {
    if !floor.board.filter.is_open() {
        say(floor, bench, "this run is for certain tasks only, so nothing is planned".to_owned());
        return;
    }
    floor.board.poke_with_all(&bench.wake);
    let mut planner = Planner::default();
    let mut known = News::default();
    let mut number = 0;
    while floor.each.is_none_or(|each| number < each) {
        let Some(turn) = next_turn(floor, bench, seat, &planner, &known) else { break };
        if !floor.budget.take() {
            break;
        }
        number += 1;
        bench.wake.reset();
        known = News::look(floor.shop, floor.board, turn.sight.arrivals, &known);
        let planned = one_cycle(floor, bench, &turn, number);
        drop(turn);
        planned.created.iter().for_each(|id| floor.board.refresh(id));
        take_note(floor, bench, &mut planner, &planned);
    }
}

/// The right to plan: no other planner of the workspace does meanwhile.
struct Turn {
    sight: Sight,
    room: usize,
    _lock: Lock,
}

/// Waits for it; `None`: there will be none.
fn next_turn(floor: &Floor<'_>, bench: &mut Bench, seat: &Seat, planner: &Planner, known: &News) -> Option<Turn> {
    let (shop, board) = (floor.shop, floor.board);
    // Without a cycle to begin it would wait for ever.
    let leaves = || seat.leaves() || floor.budget.is_spent();
    loop {
        let sight = board.sight(&leaves)?;
        bench.member = seat.member();
        let now = clock::now();
        let news = || known.is_old(shop, board, sight.arrivals);
        let until = match planner.due(room(bench, &sight), now, news) {
            // What would be planned on a red base is not what it needs, and what cannot be paid is not needed at all.
            Due::Now | Due::At(_) if sight.is_kept_back => Until::Change,
            Due::OnNews => Until::Change,
            Due::At(at) => Until::Moment(at),
            Due::Now if sight.paused => Until::ChangeOrMore,
            Due::Now => match sight.rests_until.filter(|until| *until > now) {
                Some(until) => Until::Moment(until),
                None => match take_turn(floor, bench, &leaves) {
                    Some(turn) => return Some(turn),
                    None => Until::Moment(soon(now)),
                },
            },
        };
        board.wait_with(&bench.worker, &sight, until, &leaves);
    }
}

/// Takes the turn, unless another planner has it. What is said of the room is true from here on: the folders are read
/// once more, and nobody else plans.
fn take_turn(floor: &Floor<'_>, bench: &Bench, leaves: &dyn Fn() -> bool) -> Option<Turn> {
    let path = floor.shop.dirs.planner_lock();
    let lock = match Lock::try_exclusive(&path) {
        Ok(lock) => lock?,
        Err(error) => {
            say(floor, bench, format!("cannot lock {}: {error}", floor.shop.dirs.shown(&path)));
            return None;
        }
    };
    floor.board.begin_planning(&bench.worker);
    let sight = look_again(floor.board, leaves)?;
    let room = room(bench, &sight);
    (room > 0 && !sight.paused && !sight.is_kept_back).then_some(Turn { sight, room, _lock: lock })
}

fn look_again(board: &Board, leaves: &dyn Fn() -> bool) -> Option<Sight> {
    // Should that fail, what is known serves: the disk says so elsewhere.
    let _ = board.scan();
    board.sight(leaves)
}

fn room(bench: &Bench, sight: &Sight) -> usize {
    (bench.member.max_pending as usize).saturating_sub(sight.waiting)
}

fn soon(now: Timestamp) -> Timestamp {
    now.checked_add(AFTER_BUSY_S.seconds()).unwrap_or(now)
}

fn one_cycle(floor: &Floor<'_>, bench: &mut Bench, turn: &Turn, number: u32) -> Planned {
    let (shop, board, max_pending) = (floor.shop, floor.board, bench.member.max_pending as usize);
    let still_room = || look_again(board, &|| false).map_or(0, |sight| max_pending.saturating_sub(sight.waiting));
    let order = PlanOrder {
        waiting: Few { count: turn.sight.waiting, first: waiting(floor) },
        current: lying(floor, State::Current),
        review: lying(floor, State::Review),
        blocked: lying(floor, State::Blocked),
        room: turn.room,
        // A run that is ending has nobody left to ask.
        still_room: &|| if shop.stop.get() == Stop::No { still_room() } else { turn.room },
    };
    // A mistake of ours in one cycle must not end the others.
    let planned = catch_unwind(AssertUnwindSafe(|| plan(shop, bench, &order, number)));
    planned.unwrap_or_else(|_| {
        break_off_errand(shop, bench);
        say(
            floor,
            bench,
            "planning ended by a mistake in swarm (the message stands above); please report it".to_owned(),
        );
        Planned { outcome: Outcome::Infra, created: Vec::new() }
    })
}

/// The first of the tasks that wait, in the order of the queue.
fn waiting(floor: &Floor<'_>) -> Vec<Waiting> {
    let mut waiting: Vec<_> = floor.board.with_queue(|queue| {
        let tasks = queue.all_pending().filter(|entry| entry.kind == Kind::Task);
        tasks.map(|entry| (entry.priority, entry.arrived, entry.id.clone())).collect()
    });
    waiting.sort_unstable();
    let first: Vec<TaskId> = waiting.into_iter().take(NAMED).map(|(.., id)| id).collect();
    titles(&floor.shop.dirs, State::Pending, &first)
}

/// Some of the tasks in a folder, in the order of their names.
fn lying(floor: &Floor<'_>, state: State) -> Few {
    let mut ids: Vec<TaskId> = floor.board.with_queue(|queue| queue.ids(state).cloned().collect());
    ids.sort_unstable();
    let count = ids.len();
    ids.truncate(NAMED_ELSEWHERE);
    Few { count, first: titles(&floor.shop.dirs, state, &ids) }
}

fn take_note(floor: &Floor<'_>, bench: &Bench, planner: &mut Planner, planned: &Planned) {
    let limits = &floor.shop.settings().config.limits;
    let (now, pause) = (clock::now(), bench.member.pause_between);
    floor.tally.add_planning(&bench.worker, planned.outcome);
    budget::heed(floor.shop, floor.board);
    floor.hear_of_the_machine(&bench.worker, planned.outcome == Outcome::Infra);
    if matches!(planned.outcome, Outcome::Planned | Outcome::Interrupted) {
        return planner.planned(planned.created.len(), pause, now);
    }
    let says_nothing = matches!(planned.outcome, Outcome::Infra | Outcome::RateLimited);
    let allowed = match (says_nothing, floor.board.when_empty) {
        // It costs nothing to try again later, when the machine or the provider may be back.
        (true, WhenEmpty::Wait) => None,
        (true, WhenEmpty::End) => Some(limits.infra),
        (false, WhenEmpty::Wait | WhenEmpty::End) => Some(limits.attempts),
    };
    if planner.failed(limits, allowed, now, fastrand::f64()) {
        let outcome = planned.outcome;
        say(floor, bench, format!("planning has failed too often ({outcome}): not again before something has changed"));
    }
}

fn say(floor: &Floor<'_>, bench: &Bench, message: String) {
    let who = Who { worker: Some(bench.worker.clone()), ..Who::default() };
    floor.shop.journal.event(&who, Event::Warning { message });
}
