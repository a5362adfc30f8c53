//! What all cycles of a run share, by reference.

use std::sync::Arc;

use crate::model::config::Config;
use crate::os::agents::Catalogue;
use crate::os::dirs::Dirs;
use crate::os::git::Repo;
use crate::os::journal::Journal;
use crate::os::stop::StopValue;

/// The tools and the rules of the house.
pub struct Workshop {
    /// Where everything lies.
    pub dirs: Dirs,
    /// The settings.
    pub config: Arc<Config>,
    /// The repository.
    pub repo: Repo,
    /// The branch on which work lands.
    pub base: String,
    /// The agents' descriptions and the prompts.
    pub agents: Catalogue,
    /// The records.
    pub journal: Journal,
    /// Whether the run is to end.
    pub stop: StopValue,
    /// The machine's name.
    pub host: String,
}
