//! Tells when branches may have moved, as the kernel reports it: a hint to look, never the truth.

use std::path::Path;

use notify::event::EventKind;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// Watches the branches of a repository for as long as it lives.
pub struct RefWatch {
    _watcher: RecommendedWatcher,
}

impl RefWatch {
    /// Calls `tell`, on a thread of its own, when a branch of the repository whose shared git directory is
    /// `common_dir` may have moved. `None`: the system cannot watch, or git keeps its refs elsewhere.
    pub fn start(common_dir: &Path, tell: impl Fn() + Send + 'static) -> Option<Self> {
        let (heads, packed) = (common_dir.join("refs").join("heads"), common_dir.join("packed-refs"));
        let branches = heads.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let is_news = match &event {
                // Events were lost, so anything may have happened.
                Err(_) => true,
                Ok(event) => {
                    let of_branches = |path: &Path| path == packed || path.starts_with(&branches);
                    event.need_rescan()
                        || (!matches!(event.kind, EventKind::Access(_))
                            && event.paths.iter().any(|path| of_branches(path) && !is_lock(path)))
                }
            };
            if is_news {
                tell();
            }
        })
        .ok()?;
        watcher.watch(&heads, RecursiveMode::Recursive).ok()?;
        watcher.watch(common_dir, RecursiveMode::NonRecursive).ok()?;
        Some(Self { _watcher: watcher })
    }
}

fn is_lock(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "lock")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::os::git::Repo;

    #[test]
    fn a_branch_that_moves_is_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "a").unwrap();
        let repo = Repo::create(folder.path(), "main", "Start").unwrap();
        let (tell, hear) = mpsc::channel();
        let _watch = RefWatch::start(repo.common_dir(), move || {
            let _ = tell.send(());
        })
        .unwrap();
        let git = |args: &[&str]| {
            let status = std::process::Command::new("git").arg("-C").arg(folder.path()).args(args).status().unwrap();
            assert!(status.success());
        };
        git(&["update-ref", "refs/heads/deep/er", "HEAD"]);
        hear.recv_timeout(Duration::from_secs(30)).expect("a new branch");
        while hear.try_recv().is_ok() {}
        git(&["pack-refs", "--all", "--prune"]);
        hear.recv_timeout(Duration::from_secs(30)).expect("packed branches");
    }
}
