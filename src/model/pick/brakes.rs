//! What keeps the whole queue back, or all of it but one task: a person's pause, and a base on which the gates fail.
//!
//! A running swarm heeds both before it asks for a task, because both may end at any moment. Whoever only looks at the
//! queue knows them from the files that are there, and so does not promise what nobody will do.

use std::fmt;

use jiff::Timestamp;

use super::Hold;
use crate::model::base_health::{Answer, Asker, Health, answer};
use crate::model::excerpt::shorten;
use crate::model::state::State;
use crate::model::task::TaskId;

/// No sentence quotes more of a gate's command, in characters.
const LONGEST_GATE: usize = 100;

/// What keeps tasks back that could be claimed otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brakes {
    /// A person has paused claiming.
    pub paused: Option<Paused>,
    /// The gates fail on the base.
    pub red: Option<RedBase>,
}

impl Brakes {
    /// None at all.
    pub(super) const NONE: &'static Self = &Self { paused: None, red: None };

    /// What of them keeps this task back, the most lasting first.
    pub(super) fn holds(&self, id: &TaskId) -> impl Iterator<Item = Hold> {
        let paused = self.paused.clone().map(Hold::Paused);
        let red = self.red.as_ref().filter(|red| !red.lets_through(id)).cloned().map(Hold::RedBase);
        paused.into_iter().chain(red)
    }

    /// Whether they let this task through.
    pub(super) fn let_through(&self, id: &TaskId) -> bool {
        self.paused.is_none() && self.red.as_ref().is_none_or(|red| red.lets_through(id))
    }

    /// Whether this is the task that is to mend the base, before all others and whatever a run is for.
    pub fn mended_by(&self, id: &TaskId) -> bool {
        self.red.as_ref().is_some_and(|red| red.lets_through(id))
    }
}

/// Claiming is paused by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Why; empty where nobody has said it.
    pub reason: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

impl Paused {
    /// As it is told when it begins, with the way out.
    pub fn sentence(&self) -> String {
        format!("claiming is paused{}; `swarm resume` lets it go on", self.why())
    }

    fn why(&self) -> String {
        if self.reason.is_empty() { String::new() } else { format!(": {}", self.reason) }
    }
}

impl fmt::Display for Paused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.since.map(|at| format!(" since {at:.0}")).unwrap_or_default();
        write!(f, "claiming is paused{since}{} (`swarm resume` lets it go on)", self.why())
    }
}

/// A base on which a gate fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedBase {
    /// Its branch.
    pub branch: String,
    /// The command of the gate.
    pub gate: String,
    /// The name of the task that mends it.
    pub repair: TaskId,
    /// Where that task lies, if there is one.
    pub lies_in: Option<State>,
    /// Whether a run that is alive has found it out.
    pub found_now: bool,
}

/// What comes before anything else can be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// The gates are run once more: the word may be old.
    AskedAgain,
    /// The repair task is filed.
    ToBeFiled,
    /// The repair task is claimed, or worked on.
    UnderWay,
    /// Only a person can mend it: the repair task lies there.
    LeftTo(State),
}

impl RedBase {
    /// What comes before anything else can be claimed, as the workers decide it.
    pub fn mending(&self) -> Mending {
        match (self.answer(Asker::Other), self.lies_in) {
            (Answer::FileTheRepair, _) => Mending::ToBeFiled,
            (Answer::OnlyTheRepair, Some(State::Pending | State::Current)) => Mending::UnderWay,
            (Answer::OnlyTheRepair, Some(state @ (State::Review | State::Blocked | State::Complete))) => {
                Mending::LeftTo(state)
            }
            // Of a red base nothing else is said.
            (Answer::OnlyTheRepair, None)
            | (Answer::RunTheGates | Answer::Claim | Answer::Rest | Answer::NeedsAPerson, _) => Mending::AskedAgain,
        }
    }

    fn lets_through(&self, id: &TaskId) -> bool {
        *id == self.repair && self.answer(Asker::Repair) == Answer::Claim
    }

    fn answer(&self, asker: Asker) -> Answer {
        answer(Health::Red { repair: self.lies_in, found_now: self.found_now }, asker, u32::MAX)
    }
}

impl fmt::Display for RedBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { branch, repair, .. } = self;
        let gate = shorten(&self.gate.split_whitespace().collect::<Vec<_>>().join(" "), LONGEST_GATE);
        write!(f, "the base {branch} is red: gate `{gate}` fails on it; ")?;
        match self.mending() {
            Mending::AskedAgain => f.write_str("the gates are run once more before anything is claimed"),
            Mending::ToBeFiled => f.write_str("a task that mends it is filed, and goes first"),
            Mending::UnderWay => write!(f, "the repair task {repair} goes first"),
            Mending::LeftTo(state) => write!(f, "the repair task {repair} is in {state}/"),
        }
    }
}
