//! Brings a slot back to a commit, whatever an agent has done to it.
//!
//! Only the owner of the slot calls this, after its agent is dead and its work is salvaged: that is what makes
//! it right to remove the slot's own lock files. No branch is ever moved; a slot whose HEAD is on one is
//! detached from it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::error::GitError;
use super::index::{Index, inspect};
use super::oid::Oid;
use super::slot::Slot;
use super::unfinished;

/// What becomes of the files that git ignores. Untracked files that are not ignored always go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clean {
    /// All ignored files stay: build folders, installed packages.
    KeepIgnored,
    /// Of the ignored files only these stay (patterns as in a `.gitignore`).
    KeepOnly(Vec<String>),
}

impl Slot {
    /// Makes HEAD, index and files those of `commit`, detached; nothing of an unfinished merge, rebase,
    /// cherry-pick or bisect, of hidden or sparse files, or of a nested repository is left.
    ///
    /// Two processes; four more when the index was broken or hid changes.
    pub fn reset_to(&mut self, commit: &Oid, clean: &Clean) -> Result<(), GitError> {
        if !self.is_whole() {
            let lock = self.lock.take();
            *self = Slot { lock, ..self.repo.add_slot(&self.path, commit)? };
        }
        unfinished::forget(&self.git_dir)?;
        let index = self.git_dir.join("index");
        if inspect(&index, self.repo.digits())? == Index::Doubtful {
            self.rebuild_index(commit.as_str())?;
        }
        match self.check_out(commit).and_then(|()| self.clean(clean)) {
            Err(GitError::Failed { .. }) => {
                // A broken index that looked sound, or folders an agent has closed to us.
                open_up(&self.path);
                self.rebuild_index(commit.as_str())?;
                self.check_out(commit)?;
                self.clean(clean)
            }
            done => done,
        }
    }

    /// Detaches HEAD at `commit` and overwrites all tracked files that differ. One process.
    pub(super) fn check_out(&self, commit: &Oid) -> Result<(), GitError> {
        // The reflog entry tells salvage where an agent's own moves begin.
        let git = self.git().slow().env("GIT_REFLOG_ACTION", super::salvage::OUR_MOVE);
        git.args(["checkout", "-q", "-f", "--detach"]).arg(commit).run().map(drop)
    }

    fn clean(&self, clean: &Clean) -> Result<(), GitError> {
        let git = self.git().slow().args(["clean", "-ffdq"]);
        let git = match clean {
            Clean::KeepIgnored => git,
            Clean::KeepOnly(patterns) => {
                git.arg("-x").args(patterns.iter().flat_map(|pattern| ["-e", pattern.as_str()]))
            }
        };
        git.run().map(drop)
    }

    /// Sees to it that the index hides nothing, by building a doubtful one anew from HEAD. The files of the
    /// tree are left alone. No process for a sound one.
    pub(super) fn mend_index(&self) -> Result<(), GitError> {
        let index = self.git_dir.join("index");
        if inspect(&index, self.repo.digits())? != Index::Doubtful {
            return Ok(());
        }
        self.widen()?;
        let head = self.git().reading().args(["rev-parse", "-q", "--verify", "HEAD^{commit}"]).ask()?;
        match Oid::from_git(&head.stdout) {
            Some(head) => self.rebuild_index(head.as_str()),
            None => fs::remove_file(&index).map_err(GitError::io("remove", index)),
        }
    }

    /// Brings back the files that sparse patterns have taken out of the tree: nobody has deleted them. No process
    /// without patterns.
    fn widen(&self) -> Result<(), GitError> {
        let patterns = self.git_dir.join("info/sparse-checkout");
        if fs::symlink_metadata(&patterns).is_err() {
            return Ok(());
        }
        // It may be a link.
        fs::remove_file(&patterns).map_err(GitError::io("remove", &patterns))?;
        fs::write(&patterns, "/*\n").map_err(GitError::io("write", &patterns))?;
        let git = self.git().slow().set("core.sparseCheckout=true").set("core.sparseCheckoutCone=false");
        // What cannot be brought back is met by the status.
        git.args(["sparse-checkout", "reapply"]).ask().map(drop)
    }

    /// A new index of `commit`'s tree. The refresh compares contents, so that files which are right already
    /// keep their times and nothing is built again for them.
    fn rebuild_index(&self, commit: &str) -> Result<(), GitError> {
        let index = self.git_dir.join("index");
        if index.exists() {
            fs::remove_file(&index).map_err(GitError::io("remove", index))?;
        }
        self.git().arg("read-tree").arg(commit).run()?;
        // Fails when files differ, which is what the checkout mends next.
        self.git().slow().args(["update-index", "-q", "--refresh"]).ask().map(drop)
    }
}

/// Gives us back the right to read the files and change the folders of a tree. What cannot be changed is met
/// again by git, which then names it.
pub(super) fn open_up(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode();
    let needed = if metadata.is_dir() { 0o700 } else { 0o600 };
    if !metadata.is_symlink() && mode & needed != needed {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode | needed));
    }
    if metadata.is_dir() {
        // A folder is opened before it is read; a walker would do it the other way round.
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            open_up(&entry.path());
        }
    }
}
