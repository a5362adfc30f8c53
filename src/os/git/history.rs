//! Questions to the history: who carries what, and who comes before whom.

use super::door::unexpected;
use super::error::GitError;
use super::message::TASK_ID;
use super::oid::Oid;
use super::repo::Repo;

impl Repo {
    /// The newest commit on the first-parent line of `tip`, and not reachable from `since`, that has a trailer
    /// `Task-Id: <task_id>`. A sentence in a message does not count, nor does a commit that came in as the
    /// second parent of a merge: what agents write into their own messages proves nothing. One process.
    pub fn merged_as(&self, since: Option<&Oid>, tip: &Oid, task_id: &str) -> Result<Option<Oid>, GitError> {
        // The search is only a filter that keeps the output short; the trailers decide.
        let search = format!("--grep={TASK_ID}: {task_id}");
        let format = format!("--format=%H%x00%(trailers:key={TASK_ID},valueonly,unfold,separator=%x01)");
        let git = self.git().reading().slow().set("trailer.separators=:");
        let mut git = git.args(["rev-list", "--first-parent", "--no-commit-header", "-F", &search, &format]).arg(tip);
        if let Some(since) = since {
            git = git.arg("--not").arg(since);
        }
        for line in git.run()?.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let mut parts = line.split(|&byte| byte == 0);
            let commit = parts.next().and_then(Oid::from_git).ok_or_else(|| unexpected("git rev-list", line))?;
            let mut values = parts.next().unwrap_or_default().split(|&byte| byte == 1);
            if values.any(|value| value == task_id.as_bytes()) {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    /// Whether `ancestor` is reachable from `descendant`; every commit is from itself. At most one process.
    pub fn is_ancestor(&self, ancestor: &Oid, descendant: &Oid) -> Result<bool, GitError> {
        if ancestor == descendant {
            return Ok(true);
        }
        let git = self.git().reading().args(["merge-base", "--is-ancestor"]).arg(ancestor).arg(descendant);
        let (command, path) = (format!("git merge-base --is-ancestor {ancestor} {descendant}"), self.top().to_owned());
        let answer = git.ask()?;
        match answer.code {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            code => Err(GitError::Failed { command, path, code, stderr: answer.stderr }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fixture;
    use super::*;

    fn say(fixture: &Fixture, message: &str) -> Oid {
        fixture.commit(message)
    }

    #[test]
    fn only_a_real_trailer_with_exactly_this_id_counts() {
        let fixture = Fixture::new();
        let start = fixture.head();
        say(&fixture, "prose\n\nTask-Id: a is what we wait for, says this sentence.\n\nAnd goes on.");
        say(&fixture, "subject Task-Id: a");
        say(&fixture, "longer\n\nTask-Id: ab");
        say(&fixture, "other case\n\nTask-Id: A");
        let tip = say(&fixture, "quoted\n\n> Task-Id: a");
        assert_eq!(fixture.repo().merged_as(None, &tip, "a").unwrap(), None);
        let older = say(&fixture, "real\n\nTask-Id: a");
        let newer = say(&fixture, "again\n\nSigned-off-by: B <b@b>\nTask-Id: x\nTask-Id: a\n");
        let tip = say(&fixture, "after");
        let repo = fixture.repo();
        assert_eq!(repo.merged_as(Some(&start), &tip, "a").unwrap(), Some(newer.clone()));
        assert_eq!(repo.merged_as(Some(&start), &older, "a").unwrap(), Some(older));
        assert_eq!(repo.merged_as(Some(&newer), &tip, "a").unwrap(), None);
        assert!(repo.merged_as(None, &tip, "ab").unwrap().is_some());
        assert_eq!(repo.merged_as(None, &tip, "a.").unwrap(), None);
    }

    #[test]
    fn a_trailer_on_the_second_parent_of_a_merge_does_not_count() {
        let fixture = Fixture::new();
        fixture.git(["checkout", "-q", "-b", "work"]);
        say(&fixture, "claims\n\nTask-Id: a");
        fixture.git(["checkout", "-q", "trunk"]);
        fixture.git(["merge", "-q", "--no-ff", "-m", "merge", "work"]);
        assert_eq!(fixture.repo().merged_as(None, &fixture.head(), "a").unwrap(), None);
    }

    #[test]
    fn ancestors_and_names_are_resolved() {
        let fixture = Fixture::new();
        let start = fixture.head();
        let next = say(&fixture, "next");
        let repo = fixture.repo();
        assert!(repo.is_ancestor(&start, &next).unwrap());
        assert!(repo.is_ancestor(&next, &next).unwrap());
        assert!(!repo.is_ancestor(&next, &start).unwrap());
        assert!(repo.is_ancestor(&"ab".repeat(20).parse().unwrap(), &start).is_err());
        assert_eq!(repo.resolve("trunk").unwrap(), Some(next));
        assert_eq!(repo.resolve("HEAD^").unwrap(), Some(start));
        assert_eq!(repo.resolve("none").unwrap(), None);
        assert_eq!(repo.resolve("--all").unwrap(), None);
    }
}
