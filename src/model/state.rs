//! The five folders in which a task file can lie: its state.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a task is in its life; the name is the folder's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Can be claimed.
    Pending,
    /// A worker has it.
    Current,
    /// The work is done and waits for a verdict from outside.
    Review,
    /// Needs a person.
    Blocked,
    /// Merged.
    Complete,
}

impl State {
    /// In the order in which a scan must read the folders: tasks move forward, so reading the other way
    /// round misses those that move between two reads (half of them, when it was measured).
    pub const ALL: [State; 5] = [State::Pending, State::Current, State::Review, State::Blocked, State::Complete];

    /// The folder's name.
    pub fn folder(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Current => "current",
            State::Review => "review",
            State::Blocked => "blocked",
            State::Complete => "complete",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.folder())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        State::ALL
            .into_iter()
            .find(|state| state.folder() == text)
            .ok_or_else(|| format!("`{text}` is no state: pending, current, review, blocked or complete"))
    }
}
