//! Moves the base branch, and nothing else of the user's.
//!
//! A branch that nobody has checked out is moved by compare-and-swap. One that the user has checked out moves
//! only by a fast-forward that git makes there, with files and index; where git will not, nothing has changed
//! and the caller is told why. Where git was cut off in the middle, `cut_off` puts back what it had written; no other
//! command of ours writes in a user's checkout.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::base::{base_ref, branches};
use super::cut_off::{self, Note, PutBack};
use super::door::{Answer, Git, unexpected};
use super::durable;
use super::error::GitError;
use super::loose;
use super::oid::Oid;
use super::repo::Repo;
use super::unfinished;
use super::worktrees::Worktree;
use crate::os::lock::Lock;

/// How long the user's own git may keep us waiting in a checkout, before we go on elsewhere.
const CHECKOUT_PATIENCE: Duration = Duration::from_secs(1);

/// How long another publisher, or the git of one that was killed, is waited for.
const PUBLISHING: Duration = Duration::from_secs(2 * 60);

/// What became of moving a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The branch is at the new commit, and that is on the disk.
    Landed,
    /// Somebody else has moved it: merge onto the newest tip and try again.
    Moved,
    /// It cannot move now, because of how the user's checkout stands. Nothing there has changed.
    HeldBack {
        /// One sentence, in git's words where they are git's.
        reason: String,
    },
}

impl Repo {
    /// Moves `base` (without `refs/heads/`) from `old` to its descendant `new`. Objects are synced before, the
    /// ref after. Three processes; one more where the base is checked out and its ref is not a file.
    pub fn publish(&self, base: &str, old: &Oid, new: &Oid) -> Result<Published, GitError> {
        advance(self, base_ref(base), Some(old), new)
    }

    /// Waits until nobody publishes: after that the base shows all that a process which was killed had begun to
    /// publish, because its git holds the lock until it has ended.
    pub fn settle(&self) -> Result<(), GitError> {
        let _alone = alone(self)?;
        for note in cut_off::notes(self) {
            // Where it cannot be done now it stays noted, and whoever publishes there says why.
            let _ = cut_off::put_back(self, note);
        }
        Ok(())
    }
}

/// The right to move branches, among all processes of the repository.
pub(super) type Alone = Lock;

/// Moves a ref from `old` to its descendant `new`, as far as those let it who have it checked out.
pub(super) fn advance(repo: &Repo, reference: String, old: Option<&Oid>, new: &Oid) -> Result<Published, GitError> {
    make_safe(repo, old, new)?;
    // Two merges in one checkout at the same moment write each other's stale index: git reads it before it
    // locks it. (Measured: a file of the first was missing from the index afterwards.)
    let alone = alone(repo)?;
    advance_alone(repo, &alone, reference, old, new)
}

/// What `new` has beyond `old` is on the disk from then on. One process.
pub(super) fn make_safe(repo: &Repo, old: Option<&Oid>, new: &Oid) -> Result<(), GitError> {
    if old != Some(new) && !durable::sync_objects(repo, new, old)? {
        return Err(unexpected("git rev-list", b"the commit to publish does not descend from the tip"));
    }
    Ok(())
}

/// The same as [`advance`] for who is alone, and has made `new` safe.
pub(super) fn advance_alone(
    repo: &Repo,
    alone: &Alone,
    reference: String,
    old: Option<&Oid>,
    new: &Oid,
) -> Result<Published, GitError> {
    let lock = Arc::new(alone.file().try_clone().map_err(GitError::io("share", repo.common_dir()))?);
    let [branch] = branches(repo, [reference])?;
    if branch.tip.as_ref() != old {
        return Ok(Published::Moved);
    }
    if let Some(reason) = branch.in_use {
        return Ok(Published::HeldBack { reason });
    }
    match (branch.checked_out.as_slice(), old) {
        ([], _) => swap(repo, &branch.reference, old, new, lock),
        ([checkout], Some(old)) => fast_forward(repo, checkout, &branch.reference, (old, new), lock),
        (checkouts, _) => {
            let places: Vec<String> = checkouts.iter().map(|checkout| checkout.path.display().to_string()).collect();
            Ok(Published::HeldBack { reason: format!("it is checked out in {}", places.join(" and ")) })
        }
    }
}

