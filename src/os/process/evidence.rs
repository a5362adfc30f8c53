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
    /// The process group of the child that was started, where its number cannot be another's by now.
    pub(super) group: Option<RawPid>,
    /// The folder they worked in, without symbolic links.
    pub(super) folder: Option<&'a Path>,
    /// The pipe they print to and the file they read.
    pub(super) files: &'a [FileId],
}

/// What one look through `/proc` found.
#[derive(Debug, Default)]
pub(super) struct Finding {
    /// The run's processes, as they were seen.
    pub(super) processes: BTreeMap<RawPid, Stat>,
    /// Process groups that hold nothing but processes of the run.
    pub(super) groups: BTreeSet<RawPid>,
    /// Some process could not be judged at this moment: look again.
    pub(super) is_unsure: bool,
}

/// Finds the living processes of a run, with all they started. `orphans` are those of our direct children that we
/// did not start.
///
/// The mark or the group is proof for any process. An orphan may have lost both (`env -i` in a session of its own);
/// for it, and for what hangs below it, the folder or an open file of the run is proof too, unless it carries
/// another run's mark. What a process of the run has started belongs to it, and so does all in a session that the run
/// made: a session is only ever inherited.
pub(super) fn find(traces: &Traces<'_>, orphans: &BTreeSet<RawPid>) -> io::Result<Finding> {
    let all = snapshot(orphans)?;
    let own = getpid().as_raw_nonzero().get();
    if !all.contains_key(&own) {
        return Err(io::Error::other("/proc does not show this program itself"));
    }
    let below = by_parent(&all);
    let ours = children::listed();
    let untouchable = with_ancestors(&all, own);
    let may_be_ended = |pid: &RawPid| !ours.contains(pid) && !untouchable.contains(pid);
    let loose = with_descendants(&below, orphans.iter().copied());

    let mut found = Finding::default();
    let mut proven = Vec::new();
    let mut likely = Vec::new();
    for (pid, stat) in &all {
        if stat.is_kernel() || !may_be_ended(pid) {
            continue;
        }
        match judge(*pid, stat, traces, loose.contains(pid)) {
            Evidence::Proof => proven.push(*pid),
            Evidence::OfAnOrphan => likely.push(*pid),
            Evidence::None => {}
            Evidence::Unclear => found.is_unsure |= loose.contains(pid) || orphans.is_empty(),
        }
    }
    let proven = with_descendants(&below, proven.into_iter());
    let made = sessions_made(&all, proven.intersection(&loose))?;
    let likely = with_descendants(&below, likely.into_iter());
    for (pid, stat) in all.into_iter().filter(|(pid, _)| may_be_ended(pid)) {
        let is_of_its_making = made.contains(&stat.session);
        if is_of_its_making || proven.contains(&stat.group) || traces.group == Some(stat.group) {
            found.groups.insert(stat.group);
        }
        if is_of_its_making || proven.contains(&pid) || likely.contains(&pid) {
            found.processes.insert(pid, stat);
        }
    }
    Ok(found)
}

/// What speaks for a process being the run's.
enum Evidence {
    /// The mark or the group, which nothing else can have.
    Proof,
    /// The folder or an open file, which counts for an orphan only.
    OfAnOrphan,
    /// Nothing.
    None,
    /// It cannot be said at this moment.
    Unclear,
}

fn judge(pid: RawPid, stat: &Stat, traces: &Traces<'_>, is_loose: bool) -> Evidence {
    if traces.group == Some(stat.group) {
        return Evidence::Proof;
    }
    match proc_fs::environ(pid) {
        Environ::Unclear => return Evidence::Unclear,
        Environ::Known(environ) if traces.mark.is_in(&environ) => return Evidence::Proof,
        Environ::Known(environ) if mark::is_some_runs(&environ) => return Evidence::None,
        Environ::Known(_) | Environ::Hidden => {}
    }
    let works_there =
        || traces.folder.is_some_and(|folder| proc_fs::folder(pid).is_some_and(|cwd| cwd.starts_with(folder)));
    if is_loose && (works_there() || (!traces.files.is_empty() && proc_fs::holds(pid, traces.files))) {
        Evidence::OfAnOrphan
    } else {
        Evidence::None
    }
}

/// The sessions that the run made. `orphans` are processes of the run that descend from this program: such a one is in
/// our session, or in one that an ancestor of it has made, below us and within the run.
fn sessions_made<'a>(
    all: &BTreeMap<RawPid, Stat>,
    orphans: impl Iterator<Item = &'a RawPid>,
) -> io::Result<BTreeSet<RawPid>> {
    let our_session = proc_fs::own_stat()?.session;
    let sessions = orphans.filter_map(|pid| all.get(pid)).map(|stat| stat.session);
    Ok(sessions.filter(|session| *session != our_session).collect())
}

fn snapshot(orphans: &BTreeSet<RawPid>) -> io::Result<BTreeMap<RawPid, Stat>> {
    let alive = |pid| proc_fs::stat(pid).filter(|stat| !stat.has_ended()).map(|stat| (pid, stat));
    // The orphans by name: the listing may have passed a number just before it was given out.
    Ok(proc_fs::pids()?.into_iter().chain(orphans.iter().copied()).filter_map(alive).collect())
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
