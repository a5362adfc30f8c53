//! A line of the ledger `runs/ledger.jsonl`, a format that scripts read.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Usd;
use crate::model::record::{SCHEMA, whole_seconds};
use crate::model::task::TaskId;

/// Something that happened to money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// The version of this format.
    pub schema: u32,
    /// When.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// For which cycle.
    #[serde(flatten)]
    pub spell: Spell,
    /// Out of whose budget; null: the task has no domain.
    pub domain: Option<String>,
    /// What.
    pub kind: Kind,
    /// How much, in dollars.
    pub usd: Usd,
    /// Nobody knows the real cost: its worker died in the middle, so at least what was set aside counts.
    #[serde(default, skip_serializing_if = "is_false")]
    pub estimated: bool,
    /// The settings' own budget command is to be told of it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tell: bool,
}

/// A worker's cycle with a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Spell {
    /// The run.
    pub run_id: String,
    /// The worker.
    pub worker: String,
    /// Its cycle.
    pub cycle: u32,
    /// The task.
    pub task: TaskId,
}

/// What can happen to money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is set aside before a cycle.
    Reserve,
    /// The cycle has cost it.
    Spend,
    /// The rest of what was set aside is free again; this ends the cycle's account.
    Release,
    /// The budget command has taken note of what the cycle cost and gave back.
    Told,
}

impl Line {
    /// A line about `usd`; what is rarely so is not.
    pub fn new(at: Timestamp, spell: Spell, domain: Option<String>, kind: Kind, usd: Usd) -> Self {
        Self { schema: SCHEMA, at, spell, domain, kind, usd, estimated: false, tell: false }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
