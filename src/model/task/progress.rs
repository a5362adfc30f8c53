//! The `swarm:` block: what the program itself notes in a task file.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use crate::model::budget::Usd;
use crate::model::clean::{clean_text, clip};
use crate::model::front_matter::first_odd;
use crate::model::moment;
use crate::model::outcome::{Fate, Outcome};

/// The most that is kept of a feedback, in bytes.
pub const FEEDBACK_BYTES: usize = 16 * 1024;

/// How far a task has come. It is a note, not the truth: that is the folder, and the commits on the base.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Progress {
    /// Attempts that count against the limit.
    pub attempts: u32,
    /// Cycles in a row that count as no attempt: the machine failed, or the agent ended without a result.
    #[serde(skip_serializing_if = "is_zero")]
    pub infra: u32,
    /// Rounds of review on all attempts so far.
    #[serde(skip_serializing_if = "is_zero")]
    pub review_rounds: u32,
    /// Not claimable earlier: the back-off.
    #[serde(serialize_with = "moment::serialize_optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub not_before: Option<Timestamp>,
    /// The last cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Last>,
    /// What the next attempt is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
    /// The commit that carries the work, once merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it was completed.
    #[serde(serialize_with = "moment::serialize_optional", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub completed_at: Option<Timestamp>,
    /// Dollars spent on all attempts so far, where known. Always written, after the feedback: so the
    /// block never ends in a text that would draw in a comment of the user's below it.
    pub cost_usd: Option<f64>,
    /// As many of those were spent up to the last attempt whose work came to nothing, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_usd: Option<f64>,
    /// Cycles that did not tell all that they cost.
    #[serde(skip_serializing_if = "is_zero")]
    pub cycles_without_cost: u32,
    /// The agent's session, to be resumed; once complete, only to be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// A person has put it aside: a comment alone does not bring it back.
    #[serde(skip_serializing_if = "is_false")]
    pub held: bool,
    /// Work that is not merged and that the next attempt goes on with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// Keys that this version does not know, kept as they are.
    #[serde(flatten)]
    #[schemars(skip)]
    pub other: Mapping,
}

/// The cycle in which a task was last worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Last {
    /// The run's id.
    pub run: String,
    /// The worker's name.
    pub worker: String,
    /// The worker's cycle, from 1.
    pub cycle: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// A session that an agent can resume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// The agent's name.
    pub agent: String,
    /// The session's id, in the agent's own words.
    pub id: String,
    /// What it was told: the digest of the task's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// How many of the comments it has been told.
    #[serde(default)]
    pub told: usize,
    /// The number of the worktree in which it was at work, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// What it has told of its cost, where its agent counts whole sessions; `None`: nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// What a session has told in all, of what its agent counts over whole sessions. It has been paid for: a later turn costs
/// what is added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Counted {
    /// Tokens read by the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens written by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Tokens read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Tokens put into a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    /// So many cycles died in the middle of a turn of it. Its next turn tells what they cost, should it come to that;
    /// until then they count as cycles whose cost is not known.
    #[serde(skip_serializing_if = "is_zero")]
    pub untold_cycles: u32,
}

/// Work of an attempt that ended before it was merged, and not by a fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kept {
    /// Its last commit; a ref below `refs/swarm/salvage/` holds it.
    pub commit: String,
    /// What it was made for: the digest of the task's text.
    pub contract: String,
    /// Its author said that it is done.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ready: bool,
    /// A person has approved it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub approved: bool,
}

impl Progress {
    /// Notes what a cycle has cost, as far as its agents told it, whether that is all, and what became of its work. To be
    /// called while the attempts are those before it.
    pub fn book(&mut self, cost_usd: Option<f64>, is_all: bool, fate: Fate) {
        let is_first = self.cost_usd.is_none() && self.cycles_without_cost == 0 && self.attempts == 0;
        self.cost_usd = match (self.cost_usd, cost_usd) {
            (Some(before), Some(now)) => Some(Usd::sum(before, now)),
            (before, now) => before.or(now),
        };
        self.cycles_without_cost = self.cycles_without_cost.saturating_add(u32::from(!is_all));
        self.failed_usd = match fate {
            Fate::Failed => self.cost_usd,
            Fate::Landed | Fate::Open | Fate::Apart if is_first => self.cost_usd.map(|_| 0.0),
            Fate::Landed | Fate::Open | Fate::Apart => self.failed_usd,
        };
    }

    /// The same in the form that a file can hold: clean text of bounded length, whole seconds, money that is a number.
    #[must_use]
    pub fn normal(&self) -> Self {
        let feedback = self.feedback.as_deref().map(|text| clean_text(&clip(&clean_text(text), FEEDBACK_BYTES)));
        let last = self.last.as_ref().map(|last| Last { run: word(&last.run), worker: word(&last.worker), ..*last });
        let session = self.session.as_ref();
        Self {
            not_before: self.not_before.map(moment::whole_seconds),
            completed_at: self.completed_at.map(moment::whole_seconds),
            cost_usd: self.cost_usd.filter(|cost| cost.is_finite()),
            failed_usd: self.failed_usd.filter(|cost| cost.is_finite()),
            feedback: feedback.filter(|text| !text.is_empty()),
            commit: self.commit.as_deref().map(word),
            session: session.map(|session| Session {
                agent: word(&session.agent),
                id: word(&session.id),
                contract: session.contract.as_deref().map(word),
                told: session.told,
                slot: session.slot.as_deref().map(word),
                counted: session.counted,
            }),
            kept: self.kept.as_ref().map(|kept| Kept {
                commit: word(&kept.commit),
                contract: word(&kept.contract),
                ..*kept
            }),
            last,
            other: clean_map(&self.other),
            attempts: self.attempts,
            infra: self.infra,
            review_rounds: self.review_rounds,
            cycles_without_cost: self.cycles_without_cost,
            held: self.held,
        }
    }
}

/// A name or an id: clean, on one line.
fn word(text: &str) -> String {
    clean_text(text).replace('\n', " ")
}

/// What another version wrote; texts that a front matter cannot hold are cleaned.
fn clean_value(value: &Value) -> Value {
    match value {
        Value::String(text) if first_odd(text).is_some() => Value::String(clean_text(text)),
        Value::Sequence(list) => Value::Sequence(list.iter().map(clean_value).collect()),
        Value::Mapping(map) => Value::Mapping(clean_map(map)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Tagged(_) => value.clone(),
    }
}

fn clean_map(map: &Mapping) -> Mapping {
    let one_line = |key: &Value| key.as_str().map_or_else(|| key.clone(), |text| Value::String(word(text)));
    map.iter().map(|(key, value)| (one_line(key), clean_value(value))).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
