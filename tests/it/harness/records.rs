//! What runs have written down: `runs/`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Event, Workspace};

/// The folder of one run.
pub(crate) struct Run {
    pub(crate) folder: PathBuf,
}

impl Workspace {
    /// All runs, oldest first.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let listing = fs::read_dir(self.path("runs")).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = listing.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(|folder| Run { folder }).collect()
    }

    /// The newest run.
    #[track_caller]
    pub(crate) fn last_run(&self) -> Run {
        self.runs().pop().expect("there is a run")
    }

    /// The records of all cycles of all runs, run by run.
    pub(crate) fn cycles(&self) -> Vec<Value> {
        self.runs().iter().flat_map(Run::cycles).collect()
    }

    /// The records of all cycles of one task, in order of their beginning.
    pub(crate) fn cycles_of(&self, id: &str) -> Vec<Value> {
        let mut cycles: Vec<Value> = self.cycles().into_iter().filter(|cycle| cycle["task"] == id).collect();
        cycles.sort_by_key(|cycle| (cycle["started_at"].to_string(), cycle["cycle"].as_u64()));
        cycles
    }
}

impl Run {
    /// The records of its cycles, in order of their names.
    pub(crate) fn cycles(&self) -> Vec<Value> {
        files_below(&self.folder.join("cycles")).iter().map(|path| json(path)).collect()
    }

    /// One of its documents.
    #[track_caller]
    pub(crate) fn json(&self, name: &str) -> Value {
        json(&self.folder.join(name))
    }

    /// Its events.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Event> {
        Event::all_in(&self.read("events.jsonl"))
    }

    /// One of its files.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.folder.join(name);
        let bytes = fs::read(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = listing
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

#[track_caller]
fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{} is no JSON: {error}", path.display()))
}
