//! How a provider is treated that asks for a pause: nobody asks it before the pause is over, then one goes first, and when
//! it is heard everybody follows. And one that is to be asked a few times at once only: whoever comes to it waits for
//! his turn.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;

use super::Workshop;
use super::ended::Ended;
use super::mandate::Stage;
use super::notes::{Notes, Rest};
use crate::model::answer::Answer;
use crate::model::pick::Closed;
use crate::model::plan::Halt;
use crate::model::provider::Parked;
use crate::model::record::Event;
use crate::os::agents::Described;
use crate::os::clock;
use crate::os::journal::Who;
use crate::os::process::Wake;
use crate::os::providers::{Asking, Pass, Providers};
use crate::os::settings::Settings;
use crate::os::turns::Place;

/// One turn's dealings with the provider that answers it.
pub(super) struct Courtesy<'a> {
    shop: &'a Workshop,
    provider: String,
    /// Held by who goes first.
    pass: Pass,
    was_heard: bool,
    /// Held while the turn lasts, where turns are counted.
    _place: Option<Place>,
}

/// Why a provider has not been asked.
pub(super) enum Unasked {
    /// It is left alone.
    Parked(Parked),
    /// There was a reason to end before it was his turn.
    Halted(Halt),
}

/// The agents that nobody may ask now: those whose providers are left alone, or have as many turns under way as they may.
/// Where there are any, those whose programs are not there as well: alone they keep nothing back. `asker` wakes the worker
/// that wants to know it.
pub fn out_of_reach(
    providers: &Providers,
    settings: &Settings,
    asker: Option<&Arc<Wake>>,
    now: Timestamp,
) -> BTreeMap<String, Closed> {
    let parked = providers.closed(now);
    let full = providers.turns.full(&settings.agents.caps(&settings.config.providers), asker, now);
    if parked.is_empty() && full.is_empty() {
        return BTreeMap::new();
    }
    let why = |name: &str, it: &Described| {
        let provider = it.agent.provider_of(name);
        match (parked.get(provider), full.get(provider)) {
            _ if it.program.is_none() => Some(Closed::Absent),
            (Some(until), _) => Some(Closed::Parked(*until)),
            (None, Some(full)) => Some(Closed::Full(full.clone())),
            (None, None) => None,
        }
    };
    settings.agents.all().filter_map(|(name, it)| Some((name.to_owned(), why(name, it)?))).collect()
}

/// That agent is about to be asked, by the worker that `wake` wakes.
pub fn let_through(shop: &Workshop, agent: &str, wake: &Arc<Wake>) {
    let settings = shop.settings();
    let Ok(described) = settings.agents.described(agent) else { return };
    let provider = described.agent.provider_of(agent);
    shop.providers.let_through(provider);
    if cap(&settings, provider).is_some() {
        shop.providers.turns.promise(provider, wake);
    }
}

/// How many turns may be under way at that provider at a time; `None`: nobody counts.
fn cap(settings: &Settings, provider: &str) -> Option<u32> {
    settings.agents.caps(&settings.config.providers).get(provider).copied()
}

impl<'a> Stage<'a> {
    /// Asks whether the provider may be asked, and waits until it is his turn; else gives why not. What is said of a
    /// provider now is in the settings that are in force now, whatever the cycle began with.
    pub(super) fn courtesy(&mut self, who: &Who, provider: &str) -> io::Result<Result<Courtesy<'a>, Unasked>> {
        let shop = self.shop;
        let most = || cap(&shop.settings(), provider);
        let mut place = None;
        if most().is_some() {
            // Nobody needs a place at one that is left alone.
            if let Asking::No(parked) = shop.providers.ask(provider)? {
                return Ok(Err(Unasked::Parked(parked)));
            }
            let (wake, mandate) = (&self.bench.wake, &self.mandate);
            let mut waits = |most| {
                shop.journal.event(who, Event::TurnAwaited { provider: provider.to_owned(), most });
            };
            let mut halt = None;
            let mut gives_up = || {
                halt = mandate.reason_to_halt(&shop.dirs, &shop.stop);
                halt.is_some()
            };
            place = shop.providers.turns.enter(provider, wake, &most, &mut waits, &mut gives_up)?;
            if let Some(halt) = halt {
                return Ok(Err(Unasked::Halted(halt)));
            }
        }
        Ok(match shop.providers.ask(provider)? {
            Asking::Yes(pass) => {
                Ok(Courtesy { shop, provider: provider.to_owned(), pass, was_heard: false, _place: place })
            }
            Asking::No(parked) => Err(Unasked::Parked(parked)),
        })
    }
}

impl Courtesy<'_> {
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
            Ended::Well | Ended::Early(_) | Ended::Mute(_) => self.heard(&notes.who.clone()),
            Ended::TimedOut(_) | Ended::Badly(_) | Ended::Trouble(_) | Ended::NoSession(_) => {}
            // It has answered, if only that.
            Ended::TooLong(_) => self.heard(&notes.who.clone()),
        }
    }

    fn park(&self, notes: &mut Notes, reason: &str, answer: &Answer) {
        let reset = answer.limit.and_then(|limit| limit.ends_at(&clock::here()));
        let (parked, written) = self.shop.providers.park(&self.provider, reason, reset);
        notes.rest = Rest::WithItsProvider(parked.until);
        let event = Event::ProviderParked { provider: self.provider.clone(), reason: parked.told() };
        self.shop.journal.event(&notes.who, event);
        if let Err(error) = written {
            self.complain(&notes.who, &format!("cannot note for others that it asks for a pause: {error}"));
        }
    }

    fn complain(&self, who: &Who, what: &str) {
        let message = format!("{}: {what}", self.provider);
        self.shop.journal.event(who, Event::Warning { message });
    }
}
