//! Starts an agent, a gate or a setup command in a worker's worktree, with the environment it may see.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::sandbox::{Room, try_out, words_before};
use super::{Bench, Workshop};
use crate::model::agent::{self, Agent, Target};
use crate::model::config::{Config, Limits};
use crate::model::excerpt;
use crate::os::git::{GitError, Guard, PARAMETERS, parameters};
use crate::os::process::{self, Clocks, Ending, How, Mark, SendTo, Signal, Spec, StopStep, Watch};

/// What every program may see of the user's environment.
const USUAL: [&str; 9] = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "SHELL", "USER", "LOGNAME", "TZ"];

/// Ports for the servers of one worktree: each slot has its own range.
const FIRST_PORT: u32 = 21_000;
const PORTS_PER_SLOT: u32 = 20;

/// One program to run.
pub(super) struct Program {
    pub(super) argv: Vec<OsString>,
    /// As a person reads it.
    pub(super) shown: String,
    /// The agent whose turn it is.
    pub(super) agent: Option<String>,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) stdin: Option<File>,
    pub(super) clocks: Clocks,
    pub(super) stop: Vec<StopStep>,
    pub(super) mark: Mark,
    guarded: Guarded,
    /// The words of a sandbox before the command line.
    room: Vec<OsString>,
}

/// What a program's git is kept from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guarded {
    /// From pushing. Its hooks are the user's: a setup may well install some.
    FromPushing,
    /// From moving what is not its own, too: an agent, and a gate, which runs what an agent has written.
    FromMoving,
}

impl Program {
    /// A command line of the user's own settings: it sees the user's whole environment, but none of git's
    /// variables, which would point it at another repository.
    pub(super) fn shell(
        shop: &Workshop,
        bench: &Bench,
        command: &str,
        timeout: Duration,
        mark: Mark,
        guarded: Guarded,
    ) -> Self {
        let mut env: Vec<(OsString, OsString)> =
            std::env::vars_os().filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"GIT_")).collect();
        env.extend(house(shop, bench, guarded));
        Self {
            argv: ["sh", "-c", command].map(OsString::from).to_vec(),
            shown: command.to_owned(),
            agent: None,
            env,
            stdin: None,
            clocks: Clocks { start_silence: None, silence: None, total: Some(timeout) },
            stop: stop_steps(&agent::default_stop()),
            mark,
            guarded,
            room: Vec::new(),
        }
    }

    /// An agent: it sees only what its description lets through, and works in its sandbox where `config` has one.
    pub(super) fn agent(
        shop: &Workshop,
        config: &Config,
        bench: &Bench,
        agent: &Agent,
        argv: Vec<OsString>,
        mark: Mark,
    ) -> Self {
        let mut env = passed_to(agent);
        env.extend(house(shop, bench, Guarded::FromMoving));
        env.extend(shop.repo.identity_env().into_iter().map(|(name, value)| (name.into(), value.into())));
        env.extend(agent.env_set.iter().map(|(name, value)| (name.into(), value.into())));
        let room = room(shop, config, bench, agent);
        let argv = [room.clone(), argv].concat();
        let parts: Vec<String> = argv.iter().map(|part| excerpt::shorten(&part.to_string_lossy(), 200)).collect();
        let shown = parts.join(" ");
        let mut stop = stop_steps(&agent.stop);
        if !room.is_empty() {
            // The first process may be the sandbox's own, and the agent one below it.
            stop.iter_mut().for_each(|step| step.to = SendTo::Group);
        }
        let (clocks, guarded) = (Clocks::default(), Guarded::FromMoving);
        Self { argv, shown, agent: None, env, stdin: None, clocks, stop, mark, guarded, room }
    }

    pub(super) fn with_env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }
}

/// What an agent may see of the user's environment: the usual few variables, and those that its description names.
pub fn passed_to(agent: &Agent) -> Vec<(OsString, OsString)> {
    let names = USUAL.into_iter().chain(agent.env_pass.iter().map(String::as_str));
    names.filter_map(|name| Some((name.into(), std::env::var_os(name)?))).collect()
}

/// What the house tells every program that it runs.
fn house(shop: &Workshop, bench: &Bench, guarded: Guarded) -> Vec<(OsString, OsString)> {
    let port = FIRST_PORT + bench.index() * PORTS_PER_SLOT;
    let pairs: [(&str, OsString); 14] = [
        ("SWARM_RUN", shop.journal.run_id().into()),
        ("SWARM_WORKER", bench.worker.clone().into()),
        ("SWARM_SLOT", bench.slot_name.clone().into()),
        ("SWARM_PORT_BASE", port.to_string().into()),
        ("SWARM_BASE", shop.base.clone().into()),
        ("TMPDIR", scratch(shop, bench).into_os_string()),
        // Nobody is there to answer, to edit or to sign.
        ("GIT_TERMINAL_PROMPT", "0".into()),
        ("GIT_ASKPASS", "".into()),
        ("SSH_ASKPASS_REQUIRE", "never".into()),
        ("GCM_INTERACTIVE", "never".into()),
        ("GIT_EDITOR", "true".into()),
        ("GIT_SEQUENCE_EDITOR", "true".into()),
        (PARAMETERS, parameters(&settings_of_git(shop, bench, guarded)).into()),
        ("PAGER", "cat".into()),
    ];
    pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
}

