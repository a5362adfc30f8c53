//! The agents' descriptions and the prompts: built in, or from the workspace's `config/`, as its user has
//! them on disk. Never from a worktree: what an agent's branch says changes nothing.

mod shelf;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::prices;
use super::settings_file::{self, files_in, mistake};
use crate::error::{Error, Result};
use crate::model::agent::Agent;
use crate::model::choice::Choice;
use crate::model::choices::Choices;
use crate::model::config::Provider;
use crate::model::crew::Member;
use crate::model::price::Prices;
use crate::model::prompt::{BadTemplate, Prompts};
use crate::model::yaml;

pub use shelf::Layer;

/// Who works where nobody is named. It costs nothing and needs nobody's account: that another agent's program happens
/// to be on PATH is no reason to start it.
const DEFAULT: &str = "script";

/// The prompts that come with the program.
pub const PROMPTS: [(&str, &str); 12] = [
    ("worker", include_str!("../../config/prompts/worker.md")),
    ("executor", include_str!("../../config/prompts/executor.md")),
    ("planner", include_str!("../../config/prompts/planner.md")),
    ("claim", include_str!("../../config/prompts/claim.md")),
    ("reviewer", include_str!("../../config/prompts/reviewer.md")),
    ("resume", include_str!("../../config/prompts/resume.md")),
    ("nudge", include_str!("../../config/prompts/nudge.md")),
    ("fix", include_str!("../../config/prompts/fix.md")),
    ("resolve", include_str!("../../config/prompts/resolve.md")),
    // Included by the others.
    ("task", include_str!("../../config/prompts/task.md")),
    ("rules", include_str!("../../config/prompts/rules.md")),
    ("ending", include_str!("../../config/prompts/ending.md")),
];

/// An agent, and where its description and its program come from.
#[derive(Debug, Clone)]
pub struct Described {
    /// What it is.
    pub agent: Agent,
    /// What its description is made of, the lowest layer first.
    pub layers: Vec<Layer>,
    /// The program, if it was found.
    pub program: Option<PathBuf>,
}

/// All that a workspace knows of agents.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    agents: BTreeMap<String, Described>,
    prompts: Prompts,
    prices: Prices,
}

impl Catalogue {
    /// Reads `config/agents/*.yaml`, `config/prompts/*.md` and `config/prices.yaml` below `root`; a mistake in one is an error that
    /// names file and line.
    pub fn read(root: &Path) -> Result<Self> {
        let config = root.join("config");
        let mut catalogue = Catalogue { prices: prices::read(&config)?, ..Catalogue::default() };
        for (name, made) in shelf::read(&config.join("agents"))? {
            let program = made.agent.argv.first().and_then(|program| find_program(root, program));
            catalogue.agents.insert(name, Described { agent: made.agent, layers: made.layers, program });
        }
        for (name, text) in PROMPTS {
            catalogue.prompts.put(name, text);
        }
        for path in files_in(&config.join("prompts"), "md")? {
            if let Some(text) = settings_file::text(&path)? {
                catalogue.prompts.put(stem(&path), text);
            }
        }
        let at = |bad: &BadTemplate| config.join("prompts").join(format!("{}.md", bad.name));
        catalogue.prompts.check().map_err(|bad| mistake(&at(&bad), bad.line, &bad.reason))?;
        Ok(catalogue)
    }

    /// All agents by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Described)> {
        self.agents.iter().map(|(name, described)| (name.as_str(), described))
    }

    /// Who works where nobody is named: `script`, whatever else is on PATH.
    pub fn default_agents(&self) -> Choices {
        Choice { agent: DEFAULT.to_owned(), model: None, effort: None }.into()
    }

    /// The agent of that name, whether its program is there or not.
    pub fn described(&self, name: &str) -> Result<&Described> {
        self.agents.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.agents.keys().map(String::as_str).collect();
            let error = Error::usage(format!("there is no agent `{name}`"));
            match yaml::nearest(name, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => {
                    let known = known.join(", ");
                    error.hint(format!("known are {known}; describe another in config/agents/{name}.yaml"))
                }
            }
        })
    }

    /// The agent that `choice` names; its program must be there.
    pub fn find(&self, choice: &Choice) -> Result<&Described> {
        let described = self.described(&choice.agent)?;
        if described.program.is_none() {
            let program = described.agent.argv.first().map_or("", String::as_str);
            return Err(Error::environment(format!(
                "the program `{program}` of the agent `{}` was not found",
                choice.agent
            ))
            .hint(match (program.contains('/'), &described.agent.install) {
                (true, _) => format!("it must be there and be executable: chmod +x {program}"),
                (false, Some(install)) => format!("install it with `{install}`, or put its folder on PATH"),
                (false, None) => "install it, or put its folder on PATH".to_owned(),
            }));
        }
        Ok(described)
    }

    /// Looks at all agents of a list; gives why those are passed over whose programs are not there. It is an error
    /// where that is none, where one is not described, and where one stands in for others that runs the task's own
    /// script: what it does is not what they would do.
    pub fn find_all(&self, agents: &Choices) -> Result<Vec<Error>> {
        for name in agents.names() {
            if !self.described(name)?.agent.can_be_told() && agents.is_list() {
                let error = Error::usage(format!("`{name}` cannot stand in a list: it runs the task's own script"));
                return Err(error.hint("give it a line of workers, or tasks, of its own"));
            }
        }
        let mut absent: Vec<Error> = agents.iter().filter_map(|choice| self.find(choice).err()).collect();
        match absent.len() == agents.iter().count() {
            true => Err(absent.swap_remove(0)),
            false => Ok(absent),
        }
    }

    /// The same for the agents of a worker; those that must be told more than a task's commands must be able to hear it.
    pub fn find_for(&self, member: &Member) -> Result<Vec<Error>> {
        let absent = self.find_all(&member.agents)?;
        let must_be_told = member.must_be_told();
        for name in member.agents.names() {
            if let Some(what) = must_be_told.filter(|_| self.described(name).is_ok_and(|it| !it.agent.can_be_told())) {
                let error = Error::usage(format!("workers: `{name}` cannot {what}: it runs the task's own script"));
                return Err(error.hint("name an agent that is told what to do"));
            }
        }
        Ok(absent)
    }

    /// How many turns may be under way at a time at each provider of which the settings say it. A provider goes by its own
    /// name, or by that of an agent that it answers; where it has several, the least counts.
    pub fn caps(&self, wanted: &BTreeMap<String, Provider>) -> BTreeMap<String, u32> {
        let mut caps = BTreeMap::new();
        for (name, Provider { most }) in wanted {
            let provider = self.provider_named(name).unwrap_or(name);
            let cap = caps.entry(provider.to_owned()).or_insert(*most);
            *cap = (*cap).min(*most);
        }
        caps
    }

    /// The provider of that name, or the one that answers the agent of that name.
    pub fn provider_named<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let is_provider = self.all().any(|(agent, it)| it.agent.provider_of(agent) == name);
        match is_provider {
            true => Some(name),
            false => self.agents.get_key_value(name).map(|(agent, it)| it.agent.provider_of(agent)),
        }
    }

    /// What the models of agents cost.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    /// What agents are told.
    pub fn prompts(&self) -> &Prompts {
        &self.prompts
    }
}

/// A program on PATH; a name with a slash is a path from the workspace.
pub fn find_program(root: &Path, name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(root.join(name)).filter(|path| is_executable(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
