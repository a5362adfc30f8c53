//! A merge in a slot, begun for an agent to resolve.
//!
//! The files carry the conflicts with all three sides; the index knows which are open. What the agent leaves is a
//! resolution only where it says so: a file with markers in it, or one that is still just one of the sides because
//! nobody has touched it, is not resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::commit::Committed;
use super::error::GitError;
use super::oid::Oid;
use super::slot::Slot;
use super::unfinished;

/// The beginnings of the lines with which git marks a conflict, as our merges ask for them.
const MARKERS: [&[u8]; 3] = [b"<<<<<<< ", b"||||||| ", b">>>>>>> "];

/// What became of a merge that was left to an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// No merge is open any more: the agent has finished it, or taken it back.
    Over,
    /// These files are still open.
    Open(Vec<String>),
    /// It is resolved and was committed.
    Committed(Oid),
    /// It is resolved, and a hook does not let it be committed.
    Refused {
        /// What the hook said.
        reason: String,
    },
}

impl Slot {
    /// Begins to merge `other` into what is checked out, and leaves the conflicts in the files: ours, the common
    /// ancestor, theirs. The slot must be clean. Runs no hook; resolves nothing by itself. One process.
    pub fn begin_merge(&self, other: &Oid) -> Result<(), GitError> {
        let git = self.git().slow().set("merge.conflictStyle=diff3").set("rerere.enabled=false");
        let git = self.repo.identity_env().into_iter().fold(git, |git, (name, value)| git.env(name, value));
        let answer =
            git.args(["merge", "-q", "--no-ff", "--no-commit", "--no-stat", "--no-verify"]).arg(other).ask()?;
        match answer.code {
            Some(0 | 1) if unfinished::operation(&self.git_dir).is_some() => Ok(()),
            code => Err(GitError::Failed {
                command: format!("git merge --no-commit {other}"),
                path: self.path.clone(),
                code,
                stderr: answer.stderr,
            }),
        }
    }

    /// Commits the merge if the agent has resolved it and not committed it itself. One process if none is open, two to
    /// five else.
    pub fn conclude_merge(&self, message: &str) -> Result<Resolution, GitError> {
        if unfinished::operation(&self.git_dir) != Some("merge") {
            return Ok(Resolution::Over);
        }
        let open = self.open_files()?;
        if !open.is_empty() {
            return Ok(Resolution::Open(open));
        }
        match self.commit_everything(message)? {
            Committed::Done(commit) => Ok(Resolution::Committed(commit)),
            Committed::Nothing => Ok(Resolution::Over),
            Committed::Refused { reason } => Ok(Resolution::Refused { reason }),
        }
    }

    /// Those of `files` that hold the marks of a conflict. No process.
    pub fn with_markers(&self, files: &[String]) -> Result<Vec<String>, GitError> {
        let mut marked = Vec::new();
        for file in files {
            if self.is_marked(file)? {
                marked.push(file.clone());
            }
        }
        Ok(marked)
    }

    fn is_marked(&self, path: &str) -> Result<bool, GitError> {
        let file = self.path.join(path);
        if !fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file()) {
            return Ok(false);
        }
        let bytes = fs::read(&file).map_err(GitError::io("read", &file))?;
        let has = |marker: &&[u8]| bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(marker));
        Ok(MARKERS.iter().all(has))
    }

    /// The files that nobody has resolved.
    fn open_files(&self) -> Result<Vec<String>, GitError> {
        let listed = self.git().reading().args(["ls-files", "-u", "-z"]).run()?;
        let mut sides: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            // `<mode> <object> <stage>\t<path>`
            let Some((facts, path)) = entry.split_once('\t') else { continue };
            let object = facts.split(' ').nth(1).unwrap_or_default();
            sides.entry(path.to_owned()).or_default().insert(object.to_owned());
        }
        let mut open = Vec::new();
        for (path, objects) in sides {
            if self.is_open(&path, &objects)? {
                open.push(path);
            }
        }
        Ok(open)
    }

    fn is_open(&self, path: &str, sides: &BTreeSet<String>) -> Result<bool, GitError> {
        let file = self.path.join(path);
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
        if !is_plain {
            // Removed, or a link or a folder now: somebody has decided.
            return Ok(false);
        }
        if self.is_marked(path)? {
            return Ok(true);
        }
        let now = self.git().reading().args(["hash-object", "--"]).arg(path).oid()?;
        Ok(sides.contains(now.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Fixture, git, write};
    use super::*;

    /// A slot with work that contradicts the base in `both.txt`, and the base's commit; the merge has been begun.
    fn begun() -> (Fixture, Slot, Oid) {
        let fixture = Fixture::new();
        fixture.write("both.txt", "start\n");
        fixture.write("gone.txt", "start\n");
        fixture.commit("start");
        let slot = fixture.slot(1);
        write(slot.path(), "both.txt", "mine\n");
        write(slot.path(), "gone.txt", "mine\n");
        slot.commit_all("mine\n").unwrap();
        fixture.write("both.txt", "theirs\n");
        std::fs::remove_file(fixture.top().join("gone.txt")).unwrap();
        let tip = fixture.commit("theirs");
        slot.begin_merge(&tip).unwrap();
        (fixture, slot, tip)
    }

    #[test]
    fn the_files_show_all_three_sides() {
        let (_fixture, slot, _) = begun();
        let text = std::fs::read_to_string(slot.path().join("both.txt")).unwrap();
        for side in ["mine", "start", "theirs"] {
            assert!(text.contains(side), "{text}");
        }
    }

    #[test]
    fn what_nobody_has_touched_is_not_resolved() {
        let (_fixture, slot, _) = begun();
        let open = |files: &[&str]| Resolution::Open(files.iter().map(|file| (*file).to_owned()).collect());
        assert_eq!(slot.conclude_merge("m").unwrap(), open(&["both.txt", "gone.txt"]));
        write(slot.path(), "both.txt", "mine and theirs\n");
        assert_eq!(slot.conclude_merge("m").unwrap(), open(&["gone.txt"]));
        std::fs::remove_file(slot.path().join("gone.txt")).unwrap();
        assert!(matches!(slot.conclude_merge("m").unwrap(), Resolution::Committed(_)));
    }

    #[test]
    fn a_resolution_is_a_commit_on_both_sides() {
        let (fixture, slot, tip) = begun();
        write(slot.path(), "both.txt", "mine and theirs\n");
        git(slot.path(), ["add", "both.txt", "gone.txt"]);
        let Resolution::Committed(commit) = slot.conclude_merge("Merge it\n").unwrap() else { panic!("not resolved") };
        assert!(fixture.repo().is_ancestor(&tip, &commit).unwrap());
        assert_eq!(git(slot.path(), ["show", "HEAD:both.txt"]), "mine and theirs");
        assert_eq!(slot.conclude_merge("m").unwrap(), Resolution::Over);
    }

    #[test]
    fn one_side_taken_on_purpose_is_a_resolution() {
        let (_fixture, slot, _) = begun();
        git(slot.path(), ["checkout", "--theirs", "both.txt"]);
        git(slot.path(), ["add", "both.txt"]);
        git(slot.path(), ["rm", "-q", "gone.txt"]);
        assert!(matches!(slot.conclude_merge("m").unwrap(), Resolution::Committed(_)));
    }

    #[test]
    fn an_agent_may_end_the_merge_itself() {
        let (_fixture, slot, _) = begun();
        git(slot.path(), ["merge", "--abort"]);
        assert_eq!(slot.conclude_merge("m").unwrap(), Resolution::Over);
    }
}
