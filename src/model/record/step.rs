//! The steps of a cycle, as they are written down.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole_seconds;
use crate::model::task::TaskId;
use crate::model::verdict::{Answer, Decision, Finding};

/// One step of a cycle.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// Which.
    pub step: StepName,
    /// Which time; counts from 1.
    pub round: u32,
    /// What came of it.
    pub result: StepResult,
    /// When it began.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// The agent whose turn it was.
    #[serde(default)]
    pub agent: Option<String>,
    /// The command line, where it was one program.
    pub command: Option<String>,
    /// How the program exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether a clock ran out.
    pub timed_out: bool,
    /// The file with all it printed, below the run's folder.
    pub log: Option<String>,
    /// The end of what it printed, where it failed.
    pub tail: Option<String>,
    /// How many tools the agent called, where its output tells.
    #[serde(default)]
    pub tool_calls: Option<u32>,
    /// Whether a model was heard in it, as far as the agent's output tells: that costs, also where the turn could not go
    /// on; false in records of earlier versions.
    #[serde(default)]
    pub was_heard: bool,
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost_usd: Option<f64>,
    /// Where those come from; null where nobody knows them, and in records of earlier versions.
    #[serde(default)]
    pub cost_from: Option<CostFrom>,
}

/// The record of one review: `reviews/<worker>-c<N>-r<R>.json`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Review {
    /// The version of this format.
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// The worker.
    pub worker: String,
    /// Its cycle.
    pub cycle: u32,
    /// The task.
    pub task: TaskId,
    /// Which round; counts from 1.
    pub round: u32,
    /// The reviewer's agent.
    pub agent: String,
    /// Its model.
    pub model: Option<String>,
    /// Its session.
    pub session_id: Option<String>,
    /// The commit from which the work began.
    pub base: String,
    /// The last commit of the work: the verdict holds for it and no other.
    pub head: String,
    /// The digest of the task's text: the verdict holds for it and no other.
    pub contract: String,
    /// What it comes to.
    pub verdict: Decision,
    /// What was found.
    pub findings: Vec<Finding>,
    /// An answer to each criterion.
    pub acceptance: Vec<Answer>,
    /// When.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// The steps of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepName {
    /// The agent works.
    Implement,
    /// A gate runs.
    Verify,
    /// A reviewer judges.
    Review,
    /// The author mends.
    Fix,
    /// The author resolves a conflict.
    Resolve,
    /// The work is merged and published.
    Integrate,
    /// A planner makes tasks.
    Plan,
    /// The agent chooses tasks.
    Claim,
}

impl StepName {
    /// All of them.
    pub const ALL: [StepName; 8] = [
        StepName::Implement,
        StepName::Verify,
        StepName::Review,
        StepName::Fix,
        StepName::Resolve,
        StepName::Integrate,
        StepName::Plan,
        StepName::Claim,
    ];

    /// As it stands in file names and records.
    pub fn as_str(self) -> &'static str {
        match self {
            StepName::Implement => "implement",
            StepName::Verify => "verify",
            StepName::Review => "review",
            StepName::Fix => "fix",
            StepName::Resolve => "resolve",
            StepName::Integrate => "integrate",
            StepName::Plan => "plan",
            StepName::Claim => "claim",
        }
    }
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// It did what it was for.
    Ok,
    /// It failed.
    Failed,
    /// There was nothing to do, or it was known already.
    Skipped,
    /// The work and the base contradict each other.
    Conflict,
    /// The reviewer asks for changes.
    Rejected,
    /// It could not be run: says nothing about the work.
    CouldNotRun,
    /// It was ended from outside.
    Interrupted,
}

/// Tokens; what is not known is null, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Read by the model, from a cache or not.
    pub input_tokens: Option<u64>,
    /// Written by it, what it thought included.
    pub output_tokens: Option<u64>,
    /// As many of those that were read came from a cache.
    pub cached_tokens: Option<u64>,
    /// As many of those that were read were put into a cache.
    pub cache_write_tokens: Option<u64>,
}

impl Usage {
    /// Both together; what is known of one only is all that is known.
    #[must_use]
    pub fn and(self, other: Usage) -> Usage {
        let sum = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.saturating_add(other)),
            (one, other) => one.or(other),
        };
        Usage {
            input_tokens: sum(self.input_tokens, other.input_tokens),
            output_tokens: sum(self.output_tokens, other.output_tokens),
            cached_tokens: sum(self.cached_tokens, other.cached_tokens),
            cache_write_tokens: sum(self.cache_write_tokens, other.cache_write_tokens),
        }
    }
}

/// Where the dollars of a step come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum CostFrom {
    /// Its agent told them.
    Agent,
    /// Its agent told tokens, and the table of prices has a price for its model.
    Prices {
        /// The day of that price.
        #[schemars(with = "String", extend("format" = "date"))]
        as_of: Date,
    },
    /// It asked no model, and there are none.
    NoModel,
}

impl StepRecord {
    /// Whether an agent had its say in it.
    pub fn is_turn(&self) -> bool {
        let is_agents = match self.step {
            StepName::Implement
            | StepName::Review
            | StepName::Fix
            | StepName::Resolve
            | StepName::Plan
            | StepName::Claim => true,
            StepName::Verify | StepName::Integrate => false,
        };
        is_agents && (self.result != StepResult::CouldNotRun || self.was_heard || self.cost_usd.is_some())
    }

    /// Whether nobody knows what it cost, which it did.
    pub fn is_without_cost(&self) -> bool {
        self.is_turn() && self.cost_usd.is_none() && self.cost_from != Some(CostFrom::NoModel)
    }
}
