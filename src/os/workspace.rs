//! An opened workspace: its folders, its settings, its repository and its agents, all read once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::agents::Catalogue;
use super::dirs::{self, Dirs};
use super::git::{Oid, Repo, Unfit};
use super::settings::{Settings, Source};
use crate::error::{Error, Result};
use crate::model::config::Config;

/// How the names of the branches begin that show what goes ahead of a base.
const AHEAD: &str = "swarm/";

/// The folders and the settings of a workspace: enough for what only reads the queue.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where everything lies.
    pub dirs: Dirs,
    /// The settings.
    pub config: Arc<Config>,
}

/// A workspace whose repository was found fit.
pub struct Workspace {
    /// Where everything lies.
    pub dirs: Dirs,
    /// The settings.
    pub config: Arc<Config>,
    /// The repository.
    pub repo: Repo,
    /// The agents and the prompts.
    pub agents: Arc<Catalogue>,
}

impl Place {
    /// Finds the workspace around `from` and reads its settings, or those in `config`.
    pub fn find(from: &Path, config: Option<&Path>) -> Result<Self> {
        let root = dirs::find_root(from)?;
        Self::at(&root, config)
    }

    /// The same for who can go on with the defaults in place of settings that have a mistake; gives the mistake too.
    pub fn find_or_defaults(from: &Path, config: Option<&Path>) -> Result<(Self, Option<Error>)> {
        let root = dirs::find_root(from)?;
        let (config, mistake) = Source::new(&root, config).config_or_defaults()?;
        Ok((Self { dirs: Dirs::new(&root, &config.dirs), config: Arc::new(config) }, mistake))
    }

    /// The workspace whose root is `root`.
    pub fn at(root: &Path, config: Option<&Path>) -> Result<Self> {
        let config = Source::new(root, config).config()?;
        Ok(Self { dirs: Dirs::new(root, &config.dirs), config: Arc::new(config) })
    }
}

impl Workspace {
    /// Opens the repository and reads the agents.
    pub fn open(place: Place) -> Result<Self> {
        let Place { dirs, config } = place;
        let agents = Arc::new(Catalogue::read(dirs.root())?);
        let repo = Repo::open(dirs.root()).map_err(unfit)?;
        if !same(repo.top(), dirs.root()) {
            return Err(Error::environment(format!("{} is not the root of a git repository", dirs.root().display()))
                .hint(format!("the repository's root is {}", repo.top().display())));
        }
        Ok(Self { dirs, config, repo, agents })
    }

    /// What its `config/` says.
    pub fn settings(&self) -> Settings {
        Settings { config: Arc::clone(&self.config), agents: Arc::clone(&self.agents) }
    }

    /// The branch on which work lands, and where it stands.
    pub fn base(&self) -> Result<(String, Oid)> {
        let name = match &self.config.base {
            Some(name) => name.clone(),
            None => self.repo.current_branch()?.ok_or_else(|| {
                Error::environment("no branch is checked out, so there is none to land on")
                    .hint("check out a branch, or name one with `base:` in config/swarm.yaml")
            })?,
        };
        if let Some(shown) = name.strip_prefix(AHEAD) {
            let sentence = format!("`{name}` shows work that waits to land elsewhere, so nothing can land on it");
            let refused = match &self.config.base {
                Some(_) => Error::usage(sentence),
                None => Error::environment(sentence),
            };
            return Err(refused.hint(format!("check out {shown}, or name it in config/swarm.yaml: base: {shown}")));
        }
        match self.repo.resolve(&format!("refs/heads/{name}"))? {
            Some(tip) => Ok((name, tip)),
            None => Err(Error::usage(format!("there is no branch `{name}` to land on"))
                .hint("name an existing one with `base:` in config/swarm.yaml")),
        }
    }
}

fn same(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| PathBuf::from(path));
    real(a) == real(b)
}

fn unfit(unfit: Unfit) -> Error {
    unfit.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use crate::os::git::testing::Fixture;

    #[test]
    fn what_shows_waiting_work_is_no_base_whether_it_is_checked_out_or_named() {
        let fixture = Fixture::new();
        fixture.git(["branch", "swarm/trunk"]);
        let base = || Workspace::open(Place::at(&fixture.top(), None).unwrap()).unwrap().base();
        assert_eq!(base().unwrap().0, "trunk");
        fixture.write("config/swarm.yaml", "base: swarm/trunk\n");
        let named = base().unwrap_err();
        fixture.write("config/swarm.yaml", "{}\n");
        fixture.git(["checkout", "-q", "swarm/trunk"]);
        let checked_out = base().unwrap_err();
        for (error, class) in [(named, Class::Usage), (checked_out, Class::Environment)] {
            assert_eq!(error.class(), class);
            assert_eq!(
                error.explained(),
                "`swarm/trunk` shows work that waits to land elsewhere, so nothing can land on it \
                 (check out trunk, or name it in config/swarm.yaml: base: trunk)"
            );
        }
    }
}
