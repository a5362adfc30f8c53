//! The merge queue of a run: ready branches wait here while their workers go on with other tasks. One thread lands
//! them, in the order in which they came; who must be worked on again goes back to its own worker, and keeps its place.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::worker::Floor;
use crate::cycle::{Bench, Fate, ReadyBranch, Workshop, give_up, land};
use crate::error::Result;
use crate::model::choice::Choice;
use crate::model::crew::Member;

/// How the queue is named where a worker would be.
const NAME: &str = "queue";

/// How long a batch is left open for branches that are about to come. Batches are for gates that take minutes.
const GATHER: Duration = Duration::from_secs(1);

type Branches = Vec<Box<ReadyBranch>>;

/// The branches between the workers and the base.
#[derive(Default)]
pub(super) struct MergeQueue {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    /// In the order of their places.
    waiting: Branches,
    /// Those that must be worked on again, by worker.
    back: HashMap<String, VecDeque<Box<ReadyBranch>>>,
    /// How many of each worker's are not decided yet.
    open: HashMap<String, usize>,
    closed: bool,
}

impl MergeQueue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a branch over from its worker.
    pub(super) fn hand_over(&self, branch: Box<ReadyBranch>) {
        let mut inner = self.lock();
        *inner.open.entry(branch.worker().to_owned()).or_default() += 1;
        inner.line_up(branch);
        drop(inner);
        self.changed.notify_all();
    }

    /// A worker has come to the end of a task: what has waited for it may land now.
    pub(super) fn look_again(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    /// Gives a worker a branch of its own that it must work on again.
    pub(super) fn take_back(&self, worker: &str) -> Option<Box<ReadyBranch>> {
        self.lock().back.get_mut(worker)?.pop_front()
    }

    /// Whether a branch of that worker's must be worked on again.
    pub(super) fn calls(&self, worker: &str) -> bool {
        self.lock().back.get(worker).is_some_and(|back| !back.is_empty())
    }

    /// Waits until a branch of that worker's must be worked on again; false: none is left that could.
    pub(super) fn wait_for_call(&self, worker: &str) -> bool {
        let mut inner = self.lock();
        loop {
            if inner.back.get(worker).is_some_and(|back| !back.is_empty()) {
                return true;
            }
            if inner.open.get(worker).is_none_or(|open| *open == 0) {
                return false;
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// No more branches will come.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Waits for a branch that may land; false: no more will come. Where several are to land together, those that are
    /// about to come are given a moment: `wanted` says how many make a batch, `at_work` how many tasks this process has.
    fn wait(&self, shop: &Workshop, wanted: impl Fn() -> usize, at_work: impl Fn() -> usize) -> bool {
        let mut inner = self.lock();
        while inner.ready(shop) == 0 {
            if inner.closed && inner.waiting.is_empty() {
                return false;
            }
            inner = self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + GATHER;
        loop {
            let (waiting, left) = (inner.ready(shop), until.saturating_duration_since(Instant::now()));
            drop(inner);
            if waiting >= wanted() || waiting >= at_work() || left.is_zero() {
                return true;
            }
            inner = self.changed.wait_timeout(self.lock(), left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes at most so many branches that may land, those that came first.
    fn take(&self, shop: &Workshop, most: usize) -> Branches {
        let mut left = most.max(1);
        let may_go = |branch: &mut Box<ReadyBranch>| {
            let goes = left > 0 && !branch.yields(shop);
            left -= usize::from(goes);
            goes
        };
        self.lock().waiting.extract_if(.., may_go).collect()
    }

    /// Puts undecided branches back to where they were.
    fn put_back(&self, branches: Branches) {
        let mut inner = self.lock();
        branches.into_iter().for_each(|branch| inner.line_up(branch));
    }

    fn decided(&self, worker: &str) {
        let mut inner = self.lock();
        if let Some(open) = inner.open.get_mut(worker) {
            *open = open.saturating_sub(1);
        }
        drop(inner);
        self.changed.notify_all();
    }

    fn give_back(&self, branch: Box<ReadyBranch>) {
        let worker = branch.worker().to_owned();
        self.lock().back.entry(worker.clone()).or_default().push_back(branch);
        self.decided(&worker);
    }
}

impl Inner {
    fn line_up(&mut self, branch: Box<ReadyBranch>) {
        let at = self.waiting.partition_point(|before| before.place() <= branch.place());
        self.waiting.insert(at, branch);
    }

    /// How many may land now.
    fn ready(&self, shop: &Workshop) -> usize {
        self.waiting.iter().filter(|branch| !branch.yields(shop)).count()
    }
}

/// Lands what is handed over, until no more will come. The queue's worktree is made when there is something to land.
pub(super) fn serve(floor: &Floor<'_>) {
    let queue = floor.queue;
    let mut bench: Option<Bench> = None;
    let batch = || usize::try_from(floor.shop.settings().config.integrate.batch).unwrap_or(usize::MAX);
    while queue.wait(floor.shop, batch, || floor.board.at_work()) {
        let names = RefCell::new(Vec::new());
        let line = || {
            let branches = queue.take(floor.shop, batch());
            let name = |branch: &ReadyBranch| (branch.id().clone(), branch.worker().to_owned());
            names.replace(branches.iter().map(|branch| name(branch)).collect());
            branches
        };
        // A mistake of ours must not hold up everybody: the claims are recovered like a dead worker's.
        let fates = catch_unwind(AssertUnwindSafe(|| land_them(floor, &mut bench, line)));
        let Ok(fates) = fates else {
            bench = None;
            for (id, worker) in names.into_inner() {
                floor.broke_off(&worker, &id);
                queue.decided(&worker);
            }
            continue;
        };
        let mut undecided = Vec::new();
        for fate in fates {
            match fate {
                Fate::Ended { id, worker, performed } => {
                    floor.take_note(&worker, &id, performed);
                    queue.decided(&worker);
                }
                Fate::GoesBack(branch) => queue.give_back(branch),
                Fate::Waits(branch) => undecided.push(branch),
            }
        }
        queue.put_back(undecided);
        // Idle workers look whether they are called.
        floor.board.nudge();
    }
}

fn land_them(floor: &Floor<'_>, bench: &mut Option<Bench>, line: impl FnOnce() -> Branches) -> Vec<Fate> {
    let shop = floor.shop;
    let place = match bench.take() {
        Some(bench) => Ok(bench),
        None => new_bench(floor),
    };
    match place {
        Ok(place) => land(shop, bench.insert(place), line),
        Err(error) => give_up(shop, line(), &format!("the merge queue has no worktree: {}", error.chain())),
    }
}

fn new_bench(floor: &Floor<'_>) -> Result<Bench> {
    let shop = floor.shop;
    let bench = Bench::take(shop, NAME.to_owned(), Member::worker(Choice::default()), &shop.repo.newest(&shop.base)?)?;
    // It must hear of the end of the run while its gates run.
    floor.board.poke_with_all(&bench.wake);
    Ok(bench)
}
