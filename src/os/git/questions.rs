//! Small questions to a repository that only read.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::ahead_note;
use super::base::{Tips, ahead_ref, base_ref};
use super::door::{Git, unexpected};
use super::error::GitError;
use super::loose;
use super::oid::Oid;
use super::repo::{Repo, Unfit};
use super::status::path_of;

impl Tips {
    /// Where new work begins: on what is finished, though the base may not have caught up with it.
    pub fn newest(&self) -> &Oid {
        self.ahead.as_ref().unwrap_or(&self.base)
    }
}

impl Repo {
    /// Where new work begins. Reads the refs from their files, so it may miss what is ahead of the base where that was
    /// packed; work that begins a little behind is merged onto the newest all the same. No process, or two.
    pub fn newest(&self, base: &str) -> Result<Oid, GitError> {
        let loose = |reference: String| loose::read(self.common_dir(), &reference);
        match (loose(ahead_ref(base)), loose(base_ref(base))) {
            (None, Some(tip)) if ahead_note::says_nothing(self, base) => Ok(tip),
            // The base may have passed what was ahead of it.
            (Some(_) | None, _) => self.tips(base).map(|tips| tips.newest().clone()),
        }
    }

    /// The top of the checkout that `path` lies in. One process.
    pub fn find_top(path: &Path) -> Result<PathBuf, Unfit> {
        let answer = Git::at(path).reading().args(["rev-parse", "--show-toplevel"]).ask()?;
        match answer.stdout.strip_suffix(b"\n") {
            Some(top) if answer.code == Some(0) && !top.is_empty() => Ok(path_of(top)),
            Some(_) | None if answer.stderr.contains("must be run in a work tree") => Err(Unfit::Bare(path.to_owned())),
            Some(_) | None => Err(Unfit::NotARepository(path.to_owned())),
        }
    }

    /// What `git version` says, run in `path`. One process.
    pub fn git_version(path: &Path) -> Result<String, GitError> {
        let answer = Git::at(path).reading().arg("version").ask()?;
        Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
    }

    /// The files that differ between two commits, from the top, renames as both names. One process.
    pub fn changed_paths(&self, from: &Oid, to: &Oid) -> Result<Vec<String>, GitError> {
        let git = self.git().reading().args(["diff-tree", "-r", "-z", "--name-only", "--no-renames"]);
        let listed = git.arg(from).arg(to).run()?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// Those of `paths`, from the top, that git would commit: neither ignored nor tracked. One process; none
    /// for no path.
    pub fn not_ignored(&self, paths: &[String]) -> Result<Vec<String>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let git = self.git().reading().args(["ls-files", "-z", "--others", "--exclude-standard", "--"]);
        let literal = paths.iter().map(|path| format!(":(literal){path}"));
        let listed = git.args(literal).run()?;
        let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// The refs under which work on a task is kept that was not merged, each with its commit, in the order of
    /// their names. One process.
    pub fn salvaged(&self, task_id: &str) -> Result<Vec<(String, Oid)>, GitError> {
        let git = self.git().reading().args(["for-each-ref", "--format=%(objectname) %(refname)"]);
        let printed = git.arg(format!("refs/swarm/salvage/{task_id}/")).run()?;
        let line = |line: &[u8]| {
            let at = line.iter().position(|byte| *byte == b' ')?;
            Some((String::from_utf8_lossy(&line[at + 1..]).into_owned(), Oid::from_git(&line[..at])?))
        };
        let lines = printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|text| line(text).ok_or_else(|| unexpected("git for-each-ref", text))).collect()
    }

    /// When a commit was made. One process.
    pub fn committed_at(&self, commit: &Oid) -> Result<Timestamp, GitError> {
        let printed = self.git().reading().args(["log", "-1", "--format=%ct"]).arg(commit).run()?;
        let seconds = std::str::from_utf8(&printed).ok().and_then(|text| text.trim().parse().ok());
        let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.ok_or_else(|| unexpected("git log", &printed))
    }

    /// The commits in `from..to`, newest first, at most `most`: a line each, and below it the files. One process.
    pub fn log(&self, from: &Oid, to: &Oid, most: usize) -> Result<String, GitError> {
        let git = self.git().reading().args(["log", "--no-merges", "--name-status", "--format=%h %s", "-n"]);
        let printed = git.arg(most.to_string()).arg(format!("{from}..{to}")).run()?;
        Ok(String::from_utf8_lossy(&printed).trim().to_owned())
    }

    /// What differs between two commits, as a patch of at most `most` bytes, and whether that is not all. One process,
    /// two where it is far too much.
    pub fn diff(&self, from: &Oid, to: &Oid, most: usize) -> Result<(String, bool), GitError> {
        let git = |form: &str| {
            let git = self.git().reading().slow().set("core.quotePath=false");
            git.args(["diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", form]).arg(from).arg(to)
        };
        let printed = match git("--patch").run() {
            Ok(printed) => printed,
            // More than can be held: the files and their sizes must do.
            Err(GitError::CouldNotRun { source }) if source.kind() == std::io::ErrorKind::QuotaExceeded => {
                let stat = git("--stat=200").run()?;
                return Ok((cut(&String::from_utf8_lossy(&stat), most).to_owned(), true));
            }
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(&printed);
        let kept = cut(&text, most);
        Ok((kept.to_owned(), kept.len() < text.len()))
    }

    /// The newest commit that both have; `None` if they share none. One process.
    pub fn merge_base(&self, one: &Oid, other: &Oid) -> Result<Option<Oid>, GitError> {
        if one == other {
            return Ok(Some(one.clone()));
        }
        let answer = self.git().reading().arg("merge-base").arg(one).arg(other).ask()?;
        Ok(Oid::from_git(&answer.stdout).filter(|_| answer.code == Some(0)))
    }

    /// The messages of the commits in `from..to`, oldest first, without their trailers. One process.
    pub fn messages(&self, from: &Oid, to: &Oid) -> Result<Vec<String>, GitError> {
        let git = self.git().reading().args(["log", "--reverse", "--no-merges", "-z", "--format=%B"]);
        let printed = git.arg(format!("{from}..{to}")).run()?;
        let messages =
            printed.split(|byte| *byte == 0).map(|message| String::from_utf8_lossy(message).trim().to_owned());
        Ok(messages.filter(|message| !message.is_empty()).collect())
    }
}

/// The beginning of `text`, whole lines where there is a choice.
fn cut(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let kept = &text[..text.floor_char_boundary(most)];
    kept.rfind('\n').map_or(kept, |end| &kept[..=end])
}
