//! Everything that a template may name.

use serde::Serialize;

use crate::model::comment::Comment;

/// What every template may name, and what its own kind of turn adds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facts<'a> {
    /// The run.
    pub run: &'a str,
    /// The worker.
    pub worker: &'a str,
    /// The task's name.
    pub id: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Its domain.
    pub domain: Option<&'a str>,
    /// Its text, without the comments.
    pub body: &'a str,
    /// What must hold in the end.
    pub acceptance: &'a [String],
    /// What was said about it.
    pub comments: Vec<CommentFacts<'a>>,
    /// What the attempt before left to say.
    pub feedback: Option<&'a str>,
    /// Counts from 1.
    pub attempt: u32,
    /// The branch it lands on.
    pub base: &'a str,
    /// The commit from which the work began.
    pub base_short: &'a str,
    /// The commands that must succeed.
    pub gates: Vec<&'a str>,
    /// The paths in which a change needs somebody's word.
    pub protected: &'a [String],
    /// What says that the work is done: `signal` or `exit`.
    pub completion: &'static str,
    /// What only this kind of turn has to tell.
    #[serde(flatten)]
    pub telling: Telling<'a>,
}

/// What one kind of turn adds.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(untagged)]
pub enum Telling<'a> {
    /// A first turn: nothing more.
    #[default]
    Work,
    /// The session is taken up again.
    Resume(Resume<'a>),
    /// The author mends.
    Fix(Fix<'a>),
    /// The author resolves a conflict.
    Resolve(Resolve<'a>),
    /// A reviewer judges.
    Review(Review<'a>),
    /// A planner makes tasks.
    Plan(Plan<'a>),
    /// The agent chooses tasks, or is told which it got.
    Claim(Claiming<'a>),
}

/// What a turn is told that goes on where another ended.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resume<'a> {
    /// The worker was stopped, or died; else the agent's last turn was not enough.
    pub interrupted: bool,
    /// Why the work cannot be committed, if that is so; else the agent ended without a signal.
    pub refused: Option<&'a str>,
}

/// What a turn is told that mends what a reviewer has found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Fix<'a> {
    /// It is no session that knows the task.
    pub fresh: bool,
    /// The round of the review, from 1.
    pub round: u32,
    /// What is to change.
    pub objections: &'a str,
}

/// What a turn is told that resolves a conflict with the base.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Resolve<'a> {
    /// It is no session that knows the task.
    pub fresh: bool,
    /// Where the base stands now.
    pub tip_short: &'a str,
    /// The files that contradict.
    pub files: &'a [String],
    /// What came to the base meanwhile.
    pub their_log: &'a str,
    /// What the work did.
    pub own_log: &'a str,
    /// What the last try left unresolved.
    pub unresolved: &'a [String],
}

/// What a reviewer is told.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Review<'a> {
    /// Why his last message cannot be used, where he is asked once more.
    pub again: Option<&'a str>,
    /// From 1.
    pub round: u32,
    /// The most there may be.
    pub rounds: u32,
    /// The last commit of the work.
    pub head_short: &'a str,
    /// The files that it changes.
    pub changed: &'a [String],
    /// All of it, or its beginning.
    pub diff: &'a str,
    /// Whether that is not all.
    pub diff_cut: bool,
    /// What the round before asked for.
    pub objections: Option<&'a str>,
    /// The last commit of the work in that round.
    pub last_head_short: &'a str,
    /// What has changed since, or its beginning.
    pub delta: &'a str,
    /// Whether that is not all.
    pub delta_cut: bool,
}

/// What a planner is told.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan<'a> {
    /// How many tasks wait.
    pub waiting_count: usize,
    /// The first of them.
    pub waiting: &'a [Waiting],
    /// How many tasks are worked on.
    pub current_count: usize,
    /// Some of them.
    pub current: &'a [Waiting],
    /// How many are done and wait for somebody's word.
    pub review_count: usize,
    /// Some of them.
    pub review: &'a [Waiting],
    /// How many cannot go on without a person.
    pub blocked_count: usize,
    /// Some of them.
    pub blocked: &'a [Waiting],
    /// How many may be made.
    pub room: u32,
}

/// What an agent is told that chooses its tasks: first what there is, then what became of its claims.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Claiming<'a> {
    /// Its last message claimed nothing, and it is asked once more.
    pub again: bool,
    /// How many tasks can be claimed.
    pub claimable_count: usize,
    /// The first of them.
    pub claimable: &'a [Waiting],
    /// How many it gets at most.
    pub most: u32,
    /// The tasks that are its own now; before it has chosen, none.
    pub granted: &'a [String],
    /// It has not claimed them: they were claimed for it.
    pub picked: bool,
    /// The first of those that it did not get.
    pub refused: &'a [Refused],
    /// How many more it did not get.
    pub more_refused: usize,
}

/// A task that was claimed and not granted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Its name, as it was given.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A task, as one is told that there is it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its name.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// A comment, as a template names its parts.
#[derive(Debug, Clone, Serialize)]
pub struct CommentFacts<'a> {
    /// When.
    pub at: String,
    /// Who.
    pub author: String,
    /// What.
    pub text: &'a str,
}

impl<'a> CommentFacts<'a> {
    /// The parts of `comment`.
    pub fn of(comment: &'a Comment) -> Self {
        Self {
            at: comment.at.map(|at| format!("{at:.0}")).unwrap_or_default(),
            author: comment.author.to_string(),
            text: &comment.text,
        }
    }
}
