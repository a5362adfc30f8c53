//! The rules by which an agent's output is understood.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Condition, Pattern, Pointer, View};

/// What one kind of record says. Applied to every JSON object on a line of its own, in the order of the rules; within
/// a rule `clear` comes first, then `set`, `const`, `add`, `append`, `flag`. A value that is not there changes nothing.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What the values at these JSON pointers must be, all of them.
    pub when: BTreeMap<Pointer, Condition>,
    /// What is forgotten.
    #[serde(default)]
    pub clear: Vec<Clear>,
    /// Where each field's value stands; the last record wins.
    #[serde(default)]
    pub set: BTreeMap<Field, Pointer>,
    /// What the record means in our words.
    #[serde(default, rename = "const")]
    pub constant: BTreeMap<Field, String>,
    /// Where a number stands that is added to the figure.
    #[serde(default)]
    pub add: BTreeMap<Figure, Pointer>,
    /// Where a piece of the final message stands.
    #[serde(default)]
    pub append: Option<Append>,
    /// What the record means by being there.
    #[serde(default)]
    pub flag: Option<Flag>,
    /// The array of which `show` shows each item by itself.
    #[serde(default)]
    pub each: Option<Pointer>,
    /// What a person is shown: the first of these that has something to show.
    #[serde(default)]
    pub show: Vec<View>,
}

/// What a line of plain text says: one that is no JSON object, such as those on the standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineRule {
    /// What the line must match.
    pub re: Pattern,
    /// What is forgotten.
    #[serde(default)]
    pub clear: Vec<Clear>,
    /// Which named group of the expression holds each field's value.
    #[serde(default)]
    pub set: BTreeMap<Field, String>,
    /// What the line means by being there.
    #[serde(default)]
    pub flag: Option<Flag>,
}

/// A piece of the final message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// Where it stands.
    pub text: Pointer,
    /// Put between it and the piece before; nothing, where the pieces are parts of a stream.
    #[serde(default)]
    pub between: String,
}

/// What can be known of an agent's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Field {
    /// The session's id.
    #[serde(rename = "session")]
    Session,
    /// The final message.
    #[serde(rename = "text")]
    Text,
    /// Tokens read by the model.
    #[serde(rename = "usage.input")]
    UsageInput,
    /// Tokens read from a cache.
    #[serde(rename = "usage.cached")]
    UsageCached,
    /// Tokens put into a cache; part of those that were read.
    #[serde(rename = "usage.cache_write")]
    UsageCacheWrite,
    /// Tokens written by the model, its reasoning included.
    #[serde(rename = "usage.output")]
    UsageOutput,
    /// Tokens in all, where `usage.output` leaves the reasoning out: then that is what is left of them beside the input.
    #[serde(rename = "usage.total")]
    UsageTotal,
    /// Dollars.
    #[serde(rename = "cost_usd")]
    CostUsd,
    /// The model that answers, in the agent's words.
    #[serde(rename = "model")]
    Model,
    /// What went wrong, in the agent's words.
    #[serde(rename = "error.message")]
    ErrorMessage,
    /// The agent's short name for what went wrong.
    #[serde(rename = "error.code")]
    ErrorCode,
    /// The HTTP status that the model's provider gave.
    #[serde(rename = "error.status")]
    ErrorStatus,
    /// What went wrong with a request that the agent makes again by itself.
    #[serde(rename = "retry.message")]
    RetryMessage,
    /// The HTTP status of a request that the agent makes again by itself.
    #[serde(rename = "retry.status")]
    RetryStatus,
    /// When a limit ends, in seconds since 1970.
    #[serde(rename = "limit.reset_at")]
    LimitResetAt,
    /// How long a limit still lasts, in seconds.
    #[serde(rename = "limit.retry_after")]
    LimitRetryAfter,
}

/// What can be summed up over records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
pub enum Figure {
    /// Tokens read by the model.
    #[serde(rename = "usage.input")]
    UsageInput,
    /// Tokens read from a cache.
    #[serde(rename = "usage.cached")]
    UsageCached,
    /// Tokens put into a cache; part of those that were read.
    #[serde(rename = "usage.cache_write")]
    UsageCacheWrite,
    /// Tokens written by the model, its reasoning included.
    #[serde(rename = "usage.output")]
    UsageOutput,
    /// Dollars.
    #[serde(rename = "cost_usd")]
    CostUsd,
}

/// What a record means by being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The agent is at work.
    Started,
    /// Its turn is over, and went well.
    Done,
    /// Its turn is over, and went wrong.
    Failed,
}

/// What a record makes untrue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clear {
    /// The final message: what was said was not the last word.
    Text,
    /// The end that went well.
    Done,
    /// The end that went wrong, and its error.
    Failed,
    /// The failed request and its limit: the next one went through.
    Retry,
}
