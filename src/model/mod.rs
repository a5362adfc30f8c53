//! Pure types and decisions. Nothing here reads a file, starts a process, looks at the clock or waits.

pub mod state;
pub mod outcome;
pub mod gate;
pub mod task;
pub mod footprint;
pub mod queue;
pub mod pick;
pub mod plan;
pub mod transition;
pub mod choice;
pub mod agent;
pub mod yaml;
pub mod config;
pub mod record;
