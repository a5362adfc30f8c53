//! Makes the folders that a run needs, each with an ignore file inside, so that git sees none of it.

use std::fs;
use std::io;
use std::path::Path;

use super::dirs::Dirs;
use super::files;
use crate::error::{Context, Result};
use crate::model::state::State;

/// Covers everything below it, itself included.
const IGNORE_ALL: &str = "*\n";

/// Makes what is missing; changes nothing that is there. Gives the folders and files that it made.
pub fn create(dirs: &Dirs) -> Result<Vec<std::path::PathBuf>> {
    let mut made = Vec::new();
    let tops = [dirs.tasks(), dirs.runs(), dirs.machine()];
    let below = State::ALL.map(|state| dirs.state(state));
    let machine = [dirs.locks(), dirs.control(), dirs.claims(), dirs.slots(), dirs.verified(), dirs.scratch()];
    for top in tops {
        // A folder that was there before may be tracked on purpose; only our own are hidden.
        if create_folder(top)? {
            made.push(top.to_owned());
            let ignore = top.join(".gitignore");
            fs::write(&ignore, IGNORE_ALL).context(|| format!("write {}", ignore.display()))?;
        }
    }
    for folder in below.iter().chain(&machine) {
        if create_folder(folder)? && folder.starts_with(dirs.tasks()) {
            made.push(folder.clone());
        }
    }
    Ok(made)
}

fn create_folder(folder: &Path) -> Result<bool> {
    match fs::create_dir(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder).context(|| format!("create {}", folder.display()))?;
            Ok(true)
        }
        Err(error) => Err(error).context(|| format!("create {}", folder.display())),
    }
}

/// The machine's name.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Removes what killed writers left in the folders where files are written beside their names.
pub fn clear_litter(dirs: &Dirs) -> Result<()> {
    let machine = [dirs.control(), dirs.claims(), dirs.slots(), dirs.verified()];
    for folder in State::ALL.map(|state| dirs.state(state)).iter().chain(&machine) {
        files::clear_litter(folder).context(|| format!("clear {}", folder.display()))?;
    }
    Ok(())
}
