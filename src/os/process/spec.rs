//! What to run, and within which limits.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

pub use rustix::process::Signal;

use super::Mark;

/// One run of an agent or a gate, complete: nothing is inherited that does not stand here.
#[derive(Debug)]
pub struct Spec {
    /// The program and its arguments. A bare name is looked for on the `PATH` of `env`; a relative path with a slash
    /// is relative to `folder`.
    pub argv: Vec<OsString>,
    /// Where it runs; `PWD` is set to it.
    pub folder: PathBuf,
    /// Its whole environment, but for `PWD` and the mark.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads, from where the file stands; nothing if `None`. The child gets this very open file: a `flock` on it is held
    /// for as long as the caller or the child has it open.
    pub stdin: Option<File>,
    /// Where its standard output and standard error go, in the order in which they come.
    pub log: File,
    /// How many bytes of it the log takes before it keeps only the end.
    pub log_bytes: u64,
    /// When it has been running or silent for too long.
    pub clocks: Clocks,
    /// How it is asked to end, in order. Whatever the steps are, it is killed after the last.
    pub stop: Vec<StopStep>,
    /// What tells its processes from all others.
    pub mark: Mark,
}

/// How long a run may take; `None` is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    /// From the start to the first output. Where it is not set, `silence` counts from the start.
    pub start_silence: Option<Duration>,
    /// From one output to the next.
    pub silence: Option<Duration>,
    /// From the start to the end.
    pub total: Option<Duration>,
}

/// One step of asking a child to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopStep {
    /// The signal.
    pub signal: Signal,
    /// Who gets it.
    pub to: SendTo,
    /// How long to wait for the child's end before the next step.
    pub wait: Duration,
}

/// Who gets a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendTo {
    /// The child and all in its process group.
    Group,
    /// The child alone.
    Pid,
}
