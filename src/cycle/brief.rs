//! What an agent is told: the facts of its task, put into the template for its turn.

use super::case::Cycle;
use super::perform::Infra;
use crate::model::agent::{Agent, Completion, Content};
use crate::model::comment::{Comment, body_without_comments, comments};
use crate::model::prompt::{self, CommentFacts, Facts, Telling, Template};
use crate::model::task::shell_blocks;
use crate::os::settings::Settings;

impl Cycle<'_> {
    /// The prompt of a turn. `None` for an agent that runs the task's own script, where there is none.
    pub(super) fn brief(
        &self,
        agent: &Agent,
        template: Template,
        telling: Telling<'_>,
    ) -> Result<Option<String>, Infra> {
        let task = &self.claim.found.task;
        match agent.prompt.content {
            Content::Script => {
                let tag = format!("[swarm:{}:{}]", self.shop.journal.run_id(), self.bench.worker);
                let blocks = shell_blocks(&task.body);
                Ok((!blocks.is_empty()).then(|| prompt::script(&tag, task, &blocks)))
            }
            Content::Template => {
                let comments = comments(&task.body);
                let history = [task.progress.feedback.as_deref(), self.left_behind()];
                let history = history.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
                let history = Some(history).filter(|history| !history.is_empty());
                self.fill_in(agent, template, telling, &comments, history.as_deref()).map(Some)
            }
        }
    }

    /// What an author is told of the one before him, who could not go on; nothing in a session that knows it.
    pub(super) fn left_behind(&self) -> Option<&str> {
        self.left_behind.as_deref().filter(|_| self.session.is_none())
    }

    /// The same with other comments and another feedback than the task's: what a session has not been told yet.
    pub(super) fn fill_in(
        &self,
        agent: &Agent,
        template: Template,
        telling: Telling<'_>,
        comments: &[Comment],
        feedback: Option<&str>,
    ) -> Result<String, Infra> {
        let task = &self.claim.found.task;
        let facts = Facts {
            run: self.shop.journal.run_id(),
            worker: &self.bench.worker,
            id: task.id.as_str(),
            title: &task.title,
            domain: task.domain.as_deref(),
            body: body_without_comments(&task.body),
            acceptance: &task.acceptance,
            comments: comments.iter().map(CommentFacts::of).collect(),
            feedback,
            attempt: self.claim.record.attempt,
            base: &self.shop.base,
            base_short: self.base.short(),
            gates: self.gates().iter().map(|gate| gate.run.as_str()).collect(),
            protected: &self.settings.config.protected,
            completion: completion(agent),
            telling,
        };
        render(&self.settings, template, &facts)
    }
}

/// What says that the work is done, as templates know it.
pub(super) fn completion(agent: &Agent) -> &'static str {
    match agent.completion {
        Completion::Signal => "signal",
        Completion::Exit => "exit",
    }
}

/// Fills in a template of the workspace's.
pub(super) fn render(settings: &Settings, template: Template, facts: &Facts<'_>) -> Result<String, Infra> {
    let rendered = settings.agents.prompts().render(template, facts);
    rendered.map_err(|bad| Infra(format!("config/prompts/{}.md:{}: {bad}", bad.name, bad.line.unwrap_or(0))))
}
