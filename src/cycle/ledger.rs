//! What the sessions of a cycle have told of their cost so far. Some agents count a whole session, so that a turn has
//! cost what was added since the one before; some tell tokens only, so that a table of prices says what they cost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::notes::Spent;
use super::turn::Talk;
use crate::model::agent::{Scope, UsageFacts};
use crate::model::answer::{Answer, cost_since, usage_since};
use crate::model::budget::Usd;
use crate::model::choice::Choice;
use crate::model::price::Prices;
use crate::model::record::{CostFrom, Usage};
use crate::model::task::{Counted, Session};

/// What was told last, by session. A copy shares it: several cycles may go on in one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    told: Arc<Mutex<BTreeMap<String, Told>>>,
}

/// What a session has told in all.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Told {
    usage: Usage,
    cost_usd: Option<f64>,
    /// So many cycles died in the middle of a turn of it: the next that tells its cost tells theirs, too.
    untold_cycles: u32,
}

impl Spent {
    /// By a turn that asked no model.
    pub(super) fn without_model() -> Self {
        Self { cost_from: Some(CostFrom::NoModel), ..Self::default() }
    }
}

impl Ledger {
    /// Takes over what a session of an earlier cycle has told, where that was noted.
    pub(super) fn recall(&mut self, session: Option<&Session>) {
        let Some((session, counted)) = session.and_then(|session| Some((session, session.counted?))) else { return };
        self.lock().entry(session.id.clone()).or_insert(Told {
            usage: Usage {
                input_tokens: counted.input_tokens,
                output_tokens: counted.output_tokens,
                cached_tokens: counted.cached_tokens,
                cache_write_tokens: counted.cache_write_tokens,
            },
            cost_usd: counted.cost_usd.map(Usd::dollars),
            untold_cycles: counted.untold_cycles,
        });
    }

    /// A new session has told nothing, and that is known.
    pub(super) fn begin(&mut self, talk: &Talk) {
        match talk {
            Talk::Begin(id) => drop(self.lock().insert(id.clone(), Told::default())),
            Talk::Once | Talk::GoOn(_) => {}
        }
    }

