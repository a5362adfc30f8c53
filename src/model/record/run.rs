//! The documents of a run: its beginning, its workers and its end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::whole_seconds;
use crate::model::config::Role;
use crate::model::outcome::Outcome;

/// `started.json`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// The version of this format.
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// When.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// The program's version.
    pub version: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// How many workers.
    pub workers: u32,
    /// Their agents, in order.
    pub agents: Vec<String>,
    /// What each of them does, in the same order.
    #[serde(default)]
    pub roles: Vec<Role>,
    /// The branch it lands on.
    pub base: String,
    /// Where that branch stood.
    pub base_head: String,
    /// The words of the command line.
    pub arguments: Vec<String>,
}

/// `stopped.json`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Stopped {
    /// The version of this format.
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// When.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub stopped_at: Timestamp,
    /// How long it ran.
    pub duration_ms: u64,
    /// Why it ended.
    pub reason: String,
    /// The exit code.
    pub exit_code: u8,
    /// How many cycles.
    pub cycles: u32,
    /// How many cycles ended how.
    pub outcomes: BTreeMap<Outcome, u32>,
}

/// `crew.json`: the workers of a live run, once they are others than those with which it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Crew {
    /// The version of this format.
    pub schema: u32,
    /// All that it has ever had.
    pub workers: Vec<Member>,
}

/// A worker of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// w0, w1, …
    pub worker: String,
    /// Its agent from its next claim on.
    pub agent: String,
    /// What it does.
    #[serde(default)]
    pub role: Role,
    /// Whether it stays.
    pub standing: Standing,
}

/// Whether a worker stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It does.
    Stays,
    /// It finishes its cycle, if it is in one, and leaves; until it has, it may be asked to stay.
    Retires,
    /// It has left, or seen that it is to leave.
    Left,
}
