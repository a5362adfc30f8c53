//! What the git of somebody else may not do while it works for us: push, and move refs that are not its own.
//!
//! All of it is in the environment of that one program, and in files of ours that this names; nothing in the repository,
//! in its settings or in its hooks is changed. It keeps accidents from happening, no more: a program that sets its mind
//! to it can go without the environment.
//!
//! The settings are passed as `GIT_CONFIG_PARAMETERS`, which is what `git -c` passes on. The numbered variables that git
//! documents have `KEY` in their names, and some agents keep such variables from their tools for secrets; git fails
//! where the count is there and the keys are not.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::base::{base_ref, shown_ref};
use super::error::GitError;
use super::repo::Repo;
use super::slot::Slot;

/// The name of the variable for [`parameters`].
pub const PARAMETERS: &str = "GIT_CONFIG_PARAMETERS";

/// What stands in place of an address to which nothing is pushed; git prints it. A path, so that git looks nowhere else.
const REFUSAL: &str = "./swarm publishes what is verified; nothing is pushed from here";

const REFERENCE_TRANSACTION: &str = include_str!("guard/reference-transaction.sh");
const PRE_PUSH: &str = include_str!("guard/pre-push.sh");
const CHAIN: &str = include_str!("guard/chain.sh");

/// The hooks that are passed on to the user's own, whenever those are installed.
const CHAINED: [&str; 13] = [
    "applypatch-msg",
    "commit-msg",
    "post-applypatch",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-applypatch",
    "pre-auto-gc",
    "pre-commit",
    "pre-merge-commit",
    "pre-rebase",
    "prepare-commit-msg",
];

/// A hook that runs with every command which writes the index: passed on only where there is one.
const COSTLY: &str = "post-index-change";

