//! Where the base stands, as far as it can be known without changing anything.

use std::sync::Arc;

use serde::Serialize;

use crate::cycle::parted;
use crate::error::Result;
use crate::model::base_health::repair_id;
use crate::model::judgement::Judgement;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::git::{Oid, Repo};
use crate::os::judgements::Judgements;
use crate::os::task_folder;
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
    /// Why they do not.
    pub(super) reason: Option<String>,
    /// The task that is to mend it.
    pub(super) repair: Option<Repair>,
    /// Finished work that waits until the base can move.
    pub(super) ahead: Option<Ahead>,
    /// Why the repository cannot be worked on now.
    pub(super) problem: Option<String>,
}

/// The task that is to mend a red base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Repair {
    /// Its name.
    pub(super) task: TaskId,
    /// Where it lies.
    pub(super) state: State,
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

/// Looks at the base; what cannot be known stays open.
pub(super) fn look(place: &Place) -> BaseNow {
    let mut base = BaseNow { branch: place.config.base.clone(), ..BaseNow::default() };
    if let Err(error) = fill(place, &mut base) {
        base.problem = Some(error.chain());
    }
    base
}

fn fill(place: &Place, base: &mut BaseNow) -> Result<()> {
    let repo = Repo::open(place.dirs.root()).map_err(crate::error::Error::from)?;
    let workspace = Workspace { dirs: place.dirs.clone(), config: place.config.clone(), repo, agents: Arc::default() };
    let (branch, head) = workspace.base()?;
    base.branch = Some(branch.clone());
    base.head = Some(head.to_string());
    let tips = workspace.repo.tips(&branch)?;
    // Work that waits for the base to move is what new work begins on.
    match remembered(&workspace, tips.newest())? {
        None => {}
        Some(Judgement::Green) => base.green = Some(true),
        Some(Judgement::Red { reason, .. }) => {
            base.green = Some(false);
            base.reason = Some(reason);
            base.repair = repair(&workspace, tips.newest())?;
        }
    }
    let parted = parted(&workspace.repo, &branch, &tips)?;
    base.ahead = tips.ahead.map(|ahead| Ahead {
        branch: format!("swarm/{branch}"),
        head: ahead.to_string(),
        reason: tips.in_use.or(parted),
    });
    Ok(())
}

/// What is remembered of the workspace's gates on the commit's tree.
fn remembered(workspace: &Workspace, commit: &Oid) -> Result<Option<Judgement>> {
    let gates = &workspace.config.verify;
    if gates.is_empty() {
        return Ok(None);
    }
    let tree = workspace.repo.tree_of(commit)?;
    let known = Judgements::new(workspace.dirs.verified()).recall(&tree, gates);
    Ok(known.map(|known| known.judgement))
}

/// The task that mends a commit's tree, if there is one.
fn repair(workspace: &Workspace, commit: &Oid) -> Result<Option<Repair>> {
    let tree = workspace.repo.tree_of(commit)?;
    let Ok(task) = repair_id(tree.as_str()) else { return Ok(None) };
    Ok(task_folder::find(&workspace.dirs, &task).map(|state| Repair { task, state }))
}
