//! The one door to git: every command of ours is built and run here.
//!
//! A user's settings decide how *their* commits look and which filters and merge drivers run. They must not
//! decide whether we can work: no editor, pager, prompt, signing, hook, background maintenance or translated
//! message. So the environment that would redirect git is removed, and a set of `-c` options stands before
//! every command. Each call costs one process (1.0 to 1.5 ms on a small repository).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use super::error::{GitError, Trouble};
use crate::os::process::{Captured, capture};

/// Long enough for anything but a checkout of a very large tree.
const TIMEOUT: Duration = Duration::from_secs(2 * 60);
/// For what writes or reads a whole tree through the user's filters, and for hooks.
const SLOW_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How long somebody else may hold one of git's lock files before we say so.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 10 });
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Variables by which a surrounding git (we may run inside a hook) or the user's shell would send our
/// commands to another repository, index or namespace, or change how arguments are read.
const REMOVED: &[&str] = &[
    "GIT_ADVICE",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ATTR_SOURCE",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GLOB_PATHSPECS",
    "GIT_GRAFT_FILE",
    "GIT_ICASE_PATHSPECS",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INDEX_VERSION",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NAMESPACE",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REFLOG_ACTION",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];

/// Variables that keep git from asking, paging, opening an editor, or believing `refs/replace/`, where an
/// agent could make git show us something else than what is published.
const ADDED: &[(&str, &str)] = &[
    ("GIT_EDITOR", "true"),
    ("GIT_MERGE_AUTOEDIT", "no"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_PAGER", "cat"),
    // git reports on a long checkout even where nobody looks; if we are killed it would die of the closed pipe, in
    // the middle of a move of the user's files.
    ("GIT_PROGRESS_DELAY", "1000000"),
    ("GIT_SEQUENCE_EDITOR", "true"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// Options before every command.
const SETTINGS: &[&str] = &[
    "advice.addEmbeddedRepo=false",
    "advice.detachedHead=false",
    "commit.gpgSign=false",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "gc.auto=0",
    "i18n.commitEncoding=UTF-8",
    "i18n.logOutputEncoding=UTF-8",
    "maintenance.auto=false",
    "submodule.recurse=false",
];

/// A git command that is being put together.
#[derive(Debug, Clone)]
#[must_use = "nothing runs before `run` or `ask`"]
pub(super) struct Git {
    path: PathBuf,
    place: Vec<OsString>,
    settings: Vec<String>,
    env: Vec<(&'static str, OsString)>,
    args: Vec<OsString>,
    timeout: Duration,
    patience: Duration,
    hooks: bool,
    holding: Option<Arc<File>>,
}

/// How a command ended.
#[derive(Debug)]
pub(super) struct Answer {
    /// The exit code; `None` when a signal ended it.
    pub(super) code: Option<i32>,
    /// All of standard output.
    pub(super) stdout: Vec<u8>,
    /// All of standard error, trimmed.
    pub(super) stderr: String,
}

impl Git {
    /// A command in the repository that git finds from `path` upwards.
    pub(super) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            place: vec!["-C".into(), path.into()],
            settings: SETTINGS.iter().map(|&setting| setting.to_owned()).collect(),
            env: ADDED.iter().map(|&(name, value)| (name, value.into())).collect(),
            args: Vec::new(),
            timeout: TIMEOUT,
            patience: PATIENCE,
            hooks: false,
            holding: None,
        }
    }

    /// A command with exactly this git directory and this tree. Nothing is looked for, so a slot whose
    /// `.git` file an agent has removed is never taken for the repository around it, the user's.
    pub(super) fn of(git_dir: &Path, work_tree: &Path) -> Self {
        let option = |name: &str, path: &Path| {
            let mut option = OsString::from(name);
            option.push(path);
            option
        };
        let mut git = Self::at(work_tree);
        git.place.extend([option("--git-dir=", git_dir), option("--work-tree=", work_tree)]);
        git
    }

    /// Adds one argument.
    pub(super) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(super) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds a `-c name=value`.
    pub(super) fn set(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// Adds a variable to the environment.
    pub(super) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// Only looks: takes no lock to write back what it learned, so it never stands in the user's way.
    pub(super) fn reading(self) -> Self {
        self.env("GIT_OPTIONAL_LOCKS", "0")
    }

    /// Syncs all it writes. git's default syncs neither loose objects nor refs, and a power cut then leaves
    /// a task "complete" beside a corrupt repository. The folder of a ref is never synced by git: see
    /// [`super::durable`].
    pub(super) fn durable(self) -> Self {
        self.set("core.fsync=all")
    }

    /// Runs the repository's hooks, in the user's own language: it is the user's text that comes back.
    pub(super) fn with_hooks(mut self) -> Self {
        self.hooks = true;
        self.slow()
    }

    /// May take as long as a checkout of a very large tree.
    pub(super) fn slow(mut self) -> Self {
        self.timeout = SLOW_TIMEOUT;
        self
    }

    /// May take only so long.
    pub(super) fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Hands it a locked file to keep open, as its standard input, of which git reads nothing: the lock is held
    /// until git has ended too. A program that is killed leaves its git running, and whoever comes next must not
    /// begin before that has ended.
    pub(super) fn holding(mut self, lock: Option<Arc<File>>) -> Self {
        self.holding = lock;
        self
    }

    /// Waits at most this long for git's lock files.
    pub(super) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs it; anything but exit code 0 is an error. Gives standard output.
    pub(super) fn run(self) -> Result<Vec<u8>, GitError> {
        let (path, command) = (self.path.clone(), self.words());
        let answer = self.ask()?;
        match answer.code {
            Some(0) => Ok(answer.stdout),
            code => Err(GitError::Failed { command, path, code, stderr: answer.stderr }),
        }
    }

    /// Runs it like [`Git::run`]; its output must be one object's name.
    pub(super) fn oid(self) -> Result<super::Oid, GitError> {
        let command = self.words();
        let stdout = self.run()?;
        super::Oid::from_git(&stdout).ok_or_else(|| unexpected(command, &stdout))
    }

    /// Runs it; the exit code is the caller's to judge. Troubles that say nothing about the question (a full
    /// disk, a lock that stays held, no end in time) are errors. It is run again while another process holds
    /// one of git's lock files: git takes them before it changes anything that is seen.
    pub(super) fn ask(self) -> Result<Answer, GitError> {
        let deadline = Instant::now() + self.patience;
        let mut pause = Duration::from_millis(1);
        loop {
            let answer = self.once()?;
            if answer.code == Some(0) {
                return Ok(answer);
            }
            let lock = match Trouble::of(&answer.stderr) {
                Some(Trouble::DiskFull) => {
                    return Err(GitError::DiskFull { command: self.words(), path: self.path });
                }
                // The words may be a hook's, and a hook is not run twice.
                _ if self.hooks => return Ok(answer),
                Some(Trouble::Locked(lock)) => Some(lock),
                Some(Trouble::HalfWritten) => None,
                None => return Ok(answer),
            };
            if Instant::now() >= deadline {
                return match lock {
                    Some(lock) => Err(GitError::Locked { command: self.words(), lock }),
                    None => Ok(answer),
                };
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn once(&self) -> Result<Answer, GitError> {
        #[cfg(test)]
        PROCESSES.set(PROCESSES.get() + 1);
        let mut command = self.command();
        let stdin = match &self.holding {
            Some(lock) => lock.try_clone().map(Stdio::from).map_err(|source| GitError::CouldNotRun { source })?,
            None => Stdio::null(),
        };
        command.stdin(stdin);
        match capture(&mut command, self.timeout) {
            Ok(Captured { status, stdout, stderr }) => {
                Ok(Answer { code: status.code(), stdout, stderr: String::from_utf8_lossy(&stderr).trim().to_owned() })
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(GitError::TimedOut { command: self.words(), path: self.path.clone(), after: self.timeout })
            }
            Err(source) => Err(GitError::CouldNotRun { source }),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        for name in REMOVED {
            command.env_remove(name);
        }
        if !self.hooks {
            command.env("LC_ALL", "C").args(["-c", "core.hooksPath=/dev/null"]);
        }
        if cfg!(test) {
            // The settings of the machine that runs the tests play no part.
            command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", "/nonexistent");
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        for setting in &self.settings {
            command.arg("-c").arg(setting);
        }
        command.args(&self.place).args(&self.args);
        command
    }

    /// The command as a person would type it, without our standing options.
    fn words(&self) -> String {
        self.args.iter().fold(String::from("git"), |words, arg| words + " " + &arg.to_string_lossy())
    }
}

#[cfg(test)]
thread_local! {
    static PROCESSES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// How many processes this thread has started.
#[cfg(test)]
pub(super) fn processes() -> usize {
    PROCESSES.get()
}

/// git, looked for on PATH once: a bare name is tried in every folder of PATH at every start.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let there = |git: &PathBuf| git.is_file() && rustix::fs::access(git, rustix::fs::Access::EXEC_OK).is_ok();
        // Where it is nowhere, the start says so.
        std::env::split_paths(&path).map(|folder| folder.join("git")).find(there).unwrap_or_else(|| "git".into())
    })
}

/// An answer that cannot be read, with the start of what it was.
pub(super) fn unexpected(command: impl Into<String>, answer: &[u8]) -> GitError {
    let answer = String::from_utf8_lossy(answer).trim().chars().take(200).collect();
    GitError::Unexpected { command: command.into(), answer }
}