/// Settings as the value of [`PARAMETERS`].
pub fn parameters(settings: &[(String, String)]) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''").replace('!', r"'\!'"));
    let pairs = settings.iter().map(|(name, value)| format!("{}={}", quoted(name), quoted(value)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// The files of a guard, in a folder of ours.
#[derive(Debug, Clone)]
pub struct Guard {
    folder: PathBuf,
}

impl Guard {
    /// The one whose files lie in `folder`, absolute; [`Guard::against_pushes`] and [`Guard::against_moves`] write them.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Settings by which nothing is pushed from the repository, nor from anywhere to it or to a remote of it. A program
    /// that works in other repositories, as tests of such programs do, pushes there as ever.
    pub fn no_pushes(&self, repo: &Repo) -> Vec<(String, String)> {
        let common = pattern(repo.common_dir());
        let inside = |pattern: String| self.include(&pattern, "inside");
        vec![
            ("include.path".to_owned(), self.file("everywhere")),
            inside(common.clone()),
            // Worktrees and submodules.
            inside(format!("{common}/")),
        ]
    }

    /// Settings by which only those refs of the repository are moved that are the worktree's own to move. The base, what
    /// the swarm publishes and keeps, and the HEAD of other checkouts stand; all hooks of the user's run as ever.
    pub fn no_moves(&self, repo: &Repo) -> Vec<(String, String)> {
        let common = pattern(repo.common_dir());
        // Not in submodules, which have branches of the same names.
        [common.clone(), format!("{common}/worktrees/*")].iter().map(|it| self.include(it, "turn")).collect()
    }

    fn include(&self, pattern: &str, file: &str) -> (String, String) {
        (format!("includeIf.gitdir:{pattern}.path"), self.file(file))
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// Writes what [`Guard::no_pushes`] names, for programs in `slot` that also work in `scratch`.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn against_pushes(&self, slot: &Slot, scratch: &Path, users: &UsersGit) -> Result<(), GitError> {
        let repo = &slot.repo;
        let worktree = both(slot.path());
        let mut refused = [repo.top(), repo.common_dir()].map(both).concat();
        // So a clone of the worktree calls it, whichever of `.` and `.git` it was made from.
        refused.extend(worktree.iter().map(|path| format!("{path}/.")));
        let refused = refused.iter().flat_map(|path| [path.clone(), format!("file://{path}")]);
        // What is relative means something else elsewhere.
        let absolute = users.addresses().filter(|url| !url.starts_with('.')).cloned();
        let mut everywhere = section(REFUSAL, "pushInsteadOf", refused.chain(absolute));
        // The longest match counts: repositories that a program makes for itself.
        for path in worktree.into_iter().chain(both(scratch)) {
            for own in [format!("{path}/"), format!("file://{path}/")] {
                everywhere += &section(&own, "pushInsteadOf", [own.clone()].into_iter());
            }
        }
        let mut inside = section(&format!("{REFUSAL}: "), "pushInsteadOf", [String::new()].into_iter());
        inside += &section(REFUSAL, "insteadOf", users.pushed_to().cloned());
        self.write("everywhere", &everywhere)?;
        self.write("inside", &inside)
    }

    /// Writes what [`Guard::no_moves`] names, for programs in `slot` of which none is to move `base` (without
    /// `refs/heads/`).
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn against_moves(&self, slot: &Slot, base: &str, users: &UsersGit) -> Result<(), GitError> {
        let repo = &slot.repo;
        let theirs = users.hooks_in(slot);
        let chained = if theirs.join("reference-transaction").exists() { "yes" } else { "no" };
        let facts = [
            ("@BASE@", base_ref(base)),
            ("@SHOWN@", shown_ref(base)),
            ("@OWN@", slot.git_dir().display().to_string()),
            ("@CHECKOUT@", repo.git_dir().display().to_string()),
            ("@COMMON@", repo.common_dir().display().to_string()),
            ("@CHAINED@", chained.to_owned()),
            ("@MADE@", self.file("made")),
        ];
        let transaction = facts.iter().fold(REFERENCE_TRANSACTION.to_owned(), |text, (name, value)| {
            text.replace(name, &format!("'{}'", value.replace('\'', r"'\''")))
        });
        let costly = Some(COSTLY).filter(|name| theirs.join(name).exists());
        let passed_on = CHAINED.into_iter().chain(costly).map(|name| (name, CHAIN));
        let hooks: Vec<(&str, &str)> = [("reference-transaction", transaction.as_str()), ("pre-push", PRE_PUSH)]
            .into_iter()
            .chain(passed_on)
            .collect();
        let folder = self.folder.join("hooks");
        lay(&folder, &hooks).map_err(GitError::io("write to", &folder))?;
        self.write("turn", &format!("[core]\n\thooksPath = {}\n", quoted(&folder.display().to_string())))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), GitError> {
        let path = self.folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).and_then(|()| fs::write(&path, text)).map_err(GitError::io("write", path))
    }
}

/// Makes the folder hold these scripts and nothing else: tools that install hooks put theirs into it.
fn lay(folder: &Path, scripts: &[(&str, &str)]) -> io::Result<()> {
    let listed = fs::read_dir(folder).map_or(0, Iterator::count);
    let is_there =
        |(name, text): &(&str, &str)| fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text);
    if listed == scripts.len() && scripts.iter().all(is_there) {
        return Ok(());
    }
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => fs::create_dir_all(folder)?,
    }
    for (name, text) in scripts {
        let path = folder.join(name);
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A path as it is written, and as it is.
fn both(path: &Path) -> Vec<String> {
    let mut both = vec![path.display().to_string()];
    both.extend(fs::canonicalize(path).ok().map(|path| path.display().to_string()).filter(|real| *real != both[0]));
    both
}

/// The path as git compares it, with what is special in a pattern taken literally.
fn pattern(path: &Path) -> String {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let mut pattern = String::new();
    for character in real.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern
}

/// `[url "base"]` with these values of `key`; nothing for none.
fn section(base: &str, key: &str, values: impl Iterator<Item = String>) -> String {
    let lines: String = values.map(|value| format!("\t{key} = {}\n", quoted(&value))).collect();
    if lines.is_empty() { lines } else { format!("[url {}]\n{lines}", quoted(base)) }
}

/// A value, or the second half of a section's name, of git's settings.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

mod rehearse;
mod settings;
#[cfg(test)]
mod tests;

pub use rehearse::{Kept, rehearse_guard};
pub use settings::{KnownGit, UsersGit};
