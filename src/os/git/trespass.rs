//! A base that an agent has moved by itself, past everything that is verified.
//!
//! A person may move it at any time, and git does not tell who did. What can be told is where a commit was made: the
//! reflog of a worktree says which commits came to be in there. One of an agent that is still at work, found on the base,
//! was brought there by that agent.

use super::abandoned::own_moves;
use super::base::{base_ref, branches, shown_ref};
use super::door::Git;
use super::durable;
use super::error::GitError;
use super::oid::Oid;
use super::publish::alone;
use super::repo::Repo;
use super::slot::Slot;

/// What became of putting a base back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It stands where it stood.
    Done,
    /// It does not.
    Left {
        /// Why, in half a sentence.
        because: String,
        /// The command that would take it back.
        command: String,
    },
}

impl Slot {
    /// The commits that came to be in here since we last reset it. No process where the reflog is a file.
    ///
    /// # Errors
    /// The reflog cannot be read.
    pub fn made(&self) -> Result<Vec<Oid>, GitError> {
        Ok(own_moves(self)?.into_iter().filter(|it| makes(&it.what)).filter_map(|it| it.to).collect())
    }
}

impl Repo {
    /// A branch or tag, not `base` nor one of ours, that has this commit. One process.
    ///
    /// # Errors
    /// git cannot tell.
    pub fn branch_with(&self, base: &str, commit: &Oid) -> Result<Option<String>, GitError> {
        let git = self.git().reading().args(["for-each-ref", "--format=%(refname)", "--contains"]).arg(commit);
        let listed = git.args(["refs/heads", "refs/tags", "refs/remotes"]).run()?;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        let own = [base_ref(base), shown_ref(base)];
        Ok(listed.lines().find(|name| !own.iter().any(|own| own == name)).map(str::to_owned))
    }

    /// Of `commits`, those that `tip` has and `before` has not. One process, none for no commit.
    ///
    /// # Errors
    /// git cannot tell.
    pub fn brought_by(&self, before: &Oid, tip: &Oid, commits: &[Oid]) -> Result<Vec<Oid>, GitError> {
        if commits.is_empty() {
            return Ok(Vec::new());
        }
        let listed = self.git().reading().arg("rev-list").arg(tip).arg("--not").arg(before).run()?;
        let news: Vec<Oid> = listed.split(|&byte| byte == b'\n').filter_map(Oid::from_git).collect();
        Ok(commits.iter().filter(|commit| news.contains(commit)).cloned().collect())
    }

    /// Moves the base from `tip` back to `before`, if it still stands there and no checkout would differ: nobody has it
    /// checked out, or it was moved beneath a checkout, whose index is still that of `before`. Three processes.
    ///
    /// # Errors
    /// git cannot tell, or cannot move it.
    pub fn restore_base(&self, base: &str, tip: &Oid, before: &Oid) -> Result<Restored, GitError> {
        let alone = alone(self)?;
        let [branch] = branches(self, [base_ref(base)])?;
        let left = |because: String, command: String| Ok(Restored::Left { because, command });
        if branch.tip.as_ref() != Some(tip) {
            return left("others have built on it".to_owned(), format!("git revert --no-edit {}", tip.short()));
        }
        for checkout in &branch.checked_out {
            let git = Git::of(&checkout.git_dir, &checkout.path).reading().slow();
            let asked = git.args(["diff-index", "--cached", "--quiet"]).arg(before).arg("--").ask()?;
            if asked.code != Some(0) {
                let place = checkout.path.display();
                let because = format!("the files in {place}, or its index, are not as they were before");
                return left(because, format!("git -C {place} revert --no-edit {}..{}", before.short(), tip.short()));
            }
        }
        let git = self.committing().durable().args(["update-ref", "-m", "swarm: put back", &branch.reference]);
        match git.arg(before).arg(tip).run() {
            Ok(_) => {}
            Err(error @ GitError::Failed { .. }) => {
                return left(error.to_string(), format!("git revert --no-edit {}..{}", before.short(), tip.short()));
            }
            Err(error) => return Err(error),
        }
        durable::sync_ref(self, &branch.reference)?;
        drop(alone);
        Ok(Restored::Done)
    }
}

/// Whether a move of HEAD made the commit that it went to. A fast-forward, or the ends of a rebase, go to one that was there.
fn makes(what: &str) -> bool {
    let (action, rest) = what.split_once(": ").unwrap_or((what, ""));
    let step = action.strip_prefix("rebase (").map(|step| step.trim_end_matches(')'));
    match (action, step) {
        (_, Some(step)) => matches!(step, "pick" | "squash" | "fixup" | "reword" | "edit" | "continue"),
        ("cherry-pick", None) => rest != "fast-forward",
        ("revert" | "am", None) => true,
        (action, None) => action.starts_with("commit") || rest.starts_with("Merge made by"),
    }
}

#[cfg(test)]
mod tests;
