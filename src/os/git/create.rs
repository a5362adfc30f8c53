//! Makes a small repository, for the demonstration.

use std::path::Path;

use super::door::Git;
use super::error::GitError;
use super::oid::Oid;
use super::repo::{Repo, Unfit};

impl Repo {
    /// Makes `folder` a repository whose first commit on `branch` holds all that lies in it. Six processes.
    pub fn create(folder: &Path, branch: &str, message: &str) -> Result<Self, Unfit> {
        Git::at(folder).args(["init", "-q"]).run()?;
        Git::at(folder).args(["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]).run()?;
        Git::at(folder).args(["add", "-A"]).run()?;
        let nobody = [
            ("GIT_AUTHOR_NAME", "swarm"),
            ("GIT_AUTHOR_EMAIL", "swarm@localhost"),
            ("GIT_COMMITTER_NAME", "swarm"),
            ("GIT_COMMITTER_EMAIL", "swarm@localhost"),
        ];
        let git = nobody.into_iter().fold(Git::at(folder), |git, (name, value)| git.env(name, value));
        git.args(["commit", "-q", "-m", message]).run()?;
        Self::open(folder)
    }

    /// The newest commits of the first-parent line of `tip`, newest first: name and subject. One process.
    pub fn recent(&self, tip: &Oid, count: usize) -> Result<Vec<(Oid, String)>, GitError> {
        let git = self.git().reading().args(["log", "--first-parent", "--format=%H %s", &format!("-{count}")]);
        let printed = git.arg(tip).run()?;
        let lines = String::from_utf8_lossy(&printed).into_owned();
        let pairs = lines.lines().filter_map(|line| line.split_once(' '));
        Ok(pairs.filter_map(|(oid, subject)| Some((oid.parse().ok()?, subject.to_owned()))).collect())
    }
}