/// The lock under which branches are published, of all processes of the repository.
pub(super) fn alone(repo: &Repo) -> Result<Alone, GitError> {
    let path = repo.common_dir().join("swarm-publish.lock");
    let deadline = Instant::now() + PUBLISHING;
    let lock = Lock::exclusive(&path, &|| Instant::now() >= deadline).map_err(GitError::io("lock", &path))?;
    lock.ok_or_else(|| GitError::Locked { command: "lock".into(), lock: path })
}

/// Compare-and-swap of a branch that nobody has checked out.
fn swap(repo: &Repo, reference: &str, old: Option<&Oid>, new: &Oid, lock: Arc<File>) -> Result<Published, GitError> {
    let expected = old.map_or_else(|| new.zeros(), Oid::to_string);
    let mut git = repo.committing().durable().holding(Some(lock)).args(["update-ref", "-m", "swarm: publish"]);
    if reference.starts_with("refs/swarm/") {
        // One of ours that somebody has made symbolic leads nowhere; a base that is symbolic is the user's way.
        git = git.arg("--no-deref");
    }
    match git.arg(reference).arg(new).arg(expected).run() {
        Ok(_) => {
            // What has moved has moved: a failure from here on must not be taken for one to publish.
            let _ = durable::sync_ref(repo, reference);
            Ok(Published::Landed)
        }
        Err(error @ GitError::Failed { .. }) => {
            // git says it in words only; the ref says it for certain.
            if repo.resolve(reference)?.as_ref() == old { Err(error) } else { Ok(Published::Moved) }
        }
        Err(error) => Err(error),
    }
}

/// Lets git fast-forward the user's checkout, if it will.
fn fast_forward(
    repo: &Repo,
    checkout: &Worktree,
    reference: &str,
    (old, new): (&Oid, &Oid),
    lock: Arc<File>,
) -> Result<Published, GitError> {
    if let Some(operation) = unfinished::operation(&checkout.git_dir) {
        let reason = format!("a {operation} is unfinished in {}", checkout.path.display());
        return Ok(Published::HeldBack { reason });
    }
    // git locks the index first and the refs last, when the files are changed already: a ref that is locked
    // for long must be seen before.
    let locks = [checkout.git_dir.join("HEAD.lock"), repo.common_dir().join(format!("{reference}.lock"))];
    if let Some(lock) = locks.iter().find(|lock| !is_gone_soon(lock)) {
        return Ok(held_by(lock));
    }
    let mut left = Vec::new();
    for note in cut_off::notes_of(repo, checkout) {
        let advice = note.clone();
        match cut_off::put_back(repo, note) {
            Ok(found) => left.extend(found.left),
            Err(error) => return Ok(Published::HeldBack { reason: advice.advice(&error.to_string()) }),
        }
    }
    let git = repo.identity_env().into_iter().fold(Git::at(&checkout.path), |git, (name, value)| git.env(name, value));
    let git =
        git.durable().slow().holding(Some(lock)).patience(CHECKOUT_PATIENCE).env("GIT_REFLOG_ACTION", "swarm: publish");
    let git = git.args(["merge", "--ff-only", "--no-autostash", "--no-verify-signatures", "--no-overwrite-ignore"]);
    let orig_head = OrigHead::of(&checkout.git_dir);
    let note = Note::begin(repo, checkout, old, new)?;
    let asked = git.args(["--no-stat", "-q"]).arg(new).ask();
    // Not worth a landing that is not believed.
    let _ = orig_head.restore();
    if has_changed_nothing(&asked) {
        // A note that stays is looked at by the next who comes, and found to be of no use.
        let _ = note.end();
    } else {
        // Should it fail, the note stays, and the next one who comes tries again.
        let advice = note.clone();
        match (cut_off::put_back(repo, note), &asked) {
            (Ok(PutBack { done, .. }), Ok(answer)) if done > 0 => {
                let (git, place) = (sentence(&answer.stderr, &checkout.path), checkout.path.display());
                let reason = format!("git was cut off in {place}, and what it had written was put back: {git}");
                return Ok(Published::HeldBack { reason });
            }
            (Err(error), Ok(_)) => return Ok(Published::HeldBack { reason: advice.advice(&error.to_string()) }),
            (Ok(_), _) | (Err(_), Err(_)) => {}
        }
    }
    let answer = match asked {
        Ok(answer) => answer,
        Err(GitError::Locked { lock, .. }) => return Ok(held_by(&lock)),
        Err(error) => return Err(error),
    };
    // It may have been "already up to date", or another branch by now: only the ref says that it landed.
    let tip = match loose::read(repo.common_dir(), reference) {
        Some(tip) => Some(tip),
        None => repo.resolve(reference)?,
    };
    match tip {
        Some(tip) if tip == *new => {
            let _ = durable::sync_ref(repo, reference);
            Ok(Published::Landed)
        }
        Some(tip) if tip == *old && answer.code == Some(0) && checkout.head_ref().as_deref() != Some(reference) => {
            let (now, place) = (checkout.head_ref().unwrap_or_else(|| "HEAD".into()), checkout.path.display());
            let reason = format!("{now} was checked out in {place} at the last moment, and git moved that to {new}");
            Ok(Published::HeldBack { reason })
        }
        Some(tip) if tip == *old => {
            let git = sentence(&answer.stderr, &checkout.path);
            let reason = if left.is_empty() { git } else { format!("{git}; {}", half_written(checkout, old, &left)) };
            Ok(Published::HeldBack { reason })
        }
        _ => Ok(Published::Moved),
    }
}

