//! Pure types and decisions. Nothing here reads a file, starts a process, looks at the clock or waits.

pub mod task;