    /// What a session has told in all of what `facts` count over whole sessions; `None`: nothing is, or nobody knows.
    pub(super) fn counted(&self, session: &str, facts: &UsageFacts) -> Option<Counted> {
        let Told { usage, cost_usd, untold_cycles } = self.lock().get(session).copied()?;
        let (tokens, dollars) = (facts.scope == Scope::Session, facts.cost_scope == Scope::Session);
        let kept = |figure: Option<u64>| figure.filter(|_| tokens);
        (tokens || dollars).then(|| Counted {
            input_tokens: kept(usage.input_tokens),
            output_tokens: kept(usage.output_tokens),
            cached_tokens: kept(usage.cached_tokens),
            cache_write_tokens: kept(usage.cache_write_tokens),
            cost_usd: cost_usd.filter(|_| dollars).and_then(Usd::new),
            untold_cycles,
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a turn has cost: of whom, how it was begun, in which session it was, and its end.
    pub(super) fn spent(
        &mut self,
        choice: &Choice,
        talk: &Talk,
        session: Option<&str>,
        answer: &Answer,
        prices: &Prices,
    ) -> Spent {
        let Told { usage, cost_usd, .. } = self.added(talk, session, answer);
        let (spent, scope) = match cost_usd {
            Some(_) => {
                let spent = Spent { usage, cost_usd, cost_from: Some(CostFrom::Agent), ..Spent::default() };
                (spent, answer.cost_scope)
            }
            // It tells dollars; only the share of this turn is not known.
            None if answer.cost_usd.is_some() => (Spent { usage, ..Spent::default() }, answer.cost_scope),
            None => (priced(usage, choice, answer, prices), answer.usage_scope),
        };
        match session {
            Some(session) if scope == Scope::Session && spent.cost_usd.is_some() => {
                Spent { told_cycles: self.settle(session), ..spent }
            }
            Some(_) | None => spent,
        }
    }

    /// What was open of a session has been told with its last turn. Gives of how many cycles.
    fn settle(&self, session: &str) -> u32 {
        self.lock().get_mut(session).map_or(0, |told| std::mem::take(&mut told.untold_cycles))
    }

    /// What was added since the turn before.
    fn added(&mut self, talk: &Talk, session: Option<&str>, answer: &Answer) -> Told {
        let now = Told { usage: answer.usage, cost_usd: answer.cost_usd, untold_cycles: 0 };
        let mut told = self.lock();
        let before = session.and_then(|session| told.get(session).copied());
        let before = before.or_else(|| match talk {
            Talk::Once | Talk::Begin(_) => Some(Told::default()),
            // It was begun in another cycle, which did not note it: unknown stays unknown.
            Talk::GoOn(_) => None,
        });
        // Where nothing was known and nothing is told, nothing is known.
        if let Some(session) = session.filter(|_| before.is_some() || now != Told::default()) {
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
        Told { usage, cost_usd, untold_cycles: 0 }
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
        Told { usage, cost_usd: later.cost_usd.or(self.cost_usd), untold_cycles: self.untold_cycles }
    }
}

/// What a session is known to have told that has only begun, where its agent counts anything over whole sessions.
pub(super) fn nothing_yet(facts: &UsageFacts) -> Option<Counted> {
    [facts.scope, facts.cost_scope].contains(&Scope::Session).then(Counted::default)
}

/// What these tokens cost by the table, under the name by which the user calls the model, else under its own.
fn priced(usage: Usage, choice: &Choice, answer: &Answer, prices: &Prices) -> Spent {
    let names = [choice.model.as_deref(), answer.model.as_deref()];
    let price = names.into_iter().flatten().find_map(|name| prices.of(name));
    let bill = price.and_then(|price| Some((price.bill(&usage)?, price.as_of)));
    let bill = bill.filter(|(usd, _)| Usd::new(usd.dollars()).is_some());
    Spent {
        usage,
        cost_usd: bill.map(|(usd, _)| Usd::dollars(usd)),
        cost_from: bill.map(|(_, as_of)| CostFrom::Prices { as_of }),
        ..Spent::default()
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
        assert_eq!(tell(&Answer::default()), None);
        assert_eq!(tell(&tokens(10, 1, None)), None, "of what was before nobody knows");
        assert_eq!(tell(&tokens(30, 1, None)), Some(20));
        assert_eq!(tell(&Answer::default()), None);
        assert_eq!(tell(&tokens(70, 1, None)), Some(40), "with what the turn had read that was broken off");
    }

    #[test]
    fn what_a_session_has_told_is_noted_and_taken_off_in_a_later_cycle() {
        let by_session = UsageFacts { scope: Scope::Session, ..UsageFacts::default() };
        let mut first = Ledger::default();
        spent(&mut first, "a:m", Talk::Once, &tokens(30, 5, None));
        spent(&mut first, "a:m", go_on(), &Answer::default());
        let counted = first.counted("s", &by_session);
        assert_eq!(counted.unwrap(), Counted { input_tokens: Some(30), output_tokens: Some(5), ..Counted::default() });
        assert_eq!((first.counted("s", &UsageFacts::default()), first.counted("other", &by_session)), (None, None));

        let note = |counted| Session {
            agent: "a".to_owned(),
            id: "s".to_owned(),
            contract: None,
            told: 0,
            slot: None,
            counted,
        };
        let goes_on = |counted| {
            let mut ledger = Ledger::default();
            ledger.recall(Some(&note(counted)));
            spent(&mut ledger, "a:m", go_on(), &tokens(70, 5, None)).usage.input_tokens
        };
        assert_eq!(goes_on(counted), Some(40));
        assert_eq!(goes_on(Some(Counted::default())), Some(70), "it was broken off before it told anything");
        assert_eq!(goes_on(None), None, "a file of before");
    }

    #[test]
    fn a_session_that_was_begun_has_told_nothing_yet() {
        let facts = UsageFacts { cost_scope: Scope::Session, ..UsageFacts::default() };
        let mut ledger = Ledger::default();
        ledger.begin(&Talk::Begin("s".to_owned()));
        assert_eq!(ledger.counted("s", &facts), Some(Counted::default()));
        spent(&mut ledger, "a", Talk::Begin("s".to_owned()), &answer(7, 0.5, Scope::Session));
        assert_eq!(ledger.counted("s", &facts).unwrap().cost_usd, Usd::new(0.5));
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
