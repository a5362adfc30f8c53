//! An agent is data: how to start its program, how to give it the prompt, when it is done and how to end it.
//!
//! The built-in descriptions are the files under `config/agents/`, embedded; a user's file has the same form.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// One agent's description.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// The command line. The first part is a program on PATH, or a path from the workspace when it holds a slash.
    pub argv: Vec<String>,
    /// Groups put in place of `{args}`, each only when the variable of its name has a value.
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
    /// The variables of the user's environment that it may see, beyond the usual few.
    #[serde(default)]
    pub env_pass: Vec<String>,
    /// Variables set for it.
    #[serde(default)]
    pub env_set: BTreeMap<String, String>,
    /// How to end it: in order, until it is gone.
    #[serde(default = "default_stop")]
    pub stop: Vec<Stop>,
}

/// How the agent gets its prompt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Prompting {
    /// By which way.
    pub via: Via,
    /// What it is told.
    pub content: Content,
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

/// What the agent prints.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// In which form.
    pub format: Format,
}

/// The form of an agent's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text; its end is the final message.
    #[default]
    Text,
}

/// One step of ending an agent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The signal to send.
    pub signal: Signal,
    /// To whom.
    #[serde(default)]
    pub to: Target,
    /// How long to wait for the end before the next step.
    #[serde(deserialize_with = "wait")]
    #[schemars(with = "String")]
    pub wait: Duration,
}

fn wait<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    super::span::Span::deserialize(deserializer).map(|span| span.0)
}

/// The signals that end a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Signal {
    /// SIGINT.
    Int,
    /// SIGTERM.
    Term,
    /// SIGKILL.
    Kill,
}

/// Who gets the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The agent's process group.
    #[default]
    Group,
    /// The agent's first process alone.
    Pid,
}

/// TERM to the group, five seconds of grace, KILL.
pub fn default_stop() -> Vec<Stop> {
    vec![
        Stop { signal: Signal::Term, to: Target::Group, wait: Duration::from_secs(5) },
        Stop { signal: Signal::Kill, to: Target::Group, wait: Duration::from_secs(2) },
    ]
}

/// The values of a command line's variables, by name.
pub type Variables<'a> = BTreeMap<&'static str, &'a str>;

/// The names that a description may use between braces.
pub const VARIABLES: [&str; 9] =
    ["prompt", "prompt_file", "worktree", "model", "effort", "session", "new_session", "task", "run_dir"];

/// A description that cannot be used, with the key at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct BadDescription {
    /// The key.
    pub key: String,
    /// What is wrong with it, and what to do.
    pub reason: String,
}

impl BadDescription {
    fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

impl Agent {
    /// Checks what the types cannot say: known variables, and a way for the prompt to reach the program.
    pub fn check(&self) -> Result<(), BadDescription> {
        if self.argv.first().is_none_or(|program| program.is_empty() || program.contains('{')) {
            return Err(BadDescription::new("argv", "the first part must name the program"));
        }
        let groups = self.args.iter().map(|(name, parts)| (format!("args.{name}"), parts));
        for (key, parts) in std::iter::once(("argv".to_owned(), &self.argv)).chain(groups) {
            for part in parts {
                for name in variables_of(part) {
                    let known = VARIABLES.contains(&name) || (key == "argv" && name == "args" && part == "{args}");
                    if !known {
                        return Err(BadDescription::new(
                            key,
                            format!("unknown variable {{{name}}}; known are {{{}}}", VARIABLES.join("} {")),
                        ));
                    }
                }
            }
        }
        for name in self.args.keys() {
            if !VARIABLES.contains(&name.as_str()) {
                return Err(BadDescription::new(
                    format!("args.{name}"),
                    format!(
                        "is used only when the variable of that name has a value; known are {}",
                        VARIABLES.join(" ")
                    ),
                ));
            }
        }
        let uses = |wanted: &str| {
            self.argv
                .iter()
                .chain(self.args.values().flatten())
                .any(|part| variables_of(part).any(|name| name == wanted))
        };
        match self.prompt.via {
            Via::Arg if !uses("prompt") => {
                Err(BadDescription::new("prompt.via", "is `arg`, but no part of argv is {prompt}"))
            }
            Via::File if !uses("prompt_file") => {
                Err(BadDescription::new("prompt.via", "is `file`, but no part of argv is {prompt_file}"))
            }
            Via::Arg | Via::File | Via::Stdin => Ok(()),
        }
    }

