//! What an agent printed, understood: its final message, its session, what it used, and what went wrong.
//!
//! An [`Agent`](super::agent::Agent)'s description says by rules where these stand. How the program exited is not known
//! here.

mod found;

pub use found::{Answer, Limit, Trouble};
