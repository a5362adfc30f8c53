//! Finds the task, lets the model explain it, and prints that.

use super::answer::{Answer, text};
use super::facts::{self, Looked};
use crate::cli::Explain;
use crate::command::add::parse_id;
use crate::command::{Desk, picture};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::model::explain::explain;
use crate::model::queue::Queue;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::clock;
use crate::os::records::Records;
use crate::os::task_folder;

/// So many names like the one typed are told.
const NEAREST: usize = 3;

pub(in crate::command) fn run(desk: &Desk, words: &Explain) -> Result<Exit> {
    let place = desk.place_or_defaults()?;
    let id = parse_id(&words.id)?;
    let now = clock::now();
    let board = picture::board(&place, now)?;
    let Some(state) = task_folder::find(&place.dirs, &id) else {
        return Err(board.with_queue(|queue| unknown(queue, &id)));
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

fn unknown(queue: &Queue, id: &TaskId) -> Error {
    let known = State::ALL.into_iter().flat_map(|state| queue.ids(state));
    let mut near: Vec<(f64, &TaskId)> = known
        .map(|known| (strsim::jaro_winkler(id.as_str(), known.as_str()), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then_with(|| a_id.cmp(b_id)));
    let near: Vec<&str> = near.iter().take(NEAREST).map(|(_, id)| id.as_str()).collect();
    let error = Error::failed(format!("there is no task {id}"));
    match near.as_slice() {
        [] => error.hint("`swarm list` shows what there is"),
        near => error.hint(format!("did you mean {}?", near.join(", "))),
    }
}
