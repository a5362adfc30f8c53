//! The settings in force: what the user's `config/` says now. They may be replaced while a run lives; whoever began
//! with some keeps those to its end.

use std::sync::{Arc, PoisonError, RwLock};

use super::agents::Catalogue;
use crate::error::{Error, Result};
use crate::model::config::Config;

/// What `config/` says: `swarm.yaml`, the agents' descriptions and the prompts, read together.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `config/swarm.yaml`.
    pub config: Arc<Config>,
    /// `config/agents/` and `config/prompts/`.
    pub agents: Arc<Catalogue>,
}

impl Settings {
    /// Checks what one file alone cannot say: whether all that is asked for can be done here. Such a setting is
    /// refused, never ignored.
    pub fn check(&self) -> Result<()> {
        let asked = self.config.unsupported();
        if !asked.is_empty() {
            let message = format!("the settings ask for what this version cannot do: {}", asked.join("; "));
            return Err(Error::usage(message).hint("remove these keys, or use a newer version"));
        }
        for reviewer in self.config.reviewers() {
            if !self.agents.find(&reviewer)?.agent.can_be_told() {
                let message = format!("reviewer: `{reviewer}` cannot review: it runs the task's own script");
                return Err(Error::usage(message).hint("name an agent that is told what to do"));
            }
        }
        Ok(())
    }
}

/// The settings that threads share.
#[derive(Debug)]
pub struct InForce(RwLock<Arc<Settings>>);

impl InForce {
    /// Begins with `settings`.
    pub fn new(settings: Settings) -> Self {
        Self(RwLock::new(Arc::new(settings)))
    }

    /// Those in force at this moment.
    pub fn now(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in force; who holds the old ones goes on with them.
    pub fn replace(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_began_with_some_settings_keeps_them() {
        let with = |text: &str| Settings {
            config: Arc::new(Config::parse(text).unwrap()),
            agents: Arc::new(Catalogue::default()),
        };
        let settings = InForce::new(with("limits: {attempts: 1}"));
        let held = settings.now();
        settings.replace(with("limits: {attempts: 2}"));
        assert_eq!(held.config.limits.attempts, 1);
        assert_eq!(settings.now().config.limits.attempts, 2);
    }
}
