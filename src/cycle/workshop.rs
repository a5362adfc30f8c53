//! What all cycles of a run share, by reference.

use std::sync::Arc;

use super::held_back::HeldBack;
use super::lookout::Lookout;
use super::precedence::Precedence;
use super::sentry::Sentry;
use super::{Funds, PassedOver};
use crate::os::dirs::Dirs;
use crate::os::folders;
use crate::os::git::{KnownGit, Repo};
use crate::os::journal::Journal;
use crate::os::judgements::Judgements;
use crate::os::providers::Providers;
use crate::os::settings::{InForce, Settings};
use crate::os::stop::StopValue;
use crate::os::turnstile::Turnstile;
use crate::os::workspace::Workspace;

/// The tools and the rules of the house.
pub struct Workshop {
    /// Where everything lies.
    pub dirs: Dirs,
    /// The settings; a run may be given others while it lives.
    pub in_force: InForce,
    /// The repository.
    pub repo: Repo,
    /// The branch on which work lands.
    pub base: String,
    /// The records.
    pub journal: Journal,
    /// The money.
    pub funds: Funds,
    /// What gates have said of trees.
    pub judgements: Judgements,
    /// Whether the run is to end.
    pub stop: StopValue,
    /// Lets one worker of this process at a time merge.
    pub turnstile: Turnstile,
    /// Whom nobody asks for a while.
    pub providers: Arc<Providers>,
    /// Whom this run has said to pass over.
    pub passed_over: PassedOver,
    /// Who goes first where work contradicts work.
    pub precedence: Arc<Precedence>,
    /// The base cannot be moved now; work lands beside it.
    pub held_back: HeldBack,
    /// Looks after the user's checkout.
    pub lookout: Lookout,
    /// Looks after the base.
    pub sentry: Sentry,
    /// What is known of the user's settings of git.
    pub users_git: KnownGit,
    /// The machine's name.
    pub host: String,
}

impl Workshop {
    /// The workshop of a run that begins: `workspace`, whose work lands on `base`, with `settings`.
    pub fn new(workspace: &Workspace, base: String, settings: Settings, journal: Journal) -> Self {
        Self {
            dirs: workspace.dirs.clone(),
            in_force: InForce::new(settings),
            repo: workspace.repo.clone(),
            base,
            journal,
            funds: Funds::new(&workspace.dirs),
            judgements: Judgements::new(workspace.dirs.verified()),
            stop: StopValue::default(),
            turnstile: Turnstile::default(),
            providers: Arc::new(Providers::new(&workspace.dirs)),
            passed_over: PassedOver::default(),
            precedence: Arc::default(),
            held_back: HeldBack::default(),
            lookout: Lookout::default(),
            sentry: Sentry::default(),
            users_git: KnownGit::default(),
            host: folders::host(),
        }
    }

    /// The settings in force. What must not change in the middle keeps what it was given.
    pub fn settings(&self) -> Arc<Settings> {
        self.in_force.now()
    }
}
