//! A swarm that is killed at a chosen call of git.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::programs::{SWARM, example};
use super::{Ended, Running, Workspace};

/// When, at the chosen call, the swarm is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before git has done anything.
    Before,
    /// Before git has done anything; git does it all the same.
    Orphan,
    /// When git has done it, and before the swarm hears of it.
    After,
}

impl Workspace {
    /// Runs `swarm start` and kills it at its call number `call` of git. Gives how it ended and the words of the
    /// last call; it may have ended before by itself.
    #[track_caller]
    pub(crate) fn start_killed_at(&self, call: usize, moment: Moment, args: &[&str]) -> (Ended, String) {
        let folder = self.folder_of_git();
        let word = match moment {
            Moment::Before => "before",
            Moment::Orphan => "orphan",
            Moment::After => "after",
        };
        fs::write(folder.join("plan"), format!("{call} {word} {SWARM}\n")).expect("write a file");
        // There is none the first time.
        drop(fs::remove_file(folder.join("calls")));
        let mut path = OsString::from(&folder);
        path.push(":");
        path.push(std::env::var_os("PATH").expect("there is a PATH"));
        let mut command = self.command(SWARM);
        command.args(["start", "--json"]).args(args).env("PATH", path);
        let ended = Running::start(self, command).wait();
        let calls = fs::read_to_string(folder.join("calls")).unwrap_or_default();
        (ended, calls.lines().last().unwrap_or_default().to_owned())
    }

    fn folder_of_git(&self) -> PathBuf {
        let folder = self.outside().join("deadly");
        if !folder.exists() {
            fs::create_dir(&folder).expect("make a folder");
            symlink(example("deadly_git"), folder.join("git")).expect("make a link");
        }
        folder
    }
}
