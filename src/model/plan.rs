//! The plan of one cycle: what to do next, given what just happened.
//!
//! `implement → verify → review → (fix) → integrate → (resolve)`, as one pure function over the step and the
//! event. Every pair is written out; what makes no sense together is [`Illegal`].

use super::outcome::Outcome;

/// What a cycle may do, from the settings and the task; it does not change while the cycle lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How often a session that ended without a signal is taken up again; 0 where the agent has no sessions.
    pub resumes: u32,
    /// Who must approve.
    pub review: Review,
    /// How often a conflict goes back to the author's session.
    pub resolves: u32,
}

/// Who must approve the work before it is integrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// Nobody, unless the work touches protected paths.
    Unneeded,
    /// An agent, in at most so many rounds.
    Agent {
        /// At least 1.
        rounds: u32,
    },
    /// A person, outside of the cycle.
    Human,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The agent works on the task.
    Implement(Turn),
    /// The gates run on the committed tree.
    Verify,
    /// A reviewer judges it; rounds count from 1.
    Review(u32),
    /// The author's session mends what the review of that round found.
    Fix(u32),
    /// The work is merged onto the newest base, verified there and published.
    Integrate,
    /// The author's session resolves a conflict with the base; counts from 1.
    Resolve(u32),
    /// Nothing more.
    End(Outcome),
}

/// How the agent is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// With the whole prompt.
    First,
    /// In the same session, told to go on; counts from 1.
    Resumed(u32),
    /// In the same session, told that this is the last turn without a signal.
    Nudged,
}

/// What just happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An agent that implements, fixes or resolves has ended its turn.
    Worked(Work),
    /// The gates have run.
    Verified(Gates),
    /// The reviewer has spoken, or not.
    Reviewed(Verdict),
    /// The attempt to publish has ended.
    Integrated(Landing),
    /// The step could not come to its own end.
    Halted(Halt),
}

/// How an agent's turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// It says that the work is done.
    Ready,
    /// It ended well and said nothing about the work.
    Silent,
    /// It says that there is nothing to do, or it says ready and nothing has changed.
    NoChange,
    /// It asks a person.
    NeedsInput,
    /// It says that the task must be planned anew.
    Replan,
    /// It has nothing more to do in this cycle.
    Done,
    /// It says that the work is done, and a hook does not let it be committed.
    Refused,
    /// It failed by its own fault.
    Failed,
    /// One of its clocks ran out.
    TimedOut,
}

/// What the gates say of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gates {
    /// All succeeded.
    Green {
        /// The work touches paths in which a change needs somebody's word.
        protected: bool,
    },
    /// One failed.
    Red,
}

/// What a reviewer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may be integrated.
    Approved,
    /// Something must change first.
    NeedsChanges,
    /// No reviewer gave a verdict: says nothing about the work.
    Missing,
}

/// How an attempt to publish ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Landing {
    /// The base carries the work.
    Published,
    /// The base holds all of it already.
    NothingNew,
    /// The work and the base contradict each other.
    Conflict,
    /// Merged onto the newest base, the gates fail.
    Red,
    /// The task has changed since the work was approved, so that nobody has approved what would be published.
    Changed,
    /// Nobody can read the task any more, so nobody knows whether an approval of it still holds.
    Unreadable,
}

/// Why a step could not come to its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The run was told to end at once.
    Interrupted,
    /// Somebody moved the task's file away.
    Cancelled,
    /// The machine: disk, git, a program that does not start.
    Infra,
    /// The agent's provider asks for a pause.
    RateLimited,
    /// The money is spent.
    OverBudget,
    /// The gates fail on the base itself, before any of the work.
    BaseRed,
}

/// An event that cannot follow a step: a mistake in this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} cannot follow {step:?}; this is a mistake in swarm, please report it")]
pub struct Illegal {
    step: Step,
    event: Event,
}

/// Where a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    rules: Rules,
    step: Step,
    /// Reviews held so far.
    reviews: u32,
    /// Conflicts sent back so far.
    resolves: u32,
    /// A person has approved the work as it is.
    approved: bool,
}

impl Plan {
    /// A cycle begins with the agent's first turn.
    pub fn begin(rules: Rules) -> Self {
        Plan { rules, step: Step::Implement(Turn::First), reviews: 0, resolves: 0, approved: false }
    }

