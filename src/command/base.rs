//! Where the base stands, as far as it can be known without changing anything.

use std::sync::Arc;

use serde::Serialize;

use crate::cycle::parted;
use crate::error::Result;
use crate::model::base_health::repair_id;
use crate::model::judgement::Judgement;
use crate::model::pick::RedBase;
use crate::model::state::State;
use crate::model::task::TaskId;
use crate::os::dirs::Dirs;
use crate::os::git::{Oid, Repo};
use crate::os::judgements::{Judgements, Remembered};
use crate::os::task_folder;
use crate::os::workspace::{Place, Workspace};
use crate::swarm::alive;

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
    let workspace = open(place)?;
    let (branch, head) = workspace.base()?;
    base.branch = Some(branch.clone());
    base.head = Some(head.to_string());
    let tips = workspace.repo.tips(&branch)?;
    // Work that waits for the base to move is what new work begins on.
    let tree = workspace.repo.tree_of(tips.newest())?;
    match remembered(&workspace, &tree).map(|known| known.judgement) {
        None => {}
        Some(Judgement::Green) => base.green = Some(true),
        Some(Judgement::Red { reason, .. }) => {
            base.green = Some(false);
            base.reason = Some(reason);
            base.repair = repair(&workspace.dirs, &tree);
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

/// The base, if the gates fail on it, with what is done about that. Nothing where that is not known.
pub(super) fn red(place: &Place) -> Option<RedBase> {
    // Without gates no base is red, and git need not be asked.
    if place.config.verify.is_empty() { None } else { try_red(place).ok()? }
}

fn try_red(place: &Place) -> Result<Option<RedBase>> {
    let workspace = open(place)?;
    let (branch, _) = workspace.base()?;
    let tree = workspace.repo.tree_of(workspace.repo.tips(&branch)?.newest())?;
    let Some(Remembered { judgement: Judgement::Red { gate, .. }, run_id, .. }) = remembered(&workspace, &tree) else {
        return Ok(None);
    };
    let Ok(repair) = repair_id(tree.as_str()) else { return Ok(None) };
    let lies_in = task_folder::find(&place.dirs, &repair);
    let found_now = alive(&place.dirs).iter().any(|run| run.run_id == run_id);
    Ok(Some(RedBase { branch, gate, repair, lies_in, found_now }))
}

/// The workspace, for questions that need no agents.
fn open(place: &Place) -> Result<Workspace> {
    let repo = Repo::open(place.dirs.root()).map_err(crate::error::Error::from)?;
    Ok(Workspace { dirs: place.dirs.clone(), config: place.config.clone(), repo, agents: Arc::default() })
}

/// What is remembered of the workspace's gates on a tree.
fn remembered(workspace: &Workspace, tree: &Oid) -> Option<Remembered> {
    let gates = &workspace.config.verify;
    if gates.is_empty() { None } else { Judgements::new(workspace.dirs.verified()).recall(tree, gates) }
}

/// The task that mends a tree, if there is one.
fn repair(dirs: &Dirs, tree: &Oid) -> Option<Repair> {
    let task = repair_id(tree.as_str()).ok()?;
    task_folder::find(dirs, &task).map(|state| Repair { task, state })
}
