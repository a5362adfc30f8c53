//! The task that mends a red base: filed once for each tree, and withdrawn when the base is green without it.

use crate::cycle::{BaseTurn, Workshop};
use crate::error::{Context, Error, Result};
use crate::model::base_health::{repair_task, repairs};
use crate::model::comment::{Author, with_comment};
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{Task, TaskId, with_progress};
use crate::os::clock;
use crate::os::files::{self, Moved};
use crate::os::git::Oid;
use crate::os::journal::Who;
use crate::os::lock::Lock;
use crate::os::task_folder::{self, EditError};

/// Files the task, unless one of its name lies in any folder. Durable. Of two processes one files it: whose turn it is,
/// and before the other has its turn nobody may have claimed the file unseen.
pub(super) fn file(shop: &Workshop, _turn: &BaseTurn, id: &TaskId, tip: &Oid, gate: &str, reason: &str) -> Result<()> {
    if task_folder::find(&shop.dirs, id).is_some() {
        return Ok(());
    }
    let text = repair_task(&shop.base, tip.as_str(), gate, reason);
    let path = shop.dirs.task(State::Pending, id);
    files::create_durably(&path, text.as_bytes()).context(|| format!("write {}", path.display()))?;
    Ok(())
}

/// The base is green without this task: the commit that mended it is on the base, so the task is complete. One that
/// somebody works on, that waits for a person's approval, or that is none of ours stays where it is. Gives whether it
/// was completed.
pub(super) fn withdraw(shop: &Workshop, id: &TaskId, tip: &Oid) -> Result<bool> {
    let dirs = &shop.dirs;
    if !repairs(id).is_some_and(|tree| shop.judgements.was_judged(tree)) {
        return Ok(false);
    }
    let lock = Lock::try_exclusive(&dirs.claim_lock(id)).context(|| format!("lock the claim of {id}"))?;
    let Some(_lock) = lock else { return Ok(false) };
    let from = [State::Pending, State::Blocked].into_iter().find(|state| task_folder::exists(dirs, *state, id));
    let Some(from) = from else { return Ok(false) };
    let cause = format!("the base is green at {} without it", tip.short());
    let edited = task_folder::edit(dirs, from, id, |bytes| {
        let mut progress = Task::parse(id.clone(), bytes)?.progress;
        progress.commit = Some(tip.to_string());
        progress.completed_at = Some(clock::now());
        progress.feedback = None;
        progress.not_before = None;
        Ok(with_comment(
            &with_progress(bytes, &progress)?,
            clock::now(),
            &Author::Swarm,
            &format!("Nothing is left to mend: {cause}."),
        ))
    });
    match edited {
        Ok(_) => {}
        // Somebody has made another text of it: it is his.
        Err(EditError::Invalid(_)) => return Ok(false),
        Err(EditError::Io(error)) => {
            return Err(Error::environment(format!("cannot write {}", dirs.shown(&dirs.task(from, id)))).because(error));
        }
    }
    let moved =
        task_folder::move_task(dirs, id, from, State::Complete).context(|| format!("move {id} to complete/"))?;
    if moved == Moved::Done {
        let who = Who { task: Some(id.clone()), ..Who::default() };
        shop.journal.event(&who, Event::TaskMoved { from, to: Some(State::Complete), cause, outcome: None });
    }
    Ok(moved == Moved::Done)
}
