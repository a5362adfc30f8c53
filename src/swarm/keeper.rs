//! Keeps the board true to the queue's folders while a run lives, and says what is wrong with files in them. At the
//! beginning it clears away what is left of other runs.

use std::ffi::OsStr;

use super::answers::hear_answer;
use super::board::Board;
use super::recover::{Recovered, recover};
use crate::cycle::{Workshop, end_lost_errands, take_left_tasks};
use crate::model::base_health::repairs;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::journal::Who;
use crate::os::judgements::InUse;
use crate::os::task_folder::{self, Name, read_name};

/// So many words of gates on trees are kept, and as many marks of gates that have contradicted themselves.
const JUDGEMENTS: usize = 1000;

/// Who looks after the queue's picture.
#[derive(Clone, Copy)]
pub(super) struct Keeper<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) board: &'a Board,
}

impl Keeper<'_> {
    /// A file is being written; gives whether it must be looked at again.
    pub(super) fn writing(&self, state: State, name: &OsStr) -> bool {
        self.board.writing(state, name);
        state == State::Pending
    }

    /// A name came or went, or its writer has closed it.
    pub(super) fn settled(&self, state: State, name: &OsStr) {
        self.board.look(state, name);
        let Name::Task(id) = read_name(name) else { return };
        match state {
            State::Current => {
                self.board.poke(&id);
                self.give_back_what_nobody_has(&id);
            }
            State::Blocked => self.hear_answer(&id),
            State::Pending | State::Review | State::Complete => {}
        }
    }

    /// Brings back the blocked tasks that a person answered while nobody ran.
    pub(super) fn hear_answers(&self) {
        let blocked: Vec<TaskId> = self.board.with_queue(|queue| queue.ids(State::Blocked).cloned().collect());
        blocked.iter().for_each(|id| self.hear_answer(id));
    }

    fn hear_answer(&self, id: &TaskId) {
        if let Err(error) = hear_answer(self.shop, id) {
            let who = Who { task: Some(id.clone()), ..Who::default() };
            let message = format!("cannot take up the answer: {}", error.chain());
            self.shop.journal.event(&who, Event::Warning { message });
        }
        self.board.refresh(id);
    }

    /// A file that somebody has put into `current/` by hand is given back at once. A claim of another process holds
    /// its lock before the file appears.
    fn give_back_what_nobody_has(&self, id: &TaskId) {
        if !self.board.is_mine(id) && task_folder::exists(&self.shop.dirs, State::Current, id) {
            self.recover(id);
        }
    }

    /// Reads all folders, and clears what dead workers left.
    pub(super) fn rescan(&self) {
        self.board.doubt_base();
        if let Err(error) = self.board.scan() {
            self.say(Event::Warning { message: format!("cannot read the queue: {error}") });
        }
        self.recover_all();
        self.hear_answers();
    }

    /// Clears the claims of workers that died, of this run's past or another's present.
    pub(super) fn recover_all(&self) {
        for id in self.board.others() {
            self.recover(&id);
        }
        // The agents are ended first: what they go on writing is not collected yet.
        if let Err(error) = end_lost_errands(self.shop).and_then(|()| take_left_tasks(self.shop)) {
            self.say(Event::Warning { message: error.chain() });
        }
    }

    /// Forgets what gates have said of trees that nobody will ask about again. It costs the listing of one folder, once
    /// for each run.
    pub(super) fn forget_old_judgements(&self) {
        if let Err(error) = self.shop.judgements.forget_oldest(JUDGEMENTS, || self.judgements_in_use()) {
            let folder = self.shop.dirs.shown(&self.shop.dirs.verified());
            self.say(Event::Warning { message: format!("cannot clear {folder}: {error}") });
        }
    }

    /// Of the base, and of the bases for which there is a repair task: by them it is known for what it was filed.
    fn judgements_in_use(&self) -> InUse {
        let shop = self.shop;
        let tree = shop.repo.newest(&shop.base).and_then(|tip| shop.repo.tree_of(&tip));
        let filed = self.board.with_queue(|queue| {
            let ids = State::ALL.into_iter().flat_map(|state| queue.ids(state));
            ids.filter_map(repairs).map(str::to_owned).collect::<Vec<_>>()
        });
        let settings = shop.settings();
        let domains = settings.config.domains.values().flat_map(|domain| &domain.verify);
        let gates = settings.config.verify.iter().chain(domains).map(|gate| gate.run.clone()).collect();
        InUse { trees: tree.ok().map(|tree| tree.to_string()).into_iter().chain(filed).collect(), gates }
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

    /// Says what is wrong with files, once each.
    pub(super) fn tell_complaints(&self) {
        for complaint in self.board.complaints() {
            let path = self.shop.dirs.state(complaint.state).join(&complaint.name);
            let (path, line) = (self.shop.dirs.shown(&path), complaint.invalid.line);
            self.say(Event::InvalidTask { path, line, reason: complaint.invalid.reason });
        }
    }

    fn say(&self, event: Event) {
        self.shop.journal.event(&Who::default(), event);
    }
}
