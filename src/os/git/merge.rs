//! Merges without a checkout: what is verified is a commit that nobody has checked out yet.
//!
//! Measured on 64,000 files: 7.5 ms this way, 279 ms with `git merge` in a checkout, and no index that
//! another process could hold.

use super::door::{Git, unexpected};
use super::error::GitError;
use super::message::Message;
use super::objects::commit_tree;
use super::oid::Oid;
use super::replay::replay;
use super::repo::Repo;
use super::status::path_of;

/// How work gets onto the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// One commit with a message of ours.
    Squash,
    /// A merge commit with the work as its second parent.
    MergeCommit,
    /// Each commit again, on top of the tip, by its own author.
    Rebase,
}

/// What became of a merge. Nothing is published by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// There is a commit, a descendant of the tip.
    Clean {
        /// It.
        commit: Oid,
        /// Its tree: what the gates judge.
        tree: Oid,
        /// How it was done: work that contains merge commits cannot be rebased, and is squashed.
        how: Strategy,
    },
    /// The tip has all of it already.
    NothingToDo,
    /// Both sides changed the same.
    Conflict {
        /// The files, relative to the top.
        files: Vec<String>,
        /// git's account of it, for the agent that resolves it.
        text: String,
    },
}

impl Repo {
    /// Merges `head` onto `tip` in memory. `message` is that of the squash or merge commit; a rebase keeps
    /// each commit's own, and takes only the task from it. Every commit made has the trailer `Task-Id`, is by
    /// our identity (rebased ones keep their authors), and is synced.
    ///
    /// Two processes if the tip has not moved since the work began, else three; a rebase takes one more, and
    /// one to three for each commit.
    pub fn merge(&self, tip: &Oid, head: &Oid, strategy: Strategy, message: &Message<'_>) -> Result<Merge, GitError> {
        let sides = Sides::find(self, tip, head)?;
        if sides.bases.contains(head) || sides.tip_tree == sides.head_tree {
            return Ok(Merge::NothingToDo);
        }
        if sides.bases.is_empty() {
            let text = "the work shares no commit with the base (or the clone is too shallow to show one)";
            return Ok(Merge::Conflict { files: Vec::new(), text: text.into() });
        }
        if strategy == Strategy::Rebase
            && let Some(merge) = replay(self, tip, &sides.tip_tree, head, message.task_id)?
        {
            return Ok(merge);
        }
        // Nobody else has changed anything: the work is the result.
        let merged =
            if sides.bases == [tip.clone()] { Merged::Tree(sides.head_tree) } else { three_way(self, tip, head)? };
        let tree = match merged {
            Merged::Tree(tree) if tree == sides.tip_tree => return Ok(Merge::NothingToDo),
            Merged::Tree(tree) => tree,
            Merged::Conflict { files, text } => return Ok(Merge::Conflict { files, text }),
        };
        let (parents, how) = match strategy {
            Strategy::MergeCommit => (vec![tip, head], strategy),
            Strategy::Squash | Strategy::Rebase => (vec![tip], Strategy::Squash),
        };
        let commit = commit_tree(self, &tree, &parents, &message.to_text())?;
        Ok(Merge::Clean { commit, tree, how })
    }
}

impl Repo {
    /// Merges two branches that are both published, as a merge commit onto `tip` that carries nobody's task.
    /// Three processes.
    pub fn join(&self, tip: &Oid, other: &Oid, text: &str) -> Result<Merge, GitError> {
        match three_way(self, tip, other)? {
            Merged::Conflict { files, text } => Ok(Merge::Conflict { files, text }),
            Merged::Tree(tree) => {
                let commit = commit_tree(self, &tree, &[tip, other], text)?;
                Ok(Merge::Clean { commit, tree, how: Strategy::MergeCommit })
            }
        }
    }
}

impl Repo {
    /// Whether two commits change the same in different ways. One process.
    pub fn contradict(&self, one: &Oid, other: &Oid) -> Result<bool, GitError> {
        Ok(matches!(three_way(self, one, other)?, Merged::Conflict { .. }))
    }
}

/// What is known of the two sides before they are merged.
struct Sides {
    tip_tree: Oid,
    head_tree: Oid,
    bases: Vec<Oid>,
}

impl Sides {
    /// One process: the symmetric difference is printed as both commits and, negated, their merge bases.
    fn find(repo: &Repo, tip: &Oid, head: &Oid) -> Result<Self, GitError> {
        let asked = [format!("{tip}^{{tree}}"), format!("{head}^{{tree}}"), format!("{tip}...{head}")];
        let printed = repo.git().reading().arg("rev-parse").args(asked).run()?;
        let lines: Vec<&[u8]> = printed.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).collect();
        let [tip_tree, head_tree, _, _, bases @ ..] = lines.as_slice() else {
            return Err(unexpected("git rev-parse", &printed));
        };
        let read = |line: &[u8]| Oid::from_git(line).ok_or_else(|| unexpected("git rev-parse", line));
        let bases = bases.iter().map(|line| read(line.strip_prefix(b"^").unwrap_or(line)));
        Ok(Self { tip_tree: read(tip_tree)?, head_tree: read(head_tree)?, bases: bases.collect::<Result<_, _>>()? })
    }
}

/// The files of both sides together.
pub(super) enum Merged {
    Tree(Oid),
    Conflict { files: Vec<String>, text: String },
}

/// Merges the trees of two commits from their merge base. One process.
pub(super) fn three_way(repo: &Repo, ours: &Oid, theirs: &Oid) -> Result<Merged, GitError> {
    let git: Git = repo.git().durable().slow().args(["merge-tree", "--write-tree", "-z", "--name-only", "--messages"]);
    let answer = git.arg(ours).arg(theirs).ask()?;
    let parts: Vec<&[u8]> = answer.stdout.split(|&byte| byte == 0).collect();
    let tree = parts.first().and_then(|first| Oid::from_git(first));
    match (answer.code, tree) {
        (Some(0), Some(tree)) => Ok(Merged::Tree(tree)),
        (Some(1), Some(_)) => {
            // Files up to an empty part, then the messages.
            let mut rest = parts[1..].iter();
            let files = rest.by_ref().take_while(|part| !part.is_empty());
            let files = files.map(|file| path_of(file).to_string_lossy().into_owned()).collect();
            Ok(Merged::Conflict { files, text: messages(rest.as_slice()) })
        }
        (code, _) => Err(GitError::Failed {
            command: format!("git merge-tree --write-tree {ours} {theirs}"),
            path: repo.top().to_owned(),
            code,
            stderr: answer.stderr,
        }),
    }
}

/// The text of the messages, each of which is: number of paths, the paths, a keyword, the text. Those that
/// only tell of an automatic merge are of no use to anybody.
fn messages(mut parts: &[&[u8]]) -> String {
    let mut text = String::new();
    while let [count, rest @ ..] = parts {
        let Some(count) = std::str::from_utf8(count).ok().and_then(|count| count.parse::<usize>().ok()) else {
            break;
        };
        let Some([kind, message]) = rest.get(count..count + 2) else {
            break;
        };
        if *kind != b"Auto-merging" {
            text += &String::from_utf8_lossy(message);
        }
        parts = &rest[count + 2..];
    }
    text.trim_end().to_owned()
}
