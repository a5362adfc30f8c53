//! One sleep until a descriptor has news or a deadline is due.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

/// Sleeps until one of `fds` can be read (or its other end is closed) or `until` has come; `None` is for ever.
/// Gives for each whether it has news: none has after a deadline or a signal.
pub(super) fn wait<const N: usize>(fds: [Option<BorrowedFd<'_>>; N], until: Option<Instant>) -> io::Result<[bool; N]> {
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    match poll(&mut polled, until.map(remaining).as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([false; N]),
        Err(error) => return Err(error.into()),
    }
    let mut news = polled.iter().map(|fd| !fd.revents().is_empty());
    Ok(fds.map(|fd| fd.is_some() && news.next().unwrap_or(false)))
}

/// Sleeps until `fd` can be read; false if `until` came first.
pub(super) fn wait_for(fd: BorrowedFd<'_>, until: Instant) -> io::Result<bool> {
    loop {
        let [ready] = wait([Some(fd)], Some(until))?;
        if ready || Instant::now() >= until {
            return Ok(ready);
        }
    }
}

/// The moment `duration` from now; `None` if it is beyond the clock's end, which is as good as never.
pub(super) fn after(duration: Duration) -> Option<Instant> {
    Instant::now().checked_add(duration)
}

fn remaining(until: Instant) -> Timespec {
    let left = until.saturating_duration_since(Instant::now());
    Timespec { tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX), tv_nsec: left.subsec_nanos().into() }
}
