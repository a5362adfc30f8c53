//! How an agent gets its prompt.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Deserialize;

/// How the agent gets its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prompting {
    /// By which way.
    pub via: Via,
    /// What it is told.
    pub content: Content,
    /// Put before the prompt, for a program that acts on a prompt's first character: some take `/` for a command of
    /// their own.
    pub guard: String,
}

impl Prompting {
    /// The prompt as the agent must get it.
    pub fn guarded<'a>(&self, prompt: &'a str) -> Cow<'a, str> {
        if self.guard.is_empty() { Cow::Borrowed(prompt) } else { Cow::Owned(format!("{}{prompt}", self.guard)) }
    }
}

/// The way a prompt goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// As its standard input.
    #[default]
    Stdin,
    /// As a file, named by `{prompt_file}`.
    File,
    /// As an argument, `{prompt}`.
    Arg,
}

/// What the prompt is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// The template for the step, filled in.
    #[default]
    Template,
    /// The `sh` blocks of the task's body, one after the other.
    Script,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guard_stands_before_the_prompt() {
        let guarded = Prompting { guard: "Task:\n".into(), ..Prompting::default() };
        assert_eq!(guarded.guarded("/help me"), "Task:\n/help me");
        assert_eq!(Prompting::default().guarded("/help me"), "/help me");
    }
}
