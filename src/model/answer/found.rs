//! What is known of an agent's turn once it is over.

use std::time::Duration;

use jiff::civil::Time;
use jiff::{Timestamp, Zoned};

use crate::model::agent::{Scope, TroubleKind};
use crate::model::record::Usage;

/// What an agent's output says about its turn. What it does not say is `None`, never zero.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The final message: never the output of a tool or an echo of the prompt. `None` where the description knows a
    /// record of the end and it was not seen.
    pub text: Option<String>,
    /// The session's id.
    pub session: Option<String>,
    /// The model that answered, where the agent tells it.
    pub model: Option<String>,
    /// Tokens; those from a cache are part of the input.
    pub usage: Usage,
    /// What `usage` counts.
    pub usage_scope: Scope,
    /// Dollars.
    pub cost_usd: Option<f64>,
    /// What `cost_usd` counts.
    pub cost_scope: Scope,
    /// How many tools it called, where its output tells.
    pub tool_calls: Option<u32>,
    /// Whether the agent was at work at all.
    pub started: bool,
    /// Whether the record was seen that says that the turn went well.
    pub done: bool,
    /// Whether a record was seen that says that the turn is over, well or not.
    pub is_final: bool,
    /// What went wrong.
    pub trouble: Option<Trouble>,
    /// When it may go on, where the trouble is a limit.
    pub limit: Option<Limit>,
    /// Bytes of lines that were too long to be understood.
    pub dropped_bytes: u64,
}

/// What went wrong, as the agent tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it means.
    pub kind: TroubleKind,
    /// The agent's words, cut to a few lines.
    pub message: String,
    /// The HTTP status that the model's provider gave.
    pub status: Option<u16>,
}

/// What an agent waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// What keeps it.
    pub kind: TroubleKind,
    /// Until when, where that is a limit.
    pub limit: Option<Limit>,
}

/// When it may go on after a limit; as the agent told it, so one of these at least is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    /// At this moment.
    pub reset_at: Option<Timestamp>,
    /// So long after the words were said.
    pub retry_after: Option<Duration>,
    /// When the clock shows this, in the zone of the machine.
    pub clock: Option<Time>,
}

impl Limit {
    /// The moment when it may go on, for words said at `said`; `None` if it is past what can be told.
    pub fn ends_at(&self, said: &Zoned) -> Option<Timestamp> {
        if let Some(at) = self.reset_at {
            return Some(at);
        }
        if let Some(after) = self.retry_after {
            return said.timestamp().checked_add(after).ok();
        }
        let today = said.with().time(self.clock?).build().ok()?;
        let next = if today > *said { today } else { today.tomorrow().ok()?.with().time(self.clock?).build().ok()? };
        Some(next.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_ends_at_a_moment_however_it_was_told() {
        let said: Zoned = "2026-11-20T07:05:00[UTC]".parse().unwrap();
        let at = |limit: Limit| limit.ends_at(&said).map(|at| at.to_string());
        let epoch = Timestamp::from_second(1_795_163_735).unwrap();
        assert_eq!(at(Limit { reset_at: Some(epoch), ..Limit::default() }).unwrap(), "2026-11-20T08:35:35Z");
        let after = Some(Duration::from_secs(90));
        assert_eq!(at(Limit { retry_after: after, ..Limit::default() }).unwrap(), "2026-11-20T07:06:30Z");
        for (hour, expected) in [(8, "2026-11-20T08:23:00Z"), (6, "2026-11-21T06:23:00Z")] {
            let clock = Some(Time::constant(hour, 23, 0, 0));
            assert_eq!(at(Limit { clock, ..Limit::default() }).unwrap(), expected);
        }
        assert_eq!(at(Limit { retry_after: Some(Duration::MAX), ..Limit::default() }), None);
        assert_eq!(at(Limit::default()), None);
    }
}
