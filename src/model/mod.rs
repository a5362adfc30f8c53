//! Pure types and decisions. Nothing here reads a file, starts a process, looks at the clock or waits.

pub mod state;
pub mod outcome;
pub mod task;
pub mod comment;
pub mod front_matter;
pub mod markdown;
pub mod queue;
pub mod pick;
pub mod footprint;
pub mod plan;
pub mod transition;
pub mod explain;
pub mod choice;
pub mod crew;
pub mod agent;
pub mod prompt;
pub mod signal;
pub mod gate;
pub mod config;
pub mod record;
pub mod yaml;
pub mod moment;
pub mod span;
pub mod clean;
pub mod excerpt;
pub mod slug;
