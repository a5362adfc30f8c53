//! `swarm pause` and `swarm resume`: claiming rests, and goes on, in all swarms of the workspace.

use super::Desk;
use crate::cli::Pause;
use crate::error::{Context, Result};
use crate::exit::Exit;
use crate::os::{control, folders};
use crate::swarm::alive;

/// Claims no more. The cycles that run are finished.
pub(super) fn pause(desk: &Desk, words: &Pause) -> Result<Exit> {
    let dirs = desk.machine()?;
    folders::create_machine(&dirs)?;
    let reason = words.reason.join(" ");
    let before = control::paused(&dirs);
    if before.is_some() && reason.is_empty() {
        desk.say("claiming is paused already");
        return Ok(Exit::Done);
    }
    control::pause(&dirs, &reason).context(|| format!("write {}", dirs.paused().display()))?;
    let running = match alive(&dirs).len() {
        0 => "no swarm is running; one that starts",
        1 => "the running swarm finishes its cycles, and",
        _ => "the running swarms finish their cycles, and each",
    };
    desk.say(&format!("paused: {running} claims nothing until `swarm resume`"));
    Ok(Exit::Done)
}

/// Claims again.
pub(super) fn resume(desk: &Desk) -> Result<Exit> {
    let dirs = desk.machine()?;
    let was_paused = control::resume(&dirs).context(|| format!("remove {}", dirs.paused().display()))?;
    let said = match (was_paused, alive(&dirs).is_empty()) {
        (false, _) => "claiming is not paused",
        (true, false) => "claiming goes on",
        (true, true) => "no longer paused; no swarm is running: `swarm start`",
    };
    desk.say(said);
    Ok(Exit::Done)
}
