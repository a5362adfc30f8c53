//! A task that waits for a person: why, and what he can do.

use super::{Explanation, Facts, ended_as, quote};
use crate::model::outcome::Outcome;

/// In `review/`.
pub(super) fn in_review(facts: &Facts) -> Explanation {
    let id = &facts.id;
    Explanation {
        summary: format!("the work is done and waits for a person{}", because(facts)),
        why: facts.past.before(),
        moves: vec![
            format!("to take it as it is: swarm approve {id}"),
            format!("to have it done again: swarm comment {id} \"what to change\", then swarm retry {id}"),
        ],
    }
}

/// In `blocked/`.
pub(super) fn blocked(facts: &Facts) -> Explanation {
    let id = &facts.id;
    let past = &facts.past;
    let outcome = past.last.as_ref().map(|last| last.outcome);
    let asks = |outcome| matches!(outcome, Outcome::NeedsInput | Outcome::Replan);
    let mut moves = Vec::new();
    if outcome.is_some_and(asks) && past.answered {
        moves.push(format!("it has been answered; to let it be claimed: swarm retry {id}"));
    } else {
        moves.extend(outcome.and_then(|outcome| remedy(outcome, facts)));
        moves.push(format!("to let it be claimed again: swarm retry {id}"));
    }
    if outcome != Some(Outcome::NeedsInput) {
        moves.push(format!("to tell the next attempt something: swarm comment {id} \"…\""));
    }
    Explanation { summary: format!("it waits for a person{}", because(facts)), why: past.before(), moves }
}

/// What should be done before it is tried again.
fn remedy(outcome: Outcome, facts: &Facts) -> Option<String> {
    let past = &facts.past;
    match outcome {
        Outcome::NeedsInput => Some(format!("answer the question: swarm comment {} \"…\"", facts.id)),
        Outcome::Replan => Some("write the task anew, or split it into several".to_owned()),
        Outcome::OverBudget => Some("give it more money: the key `max_cost_usd`, or `limits.cost_usd`".to_owned()),
        Outcome::Infra | Outcome::RateLimited | Outcome::Done if past.ledger.infra >= past.limits.infra => {
            Some("mend the machine first: swarm check".to_owned())
        }
        Outcome::NoChange
        | Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout
            if past.ledger.attempts >= past.limits.attempts =>
        {
            Some(format!("mend what made it fail ({}), or say more in the task", ended_as(outcome)))
        }
        // It was moved here by hand.
        Outcome::Merged
        | Outcome::NoChange
        | Outcome::AwaitingReview
        | Outcome::Claimed
        | Outcome::Planned
        | Outcome::VerifyFailed
        | Outcome::Rejected
        | Outcome::Conflict
        | Outcome::AgentError
        | Outcome::Stuck
        | Outcome::Timeout
        | Outcome::RateLimited
        | Outcome::Infra
        | Outcome::Interrupted
        | Outcome::Cancelled
        | Outcome::Done => None,
    }
}

fn because(facts: &Facts) -> String {
    let told = facts.past.told.as_deref().map(|told| told.trim_start_matches("Waits for a person: "));
    told.map(|told| format!(": {}", quote(told))).unwrap_or_default()
}
