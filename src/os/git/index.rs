//! Reads the one thing about an index that `git status` does not tell: whether it hides changes.
//!
//! An agent can set "assume unchanged" or "skip worktree" on a file, and status, add and checkout then pass
//! over it in silence. Asking git (`ls-files -v`) costs a process in every cycle; the bits stand in the index
//! file at known places (git's `Documentation/gitformat-index`, versions 2 to 4). Whatever is not as expected
//! is doubtful, and a doubtful index is built anew.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::GitError;

const ASSUME_UNCHANGED: u16 = 0x8000;
const EXTENDED: u16 = 0x4000;
const SKIP_WORKTREE: u16 = 0x4000;
const STAGE: u16 = 0x3000;
const TYPE: u32 = 0o170_000;
const GITLINK: u32 = 0o160_000;
const TREE: u32 = 0o040_000;

/// What an index is good for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// There is none.
    Missing,
    /// It hides nothing.
    Sound {
        /// The paths it records as a link to another repository's commit.
        gitlinks: Vec<PathBuf>,
    },
    /// It hides changes, or is broken, split or sparse.
    Doubtful,
}

/// Looks through the index file at `path`, of a repository whose object names have `digits` digits.
/// No process.
pub(super) fn inspect(path: &Path, digits: usize) -> Result<Index, GitError> {
    match fs::read(path) {
        Ok(bytes) => Ok(match gitlinks(&bytes, digits / 2) {
            Some(gitlinks) => Index::Sound { gitlinks },
            None => Index::Doubtful,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Index::Missing),
        Err(error) => Err(GitError::io("read", path)(error)),
    }
}

/// The gitlinks of a sound index; `None` for a doubtful one.
fn gitlinks(index: &[u8], hash: usize) -> Option<Vec<PathBuf>> {
    let body = index.get(..index.len().checked_sub(hash)?)?;
    let version = (body.get(..4)? == b"DIRC").then(|| number(body, 4))??;
    if !(2..=4).contains(&version) {
        return None;
    }
    let mut found = Vec::new();
    let mut name: Vec<u8> = Vec::new();
    let mut previous = (Vec::new(), 0);
    let mut at = 12;
    for _ in 0..number(body, 8)? {
        let start = at;
        let kind = number(body, at + 24)? & TYPE;
        at += 40 + hash;
        let flags = short(body, at)?;
        at += 2;
        let mut hidden = flags & ASSUME_UNCHANGED != 0;
        if flags & EXTENDED != 0 {
            hidden |= short(body, at)? & SKIP_WORKTREE != 0;
            at += 2;
        }
        if hidden || kind == TREE {
            return None;
        }
        if version == 4 {
            // Only how much of the previous name's end is replaced, and by what.
            let strip = varint(body, &mut at)?;
            name.truncate(name.len().checked_sub(strip)?);
        } else {
            name.clear();
        }
        let length = body.get(at..)?.iter().position(|&byte| byte == 0)?;
        name.extend_from_slice(&body[at..at + length]);
        at += length + 1;
        // git trusts the order, and would write trees that are not sorted.
        let key = (name.clone(), flags & STAGE);
        if key <= previous {
            return None;
        }
        previous = key;
        if version < 4 {
            // Padded with one to eight zeros to a multiple of eight.
            at = start + (at - start).next_multiple_of(8);
        }
        if kind == GITLINK {
            found.push(PathBuf::from(OsStr::from_bytes(&name)));
        }
    }
    // A lower-case extension must be understood: `link` (split index), `sdir` (sparse index).
    while at < body.len() {
        if body[at].is_ascii_lowercase() {
            return None;
        }
        at += 8 + number(body, at + 4)? as usize;
    }
    (at == body.len()).then_some(found)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// git's "offset" encoding: seven bits per byte, most significant first, each further byte adds one.
fn varint(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut next = || {
        let byte = *bytes.get(*at)?;
        *at += 1;
        Some(usize::from(byte))
    };
    let mut byte = next()?;
    let mut value = byte & 0x7f;
    while byte & 0x80 != 0 {
        byte = next()?;
        value = (value.checked_add(1)?.checked_mul(128)?) | (byte & 0x7f);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fixture;
    use super::*;

    fn look(fixture: &Fixture) -> Index {
        inspect(&fixture.top().join(".git/index"), 40).unwrap()
    }

    #[test]
    fn every_version_is_read_to_its_end() {
        for version in ["2", "3", "4"] {
            let fixture = Fixture::new();
            for n in 0..40 {
                fixture.write(&format!("folder-{}/{}", n % 3, "x".repeat(n + 1)), "text");
            }
            fixture.write("intent", "later");
            fixture.git(["add", "folder-0", "folder-1", "folder-2"]);
            fixture.git(["add", "-N", "intent"]);
            fixture.git(["update-index", "--index-version", version]);
            assert_eq!(look(&fixture), Index::Sound { gitlinks: vec![] }, "version {version}");
            fixture.git(["update-index", "--add", "--cacheinfo", &format!("160000,{},sub/module", fixture.head())]);
            assert_eq!(look(&fixture), Index::Sound { gitlinks: vec!["sub/module".into()] }, "version {version}");
        }
    }

    #[test]
    fn hidden_files_make_it_doubtful() {
        for bit in ["--assume-unchanged", "--skip-worktree"] {
            let fixture = Fixture::new();
            fixture.git(["update-index", bit, "README.md"]);
            assert_eq!(look(&fixture), Index::Doubtful, "{bit}");
        }
    }

    #[test]
    fn a_broken_split_or_missing_one_is_told() {
        let fixture = Fixture::new();
        let path = fixture.top().join(".git/index");
        let whole = fs::read(&path).unwrap();
        // Cut exactly behind the entries it is a whole index as far as anybody can tell without the checksum.
        let entries_end = 12 + 72 + 20;
        for length in (0..whole.len()).filter(|length| *length != entries_end) {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(look(&fixture), Index::Doubtful, "{length} bytes");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(look(&fixture), Index::Missing);
        fixture.git(["read-tree", "HEAD"]);
        fixture.git(["update-index", "--split-index"]);
        assert_eq!(look(&fixture), Index::Doubtful);
    }
}
