//! A running swarm: starts the workers, hears signals and file events, and ends when they have ended.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::board::{Board, WhenEmpty};
use super::notify;
use super::recover::{Recovered, recover};
use super::run_lock::RunLock;
use super::worker::{Budget, Floor, Tally, work};
use crate::cycle::{Bench, Funds, Workshop, catch_up};
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::choice::Choice;
use crate::model::pick::{Filter, Hold};
use crate::model::record::{Event, SCHEMA, Started, Stopped};
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::git::Oid;
use crate::os::journal::{Journal, Show, Who, new_run_id};
use crate::os::process::become_subreaper;
use crate::os::settings::InForce;
use crate::os::signals::{self, Ask};
use crate::os::stop::{Stop, StopValue};
use crate::os::task_folder::{self, Name, read_name};
use crate::os::turnstile::Turnstile;
use crate::os::watch::{Change, Watch};
use crate::os::workspace::Workspace;
use crate::os::{clock, folders};

/// The slow net below the file events.
const RESCAN: Duration = Duration::from_secs(60);
/// How soon a file that somebody was writing is looked at again, should its close be missed.
const SETTLE: Duration = Duration::from_millis(300);
/// How often a base that was held back is tried again.
const CATCH_UP: Duration = Duration::from_secs(5);

/// What a run is to do.
pub struct Order {
    /// One for each worker.
    pub workers: Vec<Choice>,
    /// Which tasks.
    pub filter: Filter,
    /// What idle workers do.
    pub when_empty: WhenEmpty,
    /// How many cycles each worker may begin.
    pub each: Option<u32>,
    /// How many cycles may begin in all.
    pub cycles: Option<u32>,
    /// How long new cycles may begin.
    pub duration: Option<Duration>,
    /// The words of the command line, for the record.
    pub arguments: Vec<String>,
}

/// What reaches the supervisor.
enum Message {
    Changed(Change),
    Asked(Ask),
    Ready,
    Failed(String, Error),
    Ended,
}

/// Runs a swarm in a workspace until it ends. `ready` is called with the run's name when it is up.
pub fn supervise(workspace: &Workspace, order: Order, show: Show, ready: &dyn Fn(&str)) -> Result<Exit> {
    become_subreaper().context(|| "become the parent of orphaned processes".to_owned())?;
    let (base, tip) = workspace.base()?;
    folders::create(&workspace.dirs)?;
    folders::clear_litter(&workspace.dirs)?;
    let run_id = new_run_id(clock::now());
    let lock = RunLock::take(&workspace.dirs, &run_id)?;
    let (show, open, telling) = notify::overhear(show);
    let journal = Journal::create(workspace.dirs.runs(), &run_id, show)
        .context(|| format!("create {}", workspace.dirs.run(&run_id).display()))?;
    let shop = Workshop {
        dirs: workspace.dirs.clone(),
        repo: workspace.repo.clone(),
        base,
        in_force: InForce::new(workspace.settings()),
        journal,
        funds: Funds::new(&workspace.dirs),
        stop: StopValue::default(),
        turnstile: Turnstile::default(),
        held_back: std::sync::atomic::AtomicBool::new(false),
        host: folders::host(),
    };
    let (tell, hear) = mpsc::channel();
    let to_supervisor = tell.clone();
    // From here on a signal ends the run in order.
    signals::listen(move |ask| drop(to_supervisor.send(Message::Asked(ask))))
        .context(|| "listen to signals".to_owned())?;
    let run = Run {
        board: Board::new(shop.dirs.clone(), order.filter.clone(), order.when_empty),
        shop: &shop,
        order: &order,
    };
    thread::scope(|scope| {
        scope.spawn(|| telling.serve(&shop));
        // However this ends: then the telling ends, too.
        let _open = open;
        run.write_started(&tip)?;
        let tally = Tally::default();
        let ended = run.live(&tip, &tally, (tell, &hear), &|| ready(&run_id));
        let (exit, reason) = match &ended {
            Ok((exit, reason)) => (*exit, reason.clone()),
            Err(error) => (error.exit(), error.chain()),
        };
        run.write_stopped(&reason, exit, &tally);
        drop(lock);
        ended.map(|(exit, _)| exit)
    })
}

struct Run<'a> {
    shop: &'a Workshop,
    board: Board,
    order: &'a Order,
}

