//! Makes a worktree ready to build in: copies what git ignores but a build needs, and runs the setup commands.
//!
//! Both are done once per worktree, and again when the settings or one of the known lock files change.

use std::path::Path;
use std::{fs, io};

use globset::GlobSet;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::run_program::{Guarded, Program, run_program};
use super::{Bench, Workshop};
use crate::error::{Context, Error, Result};
use crate::model::config::{Config, Limits, Worktree, glob_set};
use crate::os::files;
use crate::os::git::Oid;
use crate::os::process::{How, Mark};

/// Files that say which packages a build needs: when one changes, `npm ci` and its like must run again.
const LOCK_FILES: [&str; 13] = [
    "Cargo.lock",
    "Gemfile.lock",
    "Pipfile.lock",
    "bun.lock",
    "composer.lock",
    "go.sum",
    "mix.lock",
    "package-lock.json",
    "pnpm-lock.yaml",
    "poetry.lock",
    "requirements.txt",
    "uv.lock",
    "yarn.lock",
];

/// Copies and sets up as `config` wants it, unless this has been done for the same settings and lock files.
pub(super) fn make_ready(shop: &Workshop, config: &Config, bench: &Bench, tip: &Oid, mark: &Mark) -> Result<()> {
    let wanted = &config.worktree;
    if wanted.setup.is_empty() && wanted.copy.is_empty() {
        return Ok(());
    }
    let stamp = stamp(wanted, bench)?;
    let path = shop.dirs.slots().join(format!("{}.setup", bench.slot_name));
    if fs::read_to_string(&path).is_ok_and(|done| done == stamp) {
        return Ok(());
    }
    copy(shop, &wanted.copy, bench.slot.path())?;
    for command in &wanted.setup {
        run_setup(shop, &config.limits, bench, tip, command, mark)?;
    }
    files::write(&path, stamp.as_bytes()).context(|| format!("write {}", path.display()))
}

/// What the setup depends on, as one line.
fn stamp(wanted: &Worktree, bench: &Bench) -> Result<String> {
    let mut hash = Sha256::new();
    for text in wanted.setup.iter().chain(&wanted.copy) {
        hash.update(text);
        hash.update([0]);
    }
    for name in LOCK_FILES {
        match fs::read(bench.slot.path().join(name)) {
            Ok(bytes) => {
                hash.update(name);
                hash.update(bytes);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(|| format!("read {name}")),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Copies the wanted files of the user's checkout that git ignores there. One that git does not ignore would
/// be committed with the work, secrets and all: refused.
fn copy(shop: &Workshop, globs: &[String], slot: &Path) -> Result<()> {
    let set = glob_set(globs).map_err(|error| Error::usage(format!("worktree.copy: {error}")))?;
    let root = shop.dirs.root();
    let mut wanted = Vec::new();
    find(root, root, &set, &shop.dirs, &mut wanted)?;
    let shown: Vec<String> = wanted.iter().map(|path| path.display().to_string()).collect();
    if let Some(path) = shop.repo.not_ignored(&shown)?.first() {
        return Err(Error::usage(format!(
            "worktree.copy: git does not ignore `{path}`, so it would be committed with the work"
        ))
        .hint(format!("add it to .gitignore, or commit it: a tracked file needs no copy ({})", globs.join(", "))));
    }
    for path in wanted {
        let target = slot.join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).context(|| format!("create {}", folder.display()))?;
        }
        fs::copy(root.join(&path), &target).context(|| format!("copy {}", path.display()))?;
    }
    Ok(())
}

/// The files below `folder` that match, from the root; our own folders and git's are left out.
fn find(
    root: &Path,
    folder: &Path,
    set: &GlobSet,
    dirs: &crate::os::dirs::Dirs,
    found: &mut Vec<std::path::PathBuf>,
) -> Result<()> {
    let foreign = [dirs.machine(), dirs.tasks(), dirs.runs(), &root.join(".git")].map(Path::to_owned);
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(|entry| !foreign.iter().any(|path| path == entry.path())) {
        let entry = entry.map_err(|error| Error::environment("cannot list the checkout".to_owned()).because(error))?;
        let Ok(path) = entry.path().strip_prefix(root) else { continue };
        // A pattern for a folder means all below it.
        let wanted = path.ancestors().any(|part| !part.as_os_str().is_empty() && set.is_match(part));
        if wanted && entry.file_type().is_file() {
            found.push(path.to_owned());
        }
    }
    Ok(())
}

fn run_setup(shop: &Workshop, limits: &Limits, bench: &Bench, tip: &Oid, command: &str, mark: &Mark) -> Result<()> {
    let name = format!("setup-{}-{}.log", bench.slot_name, tip.short());
    let log = shop.journal.folder().join("logs").join(&name);
    let program = Program::shell(shop, bench, command, limits.timeout, mark.clone(), Guarded::FromPushing);
    let ending = run_program(shop, limits, bench, program, &log, &mut ())
        .map_err(|error| Error::environment(format!("cannot run the setup command `{command}`")).because(error))?;
    match ending.how {
        How::Exited(0) => Ok(()),
        How::Exited(_) | How::Signalled(_) | How::TimedOut(_) | How::Interrupted => {
            let tail = String::from_utf8_lossy(&ending.tail).into_owned();
            Err(Error::environment(format!(
                "the setup command `{command}` failed: {}",
                crate::model::excerpt::last_line(&tail)
            ))
            .hint(format!("its output is in {}", shop.dirs.shown(&log))))
        }
    }
}
