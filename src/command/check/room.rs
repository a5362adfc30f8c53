//! The room in which agents work: what their git is kept from, and whether their sandboxes start.

use super::agents::Known;
use super::item::Item;
use crate::cycle::{preflight, sandboxes};
use crate::error::{Context, Error, Result};
use crate::model::choice::Choice;
use crate::os::git::{Kept, rehearse_guard};
use crate::os::settings::Settings;
use crate::os::workspace::Workspace;

/// Looks at both.
pub(super) fn look(workspace: &Workspace, known: &Known) -> Vec<Item> {
    let mut items = vec![pushes(workspace)];
    items.extend(rooms(workspace, known));
    items
}

fn pushes(workspace: &Workspace) -> Item {
    match kept(workspace) {
        Ok(Kept { pushes: true, refs: true }) => {
            Item::ok("push", "refused to agents and gates, and no agent moves the base (tried in a scratch repository)")
        }
        Ok(Kept { pushes: true, refs: false }) => Item {
            hint: Some("is the file system mounted so that no program can run there?".to_owned()),
            ..Item::note("push", "refused to agents and gates; but git runs no hooks, so an agent could move the base")
        },
        Ok(Kept { pushes: false, .. }) => {
            let error = Error::environment("git does not take the settings that keep agents from pushing");
            Item::failed("push", &error.hint("is `git` on PATH a program of another name, or very old?"))
        }
        Err(error) => Item::failed("push", &error),
    }
}

fn kept(workspace: &Workspace) -> Result<Kept> {
    let parent = workspace.dirs.scratch_or_temp();
    let folder = tempfile::tempdir_in(&parent).context(|| format!("write to {}", parent.display()))?;
    rehearse_guard(folder.path()).map_err(Error::from)
}

/// The sandboxes of those that have a post, each tried.
fn rooms(workspace: &Workspace, known: &Known) -> Vec<Item> {
    let settings = Settings { config: workspace.config.clone(), agents: known.catalogue.clone().into() };
    let choices: Vec<Choice> = known.posts.iter().flat_map(|post| post.choices.clone()).collect();
    let described = |choice: &Choice| settings.agents.find(choice).ok().map(|described| &described.agent);
    let mut items = Vec::new();
    for (sandbox, choice) in sandboxes(&settings, &choices) {
        let Some(agent) = described(choice) else { continue };
        let program = sandbox.program().unwrap_or_default();
        let tried = preflight(&workspace.dirs, workspace.repo.common_dir(), sandbox, &choice.agent, agent);
        items.push(match tried {
            Ok(()) => Item::ok("sandbox", format!("`{program}` starts (tried for {})", choice.agent)),
            Err(error) => Item::failed("sandbox", &error),
        });
    }
    let is_free = |choice: &&Choice| described(choice).is_some_and(|agent| settings.config.sandbox_of(agent).is_off());
    let mut free: Vec<&str> = choices.iter().filter(is_free).map(|choice| choice.agent.as_str()).collect();
    free.dedup();
    if !free.is_empty() {
        let detail = format!("off for {}: what you may read and write, they may", free.join(", "));
        items.push(Item::ok("sandbox", detail));
    }
    items
}