impl Run<'_> {
    fn live(
        &self,
        tip: &Oid,
        tally: &Tally,
        (tell, hear): (Sender<Message>, &Receiver<Message>),
        ready: &dyn Fn(),
    ) -> Result<(Exit, String)> {
        let to_supervisor = tell.clone();
        // The watch begins before the scan, so that nothing falls between the two.
        let _watch = Watch::start(&self.shop.dirs, move |change| drop(to_supervisor.send(Message::Changed(change))))?;
        self.board.scan().context(|| "read the queue".to_owned())?;
        self.recover_all();
        self.tell_complaints();
        self.tell_stuck();
        catch_up(self.shop)?;

        let budget = Budget::new(self.order.cycles);
        let floor = Floor { shop: self.shop, board: &self.board, budget: &budget, each: self.order.each, tally };
        let failure = thread::scope(|scope| {
            for (number, choice) in self.order.workers.iter().enumerate() {
                let (floor, tell) = (&floor, tell.clone());
                scope.spawn(move || one_worker(floor, &format!("w{number}"), choice, tip, &tell));
            }
            drop(tell);
            self.attend(hear, ready)
        });
        if let Err(error) = catch_up(self.shop) {
            self.say(Event::Warning { message: error.chain() });
        }
        if let Some(error) = failure {
            return Err(error);
        }
        Ok(self.verdict(tally))
    }

    /// Serves the workers until the last of them has ended. Gives the reason if none of them could begin.
    fn attend(&self, hear: &Receiver<Message>, ready: &dyn Fn()) -> Option<Error> {
        let began = Instant::now();
        let all = self.order.workers.len();
        let (mut up, mut ended) = (0, 0);
        let mut failures = Vec::new();
        let mut rescan_at = began + RESCAN;
        let mut settle_at: Option<Instant> = None;
        let mut catch_up_at = began + CATCH_UP;
        let mut finish_at = self.order.duration.and_then(|duration| began.checked_add(duration));
        while ended < all {
            let held_back = self.shop.held_back.load(std::sync::atomic::Ordering::Relaxed);
            let next =
                [Some(rescan_at), settle_at, finish_at, held_back.then_some(catch_up_at)].into_iter().flatten().min();
            let wait = next.map_or(RESCAN, |at| at.saturating_duration_since(Instant::now()));
            match hear.recv_timeout(wait) {
                Ok(Message::Changed(change)) => {
                    if self.changed(change) {
                        settle_at = settle_at.or(Some(Instant::now() + SETTLE));
                    }
                }
                Ok(Message::Asked(ask)) => self.asked(ask),
                Ok(Message::Ready) => {
                    up += 1;
                    if up + failures.len() == all {
                        ready();
                    }
                }
                Ok(Message::Failed(worker, error)) => {
                    self.say(Event::Warning { message: format!("{worker} cannot work: {}", error.chain()) });
                    failures.push(error);
                    ended += 1;
                    if up > 0 && up + failures.len() == all {
                        ready();
                    }
                }
                Ok(Message::Ended) => ended += 1,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if settle_at.is_some_and(|at| at <= now) {
                settle_at = self.board.settle().then_some(now + SETTLE);
            }
            if rescan_at <= now {
                self.rescan();
                rescan_at = now + RESCAN;
            }
            if held_back && catch_up_at <= now {
                // Tried again the next time; the reason was told when it was first held back.
                let _ = catch_up(self.shop);
                catch_up_at = now + CATCH_UP;
            }
            if finish_at.is_some_and(|at| at <= now) {
                finish_at = None;
                self.stop(Stop::Finish);
            }
            self.tell_complaints();
        }
        (up == 0).then(|| failures.pop()).flatten()
    }

    /// Gives whether a file is being written and must be looked at again.
    fn changed(&self, change: Change) -> bool {
        match change {
            Change::Writing(state, name) => {
                self.board.writing(state, &name);
                state == State::Pending
            }
            Change::Settled(state, name) => {
                self.board.look(state, &name);
                if state == State::Current
                    && let Name::Task(id) = read_name(&name)
                {
                    self.board.poke(&id);
                    self.give_back_what_nobody_has(&id);
                }
                false
            }
            Change::Lost => {
                self.rescan();
                false
            }
        }
    }

    /// A file that somebody has put into `current/` by hand is given back at once. A claim of another process holds
    /// its lock before the file appears.
    fn give_back_what_nobody_has(&self, id: &TaskId) {
        if !self.board.is_mine(id) && task_folder::exists(&self.shop.dirs, State::Current, id) {
            self.recover(id);
        }
    }

    fn rescan(&self) {
        if let Err(error) = self.board.scan() {
            self.say(Event::Warning { message: format!("cannot read the queue: {error}") });
        }
        self.recover_all();
    }

    /// Clears the claims of workers that died, of this run's past or another's present.
    fn recover_all(&self) {
        for id in self.board.others() {
            self.recover(&id);
        }
    }

    fn recover(&self, id: &TaskId) {
        match recover(self.shop, id) {
            Ok(Recovered::Alive) => {}
            Ok(Recovered::Stranded) => self.board.strand(id),
            Ok(Recovered::Moved(_) | Recovered::Gone) => self.board.refresh(id),
            Err(error) => {
                self.board.strand(id);
                let who = Who { task: Some(id.clone()), ..Who::default() };
                let message = format!("cannot recover the task: {}", error.chain());
                self.shop.journal.event(&who, Event::Warning { message });
            }
        }
    }

    fn asked(&self, ask: Ask) {
        match ask {
            Ask::Escalate => self.stop(self.shop.stop.escalate()),
            Ask::Finish => self.stop(Stop::Finish),
            Ask::Now => self.stop(Stop::Now),
        }
    }

    fn stop(&self, to: Stop) {
        self.shop.stop.raise(to);
        self.board.stop();
        self.board.poke_all();
        let reason = match to {
            Stop::No => return,
            Stop::Finish => "stopping: no new cycles; a second signal, or `swarm stop --now`, ends the agents",
            Stop::Now => "stopping now: agents are ended, their work is kept, their tasks go back to pending",
        };
        self.say(Event::Paused { reason: reason.to_owned() });
    }

    fn tell_complaints(&self) {
        for complaint in self.board.complaints() {
            let path = self.shop.dirs.state(complaint.state).join(&complaint.name);
            let (path, line) = (self.shop.dirs.shown(&path), complaint.invalid.line);
            self.say(Event::InvalidTask { path, line, reason: complaint.invalid.reason });
        }
    }

    /// Says which waiting tasks only a person can set free. Told at the start and, where that changes the exit
    /// code, at the end; in between `swarm status` says it.
    fn tell_stuck(&self) {
        for (id, hold) in self.board.stuck() {
            if !matches!(hold, Hold::Double(_)) {
                let who = Who { task: Some(id), ..Who::default() };
                self.shop.journal.event(&who, Event::Warning { message: format!("cannot be claimed: {hold}") });
            }
        }
    }

    fn say(&self, event: Event) {
        self.shop.journal.event(&Who::default(), event);
    }

    fn verdict(&self, tally: &Tally) -> (Exit, String) {
        let outcomes = tally.outcomes();
        match self.shop.stop.get() {
            Stop::Now => (Exit::Interrupted, "interrupted".to_owned()),
            stop @ (Stop::No | Stop::Finish) => {
                let kept_back = self.board.kept_back();
                let left = stop == Stop::No
                    && self.order.when_empty == WhenEmpty::End
                    && self.board.something_needs_a_person();
                if left {
                    self.tell_stuck();
                }
                let is_done = tally.all_complete() && !left && kept_back.is_none();
                let exit = if is_done { Exit::Done } else { Exit::Failed };
                let cycles: u32 = outcomes.values().sum();
                let reason = match &kept_back {
                    Some(reason) => reason,
                    None if stop == Stop::No => "nothing left to do",
                    None => "told to stop",
                };
                (exit, format!("{reason} after {cycles} cycle{}", if cycles == 1 { "" } else { "s" }))
            }
        }
    }

    fn write_started(&self, tip: &Oid) -> Result<()> {
        let workers = u32::try_from(self.order.workers.len()).unwrap_or(u32::MAX);
        let started = Started {
            schema: SCHEMA,
            run_id: self.shop.journal.run_id().to_owned(),
            started_at: clock::now(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            host: self.shop.host.clone(),
            pid: std::process::id(),
            workers,
            agents: self.order.workers.iter().map(ToString::to_string).collect(),
            base: self.shop.base.clone(),
            base_head: tip.to_string(),
            arguments: self.order.arguments.clone(),
        };
        self.shop
            .journal
            .started(&started)
            .context(|| format!("write {}", self.shop.journal.folder().join("started.json").display()))?;
        self.say(Event::RunStarted { workers, base: self.shop.base.clone(), head: tip.to_string() });
        Ok(())
    }

    fn write_stopped(&self, reason: &str, exit: Exit, tally: &Tally) {
        let outcomes = tally.outcomes();
        self.say(Event::RunStopped { reason: reason.to_owned(), exit_code: exit as u8 });
        let stopped = Stopped {
            schema: SCHEMA,
            run_id: self.shop.journal.run_id().to_owned(),
            stopped_at: clock::now(),
            duration_ms: self.shop.journal.elapsed_ms(),
            reason: reason.to_owned(),
            exit_code: exit as u8,
            cycles: outcomes.values().sum(),
            outcomes,
        };
        if let Err(error) = self.shop.journal.stopped(&stopped) {
            self.say(Event::Warning { message: format!("cannot write stopped.json: {error}") });
        }
    }
}

fn one_worker(floor: &Floor<'_>, name: &str, choice: &Choice, tip: &Oid, tell: &Sender<Message>) {
    // The supervisor outlives the workers, so a message is always heard.
    match Bench::take(floor.shop, name.to_owned(), choice.clone(), tip) {
        Ok(mut bench) => {
            drop(tell.send(Message::Ready));
            work(floor, &mut bench);
            drop(tell.send(Message::Ended));
        }
        Err(error) => drop(tell.send(Message::Failed(name.to_owned(), error))),
    }
}
