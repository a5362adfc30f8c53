//! How the agents print, as their descriptions have it now; a log may be older than its agent's.

use std::path::PathBuf;

use crate::command::Desk;
use crate::command::paint::YELLOW;
use crate::command::table::one_line;
use crate::model::agent::{Format, Output};
use crate::model::answer::Viewer;
use crate::os::agents::Catalogue;

/// The descriptions of a workspace, read when the first one is asked for.
pub(super) struct Outputs<'a> {
    desk: &'a Desk,
    root: PathBuf,
    agents: Option<Catalogue>,
}

impl<'a> Outputs<'a> {
    /// Reads nothing yet.
    pub(super) fn new(desk: &'a Desk, root: PathBuf) -> Self {
        Self { desk, root, agents: None }
    }

    /// What reads for a person what `agent` printed; `None`: that is text, or nobody knows.
    pub(super) fn viewer(&mut self, agent: &str) -> Option<Viewer> {
        let agents = self.agents.get_or_insert_with(|| {
            Catalogue::read(&self.root).unwrap_or_else(|mistake| {
                let mistake = one_line(&mistake.chain(), 400);
                self.desk.complain(&format!("{YELLOW}warning:{YELLOW:#} {mistake} (all is shown as it was printed)"));
                Catalogue::default()
            })
        });
        let output = agents.all().find(|(name, _)| *name == agent).map(|(_, described)| &described.agent.output)?;
        can_be_shown(output).then(|| Viewer::new(output))
    }
}

fn can_be_shown(output: &Output) -> bool {
    match output.format {
        Format::Jsonl => output.shows(),
        Format::Text => false,
    }
}
