//! The workers of a run: one thread each, and what became of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread::Scope;

use super::planner::plan_on;
use super::seat::Seat;
use super::supervisor::Message;
use super::worker::{Floor, work};
use crate::cycle::Bench;
use crate::error::{Error, Result};
use crate::model::config::Role;
use crate::model::crew::{self, change};
use crate::model::record::{self, Event, SCHEMA, Standing};
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::stop::Stop;

/// What a worker's thread tells.
pub(super) enum News {
    /// That worker, by its number, has its place.
    Ready(usize),
    /// It found none.
    Failed(usize, Error),
    /// It has ended.
    Ended(usize),
}

/// Where a worker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Begins,
    Works,
    Ended,
    Failed,
}

struct Member {
    stage: Stage,
    seat: Arc<Seat>,
}

impl Stage {
    fn is_over(self) -> bool {
        match self {
            Stage::Ended | Stage::Failed => true,
            Stage::Begins | Stage::Works => false,
        }
    }
}

impl Member {
    /// Whether it has its share in the number of workers. One that has done what it was to do has; one that has left,
    /// or never could work, has not.
    fn is_present(&self) -> bool {
        match (self.stage, self.seat.standing()) {
            (Stage::Failed, _) | (_, Standing::Left) | (Stage::Ended, Standing::Retires) => false,
            (Stage::Begins | Stage::Works | Stage::Ended, Standing::Stays)
            | (Stage::Begins | Stage::Works, Standing::Retires) => true,
        }
    }
}

/// All workers that a run has ever had; the number of each is its place.
pub(super) struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    floor: &'env Floor<'env>,
    tell: Sender<Message>,
    members: Vec<Member>,
    wanted: Vec<crew::Member>,
    someone_was_up: bool,
    failure: Option<Error>,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    /// The crew with which a run begins, one for each of `wanted`; their threads end with `scope` and tell `tell`.
    /// `tip` is where a worktree is made, should there be none yet.
    pub(super) fn begin(
        scope: &'scope Scope<'scope, 'env>,
        floor: &'env Floor<'env>,
        tell: Sender<Message>,
        wanted: Vec<crew::Member>,
        tip: &Oid,
    ) -> Self {
        let mut crew = Self { scope, floor, tell, members: Vec::new(), wanted, someone_was_up: false, failure: None };
        crew.tell_absent(crew.floor.shop.settings().absent_reviewers());
        for member in crew.wanted.clone() {
            crew.start(member, tip.clone());
        }
        crew
    }

    /// Makes it another crew: those who stay take their new agents at their next claims, those who are too many
    /// finish their cycles and leave, and others begin.
    pub(super) fn change(&mut self, wanted: Vec<crew::Member>) {
        let mut present: Vec<usize> = (0..self.members.len()).filter(|at| self.members[*at].is_present()).collect();
        let stays = |at: &&usize| self.members[**at].seat.standing() == Standing::Stays;
        // Where one could not begin, it is tried again.
        let is_as_wanted = wanted == self.wanted && present.iter().filter(stays).count() == wanted.len();
        if is_as_wanted || self.floor.shop.stop.get() != Stop::No {
            return;
        }
        // Whoever is about to leave stays only where another would have to begin.
        present.sort_by_key(|at| self.members[*at].seat.standing() != Standing::Stays);
        let members: Vec<crew::Member> = present.iter().map(|at| self.members[*at].seat.member()).collect();
        let (kept, mut added) = change(&members, &wanted);
        let mut retired = Vec::new();
        for (at, place) in present.into_iter().zip(kept) {
            let seat = &self.members[at].seat;
            match place {
                Some(member) if seat.keep() => seat.assign(&member),
                // It has just left.
                Some(member) => added.push(member),
                None if seat.retire() && !self.members[at].stage.is_over() => retired.push(name(at)),
                None => {}
            }
        }
        let first = self.members.len();
        match self.floor.shop.repo.newest(&self.floor.shop.base) {
            Ok(tip) => added.into_iter().for_each(|member| self.start(member, tip.clone())),
            Err(error) => self.warn(format!("no more workers can begin: {error}")),
        }
        self.wanted = wanted;
        let event = Event::CrewChanged {
            workers: u32::try_from(self.wanted.len()).unwrap_or(u32::MAX),
            agents: self.wanted.iter().map(|member| member.agents.to_string()).collect(),
            joined: (first..self.members.len()).map(name).collect(),
            retired,
        };
        self.write_down();
        self.floor.shop.journal.event(&Who::default(), event);
        self.floor.board.nudge();
    }

    fn start(&mut self, member: crew::Member, tip: Oid) {
        self.tell_absent(self.floor.shop.settings().agents.find_for(&member));
        let number = self.members.len();
        self.floor.board.join(&name(number), member.role);
        let seat = Arc::new(Seat::new(member));
        let (floor, tell, at) = (self.floor, self.tell.clone(), Arc::clone(&seat));
        self.scope.spawn(move || one_worker(floor, number, &at, &tip, &tell));
        self.members.push(Member { stage: Stage::Begins, seat });
    }

    /// Takes note of what became of a worker.
    pub(super) fn hear(&mut self, news: News) {
        let (number, stage) = match news {
            News::Ready(number) => {
                self.someone_was_up = true;
                (number, Stage::Works)
            }
            News::Failed(number, error) => {
                self.warn(format!("{} cannot work: {}", name(number), error.chain()));
                self.failure = Some(error);
                (number, Stage::Failed)
            }
            News::Ended(number) => (number, Stage::Ended),
        };
        let Some(member) = self.members.get_mut(number) else { return };
        member.stage = stage;
        if stage == Stage::Ended && member.seat.standing() != Standing::Stays {
            let who = Who { worker: Some(name(number)), ..Who::default() };
            self.write_down();
            self.floor.shop.journal.event(&who, Event::WorkerLeft {});
        }
    }

    fn write_down(&self) {
        let workers = self.members.iter().enumerate().map(|(number, member)| record::Member {
            worker: name(number),
            agent: member.seat.member().agents.to_string(),
            role: member.seat.member().role,
            standing: if member.is_present() { member.seat.standing() } else { Standing::Left },
        });
        if let Err(error) = self.floor.shop.journal.crew(&record::Crew { schema: SCHEMA, workers: workers.collect() }) {
            self.warn(format!("cannot write crew.json: {error}"));
        }
    }

    /// Says which agents of lists are passed over. What is an error was found before anybody began.
    fn tell_absent(&self, absent: Result<Vec<Error>>) {
        let shop = self.floor.shop;
        shop.passed_over.tell(&shop.journal, &Who::default(), &absent.unwrap_or_default());
    }

    fn warn(&self, message: String) {
        self.floor.shop.journal.event(&Who::default(), Event::Warning { message });
    }

    /// Whether every worker has told how it began, and one of them could work.
    pub(super) fn is_up(&self) -> bool {
        self.someone_was_up && !self.members.iter().any(|member| member.stage == Stage::Begins)
    }

    /// Whether no worker is left.
    pub(super) fn has_ended(&self) -> bool {
        self.members.iter().all(|member| member.stage.is_over())
    }

    /// Why none of them could begin, if none could.
    pub(super) fn failure(self) -> Option<Error> {
        self.failure.filter(|_| !self.someone_was_up)
    }
}

