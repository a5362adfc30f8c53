//! **Worked** on: the author's turns, from the first to the last nudge, and his mending of what a reviewer found.

use std::time::Duration;

use super::attend::with_tail;
use super::notes::Notes;
use super::outbox;
use super::perform::{Cycle, Infra};
use super::turn::{Talk, Turn};
use crate::model::agent::{Agent, Completion, Content};
use crate::model::choice::{Choice, Overrides};
use crate::model::comment::{Author, Comment, comments};
use crate::model::plan::{self, Event, Work};
use crate::model::prompt::{Fix, Resume, Telling, Template};
use crate::model::record::{StepName, StepResult};
use crate::model::signal::{Signal, signals};
use crate::model::task::{Session, Task};
use crate::os::process::{Clock, Ending, How};

/// Who works on the task: the worker's own agent, unless the task says otherwise.
pub(super) fn choose(own: &Choice, task: &Task) -> Choice {
    own.overridden_by(&Overrides { agent: task.agent.clone(), model: task.model.clone(), effort: task.effort.clone() })
}

/// Whether an agent can be told something new about a task: one that runs the task's own script cannot.
pub(super) fn can_be_told(agent: &Agent) -> bool {
    match agent.prompt.content {
        Content::Template => true,
        Content::Script => false,
    }
}

impl Cycle<'_> {
    /// Whether the author's next turn goes on in a session that knows the task.
    pub(super) fn is_known_to_author(&self) -> bool {
        self.session.is_some()
    }

    /// Notes the session that knows the task now.
    fn know(&mut self, notes: &mut Notes, session: Option<String>) {
        self.session = session;
        notes.session.clone_from(&self.session);
        let contract = self.claim.found.task.contract();
        let agent = self.choice.agent.clone();
        let session = self.session.clone().map(|id| Session { agent, id, contract: Some(contract) });
        self.claim.record.go_on.session = session;
    }

    /// Lets the author work on the task.
    pub(super) fn implement(&mut self, notes: &mut Notes, turn: plan::Turn) -> Result<Event, Infra> {
        let agent = self.author.clone();
        let prompt = match turn {
            plan::Turn::First if self.is_known_to_author() => {
                let all = comments(&self.claim.found.task.body);
                let telling = Telling::Resume(Resume { interrupted: true });
                Some(self.fill_in(&agent, Template::Resume, telling, since_we_spoke(&all), None)?)
            }
            plan::Turn::First => self.brief(&agent, Template::Worker, Telling::Work)?,
            plan::Turn::Resumed(_) => {
                let telling = Telling::Resume(Resume { interrupted: false });
                Some(self.fill_in(&agent, Template::Resume, telling, &[], None)?)
            }
            plan::Turn::Nudged => Some(self.fill_in(&agent, Template::Nudge, Telling::Work, &[], None)?),
        };
        match prompt {
            Some(prompt) => self.let_author_work(notes, StepName::Implement, prompt),
            None => {
                // Another attempt would find the same, so a person is asked at once.
                let agent = &self.choice.agent;
                notes.because(format!(
                    "the task has no `sh` block, and the agent `{agent}` runs nothing else: write one, or name another agent"
                ));
                Ok(Event::Worked(Work::NeedsInput))
            }
        }
    }

    /// Lets the author mend what the review of that round found.
    pub(super) fn fix(&mut self, notes: &mut Notes, round: u32) -> Result<Event, Infra> {
        let agent = self.author.clone();
        let objections = self.reviewed.as_ref().map(|reviewed| reviewed.objections.clone()).unwrap_or_default();
        let telling = Telling::Fix(Fix { fresh: !self.is_known_to_author(), round, objections: &objections });
        let all = comments(&self.claim.found.task.body);
        let prompt = self.fill_in(&agent, Template::Fix, telling, &all, None)?;
        self.let_author_work(notes, StepName::Fix, prompt)
    }

    /// Gives the author one turn, in the session that knows the task if there is one.
    pub(super) fn let_author_work(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        prompt: String,
    ) -> Result<Event, Infra> {
        let (choice, agent) = (self.choice.clone(), self.author.clone());
        outbox::open(self.bench)?;
        let talk = self.session.clone().map_or_else(|| Talk::new(&agent), Talk::GoOn);
        // Known before the agent is, so that the session goes on even if we die in the middle.
        self.know(notes, talk.session().map(str::to_owned));
        let env = vec![("SWARM_OUTBOX", outbox::folder(self.bench).into_os_string())];
        let reply = self.ask(notes, Turn { step, choice: &choice, agent: &agent, prompt, talk, env })?;
        if let Some(halt) = reply.attended.halt {
            self.end_turn(notes, reply, StepResult::Interrupted)?;
            return Ok(Event::Halted(halt));
        }
        let work = judge(&agent, &reply.attended.ending, &reply.said, notes);
        let result = match work {
            Work::Failed | Work::TimedOut => StepResult::Failed,
            Work::Ready | Work::Silent | Work::NoChange | Work::NeedsInput | Work::Replan | Work::Done => {
                StepResult::Ok
            }
        };
        self.end_turn(notes, reply, result)?;
        Ok(Event::Worked(work))
    }
}

