//! New tasks that are not taken: kept beside the run's records and reported, both within bounds. A name that was
//! refused before is kept under another one.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Workshop;
use crate::model::record::Event;
use crate::os::journal::Who;
use crate::os::task_folder::read_plain;

/// How many are reported one by one; the others are in one sentence.
const MOST_TOLD: usize = 20;
/// How much is kept of one outbox, in bytes.
const MOST_BYTES: usize = 10 * 1024 * 1024;
/// How often files of one name are kept.
const MOST_OF_A_NAME: usize = 100;
/// How much of a long name is kept, in bytes, so that a number fits behind it.
const MOST_OF_A_STEM: usize = 200;

/// What was refused of one outbox so far.
pub(super) struct Refused<'a> {
    shop: &'a Workshop,
    who: &'a Who,
    folder: PathBuf,
    told: usize,
    untold: usize,
    kept_bytes: usize,
}

impl<'a> Refused<'a> {
    /// Nothing so far.
    pub(super) fn begin(shop: &'a Workshop, who: &'a Who) -> Self {
        let folder = shop.journal.folder().join("outbox");
        Self { shop, who, folder, told: 0, untold: 0, kept_bytes: 0 }
    }

    /// Keeps what is in the file, if it is one that can be kept and there is still room, and reports it.
    pub(super) fn put(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default();
        let kept = self.keep(path, name)?;
        if self.told == MOST_TOLD {
            self.untold += 1;
            return Ok(());
        }
        self.told += 1;
        let kept = kept.map(|kept| format!("; it is kept as {}", self.shop.dirs.shown(&kept))).unwrap_or_default();
        self.tell(format!("a new task was not taken: {}: {reason}{kept}", name.display()));
        Ok(())
    }

    /// Reports the others in one sentence; `unseen` of them were not even looked at.
    pub(super) fn end(mut self, unseen: usize) {
        self.untold += unseen;
        if self.untold > 0 {
            let folder = self.shop.dirs.shown(&self.folder);
            let unseen = if unseen > 0 { format!(" {unseen} of them were not looked at;") } else { String::new() };
            let message = format!("and {} more were not taken;{unseen} what was kept is in {folder}", self.untold);
            self.tell(message);
        }
    }

    fn tell(&self, message: String) {
        self.shop.journal.event(self.who, Event::Warning { message });
    }

    fn keep(&mut self, path: &Path, name: &OsStr) -> io::Result<Option<PathBuf>> {
        let left = MOST_BYTES - self.kept_bytes;
        let fits = fs::symlink_metadata(path).is_ok_and(|meta| usize::try_from(meta.len()).is_ok_and(|it| it <= left));
        let Some(bytes) = fits.then(|| read_plain(path).ok()).flatten().filter(|bytes| bytes.len() <= left) else {
            return Ok(None);
        };
        fs::create_dir_all(&self.folder)?;
        self.kept_bytes += bytes.len();
        keep_as(&self.folder, name, &bytes)
    }
}

/// Writes the bytes into a new file of that name, or of the first free one of `…-2`, `…-3` and so on; the same bytes are
/// not kept twice. `None`: too many were kept under that name.
fn keep_as(folder: &Path, name: &OsStr, bytes: &[u8]) -> io::Result<Option<PathBuf>> {
    for number in 1..=MOST_OF_A_NAME {
        let path = folder.join(numbered(name, number));
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => return file.write_all(bytes).map(|()| Some(path)),
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if read_plain(&path).is_ok_and(|there| there == bytes) => return Ok(Some(path)),
            Err(_) => {}
        }
    }
    Ok(None)
}

fn numbered(name: &OsStr, number: usize) -> OsString {
    let stem = name.as_bytes().strip_suffix(b".md").unwrap_or(name.as_bytes());
    let stem = &stem[..stem.len().min(MOST_OF_A_STEM)];
    let number = if number == 1 { String::new() } else { format!("-{number}") };
    OsString::from_vec([stem, number.as_bytes(), b".md"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_are_all_kept_and_the_same_one_once() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |name: &str, text: &str| {
            let kept = keep_as(folder.path(), OsStr::new(name), text.as_bytes()).unwrap();
            kept.map(|path| path.file_name().unwrap().to_owned().into_string().unwrap())
        };
        for (text, name) in [("one", "a.md"), ("two", "a-2.md"), ("one", "a.md"), ("three", "a-3.md")] {
            assert_eq!(keep("a.md", text).as_deref(), Some(name), "{text}");
        }
        assert_eq!(fs::read_to_string(folder.path().join("a-2.md")).unwrap(), "two");
        for number in 4..=MOST_OF_A_NAME {
            assert!(keep("a.md", &number.to_string()).is_some());
        }
        assert_eq!(keep("a.md", "one too many"), None);
    }

    #[test]
    fn a_name_as_long_as_can_be_is_cut_so_that_a_number_fits() {
        let folder = tempfile::tempdir().unwrap();
        let name = OsString::from(format!("{}.md", "x".repeat(252)));
        let [one, two] = ["one", "two"].map(|text| keep_as(folder.path(), &name, text.as_bytes()).unwrap().unwrap());
        assert_ne!(one, two);
    }
}
