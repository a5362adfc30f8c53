//! Files that a reader sees whole or not at all, and renames that never replace.
//!
//! Every document is written beside its name and renamed. What must survive a power cut is synced before the
//! rename, and its folder after it (without the first an empty file was left behind, without the second the
//! old name; both were measured on ext4 and xfs).

use std::collections::HashSet;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::writers;

/// Writes `bytes` to `path`, replacing what is there; survives a power cut once it returns.
pub fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path, bytes)?;
    beside.as_file().sync_data()?;
    beside.persist(path)?;
    sync_folder_of(path)
}

/// Writes `bytes` to `path`, replacing what is there; a power cut may undo it.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    beside(path, bytes)?.persist(path)?;
    Ok(())
}

/// Creates `path` with `bytes` unless something has that name already; gives whether it did. Durable.
pub fn create_durably(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let beside = beside(path, bytes)?;
    beside.as_file().sync_data()?;
    match move_file(beside.path(), path)? {
        Moved::Done => {}
        Moved::Taken => return Ok(false),
        Moved::Gone => return Err(io::ErrorKind::NotFound.into()),
    }
    // The name is gone, so there is nothing left to remove.
    drop(beside.into_temp_path().keep());
    sync_folder_of(path)?;
    Ok(true)
}

/// How the names of files begin that are not finished.
const UNFINISHED: &str = ".tmp-";

/// Removes from a folder what killed writers left: unfinished files that nobody has open any more. One that is
/// still being written is open in its writer.
pub fn clear_litter(folder: &Path) -> io::Result<()> {
    let mut litter = HashSet::new();
    for entry in fs::read_dir(folder)?.flatten() {
        let ours =
            entry.metadata().is_ok_and(|meta| meta.is_file() && meta.uid() == rustix::process::geteuid().as_raw());
        if ours && entry.file_name().as_bytes().starts_with(UNFINISHED.as_bytes()) {
            litter.insert(entry.path());
        }
    }
    let open = writers::open_for_writing(&litter);
    for path in litter.difference(&open) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Hidden, so that no scan takes it for a task; the umask narrows the mode as for any new file.
    let mut file =
        tempfile::Builder::new().prefix(UNFINISHED).permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// What came of a rename.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// The file has its new name.
    Done,
    /// There was no such file: somebody else was first.
    Gone,
    /// Something has the new name already; nothing was changed.
    Taken,
}

/// Renames a file, but never over another one, into a folder that is made again if somebody has removed it.
pub fn move_file(from: &Path, to: &Path) -> io::Result<Moved> {
    let moved = rename(from, to)?;
    // What is not there may be the file, or the folder into which it goes.
    match to.parent() {
        Some(folder) if moved == Moved::Gone && fs::symlink_metadata(from).is_ok() => {
            fs::create_dir_all(folder)?;
            sync_folder_of(folder)?;
            rename(from, to)
        }
        Some(_) | None => Ok(moved),
    }
}

fn rename(from: &Path, to: &Path) -> io::Result<Moved> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(Moved::Done),
        Err(Errno::NOENT) => Ok(Moved::Gone),
        Err(Errno::EXIST) => Ok(Moved::Taken),
        // File systems without the flag say "invalid argument".
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_and_unlink(from, to),
        Err(error) => Err(error.into()),
    }
}

/// The old way to rename without replacing: for a moment the file has both names.
fn link_and_unlink(from: &Path, to: &Path) -> io::Result<Moved> {
    match fs::hard_link(from, to) {
        Ok(()) => {
            fs::remove_file(from)?;
            Ok(Moved::Done)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Moved::Gone),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Moved::Taken),
        Err(error) => Err(error),
    }
}

/// Replaces the contents of the file at `path` by what `edit` makes of them; gives false if the file is gone.
///
/// Somebody may save the file at the same moment. So the new file is *exchanged* with the old one, and what
/// comes out is compared with what was read: if it differs, the edit is made again on the newer contents. An
/// exchange also fails where the file has been moved away, while a plain rename would bring it back.
pub fn edit_durably<E: From<io::Error>>(
    path: &Path,
    mut edit: impl FnMut(&[u8]) -> Result<Vec<u8>, E>,
) -> Result<bool, E> {
    let mut source = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        read => read?,
    };
    // What the exchange should bring out: what was read, or our own edit of something older.
    let mut expected = source.clone();
    loop {
        let edited = edit(&source)?;
        if edited == expected {
            return Ok(true);
        }
        let beside = beside(path, &edited)?;
        match fs::metadata(path) {
            Ok(old) => beside.as_file().set_permissions(old.permissions())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        beside.as_file().sync_data()?;
        match renameat_with(CWD, beside.path(), CWD, path, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                beside.persist(path).map_err(|error| error.error)?;
                sync_folder_of(path)?;
                return Ok(true);
            }
            Err(error) => return Err(io::Error::from(error).into()),
        }
        let found = fs::read(beside.path())?;
        if found == expected {
            sync_folder_of(path)?;
            return Ok(true);
        }
        source = found;
        expected = edited;
    }
}

/// Syncs the folder in which `path` has its name.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => sync_folder(folder),
        None => sync_folder(Path::new(".")),
    }
}

/// Makes the names in a folder survive a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_move_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "a").unwrap();
        fs::write(&b, "b").unwrap();
        assert_eq!(move_file(&a, &b).unwrap(), Moved::Taken);
        assert_eq!(link_and_unlink(&a, &b).unwrap(), Moved::Taken);
        assert_eq!(fs::read_to_string(&b).unwrap(), "b");
        fs::remove_file(&b).unwrap();
        assert_eq!(move_file(&a, &b).unwrap(), Moved::Done);
        assert_eq!(move_file(&a, &b).unwrap(), Moved::Gone);
        assert_eq!(link_and_unlink(&b, &a).unwrap(), Moved::Done);
        assert_eq!(fs::read_to_string(&a).unwrap(), "a");
    }

    #[test]
    fn a_folder_that_somebody_has_removed_is_made_again_and_a_file_that_is_gone_makes_none() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("gone/too/b"));
        assert_eq!(move_file(&a, &b).unwrap(), Moved::Gone);
        assert!(!folder.path().join("gone").exists());
        fs::write(&a, "a").unwrap();
        assert_eq!(move_file(&a, &b).unwrap(), Moved::Done);
        assert_eq!((fs::read_to_string(&b).unwrap().as_str(), a.exists()), ("a", false));
    }

    #[test]
    fn a_new_file_never_replaces_and_leaves_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(create_durably(&path, b"one").unwrap());
        assert!(!create_durably(&path, b"two").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_edit_keeps_what_somebody_saved_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let mut times = 0;
        let done = edit_durably(&path, |bytes| {
            times += 1;
            if times == 1 {
                fs::write(&path, "saved meanwhile").unwrap();
            }
            Ok::<_, io::Error>([bytes, b" + edit"].concat())
        });
        assert!(done.unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "saved meanwhile + edit");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_edit_does_not_bring_back_a_file_that_was_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("x"), folder.path().join("y"));
        fs::write(&path, "old").unwrap();
        let done = edit_durably(&path, |bytes| {
            fs::rename(&path, &away).unwrap();
            Ok::<_, io::Error>([bytes, b"!"].concat())
        });
        assert!(!done.unwrap());
        assert!(!path.exists());
        assert_eq!(fs::read_to_string(&away).unwrap(), "old");
    }
}
