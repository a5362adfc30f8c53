//! `swarm scale`: another number of workers for the running swarms.

use super::Desk;
use super::announce::count;
use crate::cli::Scale;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::model::crew::MOST;
use crate::os::{control, folders};
use crate::swarm::alive;

pub(super) fn run(desk: &Desk, words: &Scale) -> Result<Exit> {
    let dirs = desk.machine()?;
    match words.workers {
        0 => return Err(Error::usage("0 would leave nobody to work").hint("to let claiming rest: swarm pause")),
        1..=MOST => {}
        too_many => return Err(Error::usage(format!("{too_many} workers are too many; {MOST} is the most"))),
    }
    let running = alive(&dirs);
    if running.is_empty() {
        return Err(Error::failed("no swarm is running here")
            .hint(format!("start one with that many workers: swarm start -n {}", words.workers)));
    }
    folders::create_machine(&dirs)?;
    control::ask_for_workers(&dirs, words.workers).context(|| format!("write {}", dirs.wanted_workers().display()))?;
    for run in &running {
        desk.say(&format!("{} goes to {}", run.run_id, count(words.workers, "worker")));
    }
    Ok(Exit::Done)
}
