//! What an agent printed, understood: its final message, its session, what it used, and what went wrong; and what of it
//! a person is shown.
//!
//! An [`Agent`](super::agent::Agent)'s description says by rules where these stand. How the program exited is not known
//! here. Output of any size, cut anywhere, torn or forged in any way is read in bounded memory.

mod found;
mod lines;
mod record;
mod places;
mod surrogates;
mod views;
mod heard;
mod turn;
mod trouble;
mod limit;
mod usage;
mod reader;
mod viewer;
#[cfg(test)]
mod tests;

pub use found::{Answer, Limit, Trouble, Waiting};
pub use reader::Reader;
pub use usage::{cost_since, usage_since};
pub use viewer::{Shown, Viewer};
