//! The settings of a workspace, `config/swarm.yaml`: every key optional, unknown ones refused.

use std::collections::BTreeMap;
use std::time::Duration;

use bytesize::ByteSize;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::choice::Choice;
use super::gate::Gate;
use super::span::{self, Span};
use super::yaml::{self, BadYaml};

mod reviewer;

pub use reviewer::Reviewer;

/// All settings, with the defaults filled in.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The branch to land on; the one checked out when the run starts where none is named.
    pub base: Option<String>,
    /// Who works: one line, or several that share out the number of workers.
    pub workers: Vec<WorkerLine>,
    /// Who reviews: one, or several, of whom the next is asked when one gives no verdict; `none` (the default) for
    /// nobody.
    #[serde(deserialize_with = "reviewer::reviewers")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub reviewer: Vec<Reviewer>,
    /// The gates: what must succeed on a tree before it may be published.
    pub verify: Vec<Gate>,
    /// How a worktree is made ready.
    pub worktree: Worktree,
    /// How work comes into the base.
    pub integrate: Integrate,
    /// Ceilings.
    pub limits: Limits,
    /// Gates and budgets by domain.
    pub domains: BTreeMap<String, Domain>,
    /// Paths in which a change needs the word of a reviewer or of a person, as globs.
    pub protected: Vec<String>,
    /// Other names for the folders of the queue and of the records.
    pub dirs: Dirs,
    /// A command that is told when a task needs a person.
    pub notify: Option<String>,
}

/// One line of workers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerLine {
    /// A description's name, or the shorthand `agent:model:effort`; the first usable agent where none is named.
    pub agent: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The effort.
    pub effort: Option<String>,
    /// What they do.
    pub role: Role,
    /// How many of them.
    pub count: Option<u32>,
    /// Who picks the tasks.
    pub claim: ClaimBy,
}

/// What a worker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works on tasks.
    #[default]
    Worker,
    /// Works on tasks and makes none.
    Executor,
    /// Makes tasks.
    Planner,
}

/// Who picks the task that a worker gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimBy {
    /// The program: the first claimable task.
    #[default]
    Swarm,
    /// The agent, with the signal `CLAIM`.
    Agent,
}

/// How a worktree is made ready and what stays in it from task to task.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Worktree {
    /// Commands run in a new worktree, and again when their list or a lock file changes.
    pub setup: Vec<String>,
    /// Ignored files and folders copied from the user's checkout, as globs.
    pub copy: Vec<String>,
    /// Ignored files and folders that stay when the worktree is reset, as globs; all of them where the key is absent.
    pub keep: Option<Vec<String>>,
}

/// How work comes into the base.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Integrate {
    /// The shape of the commits.
    pub strategy: Strategy,
    /// When the gates run on the merged tree.
    pub verify: VerifyMerged,
    /// How many ready branches are verified together.
    pub batch: u32,
}

/// The shape that work gets on the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// One commit.
    #[default]
    Squash,
    /// A merge commit over the commits of the work.
    Merge,
    /// The commits of the work, replayed.
    Rebase,
}

/// When the gates run on the merged tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyMerged {
    /// When it is not a tree that has already passed them.
    #[default]
    IfMoved,
    /// Always, even if the same tree has passed before.
    Always,
}

/// Ceilings; a task's own keys override some.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Counted attempts before a task needs a person.
    pub attempts: u32,
    /// Troubles of the infrastructure in a row before a task needs a person.
    pub infra: u32,
    /// How often a session without a signal is taken up again.
    pub resumes: u32,
    /// How long one step of an agent may take.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// How long an agent may print nothing.
    #[serde(deserialize_with = "span")]
    #[schemars(with = "String")]
    pub silence: Duration,
    /// How long an agent may take to print its first byte; `silence` where the key is absent.
    #[serde(deserialize_with = "span::deserialize_optional")]
    #[schemars(with = "Option<String>")]
    pub start_silence: Option<Duration>,
    /// Rounds of review.
    pub review_rounds: u32,
    /// How often a conflict with the base goes back to the author of the work.
    pub resolves: u32,
    /// Money per task, in dollars.
    pub cost_usd: Option<f64>,
    /// The first pause after a failed attempt; it doubles from attempt to attempt.
    #[serde(deserialize_with = "pause")]
    #[schemars(with = "String")]
    pub backoff: Duration,
    /// The longest pause.
    #[serde(deserialize_with = "pause")]
    #[schemars(with = "String")]
    pub backoff_max: Duration,
    /// How much of an agent's output a log keeps.
    #[schemars(with = "String")]
    pub log_bytes: ByteSize,
}

/// What a domain adds.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Domain {
    /// Gates added to the workspace's.
    pub verify: Vec<Gate>,
    /// Money, in dollars.
    pub budget_usd: Option<f64>,
}

