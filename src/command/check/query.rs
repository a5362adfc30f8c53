//! Asks an agent's program for its version and its login. Neither costs anything.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::seen::Scratch;
use crate::model::agent::query_line;
use crate::os::agents::{Described, find_program};
use crate::os::process::capture;

/// How long it may take: some take seconds to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a program says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// Its version, or why that is not known; `None`: its description has no way to ask.
    pub(super) version: Option<Result<String, String>>,
    /// Nobody has logged in.
    pub(super) is_logged_out: bool,
}

/// Asks the program of an agent, if it is there.
pub(super) fn ask(root: &Path, described: &Described) -> Said {
    let Some(program) = &described.program else { return Said::default() };
    let agent = &described.agent;
    let asked = |argv: &[String]| printed(root, described, &query_line(argv, &program.display().to_string()));
    let version = (!agent.version.argv.is_empty()).then(|| {
        let printed = asked(&agent.version.argv)?;
        let shown = agent.version.argv[1..].join(" ");
        agent.version.version_in(&printed).ok_or_else(|| format!("it does not stand in what `{shown}` prints"))
    });
    let replaced = agent.logged_in.unless_env.iter().any(|name| {
        agent.env_set.contains_key(name) || (agent.env_pass.contains(name) && std::env::var_os(name).is_some())
    });
    let is_logged_out = !agent.logged_in.argv.is_empty()
        && !replaced
        && agent
            .logged_in
            .missing
            .as_ref()
            .is_some_and(|missing| asked(&agent.logged_in.argv).is_ok_and(|printed| missing.is_match(&printed)));
    Said { version, is_logged_out }
}

/// All that `argv` prints, whatever its exit code.
fn printed(root: &Path, described: &Described, argv: &[&str]) -> Result<String, String> {
    let Some((name, args)) = argv.split_first() else { return Ok(String::new()) };
    let program = find_program(root, name).ok_or_else(|| format!("the program `{name}` was not found"))?;
    let scratch = Scratch::new().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).current_dir(scratch.work());
    command.env_clear().envs(scratch.env(&described.agent)).env("PWD", scratch.work());
    let captured = capture(&mut command, PATIENCE).map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(text(&captured.stdout) + &text(&captured.stderr))
}
