//! An agent's sessions: who names them, and where they can be taken up again.

use schemars::JsonSchema;
use serde::Deserialize;

/// How an agent's sessions are named, and where they can be taken up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// Who makes up the id of a new session.
    pub minted_by: MintedBy,
    /// Whether a session can be resumed from another folder than the one it began in.
    pub resume_other_dir: bool,
}

/// Who makes up the id of a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MintedBy {
    /// The agent; it prints the id.
    #[default]
    Agent,
    /// We; the agent is told it as `{new_session}`, a UUID.
    Us,
}
