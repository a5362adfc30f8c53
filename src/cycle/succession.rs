//! Who works: the first of the agents of a task, or of a worker, that can be asked; and who takes over in the middle of
//! a cycle where that one cannot go on, in the worktree as it lies there.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::case::Cycle;
use super::courtesy::out_of_reach;
use super::notes::{Notes, Rest};
use super::outbox;
use super::perform::Infra;
use super::{Bench, Workshop};
use crate::error::{Error, Result};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::choices::{Choices, Overrides};
use crate::model::pick::{Closed, first_in_reach};
use crate::model::plan::{self, Halt};
use crate::model::record::{Event, gist};
use crate::model::task::{Session, Task};
use crate::os::clock;
use crate::os::journal::{Journal, Who};
use crate::os::settings::Settings;

/// Of whom a run has said that they are passed over, so that nothing is said twice.
#[derive(Debug, Default)]
pub struct PassedOver(Mutex<HashSet<String>>);

impl PassedOver {
    /// Says why agents of a list are passed over whose programs are `absent`.
    pub fn tell(&self, journal: &Journal, who: &Who, absent: &[Error]) {
        for error in absent {
            let message = format!("{}; the others of its list are asked instead", error.explained());
            if self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(message.clone()) {
                journal.event(who, Event::Warning { message });
            }
        }
    }
}

/// Who may work on the task, in order: the worker's own agents, unless the task says otherwise.
pub(super) fn agents_for(own: &Choices, task: &Task) -> Choices {
    own.overridden_by(&Overrides { agent: task.agent.clone(), model: task.model.clone(), effort: task.effort.clone() })
}

/// Who of them is asked: whoever holds the session, else the first, of those that can be asked now. Where nobody can be,
/// who would be if all providers could. An error as [`Catalogue::find_all`](crate::os::agents::Catalogue::find_all)'s.
pub(super) fn first_able(
    shop: &Workshop,
    settings: &Settings,
    bench: &Bench,
    who: &Who,
    agents: &Choices,
    holder: Option<&str>,
) -> Result<(Choice, Agent)> {
    shop.passed_over.tell(&shop.journal, who, &settings.agents.find_all(agents)?);
    let present = agents.iter().filter(|choice| settings.agents.find(choice).is_ok());
    let names: Vec<&str> = present.map(|choice| choice.agent.as_str()).collect();
    let closed = out_of_reach(&shop.providers, settings, Some(&bench.wake), clock::now());
    let who = |closed: &BTreeMap<String, Closed>| first_in_reach(names.iter().copied(), holder, closed);
    let name = who(&closed).or_else(|| who(&BTreeMap::new()));
    let choice = name.and_then(|name| agents.by_name(name)).unwrap_or(agents.first());
    Ok((choice.clone(), settings.agents.find(choice)?.agent.clone()))
}

/// Who is asked next where those who were `tried` cannot go on: the first of the others that can be asked now, else one
/// that can be when a turn of its provider has ended.
pub(super) fn next_able(
    shop: &Workshop,
    settings: &Settings,
    agents: &Choices,
    tried: &[(String, Unable)],
) -> Option<(Choice, Agent)> {
    let closed = out_of_reach(&shop.providers, settings, None, clock::now());
    let parked = closed.iter().filter(|(_, closed)| matches!(closed, Closed::Parked(_)));
    let parked: BTreeMap<String, Closed> = parked.map(|(name, closed)| (name.clone(), closed.clone())).collect();
    let left = agents
        .iter()
        .filter(|choice| tried.iter().all(|(agent, _)| *agent != choice.agent) && settings.agents.find(choice).is_ok());
    let names: Vec<&str> = left.map(|choice| choice.agent.as_str()).collect();
    let who = |closed: &BTreeMap<String, Closed>| first_in_reach(names.iter().copied(), None, closed);
    let choice = agents.by_name(who(&closed).or_else(|| who(&parked))?)?;
    Some((choice.clone(), settings.agents.find(choice).ok()?.agent.clone()))
}

/// Until when the first of them is left alone whose provider asked for a pause; `None`: no provider did.
fn parked_until(shop: &Workshop, settings: &Settings, agents: &Choices) -> Option<Timestamp> {
    let closed = out_of_reach(&shop.providers, settings, None, clock::now());
    let until = agents.names().filter_map(|name| match closed.get(name)? {
        Closed::Parked(until) => Some(*until),
        Closed::Full(_) | Closed::Absent => None,
    });
    until.min()
}