/// Names of folders, from the root of the workspace.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Dirs {
    /// The queue.
    pub tasks: String,
    /// The records.
    pub runs: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base: None,
            workers: Vec::new(),
            reviewer: Vec::new(),
            verify: Vec::new(),
            worktree: Worktree::default(),
            integrate: Integrate::default(),
            limits: Limits::default(),
            domains: BTreeMap::new(),
            protected: vec!["config/**".to_owned()],
            dirs: Dirs::default(),
            notify: None,
        }
    }
}

impl Default for Integrate {
    fn default() -> Self {
        Self { strategy: Strategy::Squash, verify: VerifyMerged::IfMoved, batch: 1 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: 3,
            infra: 5,
            resumes: 5,
            timeout: Duration::from_secs(30 * 60),
            silence: Duration::from_secs(10 * 60),
            start_silence: None,
            review_rounds: 3,
            resolves: 3,
            cost_usd: None,
            backoff: Duration::from_secs(10),
            backoff_max: Duration::from_secs(10 * 60),
            log_bytes: ByteSize::mib(256),
        }
    }
}

impl Default for Dirs {
    fn default() -> Self {
        Self { tasks: "tasks".to_owned(), runs: "runs".to_owned() }
    }
}

fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(|span| span.0)
}

/// A length of time, or none at all.
fn pause<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim() {
        "0s" => Ok(Duration::ZERO),
        text => span::parse(text).map_err(serde::de::Error::custom),
    }
}

impl Config {
    /// Reads the text of `config/swarm.yaml`; an empty one gives the defaults.
    pub fn parse(text: &str) -> Result<Self, BadYaml> {
        let config: Config = yaml::parse_or_default(text)?;
        config.check()?;
        Ok(config)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), BadYaml> {
        for line in &self.workers {
            if let Some(agent) = &line.agent {
                agent.parse::<Choice>().map_err(|reason| BadYaml::at_key("workers.agent", reason))?;
            }
        }
        self.check_reviewers()?;
        for (key, globs) in [
            ("protected", &self.protected),
            ("worktree.copy", &self.worktree.copy),
            ("worktree.keep", self.worktree.keep.as_ref().unwrap_or(&Vec::new())),
        ] {
            glob_set(globs).map_err(|error| BadYaml::at_key(key, error.to_string()))?;
        }
        for (key, folder) in [("dirs.tasks", &self.dirs.tasks), ("dirs.runs", &self.dirs.runs)] {
            let plain = !folder.is_empty()
                && std::path::Path::new(folder)
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
            if !plain {
                return Err(BadYaml::at_key(key, format!("`{folder}` must be a folder below the workspace's root")));
            }
        }
        // As paths, so that a slash at the end makes no difference.
        if std::path::Path::new(&self.dirs.tasks) == std::path::Path::new(&self.dirs.runs) {
            return Err(BadYaml::at_key("dirs", "the queue and the records cannot share one folder"));
        }
        if self.limits.attempts == 0 {
            return Err(BadYaml::at_key("limits.attempts", "0 would never try anything; 1 tries once"));
        }
        if self.limits.cost_usd.is_some_and(|cost| !(cost.is_finite() && cost >= 0.0)) {
            return Err(BadYaml::at_key("limits.cost_usd", "must be an amount of dollars, not below 0"));
        }
        if self.integrate.batch == 0 {
            return Err(BadYaml::at_key("integrate.batch", "must be 1 or more"));
        }
        Ok(())
    }

    /// The keys that are set but ask for what this version does not do, with a sentence each.
    pub fn unsupported(&self) -> Vec<String> {
        let mut asked = Vec::new();
        if self.workers.iter().any(|line| line.role == Role::Planner) {
            asked.push("workers: the role planner is not built yet".to_owned());
        }
        if self.workers.iter().any(|line| line.claim == ClaimBy::Agent) {
            asked.push("workers: `claim: agent` is not built yet".to_owned());
        }
        if self.domains.values().any(|domain| domain.budget_usd.is_some()) {
            asked.push("domains: budgets are not built yet".to_owned());
        }
        if self.notify.is_some() {
            asked.push("notify: is not built yet".to_owned());
        }
        asked
    }

    /// The gates for a task of `domain` that brings `added` ones of its own, in the order they run.
    pub fn gates<'a>(&'a self, domain: Option<&str>, added: &'a [Gate]) -> Vec<&'a Gate> {
        let of_domain = domain.and_then(|name| self.domains.get(name)).map(|domain| domain.verify.as_slice());
        self.verify.iter().chain(of_domain.unwrap_or_default()).chain(added).collect()
    }
}

/// Compiles globs over paths from the root. `*` matches slashes too, as `**` does: what protects rather protects too
/// much than too little.
pub fn glob_set(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    set.build()
}

#[cfg(test)]
mod tests;