/// Whether git came to its end, and says that it has refused before it changed anything. A success has changed all.
fn has_changed_nothing(asked: &Result<Answer, GitError>) -> bool {
    const REFUSALS: [&str; 4] = ["\nAborting", "Not possible to fast-forward", "_HEAD exists", "Already up to date"];
    match asked {
        Ok(Answer { code: Some(0), .. }) | Err(GitError::Locked { .. } | GitError::CouldNotRun { .. }) => true,
        Ok(Answer { code, stderr, .. }) => code.is_some() && REFUSALS.iter().any(|words| stderr.contains(words)),
        Err(_) => false,
    }
}

/// What is said of files that an earlier fast-forward may have touched, and somebody else since.
fn half_written(checkout: &Worktree, old: &Oid, left: &[PathBuf]) -> String {
    let names: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
    let (place, names, old) = (checkout.path.display(), names.join(" "), old.short());
    format!(
        "a fast-forward of ours was cut off in {place}, and these files are not as it left them: `git -C {place} \
         checkout {old} -- {names}` puts them back"
    )
}

/// `ORIG_HEAD`, by which the user can take back their own last reset or merge. `git merge` writes it even when
/// it refuses. (With reftable storage it is not a file, and is not restored.)
struct OrigHead {
    path: PathBuf,
    content: Option<Vec<u8>>,
}

impl OrigHead {
    fn of(git_dir: &Path) -> Self {
        let path = git_dir.join("ORIG_HEAD");
        Self { content: fs::read(&path).ok(), path }
    }

    fn restore(self) -> Result<(), GitError> {
        match &self.content {
            now if fs::read(&self.path).ok() == *now => Ok(()),
            Some(content) => fs::write(&self.path, content),
            None => fs::remove_file(&self.path),
        }
        .map_err(GitError::io("restore", self.path))
    }
}

fn held_by(lock: &Path) -> Published {
    let reason = format!("another git process holds {0} (if no git is running there, remove {0})", lock.display());
    Published::HeldBack { reason }
}

fn is_gone_soon(lock: &Path) -> bool {
    let deadline = Instant::now() + CHECKOUT_PATIENCE;
    while lock.exists() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

/// git's first sentence, with the files it names, in one line.
fn sentence(stderr: &str, checkout: &Path) -> String {
    let mut lines = stderr.lines().skip_while(|line| line.starts_with("hint: ") || line.starts_with("warning: "));
    let Some(first) = lines.next() else {
        return format!("git did not move it in {}", checkout.display());
    };
    let first = first.trim_start_matches("error: ").trim_start_matches("fatal: ");
    let files: Vec<&str> = lines.take_while(|line| line.starts_with('\t')).map(str::trim).collect();
    if files.is_empty() { first.to_owned() } else { format!("{first} {}", files.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_git_becomes_one_sentence() {
        let cases = [
            (
                "error: Your local changes to the following files would be overwritten by merge:\n\ta.txt\n\tb.txt\n\
                 Please commit your changes or stash them before you merge.\nAborting",
                "Your local changes to the following files would be overwritten by merge: a.txt, b.txt",
            ),
            ("fatal: Not possible to fast-forward, aborting.", "Not possible to fast-forward, aborting."),
            (
                "hint: x\nfatal: You have not concluded your merge (MERGE_HEAD exists).\nPlease",
                "You have not concluded your merge (MERGE_HEAD exists).",
            ),
            ("", "git did not move it in /r"),
        ];
        for (stderr, wanted) in cases {
            assert_eq!(sentence(stderr, Path::new("/r")), wanted);
        }
    }
}
