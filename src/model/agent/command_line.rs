//! The command line of an agent, with its variables filled in.

use std::collections::{BTreeMap, BTreeSet};

use super::Agent;

/// The values of a command line's variables, by name.
pub type Variables<'a> = BTreeMap<&'static str, &'a str>;

/// The names that a description may use between braces.
pub const VARIABLES: [&str; 9] =
    ["prompt", "prompt_file", "worktree", "model", "effort", "session", "new_session", "task", "run_dir"];

/// Where the groups stand that no other part places.
pub(super) const ALL_GROUPS: &str = "{args}";

impl Agent {
    /// The command line with its variables filled in. A group of `args` whose variable has no value is left
    /// out; a variable without value elsewhere becomes empty.
    pub fn command_line(&self, values: &Variables<'_>) -> Vec<String> {
        let placed: BTreeSet<&str> = self.argv.iter().filter_map(|part| placed_group(part)).collect();
        let mut line = Vec::new();
        for part in &self.argv {
            if part == ALL_GROUPS {
                let rest = self.args.keys().map(String::as_str).filter(|name| !placed.contains(name));
                line.extend(rest.flat_map(|name| self.group(name, values)));
            } else if let Some(name) = placed_group(part) {
                line.extend(self.group(name, values));
            } else {
                line.push(fill_in(part, &VARIABLES, values));
            }
        }
        line
    }

    /// One group, filled in; empty where its variable has no value.
    fn group(&self, name: &str, values: &Variables<'_>) -> Vec<String> {
        let stands = values.get(variable_of_group(name)).is_some_and(|value| !value.is_empty());
        let parts = self.args.get(name).filter(|_| stands);
        parts.into_iter().flatten().map(|part| fill_in(part, &VARIABLES, values)).collect()
    }

    /// Whether some part of the command line names the variable `wanted`.
    pub(super) fn uses(&self, wanted: &str) -> bool {
        let parts = self.argv.iter().chain(self.args.values().flatten());
        parts.flat_map(|part| variables_of(part)).any(|name| name == wanted)
    }
}

/// The group that a part such as `{args.resume}` places.
pub(super) fn placed_group(part: &str) -> Option<&str> {
    part.strip_prefix("{args.")?.strip_suffix('}')
}

/// Whether a command line has a place for the group of that name.
pub(super) fn has_place(argv: &[String], group: &str) -> bool {
    argv.iter().any(|part| part == ALL_GROUPS || placed_group(part) == Some(group))
}

/// The variable that must have a value for the group to stand.
pub(super) fn variable_of_group(name: &str) -> &str {
    match name {
        "resume" => "session",
        name => name,
    }
}

/// The names between braces in `part`.
pub(in crate::model) fn variables_of(part: &str) -> impl Iterator<Item = &str> {
    part.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
        .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

/// Replaces each `{name}` among `known` once; a value's own braces are left alone.
pub(in crate::model) fn fill_in(part: &str, known: &[&str], values: &Variables<'_>) -> String {
    let mut filled = String::new();
    let mut rest = part;
    while let Some(open) = rest.find('{') {
        let (before, after) = rest.split_at(open);
        filled.push_str(before);
        match after[1..].split_once('}') {
            Some((name, tail)) if known.contains(&name) => {
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
    fn a_group_can_stand_in_a_place_of_its_own() {
        let agent = agent(
            "{argv: [tool, exec, '{args.resume}', --json, '{args}', '-'],
              args: {model: [-m, '{model}'], resume: [resume, '{session}']}}",
        );
        let line = |values| agent.command_line(&Variables::from(values));
        assert_eq!(line([("model", "m"), ("session", "")]), ["tool", "exec", "--json", "-m", "m", "-"]);
        assert_eq!(
            line([("model", "m"), ("session", "s1")]),
            ["tool", "exec", "resume", "s1", "--json", "-m", "m", "-"]
        );
    }

    #[test]
    fn braces_that_are_no_variable_stay() {
        let agent = agent("{argv: [sh, -c, 'echo ${HOME} {x y} {task}']}");
        assert_eq!(agent.command_line(&Variables::from([("task", "t1")]))[2], "echo ${HOME} {x y} t1");
    }
}
