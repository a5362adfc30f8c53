//! The reading end of what a child prints.

use std::io::{self, PipeReader, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::fcntl_setpipe_size;

use super::log::Log;
use super::{Verdict, Watch};

/// How much is read in one call, in bytes: what a pipe holds by default.
const CHUNK: usize = 64 * 1024;
/// How many calls in a row before the child and the clocks get a look. It is also more than the largest pipe holds
/// (1 MiB), so that one round empties a pipe that nobody fills any more.
const CALLS: usize = 32;

/// How much a pipe holds, in bytes: the most that anybody may ask for. Some agents exit without waiting until what they
/// printed is read, and what does not fit is lost.
const PIPE: usize = 1024 * 1024;

/// One pipe for standard output and standard error, and where it flows to.
#[derive(Debug)]
pub(super) struct Output {
    pipe: Option<PipeReader>,
    buffer: Vec<u8>,
    log: Log,
    spoke: Option<Instant>,
}

impl Output {
    /// Reads from `pipe` without ever waiting for it.
    pub(super) fn new(pipe: PipeReader, log: Log) -> io::Result<Self> {
        set_nonblocking(pipe.as_fd())?;
        // The system may refuse it to a user with many pipes; a smaller one does.
        let _ = fcntl_setpipe_size(&pipe, PIPE);
        Ok(Self { pipe: Some(pipe), buffer: vec![0; CHUNK], log, spoke: None })
    }

    /// The pipe, while somebody can still print into it.
    pub(super) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// When it last printed, if it ever did.
    pub(super) fn spoke(&self) -> Option<Instant> {
        self.spoke
    }

    /// Takes what is there now, a bounded amount of it. Gives what was said of that; nothing, if nothing was there.
    pub(super) fn take(&mut self, watch: &mut dyn Watch) -> io::Result<Option<Verdict>> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(None);
        };
        let mut verdict = None;
        for _ in 0..CALLS {
            match pipe.read(&mut self.buffer) {
                Ok(0) => {
                    self.pipe = None;
                    break;
                }
                Ok(length) => {
                    let bytes = &self.buffer[..length];
                    self.spoke = Some(Instant::now());
                    self.log.take(bytes);
                    let said = watch.printed(bytes);
                    verdict = if verdict == Some(Verdict::End) { verdict } else { Some(said) };
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(verdict)
    }

    /// Closes the pipe and finishes the log; see [`Log::finish`].
    pub(super) fn finish(self) -> (u64, Vec<u8>, Option<io::Error>) {
        self.log.finish()
    }
}

/// Makes reads of `fd` return at once when there is nothing. The other end of a pipe is not changed.
pub(super) fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    Ok(fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?)
}
