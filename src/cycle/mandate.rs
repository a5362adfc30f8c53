//! In whose name a program runs in a worktree: in that of a claimed task, or of an errand, which has no task. And the
//! place where that is going on, with all that a turn of an agent needs.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use super::case::Cycle;
use super::claim::OpenTurn;
use super::errand_record::ErrandRecord;
use super::ledger::{Ledger, nothing_yet};
use super::notes::Notes;
use super::vigil::reason_to_halt;
use super::{Bench, Bill, Claim, Workshop};
use crate::model::agent::UsageFacts;
use crate::model::plan::Halt;
use crate::model::state::State;
use crate::model::task::Session;
use crate::os::clock;
use crate::os::dirs::Dirs;
use crate::os::process::{Identity, Mark};
use crate::os::settings::Settings;
use crate::os::stop::{Stop, StopValue};

/// In whose name a program runs, and where that is noted for whoever comes after this process.
pub(super) enum Mandate<'a> {
    /// A claimed task.
    Task(&'a mut Claim),
    /// None.
    Errand(&'a mut ErrandRecord),
}

impl Mandate<'_> {
    /// The same, for as long as this one is lent.
    pub(super) fn lend(&mut self) -> Mandate<'_> {
        match self {
            Mandate::Task(claim) => Mandate::Task(claim),
            Mandate::Errand(record) => Mandate::Errand(record),
        }
    }

    /// What every process of it has in its environment.
    pub(super) fn mark(&self) -> &Mark {
        match self {
            Mandate::Task(claim) => &claim.record.mark,
            Mandate::Errand(record) => &record.mark,
        }
    }

    /// The task's name; empty where there is none.
    pub(super) fn task(&self) -> &str {
        match self {
            Mandate::Task(claim) => claim.id.as_str(),
            Mandate::Errand(_) => "",
        }
    }

    /// How long one step may take, where that is not what the settings say.
    pub(super) fn timeout(&self) -> Option<Duration> {
        match self {
            Mandate::Task(claim) => claim.found.task.timeout,
            Mandate::Errand(_) => None,
        }
    }

    /// What its agents' environment says of it.
    pub(super) fn env(&self, dirs: &Dirs, notes: &Notes) -> Vec<(&'static str, OsString)> {
        let cycle = ("SWARM_CYCLE", notes.cycle.to_string().into());
        match self {
            Mandate::Task(claim) => vec![
                ("SWARM_TASK", claim.id.as_str().into()),
                ("SWARM_TASK_FILE", dirs.task(State::Current, &claim.id).into_os_string()),
                cycle,
                ("SWARM_ATTEMPT", notes.attempt.to_string().into()),
            ],
            Mandate::Errand(_) => vec![cycle],
        }
    }

    /// Why it cannot go on, if there is a reason.
    pub(super) fn reason_to_halt(&self, dirs: &Dirs, stop: &StopValue) -> Option<Halt> {
        match self {
            Mandate::Task(claim) => reason_to_halt(dirs, stop, &claim.id),
            Mandate::Errand(_) => (stop.get() == Stop::Now).then_some(Halt::Interrupted),
        }
    }

    /// The first process of the step that runs, where one does.
    pub(super) fn process(&self) -> Option<&Identity> {
        match self {
            Mandate::Task(claim) => claim.record.process.as_ref(),
            Mandate::Errand(record) => record.process.as_ref(),
        }
    }

    /// Notes the first process of a step.
    pub(super) fn note_process(&mut self, dirs: &Dirs, process: &Identity) -> io::Result<()> {
        let process = Some(process.clone());
        match self {
            Mandate::Task(claim) => claim.record.process = process,
            Mandate::Errand(record) => record.process = process,
        }
        self.write(dirs)
    }

    /// Notes the locked prompt of a turn, and what is open while it runs.
    pub(super) fn note_prompt(&mut self, dirs: &Dirs, prompt: String, turn: Option<OpenTurn>) -> io::Result<()> {
        let (noted, bill) = match self {
            Mandate::Task(claim) => (&mut claim.record.prompt, &mut claim.record.bill),
            Mandate::Errand(record) => (&mut record.prompt, &mut record.bill),
        };
        *noted = Some(prompt);
        let began = bill.began.or_else(|| turn.is_some().then(clock::now));
        *bill = Bill { is_open: turn.is_some(), turn: turn.or(bill.turn), began, ..*bill };
        self.write(dirs)
    }

    /// Notes the author's session as soon as its agent has named it, so that it goes on even if we die in the middle.
    /// `facts`: what the agent's figures mean.
    pub(super) fn note_session(&mut self, dirs: &Dirs, agent: &str, id: &str, facts: &UsageFacts) {
        match self {
            Mandate::Task(claim) => {
                // What it is just being told it may not have heard then; a new one has cost nothing yet.
                let before = claim.record.go_on.session.as_ref();
                let (told, counted) = before.map_or((0, nothing_yet(facts)), |session| (session.told, session.counted));
                claim.record.go_on.session = Some(Session { counted, ..claim.session(agent, id, told) });
            }
            Mandate::Errand(_) => return,
        }
        // Should that fail, what follows is begun afresh.
        let _ = self.write(dirs);
    }

    /// Notes what its turns have cost together, now that the last of them is over.
    pub(super) fn note_bill(&mut self, dirs: &Dirs, bill: Bill) {
        let noted = match self {
            Mandate::Task(claim) => &mut claim.record.bill,
            Mandate::Errand(record) => &mut record.bill,
        };
        *noted = Bill { turn: noted.turn, began: noted.began, ..bill };
        // Should that fail, more is thought to be open than is.
        let _ = self.write(dirs);
    }

    fn write(&self, dirs: &Dirs) -> io::Result<()> {
        match self {
            Mandate::Task(claim) => claim.record.write(dirs),
            Mandate::Errand(record) => record.write(dirs),
        }
    }
}

/// A worktree in which somebody is at work, in whosever name.
pub(super) struct Stage<'a> {
    pub(super) shop: &'a Workshop,
    pub(super) settings: &'a Settings,
    pub(super) bench: &'a mut Bench,
    pub(super) mandate: Mandate<'a>,
    /// What its sessions have told of their cost.
    pub(super) ledger: &'a mut Ledger,
}

impl Cycle<'_> {
    /// Where the cycle's programs run.
    pub(super) fn stage(&mut self) -> Stage<'_> {
        Stage {
            shop: self.shop,
            settings: &self.case.settings,
            bench: &mut *self.bench,
            mandate: Mandate::Task(&mut self.case.claim),
            ledger: &mut self.case.ledger,
        }
    }
}
