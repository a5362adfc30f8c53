//! The description of one agent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::sandbox::Sandbox;

use super::{Content, Field, LoginQuery, MintedBy, Output, Prompting, Sessions, Stop, VersionQuery, default_stop};

/// One agent's description.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The description that this one begins from: a built-in one, another file, or `none`. A file with the name of a
    /// built-in one begins from that, any other from nothing.
    #[serde(default)]
    pub base: Option<String>,
    /// The command line. The first part is a program on PATH, or a path from the workspace when it holds a slash.
    #[serde(default)]
    pub argv: Vec<String>,
    /// Groups put in place of `{args}`, each only when the variable of its name has a value; `resume` stands for
    /// the variable `session`. A group that must stand elsewhere is named by a part of its own, `{args.resume}`.
    #[serde(default)]
    pub args: BTreeMap<String, Vec<String>>,
    /// How the agent gets its prompt.
    #[serde(default)]
    pub prompt: Prompting,
    /// What says that the work is done.
    #[serde(default)]
    pub completion: Completion,
    /// What it prints.
    #[serde(default)]
    pub output: Output,
    /// How its sessions are named, and where they can be taken up again.
    #[serde(default)]
    pub session: Sessions,
    /// Who answers it: agents of one provider share its limits. Its own name where the key is absent.
    #[serde(default)]
    pub provider: Option<String>,
    /// The variables of the user's environment that it may see, beyond the usual few.
    #[serde(default)]
    pub env_pass: Vec<String>,
    /// Variables set for it.
    #[serde(default)]
    pub env_set: BTreeMap<String, String>,
    /// What stands before its command line, in place of what the settings say; `none` for nothing.
    #[serde(default)]
    pub sandbox: Option<Sandbox>,
    /// How to end it: in order, until it is gone.
    #[serde(default = "default_stop")]
    pub stop: Vec<Stop>,
    /// How its program is asked for its version.
    #[serde(default)]
    pub version: VersionQuery,
    /// The version with which this description was tested.
    #[serde(default)]
    pub tested: Option<String>,
    /// The command that installs its program.
    #[serde(default)]
    pub install: Option<String>,
    /// The command with which a person logs in.
    #[serde(default)]
    pub login: Option<String>,
    /// How its program is asked whether a person has logged in.
    #[serde(default)]
    pub logged_in: LoginQuery,
}

/// What says that the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completion {
    /// A signal in the agent's final message.
    #[default]
    Signal,
    /// A zero exit, with changes.
    Exit,
}

impl Agent {
    /// The provider that answers the agent, whose name is `name`.
    pub fn provider_of<'a>(&'a self, name: &'a str) -> &'a str {
        self.provider.as_deref().unwrap_or(name)
    }

    /// Whether a session can be taken up again: the command line can name one, and its id gets known.
    pub fn has_sessions(&self) -> bool {
        let is_known = match self.session.minted_by {
            MintedBy::Us => self.uses("new_session"),
            MintedBy::Agent => self.output.sets(Field::Session),
        };
        is_known && self.uses("session")
    }

    /// Whether it can be told something new about a task: one that runs the task's own script cannot.
    pub fn can_be_told(&self) -> bool {
        match self.prompt.content {
            Content::Template => true,
            Content::Script => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_can_be_resumed_where_its_id_gets_known_and_can_be_named() {
        let can = |yaml: &str| serde_yaml::from_str::<Agent>(yaml).unwrap().has_sessions();
        let resume = "args: {resume: [--resume, '{session}']}";
        let reads = "output: {format: jsonl, rules: [{when: {/type: init}, set: {session: /id}}]}";
        assert!(can(&format!("{{argv: [tool, '{{args}}'], {resume}, {reads}}}")));
        assert!(!can(&format!("{{argv: [tool, '{{args}}'], {resume}}}")), "nobody knows the id");
        assert!(!can(&format!("{{argv: [tool], {reads}}}")), "nothing names it");
        let minted = "session: {minted_by: us}";
        assert!(!can(&format!("{{argv: [tool, '{{args}}'], {resume}, {minted}}}")), "it is never told the id");
        assert!(can(&format!("{{argv: [tool, --id, '{{new_session}}', '{{args}}'], {resume}, {minted}}}")));
    }
}
