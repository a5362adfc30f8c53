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

impl Sessions {
    /// Whether a session that was at work in the folder `before` can be taken up again in `here`. `None`: nobody knows
    /// where it was. Some agents would go on where they were, in files that are another's by now.
    pub fn go_on_in(&self, before: Option<&str>, here: &str) -> bool {
        self.resume_other_dir || before == Some(here)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_goes_on_where_it_began_and_elsewhere_only_if_the_agent_can() {
        let bound = Sessions::default();
        assert!(bound.go_on_in(Some("01"), "01"));
        assert!(!bound.go_on_in(Some("02"), "01") && !bound.go_on_in(None, "01"));
        let free = Sessions { resume_other_dir: true, ..bound };
        assert!(free.go_on_in(Some("02"), "01") && free.go_on_in(None, "01"));
    }
}
