//! **Worked** on: the author's turns, from the first to the last nudge, and his mending of what a reviewer found.

use super::attend::with_tail;
use super::case::Cycle;
use super::ended::Ended;
use super::notes::Notes;
use super::outbox;
use super::perform::Infra;
use super::succession::Unable;
use super::turn::{Talk, Turn};
use crate::model::agent::{Agent, Completion};
use crate::model::budget::Usd;
use crate::model::comment::{Author, Comment, comments};
use crate::model::config::Role;
use crate::model::plan::{self, Event, Halt, Work};
use crate::model::prompt::{Fix, Resume, Telling, Template};
use crate::model::record::{self, StepName, StepResult, gist};
use crate::model::signal::{Signal, signals};
use crate::model::task::{Counted, Session};

/// What came of one turn.
enum Had {
    /// It has ended.
    Ended(Event),
    /// Its agent cannot go on; whether it has done anything in the worktree.
    Unable(Unable, bool),
}

impl Cycle<'_> {
    /// Lets the author work on the task.
    pub(super) fn implement(&mut self, notes: &mut Notes, turn: plan::Turn) -> Result<Event, Infra> {
        self.let_author_work(notes, StepName::Implement, &|cycle| match turn {
            _ if cycle.session.is_none() => cycle.brief(&cycle.author, cycle.first_template(), Telling::Work),
            plan::Turn::First => match cycle.claims_told(&cycle.author)? {
                // The session knows of the task, but has not been told it.
                Some(told) => {
                    let task = cycle.brief(&cycle.author, cycle.first_template(), Telling::Work)?;
                    Ok(task.map(|task| format!("{told}\n{task}")))
                }
                None => {
                    let all = comments(&cycle.claim.found.task.body);
                    let telling = Telling::Resume(Resume { interrupted: true, refused: None });
                    let news = untold(&all, cycle.session.as_ref());
                    cycle.fill_in(&cycle.author, Template::Resume, telling, &news, None).map(Some)
                }
            },
            plan::Turn::Resumed(_) => {
                let telling = Telling::Resume(Resume { interrupted: false, refused: cycle.refused.as_deref() });
                cycle.fill_in(&cycle.author, Template::Resume, telling, &[], None).map(Some)
            }
            plan::Turn::Nudged => cycle.fill_in(&cycle.author, Template::Nudge, Telling::Work, &[], None).map(Some),
        })
    }

    /// What tells an author of his task.
    fn first_template(&self) -> Template {
        match self.bench.member.role {
            Role::Executor => Template::Executor,
            Role::Worker | Role::Planner => Template::Worker,
        }
    }

    /// Lets the author mend what the review of that round found.
    pub(super) fn fix(&mut self, notes: &mut Notes, round: u32) -> Result<Event, Infra> {
        let objections = self.reviewed.as_ref().map(|reviewed| reviewed.objections.clone()).unwrap_or_default();
        self.let_author_work(notes, StepName::Fix, &|cycle| {
            let telling = Telling::Fix(Fix { fresh: cycle.session.is_none(), round, objections: &objections });
            let all = comments(&cycle.claim.found.task.body);
            cycle.fill_in(&cycle.author, Template::Fix, telling, &all, cycle.left_behind()).map(Some)
        })
    }

    /// Gives the author one turn; where he cannot go on, the next agent takes over. `brief` says what he is told in it.
    pub(super) fn let_author_work(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        brief: &dyn Fn(&Self) -> Result<Option<String>, Infra>,
    ) -> Result<Event, Infra> {
        let (mut tried, mut held) = (Vec::new(), None);
        loop {
            match self.one_turn(notes, step, brief)? {
                Had::Ended(event) => return Ok(event),
                Had::Unable(why, was_at_work) => {
                    let reason = gist(why.reason());
                    tried.push((self.choice.agent.clone(), why));
                    held = self.held().or(held);
                    if !self.hand_over(notes, &tried, reason, was_at_work)? {
                        self.take_up_again(notes, held);
                        return self.nobody_can(notes, &tried);
                    }
                }
            }
        }
    }

    /// Gives the author one turn, in the session that knows the task if there is one. Should that be lost, he is told
    /// again, in a new one.
    fn one_turn(
        &mut self,
        notes: &mut Notes,
        step: StepName,
        brief: &dyn Fn(&Self) -> Result<Option<String>, Infra>,
    ) -> Result<Had, Infra> {
        let (choice, agent) = (self.choice.clone(), self.author.clone());
        if let Some(reason) = self.is_too_dear(notes) {
            notes.because(reason);
            // He has not been asked, so his session and his work stand as they were; but for what the one before him left.
            notes.session.clone_from(&self.session);
            self.open_turn = self.open_turn.filter(|_| self.left_behind().is_some());
            return Ok(Had::Ended(Event::Halted(Halt::OverBudget)));
        }
        let Some(prompt) = brief(self)? else {
            // Another attempt would find the same, so a person is asked at once.
            let agent = &self.choice.agent;
            notes.because(format!(
                "the task has no `sh` block, and the agent `{agent}` runs nothing else: write one, or name another agent"
            ));
            return Ok(Had::Ended(Event::Worked(Work::NeedsInput)));
        };
        let env = if self.bench.member.role.makes_tasks() {
            outbox::open(self.bench)?;
            vec![("SWARM_OUTBOX", outbox::folder(self.bench).into_os_string())]
        } else {
            Vec::new()
        };
        let talk = self.session.as_ref().map_or_else(|| Talk::new(&agent), |session| Talk::GoOn(session.id.clone()));
        // Known before the agent is, so that the session goes on even if we die in the middle. What it was told last
        // it may not have heard then.
        let before = self.session.as_ref().map_or(0, |session| session.told);
        self.ledger.begin(&talk);
        self.know(notes, talk.session(), before);
        let reply = self.ask(notes, Turn { step, choice: &choice, agent: &agent, prompt, talk: talk.clone(), env })?;
        if reply.was_asked() {
            notes.author = Some(choice.clone());
        }
        let told = match reply.ended {
            Ended::Well | Ended::Early(_) | Ended::Mute(_) => comments(&self.claim.found.task.body).len(),
            Ended::TimedOut(_)
            | Ended::Badly(_)
            | Ended::RateLimited(_)
            | Ended::Trouble(_)
            | Ended::NoSession(_)
            | Ended::TooLong(_) => before,
        };
        // A session in which nothing was ever said knows nothing.
        let is_blank = matches!(reply.ended, Ended::RateLimited(_) | Ended::Trouble(_)) && !reply.was_heard;
        let session = reply.session.as_deref().filter(|_| !is_blank || matches!(talk, Talk::GoOn(_)));
        self.know(notes, session, told);
        if let Some(halt) = reply.halt {
            self.end_turn(notes, reply, StepResult::Interrupted)?;
            return Ok(Had::Ended(Event::Halted(halt)));
        }
        let (ended, said) = (reply.ended.clone(), reply.said.clone());
        // What an earlier turn has done lies there too.
        let was_at_work = reply.was_asked() || self.session.is_some() || notes.round(StepName::Implement) > 1;
        let worked = |work| Ok(Had::Ended(Event::Worked(work)));
        let (result, had) = match ended {
            Ended::Well => {
                let work = hear(&agent, &said, notes);
                (StepResult::Ok, worked(work))
            }
            Ended::Early(reason) => {
                notes.because(reason);
                (StepResult::Failed, worked(Work::Silent))
            }
            // Once it is told to go on; who says nothing again would not say more for more money.
            Ended::Mute(reason) => {
                let work = if std::mem::replace(&mut self.was_mute, true) { Work::Failed } else { Work::Silent };
                notes.because(reason);
                (StepResult::Failed, worked(work))
            }
            Ended::TimedOut(reason) => {
                notes.because(reason);
                (StepResult::Failed, worked(Work::TimedOut))
            }
            Ended::Badly(reason) => {
                notes.because(reason);
                (StepResult::Failed, worked(Work::Failed))
            }
            Ended::RateLimited(reason) => {
                (StepResult::CouldNotRun, Ok(Had::Unable(Unable::Limited(reason), was_at_work)))
            }
            Ended::Trouble(reason) => (StepResult::CouldNotRun, Ok(Had::Unable(Unable::Troubled(reason), was_at_work))),
            Ended::NoSession(reason) | Ended::TooLong(reason) if matches!(talk, Talk::GoOn(_)) => {
                self.end_turn(notes, reply, StepResult::CouldNotRun)?;
                self.left_behind = Some(self.leftovers("An earlier session of yours", &reason));
                let message = format!("{reason}; it is begun afresh, told all of the task");
                self.shop.journal.event(&notes.who, record::Event::Warning { message });
                return self.one_turn(notes, step, brief);
            }
            Ended::NoSession(reason) => (StepResult::CouldNotRun, Err(Infra(reason))),
            Ended::TooLong(reason) => {
                notes.because(reason);
                (StepResult::Failed, worked(Work::Failed))
            }
        };
        self.end_turn(notes, reply, result)?;
        had
    }

    /// Notes the session that knows the task now.
    fn know(&mut self, notes: &mut Notes, session: Option<&str>, told: usize) {
        let session =
            session.map(|id| Session { counted: self.counted(id), ..self.claim.session(&self.choice.agent, id, told) });
        notes.session.clone_from(&session);
        self.claim.record.go_on.session.clone_from(&session);
        self.session = session;
    }

    /// What that session has told of its cost, where the next attempt needs to know it.
    fn counted(&self, session: &str) -> Option<Counted> {
        // One that chose its tasks may go on with another of them meanwhile.
        let is_its_own = self.claim.chosen.is_none();
        self.ledger.counted(session, &self.author.output.usage).filter(|_| is_its_own)
    }

    /// Why the task may cost no more, if that is so. Unknown costs count nothing.
    pub(super) fn is_too_dear(&self, notes: &Notes) -> Option<String> {
        let task = &self.claim.found.task;
        let limit = task.max_cost_usd.or(self.settings.config.limits.cost_usd)?;
        let spent = Usd::sum(task.progress.cost_usd.unwrap_or(0.0), notes.spent().cost_usd.unwrap_or(0.0));
        (spent >= limit).then(|| {
            format!("the task has cost ${spent:.2}, and it may cost ${limit:.2}: raise `max_cost_usd` in it, or `limits.cost_usd`")
        })
    }
}

/// What was said that the session has not been told: the answer to its question. What the program itself wrote is for
/// people.
fn untold(all: &[Comment], session: Option<&Session>) -> Vec<Comment> {
    let told = session.map_or(0, |session| session.told);
    all.iter().skip(told).filter(|comment| comment.author != Author::Swarm).cloned().collect()
}

/// What the agent says of the work.
fn hear(agent: &Agent, said: &str, notes: &mut Notes) -> Work {
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
