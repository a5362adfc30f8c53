//! What people ask of the running swarms of a workspace: small files in `.swarm/control/`, which the swarms watch.
//! `touch` and `rm` do what the commands do.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;

use super::dirs::Dirs;
use super::files;
use super::task_folder::Stamp;
use crate::model::pick::Paused;

/// Nobody reads a longer reason.
const LONGEST_REASON: u64 = 4 * 1024;

/// Asks all swarms of the workspace, running or to come, to claim no more. Survives a power cut.
pub fn pause(dirs: &Dirs, reason: &str) -> io::Result<()> {
    files::write_durably(&dirs.paused(), format!("{}\n", reason.trim()).as_bytes())
}

/// Lets them claim again; gives false where nothing was paused.
pub fn resume(dirs: &Dirs) -> io::Result<bool> {
    match fs::remove_file(dirs.paused()) {
        Ok(()) => files::sync_folder_of(&dirs.paused()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether claiming is paused: something has that name.
pub fn is_paused(dirs: &Dirs) -> bool {
    fs::symlink_metadata(dirs.paused()).is_ok()
}

/// Why claiming is paused, if it is.
pub fn paused(dirs: &Dirs) -> Option<Paused> {
    let path = dirs.paused();
    let meta = fs::symlink_metadata(&path).ok()?;
    let mut reason = Vec::new();
    if meta.is_file() {
        // That it is there says enough.
        let _ = File::open(&path).and_then(|file| file.take(LONGEST_REASON).read_to_end(&mut reason));
    }
    let words: Vec<String> = String::from_utf8_lossy(&reason).split_whitespace().map(str::to_owned).collect();
    let since = meta.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
    Some(Paused { reason: words.join(" "), since })
}

/// Asks the running swarms to have so many workers each.
pub fn ask_for_workers(dirs: &Dirs, workers: u32) -> io::Result<()> {
    files::write_durably(&dirs.wanted_workers(), format!("{workers}\n").as_bytes())
}

/// What identifies the last time that somebody asked for a number of workers.
pub fn last_asked(dirs: &Dirs) -> Option<Stamp> {
    fs::symlink_metadata(dirs.wanted_workers()).ok().map(|meta| Stamp::of(&meta))
}

/// The number of workers that somebody has asked for; the error is what stands there instead.
pub fn asked_workers(dirs: &Dirs) -> Result<u32, String> {
    let text = read_short(&dirs.wanted_workers()).map_err(|error| error.to_string())?;
    match text.trim().parse() {
        Ok(0) => Err("0 would leave nobody to work; `swarm pause` lets claiming rest".to_owned()),
        Ok(workers) => Ok(workers),
        Err(_) => Err(format!("`{}` is no number of workers", text.trim().escape_debug())),
    }
}

fn read_short(path: &Path) -> io::Result<String> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("is no plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(100).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::config;

    fn workspace() -> (tempfile::TempDir, Dirs) {
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::new(folder.path(), &config::Dirs::default());
        fs::create_dir_all(dirs.control()).unwrap();
        (folder, dirs)
    }

    #[test]
    fn a_pause_lasts_until_it_is_taken_back_and_may_be_made_by_hand() {
        let (_folder, dirs) = workspace();
        assert_eq!((is_paused(&dirs), paused(&dirs)), (false, None));
        pause(&dirs, " the disk\nis full ").unwrap();
        assert_eq!(paused(&dirs).unwrap().reason, "the disk is full");
        assert!(is_paused(&dirs) && resume(&dirs).unwrap() && !resume(&dirs).unwrap());
        fs::write(dirs.paused(), "").unwrap();
        assert_eq!(paused(&dirs).unwrap().reason, "");
        fs::remove_file(dirs.paused()).unwrap();
        fs::create_dir(dirs.paused()).unwrap();
        assert!(is_paused(&dirs) && paused(&dirs).is_some(), "whatever has the name");
    }

    #[test]
    fn each_time_somebody_asks_for_workers_can_be_told_from_the_last() {
        let (_folder, dirs) = workspace();
        assert_eq!(last_asked(&dirs), None);
        ask_for_workers(&dirs, 4).unwrap();
        let first = last_asked(&dirs);
        assert_eq!(asked_workers(&dirs), Ok(4));
        ask_for_workers(&dirs, 4).unwrap();
        assert!(first.is_some() && last_asked(&dirs) != first);
        for wrong in ["0", "", "many", "-1"] {
            fs::write(dirs.wanted_workers(), wrong).unwrap();
            assert!(asked_workers(&dirs).is_err(), "{wrong}");
        }
    }
}
