//! The time of day.

use jiff::{Timestamp, Zoned};

/// Now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Now, in the zone of the machine.
pub fn here() -> Zoned {
    Zoned::now()
}
