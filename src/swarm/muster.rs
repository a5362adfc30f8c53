//! Who is to work: what the settings say, with what a person says instead.

use crate::error::{Error, Result};
use crate::model::choices::Choices;
use crate::model::crew::{Member, crew};
use crate::os::settings::Settings;

/// What a person says about who works; it goes before the settings.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// How many workers in all; the lines of `workers:` then only share them out.
    pub total: Option<u32>,
    /// Who they all are, in the order in which they are asked.
    pub instead: Option<Choices>,
}

/// The workers under these settings. An error where they cannot be put in force: they ask for what this
/// version does not do, or name an agent that is not there.
pub fn muster(settings: &Settings, wanted: &Wanted) -> Result<Vec<Member>> {
    settings.check()?;
    let default = settings.agents.default_agents();
    let workers = crew(&settings.config.workers, wanted.total, wanted.instead.as_ref(), &default)
        .map_err(|reason| Error::usage(format!("config/swarm.yaml: {reason}")))?;
    for member in &workers {
        settings.agents.find_for(member)?;
    }
    Ok(workers)
}
