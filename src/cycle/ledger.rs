//! What the sessions of a cycle have told of their cost so far. Some agents count a whole session, so that a turn has
//! cost what was added since the one before; some tell tokens only, so that a table of prices says what they cost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::notes::Spent;
use super::turn::Talk;
use crate::model::agent::Scope;
use crate::model::answer::{Answer, cost_since, usage_since};
use crate::model::budget::Usd;
use crate::model::choice::Choice;
use crate::model::price::Prices;
use crate::model::record::{CostFrom, Usage};

/// What was told last, by session. A copy shares it: several cycles may go on in one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    told: Arc<Mutex<BTreeMap<String, Told>>>,
}

/// What a session has told in all.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    usage: Usage,
    cost_usd: Option<f64>,
}

impl Ledger {
    /// What a turn has cost: of whom, how it was begun, in which session it was, and its end.
    pub(super) fn spent(
        &mut self,
        choice: &Choice,
        talk: &Talk,
        session: Option<&str>,
        answer: &Answer,
        prices: &Prices,
    ) -> Spent {
        let Told { usage, cost_usd } = self.added(talk, session, answer);
        match cost_usd {
            Some(_) => Spent { usage, cost_usd, cost_from: Some(CostFrom::Agent) },
            // It tells dollars; only the share of this turn is not known.
            None if answer.cost_usd.is_some() => Spent { usage, ..Spent::default() },
            None => priced(usage, choice, answer, prices),
        }
    }

    /// What was added since the turn before.
    fn added(&mut self, talk: &Talk, session: Option<&str>, answer: &Answer) -> Told {
        let now = Told { usage: answer.usage, cost_usd: answer.cost_usd };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = session.and_then(|session| told.get(session).copied());
        let before = before.or_else(|| match talk {
            Talk::Once | Talk::Begin(_) => Some(Told::default()),
            // It was begun in another cycle, which nobody asks now: unknown stays unknown.
            Talk::GoOn(_) => None,
        });
        if let Some(session) = session {
            told.insert(session.to_owned(), before.unwrap_or_default().then(now));
        }
        let usage = match (answer.usage_scope, before) {
            (Scope::Session, Some(before)) => usage_since(before.usage, now.usage),
            (Scope::Session, None) => Usage::default(),
            (Scope::Run, _) => now.usage,
        };
        let cost_usd = match (answer.cost_scope, before) {
            (Scope::Session, Some(before)) => cost_since(before.cost_usd, now.cost_usd),
            (Scope::Session, None) => None,
            (Scope::Run, _) => now.cost_usd,
        };
        Told { usage, cost_usd }
    }
}

impl Told {
    /// What is known after a later turn. One that was broken off tells nothing, and takes nothing back.
    fn then(self, later: Told) -> Told {
        let usage = Usage {
            input_tokens: later.usage.input_tokens.or(self.usage.input_tokens),
            output_tokens: later.usage.output_tokens.or(self.usage.output_tokens),
            cached_tokens: later.usage.cached_tokens.or(self.usage.cached_tokens),
            cache_write_tokens: later.usage.cache_write_tokens.or(self.usage.cache_write_tokens),
        };
        Told { usage, cost_usd: later.cost_usd.or(self.cost_usd) }
    }
}

/// What these tokens cost by the table, under the name by which the user calls the model, else under its own.
fn priced(usage: Usage, choice: &Choice, answer: &Answer, prices: &Prices) -> Spent {
    let names = [choice.model.as_deref(), answer.model.as_deref()];
    let price = names.into_iter().flatten().find_map(|name| prices.of(name));
    let bill = price.and_then(|price| Some((price.bill(&usage)?, price.as_of)));
    Spent {
        usage,
        cost_usd: bill.map(|(usd, _)| Usd::dollars(usd)),
        cost_from: bill.map(|(_, as_of)| CostFrom::Prices { as_of }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(tokens: u64, cost: f64, scope: Scope) -> Answer {
        let usage = Usage { input_tokens: Some(tokens), ..Usage::default() };
        Answer { usage, usage_scope: scope, cost_usd: Some(cost), cost_scope: scope, ..Answer::default() }
    }

    fn tokens(read: u64, written: u64, model: Option<&str>) -> Answer {
        let usage = Usage { input_tokens: Some(read), output_tokens: Some(written), ..Usage::default() };
        Answer { usage, usage_scope: Scope::Session, model: model.map(str::to_owned), ..Answer::default() }
    }

    fn spent(ledger: &mut Ledger, choice: &str, talk: Talk, answer: &Answer) -> Spent {
        let prices = "as_of: 2026-11-20\nmodels: {m: {input: 1, output: 10}, own: {input: 2, output: 10}}";
        ledger.spent(&choice.parse().unwrap(), &talk, Some("s"), answer, &Prices::parse(prices).unwrap())
    }

    fn go_on() -> Talk {
        Talk::GoOn("s".into())
    }

    #[test]
    fn a_turn_costs_what_was_added_to_its_session() {
        let mut ledger = Ledger::default();
        let mut tell = |talk: Talk, tokens, cost, scope| {
            let spent = spent(&mut ledger, "a", talk, &answer(tokens, cost, scope));
            (spent.usage.input_tokens, spent.cost_usd)
        };
        assert_eq!(tell(Talk::Once, 10, 1.0, Scope::Session), (Some(10), Some(1.0)));
        assert_eq!(tell(go_on(), 25, 1.5, Scope::Session), (Some(15), Some(0.5)));
        assert_eq!(tell(go_on(), 5, 0.25, Scope::Run), (Some(5), Some(0.25)));
        let after_a_restart = spent(&mut Ledger::default(), "a:m", go_on(), &answer(99, 9.0, Scope::Session));
        assert_eq!(after_a_restart, Spent::default(), "and no price is put on what the agent counts in dollars");
    }

    #[test]
    fn a_turn_that_tells_nothing_takes_nothing_back() {
        let mut ledger = Ledger::default();
        let mut tell = |answer: &Answer| spent(&mut ledger, "a:m", go_on(), answer).usage.input_tokens;
        assert_eq!(tell(&tokens(10, 1, None)), None);
        assert_eq!(tell(&tokens(30, 1, None)), Some(20));
        assert_eq!(tell(&Answer::default()), None);
        assert_eq!(tell(&tokens(70, 1, None)), Some(40), "with what the turn had read that was broken off");
    }

    #[test]
    fn tokens_without_dollars_are_priced_by_the_name_of_the_choice_and_else_by_that_which_is_told() {
        let cost = |choice: &str, told: Option<&str>| {
            let spent = spent(&mut Ledger::default(), choice, Talk::Once, &tokens(1_000_000, 100_000, told));
            (spent.cost_usd, spent.cost_from.is_some())
        };
        assert_eq!(cost("a:own", Some("m")), (Some(3.0), true));
        assert_eq!(cost("a:alias", Some("m")), (Some(2.0), true));
        assert_eq!(cost("a", Some("m")), (Some(2.0), true));
        assert_eq!(cost("a", Some("auto")), (None, false));
        assert_eq!(cost("a:other", None), (None, false));
        let mut ledger = Ledger::default();
        spent(&mut ledger, "a:m", Talk::Once, &tokens(1_000_000, 0, None));
        let second = spent(&mut ledger, "a:m", go_on(), &tokens(3_000_000, 0, None));
        assert_eq!(second.cost_usd, Some(2.0), "what was paid before is not paid again");
    }
}
