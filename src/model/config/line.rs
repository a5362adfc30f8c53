//! Who works, as the settings name them: the lines of `workers:`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::choices::Choices;
use crate::model::span;
use crate::model::yaml::BadYaml;

/// One line of workers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerLine {
    /// A description's name, or the shorthand `agent:model:effort`; or a list of them, of whom the next works where
    /// those before it cannot be asked. `script` where none is named.
    pub agent: Option<Choices>,
    /// The model.
    pub model: Option<String>,
    /// The effort.
    pub effort: Option<String>,
    /// What they do.
    pub role: Role,
    /// How many of them.
    pub count: Option<u32>,
    /// Who picks the tasks. A planner has none, so that it says nothing there.
    pub claim: ClaimBy,
    /// How long each of them rests between two of its cycles.
    #[serde(deserialize_with = "span::deserialize_optional")]
    #[schemars(with = "Option<String>")]
    pub pause_between: Option<Duration>,
    /// A planner's: it plans while fewer tasks than these wait, 10 where the key is absent.
    pub max_pending: Option<u32>,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works on tasks.
    #[default]
    Worker,
    /// Works on tasks and makes none.
    Executor,
    /// Makes tasks.
    Planner,
}

impl Role {
    /// As it stands in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Worker => "worker",
            Role::Executor => "executor",
            Role::Planner => "planner",
        }
    }

    /// Whether it works on tasks.
    pub fn has_tasks(self) -> bool {
        match self {
            Role::Worker | Role::Executor => true,
            Role::Planner => false,
        }
    }

    /// Whether its agents may make new tasks.
    pub fn makes_tasks(self) -> bool {
        match self {
            Role::Worker | Role::Planner => true,
            Role::Executor => false,
        }
    }
}

/// Who picks the task that a worker gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimBy {
    /// The program: the first claimable task.
    #[default]
    Swarm,
    /// The agent, with the signal `CLAIM`.
    Agent,
}

impl WorkerLine {
    /// What the types cannot say.
    pub(super) fn check(&self) -> Result<(), BadYaml> {
        if let Some(agent) = &self.agent {
            let refused = agent.refuse_model(self.model.as_deref());
            refused.map_err(|reason| BadYaml::at_key("workers.model", reason))?;
        }
        match (self.role, self.max_pending) {
            (_, None) => Ok(()),
            (Role::Planner, Some(0)) => {
                Err(BadYaml::at_key("workers.max_pending", "0 would never plan anything; `count: 0` has no planner"))
            }
            (Role::Planner, Some(_)) => Ok(()),
            (Role::Worker | Role::Executor, Some(_)) => {
                Err(BadYaml::at_key("workers.max_pending", "only a planner has it: add `role: planner`"))
            }
        }
    }
}
