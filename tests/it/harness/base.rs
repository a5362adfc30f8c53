//! Questions about a commit, above all the tip of the base.

use super::Workspace;

/// A commit, by a name that git understands.
pub(crate) struct Tip<'a> {
    workspace: &'a Workspace,
    name: String,
}

impl Workspace {
    /// The tip of the branch on which work lands.
    pub(crate) fn base(&self) -> Tip<'_> {
        self.at_commit(&format!("refs/heads/{}", self.base_name()))
    }

    /// The commit of that name.
    pub(crate) fn at_commit(&self, name: &str) -> Tip<'_> {
        Tip { workspace: self, name: name.to_owned() }
    }

    /// The refs below a folder: `refs/heads/`, `refs/swarm/salvage/one/`.
    pub(crate) fn refs(&self, below: &str) -> Vec<String> {
        self.git(["for-each-ref", "--format=%(refname)", below]).lines().map(str::to_owned).collect()
    }
}

impl Tip<'_> {
    /// Its hash.
    #[track_caller]
    pub(crate) fn id(&self) -> String {
        self.workspace.git(["rev-parse", "--verify", &format!("{}^{{commit}}", self.name)])
    }

    /// All its files.
    #[track_caller]
    pub(crate) fn files(&self) -> Vec<String> {
        let listed = self.workspace.git(["ls-tree", "-r", "--name-only", "-z", &self.name]);
        listed.split_terminator('\0').map(str::to_owned).collect()
    }

    /// It has this file.
    #[track_caller]
    pub(crate) fn has(&self, file: &str) -> &Self {
        let files = self.files();
        assert!(files.iter().any(|known| known == file), "{} has no {file}, only {files:?}", self.name);
        self
    }

    /// It does not have this file.
    #[track_caller]
    pub(crate) fn lacks(&self, file: &str) -> &Self {
        assert!(!self.files().iter().any(|known| known == file), "{} has {file}", self.name);
        self
    }

    /// The contents of one of its files.
    #[track_caller]
    pub(crate) fn read(&self, file: &str) -> String {
        self.workspace.git(["show", &format!("{}:{file}", self.name)])
    }

    /// The commits that carry a task, newest first.
    #[track_caller]
    pub(crate) fn commits_of(&self, id: &str) -> Vec<String> {
        self.carried().into_iter().filter(|(_, task)| task == id).map(|(commit, _)| commit).collect()
    }

    /// Every commit of its line with the task that it carries. What came in as the second parent of a merge is an
    /// agent's own commit, and carries nothing.
    #[track_caller]
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        let format = "--format=%H %(trailers:key=Task-Id,valueonly,separator=%x20)";
        let log = self.workspace.git(["log", "--first-parent", format, &self.name]);
        let pairs = log.lines().filter_map(|line| line.split_once(' '));
        pairs.filter(|(_, id)| !id.is_empty()).map(|(commit, id)| (commit.to_owned(), id.trim().to_owned())).collect()
    }

    /// How many commits there are up to it.
    #[track_caller]
    pub(crate) fn depth(&self) -> usize {
        self.workspace.git(["rev-list", "--count", &self.name]).parse().expect("a number")
    }
}
