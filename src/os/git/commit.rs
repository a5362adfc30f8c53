//! Commits in the agent's stead what it left uncommitted.

use super::PARAMETERS;
use super::door::Answer;
use super::error::GitError;
use super::loose;
use super::objects;
use super::oid::Oid;
use super::slot::Slot;
use super::unfinished;

/// What became of [`Slot::commit_all`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// There is a new commit, and HEAD is on it.
    Done(Oid),
    /// Nothing differs from HEAD.
    Nothing,
    /// The repository's hooks, or the state the agent left, do not allow it.
    Refused {
        /// Why, for the agent: what the hook printed, or what is unfinished.
        reason: String,
    },
}

impl Slot {
    /// Commits every change and every untracked file, except ignored ones, as a commit of the user's would
    /// be made: with the repository's own `pre-commit`, `commit-msg` and other hooks. The
    /// author is the [`super::Identity`]; nothing is signed.
    ///
    /// Two processes, without the hooks'; three where refs are not files.
    pub fn commit_all(&self, message: &str) -> Result<Committed, GitError> {
        if let Some(operation) = unfinished::operation(&self.git_dir) {
            let reason = format!("a {operation} is unfinished: finish it and commit, or abort it");
            return Ok(Committed::Refused { reason });
        }
        self.commit_everything(message)
    }

    /// The same, whatever is unfinished: a merge is finished by it.
    pub(super) fn commit_everything(&self, message: &str) -> Result<Committed, GitError> {
        self.mend_index()?;
        if let Some(reason) = self.stage_all()? {
            return Ok(Committed::Refused { reason });
        }
        let file = objects::message_file(message)?;
        // git finds the directories itself here: with both given, hooks that look at another repository would
        // be led to this one. The `.git` file was found whole by the caller's reset; it is looked at again.
        let git =
            if self.is_whole() { super::door::Git::at(&self.path).holding(self.lock.clone()) } else { self.git() };
        let git = self.repo.identity_env().into_iter().fold(git, |git, (name, value)| git.env(name, value));
        let git = self.hooks.iter().fold(git, |git, hooks| git.env(PARAMETERS, hooks));
        let git = git.with_hooks().set("core.fsmonitor=false").args(["commit", "-q", "--no-status"]);
        let answer = git.args(["--cleanup=whitespace", "--allow-empty-message", "-F"]).arg(file.path()).ask()?;
        if answer.code == Some(0) {
            return match loose::read(&self.git_dir, "HEAD") {
                Some(commit) => Ok(Committed::Done(commit)),
                None => self.git().reading().args(["rev-parse", "--verify", "HEAD"]).oid().map(Committed::Done),
            };
        }
        let staged = self.git().reading().args(["diff", "--cached", "--quiet"]).ask()?;
        Ok(if staged.code == Some(0) { Committed::Nothing } else { Committed::Refused { reason: said(&answer) } })
    }

    /// Stages everything. Gives a reason where a repository inside the tree would become an empty link.
    fn stage_all(&self) -> Result<Option<String>, GitError> {
        let git = self.git().slow().set("core.safecrlf=false");
        let answer = git.args(["add", "-A", "--", ":/"]).ask()?;
        let nested: Vec<&str> = answer
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("warning: adding embedded git repository: "))
            .collect();
        let unborn = answer.stderr.lines().find(|line| line.contains("does not have a commit checked out"));
        if nested.is_empty() && unborn.is_none() {
            return match answer.code {
                Some(0) => Ok(None),
                code => Err(GitError::Failed {
                    command: "git add -A".into(),
                    path: self.path.clone(),
                    code,
                    stderr: answer.stderr,
                }),
            };
        }
        if !nested.is_empty() {
            // Left staged, the link would hide the files from every later `git add`.
            self.git().args(["update-index", "--force-remove", "--"]).args(&nested).run()?;
        }
        let what = unborn.map_or_else(|| nested.join(", "), |line| line.trim_start_matches("error: ").to_owned());
        Ok(Some(format!(
            "a git repository inside the worktree would be recorded as an empty link: {what}. Remove its `.git`, \
             move it out, or add it to `.gitignore`."
        )))
    }
}

/// What a hook said, on either stream.
fn said(answer: &Answer) -> String {
    let stdout = String::from_utf8_lossy(&answer.stdout);
    let both = format!("{}\n{}", stdout.trim(), answer.stderr);
    match both.trim() {
        "" => format!("a hook refused the commit (exit code {})", answer.code.unwrap_or(-1)),
        said => said.to_owned(),
    }
}
