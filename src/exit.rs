//! The exit codes: a promise to scripts (see `docs/FORMATS.md`).

use std::process::{ExitCode, Termination};

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It ran, but something failed or is blocked.
    Failed = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The environment (git, agent, disk) is not fit.
    Environment = 3,
    /// Interrupted by a signal, or by `swarm stop --now`.
    Interrupted = 130,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}
