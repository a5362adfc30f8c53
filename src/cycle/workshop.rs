//! What all cycles of a run share, by reference.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::model::config::Config;
use crate::os::agents::Catalogue;
use crate::os::dirs::Dirs;
use crate::os::git::Repo;
use crate::os::journal::Journal;
use crate::os::stop::StopValue;
use crate::os::turnstile::Turnstile;

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
    /// Lets one worker of this process at a time merge.
    pub turnstile: Turnstile,
    /// The base cannot be moved now; work lands beside it.
    pub held_back: AtomicBool,
    /// The machine's name.
    pub host: String,
}
