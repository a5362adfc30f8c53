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
    /// Cycles in a row that say nothing about the work: troubles of the machine, sessions without a result.
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
            let ledger = Ledger { attempts: ledger.attempts.saturating_add(1), infra: 0 };
            retried(ledger, ledger.attempts, limits.attempts, limits, luck)
        }
        // Neither says anything about the work, so neither counts as an attempt; but both end some day.
        Outcome::Infra | Outcome::Done => {
            let ledger = Ledger { infra: ledger.infra.saturating_add(1), ..ledger };
            retried(ledger, ledger.infra, limits.infra, limits, luck)
        }
        Outcome::AwaitingReview => stay(State::Review, calm),
        Outcome::NeedsInput | Outcome::Replan | Outcome::OverBudget => stay(State::Blocked, calm),
        // Nobody's fault, so nothing is counted; but asking again at once would be met with the same answer.
        Outcome::RateLimited => Transition { pause: Some(pause(1, limits, luck)), ..stay(State::Pending, ledger) },
        Outcome::Interrupted => stay(State::Pending, ledger),
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
    let whole = doubled.min(limits.backoff_max);
    // The longest span of all is rounded up to more than there is.
    Duration::try_from_secs_f64(whole.as_secs_f64() * (0.75 + 0.25 * luck.clamp(0.0, 1.0))).unwrap_or(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(outcome: Outcome, attempts: u32, infra: u32) -> Transition {
        transition(outcome, Ledger { attempts, infra }, &Limits::default(), false, 1.0)
    }

    /// The table of outcomes in `docs/FORMATS.md`, row by row, for a task with one attempt and two troubles behind it.
    #[test]
    fn every_outcome_has_its_folder_and_its_price() {
        use State::{Blocked, Complete, Pending, Review};
        for (outcome, to, attempts, infra, rests) in [
            (Outcome::Merged, Some(Complete), 1, 0, false),
            (Outcome::NoChange, Some(Pending), 2, 0, true),
            (Outcome::AwaitingReview, Some(Review), 1, 0, false),
            (Outcome::Claimed, Some(Pending), 1, 2, false),
            (Outcome::Planned, Some(Pending), 1, 2, false),
            (Outcome::VerifyFailed, Some(Pending), 2, 0, true),
            (Outcome::Rejected, Some(Pending), 2, 0, true),
            (Outcome::Conflict, Some(Pending), 2, 0, true),
            (Outcome::AgentError, Some(Pending), 2, 0, true),
            (Outcome::Stuck, Some(Pending), 2, 0, true),
            (Outcome::Timeout, Some(Pending), 2, 0, true),
            (Outcome::NeedsInput, Some(Blocked), 1, 0, false),
            (Outcome::Replan, Some(Blocked), 1, 0, false),
            (Outcome::OverBudget, Some(Blocked), 1, 0, false),
            (Outcome::RateLimited, Some(Pending), 1, 2, true),
            (Outcome::Infra, Some(Pending), 1, 3, true),
            (Outcome::Interrupted, Some(Pending), 1, 2, false),
            (Outcome::Cancelled, None, 1, 2, false),
            (Outcome::Done, Some(Pending), 1, 3, true),
        ] {
            let transition = after(outcome, 1, 2);
            assert_eq!(transition.to, to, "{outcome}");
            assert_eq!(transition.ledger, Ledger { attempts, infra }, "{outcome}");
            assert_eq!(transition.pause.is_some(), rests, "{outcome}");
            assert!(!transition.exhausted, "{outcome}");
        }
    }

    #[test]
    fn what_counts_ends_at_the_limit_and_what_does_not_never_does() {
        let counting = [
            Outcome::NoChange,
            Outcome::VerifyFailed,
            Outcome::Rejected,
            Outcome::Conflict,
            Outcome::AgentError,
            Outcome::Stuck,
            Outcome::Timeout,
        ];
        for outcome in counting {
            let last = after(outcome, 2, 0);
            assert_eq!((last.to, last.exhausted, last.pause), (Some(State::Blocked), true, None), "{outcome}");
        }
        for outcome in [Outcome::RateLimited, Outcome::Interrupted, Outcome::Done, Outcome::Infra] {
            assert_eq!(after(outcome, 99, 0).to, Some(State::Pending), "{outcome}");
        }
        for outcome in counting {
            assert_eq!(
                after(outcome, 0, 99).to,
                Some(State::Pending),
                "an attempt ends the row of troubles: {outcome}"
            );
        }
    }

    #[test]
    fn a_count_that_cannot_grow_any_more_needs_a_person() {
        assert_eq!(after(Outcome::Timeout, u32::MAX, 0).to, Some(State::Blocked));
        assert_eq!(after(Outcome::Infra, 0, u32::MAX).to, Some(State::Blocked));
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
        let endless = Limits { backoff: Duration::MAX, backoff_max: Duration::MAX, ..limits.clone() };
        assert_eq!(pause(3, &endless, 1.0), Duration::MAX);
        let none = Limits { backoff: Duration::ZERO, ..limits };
        assert_eq!(pause(9, &none, 1.0), Duration::ZERO);
    }
}
