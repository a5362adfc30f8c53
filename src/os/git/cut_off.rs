//! A fast-forward of ours in the user's checkout that was cut off: git was killed, or the disk was full, while it wrote
//! the files. The branch has not moved, and what it had written looks like changes of the user's.
//!
//! A note says that one is begun. Where it is found later, the files that are exactly as that git left them (whole, cut
//! in the middle, or removed, and changed since it began) are put back to what they were. Whatever is anything else is
//! the user's, and is left alone.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::door::Git;
use super::error::GitError;
use super::expected::{Change, Expected, Likeness, changes, index_entries};
use super::oid::Oid;
use super::repo::Repo;
use super::worktrees::Worktree;
use crate::os::plain_file::{self, Links};
use crate::os::{files, writers};

/// The folder of the notes, in the git directory that all worktrees share.
const FOLDER: &str = "swarm-ff";

/// No note of ours comes near it.
const LARGEST: u64 = 64 * 1024;

/// That a fast-forward is begun: `<common dir>/swarm-ff/<id>.json`. When it began is the time of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    /// The folder of the checkout.
    checkout: PathBuf,
    /// Its git directory.
    git_dir: PathBuf,
    /// Where the branch stands.
    old: Oid,
    /// Where it is to go.
    new: Oid,
    #[serde(skip)]
    file: PathBuf,
}

/// What was found of an earlier fast-forward.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PutBack {
    /// So many files are as they were again.
    pub(super) done: usize,
    /// These are neither as they were nor as git left them.
    pub(super) left: Vec<PathBuf>,
}

impl Note {
    /// Notes durably that git is about to move `checkout` from `old` to `new`.
    pub(super) fn begin(repo: &Repo, checkout: &Worktree, old: &Oid, new: &Oid) -> Result<Self, GitError> {
        let folder = repo.common_dir().join(FOLDER);
        fs::create_dir_all(&folder).map_err(GitError::io("create", &folder))?;
        let note = Self {
            checkout: checkout.path.clone(),
            git_dir: checkout.git_dir.clone(),
            old: old.clone(),
            new: new.clone(),
            file: folder.join(format!("{:016x}.json", fastrand::u64(..))),
        };
        let write = || files::write_durably(&note.file, &serde_json::to_vec(&note)?);
        write().map_err(GitError::io("write", &note.file))?;
        Ok(note)
    }

