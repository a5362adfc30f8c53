//! When a limit ends, from the words of an error.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Pattern;

/// Words that say when a limit ends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetText {
    /// The expression. Its named groups say in which unit the time is: `days`, `hours`, `minutes`, `seconds` and
    /// `milliseconds` from now are added up, `clock` is a time of day (`8:23 AM`, `15:00`), `epoch` is in seconds
    /// since 1970.
    pub re: Pattern,
}

/// In which unit the end of a limit is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Whole days from now.
    Days,
    /// Hours from now.
    Hours,
    /// Minutes from now.
    Minutes,
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// The next time that the clock shows this.
    Clock,
    /// Seconds since 1970.
    Epoch,
}

impl Unit {
    /// All units.
    pub const ALL: [Unit; 7] =
        [Unit::Days, Unit::Hours, Unit::Minutes, Unit::Seconds, Unit::Milliseconds, Unit::Clock, Unit::Epoch];

    /// The name of the group that holds a time in this unit.
    pub fn group(self) -> &'static str {
        match self {
            Unit::Days => "days",
            Unit::Hours => "hours",
            Unit::Minutes => "minutes",
            Unit::Seconds => "seconds",
            Unit::Milliseconds => "milliseconds",
            Unit::Clock => "clock",
            Unit::Epoch => "epoch",
        }
    }
}
