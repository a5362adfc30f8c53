//! Whether the guard holds on this machine, tried out in a repository that is made for it.

use std::fs;
use std::path::Path;

use super::{Guard, PARAMETERS, UsersGit, parameters};
use crate::os::git::door::Git;
use crate::os::git::error::GitError;
use crate::os::git::repo::{Repo, Unfit};

/// What the guard was seen to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Nothing is pushed.
    pub pushes: bool,
    /// No ref of somebody else's moves; hooks are needed for that, and not every place lets programs run.
    pub refs: bool,
}

/// Tries it out below `folder`, which is empty. About twenty processes.
///
/// # Errors
/// git does not work there at all.
pub fn rehearse_guard(folder: &Path) -> Result<Kept, Unfit> {
    let (home, far) = (folder.join("home"), folder.join("far.git"));
    for place in [&home, &far] {
        fs::create_dir(place).map_err(GitError::io("create", place))?;
    }
    Git::at(&far).args(["init", "-q", "--bare"]).run()?;
    fs::write(home.join("a"), "a\n").map_err(GitError::io("write to", &home))?;
    let repo = Repo::create(&home, "base", "a")?;
    repo.git().args(["remote", "add", "origin"]).arg(&far).run()?;
    let head = repo.resolve("HEAD")?.ok_or_else(|| Unfit::Empty(home.clone()))?;
    let slot = repo.add_slot(&folder.join("worktree"), &head)?;
    let guard = Guard::in_folder(folder.join("guard"));
    guard.against_pushes(&slot, &folder.join("tmp"), &UsersGit::ask(&slot)?)?;
    guard.against_moves(&slot, "base", &UsersGit::ask(&slot)?)?;
    let value = parameters(&[guard.no_pushes(&repo), guard.no_moves(&repo)].concat());
    // As a program in the worktree runs it: with hooks.
    let is_refused = |args: &[&str]| -> Result<bool, GitError> {
        let git = Git::at(slot.path()).with_hooks().env(PARAMETERS, value.clone());
        Ok(git.args(args).ask()?.code != Some(0))
    };
    let pushes = is_refused(&["push", "-q", "--dry-run", "origin", "HEAD:refs/heads/x"])?
        && is_refused(&["push", "-q", "--no-verify", "origin", "HEAD:refs/heads/x"])?;
    let refs = is_refused(&["update-ref", "-d", "refs/heads/base"])?
        && is_refused(&["update-ref", "refs/swarm/ahead/base", "HEAD"])?
        && !is_refused(&["update-ref", "refs/heads/own", "HEAD"])?;
    Ok(Kept { pushes, refs })
}
