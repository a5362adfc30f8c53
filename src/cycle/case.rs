//! A claimed task on its way through the plan: all that is known of it, whichever worktree it is in.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::ledger::Ledger;
use super::notes::Notes;
use super::precedence::{Place, Standing};
use super::product::Product;
use super::resolve::Conflict;
use super::review::Reviewed;
use super::vigil::BETWEEN_TWO_SAVES;
use super::{Bench, Claim, Workshop};
use crate::error::Result;
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::choices::Choices;
use crate::model::gate::Gate;
use crate::model::plan::{Landing, Review, Rules, Step};
use crate::model::queue::Invalid;
use crate::model::record::Event;
use crate::model::state::State;
use crate::model::task::{self, Session};
use crate::os::git::Oid;
use crate::os::settings::Settings;
use crate::os::task_folder::{self, Found};

/// What a cycle knows of its task.
pub(super) struct Case {
    /// The settings with which it began.
    pub(super) settings: Arc<Settings>,
    pub(super) claim: Box<Claim>,
    /// Who may work, in the order in which they are asked.
    pub(super) agents: Choices,
    /// Who works.
    pub(super) choice: Choice,
    /// His description.
    pub(super) author: Agent,
    /// The session that knows the task.
    pub(super) session: Option<Session>,
    /// Its author has come to his end once without a word.
    pub(super) was_mute: bool,
    /// What whoever takes the work over is told of the agent before it.
    pub(super) left_behind: Option<String>,
    /// The commit from which the work began.
    pub(super) base: Oid,
    /// What came of it so far.
    pub(super) work: Option<Product>,
    /// A turn of the author's that has begun and not ended: what lies in the worktree is not what `work` says.
    pub(super) open_turn: Option<Step>,
    /// Why what its author left last cannot be committed.
    pub(super) refused: Option<String>,
    /// The last review that asked for changes.
    pub(super) reviewed: Option<Reviewed>,
    /// The last conflict with the base.
    pub(super) conflict: Option<Conflict>,
    /// Its place among the work that stands before the base, from the first time it stood there.
    pub(super) standing: Option<Standing>,
    /// The place after which it goes, while that is kept.
    pub(super) yields_to: Option<Place>,
    /// What its sessions have told of their cost.
    pub(super) ledger: Ledger,
}

/// A case in the hands of a worker: everything that the steps need.
pub(super) struct Cycle<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) bench: &'a mut Bench,
    pub(super) case: &'a mut Case,
}

impl Deref for Cycle<'_> {
    type Target = Case;

    fn deref(&self) -> &Case {
        self.case
    }
}

impl DerefMut for Cycle<'_> {
    fn deref_mut(&mut self) -> &mut Case {
        self.case
    }
}

impl Cycle<'_> {
    /// Resets the worktree as the settings want it with which the cycle began; what lies in it must have been merged or
    /// salvaged.
    pub(super) fn reset(&mut self, to: &Oid) -> Result<()> {
        self.bench.reset(&self.case.settings.config.worktree, to)
    }
}

impl Case {
    /// What its cycle may do.
    pub(super) fn rules(&self) -> Rules {
        let config = &self.settings.config;
        let told = self.author.can_be_told();
        let has_reviewers = !config.reviewer.is_empty();
        Rules {
            resumes: if self.author.has_sessions() { config.limits.resumes } else { 0 },
            review: match self.claim.found.task.review {
                task::Review::Human => Review::Human,
                // One who cannot be told what to mend has one chance.
                task::Review::Auto if has_reviewers && !told => Review::Agent { rounds: 1 },
                task::Review::Auto if has_reviewers => Review::Agent { rounds: config.review_rounds() },
                task::Review::Auto | task::Review::None => Review::Unneeded,
            },
            resolves: if told { config.limits.resolves } else { 0 },
        }
    }

    /// The gates of this task, in the order they run.
    pub(super) fn gates(&self) -> Vec<&Gate> {
        let task = &self.claim.found.task;
        let added = match &task.verify {
            task::Gates::Added(gates) => gates.as_slice(),
            // Only a task of a workspace without gates may go without.
            task::Gates::None => &[],
        };
        self.settings.config.gates(task.domain.as_deref(), added)
    }

    /// The task as it reads now, worked on as it was claimed; as it was, where somebody is just writing it.
    pub(super) fn read_again(&mut self, shop: &Workshop) {
        // Who needs to know whether it can be read asks `is_still_approved`.
        let _ = self.look(shop);
    }

    /// Takes in how the task reads now; gives false where it is gone, and an error where it cannot be read.
    fn look(&mut self, shop: &Workshop) -> Result<bool, Invalid> {
        let Some(found) = task_folder::read(&shop.dirs, State::Current, &self.claim.id)? else { return Ok(false) };
        let task = found.task.worked_on_as(&self.claim.found.task);
        self.claim.found = Found { task, ..found };
        Ok(true)
    }

    /// The same, with patience for somebody who is just writing it.
    fn look_patiently(&mut self, shop: &Workshop) -> Result<bool, Invalid> {
        let began = Instant::now();
        loop {
            match self.look(shop) {
                Ok(true) => return Ok(true),
                given_up if began.elapsed() > BETWEEN_TWO_SAVES => return given_up,
                Ok(false) | Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Whether what a reviewer has approved is still what is asked for; a task that cannot be read asks for nothing that
    /// anybody could have approved. A change of the task that nobody has to approve is told, and the work goes on.
    pub(super) fn is_still_approved(&mut self, shop: &Workshop, notes: &mut Notes) -> bool {
        let before = self.claim.found.task.contract();
        let Some(approved_for) = self.work.as_ref().and_then(|work| work.approved_for.clone()) else {
            self.read_again(shop);
            if before != self.claim.found.task.contract() {
                let message = "the task was changed while it was worked on; the work was made for what it said before";
                shop.journal.event(&notes.who, Event::Warning { message: message.to_owned() });
            }
            return true;
        };
        match self.look_patiently(shop) {
            Ok(true) if self.claim.found.task.contract() == approved_for => true,
            // Where it is gone, whoever looks for a reason to halt finds one next.
            Ok(_) => {
                notes.because("the task was changed after its work had been approved");
                false
            }
            Err(invalid) => {
                notes.because(self.cannot_be_read(&invalid));
                false
            }
        }
    }

    /// What work that is no longer approved comes to: a reviewer can look at another text, but not at none.
    pub(super) fn is_approved_no_more(&mut self, shop: &Workshop, notes: &mut Notes) -> Landing {
        match self.look(shop) {
            Ok(_) => Landing::Changed,
            Err(invalid) => {
                notes.because(self.cannot_be_read(&invalid));
                Landing::Unreadable
            }
        }
    }

    fn cannot_be_read(&self, Invalid { line, reason }: &Invalid) -> String {
        let line = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!(
            "its file cannot be read any more ({line}{reason}), so nobody knows whether what was approved is still \
             what is asked for; mend the file, then: swarm retry {}",
            self.claim.id
        )
    }
}
