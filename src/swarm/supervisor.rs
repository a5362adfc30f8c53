//! A running swarm: starts the workers, hears signals and file events, and ends when they have ended.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use super::base_health::BaseHealth;
use super::board::{Board, WhenEmpty};
use super::books::{write_started, write_stopped};
use super::budget;
use super::crew::{Crew, News};
use super::epics::settle;
use super::keeper::Keeper;
use super::merge_queue::{self, MergeQueue};
use super::muster::{Wanted, muster};
use super::notify;
use super::reload::Reload;
use super::run_lock::RunLock;
use super::steering::Steering;
use super::tally::{Budget, Tally};
use super::worker::Floor;
use crate::cycle::{Workshop, catch_up};
use crate::error::{Context, Result};
use crate::exit::Exit;
use crate::model::crew::Member;
use crate::model::pick::Filter;
use crate::model::record::Event;
use crate::os::git::Oid;
use crate::os::journal::{Journal, Show, Who, new_run_id};
use crate::os::process::become_subreaper;
use crate::os::settings::Source;
use crate::os::signals::{self, Ask};
use crate::os::stop::Stop;
use crate::os::task_folder::Stamp;
use crate::os::watch::{Change, Watch};
use crate::os::workspace::Workspace;
use crate::os::{clock, control, folders};

/// The slow net below the file events.
const RESCAN: Duration = Duration::from_secs(60);
/// How soon a file that somebody was writing is looked at again, should its close be missed.
const SETTLE: Duration = Duration::from_millis(300);
/// How often a base that was held back is tried again.
const CATCH_UP: Duration = Duration::from_secs(5);

/// What a run is to do.
pub struct Order {
    /// Who works, where it is not what the settings say.
    pub wanted: Wanted,
    /// The file of the settings, where it is not `config/swarm.yaml`.
    pub config: Option<PathBuf>,
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
pub(super) enum Message {
    Changed(Change),
    Asked(Ask),
    Crew(News),
}

/// Runs a swarm in a workspace until it ends. `ready` is called with the run's name when it is up.
pub fn supervise(workspace: &Workspace, order: Order, show: Show, ready: &dyn Fn(&str)) -> Result<Exit> {
    become_subreaper().context(|| "become the parent of orphaned processes".to_owned())?;
    let (base, tip) = workspace.base()?;
    folders::create(&workspace.dirs)?;
    folders::clear_litter(&workspace.dirs)?;
    let (reload, settings) = Reload::begin(Source::new(workspace.dirs.root(), order.config.as_deref()))?;
    let workers = muster(&settings, &order.wanted)?;
    // Whoever sees that this run is alive asks after this.
    let asked = control::last_asked(&workspace.dirs);
    let run_id = new_run_id(clock::now());
    let lock = RunLock::take(&workspace.dirs, &run_id)?;
    let (show, open, telling) = notify::overhear(show);
    let journal = Journal::create(workspace.dirs.runs(), &run_id, show)
        .context(|| format!("create {}", workspace.dirs.run(&run_id).display()))?;
    let shop = Workshop::new(workspace, base, settings, journal);
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
    shop.providers.on_change(run.board.waker());
    thread::scope(|scope| {
        scope.spawn(|| telling.serve(&shop));
        // However this ends: then the telling ends, too.
        let _open = open;
        write_started(&shop, &workers, &order.arguments, &tip)?;
        let tally = Tally::default();
        let crew = Begins { workers, tip, reload, asked };
        let ended = run.live(crew, &tally, (tell, &hear), &|| ready(&run_id));
        let (exit, reason) = match &ended {
            Ok((exit, reason)) => (*exit, reason.clone()),
            Err(error) => (error.exit(), error.chain()),
        };
        write_stopped(&shop, &reason, exit, &tally);
        drop(lock);
        ended.map(|(exit, _)| exit)
    })
}

/// What a run begins with.
struct Begins {
    workers: Vec<Member>,
    tip: Oid,
    reload: Reload,
    asked: Option<Stamp>,
}

struct Run<'a> {
    shop: &'a Workshop,
    board: Board,
    order: &'a Order,
}

