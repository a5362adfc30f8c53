//! What git writes into a checkout for a commit, byte by byte, and how a file there compares with it.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::door::{Git, unexpected};
use super::error::GitError;
use super::oid::Oid;
use super::repo::Repo;
use super::status::path_of;

/// How many paths one command is given.
const AT_ONCE: usize = 500;

/// What is recorded of a path: its mode and its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    mode: String,
    oid: Oid,
}

/// A path that differs between two commits.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) path: PathBuf,
    pub(super) old: Option<Entry>,
    pub(super) new: Option<Entry>,
}

/// An entry of the index.
pub(super) struct Staged {
    pub(super) entry: Entry,
    /// It is left out of the checkout on purpose.
    pub(super) hidden: bool,
}

/// How a file compares with what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same; both may be absent.
    Same,
    /// The beginning of it.
    Beginning,
    /// There is no file, and there should be one.
    Missing,
    /// Something else.
    Other,
}

fn entry(mode: &[u8], oid: &[u8]) -> Option<Entry> {
    (mode != b"000000")
        .then(|| Some(Entry { mode: String::from_utf8_lossy(mode).into_owned(), oid: Oid::from_git(oid)? }))?
}

/// The paths that differ between two commits. One process.
pub(super) fn changes(repo: &Repo, old: &Oid, new: &Oid) -> Result<Vec<Change>, GitError> {
    let git = repo.git().reading().slow().args(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev"]);
    let listed = git.arg(old).arg(new).run()?;
    let mut parts = listed.split(|&byte| byte == 0).filter(|part| !part.is_empty());
    let mut found = Vec::new();
    while let Some(head) = parts.next() {
        let words: Vec<&[u8]> = head.strip_prefix(b":").unwrap_or(head).split(|&byte| byte == b' ').collect();
        let ([old_mode, new_mode, old, new, _], Some(path)) = (words.as_slice(), parts.next()) else {
            return Err(unexpected("git diff-tree", head));
        };
        found.push(Change { path: path_of(path), old: entry(old_mode, old), new: entry(new_mode, new) });
    }
    Ok(found)
}

/// What the index records of those paths. One that is in conflict has an entry that equals none. One process.
pub(super) fn index_entries(git: &Git, changed: &[Change]) -> Result<HashMap<PathBuf, Staged>, GitError> {
    let wanted: std::collections::HashSet<&Path> = changed.iter().map(|change| change.path.as_path()).collect();
    let listed = git.clone().reading().slow().args(["ls-files", "-s", "-t", "-z"]).run()?;
    let mut found = HashMap::new();
    for line in listed.split(|&byte| byte == 0).filter(|line| !line.is_empty()) {
        let at = line.iter().position(|&byte| byte == b'\t').ok_or_else(|| unexpected("git ls-files", line))?;
        let path = path_of(&line[at + 1..]);
        if !wanted.contains(path.as_path()) {
            continue;
        }
        let words: Vec<&[u8]> = line[..at].split(|&byte| byte == b' ').collect();
        let [tag, mode, oid, stage] = words[..] else { return Err(unexpected("git ls-files", line)) };
        let mode = if stage == b"0" { mode } else { b"conflict" };
        let entry = entry(mode, oid).ok_or_else(|| unexpected("git ls-files", line))?;
        found.insert(path, Staged { entry, hidden: tag == b"S" });
    }
    Ok(found)
}

/// The files of some paths of a commit as git writes them, with the user's filters and line ends.
pub(super) struct Expected {
    folder: PathBuf,
}

impl Expected {
    /// Writes them into `folder`. One process, and one for each 500 paths.
    pub(super) fn of<'c>(
        git_dir: &Path,
        folder: PathBuf,
        commit: &Oid,
        changed: impl Iterator<Item = &'c Change>,
    ) -> Result<Self, GitError> {
        fs::create_dir(&folder).map_err(GitError::io("create", &folder))?;
        let index = folder.with_extension("index");
        let git = || Git::of(git_dir, &folder).slow().env("GIT_INDEX_FILE", &index).set("core.sparseCheckout=false");
        git().arg("read-tree").arg(commit).run()?;
        let paths: Vec<&Path> = changed.map(|change| change.path.as_path()).collect();
        for paths in paths.chunks(AT_ONCE) {
            git().args(["checkout-index", "-q", "-f", "--"]).args(paths).run()?;
        }
        Ok(Self { folder })
    }

    /// How the file at `path` compares with what is expected there. A link to another repository's commit is no file.
    pub(super) fn likeness(&self, path: &Path, change: &Change) -> Result<Likeness, GitError> {
        let is_link = |entry: &Option<Entry>| entry.as_ref().is_some_and(|entry| entry.mode == "160000");
        if is_link(&change.old) || is_link(&change.new) {
            return Ok(Likeness::Same);
        }
        compare(path, &self.folder.join(&change.path)).map_err(GitError::io("compare", path))
    }
}

fn compare(found: &Path, expected: &Path) -> io::Result<Likeness> {
    let (found_meta, expected_meta) = (look(found)?, look(expected)?);
    let (is, should) = match (found_meta, expected_meta) {
        (None, None) => return Ok(Likeness::Same),
        (None, Some(_)) => return Ok(Likeness::Missing),
        (Some(_), None) => return Ok(Likeness::Other),
        (Some(is), Some(should)) => (is, should),
    };
    let is_executable = |meta: &fs::Metadata| meta.permissions().mode() & 0o100 != 0;
    if is.is_symlink() && should.is_symlink() {
        let same = fs::read_link(found)? == fs::read_link(expected)?;
        return Ok(if same { Likeness::Same } else { Likeness::Other });
    }
    if !is.is_file() || !should.is_file() || is.len() > should.len() || is_executable(&is) != is_executable(&should) {
        return Ok(Likeness::Other);
    }
    let (mut one, mut other) = (BufReader::new(File::open(found)?), BufReader::new(File::open(expected)?));
    let (mut left, mut right) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        let read = one.read(&mut left)?;
        if read == 0 {
            return Ok(if is.len() == should.len() { Likeness::Same } else { Likeness::Beginning });
        }
        match other.read_exact(&mut right[..read]) {
            Ok(()) if left[..read] == right[..read] => {}
            Ok(()) => return Ok(Likeness::Other),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(Likeness::Other),
            Err(error) => return Err(error),
        }
    }
}

/// What is there; a path below a file is not there.
fn look(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error),
    }
}
