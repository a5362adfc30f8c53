//! Reads a ref from its file, without a process, where git keeps it in one.

use std::fs;
use std::path::Path;

use super::oid::Oid;

/// The commit in the file of a ref, or of a detached HEAD. `None` where it is not in a file of its own (packed,
/// symbolic, or reftable storage): git must be asked then.
pub(super) fn read(git_dir: &Path, name: &str) -> Option<Oid> {
    Oid::from_git(&fs::read(git_dir.join(name)).ok()?)
}
