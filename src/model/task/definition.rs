//! A task as the program knows it.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;

use super::choices::{Expect, Gates, Kind, Priority, Review};
use super::id::TaskId;
use super::progress::Progress;
use crate::model::choices::Choices;

/// A task. Its JSON schema is that of the front matter.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
pub struct Task {
    /// The stem of the file's name.
    #[schemars(skip)]
    pub id: TaskId,
    /// The title; where none is given, the first heading, else the id.
    #[schemars(with = "Option<String>")]
    pub title: String,
    /// 0 (first) to 4; 2 where none is given.
    #[schemars(with = "Option<Priority>")]
    pub priority: Priority,
    /// A task, or an epic, which is never claimed and complete when all its children are.
    #[schemars(rename = "type", with = "Option<Kind>")]
    pub kind: Kind,
    /// The epic it belongs to.
    pub parent: Option<TaskId>,
    /// Claimable only when all of these are complete.
    #[schemars(with = "Option<Vec<TaskId>>")]
    pub depends_on: Vec<TaskId>,
    /// At most one live task per domain; a domain has its own gates and budget.
    pub domain: Option<String>,
    /// Globs of what it expects to touch; each is valid.
    #[schemars(with = "Option<Vec<String>>")]
    pub files: Vec<String>,
    /// What must be true of the work.
    #[schemars(with = "Option<Vec<String>>")]
    pub acceptance: Vec<String>,
    /// Gates added to the workspace's, or none at all.
    #[schemars(with = "Option<Gates>")]
    pub verify: Gates,
    /// The agent, in place of the worker's: a name or `agent:model[:effort]`; or a list of them, of whom the next works
    /// where those before it cannot be asked.
    pub agent: Option<Choices>,
    /// The model, in place of the worker's.
    pub model: Option<String>,
    /// The effort, in place of the worker's.
    pub effort: Option<String>,
    /// How long an attempt may take, such as `30m`, in place of the workspace's limit.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Duration>,
    /// How many attempts count, in place of the workspace's limit.
    pub attempts: Option<NonZeroU32>,
    /// Dollars that all attempts together may cost, in place of the workspace's limit; finite, not below 0.
    #[schemars(range(min = 0))]
    pub max_cost_usd: Option<f64>,
    /// Not claimable earlier.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub not_before: Option<Timestamp>,
    /// Who has the last word.
    #[schemars(with = "Option<Review>")]
    pub review: Review,
    /// What the work should come to.
    #[schemars(with = "Option<Expect>")]
    pub expect: Expect,
    /// What the program noted.
    #[schemars(rename = "swarm", with = "Option<Progress>")]
    pub progress: Progress,
    /// The file without its front matter, byte for byte.
    #[schemars(skip)]
    pub body: String,
    /// The line in the file at which the body begins, from 1.
    #[schemars(skip)]
    pub body_line: usize,
    /// Keys that mean nothing to this version, each with its line in the file, in the file's order.
    #[schemars(skip)]
    pub unknown: Vec<(String, usize)>,
}

impl Task {
    /// The task of a file that says nothing; its title is still to be found.
    pub(super) fn blank(id: TaskId) -> Self {
        Self {
            title: String::new(),
            id,
            priority: Priority::default(),
            kind: Kind::default(),
            parent: None,
            depends_on: Vec::new(),
            domain: None,
            files: Vec::new(),
            acceptance: Vec::new(),
            verify: Gates::default(),
            agent: None,
            model: None,
            effort: None,
            timeout: None,
            attempts: None,
            max_cost_usd: None,
            not_before: None,
            review: Review::default(),
            expect: Expect::default(),
            progress: Progress::default(),
            body: String::new(),
            body_line: 1,
            unknown: Vec::new(),
        }
    }
}
