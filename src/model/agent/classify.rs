//! What an error means, whoever says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pattern;

/// Errors of one kind. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// What they mean.
    pub kind: TroubleKind,
    /// The HTTP status.
    #[serde(default)]
    pub status: Option<u16>,
    /// What matches the agent's short name for it.
    #[serde(default)]
    pub code: Option<Pattern>,
    /// What matches the message.
    #[serde(default)]
    pub text: Option<Pattern>,
}

/// What an error means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// Too many requests, or a quota is used up: it goes on later.
    RateLimited,
    /// The account has no money left: it goes on when a person pays.
    NoCredit,
    /// The provider does not know us: it goes on when a person logs in.
    Auth,
    /// The session is not known, or cannot be taken up here: a new one will do.
    BadSession,
    /// What the model is to read is longer than it can: a new session begins with less.
    TooLong,
    /// The model does not do it, or its provider keeps it from doing so.
    Refused,
    /// The provider has no model of that name, or not for us.
    NoModel,
    /// The agent came to a limit of its own: turns or money.
    OwnLimit,
    /// The program did not understand its command line: its description does not fit it.
    BadUsage,
    /// The provider or the network failed: another try may do.
    Transient,
    /// Anything else.
    Other,
}
