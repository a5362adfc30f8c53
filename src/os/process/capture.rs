//! Runs a short command to its end and keeps what it printed.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::children::{self, Own};
use super::output::set_nonblocking;
use super::{Signal, ready};

/// How much of each output is kept in memory.
const LARGEST: usize = 64 * 1024 * 1024;
/// What most commands print at most, so that it takes one read.
const SMALL: usize = 1024;
/// How long a command that took too long gets to put its lock files away.
const GRACE: Duration = Duration::from_secs(2);

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

/// Runs `command` with both outputs captured, in a process group of its own. Its standard input is the caller's to
/// set; where nobody does, it is the program's own.
///
/// After `timeout` the group is asked to end, then killed ([`io::ErrorKind::TimedOut`]); so it is when one output
/// grows past 64 MiB ([`io::ErrorKind::QuotaExceeded`]). Processes that it leaves in the background are not waited
/// for. A bare program name together with a cleared environment or a `PATH` of its own makes the spawn a fork, which
/// is slow in a large process: name the program by its path then.
pub fn capture(command: &mut Command, timeout: Duration) -> io::Result<Captured> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = children::spawn(command)?;
    let mut stdout = Stream::new(child.take_stdout())?;
    let mut stderr = Stream::new(child.take_stderr())?;
    let outcome = follow(&child, &mut stdout, &mut stderr, ready::after(timeout));
    if let Ok(true) = outcome {
        let status = child.reap()?;
        return Ok(Captured { status, stdout: stdout.bytes, stderr: stderr.bytes });
    }
    child.signal_group(Signal::TERM);
    ready::wait_for(child.as_fd(), Instant::now() + GRACE)?;
    child.kill()?;
    child.reap()?;
    let program = command.get_program().display();
    let error = outcome.err().unwrap_or_else(|| io::ErrorKind::TimedOut.into());
    Err(match error.kind() {
        io::ErrorKind::TimedOut => io::Error::new(error.kind(), format!("`{program}` took longer than {timeout:?}")),
        kind => io::Error::new(kind, format!("`{program}`: {error}")),
    })
}

/// Takes both outputs until the child has ended; false if `until` came first.
fn follow(
    child: &Own,
    stdout: &mut Stream<impl Read + AsFd>,
    stderr: &mut Stream<impl Read + AsFd>,
    until: Option<Instant>,
) -> io::Result<bool> {
    loop {
        let [has_ended, on_stdout, on_stderr] = ready::wait([Some(child.as_fd()), stdout.fd(), stderr.fd()], until)?;
        // After the end, what is in the pipes is all that the command itself has written.
        if on_stdout || has_ended {
            stdout.take()?;
        }
        if on_stderr || has_ended {
            stderr.take()?;
        }
        if has_ended {
            return Ok(true);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(false);
        }
    }
}

/// One output of the command and what came from it.
struct Stream<R> {
    pipe: Option<R>,
    bytes: Vec<u8>,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(pipe: Option<R>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            set_nonblocking(pipe.as_fd())?;
        }
        Ok(Self { pipe, bytes: Vec::with_capacity(SMALL) })
    }

    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Takes what is there now. A flood may keep it here, until it is too much.
    fn take(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.pipe else { return Ok(()) };
        let room = (LARGEST + 1 - self.bytes.len()) as u64;
        match pipe.by_ref().take(room).read_to_end(&mut self.bytes) {
            Ok(_) if self.bytes.len() > LARGEST => {
                Err(io::Error::new(io::ErrorKind::QuotaExceeded, format!("it printed more than {LARGEST} bytes")))
            }
            Ok(_) => {
                self.pipe = None;
                Ok(())
            }
            // `read_to_end` keeps what it has read before an error.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error),
        }
    }
}
