//! The colours, by what they mean.

use anstyle::{AnsiColor, Color, Style};

use crate::model::outcome::Outcome;
use crate::model::state::State;

pub(super) const PLAIN: Style = Style::new();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const BOLD: Style = Style::new().bold();
pub(super) const RED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));
pub(super) const YELLOW: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
pub(super) const GREEN: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));

/// The colour of a task's state.
pub(super) fn of_state(state: State) -> Style {
    match state {
        State::Pending => PLAIN,
        State::Current => YELLOW,
        State::Review | State::Blocked => RED,
        State::Complete => GREEN,
    }
}

/// The colour of a cycle's end: landed, nothing to mend, or something that went wrong.
pub(super) fn of_outcome(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Merged => GREEN,
        Outcome::NoChange
        | Outcome::AwaitingReview
        | Outcome::Claimed
        | Outcome::Planned
        | Outcome::Done
        | Outcome::Interrupted
        | Outcome::Cancelled => PLAIN,
        Outcome::RateLimited | Outcome::Infra => YELLOW,
        Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout
        | Outcome::NeedsInput
        | Outcome::Replan
        | Outcome::OverBudget => RED,
    }
}
