//! The stop value: it only grows, and everything that waits looks at it.

use std::sync::atomic::{AtomicU8, Ordering};

/// How urgently the run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stop {
    /// Not at all.
    No = 0,
    /// Claim no more; finish the cycles that run.
    Finish = 1,
    /// End the agents, keep what they wrote, give the tasks back.
    Now = 2,
}

/// A stop value that threads share.
#[derive(Debug, Default)]
pub struct StopValue(AtomicU8);

impl StopValue {
    /// The value now.
    pub fn get(&self) -> Stop {
        match self.0.load(Ordering::SeqCst) {
            0 => Stop::No,
            1 => Stop::Finish,
            _ => Stop::Now,
        }
    }

    /// Raises the value to at least `to`; gives whether that changed it.
    pub fn raise(&self, to: Stop) -> bool {
        self.0.fetch_max(to as u8, Ordering::SeqCst) < to as u8
    }

    /// One step further: what each signal does.
    pub fn escalate(&self) -> Stop {
        let next = match self.get() {
            Stop::No => Stop::Finish,
            Stop::Finish | Stop::Now => Stop::Now,
        };
        self.raise(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_only_grows() {
        let stop = StopValue::default();
        assert_eq!(stop.escalate(), Stop::Finish);
        assert!(!stop.raise(Stop::No));
        assert_eq!(stop.get(), Stop::Finish);
        assert_eq!(stop.escalate(), Stop::Now);
        assert_eq!(stop.escalate(), Stop::Now);
        assert!(!stop.raise(Stop::Finish));
        assert_eq!(stop.get(), Stop::Now);
    }
}
