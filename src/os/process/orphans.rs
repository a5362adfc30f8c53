//! Children of this program that it did not start: what its children left behind.
//!
//! When a process ends, those it started become children of the nearest subreaper above it, which is this program.
//! So once a child has ended, everything alive that came from it hangs below one of our direct children, and if all
//! of those are our own, nothing is left. That costs two reads per thread and no look through `/proc`.

use std::collections::BTreeSet;
use std::io;

use rustix::process::{Pid, RawPid, WaitId, WaitIdOptions, child_subreaper, getpid, set_child_subreaper, waitid};

use super::{children, proc_fs};

/// How often the list is looked at, at most: orphans of other runs may come without end.
const ROUNDS: usize = 16;

/// Makes this program the parent of every orphan below it. To be called once, at the start; without it a sweep must
/// look through `/proc` each time and finds only what carries the mark.
pub fn become_subreaper() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Whether orphans come to this program.
pub(super) fn come_to_us() -> bool {
    matches!(child_subreaper(), Ok(Some(_)))
}

/// The orphans that are alive, of whichever run. Those that have ended are buried.
pub(super) fn alive() -> io::Result<BTreeSet<RawPid>> {
    // The cheap look: all that the kernel lists is ours, as it nearly always is.
    if let Some(seen) = proc_fs::own_children()?
        && seen.is_subset(&children::listed())
    {
        return Ok(BTreeSet::new());
    }
    children::exclusively(|own| {
        let mut before = BTreeSet::new();
        for _ in 0..ROUNDS {
            let unknown = unknown(own)?;
            // What an orphan started comes to us when it ends: look until nothing new has come.
            if unknown == before {
                break;
            }
            unknown.iter().for_each(|pid| bury(*pid));
            before = unknown;
        }
        Ok(before.into_iter().filter(|pid| is_alive(*pid)).collect())
    })
}

fn unknown(own: &BTreeSet<RawPid>) -> io::Result<BTreeSet<RawPid>> {
    let seen = match proc_fs::own_children()? {
        Some(seen) => seen,
        // Nobody of ours comes or goes now, so it is somebody else's storm.
        None => proc_fs::own_children_once()?,
    };
    Ok(seen.difference(own).copied().collect())
}

fn is_alive(pid: RawPid) -> bool {
    proc_fs::stat(pid).is_some_and(|stat| !stat.has_ended())
}

/// Takes note of an ended orphan, so that it does not keep its process id for ever.
///
/// Only of what is surely an orphan. A child that was started elsewhere in this program (a library, a test) is in
/// our session, and in our group or in its own; its starter waits for its exit status.
fn bury(pid: RawPid) {
    let (Some(stat), Ok(ours)) = (proc_fs::stat(pid).filter(proc_fs::Stat::has_ended), proc_fs::own_stat()) else {
        return;
    };
    let may_be_started_here = stat.session == ours.session && (stat.group == ours.group || stat.group == pid);
    if let (false, Some(pid)) = (may_be_started_here, Pid::from_raw(pid)) {
        // Nobody can have it but us: the list is held exclusively, so the number is not a new child's.
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}
