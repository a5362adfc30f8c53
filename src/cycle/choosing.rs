//! Choosing: the worker's agent is told what is claimable and claims some of it, in a cycle that has no task of its
//! own. Whatever it claims it then works on, one task after the other, in the session that chose.

use std::sync::Arc;

use super::case::Cycle;
use super::errand::{Answer, Errand, heading, record};
use super::ledger::Ledger;
use super::notes::Notes;
use super::perform::Infra;
use super::{Bench, Claim, Workshop};
use crate::model::agent::Agent;
use crate::model::excerpt;
use crate::model::outcome::Outcome;
use crate::model::prompt::{Claiming, Refused, Telling, Template, Waiting};
use crate::model::record::StepName;
use crate::model::signal::{Signal, signals};
use crate::model::task::TaskId;
use crate::os::journal::Who;

/// How many refusals an agent is told one by one.
const REFUSALS: usize = 50;

/// What an agent may choose from.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The first of the tasks that can be claimed.
    pub claimable: Vec<Waiting>,
    /// How many can be claimed in all.
    pub claimable_count: usize,
    /// How many it gets at most.
    pub most: u32,
}

/// What an agent gets of what it asked for.
#[derive(Default)]
pub struct Grants {
    /// The tasks that are its own now, in order.
    pub granted: Vec<Claim>,
    /// The others, each with the reason.
    pub refused: Vec<Refused>,
}

/// Grants what it can of these tasks; `None`: of all, the first one that can be had.
pub type Grant<'a> = &'a mut dyn FnMut(&mut Bench, Option<&[TaskId]>) -> Grants;

/// That a task was chosen by the agent which now works on it.
#[derive(Debug, Clone)]
pub struct Chosen {
    agent: String,
    session: Option<String>,
    ledger: Ledger,
    result: Arc<Told>,
}

/// What an agent is told of its claims.
#[derive(Debug, Default)]
struct Told {
    /// It claimed nothing that could be granted, so that the program has picked.
    picked: bool,
    granted: Vec<String>,
    refused: Vec<Refused>,
    more_refused: usize,
}

/// Lets the worker's agent choose its next tasks. Gives how that cycle ended, and what was granted.
pub fn choose(
    shop: &Workshop,
    bench: &mut Bench,
    offer: &Offer,
    number: u32,
    grant: Grant<'_>,
) -> (Outcome, Vec<Claim>) {
    let who = Who { worker: Some(bench.worker.clone()), cycle: Some(number), task: None };
    let mut notes = Notes::begin(who, number, 1);
    let heading = heading(shop, bench);
    let (outcome, claims) = perform(shop, bench, offer, &mut notes, grant).unwrap_or_else(|Infra(reason)| {
        notes.because(reason);
        (Outcome::Infra, Vec::new())
    });
    notes.claimed = claims.iter().map(|claim| claim.id.clone()).collect();
    record(shop, notes, heading, outcome);
    (outcome, claims)
}

fn perform(
    shop: &Workshop,
    bench: &mut Bench,
    offer: &Offer,
    notes: &mut Notes,
    grant: Grant<'_>,
) -> Result<(Outcome, Vec<Claim>), Infra> {
    let mut errand = Errand::begin(shop, bench, notes)?;
    let asked = ask_twice(&mut errand, offer, notes);
    let (agent, session) = (errand.choice.agent.clone(), errand.session.clone());
    let ledger = errand.end(notes);
    let wanted = match asked? {
        Asked::For(ids) => Some(ids),
        Asked::Nothing => None,
        Asked::Failed(outcome @ (Outcome::RateLimited | Outcome::Infra | Outcome::Interrupted)) => {
            return Ok((outcome, Vec::new()));
        }
        // Somebody works on the task all the same: it says itself how that ends.
        Asked::Failed(_) => None,
    };
    let mut grants = wanted.as_ref().map(|ids| grant(bench, Some(ids))).unwrap_or_default();
    let mut picked = false;
    if grants.granted.is_empty() {
        grants.granted = grant(bench, None).granted;
        picked = true;
        let what = match (&wanted, grants.granted.is_empty()) {
            (Some(_), false) => "nothing that the agent claimed could be granted, so the first task was claimed for it",
            (Some(_), true) => "nothing that the agent claimed could be granted, and nothing else is left",
            (None, false) => "the agent claimed nothing, so the first task was claimed for it",
            (None, true) => "the agent claimed nothing, and nothing is left",
        };
        let said = std::mem::take(&mut notes.reason);
        let why = if said.is_empty() { refusals(&grants.refused) } else { format!(": {said}") };
        notes.because(format!("{what}{why}"));
    } else {
        let (granted, refused) = (grants.granted.len(), refusals(&grants.refused));
        let wanted = granted + grants.refused.len();
        notes.because(format!("granted {granted} of the {wanted} that the agent claimed{refused}"));
    }
    let result = Arc::new(told(picked, &grants));
    for claim in &mut grants.granted {
        let (agent, session, result) = (agent.clone(), session.clone(), Arc::clone(&result));
        claim.chosen = Some(Chosen { agent, session, ledger: ledger.clone(), result });
    }
    Ok((Outcome::Claimed, grants.granted))
}

