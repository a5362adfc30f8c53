//! How a provider is treated that asks for a pause: nobody asks it before the pause is over, then one goes first, and when
//! it is heard everybody follows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Workshop;
use super::ended::Ended;
use super::notes::{Notes, Rest};
use crate::model::agent::Agent;
use crate::model::answer::Answer;
use crate::model::provider::Parked;
use crate::model::record::Event;
use crate::os::agents::Catalogue;
use crate::os::clock;
use crate::os::journal::Who;
use crate::os::providers::{Asking, Pass, Providers};

/// One turn's dealings with the provider that answers it.
pub(super) struct Courtesy<'a> {
    shop: &'a Workshop,
    provider: String,
    /// Held by who goes first.
    pass: Pass,
    was_heard: bool,
}

/// The provider that answers an agent of that name.
pub(super) fn provider_of(name: &str, agent: &Agent) -> String {
    agent.provider.clone().unwrap_or_else(|| name.to_owned())
}

/// The agents that nobody may ask now, until when at least: those whose providers are left alone.
pub fn out_of_reach(providers: &Providers, agents: &Catalogue, now: Timestamp) -> BTreeMap<String, Timestamp> {
    let closed = providers.closed(now);
    if closed.is_empty() {
        return BTreeMap::new();
    }
    let until = |name: &str, agent| closed.get(&provider_of(name, agent)).copied();
    agents.all().filter_map(|(name, it)| Some((name.to_owned(), until(name, &it.agent)?))).collect()
}

/// One of these agents is about to be asked.
pub fn let_through(shop: &Workshop, agents: &[String]) {
    let settings = shop.settings();
    for (name, described) in settings.agents.all().filter(|(name, _)| agents.iter().any(|agent| agent == name)) {
        shop.providers.let_through(&provider_of(name, &described.agent));
    }
}

impl<'a> Courtesy<'a> {
    /// Asks whether the provider may be asked now; else gives why not.
    pub(super) fn ask(shop: &'a Workshop, provider: String) -> std::io::Result<Result<Self, Parked>> {
        Ok(match shop.providers.ask(&provider)? {
            Asking::Yes(pass) => Ok(Self { shop, provider, pass, was_heard: false }),
            Asking::No(parked) => Err(parked),
        })
    }

    /// The model has said something.
    pub(super) fn heard(&mut self, who: &Who) {
        let is_first = matches!(self.pass, Pass::First(_));
        if !is_first || std::mem::replace(&mut self.was_heard, true) {
            return;
        }
        match self.shop.providers.answered(&self.provider) {
            Ok(true) => {
                self.pass = Pass::Free;
                self.shop.journal.event(who, Event::ProviderResumed { provider: self.provider.clone() });
            }
            Ok(false) => self.pass = Pass::Free,
            // The next who asks is the first again.
            Err(error) => self.complain(who, &format!("cannot note that it answers: {error}")),
        }
    }

    /// The turn is over.
    pub(super) fn end(mut self, notes: &mut Notes, ended: &Ended, answer: &Answer) {
        match ended {
            Ended::RateLimited(reason) => self.park(notes, reason, answer),
            Ended::Well | Ended::Early(_) => self.heard(&notes.who.clone()),
            Ended::TimedOut(_) | Ended::Badly(_) | Ended::Trouble(_) | Ended::NoSession(_) => {}
            // It has answered, if only that.
            Ended::TooLong(_) => self.heard(&notes.who.clone()),
        }
    }

    fn park(&self, notes: &mut Notes, reason: &str, answer: &Answer) {
        let reset = answer.limit.and_then(|limit| limit.ends_at(&clock::here()));
        match self.shop.providers.park(&self.provider, reason, reset) {
            Ok(parked) => {
                notes.rest = Rest::WithItsProvider(parked.until);
                let event = Event::ProviderParked { provider: self.provider.clone(), reason: parked.told() };
                self.shop.journal.event(&notes.who, event);
            }
            Err(error) => self.complain(&notes.who, &format!("cannot note that it asks for a pause: {error}")),
        }
    }

    fn complain(&self, who: &Who, what: &str) {
        let message = format!("{}: {what}", self.provider);
        self.shop.journal.event(who, Event::Warning { message });
    }
}
