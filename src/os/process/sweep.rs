//! Ends what a run left behind, until a look finds nothing more.
//!
//! Killing the group is not enough: agents start their tools in sessions of their own. The races: a process may end
//! and its number be given to another between the look and the kill, so each is held by a pidfd first and must then
//! still have the start time that was seen; and it may start another while it is looked for, so a look counts as
//! the last only if it found nothing and no orphan has come since.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, PidfdFlags, RawPid, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitid,
};

use super::evidence::{Finding, Traces, find};
use super::proc_fs::{self, Stat};
use super::{Identity, Mark, Stray, orphans, ready};

/// How long a sweep goes on against something that starts processes faster than it ends them.
const LIMIT: Duration = Duration::from_secs(10);
/// How long a killed process may take to end.
const DYING: Duration = Duration::from_secs(2);
/// The pause before a look that could not judge or could not read is repeated.
const PAUSE: Duration = Duration::from_millis(1);
/// How many looks that found nothing are enough even if orphans, then of other runs, come without end.
const QUIET: usize = 20;
/// How many processes are held at once: each takes a descriptor.
const HELD: usize = 128;

/// Ends all that is left of a run that this program started. Its child has ended and is not yet waited for, so that
/// its number still means its group.
pub(super) fn sweep(traces: &Traces<'_>) -> io::Result<Vec<Stray>> {
    if !orphans::come_to_us() {
        return passes(traces, || Ok(BTreeSet::new()));
    }
    match orphans::alive() {
        Ok(orphans) if orphans.is_empty() => Ok(Vec::new()),
        Ok(_) | Err(_) => passes(traces, orphans::alive),
    }
}

/// Ends what is left of a run whose supervisor was killed: every process that carries `mark` and, if the recorded
/// process still lives, its group, with all below them. A number that was given to another program since is not
/// touched. Gives what it ended, and what it could not (`survived`); fails if `/proc` cannot be read.
pub fn end_remains(mark: &Mark, group: Option<&Identity>) -> io::Result<Vec<Stray>> {
    let group = group.filter(|identity| identity.is_alive()).and_then(|identity| identity.pid.try_into().ok());
    let traces = Traces { mark, group, folder: None, files: &[] };
    passes(&traces, || Ok(BTreeSet::new()))
}

fn passes(traces: &Traces<'_>, orphans: impl Fn() -> io::Result<BTreeSet<RawPid>>) -> io::Result<Vec<Stray>> {
    let until = Instant::now() + LIMIT;
    let mut strays = Vec::new();
    let mut quiet = 0;
    while quiet < QUIET {
        let look = look_once(traces, &orphans, &mut strays);
        let is_late = Instant::now() >= until;
        match look {
            Ok(Look::Clear) => break,
            Ok(Look::Nothing) => quiet += 1,
            Ok(Look::Some) if is_late => return Err(io::Error::other("more is started than can be ended")),
            Ok(Look::Some) => quiet = 0,
            Ok(Look::Unsure) if is_late => break,
            Err(error) if is_late => return Err(error),
            // Out of descriptors, perhaps: others give theirs back.
            Ok(Look::Unsure) | Err(_) => thread::sleep(PAUSE),
        }
    }
    Ok(strays)
}

enum Look {
    /// Nothing is left.
    Clear,
    /// Nothing was found, but orphans came and went meanwhile.
    Nothing,
    /// Some were found and ended; they may have started others.
    Some,
    /// Some could not be judged.
    Unsure,
}

fn look_once(
    traces: &Traces<'_>,
    orphans: &impl Fn() -> io::Result<BTreeSet<RawPid>>,
    strays: &mut Vec<Stray>,
) -> io::Result<Look> {
    let before = orphans()?;
    let mut found = find(traces, &before)?;
    found.processes.retain(|pid, _| !strays.iter().any(|stray| stray.survived && stray.pid == pid.unsigned_abs()));
    if !found.processes.is_empty() {
        end_all(&found, strays);
        return Ok(Look::Some);
    }
    if found.is_unsure {
        return Ok(Look::Unsure);
    }
    Ok(if orphans()? == before { Look::Clear } else { Look::Nothing })
}

fn end_all(found: &Finding, strays: &mut Vec<Stray>) {
    let all: Vec<_> = found.processes.iter().collect();
    for some in all.chunks(HELD) {
        let held: Vec<(OwnedFd, Stray)> = some.iter().filter_map(|(pid, seen)| hold(**pid, seen)).collect();
        // Each group in one moment: no storm of forks outruns that. Its number cannot be another's yet, because
        // numbers are given out in turn and this one was in use when the look began.
        for group in found.groups.iter().filter_map(|group| Pid::from_raw(*group)) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        for (pidfd, _) in &held {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
        }
        let until = Instant::now() + DYING;
        for (pidfd, mut stray) in held {
            stray.survived = !ready::wait_for(pidfd.as_fd(), until).unwrap_or(false);
            // If it is a child of ours by now it is an orphan: nobody else waits for it.
            let _ = waitid(WaitId::PidFd(pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            strays.push(stray);
        }
    }
}

/// Takes hold of the very process that was seen; `None` if it is gone.
fn hold(pid: RawPid, seen: &Stat) -> Option<(OwnedFd, Stray)> {
    let pidfd = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    let command = proc_fs::command(pid);
    let now = proc_fs::stat(pid)?;
    (now.start_ticks == seen.start_ticks && !now.has_ended()).then(|| {
        let stray = Stray { pid: pid.unsigned_abs(), command, survived: false };
        (pidfd, stray)
    })
}
