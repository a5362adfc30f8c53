//! The settings of a workspace, `config/swarm.yaml`: every key optional, unknown ones refused.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::agent::Agent;
use super::gate::Gate;
use super::sandbox::Sandbox;
use super::yaml::{self, BadYaml};

mod dirs;
mod domain;
mod limits;
mod line;
mod protected;
mod providers;
mod reviewer;

pub use dirs::Dirs;
pub use domain::{BudgetCommand, Domain};
pub use limits::Limits;
pub use line::{ClaimBy, Role, WorkerLine};
pub use protected::Protected;
pub use providers::Provider;
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
    /// How many turns may be under way at a provider at a time: by the name in a description's `provider`, or by that of
    /// an agent that it answers.
    pub providers: BTreeMap<String, Provider>,
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
    /// A command that is asked for money, beside the budgets here.
    pub budget: Option<BudgetCommand>,
    /// Paths in which a change needs the word of a reviewer or of a person, as globs.
    #[schemars(with = "Vec<String>")]
    pub protected: Protected,
    /// What stands before the command line of every agent that says nothing else; `none` (the default) for nothing.
    pub sandbox: Sandbox,
    /// Other names for the folders of the queue and of the records.
    pub dirs: Dirs,
    /// A command that is told, with one JSON event on its standard input, when a person is needed.
    pub notify: Option<String>,
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

impl Default for Config {
    fn default() -> Self {
        Self {
            base: None,
            workers: Vec::new(),
            reviewer: Vec::new(),
            providers: BTreeMap::new(),
            verify: Vec::new(),
            worktree: Worktree::default(),
            integrate: Integrate::default(),
            limits: Limits::default(),
            domains: BTreeMap::new(),
            budget: None,
            protected: vec!["config/**".to_owned()].into(),
            sandbox: Sandbox::default(),
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

impl Config {
    /// Reads the text of `config/swarm.yaml`; an empty one gives the defaults.
    pub fn parse(text: &str) -> Result<Self, BadYaml> {
        let config: Config = yaml::parse_or_default(text)?;
        config.check()?;
        Ok(config)
    }

    /// What the types cannot say.
    fn check(&self) -> Result<(), BadYaml> {
        self.workers.iter().try_for_each(WorkerLine::check)?;
        self.check_reviewers()?;
        self.check_providers()?;
        for (key, globs) in [
            ("protected", &*self.protected),
            ("worktree.copy", &self.worktree.copy),
            ("worktree.keep", self.worktree.keep.as_deref().unwrap_or_default()),
        ] {
            glob_set(globs).map_err(|error| BadYaml::at_key(key, error.to_string()))?;
        }
        self.dirs.check()?;
        self.sandbox.check().map_err(|reason| BadYaml::at_key("sandbox", reason))?;
        self.limits.check()?;
        self.check_budgets()?;
        if self.integrate.batch == 0 {
            return Err(BadYaml::at_key("integrate.batch", "must be 1 or more"));
        }
        Ok(())
    }

    /// What stands before the command line of an agent.
    pub fn sandbox_of<'a>(&'a self, agent: &'a Agent) -> &'a Sandbox {
        agent.sandbox.as_ref().unwrap_or(&self.sandbox)
    }

    /// The gates for a task of `domain` that brings `added` ones of its own, in the order they run.
    pub fn gates<'a>(&'a self, domain: Option<&str>, added: &'a [Gate]) -> Vec<&'a Gate> {
        let of_domain = domain.and_then(|name| self.domains.get(name)).map(|domain| domain.verify.as_slice());
        self.verify.iter().chain(of_domain.unwrap_or_default()).chain(added).collect()
    }
}

/// Compiles globs over paths from the root. `*` matches no slash, `**` matches any number of folders.
pub fn glob_set(globs: &[String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    set.build()
}

#[cfg(test)]
mod tests;
