//! Where the base stands, as far as it can be known without changing anything.

use std::fs;
use std::sync::Arc;

use serde::Serialize;

use crate::error::Result;
use crate::model::record::{Event, EventLine};
use crate::os::git::{Oid, Repo};
use crate::os::workspace::{Place, Workspace};

/// The base branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(super) struct BaseNow {
    /// Its name.
    pub(super) branch: Option<String>,
    /// Its commit.
    pub(super) head: Option<String>,
    /// Whether the workspace's gates succeed on it; null: nobody has tried.
    pub(super) green: Option<bool>,
    /// Finished work that waits until the base can move.
    pub(super) ahead: Option<Ahead>,
    /// Why the repository cannot be worked on now.
    pub(super) problem: Option<String>,
}

/// The branch on which finished work waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Ahead {
    /// Its name.
    pub(super) branch: String,
    /// Its commit.
    pub(super) head: String,
    /// Why the base cannot move, where that can be seen.
    pub(super) reason: Option<String>,
}

/// Looks at the base; what cannot be known stays open. `events` are the latest of the newest run.
pub(super) fn look(place: &Place, events: &[EventLine]) -> BaseNow {
    let mut base = BaseNow { branch: place.config.base.clone(), ..BaseNow::default() };
    if let Err(error) = fill(place, events, &mut base) {
        base.problem = Some(error.chain());
    }
    base
}

fn fill(place: &Place, events: &[EventLine], base: &mut BaseNow) -> Result<()> {
    let repo = Repo::open(place.dirs.root()).map_err(crate::error::Error::from)?;
    let workspace = Workspace { dirs: place.dirs.clone(), config: place.config.clone(), repo, agents: Arc::default() };
    let (branch, head) = workspace.base()?;
    base.branch = Some(branch.clone());
    base.head = Some(head.to_string());
    base.green = is_verified(&workspace, &head)?.then_some(true).or_else(|| last_word(events, &branch));
    let tips = workspace.repo.tips(&branch)?;
    base.ahead = tips.ahead.map(|ahead| Ahead {
        branch: format!("swarm/{branch}"),
        head: ahead.to_string(),
        reason: tips.in_use,
    });
    Ok(())
}

/// Whether it is remembered that the commit's tree has passed the workspace's gates.
fn is_verified(workspace: &Workspace, commit: &Oid) -> Result<bool> {
    let gates: Vec<&str> = workspace.config.verify.iter().map(|gate| gate.run.as_str()).collect();
    if gates.is_empty() {
        return Ok(false);
    }
    let tree = workspace.repo.tree_of(commit)?;
    let files = fs::read_dir(workspace.dirs.verified()).into_iter().flatten().flatten();
    let of_tree = files.filter(|file| file.file_name().to_string_lossy().starts_with(tree.as_str()));
    Ok(of_tree.filter_map(|file| fs::read(file.path()).ok()).any(|bytes| holds_gates(&bytes, &gates)))
}

/// A record may name more gates than these: those of a domain or a task.
fn holds_gates(record: &[u8], gates: &[&str]) -> bool {
    let record: serde_json::Value = serde_json::from_slice(record).unwrap_or_default();
    let passed = |gate: &&str| record["gates"].as_array().is_some_and(|all| all.iter().any(|one| one == gate));
    gates.iter().all(passed)
}

/// What the run has said last about its base.
fn last_word(events: &[EventLine], branch: &str) -> Option<bool> {
    let mut word = None;
    for line in events {
        if let Event::BaseRed { .. } = &line.event {
            word = Some(false);
        } else if let Event::BaseGreen { .. } = &line.event {
            word = Some(true);
        } else if matches!(&line.event, Event::BasePublished { branch: moved, .. } if moved == branch) {
            word = None;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_counts_if_all_gates_of_the_workspace_are_in_it() {
        let record = br#"{"schema": 1, "gates": ["cargo test", "make docs"]}"#;
        assert!(holds_gates(record, &["cargo test"]));
        assert!(!holds_gates(record, &["cargo test", "cargo fmt"]));
        for foreign in [&b"{"[..], b"", b"[]", b"{\"gates\": 1}"] {
            assert!(!holds_gates(foreign, &["cargo test"]));
        }
    }
}
