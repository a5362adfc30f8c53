//! A run that is alive, with its workers and its tasks, from its records and the claims.
//!
//! A claim says who has which task; the last events say with which step (`live`). Only the end of a run's events is
//! read, more of it where a task has been alive for long.

use jiff::Timestamp;
use serde::Serialize;

use super::age;
use super::live::{LiveTask, live_tasks, look_closer};
use super::workers::{self, Told, WorkerNow};
use crate::cycle::ClaimRecord;
use crate::model::record::{Event, EventLine};
use crate::os::dirs::Dirs;
use crate::os::records::{Records, RunRecord};
use crate::swarm::Alive;

/// How much of the events' end is read at first, and at most.
const TAILS: [u64; 3] = [64 * 1024, 1024 * 1024, 16 * 1024 * 1024];

/// A run that is alive.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunNow {
    pub(super) run_id: String,
    pub(super) pid: u32,
    pub(super) host: String,
    #[serde(serialize_with = "crate::model::moment::serialize_optional")]
    pub(super) started_at: Option<Timestamp>,
    pub(super) duration_ms: Option<u64>,
    /// The branch it lands on.
    pub(super) base: Option<String>,
    /// Why it claims no more.
    pub(super) paused: Option<String>,
}

/// A run with its workers and its tasks.
pub(super) struct Seen {
    pub(super) run: RunNow,
    pub(super) workers: Vec<WorkerNow>,
    /// The tasks that are alive, those in the merge queue last, in the order in which they came there.
    pub(super) live: Vec<LiveTask>,
}

/// One run, its workers and its tasks, from its records and the claims.
pub(super) fn look(
    records: &mut Records<'_>,
    dirs: &Dirs,
    run: &Alive,
    claims: &[ClaimRecord],
    now: Timestamp,
) -> Seen {
    let RunRecord { started, crew: changed, .. } = records.run(&run.run_id);
    let claims: Vec<&ClaimRecord> = claims.iter().filter(|claim| claim.run_id == run.run_id).collect();
    let (mut events, mut live) = (Vec::new(), Vec::new());
    for bytes in TAILS {
        let (found, all) = records.last_events(&run.run_id, bytes);
        events = found;
        live = live_tasks(&events, &claims);
        if all || live.iter().all(|task| task.is_whole) {
            break;
        }
    }
    look_closer(dirs, &mut live, now);
    let crew = Told { started: started.as_ref(), changed: changed.as_ref(), events: &events, live: &live };
    let workers = workers::of_run(&run.run_id, &crew, now);
    let started_at = started.as_ref().map(|started| started.started_at);
    let run = RunNow {
        run_id: run.run_id.clone(),
        pid: run.process.pid,
        host: run.host.clone(),
        started_at,
        duration_ms: started_at.map(|at| age::since_ms(at, now)),
        base: started.map(|started| started.base),
        paused: paused(&events),
    };
    Seen { run, workers, live }
}

fn paused(events: &[EventLine]) -> Option<String> {
    let mut paused = None;
    for line in events {
        if let Event::Paused { reason } = &line.event {
            paused = Some(reason.clone());
        } else if let Event::Resumed {} = &line.event {
            paused = None;
        }
    }
    paused
}
