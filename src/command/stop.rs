//! `swarm stop`: tells the running swarms to end, and waits until they have.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::Desk;
use crate::cli::Stop;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::os::folders;
use crate::os::lock::Lock;
use crate::swarm::{Alive, alive};

pub(super) fn run(desk: &Desk, words: &Stop) -> Result<Exit> {
    let dirs = desk.machine()?;
    let running = alive(&dirs);
    if running.is_empty() {
        desk.say("no swarm is running here");
        return Ok(Exit::Done);
    }
    let signal = if words.now { Signal::USR2 } else { Signal::USR1 };
    for run in &running {
        tell(run, signal)?;
    }
    if !words.now {
        desk.say("waiting for the running cycles to finish; `swarm stop --now` ends them");
    }
    for run in &running {
        let path = dirs.run_lock(&run.run_id);
        // Held by the run until its last record is written.
        let _ended = Lock::exclusive(&path, &|| false).context(|| format!("wait for {}", run.run_id))?;
        desk.say(&format!("{} has stopped", run.run_id));
    }
    Ok(Exit::Done)
}

/// Sends a signal to exactly that process: between the look and the signal its number cannot be reused.
fn tell(run: &Alive, signal: Signal) -> Result<()> {
    if run.host != folders::host() {
        return Err(Error::failed(format!("{} runs on the machine {}", run.run_id, run.host)).hint("stop it there"));
    }
    let pid = i32::try_from(run.process.pid).ok().and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ok(()) };
    let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(()) };
    if !run.process.is_alive() {
        return Ok(());
    }
    match pidfd_send_signal(&process, signal) {
        // It has ended by itself.
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(std::io::Error::from(error)).context(|| format!("tell {} to stop", run.run_id)),
    }
}
