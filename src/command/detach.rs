//! `swarm start --detach`: starts the same command again in the background and waits until that is up.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use super::Desk;
use crate::error::{Context, Error, Result};
use crate::exit::Exit;
use crate::os::folders;
use crate::os::workspace::Workspace;

/// What the background half says, alone on its line, when it is up.
const UP: &str = "up ";

/// Returns when the swarm in the background is up, with its name; or says why it is not.
pub(super) fn run(desk: &Desk, workspace: &Workspace) -> Result<Exit> {
    folders::create(&workspace.dirs)?;
    let log = workspace.dirs.machine().join("detached.log");
    let talk = OpenOptions::new().create(true).append(true).open(&log).context(|| format!("open {}", log.display()))?;
    let began = talk.metadata().map(|meta| meta.len()).unwrap_or(0);
    let program = std::env::current_exe().context(|| "find the own program".to_owned())?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1).filter(|word| word != "--detach"))
        .arg("--detached")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(talk)
        .spawn()
        .context(|| "start the swarm in the background".to_owned())?;
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
    let up = lines.filter_map(|line| line.strip_prefix(UP).map(|run_id| run_id.trim().to_owned())).next();
    if let Some(run_id) = up {
        if desk.json() {
            desk.print_json(&serde_json::json!({"schema": 1, "run_id": run_id, "pid": child.id()}))?;
        } else {
            desk.print(&format!("{run_id}\n"))?;
            desk.say(&format!(
                "running in the background as process {}; see `swarm status`, end it with `swarm stop`; what it says goes \
                 to {}",
                child.id(),
                workspace.dirs.shown(&log)
            ));
        }
        return Ok(Exit::Done);
    }
    // It has closed its output without a word: it is ending, and has said why in the log.
    let status = child.wait().context(|| "wait for the swarm in the background".to_owned())?;
    let said = fs::read(&log).unwrap_or_default();
    let said =
        String::from_utf8_lossy(said.get(usize::try_from(began).unwrap_or(0)..).unwrap_or_default()).into_owned();
    for line in said.lines() {
        desk.say(line);
    }
    let message = "the swarm in the background did not come up";
    Err(match status.code() {
        Some(2) => Error::usage(message),
        Some(3) => Error::environment(message),
        Some(_) | None => Error::failed(message),
    })
}

/// The background half: leaves the terminal's session, so that closing it does not reach the swarm.
pub(super) fn leave_terminal() -> Result<()> {
    rustix::process::setsid().map_err(std::io::Error::from).context(|| "leave the terminal's session".to_owned())?;
    Ok(())
}

/// The background half is up: tells the half that waits.
pub(super) fn tell_parent(run_id: &str) {
    // If nobody waits any more, nobody needs to know.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{UP}{run_id}");
    let _ = out.flush();
}
