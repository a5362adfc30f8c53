//! Pure types and decisions. Nothing here reads a file, starts a process, looks at the clock or waits.

pub mod task;
pub mod comment;
pub mod front_matter;
pub mod markdown;
pub mod gate;
pub mod outcome;
pub mod clean;
pub mod moment;
pub mod span;