/// What was said since the program itself last wrote a comment: the answer to its question.
fn since_we_spoke(all: &[Comment]) -> &[Comment] {
    match all.iter().rposition(|comment| comment.author == Author::Swarm) {
        Some(last) => &all[last + 1..],
        None => &[],
    }
}

/// How the turn ended: the exit code and the clocks first, then what the agent says.
fn judge(agent: &Agent, ending: &Ending, said: &str, notes: &mut Notes) -> Work {
    match how_it_ended(ending, said) {
        Ended::Well => {}
        Ended::TimedOut(reason) => {
            notes.because(reason);
            return Work::TimedOut;
        }
        Ended::Badly(reason) => {
            notes.because(reason);
            return Work::Failed;
        }
    }
    let found = signals(said);
    notes.signals.extend(found.iter().map(|signal| signal.word().to_owned()));
    match found.into_iter().next() {
        Some(Signal::Ready) => Work::Ready,
        Some(Signal::NeedsInput(question)) => {
            notes.because(question);
            Work::NeedsInput
        }
        Some(Signal::Replan(reason)) => {
            notes.because(reason);
            Work::Replan
        }
        Some(Signal::NoChange(reason)) => {
            notes.because(format!(
                "the agent says that nothing needs to change: {reason} (where that is right, write `expect: no_change` \
                 into the task)"
            ));
            Work::NoChange
        }
        Some(Signal::Done) => {
            notes.because("the agent has nothing more to do");
            Work::Done
        }
        Some(Signal::Claim(_)) | None => match agent.completion {
            Completion::Exit => Work::Ready,
            Completion::Signal => {
                notes.because(with_tail("the agent ended without saying how the work stands".to_owned(), said));
                Work::Silent
            }
        },
    }
}

/// How an agent's program ended, whatever it said.
pub(super) enum Ended {
    /// By itself, with 0.
    Well,
    /// One of its clocks ran out; the sentence.
    TimedOut(String),
    /// By its own fault; the sentence.
    Badly(String),
}

/// Judges the end of an agent's program.
pub(super) fn how_it_ended(ending: &Ending, said: &str) -> Ended {
    match ending.how {
        How::TimedOut(clock) => Ended::TimedOut(timed_out(clock, ending.duration, said)),
        How::Exited(0) => Ended::Well,
        How::Exited(code) => Ended::Badly(with_tail(format!("the agent failed with exit code {code}"), said)),
        How::Signalled(signal) => Ended::Badly(with_tail(format!("the agent was ended by signal {signal}"), said)),
        How::Interrupted => Ended::Badly("the agent was ended from outside".to_owned()),
    }
}

fn timed_out(clock: Clock, after: Duration, said: &str) -> String {
    let seconds = after.as_secs();
    let what = match clock {
        Clock::StartSilence => format!("the agent printed nothing for {seconds} s and was ended"),
        Clock::Silence => format!("the agent fell silent and was ended after {seconds} s"),
        Clock::Total => format!("the agent took longer than it may and was ended after {seconds} s"),
    };
    with_tail(what, said)
}
