//! The workers of a run: one thread each, and what became of them.

use std::sync::mpsc::Sender;
use std::thread::Scope;

use super::supervisor::Message;
use super::worker::{Floor, work};
use crate::cycle::Bench;
use crate::error::Error;
use crate::model::choice::Choice;
use crate::model::record::Event;
use crate::os::git::Oid;
use crate::os::journal::Who;

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
}

/// All workers that a run has ever had; the number of each is its place.
pub(super) struct Crew<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    floor: &'env Floor<'env>,
    tell: Sender<Message>,
    members: Vec<Stage>,
    someone_was_up: bool,
    failure: Option<Error>,
}

impl<'scope, 'env> Crew<'scope, 'env> {
    /// A crew without workers, whose threads end with `scope` and tell `tell`.
    pub(super) fn new(scope: &'scope Scope<'scope, 'env>, floor: &'env Floor<'env>, tell: Sender<Message>) -> Self {
        Self { scope, floor, tell, members: Vec::new(), someone_was_up: false, failure: None }
    }

    /// Starts one more worker; `tip` is where its worktree is made, should there be none yet.
    pub(super) fn start(&mut self, choice: Choice, tip: Oid) {
        let number = self.members.len();
        let (floor, tell) = (self.floor, self.tell.clone());
        self.scope.spawn(move || one_worker(floor, number, choice, &tip, &tell));
        self.members.push(Stage::Begins);
    }

    /// Takes note of what became of a worker.
    pub(super) fn hear(&mut self, news: News) {
        let (number, stage) = match news {
            News::Ready(number) => {
                self.someone_was_up = true;
                (number, Stage::Works)
            }
            News::Failed(number, error) => {
                let message = format!("{} cannot work: {}", name(number), error.chain());
                self.floor.shop.journal.event(&Who::default(), Event::Warning { message });
                self.failure = Some(error);
                (number, Stage::Ended)
            }
            News::Ended(number) => (number, Stage::Ended),
        };
        if let Some(member) = self.members.get_mut(number) {
            *member = stage;
        }
    }

    /// Whether every worker has told how it began, and one of them could work.
    pub(super) fn is_up(&self) -> bool {
        self.someone_was_up && !self.members.contains(&Stage::Begins)
    }

    /// Whether no worker is left.
    pub(super) fn has_ended(&self) -> bool {
        self.members.iter().all(|stage| *stage == Stage::Ended)
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

fn one_worker(floor: &Floor<'_>, number: usize, choice: Choice, tip: &Oid, tell: &Sender<Message>) {
    // The supervisor outlives the workers, so a message is always heard.
    let tell = |news| drop(tell.send(Message::Crew(news)));
    match Bench::take(floor.shop, name(number), choice, tip) {
        Ok(mut bench) => {
            tell(News::Ready(number));
            work(floor, &mut bench);
            tell(News::Ended(number));
        }
        Err(error) => tell(News::Failed(number, error)),
    }
}
