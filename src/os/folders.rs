//! Makes the folders that a run needs, each with an ignore file inside, so that git sees none of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::dirs::Dirs;
use super::files;
use crate::error::{Context, Result};
use crate::model::state::State;

/// Covers everything below it, itself included.
const IGNORE_ALL: &str = "*\n";

/// Makes what is missing; changes nothing that is there. Gives the folders and files that it made.
pub fn create(dirs: &Dirs) -> Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    for top in [dirs.tasks(), dirs.runs()] {
        made.extend(create_hidden(top)?);
    }
    made.extend(create_machine(dirs)?);
    for folder in State::ALL.map(|state| dirs.state(state)) {
        if create_folder(&folder)? {
            made.push(folder);
        }
    }
    Ok(made)
}

/// Makes what is missing of what is local to this machine; gives its folder if that was missing.
pub fn create_machine(dirs: &Dirs) -> Result<Option<PathBuf>> {
    let made = create_hidden(dirs.machine())?;
    for folder in [dirs.locks(), dirs.control(), dirs.claims(), dirs.slots(), dirs.verified(), dirs.scratch()] {
        create_folder(&folder)?;
    }
    Ok(made)
}

/// Makes a folder of which git sees nothing; gives it if it was missing. One that was there before may be tracked on
/// purpose.
fn create_hidden(folder: &Path) -> Result<Option<PathBuf>> {
    if !create_folder(folder)? {
        return Ok(None);
    }
    let ignore = folder.join(".gitignore");
    fs::write(&ignore, IGNORE_ALL).context(|| format!("write {}", ignore.display()))?;
    Ok(Some(folder.to_owned()))
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
