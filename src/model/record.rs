//! What is written down: the record of a cycle, the events, the beginning and the end of a run.
//!
//! These are formats that scripts read (`docs/FORMATS.md`). Times are RFC 3339 UTC with whole seconds,
//! durations are milliseconds, an unknown figure is `null`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::outcome::Outcome;
use super::state::State;
use super::task::TaskId;

mod run;
mod step;
mod gist;
mod sums;
mod digest;
mod costs;

pub use costs::{Costs, costs};
pub use digest::{Digest, OfTask, OfWorker, digest};
pub use gist::gist;
pub use run::{Crew, Member, Standing, Started, Stopped};
pub use step::{CostFrom, Review, StepName, StepRecord, StepResult, Usage};
pub use sums::{Sums, Times, dollars};

/// The version of every JSON document.
pub const SCHEMA: u32 = 1;

/// Writes a time with whole seconds, which is what jq's `fromdate` reads.
pub fn whole_seconds<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.0}"))
}

/// The record of one cycle: `cycles/<worker>-c<N>.json`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Cycle {
    /// The version of this format.
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// The worker: w0, w1, …
    pub worker: String,
    /// Counts from 1 per worker.
    pub cycle: u32,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// The task.
    pub task: Option<TaskId>,
    /// Its title.
    pub title: Option<String>,
    /// Which attempt at it this was; counts from 1.
    pub attempt: u32,
    /// The agent's name.
    pub agent: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Its session.
    pub session_id: Option<String>,
    /// The worktree's number.
    pub slot: Option<String>,
    /// The branch on which the agent left its work; null on a detached head.
    pub branch: Option<String>,
    /// The commit it started from.
    pub base: Option<String>,
    /// The last commit of the work.
    pub head: Option<String>,
    /// The commit on the base that carries the work.
    pub merged: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub reason: String,
    /// The folder into which the task went; null: it stayed where somebody had put it.
    #[serde(default)]
    pub to: Option<State>,
    /// The signals that the agent gave.
    pub signals: Vec<String>,
    /// When it began.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub ended_at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
    /// Tasks that the agent claimed.
    pub claimed: Vec<TaskId>,
    /// Tasks that the agent made.
    pub created: Vec<TaskId>,
    /// Tasks that were given back.
    pub recycled: Vec<TaskId>,
    /// Rounds of review.
    pub review_rounds: u32,
    /// Tokens.
    pub usage: Usage,
    /// Dollars.
    pub cost_usd: Option<f64>,
}

/// A line of `events.jsonl`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EventLine {
    /// The version of this format.
    pub schema: u32,
    /// When.
    #[serde(serialize_with = "whole_seconds")]
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Milliseconds since the run began.
    pub t_ms: u64,
    /// The run.
    pub run_id: String,
    /// Who, where it was a worker.
    pub worker: Option<String>,
    /// Its cycle.
    pub cycle: Option<u32>,
    /// The task.
    pub task: Option<TaskId>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run has begun.
    RunStarted {
        /// How many workers.
        workers: u32,
        /// The branch it lands on.
        base: String,
        /// Where that branch stands.
        head: String,
    },
    /// The run has ended.
    RunStopped {
        /// Why.
        reason: String,
        /// The exit code.
        #[serde(default)]
        exit_code: u8,
    },
    /// A worker has a task.
    TaskClaimed {
        /// Which attempt; counts from 1.
        attempt: u32,
        /// The worktree's number.
        slot: String,
        /// The agent.
        agent: String,
    },
    /// A step has begun.
    StepStarted {
        /// Which.
        step: StepName,
        /// Which time.
        round: u32,
        /// The agent whose turn it is.
        #[serde(default)]
        agent: Option<String>,
        /// The command line, where it is one program.
        command: Option<String>,
    },
    /// A step has ended.
    StepEnded {
        /// Which.
        step: StepName,
        /// Which time.
        round: u32,
        /// What came of it.
        result: StepResult,
        /// How long it took.
        duration_ms: u64,
        /// Dollars, where they are known.
        #[serde(default)]
        cost_usd: Option<f64>,
    },
    /// A task's file has moved.
    TaskMoved {
        /// Out of this folder.
        from: State,
        /// Into this one; null: the file is gone.
        to: Option<State>,
        /// Why.
        cause: String,
        /// The outcome of the cycle, where one has ended.
        outcome: Option<Outcome>,
    },
    /// An agent cannot go on, and another one of its list takes over in the middle of the cycle.
    AgentChanged {
        /// Who cannot go on.
        from: String,
        /// Who takes over.
        to: String,
        /// Why.
        reason: String,
    },
    /// As many turns are under way at a provider as may be: a turn waits until one of them ends.
    TurnAwaited {
        /// Which provider.
        provider: String,
        /// How many may be.
        most: u32,
    },
    /// A provider asks for a pause.
    ProviderParked {
        /// Which.
        provider: String,
        /// Why.
        reason: String,
    },
    /// A provider is asked again.
    ProviderResumed {
        /// Which.
        provider: String,
    },
    /// A branch has moved.
    BasePublished {
        /// Which branch.
        branch: String,
        /// From this commit.
        from: String,
        /// To this one.
        to: String,
    },
    /// The base cannot be moved now; work goes on beside it.
    BaseHeldBack {
        /// Where the work lands meanwhile.
        branch: String,
        /// Why.
        reason: String,
    },
    /// The gates are run on the base: nobody has tried them on its tree.
    BaseUnknown {
        /// Where it stands.
        head: String,
    },
    /// The gates fail on the base: only the task of this line, which mends it, is claimed.
    BaseRed {
        /// Where it stands.
        head: String,
        /// The gate that fails.
        gate: String,
        /// Why.
        reason: String,
    },
    /// The gates succeed on the base.
    BaseGreen {
        /// Where it stands.
        head: String,
    },
    /// A gate has said two different things of one tree.
    Flake {
        /// Its command.
        gate: String,
        /// The tree.
        tree: String,
        /// What it said, and when.
        reason: String,
    },
    /// A claim of a dead process was cleared.
    ClaimRecovered {
        /// What was found and done.
        reason: String,
    },
    /// Work that is not merged was kept.
    Salvaged {
        /// Under this ref.
        reference: String,
        /// As this commit.
        commit: String,
    },
    /// A file is no valid task.
    InvalidTask {
        /// The file, from the workspace's root.
        path: String,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A process that an agent left behind was ended.
    StrayEnded {
        /// Its number.
        pid: u32,
        /// What it was.
        command: String,
    },
    /// Something the user should know.
    Warning {
        /// What.
        message: String,
    },
    /// Money is used up: tasks wait for it.
    BudgetExhausted {
        /// Whose; null: that of the run.
        domain: Option<String>,
        /// How it stands, and what to do.
        reason: String,
    },
    /// Claiming is paused.
    Paused {
        /// Why.
        reason: String,
    },
    /// Claiming goes on.
    Resumed {},
    /// Changed settings are in force: from the next claim on, each cycle keeps those it began with.
    SettingsRead {
        /// The files that have changed, from the workspace's root.
        files: Vec<String>,
    },
    /// The run has other workers from now on.
    CrewChanged {
        /// How many.
        workers: u32,
        /// Their agents.
        agents: Vec<String>,
        /// Those who begin.
        joined: Vec<String>,
        /// Those who finish their cycles and leave.
        retired: Vec<String>,
    },
    /// A worker that was one too many has finished its cycle and is gone.
    WorkerLeft {},
}

#[cfg(test)]
mod tests;
