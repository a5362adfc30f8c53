//! What stands at the end of `swarm start`: the tables of the run.

use std::sync::{Arc, OnceLock};

use super::runs;
use super::summary::summary;
use super::{Desk, picture};
use crate::model::record::EventLine;
use crate::os::journal::Show;
use crate::os::records::Records;
use crate::os::workspace::Workspace;

/// The name of a run, known from its first event on.
pub(super) type RunName = Arc<OnceLock<String>>;

/// The same show, and the name of the run that it shows.
pub(super) fn noting_its_name(show: Show) -> (Show, RunName) {
    let name = RunName::default();
    let noted = Arc::clone(&name);
    let noting = move |line: &EventLine| {
        noted.get_or_init(|| line.run_id.clone());
        show(line);
    };
    (Box::new(noting), name)
}

/// Tells what a run came to that has ended; nothing where no cycle did.
pub(super) fn tell(desk: &Desk, workspace: &Workspace, name: &RunName) {
    let Some(run_id) = name.get() else { return };
    let mut records = Records::new(&workspace.dirs);
    let cycles = records.cycles(run_id);
    if cycles.is_empty() {
        return;
    }
    if desk.quiet() {
        desk.complain(&summary(&workspace.dirs, &cycles).person_text());
    } else {
        desk.say(&format!("\n{}", runs::report(&mut records, workspace, run_id, &cycles)));
    }
    picture::tell_set_aside(desk, &records);
}