/// What its git is told on top of the user's settings.
fn settings_of_git(shop: &Workshop, bench: &Bench, guarded: Guarded) -> Vec<(String, String)> {
    // git's upkeep would outlive the program that started it, and would be ended as a stray.
    let quiet = [("commit.gpgSign", "false"), ("maintenance.auto", "false"), ("gc.auto", "0")];
    let mut settings: Vec<_> = quiet.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let guard = Guard::in_folder(shop.dirs.guard(&bench.slot_name));
    settings.extend(guard.no_pushes(&shop.repo));
    match guarded {
        Guarded::FromPushing => {}
        Guarded::FromMoving => settings.extend(guard.no_moves(&shop.repo)),
    }
    settings
}

/// What git is told when it commits in the worktree in which an agent was at work, if there are hooks: they may run what the
/// agent has written, and are kept from the same.
pub(super) fn settings_of_hooks(shop: &Workshop, bench: &Bench) -> Result<Option<String>, GitError> {
    let has_hooks = shop.users_git.in_worktree(&bench.slot)?.has_hooks_in(&bench.slot);
    Ok(has_hooks.then(|| parameters(&settings_of_git(shop, bench, Guarded::FromMoving))))
}

/// Writes what those settings name.
fn lay_guard(shop: &Workshop, bench: &Bench, guarded: Guarded) -> Result<(), GitError> {
    let guard = Guard::in_folder(shop.dirs.guard(&bench.slot_name));
    let users = shop.users_git.in_worktree(&bench.slot)?;
    guard.against_pushes(&bench.slot, &scratch(shop, bench), &users)?;
    match guarded {
        Guarded::FromPushing => Ok(()),
        Guarded::FromMoving => guard.against_moves(&bench.slot, &shop.base, &users),
    }
}

/// The words of the agent's sandbox.
fn room(shop: &Workshop, config: &Config, bench: &Bench, agent: &Agent) -> Vec<OsString> {
    let (worktree, scratch) = (bench.slot.path(), scratch(shop, bench));
    let (git_dir, run) = (shop.repo.common_dir(), shop.journal.folder());
    let room = Room { dirs: &shop.dirs, git_dir, worktree, scratch: &scratch, run };
    words_before(config.sandbox_of(agent), &room)
}

/// A folder for the litter that programs leave; emptied after each.
fn scratch(shop: &Workshop, bench: &Bench) -> std::path::PathBuf {
    shop.dirs.scratch().join(&bench.slot_name)
}

/// A description's steps to end its agent, as they are taken.
pub fn stop_steps(steps: &[agent::Stop]) -> Vec<StopStep> {
    let step = |step: &agent::Stop| StopStep {
        signal: match step.signal {
            agent::Signal::Int => Signal::INT,
            agent::Signal::Term => Signal::TERM,
            agent::Signal::Kill => Signal::KILL,
        },
        to: match step.to {
            Target::Group => SendTo::Group,
            Target::Pid => SendTo::Pid,
        },
        wait: step.wait,
    };
    steps.iter().map(step).collect()
}

/// Runs `program` in the worktree and writes to `log` what it prints, as much as `limits` lets a log keep.
pub(super) fn run_program(
    shop: &Workshop,
    limits: &Limits,
    bench: &Bench,
    program: Program,
    log: &Path,
    watch: &mut dyn Watch,
) -> io::Result<Ending> {
    let scratch = scratch(shop, bench);
    fs::create_dir_all(&scratch)?;
    lay_guard(shop, bench, program.guarded).map_err(io::Error::other)?;
    let tried = if program.room.is_empty() { Vec::new() } else { program.env.clone() };
    let spec = Spec {
        argv: program.argv,
        folder: bench.slot.path().to_owned(),
        env: program.env,
        stdin: program.stdin,
        log: File::create(log)?,
        log_bytes: limits.log_bytes.as_u64(),
        clocks: program.clocks,
        stop: program.stop,
        mark: program.mark,
    };
    let ending = process::run(spec, &bench.wake, watch);
    let ending = ending.and_then(|ending| match ending.how {
        // It may have been the sandbox that failed, and the agent was never there.
        How::Exited(1..) | How::Signalled(_) if bench.slot.is_intact() => {
            let tried = try_out(&program.room, bench.slot.path(), &tried);
            tried.map(|()| ending).map_err(|reason| io::Error::other(format!("the sandbox does not start: {reason}")))
        }
        How::Exited(_) | How::Signalled(_) | How::TimedOut(_) | How::Interrupted => Ok(ending),
    });
    // Litter that cannot be removed now goes with the next program's.
    let _ = fs::remove_dir_all(&scratch);
    ending
}
