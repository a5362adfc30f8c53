//! What can go wrong between us and git, and what a person does about it.
//!
//! git says most of it only in words. The door runs it in the C locale, so that the few sentences that
//! matter (a lock that somebody holds, a full disk) can be told from the rest here, in one place.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;

/// A git command, or a file of git's that we handle ourselves, failed.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program could not be started.
    #[error("git could not be started")]
    CouldNotRun {
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It ran, and ended with a failure.
    #[error("`{command}` failed in {} ({}): {stderr}", path.display(), ending(*code))]
    Failed {
        /// The command without our standing options.
        command: String,
        /// Where it ran.
        path: PathBuf,
        /// Its exit code; `None` when a signal ended it.
        code: Option<i32>,
        /// What it said.
        stderr: String,
    },
    /// It did not come to an end in time and was ended.
    #[error("`{command}` in {} did not end within {} s", path.display(), after.as_secs())]
    TimedOut {
        /// The command without our standing options.
        command: String,
        /// Where it ran.
        path: PathBuf,
        /// The time it was given.
        after: Duration,
    },
    /// Somebody else holds one of git's own lock files, and did not let go within our patience.
    #[error("another git process holds {}", lock.display())]
    Locked {
        /// The command that wanted it.
        command: String,
        /// The lock file.
        lock: PathBuf,
    },
    /// There is no room left on the disk.
    #[error("the disk is full: `{command}` in {}", path.display())]
    DiskFull {
        /// The command, or what we did ourselves.
        command: String,
        /// Where.
        path: PathBuf,
    },
    /// git answered something that we cannot read.
    #[error("`{command}` gave an answer that makes no sense here: {answer}")]
    Unexpected {
        /// The command.
        command: String,
        /// The start of the answer.
        answer: String,
    },
    /// The base branch does not exist.
    #[error("there is no branch `{branch}`")]
    NoBranch {
        /// Its name without `refs/heads/`.
        branch: String,
    },
    /// A file of the repository could not be read, written or removed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl GitError {
    /// Makes one from an I/O error: `action` is the verb that completes "cannot … `path`".
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { command: action.to_owned(), path }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// What the user can do about it, if there is something.
    pub fn next_move(&self) -> Option<String> {
        match self {
            Self::CouldNotRun { .. } => Some("install git, or put it on PATH".into()),
            Self::Locked { lock, .. } => Some(format!("if no git is running there, remove {}", lock.display())),
            Self::DiskFull { .. } => Some("make room on the disk".into()),
            Self::NoBranch { branch } => Some(format!("create it, or name another `base` than `{branch}`")),
            Self::TimedOut { .. } => Some("look whether the disk or a git filter hangs".into()),
            Self::Failed { .. } | Self::Unexpected { .. } | Self::Io { .. } => None,
        }
    }
}

impl From<GitError> for Error {
    fn from(error: GitError) -> Self {
        let made = Self::environment(error.to_string());
        let made = match error.next_move() {
            Some(hint) => made.hint(hint),
            None => made,
        };
        match error {
            GitError::CouldNotRun { source } | GitError::Io { source, .. } => made.because(source),
            GitError::Failed { .. }
            | GitError::TimedOut { .. }
            | GitError::Locked { .. }
            | GitError::DiskFull { .. }
            | GitError::Unexpected { .. }
            | GitError::NoBranch { .. } => made,
        }
    }
}

fn ending(code: Option<i32>) -> String {
    code.map_or_else(|| "ended by a signal".into(), |code| format!("exit code {code}"))
}

/// A failure that says nothing about what was asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Another process holds this lock file: it goes away by itself, or is a leftover.
    Locked(PathBuf),
    /// We read a worktree entry that another `git worktree add` had only half written.
    HalfWritten,
    /// No room on the disk.
    DiskFull,
}

impl Trouble {
    /// Recognises it in what git wrote to its standard error in the C locale.
    pub(super) fn of(stderr: &str) -> Option<Self> {
        if ["No space left on device", "Disk quota exceeded"].iter().any(|words| stderr.contains(words)) {
            return Some(Self::DiskFull);
        }
        stderr.lines().find_map(|line| {
            let told = |words: &str| line.starts_with("fatal: ") && line.contains(words);
            if let Some(lock) = held_lock(line) {
                Some(Self::Locked(lock))
            } else if told("failed to read ") && line.contains("/commondir") {
                Some(Self::HalfWritten)
            } else {
                None
            }
        })
    }
}

/// The lock file in `…Unable to create '/a/index.lock': File exists.` or
/// `error: could not lock config file .git/config: File exists`.
fn held_lock(line: &str) -> Option<PathBuf> {
    if !(line.starts_with("fatal: ") || line.starts_with("error: ")) {
        return None;
    }
    if let Some((_, rest)) = line.split_once("nable to create '") {
        let (lock, why) = rest.split_once("': ")?;
        return (lock.ends_with(".lock") && why.starts_with("File exists")).then(|| lock.into());
    }
    let (_, rest) = line.split_once("could not lock config file ")?;
    let (config, _) = rest.split_once(": File exists")?;
    Some(format!("{config}.lock").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentences_that_matter_are_told_from_the_rest() {
        let cases = [
            ("fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother", Some("/r/.git/index.lock")),
            (
                "fatal: update_ref failed for ref 'refs/heads/x': cannot lock ref 'refs/heads/x': Unable to create \
                 '/r/.git/refs/heads/x.lock': File exists.",
                Some("/r/.git/refs/heads/x.lock"),
            ),
            ("error: Unable to create '/r/.git/packed-refs.lock': File exists.", Some("/r/.git/packed-refs.lock")),
            ("error: could not lock config file .git/config: File exists", Some(".git/config.lock")),
            ("fatal: Unable to create '/r/.git/index.lock': Permission denied", None),
            ("hint: Unable to create '/r/.git/index.lock': File exists.", None),
            ("fatal: not a git repository", None),
        ];
        for (stderr, lock) in cases {
            assert_eq!(Trouble::of(stderr), lock.map(|lock| Trouble::Locked(lock.into())), "{stderr}");
        }
        assert_eq!(
            Trouble::of("fatal: failed to read .git/worktrees/x1/commondir: Success"),
            Some(Trouble::HalfWritten)
        );
        assert_eq!(
            Trouble::of("error: unable to write file a: No space left on device\nfatal: x"),
            Some(Trouble::DiskFull)
        );
    }

    #[test]
    fn a_full_disk_is_known_from_our_own_files_too() {
        let error = GitError::io("write", "/r/x")(io::Error::from(io::ErrorKind::StorageFull));
        assert!(matches!(error, GitError::DiskFull { .. }), "{error}");
    }

    #[test]
    fn a_person_reads_the_lock_and_the_next_move() {
        let error: Error = GitError::Locked { command: "git add".into(), lock: "/r/.git/index.lock".into() }.into();
        assert_eq!(error.to_string(), "another git process holds /r/.git/index.lock");
        assert_eq!(error.next_move(), Some("if no git is running there, remove /r/.git/index.lock"));
        assert_eq!(error.exit(), crate::exit::Exit::Environment);
    }
}