    /// git has ended, and nothing is half done.
    pub(super) fn end(self) -> Result<(), GitError> {
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(GitError::io("remove", self.file)(error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// What a person can do where we cannot: one sentence.
    pub(super) fn advice(&self, why: &str) -> String {
        let place = self.checkout.display();
        format!(
            "a fast-forward of ours was cut off in {place}, and its files could not be put back yet ({why}); `git -C \
             {place} diff --stat {old} {new}` names them, and `git -C {place} checkout {old} -- FILES` puts them back",
            old = self.old.short(),
            new = self.new.short()
        )
    }
}

/// The notes of fast-forwards that were begun and not ended; all of them are of the dead, for whoever publishes alone.
pub(super) fn notes(repo: &Repo) -> Vec<Note> {
    let listing = fs::read_dir(repo.common_dir().join(FOLDER)).into_iter().flatten().flatten();
    let read = |entry: fs::DirEntry| {
        let file = entry.path();
        let is_note = file.extension().is_some_and(|extension| extension == "json");
        let (bytes, _) = plain_file::read(&file, Links::Refused, LARGEST).ok().filter(|_| is_note)?;
        Some(Note { file, ..serde_json::from_slice(&bytes).ok()? })
    };
    listing.filter_map(read).collect()
}

/// The notes of one checkout.
pub(super) fn notes_of(repo: &Repo, checkout: &Worktree) -> Vec<Note> {
    notes(repo).into_iter().filter(|note| note.git_dir == checkout.git_dir).collect()
}

/// Puts back what the fast-forward of a note has left half done, and removes the note. Where this fails it stays, and is
/// tried again. About ten processes.
pub(super) fn put_back(repo: &Repo, note: Note) -> Result<PutBack, GitError> {
    let git = || Git::of(&note.git_dir, &note.checkout);
    let is_there = note.checkout.is_dir() && note.git_dir.join("HEAD").exists();
    let head =
        if is_there { git().reading().args(["rev-parse", "-q", "--verify", "HEAD"]).ask()?.stdout } else { vec![] };
    if Oid::from_git(&head).as_ref() != Some(&note.old) {
        // It has landed, or the user is somewhere else by now.
        note.end()?;
        return Ok(PutBack::default());
    }
    let meta = fs::symlink_metadata(&note.file).map_err(GitError::io("read", &note.file))?;
    let began = (meta.mtime(), meta.mtime_nsec());
    remove_dead_lock(&note, began)?;
    let changed = changes(repo, &note.old, &note.new)?;
    let index = index_entries(&git(), &changed)?;
    clear(repo);
    let scratch = tempfile::Builder::new().prefix("tree-").tempdir_in(repo.common_dir().join(FOLDER));
    let scratch = scratch.map_err(GitError::io("create a folder in", repo.common_dir().join(FOLDER)))?;
    let before = Expected::of(
        &note.git_dir,
        scratch.path().join("old"),
        &note.old,
        changed.iter().filter(|it| it.old.is_some()),
    )?;
    let after = Expected::of(
        &note.git_dir,
        scratch.path().join("new"),
        &note.new,
        changed.iter().filter(|it| it.new.is_some()),
    )?;
    let judge = |change: &Change| -> Result<Standing, GitError> {
        let entry = index.get(&change.path);
        if entry.is_some_and(|entry| entry.hidden) {
            return Ok(Standing::AsBefore);
        }
        let entry = entry.map(|entry| &entry.entry);
        let path = note.checkout.join(&change.path);
        let (was, is) = (before.likeness(&path, change)?, after.likeness(&path, change)?);
        let is_recent = has_changed_since(&path, began);
        Ok(match (entry == change.old.as_ref(), entry == change.new.as_ref(), was, is) {
            (true, _, Likeness::Same, _) => Standing::AsBefore,
            (_, true, Likeness::Same, _) => Standing::Ours,
            (true, _, _, Likeness::Same | Likeness::Beginning) | (_, true, _, Likeness::Same | Likeness::Beginning)
                if is_recent =>
            {
                Standing::Ours
            }
            // Removed, and not yet written again.
            (true, _, Likeness::Missing, Likeness::Missing) | (_, true, Likeness::Missing, Likeness::Missing)
                if is_recent =>
            {
                Standing::Ours
            }
            _ => Standing::TheUsers,
        })
    };
    let mut found = PutBack::default();
    // What came anew goes first: it may stand where a file was.
    for is_added in [true, false] {
        let mut ours = Vec::new();
        for change in changed.iter().filter(|change| change.old.is_none() == is_added) {
            match judge(change)? {
                Standing::AsBefore => {}
                Standing::Ours => ours.push(change),
                Standing::TheUsers => found.left.push(change.path.clone()),
            }
        }
        found.done += ours.len();
        if is_added { take_away(&note, &ours)? } else { bring_back(&note, &ours)? }
    }
    note.end()?;
    Ok(found)
}

/// Removes what another that was killed here had made for itself.
fn clear(repo: &Repo) {
    for entry in fs::read_dir(repo.common_dir().join(FOLDER)).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("tree-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whose doing it is how a file stands.
enum Standing {
    AsBefore,
    Ours,
    TheUsers,
}

/// Whether a file, or for one that is gone the folder it was in, has changed since then.
fn has_changed_since(path: &Path, began: (i64, i64)) -> bool {
    let looked = path.ancestors().find_map(|path| fs::symlink_metadata(path).ok());
    looked.is_some_and(|meta: Metadata| (meta.ctime(), meta.ctime_nsec()) >= began)
}

/// Removes files, and their entries, that were not there before.
fn take_away(note: &Note, ours: &[&Change]) -> Result<(), GitError> {
    for change in ours {
        let path = note.checkout.join(&change.path);
        let is_folder = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir());
        // The folder of another repository's commit, which goes if nothing is in it.
        let removed = if is_folder { fs::remove_dir(&path).or(Ok(())) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Err(GitError::io("remove", path)(error));
            }
            Ok(()) | Err(_) => {}
        }
        // As git does: a folder goes with its last file.
        let folders = path.ancestors().skip(1).take_while(|folder| *folder != note.checkout);
        let _ = folders.map(fs::remove_dir).take_while(Result::is_ok).count();
    }
    with_paths(note, &["rm", "-q", "-f", "--cached", "--ignore-unmatch"], ours)
}

/// Brings files, and their entries, back to what they were.
fn bring_back(note: &Note, ours: &[&Change]) -> Result<(), GitError> {
    with_paths(note, &["checkout", "-q", note.old.as_str()], ours)
}

fn with_paths(note: &Note, words: &[&str], ours: &[&Change]) -> Result<(), GitError> {
    if ours.is_empty() {
        return Ok(());
    }
    let list = note.file.with_extension("paths");
    let bytes: Vec<u8> =
        ours.iter().flat_map(|change| [change.path.as_os_str().as_encoded_bytes(), b"\0"].concat()).collect();
    fs::write(&list, bytes).map_err(GitError::io("write", &list))?;
    let mut file = std::ffi::OsString::from("--pathspec-from-file=");
    file.push(&list);
    let git = Git::of(&note.git_dir, &note.checkout).slow().durable().env("GIT_LITERAL_PATHSPECS", "1");
    let done = git.args(words).arg("--pathspec-file-nul").arg(file).run();
    let _ = fs::remove_file(&list);
    done.map(drop)
}

/// Removes the lock of the index if it is certain that the git of the note has left it: that one holds it empty while
/// it writes the files, and nobody has it open or runs a git in that checkout.
fn remove_dead_lock(note: &Note, began: (i64, i64)) -> Result<(), GitError> {
    let lock = note.git_dir.join("index.lock");
    let Ok(meta) = fs::symlink_metadata(&lock) else { return Ok(()) };
    let real = fs::canonicalize(&lock).map_err(GitError::io("resolve", &lock))?;
    let is_open = !writers::open_for_writing(&HashSet::from([real])).is_empty();
    let is_ours = meta.is_file() && meta.len() == 0 && (meta.mtime(), meta.mtime_nsec()) >= began;
    if !is_ours || is_open || runs_a_git(&note.checkout) {
        return Err(GitError::Locked { command: "git checkout".into(), lock });
    }
    fs::remove_file(&lock).map_err(GitError::io("remove", lock))
}

/// Whether a git works in a folder, as far as we may look.
fn runs_a_git(folder: &Path) -> bool {
    let Ok(folder) = fs::canonicalize(folder) else { return true };
    fs::read_dir("/proc").into_iter().flatten().flatten().any(|process| {
        let process = process.path();
        fs::read(process.join("comm")).is_ok_and(|name| name.starts_with(b"git"))
            && fs::read_link(process.join("cwd")).is_ok_and(|place| place.starts_with(&folder))
    })
}
