//! What the caller of a run wants to hear while it lasts.

use std::time::Duration;

use super::Identity;

/// Whether the child may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    GoOn,
    /// Yes, but it must have ended so long after this was first said, unless it changes that by what it prints.
    EndWithin(Duration),
    /// No: end it now.
    End,
}

/// Called from within [`run`](super::run), on its thread: while a method works, nobody looks after the child.
/// `()` watches nothing.
pub trait Watch {
    /// The child lives. It is the moment to write its identity down for a recovery.
    fn started(&mut self, identity: &Identity) -> Verdict {
        let _ = identity;
        Verdict::GoOn
    }

    /// Somebody poked the wake: look again at whatever may end the run.
    fn look(&mut self) -> Verdict {
        Verdict::GoOn
    }

    /// The child printed this: any bytes, cut anywhere. What is said of the last piece holds, until it prints again.
    fn printed(&mut self, bytes: &[u8]) -> Verdict {
        let _ = bytes;
        Verdict::GoOn
    }
}

impl Watch for () {}
