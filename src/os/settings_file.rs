//! One file of the settings: found by its ending, read whole as text, and named where something is wrong with it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::plain_file::{self, Links, Unreadable};
use crate::error::{Error, Result};

/// The most that one of them may hold, in bytes.
const LARGEST: u64 = 1024 * 1024;

/// What has this ending in `folder`, in the order of the names; an absent folder holds nothing.
pub(super) fn files_in(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::environment(format!("cannot read {}", folder.display())).because(error)),
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|is| is == extension)).collect();
    paths.sort();
    Ok(paths)
}

/// The bytes of a file; a link is followed, because people keep their settings elsewhere.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Unreadable> {
    plain_file::read(path, Links::Followed, LARGEST).map(|(bytes, _)| bytes)
}

/// The text of a file; `Ok(None)` if there is none, or only a link that leads nowhere, as editors leave them.
pub(super) fn text(path: &Path) -> Result<Option<String>> {
    let bytes = match bytes(path) {
        Ok(bytes) => bytes,
        Err(Unreadable::Gone) => return Ok(None),
        Err(Unreadable::Io(error)) => {
            return Err(Error::usage(format!("cannot read {}", path.display())).because(error));
        }
        Err(why @ (Unreadable::Link | Unreadable::Folder | Unreadable::Odd(_) | Unreadable::TooLarge(_))) => {
            let reason = format!("{why}, and settings are plain files of at most {}", bytesize::ByteSize(LARGEST));
            return Err(mistake(path, None, &reason));
        }
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let good = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        let line = good.filter(|byte| **byte == b'\n').count() + 1;
        mistake(path, Some(line), "is not UTF-8")
    })
}

/// A mistake in a file of settings, with its place.
pub(super) fn mistake(path: &Path, line: Option<usize>, reason: &str) -> Error {
    match line {
        Some(line) => Error::usage(format!("{}:{line}: {reason}", path.display())),
        None => Error::usage(format!("{}: {reason}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_by_name_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("swarm.yaml");
        assert_eq!(text(&path).unwrap(), None);
        fs::write(&path, "base: trunk\n").unwrap();
        assert_eq!(text(&path).unwrap().as_deref(), Some("base: trunk\n"));
        let refused = || text(&path).unwrap_err().chain();
        fs::write(&path, b"base: trunk\n# caf\xe9\n").unwrap();
        assert_eq!(refused(), format!("{}:2: is not UTF-8", path.display()));
        fs::File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(refused().starts_with(&format!("{}: is 1.0 MiB large", path.display())), "{}", refused());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(refused().contains("is a folder"), "{}", refused());
    }
}
