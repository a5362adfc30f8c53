//! The steps of a cycle, as they are written down.

use jiff::Timestamp;
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
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost_usd: Option<f64>,
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
pub struct Usage {
    /// Read by the model.
    pub input_tokens: Option<u64>,
    /// Written by it.
    pub output_tokens: Option<u64>,
    /// Read from a cache.
    pub cached_tokens: Option<u64>,
}
