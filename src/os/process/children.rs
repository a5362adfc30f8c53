//! The children that this program started itself, and who may wait for them.
//!
//! The sweep buries ended orphans and kills living ones; it must never take the exit status of a child of ours nor
//! harm it. So every child of ours stands in one list from before anyone can see it until it has been waited for:
//! spawning and waiting happen with the list shared, and whoever needs a true picture takes it exclusively.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus};
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, RawPid, Signal, kill_process_group, pidfd_open, pidfd_send_signal};

use super::ready;

/// Read to spawn or to wait for a child (many at once), written to compare the list with the kernel's.
static OWN: RwLock<Mutex<BTreeSet<RawPid>>> = RwLock::new(Mutex::new(BTreeSet::new()));

/// How long a killed child may take to end. Only one that hangs in the kernel takes longer.
const DYING: Duration = Duration::from_secs(10);

/// A child of ours in a process group of its own. Dropping it kills the group.
#[derive(Debug)]
pub(super) struct Own {
    child: Child,
    pid: Pid,
    pidfd: OwnedFd,
    is_waited_for: bool,
}

/// Starts `command`, which must ask for a process group of its own.
pub(super) fn spawn(command: &mut Command) -> io::Result<Own> {
    let mut child = spawn_listed(command)?;
    let opened = raw_pid(&child)
        .and_then(|raw| Pid::from_raw(raw).ok_or_else(|| io::Error::other("the child has no process id")))
        .and_then(|pid| Ok((pid, pidfd_open(pid, PidfdFlags::empty())?)));
    match opened {
        Ok((pid, pidfd)) => Ok(Own { child, pid, pidfd, is_waited_for: false }),
        Err(error) => {
            // No descriptor left to watch it with: it must not live unwatched.
            child.kill()?;
            wait(&mut child)?;
            Err(error)
        }
    }
}

/// A picture of the children we have now, without waiting for those who spawn. One that is just being spawned may
/// be missing.
pub(super) fn listed() -> BTreeSet<RawPid> {
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    own.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Runs `look` with the true list: while it runs nobody spawns and no child of ours is waited for.
pub(super) fn exclusively<T>(look: impl FnOnce(&BTreeSet<RawPid>) -> T) -> T {
    let mut own = OWN.write().unwrap_or_else(PoisonError::into_inner);
    look(own.get_mut().unwrap_or_else(PoisonError::into_inner))
}

impl Own {
    /// Its process id, which is its group's too. Nobody else can have it before [`Self::reap`].
    pub(super) fn pid(&self) -> Pid {
        self.pid
    }

    /// Its standard output, if it was piped and not yet taken.
    pub(super) fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, if it was piped and not yet taken.
    pub(super) fn take_stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Signals the child alone; one that has ended already is no error.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// Signals all in its group; an empty group is no error.
    pub(super) fn signal_group(&self, signal: Signal) {
        // The child is not waited for yet, so the number cannot be another group's.
        let _ = kill_process_group(self.pid, signal);
    }

    /// Kills the child and its group, and waits until it has ended; fails if it hangs in the kernel.
    pub(super) fn kill(&self) -> io::Result<()> {
        self.signal_group(Signal::KILL);
        self.signal(Signal::KILL);
        let until = ready::after(DYING).ok_or(io::ErrorKind::InvalidInput)?;
        if ready::wait_for(self.pidfd.as_fd(), until)? {
            return Ok(());
        }
        let message = format!("process {} does not end although it was killed", self.pid.as_raw_nonzero());
        Err(io::Error::other(message))
    }

    /// Takes the exit status of a child that has ended.
    pub(super) fn reap(mut self) -> io::Result<ExitStatus> {
        self.is_waited_for = true;
        wait(&mut self.child)
    }
}

impl AsFd for Own {
    /// The pidfd: readable when the child has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // One that does not die stays on the list for ever: it is still ours.
        if !self.is_waited_for && self.kill().is_ok() {
            let _ = wait(&mut self.child);
        }
    }
}

fn spawn_listed(command: &mut Command) -> io::Result<Child> {
    /// An executable that was just written may still be open for writing in a child that another thread is about
    /// to start; that lasts until its `execve`.
    const BUSY_TRIES: usize = 50;
    const BUSY_PAUSE: Duration = Duration::from_millis(10);
    for _ in 1..BUSY_TRIES {
        match spawn_once(command) {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => thread::sleep(BUSY_PAUSE),
            done => return done,
        }
    }
    spawn_once(command)
}

fn spawn_once(command: &mut Command) -> io::Result<Child> {
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    let child = command.spawn()?;
    own.lock().unwrap_or_else(PoisonError::into_inner).insert(raw_pid(&child)?);
    Ok(child)
}

fn wait(child: &mut Child) -> io::Result<ExitStatus> {
    // In one step for those who look: a number that is off the list may be an orphan's in the next moment.
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait()?;
    own.lock().unwrap_or_else(PoisonError::into_inner).remove(&raw_pid(child)?);
    Ok(status)
}

fn raw_pid(child: &Child) -> io::Result<RawPid> {
    RawPid::try_from(child.id()).map_err(io::Error::other)
}