    /// A cycle that goes on with work whose author said that it is done, before his worker died or had to stop.
    pub fn go_on(rules: Rules) -> Self {
        Plan { step: Step::Verify, ..Plan::begin(rules) }
    }

    /// A cycle that goes on with work that a person has approved: it needs no other word, unless it changes.
    pub fn go_on_approved(rules: Rules) -> Self {
        Plan { approved: true, ..Plan::go_on(rules) }
    }

    /// What to do now.
    pub fn step(&self) -> Step {
        self.step
    }

    /// The plan after `event`, which must be an outcome of [`Plan::step`].
    pub fn next(self, event: Event) -> Result<Plan, Illegal> {
        match self.step {
            Step::Implement(turn) => match event {
                Event::Worked(work) => Ok(self.after_implement(turn, work)),
                Event::Halted(halt) => Ok(self.halted(halt)),
                Event::Verified(_) | Event::Reviewed(_) | Event::Integrated(_) => self.illegal(event),
            },
            Step::Fix(_) | Step::Resolve(_) => match event {
                Event::Worked(work) => Ok(self.after_mending(work)),
                Event::Halted(halt) => Ok(self.halted(halt)),
                Event::Verified(_) | Event::Reviewed(_) | Event::Integrated(_) => self.illegal(event),
            },
            Step::Verify => match event {
                Event::Verified(gates) => Ok(self.after_verify(gates)),
                Event::Halted(halt) => Ok(self.halted(halt)),
                Event::Worked(_) | Event::Reviewed(_) | Event::Integrated(_) => self.illegal(event),
            },
            Step::Review(round) => match event {
                Event::Reviewed(verdict) => Ok(self.after_review(round, verdict)),
                Event::Halted(halt) => Ok(self.halted(halt)),
                Event::Worked(_) | Event::Verified(_) | Event::Integrated(_) => self.illegal(event),
            },
            Step::Integrate => match event {
                Event::Integrated(landing) => Ok(self.after_integrate(landing)),
                Event::Halted(halt) => Ok(self.halted(halt)),
                Event::Worked(_) | Event::Verified(_) | Event::Reviewed(_) => self.illegal(event),
            },
            Step::End(_) => self.illegal(event),
        }
    }

    fn after_implement(self, turn: Turn, work: Work) -> Plan {
        match work {
            Work::Silent => match turn {
                Turn::First if self.rules.resumes > 0 => self.go(Step::Implement(Turn::Resumed(1))),
                Turn::Resumed(n) if n < self.rules.resumes => self.go(Step::Implement(Turn::Resumed(n + 1))),
                Turn::Resumed(_) => self.go(Step::Implement(Turn::Nudged)),
                Turn::First | Turn::Nudged => self.go(Step::End(Outcome::Stuck)),
            },
            Work::Refused => match turn {
                Turn::First if self.rules.resumes > 0 => self.go(Step::Implement(Turn::Resumed(1))),
                Turn::Resumed(n) if n < self.rules.resumes => self.go(Step::Implement(Turn::Resumed(n + 1))),
                Turn::First | Turn::Resumed(_) | Turn::Nudged => self.go(Step::End(Outcome::AgentError)),
            },
            Work::Ready => self.go(Step::Verify),
            Work::NoChange => self.go(Step::End(Outcome::NoChange)),
            Work::NeedsInput => self.go(Step::End(Outcome::NeedsInput)),
            Work::Replan => self.go(Step::End(Outcome::Replan)),
            Work::Done => self.go(Step::End(Outcome::Done)),
            Work::Failed => self.go(Step::End(Outcome::AgentError)),
            Work::TimedOut => self.go(Step::End(Outcome::Timeout)),
        }
    }

    /// After a fix or a resolve: whatever the author says, what counts is the tree, so it is verified again.
    fn after_mending(self, work: Work) -> Plan {
        let mended = Plan { approved: false, ..self };
        match work {
            Work::Ready | Work::Silent | Work::NoChange | Work::Done => mended.go(Step::Verify),
            Work::NeedsInput => self.go(Step::End(Outcome::NeedsInput)),
            Work::Replan => self.go(Step::End(Outcome::Replan)),
            Work::Refused => match self.step {
                // The same session mends it; what comes of that is verified and reviewed again.
                Step::Fix(_) if self.rules.resumes > 0 => mended.go(Step::Implement(Turn::Resumed(1))),
                Step::Implement(_)
                | Step::Verify
                | Step::Review(_)
                | Step::Fix(_)
                | Step::Integrate
                | Step::Resolve(_)
                | Step::End(_) => self.go(Step::End(Outcome::AgentError)),
            },
            Work::Failed => self.go(Step::End(Outcome::AgentError)),
            Work::TimedOut => self.go(Step::End(Outcome::Timeout)),
        }
    }

