//! What the settings say of domains: their gates, their money, and whom to ask for it.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;
use crate::model::budget::Usd;
use crate::model::gate::Gate;
use crate::model::span;
use crate::model::yaml::BadYaml;

/// How long the budget command may take where the settings do not say it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a domain adds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Domain {
    /// Gates added to the workspace's.
    pub verify: Vec<Gate>,
    /// Money for all its tasks together since the ledger began, in dollars.
    pub budget_usd: Option<f64>,
}

/// A command that is asked before a task of a domain is claimed, and told afterwards what it has cost.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetCommand {
    /// Run with `sh -c` in the root of the workspace.
    pub command: String,
    /// How long it may take; 10 s where the key is absent.
    #[serde(default, deserialize_with = "span::deserialize_optional")]
    #[schemars(with = "Option<String>")]
    timeout: Option<Duration>,
}

impl BudgetCommand {
    /// How long it may take.
    pub fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(PATIENCE)
    }
}

/// Whether a number is no amount of dollars.
pub(super) fn is_no_amount(dollars: f64) -> bool {
    Usd::new(dollars).is_none()
}

impl Config {
    pub(super) fn check_budgets(&self) -> Result<(), BadYaml> {
        for (name, domain) in &self.domains {
            if domain.budget_usd.is_some_and(is_no_amount) {
                let key = format!("domains.{name}.budget_usd");
                return Err(BadYaml::at_key(&key, "must be an amount of dollars, not below 0"));
            }
        }
        if self.budget.as_ref().is_some_and(|budget| budget.command.trim().is_empty()) {
            return Err(BadYaml::at_key("budget.command", "the command is empty"));
        }
        if self.notify.as_ref().is_some_and(|command| command.trim().is_empty()) {
            return Err(BadYaml::at_key("notify", "the command is empty"));
        }
        Ok(())
    }
}
