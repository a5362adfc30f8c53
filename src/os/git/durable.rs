//! What git leaves unsynced: the objects an agent's own git wrote, and the folders of refs.
//!
//! `core.fsync=all` covers what *our* commands write. The commits of an agent were written by its git, with
//! its settings, and git's default syncs no loose object. A ref of ours that outlives a power cut must not
//! point to them before they are on the disk. (Packs are synced by default.)

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::error::GitError;
use super::oid::Oid;
use super::repo::Repo;

/// Syncs every loose object that is reachable from `new` and not from `old`, which is on the disk already,
/// and the folders they are in. Tells whether `new` descends from `old`, which the same walk finds out.
/// One process, and one `fsync` (cheap where nothing is dirty) per object.
pub(super) fn sync_objects(repo: &Repo, new: &Oid, old: Option<&Oid>) -> Result<bool, GitError> {
    let mut git = repo.git().reading().slow();
    git = git.args(["rev-list", "--objects", "--no-object-names", "--boundary", "--missing=allow-any"]).arg(new);
    if let Some(old) = old {
        git = git.arg("--not").arg(old);
    }
    let listed = git.run()?;
    let mut descends = old.is_none();
    let objects = repo.common_dir().join("objects");
    let mut folders = BTreeSet::new();
    for line in listed.split(|&byte| byte == b'\n') {
        if let Some(boundary) = line.strip_prefix(b"-") {
            descends |= old.is_some_and(|old| old.as_str().as_bytes() == boundary);
        } else if let Some(oid) = Oid::from_git(line) {
            let (folder, name) = oid.as_str().split_at(2);
            let folder = objects.join(folder);
            match sync(&folder.join(name)) {
                Ok(()) => drop(folders.insert(folder)),
                // In a pack, or in the object store of another repository that this one borrows from.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(GitError::io("sync", folder.join(name))(error)),
            }
        }
    }
    if !folders.is_empty() {
        folders.insert(objects);
    }
    folders.iter().try_for_each(|folder| sync(folder).map_err(GitError::io("sync", folder)))?;
    Ok(descends)
}

/// Syncs the folders in which `reference` (`refs/…`) has just been written. No process.
pub(super) fn sync_ref(repo: &Repo, reference: &str) -> Result<(), GitError> {
    let tables = repo.common_dir().join("reftable");
    if tables.is_dir() {
        return sync(&tables).map_err(GitError::io("sync", &tables));
    }
    let folders = Path::new(reference).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    for folder in folders.map(|folder| repo.common_dir().join(folder)) {
        match sync(&folder) {
            // The last ref of the folder is gone, and git removed the folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done.map_err(GitError::io("sync", folder))?,
        }
    }
    Ok(())
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
