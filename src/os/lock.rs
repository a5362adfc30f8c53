//! One exclusive kernel lock on one file.
//!
//! The lock is `flock(2)`: it belongs to the open file, so it is free the moment its process is dead,
//! however it died. Two traps, both measured:
//!
//! * Dropping is not releasing. A thread that is just spawning a child holds a copy of the descriptor until
//!   the child's exec, so a close alone leaves the lock held for a moment. The guard unlocks explicitly.
//! * A lock file is never unlinked: whoever opened it before could hold "the same" lock on the old inode.
//!
//! `fs2`'s methods are called by their full name: `File` has methods of its own with the same names.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// The longest pause between two tries, so that a freed lock is taken soon.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// A held lock; released when dropped.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct Lock {
    file: File,
    unlock_on_drop: bool,
}

impl Lock {
    /// Takes the lock on the file at `path`, which is created if it is missing (its folder is not).
    /// `None`: somebody else has it, in this process or another.
    pub fn try_exclusive(path: &Path) -> io::Result<Option<Self>> {
        try_lock(open(path)?).map(Result::ok)
    }

    /// Takes the lock on an open file, which may be open for reading alone. `None`: somebody else has it.
    pub fn try_exclusive_on(file: File) -> io::Result<Option<Self>> {
        try_lock(file).map(Result::ok)
    }

    /// Takes the lock on the file at `path`, waiting for it with growing pauses of at most 20 ms.
    /// `None`: `stop` said so first; it is asked before every pause.
    pub fn exclusive(path: &Path, stop: &dyn Fn() -> bool) -> io::Result<Option<Self>> {
        let mut file = open(path)?;
        let mut pause = Duration::from_micros(200);
        loop {
            file = match try_lock(file)? {
                Ok(lock) => return Ok(Some(lock)),
                Err(_) if stop() => return Ok(None),
                Err(file) => file,
            };
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The locked file. A child that gets a clone of it shares the lock, until this guard is dropped.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Gives up the guard, not the lock: it stays held until the last copy of the file that is returned is
    /// closed, in this process and in every child that has inherited one.
    pub fn hand_over(mut self) -> io::Result<File> {
        let file = self.file.try_clone()?;
        self.unlock_on_drop = false;
        Ok(file)
    }

    /// Writes into the locked file who holds it: `{schema, pid, host, since}`. It is for people and for
    /// messages only; whether somebody holds the lock is known from the lock.
    pub fn describe(&mut self) -> io::Result<()> {
        let holder = serde_json::json!({
            "schema": 1,
            "pid": std::process::id(),
            "host": rustix::system::uname().nodename().to_string_lossy(),
            "since": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(format!("{holder}\n").as_bytes())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.unlock_on_drop {
            // Closing is what is left if this fails, and it releases as well, only later.
            let _ = fs2::FileExt::unlock(&self.file);
        }
    }
}

/// Whether somebody has the lock on the file at `path`; no file is no lock. The look shares the lock for an
/// instant, which another look does not notice, but whoever tries to take it at that moment finds it busy: only
/// for locks whose taker waits. For the others there is [`LockTable`](super::lock_table::LockTable).
pub fn is_held(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match fs2::FileExt::try_lock_shared(&file) {
        Ok(()) => fs2::FileExt::unlock(&file).map(|()| false),
        Err(error) if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() => Ok(true),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
}

fn try_lock(file: File) -> io::Result<Result<Lock, File>> {
    match fs2::FileExt::try_lock_exclusive(&file) {
        Ok(()) => Ok(Ok(Lock { file, unlock_on_drop: true })),
        Err(error) if error.raw_os_error() == fs2::lock_contended_error().raw_os_error() => Ok(Err(file)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_held_lock_is_busy_and_a_dropped_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let held = Lock::try_exclusive(&path).unwrap().unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        assert!(is_held(&path).unwrap());
        drop(held);
        assert!(!is_held(&path).unwrap());
        assert!(!is_held(&folder.path().join("none.lock")).unwrap());
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn waiting_ends_when_it_is_told_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let _held = Lock::try_exclusive(&path).unwrap().unwrap();
        let asked = AtomicUsize::new(0);
        let got = Lock::exclusive(&path, &|| asked.fetch_add(1, Ordering::Relaxed) == 3).unwrap();
        assert!(got.is_none());
        assert_eq!(asked.into_inner(), 4);
    }

    #[test]
    fn only_one_thread_has_it_at_a_time_while_others_spawn_programs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let inside = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let lock = Lock::exclusive(&path, &|| false).unwrap().unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                        assert!(std::process::Command::new("true").status().unwrap().success());
                    }
                });
            }
        });
    }

    #[test]
    fn the_file_says_who_holds_it_and_a_shorter_text_leaves_no_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        std::fs::write(&path, "x".repeat(4096)).unwrap();
        let mut lock = Lock::try_exclusive(&path).unwrap().unwrap();
        lock.describe().unwrap();
        let holder: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(holder["pid"], std::process::id());
        assert_eq!(holder["since"].as_str().unwrap().len(), "2026-11-20T22:00:01Z".len());
    }

    #[test]
    fn a_lock_that_was_handed_over_lives_as_long_as_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let file = Lock::try_exclusive(&path).unwrap().unwrap().hand_over().unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop(file);
        // Another test may be spawning a program just now, and holds a copy until its exec.
        assert!(Lock::exclusive(&path, &|| false).unwrap().is_some());
    }

    #[test]
    fn a_missing_folder_is_an_error_not_a_busy_lock() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Lock::try_exclusive(&folder.path().join("none/a.lock")).is_err());
    }
}