    fn after_verify(self, gates: Gates) -> Plan {
        match gates {
            Gates::Red => self.go(Step::End(Outcome::VerifyFailed)),
            Gates::Green { .. } if self.approved => self.go(Step::Integrate),
            Gates::Green { protected } => match self.rules.review {
                Review::Human => self.go(Step::End(Outcome::AwaitingReview)),
                Review::Unneeded if protected => self.go(Step::End(Outcome::AwaitingReview)),
                Review::Unneeded => self.go(Step::Integrate),
                Review::Agent { .. } => self.ask_for_approval(),
            },
        }
    }

    fn ask_for_approval(self) -> Plan {
        if !self.may_still_be_approved() {
            return self.go(Step::End(Outcome::Rejected));
        }
        let round = self.reviews + 1;
        Plan { reviews: round, ..self.go(Step::Review(round)) }
    }

    fn after_review(self, round: u32, verdict: Verdict) -> Plan {
        let last = match self.rules.review {
            Review::Agent { rounds } => round >= rounds,
            Review::Unneeded | Review::Human => true,
        };
        match verdict {
            Verdict::Approved => self.go(Step::Integrate),
            Verdict::NeedsChanges if last => self.go(Step::End(Outcome::Rejected)),
            Verdict::NeedsChanges => self.go(Step::Fix(round)),
            Verdict::Missing => self.go(Step::End(Outcome::Infra)),
        }
    }

    fn after_integrate(self, landing: Landing) -> Plan {
        match landing {
            Landing::Published => self.go(Step::End(Outcome::Merged)),
            Landing::NothingNew => self.go(Step::End(Outcome::NoChange)),
            Landing::Red => self.go(Step::End(Outcome::VerifyFailed)),
            Landing::Conflict if self.resolves < self.rules.resolves && self.may_still_be_approved() => {
                let resolves = self.resolves + 1;
                Plan { resolves, ..self.go(Step::Resolve(resolves)) }
            }
            Landing::Conflict => self.go(Step::End(Outcome::Conflict)),
            // Another review would read what is no longer there.
            Landing::Unreadable => self.go(Step::End(Outcome::NeedsInput)),
            Landing::Changed => match self.rules.review {
                Review::Agent { .. } if self.may_still_be_approved() => self.ask_for_approval(),
                // It is nobody's fault, so it is no rejection; but a text that changes under every approval needs a person.
                Review::Agent { .. } | Review::Unneeded | Review::Human => self.go(Step::End(Outcome::AwaitingReview)),
            },
        }
    }

    /// Whether work that changes once more can find somebody to approve it: what nobody may let in, nobody need make.
    fn may_still_be_approved(self) -> bool {
        match self.rules.review {
            Review::Agent { rounds } => self.reviews < rounds,
            Review::Unneeded | Review::Human => true,
        }
    }

    fn halted(self, halt: Halt) -> Plan {
        self.go(Step::End(match halt {
            // Nobody's fault and nobody's trouble: as if the run had ended under it, it is begun anew.
            Halt::Interrupted | Halt::BaseRed => Outcome::Interrupted,
            Halt::Cancelled => Outcome::Cancelled,
            Halt::Infra => Outcome::Infra,
            Halt::RateLimited => Outcome::RateLimited,
            Halt::OverBudget => Outcome::OverBudget,
        }))
    }

    /// The plan after a mistake of ours: nothing more is done, and nobody is blamed.
    #[must_use]
    pub fn broken_off(self) -> Plan {
        self.go(Step::End(Outcome::Infra))
    }

    fn go(self, step: Step) -> Plan {
        Plan { step, ..self }
    }

    fn illegal(self, event: Event) -> Result<Plan, Illegal> {
        Err(Illegal { step: self.step, event })
    }
}

#[cfg(test)]
mod tests;
