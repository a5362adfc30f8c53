//! Where a task goes after a cycle, what that costs it, and how long it rests.

use std::time::Duration;

use super::config::Limits;
use super::outcome::Outcome;
use super::state::State;

/// What a task has used up before this cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Counted attempts.
    pub attempts: u32,
    /// Troubles of the infrastructure, in a row.
    pub infra: u32,
}

/// Where a task goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The folder; `None`: it stays where somebody put it.
    pub to: Option<State>,
    /// The ledger from now on.
    pub ledger: Ledger,
    /// How long it is not claimed again.
    pub pause: Option<Duration>,
    /// A ceiling was reached: a person must look at it.
    pub exhausted: bool,
}

/// The transition after `outcome`. `luck`, between 0 and 1, spreads the pauses, so that tasks which failed
/// together do not come back together.
pub fn transition(
    outcome: Outcome,
    ledger: Ledger,
    limits: &Limits,
    no_change_expected: bool,
    luck: f64,
) -> Transition {
    let calm = Ledger { attempts: ledger.attempts, infra: 0 };
    let stay = |to: State, ledger: Ledger| Transition { to: Some(to), ledger, pause: None, exhausted: false };
    match outcome {
        Outcome::Merged => stay(State::Complete, calm),
        Outcome::NoChange if no_change_expected => stay(State::Complete, calm),
        Outcome::NoChange
        | Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout => {
            let ledger = Ledger { attempts: ledger.attempts + 1, infra: 0 };
            retried(ledger, ledger.attempts, limits.attempts, limits, luck)
        }
        Outcome::Infra => {
            let ledger = Ledger { infra: ledger.infra + 1, ..ledger };
            retried(ledger, ledger.infra, limits.infra, limits, luck)
        }
        Outcome::AwaitingReview => stay(State::Review, calm),
        Outcome::NeedsInput | Outcome::Replan | Outcome::OverBudget => stay(State::Blocked, calm),
        Outcome::RateLimited | Outcome::Interrupted | Outcome::Done => stay(State::Pending, ledger),
        Outcome::Cancelled => Transition { to: None, ledger, pause: None, exhausted: false },
        // These cycles have no task of their own.
        Outcome::Claimed | Outcome::Planned => stay(State::Pending, ledger),
    }
}

/// Back to pending after the `n`th failure, or to a person after the last one allowed.
fn retried(ledger: Ledger, n: u32, allowed: u32, limits: &Limits, luck: f64) -> Transition {
    if n >= allowed {
        return Transition { to: Some(State::Blocked), ledger, pause: None, exhausted: true };
    }
    Transition { to: Some(State::Pending), ledger, pause: Some(pause(n, limits, luck)), exhausted: false }
}

/// The pause after the `n`th failure in a row: `min(base · 2^(n-1), max)`, of which the last quarter is left to luck.
pub fn pause(n: u32, limits: &Limits, luck: f64) -> Duration {
    let doubled = limits.backoff.saturating_mul(2u32.saturating_pow(n.saturating_sub(1)));
    doubled.min(limits.backoff_max).mul_f64(0.75 + 0.25 * luck.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcome: Outcome, attempts: u32, infra: u32) -> Transition {
        transition(outcome, Ledger { attempts, infra }, &Limits::default(), false, 1.0)
    }

    #[test]
    fn every_outcome_has_its_folder_and_its_price() {
        use State::{Blocked, Complete, Pending, Review};
        for (outcome, to, attempts, infra) in [
            (Outcome::Merged, Complete, 1, 0),
            (Outcome::NoChange, Pending, 2, 0),
            (Outcome::VerifyFailed, Pending, 2, 0),
            (Outcome::Rejected, Pending, 2, 0),
            (Outcome::Conflict, Pending, 2, 0),
            (Outcome::AgentError, Pending, 2, 0),
            (Outcome::Stuck, Pending, 2, 0),
            (Outcome::Timeout, Pending, 2, 0),
            (Outcome::AwaitingReview, Review, 1, 0),
            (Outcome::NeedsInput, Blocked, 1, 0),
            (Outcome::Replan, Blocked, 1, 0),
            (Outcome::OverBudget, Blocked, 1, 0),
            (Outcome::RateLimited, Pending, 1, 2),
            (Outcome::Interrupted, Pending, 1, 2),
            (Outcome::Done, Pending, 1, 2),
            (Outcome::Infra, Pending, 1, 3),
        ] {
            let transition = after(outcome, 1, 2);
            assert_eq!(transition.to, Some(to), "{outcome}");
            assert_eq!(transition.ledger, Ledger { attempts, infra }, "{outcome}");
            assert!(!transition.exhausted, "{outcome}");
        }
        assert_eq!(after(Outcome::Cancelled, 1, 2).to, None);
    }

    #[test]
    fn the_last_allowed_attempt_goes_to_a_person() {
        assert_eq!(after(Outcome::VerifyFailed, 2, 0).to, Some(State::Blocked));
        assert!(after(Outcome::VerifyFailed, 2, 0).exhausted);
        assert_eq!(after(Outcome::Infra, 2, 4).to, Some(State::Blocked));
        assert_eq!(after(Outcome::Infra, 2, 4).ledger, Ledger { attempts: 2, infra: 5 });
    }

    #[test]
    fn what_was_expected_not_to_change_is_complete() {
        let transition = transition(Outcome::NoChange, Ledger::default(), &Limits::default(), true, 0.0);
        assert_eq!(transition.to, Some(State::Complete));
        assert_eq!(transition.ledger.attempts, 0);
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_never_overflow() {
        let limits = Limits::default();
        let seconds = |n| pause(n, &limits, 1.0).as_secs();
        assert_eq!([1, 2, 3, 6, 7, 8, 100, u32::MAX].map(seconds), [10, 20, 40, 320, 600, 600, 600, 600]);
        assert_eq!(pause(1, &limits, 0.0), Duration::from_millis(7500));
    }
}
