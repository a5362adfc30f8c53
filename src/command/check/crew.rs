//! Who is configured to do what: the workers, the planners and the reviewers, agent by agent.

use crate::error::{Error, Result};
use crate::model::choice::Choice;
use crate::model::config::{Config, Role};
use crate::model::crew::{Member, crew};
use crate::os::agents::Catalogue;

/// One agent that the settings name, and for what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) agent: String,
    /// Its models and efforts, each once.
    pub(super) choices: Vec<Choice>,
    workers: usize,
    planners: usize,
    reviewers: usize,
}

/// Those who work on tasks or plan, as the settings have them.
pub(super) fn members(config: &Config, catalogue: &Catalogue) -> Result<Vec<Member>> {
    crew(&config.workers, None, None, &catalogue.default_agents())
        .map_err(|reason| Error::usage(format!("config/swarm.yaml: {reason}")))
}

/// The posts of these members and of the reviewers, each agent once, in the order in which they are named.
pub(super) fn posts(config: &Config, members: &[Member]) -> Vec<Post> {
    let mut posts: Vec<Post> = Vec::new();
    for member in members {
        for choice in member.agents.iter() {
            let post = post_of(&mut posts, choice);
            match member.role {
                Role::Worker | Role::Executor => post.workers += 1,
                Role::Planner => post.planners += 1,
            }
        }
    }
    for choice in config.reviewers() {
        post_of(&mut posts, &choice).reviewers += 1;
    }
    posts
}

fn post_of<'a>(posts: &'a mut Vec<Post>, choice: &Choice) -> &'a mut Post {
    let at = posts.iter().position(|post| post.agent == choice.agent).unwrap_or_else(|| {
        posts.push(Post { agent: choice.agent.clone(), ..Post::default() });
        posts.len() - 1
    });
    let post = &mut posts[at];
    if !post.choices.contains(choice) {
        post.choices.push(choice.clone());
    }
    post
}

impl Post {
    /// `2 workers, 1 planner`.
    pub(super) fn shown(&self) -> String {
        let counted = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("1 {what}")),
            count => Some(format!("{count} {what}s")),
        };
        let parts =
            [counted(self.workers, "worker"), counted(self.planners, "planner"), counted(self.reviewers, "reviewer")];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_agent_stands_once_with_all_its_posts_and_each_model_once() {
        let config = Config::parse(
            "workers:\n  - {agent: codex, count: 2}\n  - {agent: 'codex:m'}\n  - {agent: [claude, gemini], role: planner}\n\
             reviewer: [{agent: claude, model: opus}, {agent: 'codex:m'}]\n",
        )
        .unwrap();
        let posts = posts(&config, &members(&config, &Catalogue::default()).unwrap());
        let shown = |post: &Post| {
            let choices: Vec<String> = post.choices.iter().map(ToString::to_string).collect();
            format!("{}: {} ({})", post.agent, post.shown(), choices.join(" "))
        };
        assert_eq!(
            posts.iter().map(shown).collect::<Vec<_>>(),
            [
                "codex: 3 workers, 1 reviewer (codex codex:m)",
                "claude: 1 planner, 1 reviewer (claude claude:opus)",
                "gemini: 1 planner (gemini)"
            ]
        );
    }
}