    /// Whether a session of it can be taken up again: it is told which, and the name is given by us at its beginning.
    pub fn has_sessions(&self) -> bool {
        let uses = |wanted: &str| {
            let parts = self.argv.iter().chain(self.args.values().flatten());
            parts.into_iter().any(|part| variables_of(part).any(|name| name == wanted))
        };
        uses("session") && uses("new_session")
    }

    /// The command line with its variables filled in. A group of `args` whose variable has no value is left
    /// out; a variable without value elsewhere becomes empty.
    pub fn command_line(&self, values: &Variables<'_>) -> Vec<String> {
        let fill = |part: &String| fill(part, values);
        let mut line = Vec::new();
        for part in &self.argv {
            if part != "{args}" {
                line.push(fill(part));
                continue;
            }
            for (name, group) in &self.args {
                if values.get(name.as_str()).is_some_and(|value| !value.is_empty()) {
                    line.extend(group.iter().map(fill));
                }
            }
        }
        line
    }
}

/// The names between braces in `part`.
fn variables_of(part: &str) -> impl Iterator<Item = &str> {
    part.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// Replaces each known `{name}` once; a value's own braces are left alone.
fn fill(part: &str, values: &Variables<'_>) -> String {
    let mut filled = String::new();
    let mut rest = part;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        filled.push_str(before);
        match after[1..].split_once('}') {
            Some((name, tail)) if VARIABLES.contains(&name) => {
                filled.push_str(values.get(name).copied().unwrap_or_default());
                rest = tail;
            }
            Some(_) | None => {
                filled.push('{');
                rest = &after[1..];
            }
        }
    }
    filled.push_str(rest);
    filled
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Signal::Int => "INT",
            Signal::Term => "TERM",
            Signal::Kill => "KILL",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(yaml: &str) -> Agent {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn groups_stand_in_only_when_their_variable_has_a_value() {
        let agent =
            agent("{argv: [tool, run, '{args}', '-'], args: {model: [-m, '{model}'], effort: ['--e={effort}']}}");
        assert_eq!(agent.command_line(&Variables::new()), ["tool", "run", "-"]);
        assert_eq!(agent.command_line(&Variables::from([("model", "a:b")])), ["tool", "run", "-m", "a:b", "-"]);
        assert_eq!(
            agent.command_line(&Variables::from([("effort", "{model}"), ("model", "")])),
            ["tool", "run", "--e={model}", "-"]
        );
    }

    #[test]
    fn braces_that_are_no_variable_stay() {
        let agent = agent("{argv: [sh, -c, 'echo ${HOME} {x y} {task}']}");
        assert_eq!(agent.command_line(&Variables::from([("task", "t1")]))[2], "echo ${HOME} {x y} t1");
    }

    #[test]
    fn a_description_that_could_not_work_is_refused() {
        for (yaml, key) in [
            ("{argv: []}", "argv"),
            ("{argv: ['{model}']}", "argv"),
            ("{argv: [tool, '{modle}']}", "argv"),
            ("{argv: [tool], args: {modle: [x]}}", "args.modle"),
            ("{argv: [tool], prompt: {via: arg}}", "prompt.via"),
            ("{argv: [tool], prompt: {via: file}}", "prompt.via"),
        ] {
            assert_eq!(agent(yaml).check().unwrap_err().key, key, "{yaml}");
        }
        assert_eq!(agent("{argv: [tool, '{prompt_file}'], prompt: {via: file}}").check(), Ok(()));
    }
}
