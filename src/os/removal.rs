//! Removes a folder that somebody has made hard to remove: closed to us, or nested deeper than a program has files to
//! open, or deeper than a path may be long.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Removes the folder at `path`, or what stands in its place, with all that is in it. No link is followed. Nothing to
/// remove is no error.
pub fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path).or_else(|_| flatten(path)),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Gives us back the right to list and to change a folder. It must be one, and no link.
pub fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Moves what lies in the folders of `top` up into `top` itself, level by level, until nothing is nested: no path and no
/// stack grows with the depth, and each folder is moved once.
fn flatten(top: &Path) -> io::Result<()> {
    open_up(top)?;
    let mut moved = 0_u64;
    loop {
        let entries: Vec<_> = fs::read_dir(top)?.collect::<io::Result<_>>()?;
        if entries.is_empty() {
            return fs::remove_dir(top);
        }
        for entry in entries {
            let path = entry.path();
            if !entry.file_type()?.is_dir() {
                fs::remove_file(&path)?;
                continue;
            }
            open_up(&path)?;
            for child in fs::read_dir(&path)? {
                let child = child?;
                if child.file_type()?.is_dir() {
                    // It changes its parent, which is noted in itself.
                    open_up(&child.path())?;
                    fs::rename(child.path(), unused(top, &mut moved))?;
                } else {
                    fs::remove_file(child.path())?;
                }
            }
            fs::remove_dir(&path)?;
        }
    }
}

/// A name in `top` that nothing has.
fn unused(top: &Path, count: &mut u64) -> std::path::PathBuf {
    loop {
        *count += 1;
        let path = top.join(format!(".{count}"));
        if fs::symlink_metadata(&path).is_err() {
            return path;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_closed_or_nested_without_end_are_removed_and_no_link_is_followed() {
        let outside = tempfile::tempdir().unwrap();
        let (top, precious) = (outside.path().join("top"), outside.path().join("precious"));
        fs::write(&precious, "mine").unwrap();
        fs::create_dir_all(top.join(".1/a/b")).unwrap();
        fs::create_dir_all(top.join("closed/c")).unwrap();
        std::os::unix::fs::symlink(outside.path(), top.join("closed/link")).unwrap();
        fs::set_permissions(top.join("closed/c"), Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(top.join("closed"), Permissions::from_mode(0o000)).unwrap();
        flatten(&top).unwrap();
        assert!(!top.exists());
        assert_eq!(fs::read_to_string(&precious).unwrap(), "mine");
    }

    #[test]
    fn whatever_stands_there_is_removed() {
        let outside = tempfile::tempdir().unwrap();
        let path = outside.path().join("x");
        remove(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        remove(&path).unwrap();
        std::os::unix::fs::symlink(outside.path(), &path).unwrap();
        remove(&path).unwrap();
        fs::create_dir_all(path.join("deep/er")).unwrap();
        remove(&path).unwrap();
        assert!(outside.path().exists() && fs::symlink_metadata(&path).is_err());
    }
}
