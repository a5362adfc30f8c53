//! What is known of the tasks in `current/` from the claims on them.

use serde::Serialize;

use crate::cycle::ClaimRecord;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::folders;
use crate::os::lock_table::LockTable;
use crate::os::records::Records;
use crate::os::task_folder;
use crate::swarm::Alive;

/// A task in `current/` whose worker is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct NoWorker {
    pub(super) task: TaskId,
    pub(super) run_id: Option<String>,
    pub(super) worker: Option<String>,
}

/// What is known of the claims on the tasks in `current/`.
pub(super) fn read(records: &mut Records<'_>, dirs: &Dirs, current: &[TaskId]) -> Vec<ClaimRecord> {
    let mut claims = Vec::new();
    for id in current {
        match ClaimRecord::read(dirs, id) {
            Some(claim) => claims.push(claim),
            None if dirs.claim_record(id).exists() => {
                records.put_aside(&dirs.claim_record(id), "is no record of a claim of this task");
            }
            None => {}
        }
    }
    claims
}

/// Those of the tasks in `current/` whose claim nobody holds; none where that cannot be seen.
///
/// The worker takes the lock before the file comes and lets it go after the file has gone. So a lock that is
/// free while the file lies there, before and after the look, has no worker. (Between the two looks the file
/// may have gone and come again; then the next look tells the truth.) A lock on another machine, or in
/// another container, is not seen: there the run's own lock speaks.
pub(super) fn without_worker(
    dirs: &Dirs,
    current: &[TaskId],
    claims: &[ClaimRecord],
    alive: &[Alive],
) -> Vec<NoWorker> {
    let host = folders::host();
    let Some(table) = LockTable::read(&dirs.claims()) else { return Vec::new() };
    let claim_of = |id: &TaskId| claims.iter().find(|claim| claim.task == *id);
    let lives_elsewhere = |claim: &ClaimRecord| alive.iter().any(|run| run.run_id == claim.run_id && run.host != host);
    let dead = current.iter().filter(|id| {
        !table.holds(&dirs.claim_lock(id))
            && task_folder::exists(dirs, State::Current, id)
            && !claim_of(id).is_some_and(lives_elsewhere)
    });
    dead.map(|id| NoWorker {
        task: id.clone(),
        run_id: claim_of(id).map(|claim| claim.run_id.clone()),
        worker: claim_of(id).map(|claim| claim.worker.clone()),
    })
    .collect()
}
