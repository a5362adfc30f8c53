//! Lets nothing be claimed before the gates are known to succeed on the newest base.
//!
//! While they are known to, that costs a look at one file for each claim. Otherwise one worker asks ([`probe`]), in its
//! own worktree; the others wait for it. What follows is decided in `model::base_health`; here it is done: the
//! task that mends the base is filed, once for each tree, and everything else waits on the board.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::board::Board;
use super::repair;
use super::worker::Floor;
use crate::cycle::{BaseTurn, Bench, Probed, Question, Workshop, probe};
use crate::error::Result;
use crate::model::base_health::{Answer, Asker, Health, answer, health, repair_id, repairs};
use crate::model::config::Config;
use crate::model::judgement::Judgement;
use crate::model::outcome::Outcome;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::model::transition::pause;
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::process::Mark;
use crate::os::ref_watch::RefWatch;
use crate::os::stop::Stop;
use crate::os::{clock, judgements, task_folder};

/// Whether a task may be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admitted {
    /// It may.
    Yes,
    /// Not now: the board is asked again.
    No,
}

/// What the workers of a run know of the base.
#[derive(Default)]
pub(super) struct BaseHealth {
    known: Mutex<Known>,
    told: Condvar,
}

#[derive(Default)]
struct Known {
    /// The commit on which these gates succeed.
    green: Option<(Oid, String)>,
    /// A worker is finding out.
    asking: bool,
    /// The gates fail on the base as it was when somebody last looked.
    red: Option<Red>,
    /// How often in a row the gates could not be run.
    unfit: u32,
    /// The last repair found nothing to mend: what the gates said is not trusted any more.
    doubted: bool,
    /// Repair tasks of other bases were looked for.
    swept: bool,
    /// Looks out for the moment when somebody moves the base.
    watch: Option<RefWatch>,
}

impl Known {
    /// Whether the board was told to keep tasks back.
    fn keeps_back(&self) -> bool {
        self.red.is_some() || self.unfit > 0
    }
}

/// A base on which the gates fail, and the task that mends it.
#[derive(Clone, PartialEq, Eq)]
struct Red {
    tree: Oid,
    repair: TaskId,
}

/// Ends the asking, however it ended, so that nobody waits for ever.
struct Asking<'a>(&'a BaseHealth);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.lock().asking = false;
        self.0.told.notify_all();
    }
}

/// What a worker asks with.
struct Ask<'a> {
    floor: &'a Floor<'a>,
    tip: &'a Oid,
    config: &'a Config,
}

impl BaseHealth {
    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the base lets `id` be claimed. Where nobody knows, finds out or waits for who does; ends early if the run
    /// is to end.
    pub(super) fn admits(&self, floor: &Floor<'_>, bench: &mut Bench, id: &TaskId) -> Admitted {
        let Floor { shop, board, .. } = *floor;
        let settings = shop.settings();
        let gates = &settings.config.verify;
        if gates.is_empty() {
            // There may have been some before the settings changed.
            let known = std::mem::take(&mut *self.lock());
            if known.keeps_back() {
                board.admit_all();
            }
            return Admitted::Yes;
        }
        let key = judgements::key(gates);
        while shop.stop.get() == Stop::No {
            let tip = match shop.repo.newest(&shop.base) {
                Ok(tip) => tip,
                Err(error) => return self.rest(shop, board, &error.to_string()),
            };
            let mut known = self.lock();
            let is_green = |known: &Known| known.green.as_ref().is_some_and(|(at, of)| *at == tip && *of == key);
            if is_green(&known) {
                return Admitted::Yes;
            }
            if known.asking {
                while known.asking {
                    known = self.told.wait(known).unwrap_or_else(PoisonError::into_inner);
                }
                if is_green(&known) {
                    return Admitted::Yes;
                }
                // Whoever asked has told the board what may be claimed now.
                return Admitted::No;
            }
            known.asking = true;
            drop(known);
            let _asking = Asking(self);
            match self.ask(&Ask { floor, tip: &tip, config: &settings.config }, bench, id) {
                // The base may have moved while the gates ran.
                Ok(Asked::Green) => self.lock().green = Some((tip, key.clone())),
                Ok(Asked::Mend) => return Admitted::Yes,
                Ok(Asked::Wait) => return Admitted::No,
                Ok(Asked::CouldNotRun(reason)) => return self.rest(shop, board, &reason),
                Err(error) => return self.rest(shop, board, &error.explained()),
            }
        }
        Admitted::No
    }

