//! Which processes belong to a run. Without evidence a process is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use rustix::process::{RawPid, getpid};

use super::proc_fs::{self, Environ, FileId, Stat};
use super::{Mark, children, mark};

/// What a run leaves on its processes.
#[derive(Debug)]
pub(super) struct Traces<'a> {
    /// The word in their environment.
    pub(super) mark: &'a Mark,
    /// Their process group, where its number cannot be another's by now.
    pub(super) group: Option<RawPid>,
    /// The folder they worked in, without symbolic links.
    pub(super) folder: Option<&'a Path>,
    /// The pipe they print to and the file they read.
    pub(super) files: &'a [FileId],
}

/// What one look through `/proc` found.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// The run's processes and when each started.
    pub(super) processes: BTreeMap<RawPid, Stat>,
    /// Some process could not be judged at this moment: look again.
    pub(super) is_unsure: bool,
}

/// Finds the living processes of a run, with all they started. `orphans` are those of our direct children that we
/// did not start.
///
/// The mark or the group is proof for any process. An orphan may have lost both (`env -i` in a session of its own);
/// for it, and for what hangs below it, the folder or an open file of the run is proof too, unless it carries
/// another run's mark.
pub(super) fn find(traces: &Traces<'_>, orphans: &BTreeSet<RawPid>) -> io::Result<Finding> {
    let all = snapshot(orphans)?;
    let own = getpid().as_raw_nonzero().get();
    if !all.contains_key(&own) {
        return Err(io::Error::other("/proc does not show this program itself"));
    }
    let below = by_parent(&all);
    let ours = children::listed();
    let untouchable = with_ancestors(&all, own);
    let loose = with_descendants(&below, orphans.iter().copied());

    let mut finding = Finding::default();
    let mut proven = Vec::new();
    for (pid, stat) in &all {
        if stat.is_kernel() || ours.contains(pid) || untouchable.contains(pid) {
            continue;
        }
        let is_loose = loose.contains(pid);
        match judge(*pid, stat, traces, is_loose) {
            Some(true) => proven.push(*pid),
            Some(false) => {}
            None => finding.is_unsure |= is_loose || orphans.is_empty(),
        }
    }
    let belonging = with_descendants(&below, proven.into_iter());
    finding.processes = all
        .into_iter()
        .filter(|(pid, _)| belonging.contains(pid) && !ours.contains(pid) && !untouchable.contains(pid))
        .collect();
    Ok(finding)
}

/// Whether a process is the run's; `None` if it cannot be said at this moment.
fn judge(pid: RawPid, stat: &Stat, traces: &Traces<'_>, is_loose: bool) -> Option<bool> {
    if traces.group == Some(stat.group) {
        return Some(true);
    }
    match proc_fs::environ(pid) {
        Environ::Unclear => return None,
        Environ::Known(environ) if traces.mark.is_in(&environ) => return Some(true),
        Environ::Known(environ) if mark::is_some_runs(&environ) => return Some(false),
        Environ::Known(_) | Environ::Hidden => {}
    }
    let works_there = || {
        traces
            .folder
            .is_some_and(|folder| proc_fs::folder(pid).is_some_and(|cwd| cwd.starts_with(folder)))
    };
    Some(is_loose && (works_there() || (!traces.files.is_empty() && proc_fs::holds(pid, traces.files))))
}

fn snapshot(orphans: &BTreeSet<RawPid>) -> io::Result<BTreeMap<RawPid, Stat>> {
    let alive = |pid| {
        proc_fs::stat(pid)
            .filter(|stat| !stat.has_ended())
            .map(|stat| (pid, stat))
    };
    // The orphans by name: the listing may have passed a number just before it was given out.
    Ok(proc_fs::pids()?
        .into_iter()
        .chain(orphans.iter().copied())
        .filter_map(alive)
        .collect())
}

fn by_parent(all: &BTreeMap<RawPid, Stat>) -> BTreeMap<RawPid, Vec<RawPid>> {
    let mut below: BTreeMap<RawPid, Vec<RawPid>> = BTreeMap::new();
    for (pid, stat) in all {
        below.entry(stat.parent).or_default().push(*pid);
    }
    below
}

fn with_descendants(below: &BTreeMap<RawPid, Vec<RawPid>>, roots: impl Iterator<Item = RawPid>) -> BTreeSet<RawPid> {
    let mut found = BTreeSet::new();
    let mut open: Vec<RawPid> = roots.collect();
    while let Some(pid) = open.pop() {
        if found.insert(pid) {
            open.extend(below.get(&pid).into_iter().flatten());
        }
    }
    found
}

fn with_ancestors(all: &BTreeMap<RawPid, Stat>, pid: RawPid) -> BTreeSet<RawPid> {
    let mut found = BTreeSet::from([1]);
    let mut next = pid;
    while found.insert(next) {
        let Some(stat) = all.get(&next) else { break };
        next = stat.parent;
    }
    found
}
