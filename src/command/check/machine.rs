//! The folders, and whether the kernel tells of changes in them. Changes nothing.

use std::path::Path;

use bytesize::ByteSize;
use rustix::fs::{Access, access, statvfs};

use super::item::Item;
use crate::error::Error;
use crate::model::state::State;
use crate::os::bell::Bell;
use crate::os::dirs::Dirs;

/// Below it a person should know.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;

/// Whether everything that a run writes can be written.
pub(super) fn folders(dirs: &Dirs) -> Vec<Item> {
    let mut needed: Vec<_> = State::ALL.map(|state| dirs.state(state)).to_vec();
    needed.extend([dirs.runs().to_owned(), dirs.locks(), dirs.claims(), dirs.slots(), dirs.verified(), dirs.scratch()]);
    let (mut items, mut missing) = (Vec::new(), 0);
    for folder in &needed {
        // What is not there yet is made by the run, inside the nearest folder that is.
        let Some(nearest) = folder.ancestors().find(|path| path.exists()) else { continue };
        missing += usize::from(nearest != folder);
        if let Err(error) = can_write(nearest) {
            items.push(Item::failed("folders", &error));
        }
    }
    items.dedup();
    if items.is_empty() {
        let made = if missing > 0 { "; the first run makes what is missing" } else { "" };
        items.push(Item::ok("folders", format!("tasks, records and worktrees can be written{made}")));
    }
    items.extend(space(dirs.root()));
    items
}

fn can_write(folder: &Path) -> Result<(), Error> {
    if !folder.is_dir() {
        return Err(Error::environment(format!("{} is no folder", folder.display())).hint("rename or remove it"));
    }
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        Error::environment(format!("cannot write to {}", folder.display())).because(std::io::Error::from(error))
    })
}

fn space(root: &Path) -> Option<Item> {
    let of = statvfs(root).ok()?;
    let free = of.f_bavail.saturating_mul(of.f_frsize);
    let detail = format!("{} are free", ByteSize(free));
    (free < LITTLE_SPACE).then(|| Item::note("folders", detail))
}

/// Whether the kernel can tell of new tasks.
pub(super) fn events(dirs: &Dirs) -> Item {
    let watched =
        Bell::new().and_then(|mut bell| State::ALL.into_iter().try_for_each(|state| bell.watch(&dirs.state(state))));
    match watched {
        Ok(()) => Item::ok("events", "the kernel tells of new tasks"),
        Err(error) => Item::failed("events", &error),
    }
}
