//! What differs in the user's checkout from its commit. It is looked at and never touched, not even its index.
//!
//! An agent that leaves its worktree writes there like the user does, and cannot be told from him. What can be told is
//! when a file last changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::error::GitError;
use super::repo::Repo;
use super::status::path_of;

/// How long one look may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far the times of files lie behind the clock.
const GRAIN: Duration = Duration::from_millis(20);

/// The checkout at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    top: PathBuf,
    /// The file that says what is checked out.
    head_file: PathBuf,
    commit: String,
    branch: String,
    differing: BTreeMap<PathBuf, Differs>,
}

/// How a file differs, in git's two letters, and what it is on the disk: the time of its last change and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Differs {
    how: [u8; 2],
    is: Option<(SystemTime, u64)>,
}

impl Repo {
    /// Looks at the checkout, leaving out what lies at `apart`: paths from its top. One process, no lock.
    ///
    /// # Errors
    /// git cannot tell, or not in time.
    pub fn sight(&self, apart: &[PathBuf]) -> Result<Sight, GitError> {
        let git = self.git().reading().within(PATIENCE).set("core.fsmonitor=false").args(["status", "--porcelain=v2"]);
        let git = git.args(["--branch", "-z", "--no-renames", "--ignore-submodules=all", "--untracked-files=normal"]);
        let left_out = apart.iter().map(|path| format!(":(top,exclude,literal){}", path.display()));
        let text = git.args(["--", "."]).args(left_out).run()?;
        let mut sight = Sight {
            top: self.top().to_owned(),
            head_file: self.git_dir().join("HEAD"),
            commit: String::new(),
            branch: String::new(),
            differing: BTreeMap::new(),
        };
        for line in text.split(|&byte| byte == 0) {
            sight.take(line);
        }
        Ok(sight)
    }

    /// Whether a git is just changing the checkout.
    pub fn is_being_changed(&self) -> bool {
        self.git_dir().join("index.lock").exists()
    }
}

impl Sight {
    fn take(&mut self, line: &[u8]) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if let Some(commit) = line.strip_prefix(b"# branch.oid ") {
            self.commit = text(commit);
        } else if let Some(branch) = line.strip_prefix(b"# branch.head ") {
            self.branch = text(branch);
        } else if let Some(path) = line.strip_prefix(b"? ") {
            self.put(path, *b"??");
        } else if let [b'1' | b'u', b' ', x, y, ..] = *line {
            // "1 XY sub mH mI mW hH hI path", "u XY sub m1 m2 m3 mW h1 h2 h3 path"
            let fields = if line[0] == b'1' { 9 } else { 11 };
            if let Some(path) = line.splitn(fields, |&byte| byte == b' ').nth(fields - 1) {
                self.put(path, [x, y]);
            }
        }
    }

    fn put(&mut self, path: &[u8], how: [u8; 2]) {
        let path = path_of(path.strip_suffix(b"/").unwrap_or(path));
        let is = fs::symlink_metadata(self.top.join(&path)).ok();
        let is = is.and_then(|metadata| Some((changed_at(&metadata)?, metadata.len())));
        self.differing.insert(path, Differs { how, is });
    }

    /// What has become different since `before`, by changes after `since`, in words; and what to compare with the next
    /// time, in which everything else that is different is still as it was before.
    pub fn compare(mut self, before: &Sight, since: SystemTime) -> (Vec<String>, Sight) {
        let since = since.checked_sub(GRAIN).unwrap_or(since);
        let mut told = Vec::new();
        if self.branch != before.branch && was_touched(&self.head_file, since) {
            told.push(format!("HEAD (now {})", self.branch));
        }
        // What the user has committed differs no more.
        let committed = self.commit != before.commit;
        let gone: Vec<&PathBuf> = before.differing.keys().filter(|path| !self.differing.contains_key(*path)).collect();
        let gone: Vec<PathBuf> = gone.into_iter().filter(|_| !committed).cloned().collect();
        let other: Vec<PathBuf> = self
            .differing
            .iter()
            .filter(|(path, now)| before.differing.get(*path) != Some(*now))
            .map(|(path, _)| path.clone())
            .collect();
        for path in other.into_iter().chain(gone) {
            if was_touched(&self.top.join(&path), since) {
                told.push(path.display().to_string());
                continue;
            }
            match before.differing.get(&path) {
                Some(then) => drop(self.differing.insert(path, *then)),
                None => drop(self.differing.remove(&path)),
            }
        }
        (told, self)
    }
}

/// Whether the file, or the folder in which it was, has changed since then.
fn was_touched(path: &Path, since: SystemTime) -> bool {
    let found = path.ancestors().find_map(|path| fs::symlink_metadata(path).ok());
    found.and_then(|metadata| changed_at(&metadata)).is_some_and(|at| at >= since)
}

/// The time of the last change of a file or of what is known of it: unlike the other, no program can set it.
fn changed_at(metadata: &fs::Metadata) -> Option<SystemTime> {
    let (seconds, nanos) = (u64::try_from(metadata.ctime()).ok()?, u32::try_from(metadata.ctime_nsec()).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fixture;
    use super::*;

    /// Long enough for the times of files to differ by more than their grain.
    fn later() -> SystemTime {
        std::thread::sleep(2 * GRAIN);
        SystemTime::now()
    }

    #[test]
    fn only_what_changes_after_the_moment_is_told_and_each_change_once() {
        let fixture = Fixture::new();
        let (repo, top) = (fixture.repo(), fixture.top());
        let look = || repo.sight(&["apart".into()]).unwrap();
        fixture.write("mine.txt", "before");
        let first = look();
        fixture.write("mine.txt", "between");
        let since = later();
        let (told, seen) = look().compare(&first, since);
        assert_eq!((told, &seen), (vec![], &first), "it may have been another agent's, who has begun before");
        fixture.write("new.txt", "x");
        fixture.write("apart/tasks.md", "x");
        fixture.write("README.md", "other\n");
        let (told, seen) = look().compare(&first, since);
        assert_eq!(told, ["README.md", "new.txt"]);
        assert_eq!(look().compare(&seen, since).0, <[&str; 0]>::default());
        fs::remove_file(top.join("mine.txt")).unwrap();
        assert_eq!(look().compare(&seen, since).0, ["mine.txt"]);
    }

    #[test]
    fn a_change_that_is_thrown_away_is_told_and_one_that_is_committed_is_not() {
        let fixture = Fixture::new();
        let repo = fixture.repo();
        let look = || repo.sight(&[]).unwrap();
        fixture.write("README.md", "precious\n");
        let (since, before) = (later(), look());
        fixture.git(["checkout", "-q", "--", "README.md"]);
        assert_eq!(look().compare(&before, since).0, ["README.md"]);
        fixture.write("README.md", "precious\n");
        let before = look();
        fixture.git(["commit", "-q", "-am", "Mine"]);
        assert_eq!(look().compare(&before, since).0, <[&str; 0]>::default());
        fixture.git(["checkout", "-q", "-b", "other"]);
        assert_eq!(look().compare(&before, since).0, ["HEAD (now other)"]);
    }
}