    fn ask(&self, with: &Ask<'_>, bench: &mut Bench, id: &TaskId) -> Result<Asked> {
        let Ask { floor: Floor { shop, board, .. }, tip, config } = *with;
        let gates = &config.verify;
        let tree = match shop.judgements.tree_of_published(tip) {
            Some(tree) => tree,
            None => shop.repo.tree_of(tip)?,
        };
        let repair = repair_id(tree.as_str()).map_err(|bad| crate::error::Error::failed(bad.to_string()))?;
        let asker = if *id == repair { Asker::Repair } else { Asker::Other };
        if shop.judgements.is_green(&tree, gates) {
            self.turn_green(with, false)?;
            return Ok(Asked::Green);
        }
        let Some(turn) = BaseTurn::take(shop, Stop::Finish)? else { return Ok(Asked::Wait) };
        // Whoever had the turn before has left his word, and the task that follows from it.
        let remembered = shop.judgements.recall(&tree, gates);
        let doubted = std::mem::take(&mut self.lock().doubted);
        let mut word = remembered.as_ref().filter(|_| !doubted).map(|known| known.judgement.clone());
        // A word of this run's own needs no second look, unless its repair task has been filed and is gone.
        let mut found_now = remembered.as_ref().is_some_and(|known| known.run_id == shop.journal.run_id())
            && self.lock().red.as_ref().is_none_or(|red| red.tree != tree);
        let mut asked = false;
        loop {
            let lies_in = task_folder::find(&shop.dirs, &repair);
            let health = health(word.as_ref(), lies_in, found_now);
            match answer(health, asker, shop.settings().config.limits.infra) {
                Answer::RunTheGates => {
                    bench.lend(shop)?;
                    let question =
                        Question { commit: tip, tree: &tree, config, give_up_at: Stop::Finish, mark: Mark::new() };
                    match probe(shop, bench, &turn, &question)? {
                        Probed::Said(judgement) => word = Some(judgement),
                        Probed::CouldNotRun(reason) => return Ok(Asked::CouldNotRun(reason)),
                        Probed::Interrupted => return Ok(Asked::Wait),
                    }
                    (found_now, asked) = (true, true);
                }
                Answer::FileTheRepair => {
                    let Some(Judgement::Red { gate, reason }) = &word else { return Ok(Asked::Wait) };
                    repair::file(shop, &turn, &repair, tip, gate, reason)?;
                    board.refresh(&repair);
                }
                Answer::Claim if health == Health::Green => {
                    self.turn_green(with, asked)?;
                    return Ok(Asked::Green);
                }
                claimed @ (Answer::Claim | Answer::OnlyTheRepair) => {
                    let Some(Judgement::Red { gate, reason }) = &word else { return Ok(Asked::Wait) };
                    self.turn_red(with, Red { tree, repair }, gate, reason);
                    return Ok(if claimed == Answer::Claim { Asked::Mend } else { Asked::Wait });
                }
                // What could not be run has been returned above.
                Answer::Rest | Answer::NeedsAPerson => return Ok(Asked::Wait),
            }
        }
    }

    fn turn_green(&self, with: &Ask<'_>, asked: bool) -> Result<()> {
        let Ask { floor: Floor { shop, board, .. }, tip, .. } = *with;
        let mut known = self.lock();
        let kept_back = known.keeps_back();
        let was_unfit = std::mem::take(&mut known.unfit) > 0;
        let was_red = known.red.take().is_some();
        known.watch = None;
        let sweep = was_red || !std::mem::replace(&mut known.swept, true);
        drop(known);
        if was_unfit {
            shop.journal.event(&Who::default(), Event::Resumed {});
        }
        if was_red || asked {
            shop.journal.event(&Who::default(), Event::BaseGreen { head: tip.to_string() });
        }
        if sweep {
            let mine = board.with_queue(|queue| {
                let waiting =
                    queue.ids(State::Pending).chain(queue.ids(State::Blocked)).chain(queue.ids(State::Current));
                waiting.filter(|id| repairs(id).is_some()).cloned().collect::<Vec<_>>()
            });
            for id in mine {
                if repair::withdraw(shop, &id, tip)? {
                    with.floor.tally.complete(&id);
                }
                board.refresh(&id);
            }
        }
        if kept_back {
            board.admit_all();
        }
        Ok(())
    }

