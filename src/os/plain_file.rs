//! Reads plain files of a reasonable size, and nothing else: a device never ends, and a pipe waits for its writer.
//!
//! What kind of file it is, is asked twice. Before it is opened, because opening alone wakes the writer of a pipe and
//! may move a device; and of what was opened, because the name may have got another file in between. The opening
//! never waits, whatever has come there.

use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use bytesize::ByteSize;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// What to do with a symbolic link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The file to which it points is read.
    Followed,
    /// It is refused, wherever it points.
    Refused,
}

/// Why a file was not read. The sentences go on after its name.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("is not there")]
    Gone,
    /// It is a symbolic link.
    #[error("is a symbolic link")]
    Link,
    /// It is a folder.
    #[error("is a folder")]
    Folder,
    /// It is a pipe, a socket or a device.
    #[error("is {0}")]
    Odd(&'static str),
    /// It holds more than is wanted: so many bytes, as far as they were counted.
    #[error("is {} large", ByteSize(*.0))]
    TooLarge(u64),
    /// The system's words.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Reads a plain file of at most `largest` bytes whole; gives them, and what the system says of the file.
pub fn read(path: &Path, links: Links, largest: u64) -> Result<(Vec<u8>, Metadata), Unreadable> {
    let (look, flags) = match links {
        Links::Followed => (fs::metadata(path), OFlags::empty()),
        Links::Refused => (fs::symlink_metadata(path), OFlags::NOFOLLOW),
    };
    check(&look.map_err(trouble)?, largest)?;
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(Errno::LOOP) if links == Links::Refused => return Err(Unreadable::Link),
        Err(error) => return Err(trouble(error.into())),
    };
    let meta = file.metadata()?;
    check(&meta, largest)?;
    let mut bytes = Vec::with_capacity(usize::try_from(meta.size()).unwrap_or(0));
    // It may grow while it is read, and some files of the kernel's do not know their size.
    file.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        read if read > largest => Err(Unreadable::TooLarge(read)),
        _ => Ok((bytes, meta)),
    }
}

/// No record of ours comes near it.
const LARGEST_RECORD: u64 = 4 * 1024 * 1024;

/// Reads a record of ours, which an agent may have replaced by anything.
pub fn read_record(path: &Path) -> Result<Vec<u8>, Unreadable> {
    read(path, Links::Refused, LARGEST_RECORD).map(|(bytes, _)| bytes)
}

/// Refuses all but a plain file of at most `largest` bytes.
pub(super) fn check(meta: &Metadata, largest: u64) -> Result<(), Unreadable> {
    check_kind(meta.file_type())?;
    if meta.size() > largest { Err(Unreadable::TooLarge(meta.size())) } else { Ok(()) }
}

/// Refuses all but a plain file.
pub(super) fn check_kind(kind: FileType) -> Result<(), Unreadable> {
    if kind.is_file() {
        Ok(())
    } else if kind.is_symlink() {
        Err(Unreadable::Link)
    } else if kind.is_dir() {
        Err(Unreadable::Folder)
    } else if kind.is_fifo() {
        Err(Unreadable::Odd("a pipe"))
    } else if kind.is_socket() {
        Err(Unreadable::Odd("a socket"))
    } else {
        Err(Unreadable::Odd("a device"))
    }
}

fn trouble(error: io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Gone,
        _ => Unreadable::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::*;

    fn why(path: &Path, links: Links) -> String {
        read(path, links, 100).expect_err("it is no plain file").to_string()
    }

    fn pipe(folder: &Path) -> PathBuf {
        let path = folder.join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, Mode::RWXU, 0).unwrap();
        path
    }

    #[test]
    fn what_is_no_plain_file_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listening = UnixListener::bind(&socket).unwrap();
        let link = folder.path().join("link");
        for (path, says) in [
            (pipe(folder.path()).as_path(), "is a pipe"),
            (Path::new("/dev/zero"), "is a device"),
            (&socket, "is a socket"),
            (folder.path(), "is a folder"),
            (&folder.path().join("nothing"), "is not there"),
        ] {
            assert_eq!(why(path, Links::Followed), says);
            assert_eq!(why(path, Links::Refused), says);
            symlink(path, &link).unwrap();
            assert_eq!(why(&link, Links::Followed), says);
            assert_eq!(why(&link, Links::Refused), "is a symbolic link");
            fs::remove_file(&link).unwrap();
        }
    }

    #[test]
    fn a_file_is_read_up_to_the_limit_and_one_beyond_it_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        symlink(&path, &link).unwrap();
        fs::write(&path, [b'x'; 100]).unwrap();
        assert_eq!(read(&path, Links::Refused, 100).unwrap().0, [b'x'; 100]);
        assert_eq!(read(&link, Links::Followed, 100).unwrap().0, [b'x'; 100]);
        fs::write(&path, [b'x'; 101]).unwrap();
        assert_eq!(why(&link, Links::Followed), "is 101 B large");
        File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(why(&path, Links::Refused), "is 1.0 TiB large");
    }

    /// It says that it is empty, and is not.
    #[test]
    fn a_file_that_does_not_know_its_size_is_read_up_to_the_limit() {
        let path = Path::new("/proc/self/status");
        assert_eq!(fs::metadata(path).unwrap().len(), 0);
        assert!(!read(path, Links::Followed, 1 << 20).unwrap().0.is_empty());
        assert_eq!(why(path, Links::Followed), "is 101 B large");
    }
}
