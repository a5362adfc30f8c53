//! The `-f` of `swarm logs`: goes on while more comes, woken by file events.

use super::Desk;
use super::logs::Printer;
use super::printed::{Log, Of, find};
use crate::error::Result;
use crate::model::record::StepName;
use crate::model::state::State;
use crate::os::bell::{Bell, Ring};
use crate::os::dirs::Dirs;
use crate::os::records::Records;
use crate::os::task_folder;
use crate::swarm::{Alive, alive};

/// Prints what is written from now on. `newest`: the newest run that was there. Ends when nothing more can come,
/// or when nobody reads.
pub(super) fn follow(
    desk: &Desk,
    dirs: &Dirs,
    of: &Of,
    step: Option<StepName>,
    newest: Option<&str>,
    printer: &mut Printer<'_>,
) -> Result<()> {
    let mut bell = Bell::new()?;
    bell.watch(dirs.runs())?;
    for state in State::ALL {
        bell.watch(&dirs.state(state))?;
    }
    let mut logs: Vec<Log> = Vec::new();
    let mut ring = Ring::Names;
    let mut has_waited = false;
    loop {
        let mut over = false;
        if ring == Ring::Names {
            // In this order: what is watched is looked at afterwards, and what is over is printed to its end.
            let alive = alive(dirs);
            alive.iter().for_each(|run| bell.watch_process(&run.process));
            let runs = runs_of_interest(dirs, of, newest, &alive);
            for run_id in &runs {
                let folder = dirs.run(run_id);
                // The outer one first: what is made inside it from now on rings.
                for inner in ["", "logs", "cycles"] {
                    bell.watch(&folder.join(inner))?;
                }
            }
            over = is_over(dirs, of, newest, &alive);
            if over && !printer.has_printed() && waits(dirs, of) {
                // Somebody is about to start a swarm.
                over = false;
                if !std::mem::replace(&mut has_waited, true) {
                    desk.say("nothing has been printed yet, and no swarm is running: waiting for one");
                }
            }
            logs = find(&mut Records::new(dirs), dirs, of, &runs, step);
        }
        if !printer.print(dirs, &logs)? || over {
            return Ok(());
        }
        ring = bell.wait();
    }
}

/// The runs in which something can still be written: the newest one, those alive, and any that begins later.
fn runs_of_interest(dirs: &Dirs, of: &Of, newest: Option<&str>, alive: &[Alive]) -> Vec<String> {
    match of {
        Of::Worker(_) => newest.map(str::to_owned).into_iter().collect(),
        Of::Task(_) => {
            let first = alive.iter().map(|run| run.run_id.as_str()).chain(newest).min().unwrap_or_default();
            let mut runs = Records::new(dirs).run_ids();
            runs.retain(|run_id| run_id.as_str() >= first);
            runs
        }
    }
}

/// Whether it is a task that waits for a swarm.
fn waits(dirs: &Dirs, of: &Of) -> bool {
    match of {
        Of::Worker(_) => false,
        Of::Task(id) => task_folder::find(dirs, id) == Some(State::Pending),
    }
}

/// Whether nothing more can come.
fn is_over(dirs: &Dirs, of: &Of, newest: Option<&str>, alive: &[Alive]) -> bool {
    match of {
        Of::Worker(_) => !alive.iter().any(|run| Some(run.run_id.as_str()) == newest),
        Of::Task(id) => match task_folder::find(dirs, id) {
            // Being worked on, or it may be claimed again.
            Some(State::Current | State::Pending) => alive.is_empty(),
            Some(State::Review | State::Blocked | State::Complete) | None => true,
        },
    }
}
