//! How a cycle can end.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a cycle ended. The names are a promise to scripts (`docs/FORMATS.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The work is on the base branch.
    Merged,
    /// The agent says that nothing is to be done.
    NoChange,
    /// The work waits for a verdict from outside.
    AwaitingReview,
    /// The agent claimed tasks; the cycle had none of its own.
    Claimed,
    /// The agent wrote new tasks; the cycle had none of its own.
    Planned,
    /// A gate failed.
    VerifyFailed,
    /// The reviewer asked for changes until the last round.
    Rejected,
    /// The work could not be merged onto the base.
    Conflict,
    /// The agent's program failed.
    AgentError,
    /// The agent never said how it stands.
    Stuck,
    /// The time for the attempt ran out.
    Timeout,
    /// The agent has a question.
    NeedsInput,
    /// The agent says that the task must be planned anew.
    Replan,
    /// The money for the task ran out.
    OverBudget,
    /// The provider asked for patience.
    RateLimited,
    /// The machine or the network failed; it says nothing about the work.
    Infra,
    /// The run was stopped, or the base itself turned out to be red: begun anew, at no cost.
    Interrupted,
    /// A person moved the task away.
    Cancelled,
    /// The agent ended its session without a result.
    Done,
}

impl Outcome {
    /// The name as it is written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::NoChange => "no_change",
            Self::AwaitingReview => "awaiting_review",
            Self::Claimed => "claimed",
            Self::Planned => "planned",
            Self::VerifyFailed => "verify_failed",
            Self::Rejected => "rejected",
            Self::Conflict => "conflict",
            Self::AgentError => "agent_error",
            Self::Stuck => "stuck",
            Self::Timeout => "timeout",
            Self::NeedsInput => "needs_input",
            Self::Replan => "replan",
            Self::OverBudget => "over_budget",
            Self::RateLimited => "rate_limited",
            Self::Infra => "infra",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Done => "done",
        }
    }
}

/// What became of the work of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is on the base, or nothing had to be done.
    Landed,
    /// It was given up: the next attempt begins afresh.
    Failed,
    /// The next attempt goes on with it.
    Open,
    /// There was none: tasks were made or chosen.
    Apart,
}

impl Outcome {
    /// What became of the work. Whoever expected that nothing had to be done sees more in `no_change` than this.
    pub fn fate(self) -> Fate {
        match self {
            Self::Merged => Fate::Landed,
            Self::Claimed | Self::Planned => Fate::Apart,
            Self::Interrupted
            | Self::Infra
            | Self::RateLimited
            | Self::NeedsInput
            | Self::AwaitingReview
            | Self::OverBudget => Fate::Open,
            Self::NoChange
            | Self::VerifyFailed
            | Self::Rejected
            | Self::Conflict
            | Self::AgentError
            | Self::Stuck
            | Self::Timeout
            | Self::Replan
            | Self::Cancelled
            | Self::Done => Fate::Failed,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_name_is_the_name_in_files() {
        let names = "merged no_change awaiting_review claimed planned verify_failed rejected conflict agent_error \
                     stuck timeout needs_input replan over_budget rate_limited infra interrupted cancelled done";
        for name in names.split_whitespace() {
            let outcome: Outcome = serde_yaml::from_str(name).unwrap();
            assert_eq!(outcome.to_string(), name);
            assert_eq!(serde_json::to_string(&outcome).unwrap(), format!("\"{name}\""));
        }
        let schema = serde_json::to_string(&schemars::schema_for!(Outcome)).unwrap();
        assert_eq!(schema.matches("\"const\"").count(), names.split_whitespace().count());
    }
}
