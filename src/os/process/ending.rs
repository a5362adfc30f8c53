//! What is known after a run.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

/// The end of a run, whatever it was.
#[derive(Debug)]
pub struct Ending {
    /// Why it is over.
    pub how: How,
    /// From the start to the child's end.
    pub duration: Duration,
    /// The last of what it printed, at most 64 KiB.
    pub tail: Vec<u8>,
    /// How many bytes it printed in all.
    pub printed_bytes: u64,
    /// The first failed write to the log; the log holds nothing after it.
    pub log_error: Option<io::Error>,
    /// What it left behind and the sweep ended.
    pub strays: Vec<Stray>,
}

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It ended by itself with this exit code.
    Exited(i32),
    /// It ended by this signal, which was not ours.
    Signalled(i32),
    /// A clock ran out and it was ended.
    TimedOut(Clock),
    /// It was asked for, by the wake or by a verdict, and the child was ended.
    Interrupted,
}

/// Which of the clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// It never printed anything.
    StartSilence,
    /// It fell silent.
    Silence,
    /// It took too long as a whole.
    Total,
    /// It had not ended within the time that it was given last.
    Given,
}

/// A process that outlived its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// Its process id.
    pub pid: u32,
    /// Its command line, cut to a readable length.
    pub command: String,
    /// It could not be ended: it belongs to another user, or hangs in the kernel.
    pub survived: bool,
}

impl How {
    /// How a child ended that nobody asked to.
    pub(super) fn by_itself(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signalled(signal.unwrap_or(0)),
        }
    }
}
