//! What the sessions of a cycle have told of their cost so far. Some agents count a whole session, so that a turn has
//! cost what was added since the one before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::notes::Spent;
use super::turn::Talk;
use crate::model::agent::Scope;
use crate::model::answer::{Answer, cost_since, usage_since};
use crate::model::record::Usage;

/// What was told last, by session. A copy shares it: several cycles may go on in one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    told: Arc<Mutex<BTreeMap<String, Spent>>>,
}

impl Ledger {
    /// What the turn has cost of which `answer` was the end.
    pub(super) fn spent(&mut self, talk: &Talk, session: Option<&str>, answer: &Answer) -> Spent {
        let tool_calls = answer.tool_calls;
        let now = Spent { usage: answer.usage, cost_usd: answer.cost_usd, tool_calls };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = session.and_then(|session| told.insert(session.to_owned(), now));
        let goes_on = match talk {
            Talk::GoOn(_) => true,
            Talk::Once | Talk::Begin(_) => false,
        };
        let usage = match (answer.usage_scope, before, goes_on) {
            (Scope::Session, Some(before), _) => usage_since(before.usage, now.usage),
            // It was begun in another cycle, which nobody asks now: unknown stays unknown.
            (Scope::Session, None, true) => Usage::default(),
            (Scope::Session, None, false) | (Scope::Run, _, _) => now.usage,
        };
        let cost_usd = match (answer.cost_scope, before, goes_on) {
            (Scope::Session, Some(before), _) => cost_since(before.cost_usd, now.cost_usd),
            (Scope::Session, None, true) => None,
            (Scope::Session, None, false) | (Scope::Run, _, _) => now.cost_usd,
        };
        Spent { usage, cost_usd, tool_calls }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(tokens: u64, cost: f64, scope: Scope) -> Answer {
        let usage = Usage { input_tokens: Some(tokens), ..Usage::default() };
        Answer { usage, usage_scope: scope, cost_usd: Some(cost), cost_scope: scope, ..Answer::default() }
    }

    #[test]
    fn a_turn_costs_what_was_added_to_its_session() {
        let mut ledger = Ledger::default();
        let mut tell = |talk: Talk, tokens, cost, scope| {
            let spent = ledger.spent(&talk, Some("s"), &answer(tokens, cost, scope));
            (spent.usage.input_tokens, spent.cost_usd)
        };
        assert_eq!(tell(Talk::Once, 10, 1.0, Scope::Session), (Some(10), Some(1.0)));
        assert_eq!(tell(Talk::GoOn("s".into()), 25, 1.5, Scope::Session), (Some(15), Some(0.5)));
        assert_eq!(tell(Talk::GoOn("s".into()), 5, 0.25, Scope::Run), (Some(5), Some(0.25)));
        let mut after_a_restart = Ledger::default();
        let spent = after_a_restart.spent(&Talk::GoOn("s".into()), Some("s"), &answer(99, 9.0, Scope::Session));
        assert_eq!(spent, Spent::default());
    }
}
