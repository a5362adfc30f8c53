//! What `refs/swarm/ahead/<base>` holds by our own hand, noted beside git's own files.
//!
//! Anybody who works in the repository can move the ref; an agent that does must not have its work, which nobody has
//! judged, taken for what was published. So the note says what was, and the ref keeps it alive. It is on the disk before
//! the ref moves and names both ends of the move, of which either is right until the move is seen to have come to its end.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::base::{ahead_ref, branches};
use super::error::GitError;
use super::oid::Oid;
use super::publish::{Alone, alone};
use super::repo::Repo;
use super::salvage::Salvaged;
use crate::os::files;

const SCHEMA: u32 = 1;

/// What the ref may hold; the last is what it is to hold. `None`: it is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    schema: u32,
    holds: Vec<Option<String>>,
}

impl Note {
    fn of(holds: &[Option<&Oid>]) -> Self {
        Self { schema: SCHEMA, holds: holds.iter().map(|oid| oid.map(Oid::to_string)).collect() }
    }

    fn allows(&self, found: Option<&Oid>) -> bool {
        self.holds.iter().any(|held| held.as_deref() == found.map(Oid::as_str))
    }

    fn wanted(&self) -> Option<Oid> {
        self.holds.last()?.as_ref()?.parse().ok()
    }
}

/// A ref of ours that somebody else had moved, and that holds again what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// Its name.
    pub reference: String,
    /// What it held, and under which ref that is kept now; `None`: it had been removed.
    pub found: Option<Salvaged>,
    /// What it holds again; `None`: it is removed again.
    pub holds: Option<Oid>,
}

impl Repo {
    /// Notes what the ref ahead of `base` holds, where nothing is noted yet: from then on a move by somebody else is seen.
    /// No process where something is noted, else one.
    pub fn note_ahead(&self, base: &str) -> Result<(), GitError> {
        if read(self, base).is_some() {
            return Ok(());
        }
        let alone = alone(self)?;
        let found = now(self, base)?;
        if read(self, base).is_none() { write(self, base, &alone, &[found.as_ref()]) } else { Ok(()) }
    }

    /// Lets the ref ahead of `base` hold what it should, if somebody else has moved it. One process, six where somebody
    /// has.
    pub fn put_ahead_back(&self, base: &str) -> Result<Option<PutBack>, GitError> {
        let alone = alone(self)?;
        let (Some(note), found) = (read(self, base), now(self, base)?) else { return Ok(None) };
        let holds = note.wanted();
        if note.allows(found.as_ref()) || !is_there(self, holds.as_ref())? {
            return Ok(None);
        }
        let name = format!("refs/swarm/salvage/ahead-of-{base}/1");
        let found = found.map(|found| self.keep(&name, &found, holds.as_ref())).transpose()?;
        let reference = ahead_ref(base);
        let git = self.git().durable().args(["update-ref", "--no-deref", "-m", "swarm: put back"]);
        match &holds {
            Some(holds) => git.arg(&reference).arg(holds).run()?,
            None => git.args(["-d", &reference]).run()?,
        };
        super::durable::sync_ref(self, &reference)?;
        write(self, base, &alone, &[holds.as_ref()])?;
        Ok(Some(PutBack { reference, found, holds }))
    }
}

/// What was published ahead of `base`, given what the ref holds, and whether that is something else. One process where it
/// is.
pub(super) fn published(repo: &Repo, base: &str, found: Option<Oid>) -> Result<(Option<Oid>, bool), GitError> {
    match read(repo, base).filter(|note| !note.allows(found.as_ref())).map(|note| note.wanted()) {
        Some(wanted) if is_there(repo, wanted.as_ref())? => Ok((wanted, true)),
        Some(_) | None => Ok((found, false)),
    }
}

/// Whether the note says that nothing is published ahead of `base`, or nothing is noted. No process.
pub(super) fn says_nothing(repo: &Repo, base: &str) -> bool {
    read(repo, base).is_none_or(|note| note.allows(None))
}

/// Moves the ref ahead of `base` to `to` by `act`, and notes that before and after. Where it does not come to stand there,
/// the note is as before. Beside what `act` starts, one process.
pub(super) fn noting<T>(
    repo: &Repo,
    base: &str,
    alone: &Alone,
    to: Option<&Oid>,
    act: impl FnOnce() -> Result<T, GitError>,
) -> Result<T, GitError> {
    let before = match read(repo, base) {
        Some(note) => note,
        None => Note::of(&[now(repo, base)?.as_ref()]),
    };
    write(repo, base, alone, &[before.wanted().as_ref(), to])?;
    let done = act();
    let note = if now(repo, base)?.as_ref() == to { Note::of(&[to]) } else { before };
    // Should it be lost, both ends of the move are right.
    let _ = files::write(&path(repo, base), &serde_json::to_vec(&note).unwrap_or_default());
    done
}

fn now(repo: &Repo, base: &str) -> Result<Option<Oid>, GitError> {
    let [branch] = branches(repo, [ahead_ref(base)])?;
    Ok(branch.tip)
}

/// Whether git still has the commit.
fn is_there(repo: &Repo, commit: Option<&Oid>) -> Result<bool, GitError> {
    commit.map_or(Ok(true), |commit| Ok(repo.resolve(commit.as_str())?.is_some()))
}

fn path(repo: &Repo, base: &str) -> PathBuf {
    repo.common_dir().join("swarm-ahead").join(base.replace('%', "%25").replace('/', "%2f"))
}

/// A torn or foreign note is as good as none.
fn read(repo: &Repo, base: &str) -> Option<Note> {
    let note: Note = serde_json::from_slice(&fs::read(path(repo, base)).ok()?).ok()?;
    (!note.holds.is_empty()).then_some(note)
}

fn write(repo: &Repo, base: &str, _alone: &Alone, holds: &[Option<&Oid>]) -> Result<(), GitError> {
    let path = path(repo, base);
    let folder = path.parent().unwrap_or(&path);
    let bytes = serde_json::to_vec(&Note::of(holds)).map_err(std::io::Error::other);
    let written = fs::create_dir_all(folder).and(bytes).and_then(|bytes| files::write_durably(&path, &bytes));
    written.map_err(GitError::io("write", &path))
}

#[cfg(test)]
mod tests;