impl Run<'_> {
    fn keeper(&self) -> Keeper<'_> {
        Keeper { shop: self.shop, board: &self.board }
    }

    fn live(
        &self,
        Begins { workers, tip, reload, asked }: Begins,
        tally: &Tally,
        (tell, hear): (Sender<Message>, &Receiver<Message>),
        ready: &dyn Fn(),
    ) -> Result<(Exit, String)> {
        let to_supervisor = tell.clone();
        // The watch begins before the scan, so that nothing falls between the two.
        let watch = Watch::start(&self.shop.dirs, reload.source(), move |change| {
            drop(to_supervisor.send(Message::Changed(change)));
        })?;
        let mut steering = Steering {
            shop: self.shop,
            board: &self.board,
            watch,
            reload,
            wanted: self.order.wanted.clone(),
            asked,
            told: None,
            reread_at: None,
        };
        self.board.scan().context(|| "read the queue".to_owned())?;
        let keeper = self.keeper();
        keeper.recover_all();
        keeper.forget_old_judgements();
        keeper.hear_answers();
        keeper.tell_complaints();
        self.board.tell_stuck(&self.shop.journal);
        catch_up(self.shop)?;

        let budget = Budget::new(self.order.cycles);
        let base = BaseHealth::default();
        let (board, each) = (&self.board, self.order.each);
        let queue = MergeQueue::default();
        let floor = Floor { shop: self.shop, board, queue: &queue, base: &base, budget: &budget, each, tally };
        let failure = thread::scope(|scope| {
            // Before the first worker looks for a task.
            steering.hear_pause();
            let mut crew = Crew::begin(scope, &floor, tell, workers, &tip);
            scope.spawn(|| merge_queue::serve(&floor));
            self.attend(&mut crew, &mut steering, hear, ready);
            queue.close();
            crew.failure()
        });
        self.shop.lookout.close(self.shop);
        if let Err(error) = catch_up(self.shop) {
            self.say(Event::Warning { message: error.chain() });
        }
        if let Some(error) = failure {
            return Err(error);
        }
        // What the last cycles have cost was booked after the workers had gone.
        budget::attend(self.shop, &self.board);
        Ok(self.verdict(tally))
    }

    /// Serves the workers until the last of them has ended.
    fn attend(&self, crew: &mut Crew<'_, '_>, steering: &mut Steering<'_>, hear: &Receiver<Message>, ready: &dyn Fn()) {
        // What was written since the settings were read, and before the watch began.
        steering.look(crew);
        let keeper = self.keeper();
        let began = Instant::now();
        let mut told = false;
        let mut rescan_at = began + RESCAN;
        let mut settle_at: Option<Instant> = None;
        let mut catch_up_at = began + CATCH_UP;
        let mut finish_at = self.order.duration.and_then(|duration| began.checked_add(duration));
        while !crew.has_ended() {
            let held_back = self.shop.held_back.is_held();
            let times = [Some(rescan_at), settle_at, finish_at, held_back.then_some(catch_up_at), steering.reread_at];
            let next = times.into_iter().flatten().min();
            let wait = next.map_or(RESCAN, |at| at.saturating_duration_since(Instant::now()));
            match hear.recv_timeout(wait) {
                Ok(Message::Changed(Change::Writing(state, name))) => {
                    if keeper.writing(state, &name) {
                        settle_at = settle_at.or(Some(Instant::now() + SETTLE));
                    }
                }
                Ok(Message::Changed(Change::Settled(state, name))) => keeper.settled(state, &name),
                Ok(Message::Changed(Change::Settings)) => steering.settings_change(),
                Ok(Message::Changed(Change::Requests)) => steering.hear_requests(crew),
                Ok(Message::Changed(Change::Lost)) => {
                    keeper.rescan();
                    steering.look(crew);
                }
                Ok(Message::Asked(ask)) => self.asked(ask),
                Ok(Message::Crew(news)) => {
                    crew.hear(news);
                    if !told && crew.is_up() {
                        told = true;
                        ready();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = Instant::now();
            if settle_at.is_some_and(|at| at <= now) {
                settle_at = self.board.settle().then_some(now + SETTLE);
            }
            if rescan_at <= now {
                keeper.rescan();
                steering.look(crew);
                self.board.tell_stuck(&self.shop.journal);
                rescan_at = now + RESCAN;
            }
            steering.reread(crew);
            if held_back && catch_up_at <= now {
                // Tried again the next time; the reason was told when it was first held back.
                let _ = catch_up(self.shop);
                catch_up_at = now + CATCH_UP;
            }
            if finish_at.is_some_and(|at| at <= now) {
                finish_at = None;
                self.stop(Stop::Finish);
            }
            keeper.tell_complaints();
            settle(self.shop, &self.board);
            self.board.tell_newly_stuck(&self.shop.journal);
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
                    self.board.tell_stuck(&self.shop.journal);
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
}
