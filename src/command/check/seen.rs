//! What an agent's program sees when it is only asked something: what it would see in a turn of the user's environment,
//! in a folder of its own far from the repository.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cycle::passed_to;
use crate::model::agent::Agent;

/// A folder to work in and one for litter, both removed when it is dropped.
pub(super) struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes them in the system's folder for such things: an agent looks upwards for the repository that it is in.
    pub(super) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("swarm-check-").tempdir()?;
        for name in ["work", "tmp"] {
            fs::create_dir(folder.path().join(name))?;
        }
        Ok(Self { folder })
    }

    /// Where the program works.
    pub(super) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Where litter goes.
    pub(super) fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// Where both lie.
    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The environment of a program of `agent` that works here.
    pub(super) fn env(&self, agent: &Agent) -> Vec<(OsString, OsString)> {
        let mut env = passed_to(agent);
        env.push(("TMPDIR".into(), self.tmp().into_os_string()));
        env.push(("GIT_TERMINAL_PROMPT".into(), "0".into()));
        env.push(("PAGER".into(), "cat".into()));
        env.extend(agent.env_set.iter().map(|(name, value)| (name.into(), value.into())));
        env
    }
}