/// Why an author cannot go on. It says nothing about the work.
pub(super) enum Unable {
    /// His provider asks for a pause.
    Limited(String),
    /// Trouble of his own: no login, no network, a command line that is wrong.
    Troubled(String),
}

/// An agent with its session.
pub(super) struct Held {
    choice: Choice,
    author: Agent,
    session: Session,
}

impl Unable {
    /// In one sentence.
    pub(super) fn reason(&self) -> &str {
        match self {
            Unable::Limited(reason) | Unable::Troubled(reason) => reason,
        }
    }
}

impl Cycle<'_> {
    /// Lets the next agent take over from the last of those who were `tried`, in the worktree as it lies there; gives
    /// false where there is none. `was_at_work`: the one before has done something in it.
    pub(super) fn hand_over(
        &mut self,
        notes: &mut Notes,
        tried: &[(String, Unable)],
        reason: String,
        was_at_work: bool,
    ) -> Result<bool, Infra> {
        if !self.bench.slot.is_intact() {
            return Ok(false);
        }
        let next = next_able(self.shop, &self.settings, &self.agents, tried);
        let Some((choice, author)) = next else { return Ok(false) };
        if was_at_work {
            self.left_behind = Some(self.leftovers(&format!("`{}`", self.choice.agent), &reason));
            if self.bench.member.role.makes_tasks() {
                notes.created.extend(outbox::collect(self.shop, self.bench, &notes.who, outbox::MOST_NEW)?);
            }
            self.bench.slot.forget_locks()?;
        }
        let event = Event::AgentChanged { from: self.choice.to_string(), to: choice.to_string(), reason };
        self.shop.journal.event(&notes.who, event);
        (self.choice, self.author, self.session) = (choice, author, None);
        Ok(true)
    }

    /// Who works, with the session that knows the task, if he has one.
    pub(super) fn held(&self) -> Option<Held> {
        let session = self.session.clone()?;
        Some(Held { choice: self.choice.clone(), author: self.author.clone(), session })
    }

    /// Nobody has taken over after all: the task goes on later with the last one whose session knows it.
    pub(super) fn take_up_again(&mut self, notes: &mut Notes, held: Option<Held>) {
        let Some(Held { choice, author, session }) = held else { return };
        notes.author = Some(choice.clone());
        notes.session = Some(session.clone());
        self.claim.record.go_on.session = Some(session.clone());
        (self.choice, self.author, self.session) = (choice, author, Some(session));
    }

    /// What a new session is told of one that has worked before it, by `whom`, and cannot go on.
    pub(super) fn leftovers(&self, whom: &str, reason: &str) -> String {
        format!(
            "{whom} has worked on this task in this folder until now, and cannot go on: {reason}. Whatever it has done \
             lies here as it left it, committed on top of {} or not. Look at that first (git status, git log, git \
             diff), then go on from there.",
            self.base.short()
        )
    }

    /// What it comes to that none of its agents can go on; `why` are the reasons of those that were asked.
    /// A pause ends by itself, so where one of them is parked, the task waits for that and not for a person.
    pub(super) fn nobody_can(&self, notes: &mut Notes, why: &[(String, Unable)]) -> Result<plan::Event, Infra> {
        let is_troubled = |(_, why): &(String, Unable)| matches!(why, Unable::Troubled(_));
        let told = match why {
            [(_, why)] => why.reason().to_owned(),
            several => {
                let each = several.iter().map(|(agent, why)| format!("{agent}: {}", gist(why.reason())));
                format!("none of its agents can be asked now: {}", each.collect::<Vec<_>>().join("; "))
            }
        };
        if !why.iter().any(is_troubled) {
            notes.because(told);
            return Ok(plan::Event::Halted(Halt::RateLimited));
        }
        match parked_until(self.shop, &self.settings, &self.agents) {
            Some(until) => {
                notes.because(told);
                // Else whoever is troubled and not parked would be asked again at once.
                notes.rest = Rest::Until(until);
                Ok(plan::Event::Halted(Halt::RateLimited))
            }
            None => Err(Infra(told)),
        }
    }
}
