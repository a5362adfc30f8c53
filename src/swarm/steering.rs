//! What a live run follows: its settings, and what people ask of it in `.swarm/control/`.

use std::path::Path;
use std::time::{Duration, Instant};

use super::board::Board;
use super::budget;
use super::crew::Crew;
use super::muster::{Wanted, muster};
use super::reload::Reload;
use crate::cycle::Workshop;
use crate::model::record::Event;
use crate::os::control;
use crate::os::journal::Who;
use crate::os::stop::Stop;
use crate::os::task_folder::Stamp;
use crate::os::watch::Watch;

/// How long after a change the settings are read: an editor writes in several steps.
const SETTLE: Duration = Duration::from_millis(200);

/// What was heard so far.
pub(super) struct Steering<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) board: &'a Board,
    pub(super) watch: Watch,
    pub(super) reload: Reload,
    /// Who is to work.
    pub(super) wanted: Wanted,
    /// The last time that somebody asked for another number of workers, as far as it was heard.
    pub(super) asked: Option<Stamp>,
    /// What was told of a pause.
    pub(super) told: Option<String>,
    /// When the settings are to be read again.
    pub(super) reread_at: Option<Instant>,
}

impl Steering<'_> {
    /// Looks at everything: at the beginning, and when events may have been lost.
    pub(super) fn look(&mut self, crew: &mut Crew<'_, '_>) {
        self.watch.renew();
        self.hear_requests(crew);
        self.reread_at = Some(Instant::now());
        self.reread(crew);
    }

    /// Something changes in the settings: they are read when it has come to rest.
    pub(super) fn settings_change(&mut self) {
        self.reread_at = self.reread_at.or(Some(Instant::now() + SETTLE));
    }

    /// Reads the settings again, if it is time.
    pub(super) fn reread(&mut self, crew: &mut Crew<'_, '_>) {
        if self.reread_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        // A folder may have come, or another one in its place.
        self.watch.renew();
        self.reread_at = None;
        // The writer's close is one more change.
        if self.reload.source().is_being_written() {
            return;
        }
        if let Some(workers) = self.reload.look(self.shop, &self.wanted) {
            crew.change(workers);
        }
        budget::heed(self.shop, self.board);
    }

    /// Follows what people ask for.
    pub(super) fn hear_requests(&mut self, crew: &mut Crew<'_, '_>) {
        self.hear_pause();
        let asked = control::last_asked(&self.shop.dirs);
        if asked != self.asked {
            self.asked = asked;
            if asked.is_some() {
                self.hear_number(crew);
            }
        }
    }

    /// Claims no more, or goes on. What begins is told when it holds, and what ends before anybody acts on that.
    pub(super) fn hear_pause(&mut self) {
        if control::is_paused(&self.shop.dirs) {
            self.board.heed_pause();
            self.tell_pause();
        } else {
            self.tell_pause();
            self.board.heed_pause();
        }
    }

    fn tell_pause(&mut self) {
        let told = control::paused(&self.shop.dirs).map(|paused| paused.sentence());
        if told == self.told || self.shop.stop.get() != Stop::No {
            return;
        }
        self.told.clone_from(&told);
        self.say(told.map_or(Event::Resumed {}, |reason| Event::Paused { reason }));
    }

    fn hear_number(&mut self, crew: &mut Crew<'_, '_>) {
        let path = self.shop.dirs.wanted_workers();
        let total = match control::asked_workers(&self.shop.dirs) {
            Ok(total) => total,
            Err(reason) => return self.refuse(&path, &reason),
        };
        let wanted = Wanted { total: Some(total), ..self.wanted.clone() };
        match muster(&self.shop.settings(), &wanted) {
            Ok(workers) => {
                self.wanted = wanted;
                crew.change(workers);
            }
            Err(error) => self.refuse(&path, &error.explained()),
        }
    }

    fn refuse(&self, path: &Path, reason: &str) {
        let message = format!("{}: {reason}; the workers stay as they are", self.shop.dirs.shown(path));
        self.say(Event::Warning { message });
    }

    fn say(&self, event: Event) {
        self.shop.journal.event(&Who::default(), event);
    }
}
