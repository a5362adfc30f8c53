//! What a guard must know of the user's settings of git, asked again only when a file that holds some has changed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::os::git::error::GitError;
use crate::os::git::repo::Repo;
use crate::os::git::slot::Slot;
use crate::os::task_folder::Stamp;

/// Where the repository's remotes are, and its hooks.
#[derive(Debug, Clone)]
pub struct UsersGit {
    urls: Vec<String>,
    push_urls: Vec<String>,
    /// Relative to a worktree, or absolute.
    hooks: PathBuf,
}

impl UsersGit {
    /// Asks git in a worktree. Two processes.
    ///
    /// # Errors
    /// git cannot list its settings, or say where the hooks are.
    pub fn ask(slot: &Slot) -> Result<Self, GitError> {
        let git = slot.repo.git().reading().args(["config", "-z", "--get-regexp", r"^remote\..*\.(push)?url$"]);
        let printed = git.ask()?.stdout;
        let hooks = slot.git().with_hooks().reading().args(["rev-parse", "--git-path", "hooks"]).run()?;
        let hooks = PathBuf::from(String::from_utf8_lossy(&hooks).trim_end_matches('\n'));
        let mut users = Self { urls: Vec::new(), push_urls: Vec::new(), hooks };
        for entry in printed.split(|&byte| byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((key, url)) = entry.split_once('\n').filter(|(_, url)| !url.is_empty()) else { continue };
            let list = if key.ends_with(".pushurl") { &mut users.push_urls } else { &mut users.urls };
            list.push(url.to_owned());
        }
        Ok(users)
    }

    /// The addresses of all remotes.
    pub(super) fn addresses(&self) -> impl Iterator<Item = &String> {
        self.urls.iter().chain(&self.push_urls)
    }

    /// Addresses that are named for pushes: `pushInsteadOf` does not reach them. Where one of them is fetched from, too, that
    /// is refused with the pushes.
    pub(super) fn pushed_to(&self) -> impl Iterator<Item = &String> {
        self.push_urls.iter()
    }

    /// Whether hooks run in a worktree when something is committed there.
    pub fn has_hooks_in(&self, slot: &Slot) -> bool {
        let hooks = fs::read_dir(self.hooks_in(slot)).into_iter().flatten().flatten();
        hooks.into_iter().any(|hook| hook.path().extension().is_none_or(|it| it != "sample"))
    }

    /// The folder of the hooks that run in a worktree.
    pub(super) fn hooks_in(&self, slot: &Slot) -> PathBuf {
        slot.path().join(&self.hooks)
    }
}

/// The same, as far as it is known.
#[derive(Debug, Default)]
pub struct KnownGit(Mutex<Option<(Stamps, UsersGit)>>);

type Stamps = Vec<Option<Stamp>>;

impl KnownGit {
    /// What holds in a worktree. No process where the files of git's settings have not changed; files that those include
    /// are not looked at.
    ///
    /// # Errors
    /// As [`UsersGit::ask`].
    pub fn in_worktree(&self, slot: &Slot) -> Result<UsersGit, GitError> {
        // A worktree with settings of its own may have hooks of its own.
        if slot.git_dir().join("config.worktree").exists() {
            return UsersGit::ask(slot);
        }
        let stamps: Stamps = files(&slot.repo).iter().map(|path| stamp(path)).collect();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, users)) = known.as_ref().filter(|(before, _)| *before == stamps) {
            return Ok(users.clone());
        }
        let users = UsersGit::ask(slot)?;
        *known = Some((stamps, users.clone()));
        Ok(users)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    fs::metadata(path).ok().map(|meta| Stamp::of(&meta))
}

/// The files in which git looks for settings (git-config(1), FILES).
fn files(repo: &Repo) -> Vec<PathBuf> {
    let from = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = from("HOME");
    let users = match from("GIT_CONFIG_GLOBAL") {
        Some(file) => vec![Some(file)],
        None => {
            let xdg = from("XDG_CONFIG_HOME").or_else(|| home.as_ref().map(|home| home.join(".config")));
            vec![xdg.map(|folder| folder.join("git/config")), home.map(|home| home.join(".gitconfig"))]
        }
    };
    let system = from("GIT_CONFIG_SYSTEM").unwrap_or_else(|| PathBuf::from("/etc/gitconfig"));
    let own = ["config", "config.worktree"].map(|name| repo.common_dir().join(name));
    users.into_iter().flatten().chain(own).chain([system]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::git::testing::{Fixture, git};

    #[test]
    fn what_is_known_is_asked_again_when_it_has_changed() {
        let fixture = Fixture::new();
        let slot = fixture.slot(1);
        let known = KnownGit::default();
        let hooks = |known: &KnownGit| known.in_worktree(&slot).unwrap().hooks_in(&slot);
        assert_eq!(hooks(&known), slot.repo.common_dir().join("hooks"));
        assert_eq!(known.in_worktree(&slot).unwrap().addresses().count(), 0);
        git(slot.repo.top(), ["config", "core.hooksPath", ".husky/_"]);
        git(slot.repo.top(), ["remote", "add", "origin", "far"]);
        assert_eq!(hooks(&known), slot.path().join(".husky/_"));
        assert_eq!(known.in_worktree(&slot).unwrap().addresses().collect::<Vec<_>>(), ["far"]);
    }
}
