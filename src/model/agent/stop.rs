//! How an agent is ended.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// One step of ending an agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The signal to send.
    pub signal: Signal,
    /// To whom.
    #[serde(default)]
    pub to: Target,
    /// How long to wait for the end before the next step.
    #[serde(deserialize_with = "wait")]
    #[schemars(with = "String")]
    pub wait: Duration,
}

fn wait<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    crate::model::span::Span::deserialize(deserializer).map(|span| span.0)
}

/// The signals that end a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    /// SIGINT.
    Int,
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
}

/// Who gets the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The agent's process group.
    #[default]
    Group,
    /// The agent's first process alone.
    Pid,
}

/// TERM to the group, five seconds of grace, KILL.
pub fn default_stop() -> Vec<Stop> {
    vec![
        Stop { signal: Signal::Term, to: Target::Group, wait: Duration::from_secs(5) },
        Stop { signal: Signal::Kill, to: Target::Group, wait: Duration::from_secs(2) },
    ]
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Int => "INT",
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
        })
    }
}
