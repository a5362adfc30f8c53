//! Runs a command of the user's own settings that is no gate: one that is asked for money, or told something.

use std::ffi::OsString;
use std::io::{self, Seek, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::{Captured, capture};

/// A command, and what it gets.
#[derive(Debug)]
pub struct Hook<'a> {
    /// Run with `sh -c`.
    pub command: &'a str,
    /// Where.
    pub folder: &'a Path,
    /// What its environment says beyond the user's own.
    pub env: Vec<(&'static str, OsString)>,
    /// What it reads.
    pub stdin: &'a [u8],
    /// How long it may take.
    pub timeout: Duration,
}

/// Runs it to its end. It sees the user's whole environment but git's variables, which would point it at another
/// repository.
///
/// # Errors
/// It could not be started, or took too long ([`io::ErrorKind::TimedOut`]).
pub fn run(hook: Hook<'_>) -> io::Result<Captured> {
    // A file, not a pipe: a command that does not read it keeps nobody waiting.
    let mut stdin = tempfile::tempfile()?;
    stdin.write_all(hook.stdin)?;
    stdin.rewind()?;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", hook.command]).current_dir(hook.folder).stdin(stdin);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"GIT_")) {
        command.env_remove(name);
    }
    command.env("GIT_TERMINAL_PROMPT", "0").env("PWD", hook.folder).envs(hook.env);
    capture(&mut command, hook.timeout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gets_its_words_and_is_ended_when_it_takes_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let hook = |command, seconds| {
            let env = vec![("SWARM_X", OsString::from("y"))];
            let timeout = Duration::from_millis(seconds);
            run(Hook { command, folder: folder.path(), env, stdin: b"told", timeout })
        };
        let said = hook("printf '%s %s' \"$(cat)\" $SWARM_X; pwd -P > here; exit 3", 60_000).unwrap();
        assert_eq!((said.status.code(), said.stdout.as_slice()), (Some(3), &b"told y"[..]));
        let here = std::fs::read_to_string(folder.path().join("here")).unwrap();
        assert_eq!(Path::new(here.trim()), folder.path().canonicalize().unwrap());
        assert_eq!(hook("sleep 600", 50).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
