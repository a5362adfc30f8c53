//! The front matter of a task file, as text: where it is, which key stands on which bytes, and whether it can be
//! read at all. What the values mean is not known here.
//!
//! Our own `swarm:` block is cut out before the user's keys are parsed: neither can harm the reading of the other.

mod invalid;
mod split;
mod scan;
mod scalar;
mod outline;
mod head;

pub(crate) use head::{Head, SWARM, said};
pub use invalid::InvalidTask;
pub(crate) use outline::first_odd;
pub(crate) use split::{BOM, Parts, decode, newline, split};
