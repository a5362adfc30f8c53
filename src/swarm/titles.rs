//! The titles of a few tasks, short enough for a prompt.

use crate::model::excerpt::shorten;
use crate::model::prompt::Waiting;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::task_folder;

/// How many characters of a title are told.
const LONGEST: usize = 200;

/// The tasks of these names that lie in `state`, with their titles. What has gone meanwhile is left out.
pub(super) fn titles(dirs: &Dirs, state: State, ids: &[TaskId]) -> Vec<Waiting> {
    let read = |id: &TaskId| task_folder::read(dirs, state, id).ok().flatten();
    let waiting = |id: &TaskId| {
        let title = read(id)?.task.title;
        Some(Waiting { id: id.to_string(), title: shorten(title.lines().next().unwrap_or_default(), LONGEST) })
    };
    ids.iter().filter_map(waiting).collect()
}
