//! git, the base, and whether it could move now.

use std::sync::Arc;

use super::item::Item;
use crate::command::status::short;
use crate::cycle::parted;
use crate::error::{Error, Result};
use crate::os::agents::Catalogue;
use crate::os::git::{Oid, Repo};
use crate::os::workspace::{Place, Workspace};

/// The repository, where it is fit, and the commit on which new work would begin.
pub(super) fn look(place: &Place) -> (Option<(Workspace, String, Oid)>, Vec<Item>) {
    let mut items = Vec::new();
    match fill(place, &mut items) {
        Ok(found) => (Some(found), items),
        Err(error) => {
            items.push(Item::failed("git", &error));
            (None, items)
        }
    }
}

fn fill(place: &Place, items: &mut Vec<Item>) -> Result<(Workspace, String, Oid)> {
    let version = Repo::git_version(place.dirs.root()).map_err(Error::from)?;
    let workspace = match Workspace::open(place.clone()) {
        Ok(workspace) => workspace,
        // A mistake in an agent's description has been told, and says nothing about git.
        Err(_) if Catalogue::read(place.dirs.root()).is_err() => {
            let repo = Repo::open(place.dirs.root()).map_err(Error::from)?;
            Workspace { dirs: place.dirs.clone(), config: place.config.clone(), repo, agents: Arc::default() }
        }
        Err(error) => return Err(error),
    };
    let identity = workspace.repo.identity();
    items.push(Item::ok("git", format!("{version}; commits are made as {} <{}>", identity.name, identity.email)));
    let (branch, _) = workspace.base()?;
    let tips = workspace.repo.tips(&branch)?;
    let at = format!("{branch} is at {}", short(tips.base.as_str()));
    let places: Vec<String> = tips.checked_out.iter().map(|path| path.display().to_string()).collect();
    items.push(match (&tips.in_use, places.as_slice()) {
        (Some(reason), _) => {
            Item::note("git", format!("{at} and cannot move now: {reason}; work would wait on swarm/{branch}"))
        }
        (None, []) => Item::ok("git", format!("{at}, checked out nowhere: it can move")),
        (None, [place]) => Item::ok("git", format!("{at}, checked out in {place}: it moves there by fast-forward")),
        (None, places) => Item::note(
            "git",
            format!(
                "{at} and cannot move: it is checked out in {}; work would wait on swarm/{branch}",
                places.join(" and ")
            ),
        ),
    });
    if let Some(ahead) = &tips.ahead {
        let parted = parted(&workspace.repo, &branch, &tips)?.map(|reason| format!(": {reason}")).unwrap_or_default();
        let detail = format!("finished work waits on swarm/{branch} at {}{parted}", short(ahead.as_str()));
        items.push(Item::note("git", detail));
    }
    let tip = tips.newest().clone();
    Ok((workspace, branch, tip))
}
