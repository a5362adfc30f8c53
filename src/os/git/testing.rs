//! Real repositories for the tests of this room. This machine's settings play no part in them.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::{Oid, Repo, Slot};
use crate::os::process::{Captured, capture};

/// A repository in a temporary folder: branch `trunk`, one commit with `README.md`, no user name.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let fixture = Self::empty();
        fixture.write("README.md", "one\ntwo\nthree\n");
        fixture.commit("start");
        fixture
    }

    /// The same without any commit.
    pub(crate) fn empty() -> Self {
        let folder = TempDir::new().unwrap();
        let fixture = Self { folder };
        fs::create_dir(fixture.top()).unwrap();
        fixture.git(["init", "-q", "-b", "trunk"]);
        // Without it git would make a name up where the machine has a full host name.
        fixture.git(["config", "user.useConfigOnly", "true"]);
        write(&fixture.top(), ".git/info/exclude", ".swarm/\n");
        fixture
    }

    pub(crate) fn top(&self) -> PathBuf {
        self.folder.path().join("repo")
    }

    /// Another path in the same temporary folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn repo(&self) -> Repo {
        Repo::open(&self.top()).unwrap()
    }

    /// Slot number `n`, at the commit the repository's HEAD is on.
    pub(crate) fn slot(&self, n: usize) -> Slot {
        self.repo().add_slot(&self.top().join(format!(".swarm/slots/{n:02}")), &self.head()).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        write(&self.top(), path, text);
    }

    /// Runs git in the repository and gives what it printed, trimmed.
    pub(crate) fn git<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> String {
        git(&self.top(), args)
    }

    /// Commits everything there is.
    pub(crate) fn commit(&self, message: &str) -> Oid {
        commit(&self.top(), message)
    }

    /// A commit on top of `parent` that sets one file, made without touching the checkout.
    pub(crate) fn commit_on(&self, parent: &Oid, path: &str, text: &str) -> Oid {
        let made = self.folder.path().join(format!("made-{}", fastrand::u64(..)));
        self.git([OsStr::new("worktree"), "add".as_ref(), "--detach".as_ref(), made.as_ref(), parent.as_ref()]);
        write(&made, path, text);
        let commit = commit(&made, &format!("set {path}"));
        self.git([OsStr::new("worktree"), "remove".as_ref(), "--force".as_ref(), made.as_ref()]);
        commit
    }

    pub(crate) fn head(&self) -> Oid {
        oid(&self.git(["rev-parse", "HEAD"]))
    }

    pub(crate) fn rev(&self, rev: &str) -> Oid {
        oid(&self.git(["rev-parse", "--verify", rev]))
    }

    /// Everything that must survive: all files with content and time of change, and those of git.
    pub(crate) fn picture(&self) -> Picture {
        let kept = |path: &Path| {
            let inside = path.strip_prefix(self.top()).unwrap();
            let is_ours = inside.starts_with(".swarm") || inside.to_string_lossy().starts_with(".git/swarm-");
            !(inside.starts_with(".git/objects") || is_ours)
        };
        let files = walkdir::WalkDir::new(self.top()).sort_by_file_name().into_iter().map(Result::unwrap);
        files
            .filter(|entry| entry.file_type().is_file() && kept(entry.path()))
            .map(|entry| {
                let is_gits = entry.path().starts_with(self.top().join(".git"));
                let modified = entry.metadata().unwrap().modified().ok().filter(|_| !is_gits);
                (entry.path().to_owned(), fs::read(entry.path()).unwrap(), modified)
            })
            .collect()
    }
}

/// Files with content and time of change.
pub(crate) type Picture = Vec<(PathBuf, Vec<u8>, Option<SystemTime>)>;

/// The paths that are in one picture and not, or not the same, in the other.
pub(crate) fn differences(one: &Picture, other: &Picture) -> Vec<PathBuf> {
    let only = |these: &Picture, those: &Picture| -> Vec<PathBuf> {
        these.iter().filter(|file| !those.contains(file)).map(|(path, ..)| path.clone()).collect()
    };
    [only(one, other), only(other, one)].concat()
}

pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap()
}

pub(crate) fn oid(text: &str) -> Oid {
    text.trim().parse().unwrap()
}

pub(crate) fn commit(folder: &Path, message: &str) -> Oid {
    git(folder, ["add", "-A"]);
    git(folder, ["commit", "-q", "--allow-empty", "-m", message]);
    oid(&git(folder, ["rev-parse", "HEAD"]))
}

/// Runs git as an agent or a user would; it must succeed.
pub(crate) fn git<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> String {
    let output = try_git(folder, args);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout.trim_end().to_owned()
}

/// Runs git as an agent or a user would, but through our own door: a child that is started beside it holds, until its
/// exec, the pipes of the runs that other tests supervise, and would be swept with what those leave behind.
pub(crate) fn try_git<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Output {
    let person = [("AUTHOR", "NAME"), ("AUTHOR", "EMAIL"), ("COMMITTER", "NAME"), ("COMMITTER", "EMAIL")];
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", "/nonexistent");
    command.env("LC_ALL", "C").env("GIT_EDITOR", "true");
    for (who, what) in person {
        command.env(format!("GIT_{who}_{what}"), if what == "NAME" { "An Agent" } else { "agent@example.org" });
    }
    command.args(["-c", "protocol.file.allow=always", "-C"]).arg(folder).args(args).stdin(Stdio::null());
    let Captured { status, stdout, stderr } = capture(&mut command, Duration::from_secs(120)).unwrap();
    Output { status, stdout, stderr }
}