/// The name of a worker; it is never given to another one of the same run.
fn name(number: usize) -> String {
    format!("w{number}")
}

fn one_worker(floor: &Floor<'_>, number: usize, seat: &Seat, tip: &Oid, tell: &Sender<Message>) {
    // The supervisor outlives the workers, so a message is always heard.
    let tell = |news| drop(tell.send(Message::Crew(news)));
    // Its agent may change, but never whether it works on tasks.
    let role = seat.member().role;
    let news = match Bench::take(floor.shop, name(number), seat.member(), tip) {
        Ok(mut bench) => {
            tell(News::Ready(number));
            outlive(floor, number, || match role {
                Role::Worker | Role::Executor => work(floor, &mut bench, seat),
                Role::Planner => plan_on(floor, &mut bench, seat),
            })
        }
        Err(error) => News::Failed(number, error),
    };
    floor.board.leave(&name(number), role);
    tell(news);
}

/// Lets a worker work to its end; a mistake of ours that comes through to here ends the run in order.
fn outlive(floor: &Floor<'_>, number: usize, work: impl FnOnce()) -> News {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(()) => News::Ended(number),
        Err(_) => {
            // What it had cannot be given back by anybody who lives: the next start does it.
            floor.shop.stop.raise(Stop::Finish);
            floor.board.stop();
            let message = "a mistake in swarm (the message stands above); please report it";
            News::Failed(number, Error::failed(message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pick::Filter;
    use crate::os::git::testing::Fixture;
    use crate::swarm::base_health::BaseHealth;
    use crate::swarm::merge_queue::MergeQueue;
    use crate::swarm::tally::{Budget, Tally};
    use crate::swarm::testing::{Told, workshop};
    use crate::swarm::{Board, WhenEmpty};

    #[test]
    fn a_worker_that_panics_between_two_cycles_ends_the_run_in_order() {
        let (fixture, told) = (Fixture::new(), Told::default());
        let shop = workshop(&fixture, &told);
        let board = Board::new(shop.dirs.clone(), Filter::default(), WhenEmpty::Wait);
        let (queue, base, budget, tally) =
            (MergeQueue::default(), BaseHealth::default(), Budget::new(None), Tally::default());
        let floor = Floor {
            shop: &shop,
            board: &board,
            queue: &queue,
            base: &base,
            budget: &budget,
            each: None,
            tally: &tally,
        };
        assert!(matches!(outlive(&floor, 0, || {}), News::Ended(0)));
        assert_eq!(shop.stop.get(), Stop::No);

        let News::Failed(1, error) = outlive(&floor, 1, || board.with_queue(|_| panic!("a mistake"))) else {
            panic!("it has failed");
        };
        assert!(error.to_string().contains("please report it"), "{error}");
        assert_eq!(shop.stop.get(), Stop::Finish, "the others finish their cycles");
        let wake = std::sync::Arc::new(crate::os::process::Wake::new().unwrap());
        let next = board.next(&shop, &[], &wake, None, &|| false, &|| false);
        assert_eq!(next, crate::swarm::board::Next::Stopped, "and begin no others");
    }
}
