//! Finds the task, lets the model explain it, and prints that.

use super::answer::{Answer, text};
use super::facts::{self, Looked};
use crate::cli::Explain;
use crate::command::add::parse_id;
use crate::command::moves::unknown;
use crate::command::{Desk, picture};
use crate::error::Result;
use crate::exit::Exit;
use crate::model::explain::explain;
use crate::os::clock;
use crate::os::records::Records;
use crate::os::task_folder;

pub(in crate::command) fn run(desk: &Desk, words: &Explain) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let id = parse_id(&words.id)?;
    let now = clock::now();
    let board = picture::board(&place, now)?;
    let Some(state) = task_folder::find(&place.dirs, &id) else {
        return Err(unknown(&place.dirs, &id));
    };
    let mut records = Records::new(&place.dirs);
    let answer = match facts::look(&place, &board, &mut records, &id, state, now)? {
        Looked::Valid(facts) => Answer::new(&place.dirs, state, &facts, explain(&facts)),
        Looked::Invalid(invalid) => Answer::invalid(&place.dirs, state, &id, &invalid),
    };
    if desk.json() {
        desk.print_json(&answer)?;
    } else {
        desk.print(&text(&answer))?;
    }
    picture::tell_set_aside(desk, &records);
    Ok(if answer.is_valid() { Exit::Done } else { Exit::Failed })
}
