//! `swarm` runs many coding agents on one git repository, unattended, and lands their work safely.
//!
//! The modules stand in the order of their layers: a module uses those below it, never those above
//! (`tests/layers.rs` keeps it so). `docs/ARCHITECTURE.md` walks through every file.

pub mod cli;
pub mod error;
pub mod exit;

pub mod command;
pub mod swarm;
pub mod cycle;
pub mod os;
pub mod model;