    fn turn_red(&self, with: &Ask<'_>, red: Red, gate: &str, reason: &str) {
        let Ask { floor: Floor { shop, board, .. }, tip, .. } = *with;
        let who = Who { task: Some(red.repair.clone()), ..Who::default() };
        let to = Some(red.repair.clone());
        let mut known = self.lock();
        known.unfit = 0;
        known.green = None;
        let is_news = known.red.as_ref() != Some(&red);
        known.red = Some(red);
        known.swept = true;
        if known.watch.is_none() {
            known.watch = RefWatch::start(shop.repo.common_dir(), board.doubter());
        }
        drop(known);
        if is_news {
            let (head, gate, reason) = (tip.to_string(), gate.to_owned(), reason.to_owned());
            shop.journal.event(&who, Event::BaseRed { head, gate, reason });
        }
        board.restrict(to);
        // Moved before anybody watched: then it is looked at again.
        if shop.repo.newest(&shop.base).is_ok_and(|now| now != *tip) {
            board.doubt_base();
        }
    }

    /// The gates could not be run on the base, which says nothing about it: claiming rests, longer each time, and
    /// after a few times nothing is claimed until somebody has mended that; then it is tried now and again.
    fn rest(&self, shop: &Workshop, board: &Board, reason: &str) -> Admitted {
        let settings = shop.settings();
        let limits = &settings.config.limits;
        let mut known = self.lock();
        known.unfit = known.unfit.saturating_add(1);
        let times = known.unfit;
        drop(known);
        let told = |what: String| {
            let reason = format!("the gates cannot be run on {}: {reason}; {what}", shop.base);
            shop.journal.event(&Who::default(), Event::Paused { reason });
        };
        if answer(Health::CouldNotRun { times }, Asker::Other, limits.infra) == Answer::NeedsAPerson {
            // Tried again now and then; told once.
            if times <= limits.infra.max(1) {
                told("nothing is claimed until they can".to_owned());
            }
            board.restrict(None);
        } else {
            let rest = jiff::SignedDuration::try_from(pause(times, limits, 1.0)).unwrap_or_default();
            let until = clock::now().checked_add(rest).unwrap_or_else(|_| clock::now());
            board.rest_until(until);
            told(format!("claiming rests until {until:.0}"));
        }
        Admitted::No
    }

    /// A cycle has ended: one that was merged may have mended the base, and one that was to mend it and found nothing to
    /// mend speaks against what the gates said.
    pub(super) fn hear(&self, board: &Board, id: &TaskId, outcome: Outcome) {
        if outcome == Outcome::NoChange && repairs(id).is_some() {
            self.lock().doubted = true;
            board.doubt_base();
        } else if outcome == Outcome::Merged {
            board.doubt_base();
        }
    }

    /// Says, once, why a run ends while tasks wait.
    pub(super) fn tell_why_tasks_are_left(&self, shop: &Workshop, board: &Board) {
        if !board.keeps_back() {
            return;
        }
        let Some(Red { repair, .. }) = self.lock().red.take() else { return };
        let left = board.with_queue(|queue| queue.count(State::Pending));
        let lies_in = task_folder::find(&shop.dirs, &repair);
        let place = lies_in.map_or("is gone".to_owned(), |state| format!("is in {state}/"));
        let message = format!(
            "{} is red, and {repair}, which was to mend it, {place}; tasks that wait for it: {left}. Mend the base, or: swarm retry {repair}",
            shop.base
        );
        shop.journal.event(&Who { task: Some(repair), ..Who::default() }, Event::Warning { message });
    }
}

/// What came of asking.
enum Asked {
    /// The base is green.
    Green,
    /// It is red, and this is the task that mends it.
    Mend,
    /// The task must wait.
    Wait,
    /// The gates could not be run.
    CouldNotRun(String),
}
