//! The room of its own in which an agent works, where the settings name one: words before its command line.
//!
//! It fails closed. Before a run begins it must be seen to start; an agent whose program fails is believed only if the
//! sandbox still starts, else that is a trouble of the machine. Nothing ever runs without it instead.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::run_program::passed_to;
use crate::error::{Context, Error, Result};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::clean::clean_text;
use crate::model::excerpt;
use crate::model::sandbox::Sandbox;
use crate::os::agents::find_program;
use crate::os::dirs::Dirs;
use crate::os::process::{Captured, capture};
use crate::os::settings::Settings;

/// How long a sandbox may take to start a program that does nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every sandbox can run: it says a word, if it is given it.
const TRIVIAL: [&str; 5] = ["sh", "-c", "printf %s-inside \"$1\"", "sh", "swarm"];
const ITS_WORD: &[u8] = b"swarm-inside";

/// Where an agent works, for the words of a sandbox.
#[derive(Debug, Clone)]
pub struct Room<'a> {
    /// The workspace's folders.
    pub dirs: &'a Dirs,
    /// What all worktrees of the repository share.
    pub git_dir: &'a Path,
    /// Where the agent works.
    pub worktree: &'a Path,
    /// What its `TMPDIR` is.
    pub scratch: &'a Path,
    /// Where the records of the run are.
    pub run: &'a Path,
}

/// The words of a sandbox before a command line, ready to run; none where it is off. A program that is named by a path is
/// one of the workspace's.
pub fn words_before(sandbox: &Sandbox, room: &Room<'_>) -> Vec<OsString> {
    let home = std::env::var("HOME").unwrap_or_default();
    let shown = |path: &Path| path.display().to_string();
    let named = [
        ("worktree", shown(room.worktree)),
        ("git_dir", shown(room.git_dir)),
        ("tmp_dir", shown(room.scratch)),
        ("run_dir", shown(room.run)),
        ("queue_dir", shown(room.dirs.tasks())),
        ("workspace", shown(room.dirs.root())),
        ("home", home),
    ];
    let places: BTreeMap<&'static str, &str> = named.iter().map(|(name, place)| (*name, place.as_str())).collect();
    let mut words: Vec<OsString> = sandbox.words(&places).into_iter().map(OsString::from).collect();
    if let Some(program) = words.first_mut()
        && program.as_encoded_bytes().contains(&b'/')
    {
        *program = room.dirs.root().join(&program).into_os_string();
    }
    words
}

/// Has the sandbox run a program that does nothing, in `folder` and with that environment.
///
/// # Errors
/// Why it did not, in a sentence with what it printed.
pub(super) fn try_out(
    words: &[OsString],
    folder: &Path,
    env: &[(OsString, OsString)],
) -> std::result::Result<(), String> {
    let Some((name, rest)) = words.split_first() else { return Ok(()) };
    let shown = name.to_string_lossy();
    let program = find_program(Path::new("/"), &shown).ok_or_else(|| format!("the program `{shown}` was not found"))?;
    let mut command = Command::new(program);
    command.args(rest).args(TRIVIAL).stdin(Stdio::null()).current_dir(folder);
    command.env_clear().envs(env.iter().map(|(name, value)| (name, value))).env("PWD", folder);
    match capture(&mut command, PATIENCE) {
        Ok(Captured { status, stdout, .. }) if status.success() => {
            // `echo` succeeds as well, and runs nothing.
            if stdout.ends_with(ITS_WORD) {
                Ok(())
            } else {
                Err(format!("`{shown}` does not run the command line that follows it"))
            }
        }
        Ok(Captured { status, stdout, stderr }) => {
            let printed = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
            Err(format!("`{shown}` ended with {status}: {}", excerpt::last_line(&clean_text(&printed))))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// The sandboxes of these agents, each once, with the first agent that works in it.
pub fn sandboxes<'a>(settings: &'a Settings, choices: &'a [Choice]) -> Vec<(&'a Sandbox, &'a Choice)> {
    let mut known = HashSet::new();
    let described = choices.iter().filter_map(|choice| Some((choice, &settings.agents.find(choice).ok()?.agent)));
    described
        .map(|(choice, agent)| (settings.config.sandbox_of(agent), choice))
        .filter(|(sandbox, _)| !sandbox.is_off() && known.insert(format!("{sandbox:?}")))
        .collect()
}

/// Has the sandbox of `agent` run a program that does nothing, in a folder that is made for it.
///
/// # Errors
/// It cannot; the error says what it printed, and what to do.
pub fn preflight(dirs: &Dirs, git_dir: &Path, sandbox: &Sandbox, name: &str, agent: &Agent) -> Result<()> {
    let parent = dirs.scratch_or_temp();
    let folder = tempfile::tempdir_in(&parent).context(|| format!("write to {}", parent.display()))?;
    let place = |name: &str| -> Result<PathBuf> {
        let place = folder.path().join(name);
        fs::create_dir(&place).context(|| format!("create {}", place.display()))?;
        Ok(place)
    };
    let (worktree, scratch, run) = (place("worktree")?, place("tmp")?, place("run")?);
    let room = Room { dirs, git_dir, worktree: &worktree, scratch: &scratch, run: &run };
    let mut env = passed_to(agent);
    env.push(("TMPDIR".into(), scratch.clone().into_os_string()));
    try_out(&words_before(sandbox, &room), &worktree, &env).map_err(|reason| {
        Error::environment(format!("the sandbox of `{name}` does not start: {reason}")).hint(
            "mend `sandbox` in config/swarm.yaml, or in the agent's description; `none` there runs that agent without one",
        )
    })
}
