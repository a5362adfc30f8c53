//! Rings when something changes in folders, or when a process ends: for those who follow what others write.
//! A ring is a hint to look again, never the truth.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::process::Identity;
use crate::error::{Error, Result};

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ring {
    /// A file has new contents.
    Data,
    /// A file came or went, a process ended, or rings were lost: anything may have changed.
    Names,
}

/// Rings for what it was told to watch.
pub struct Bell {
    watcher: RecommendedWatcher,
    watched: HashSet<PathBuf>,
    processes: HashSet<u32>,
    tell: Sender<Ring>,
    hear: Receiver<Ring>,
}

impl Bell {
    /// A bell that watches nothing yet.
    pub fn new() -> Result<Self> {
        let (tell, hear) = mpsc::channel();
        let to_us = tell.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let ring = match event {
                Err(_) => Some(Ring::Names),
                Ok(event) if event.need_rescan() => Some(Ring::Names),
                Ok(event) => ring(&event.kind),
            };
            // Nobody listens any more when this fails.
            let _ = ring.map(|ring| to_us.send(ring));
        });
        let watcher = watcher.map_err(|error| {
            Error::environment("cannot watch folders")
                .because(error)
                .hint("the system may be out of inotify instances: raise fs.inotify.max_user_instances")
        })?;
        Ok(Self { watcher, watched: HashSet::new(), processes: HashSet::new(), tell, hear })
    }

    /// Watches a folder from now on. One that is not there yet is no error: watch its parent, and try again.
    pub fn watch(&mut self, folder: &Path) -> Result<()> {
        if self.watched.contains(folder) || !folder.is_dir() {
            return Ok(());
        }
        self.watcher.watch(folder, RecursiveMode::NonRecursive).map_err(|error| {
            Error::environment(format!("cannot watch {}", folder.display()))
                .because(error)
                .hint("the system may be out of inotify watches: raise fs.inotify.max_user_watches")
        })?;
        self.watched.insert(folder.to_owned());
        Ok(())
    }

    /// Rings once when that process ends: at once if it has ended already, or is not to be found from here.
    pub fn watch_process(&mut self, process: &Identity) {
        if !self.processes.insert(process.pid) {
            return;
        }
        let pid = i32::try_from(process.pid).ok().and_then(Pid::from_raw);
        let descriptor = pid.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        // Asked after the descriptor is open: from then on the number cannot become another process's. One whose
        // first thread has ended is waited for as well: the others may still hold its files and locks.
        let is_it = || Identity::of(process.pid).is_ok_and(|found| found == *process);
        let Some(descriptor) = descriptor.filter(|_| is_it()) else {
            let _ = self.tell.send(Ring::Names);
            return;
        };
        let tell = self.tell.clone();
        thread::spawn(move || {
            let mut waiting = [PollFd::new(&descriptor, PollFlags::IN)];
            while poll(&mut waiting, None) == Err(rustix::io::Errno::INTR) {}
            let _ = tell.send(Ring::Names);
        });
    }

    /// Waits for the next ring; all that have come meanwhile are one.
    pub fn wait(&self) -> Ring {
        // The bell itself holds a sender, so it never ends.
        let first = self.hear.recv().unwrap_or(Ring::Names);
        self.hear.try_iter().fold(first, Ring::max)
    }
}

/// Opening and closing are no changes: whoever follows opens files himself, and would ring for ever.
fn ring(kind: &EventKind) -> Option<Ring> {
    match kind {
        EventKind::Modify(ModifyKind::Data(_)) => Some(Ring::Data),
        EventKind::Modify(ModifyKind::Metadata(_)) | EventKind::Access(_) | EventKind::Other => None,
        EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(_) | EventKind::Any => Some(Ring::Names),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rings_for_files_and_for_the_end_of_a_process_even_if_that_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut bell = Bell::new().unwrap();
        bell.watch(&folder.path().join("none")).unwrap();
        bell.watch(folder.path()).unwrap();
        std::fs::write(folder.path().join("a"), "").unwrap();
        assert_eq!(bell.wait(), Ring::Names);
        drop(bell);

        let mut bell = Bell::new().unwrap();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        bell.watch_process(&Identity::of(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(bell.wait(), Ring::Names);

        let mut bell = Bell::new().unwrap();
        let child = std::process::Command::new("true").spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        child.wait_with_output().unwrap();
        bell.watch_process(&identity);
        assert_eq!(bell.wait(), Ring::Names);
    }
}
