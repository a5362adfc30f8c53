//! What a run has at hand, for tests: a real workspace in a real repository.

use std::sync::{Arc, Mutex};

use crate::cycle::Workshop;
use crate::model::record::{Event, EventLine};
use crate::os::git::testing::Fixture;
use crate::os::journal::{Journal, new_run_id};
use crate::os::workspace::{Place, Workspace};
use crate::os::{clock, folders};

/// The warnings that were told.
pub(super) type Told = Arc<Mutex<Vec<String>>>;

/// A workspace whose tasks `script` works on, and what a run there has at hand.
pub(super) fn workshop(fixture: &Fixture, told: &Told) -> Workshop {
    let place = Place::at(&fixture.top(), None).unwrap();
    folders::create(&place.dirs).unwrap();
    let workspace = Workspace::open(place).unwrap();
    let told = Arc::clone(told);
    let show = Box::new(move |line: &EventLine| {
        if let Event::Warning { message } = &line.event {
            told.lock().unwrap().push(message.clone());
        }
    });
    let journal = Journal::create(workspace.dirs.runs(), &new_run_id(clock::now()), show).unwrap();
    Workshop::new(&workspace, "trunk".to_owned(), workspace.settings(), journal)
}
