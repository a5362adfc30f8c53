//! What the settings say of the providers that answer agents.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;
use crate::model::crew;
use crate::model::yaml::BadYaml;

/// What may be asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// At most so many turns at a time, of all agents that it answers, over all workers and all swarms of the workspace.
    pub most: u32,
}

impl Config {
    pub(super) fn check_providers(&self) -> Result<(), BadYaml> {
        for (name, provider) in &self.providers {
            let refuse = |reason: &str| Err(BadYaml::at_key(&format!("providers.{name}.most"), reason));
            match provider.most {
                0 => return refuse("0 would never ask it; where there is no cap, leave the provider out"),
                most if most > crew::MOST => {
                    return refuse(&format!("no run has more than {} workers: leave it out", crew::MOST));
                }
                _ => {}
            }
        }
        Ok(())
    }
}
