//! A person's answer in a blocked task brings it back: whether it came by `swarm comment` or by an editor.

use crate::cycle::Workshop;
use crate::error::{Context, Error, Result};
use crate::model::record::Event;
use crate::model::reopen::{is_answered, looked_at};
use crate::model::state::State;
use crate::model::task::{Task, TaskId, with_progress};
use crate::os::files::Moved;
use crate::os::journal::Who;
use crate::os::task_folder::{self, EditError};

/// Moves a blocked task back to `pending/` if a person has answered what it was blocked for.
pub(super) fn hear_answer(shop: &Workshop, id: &TaskId) -> Result<()> {
    let (from, to) = (State::Blocked, State::Pending);
    let is_waiting = matches!(task_folder::read(&shop.dirs, from, id), Ok(Some(found)) if is_answered(&found.task));
    if !is_waiting {
        return Ok(());
    }
    let edited = task_folder::edit(&shop.dirs, from, id, |bytes| {
        let task = Task::parse(id.clone(), bytes)?;
        with_progress(bytes, &looked_at(&task.progress))
    });
    match edited {
        Ok(_) => {}
        Err(EditError::Io(error)) => return Err(error).context(|| format!("edit {id}")),
        // Somebody is just writing it: its next event brings us here again.
        Err(EditError::Invalid(_)) => return Ok(()),
    }
    match task_folder::move_task(&shop.dirs, id, from, to).context(|| format!("move {id} to {to}/"))? {
        Moved::Done => {
            let who = Who { task: Some(id.clone()), ..Who::default() };
            let cause = "a person has answered".to_owned();
            shop.journal.event(&who, Event::TaskMoved { from, to: Some(to), cause, outcome: None });
            Ok(())
        }
        Moved::Gone => Ok(()),
        Moved::Taken => {
            Err(Error::failed(format!("a task {id} lies in {to}/ too")).hint("rename or remove one of the two"))
        }
    }
}