/// The first refusals, for the record.
fn refusals(refused: &[Refused]) -> String {
    let first = refused.iter().take(5).map(|Refused { id, reason }| format!("; {id}: {reason}"));
    excerpt::shorten(&first.collect::<String>(), 500)
}

fn told(picked: bool, grants: &Grants) -> Told {
    let refused = grants.refused.iter().take(REFUSALS).cloned().collect();
    Told {
        picked,
        granted: grants.granted.iter().map(|claim| claim.id.to_string()).collect(),
        refused,
        more_refused: grants.refused.len().saturating_sub(REFUSALS),
    }
}

/// What the agent asks for.
enum Asked {
    /// These.
    For(Vec<TaskId>),
    /// Nothing, twice.
    Nothing,
    /// It never came to its end.
    Failed(Outcome),
}

fn ask_twice(errand: &mut Errand<'_>, offer: &Offer, notes: &mut Notes) -> Result<Asked, Infra> {
    for again in [false, true] {
        let telling = Telling::Claim(Claiming {
            again,
            claimable: &offer.claimable,
            claimable_count: offer.claimable_count,
            most: offer.most,
            ..Claiming::default()
        });
        let prompt = errand.brief(Template::Claim, telling)?;
        match errand.ask(notes, StepName::Claim, &prompt, &[])? {
            Answer::Failed(outcome) => return Ok(Asked::Failed(outcome)),
            Answer::Said(said) => {
                let claims = signals(&said).into_iter().find_map(|signal| match signal {
                    Signal::Claim(ids) => Some(ids),
                    Signal::Ready | Signal::NeedsInput(_) | Signal::Replan(_) | Signal::NoChange(_) | Signal::Done => {
                        None
                    }
                });
                if let Some(ids) = claims {
                    return Ok(Asked::For(ids));
                }
                notes.reason = excerpt::shorten(said.trim(), 300);
            }
        }
    }
    Ok(Asked::Nothing)
}

impl Chosen {
    /// The agent in whose session the task was chosen, if it has sessions.
    pub(super) fn holder(&self) -> Option<&str> {
        self.session.as_ref().map(|_| self.agent.as_str())
    }

    /// The session that chose the task, if this agent can go on in it, and what it has cost.
    pub(super) fn session(&self, agent: &str) -> Option<(String, Ledger)> {
        let session = self.session.clone().filter(|_| self.agent == agent);
        session.map(|session| (session, self.ledger.clone()))
    }
}

impl Cycle<'_> {
    /// What the agent is told of its claims, if this is the session that made them.
    pub(super) fn claims_told(&self, agent: &Agent) -> Result<Option<String>, Infra> {
        let Some(chosen) = self
            .claim
            .chosen
            .as_ref()
            .filter(|chosen| chosen.session.as_ref() == self.session.as_ref().map(|session| &session.id))
        else {
            return Ok(None);
        };
        let Told { picked, granted, refused, more_refused } = &*chosen.result;
        let telling = Telling::Claim(Claiming {
            picked: *picked,
            granted,
            refused,
            more_refused: *more_refused,
            ..Claiming::default()
        });
        self.fill_in(agent, Template::Claim, telling, &[], None).map(Some)
    }
}
