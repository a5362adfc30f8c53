//! What the types of a description cannot say.

use super::command_line::{ALL_GROUPS, has_place, placed_group, variable_of_group, variables_of};
use super::{Agent, Content, Format, MintedBy, Output, Unit, VARIABLES, Via};
use crate::model::yaml;

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
    /// Checks what the types cannot say: known variables, a way for the prompt to reach the program, rules that can
    /// do something.
    ///
    /// # Errors
    /// The first key at fault.
    pub fn check(&self) -> Result<(), BadDescription> {
        match self.argv.first() {
            None => {
                return Err(BadDescription::new(
                    "argv",
                    "is needed, or the name of a description to begin from, `base`",
                ));
            }
            Some(program) if program.is_empty() || program.contains('{') => {
                return Err(BadDescription::new("argv", "the first part must name the program"));
            }
            Some(_) => {}
        }
        self.check_variables()?;
        if let Some(sandbox) = &self.sandbox {
            sandbox.check().map_err(|reason| BadDescription::new("sandbox", reason))?;
        }
        self.check_groups()?;
        self.check_prompt()?;
        if self.session.minted_by == MintedBy::Us && !self.uses("new_session") {
            return Err(BadDescription::new("session.minted_by", "is `us`, but no part of argv is {new_session}"));
        }
        if !self.logged_in.argv.is_empty() && self.logged_in.missing.is_none() {
            return Err(BadDescription::new(
                "logged_in.missing",
                "must match what is printed where nobody has logged in",
            ));
        }
        check_output(&self.output)
    }

    fn check_variables(&self) -> Result<(), BadDescription> {
        let groups = self.args.iter().map(|(name, parts)| (format!("args.{name}"), parts));
        for (key, parts) in std::iter::once(("argv".to_owned(), &self.argv)).chain(groups) {
            for part in parts {
                for name in variables_of(part) {
                    let known = VARIABLES.contains(&name) || (key == "argv" && part == ALL_GROUPS);
                    if !known {
                        return Err(BadDescription::new(
                            key,
                            format!(
                                "unknown variable {{{name}}}; {}",
                                near(name, &VARIABLES, |known| format!("{{{known}}}"))
                            ),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), BadDescription> {
        let known: Vec<&str> = VARIABLES.into_iter().chain(["resume"]).collect();
        for (name, parts) in &self.args {
            if !VARIABLES.contains(&variable_of_group(name)) {
                return Err(BadDescription::new(
                    format!("args.{name}"),
                    format!(
                        "is used only when the variable of that name has a value; {}",
                        near(name, &known, |known| format!("`{known}`"))
                    ),
                ));
            }
            if !parts.is_empty() && !has_place(&self.argv, name) {
                return Err(BadDescription::new(
                    format!("args.{name}"),
                    format!(
                        "no part of argv is {ALL_GROUPS} or {{args.{name}}}, so these words never reach the program"
                    ),
                ));
            }
        }
        match self.argv.iter().find(|part| placed_group(part).is_some_and(|name| !self.args.contains_key(name))) {
            Some(part) => Err(BadDescription::new("argv", format!("{part} names no group of args"))),
            None => Ok(()),
        }
    }

    fn check_prompt(&self) -> Result<(), BadDescription> {
        if self.prompt.content == Content::Script && !self.prompt.guard.is_empty() {
            return Err(BadDescription::new("prompt.guard", "would be run as a part of the script; leave it out"));
        }
        match self.prompt.via {
            Via::Arg if !self.uses("prompt") => {
                Err(BadDescription::new("prompt.via", "is `arg`, but no part of argv is {prompt}"))
            }
            Via::File if !self.uses("prompt_file") => {
                Err(BadDescription::new("prompt.via", "is `file`, but no part of argv is {prompt_file}"))
            }
            Via::Arg | Via::File | Via::Stdin => Ok(()),
        }
    }
}

/// The name that was most likely meant, or all of them.
fn near(wrong: &str, known: &[&str], shown: impl Fn(&str) -> String) -> String {
    match yaml::nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean {}?", shown(near)),
        None => format!("known are {}", known.iter().map(|name| shown(name)).collect::<Vec<_>>().join(" ")),
    }
}

fn check_output(output: &Output) -> Result<(), BadDescription> {
    if output.format == Format::Text && !output.rules.is_empty() {
        return Err(BadDescription::new("output.rules", "read JSON, but the format is `text`; write `format: jsonl`"));
    }
    for (at, rule) in output.rules.iter().enumerate() {
        if rule.when.is_empty() {
            return Err(BadDescription::new(format!("output.rules[{at}].when"), "must ask for something"));
        }
        if rule.each.is_some() && rule.show.is_empty() {
            let reason = "says of which array each item is shown; say what in `show`";
            return Err(BadDescription::new(format!("output.rules[{at}].each"), reason));
        }
    }
    for (at, rule) in output.lines.iter().enumerate() {
        for group in rule.set.values() {
            if !rule.re.group_names().any(|name| name == group) {
                return Err(BadDescription::new(
                    format!("output.lines[{at}].set"),
                    format!("the expression has no group (?<{group}>…)"),
                ));
            }
        }
    }
    for (at, class) in output.classify.iter().enumerate() {
        if class.status.is_none() && class.code.is_none() && class.text.is_none() {
            return Err(BadDescription::new(
                format!("output.classify[{at}]"),
                "must ask for a status, a code or a text",
            ));
        }
    }
    for (at, reset) in output.reset_from_text.iter().enumerate() {
        if !reset.re.group_names().any(|name| Unit::ALL.iter().any(|unit| unit.group() == name)) {
            let known = Unit::ALL.map(Unit::group).join(" ");
            return Err(BadDescription::new(
                format!("output.reset_from_text[{at}].re"),
                format!("needs a group that says the unit, such as (?<seconds>[0-9]+); known are {known}"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(yaml: &str) -> Agent {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_description_that_could_not_work_is_refused() {
        for (yaml, key) in [
            ("{argv: []}", "argv"),
            ("{argv: ['{model}']}", "argv"),
            ("{argv: [tool, '{modle}']}", "argv"),
            ("{argv: [tool, '{args.model}']}", "argv"),
            ("{argv: [tool], args: {modle: [x]}}", "args.modle"),
            ("{argv: [tool], args: {model: ['{args}']}}", "args.model"),
            ("{argv: [tool, '{args.resume}'], args: {resume: [r], model: [m]}}", "args.model"),
            ("{argv: [tool], prompt: {via: arg}}", "prompt.via"),
            ("{argv: [tool], prompt: {via: file}}", "prompt.via"),
            ("{argv: [tool], prompt: {content: script, guard: x}}", "prompt.guard"),
            ("{argv: [tool], session: {minted_by: us}}", "session.minted_by"),
            ("{argv: [tool], logged_in: {argv: [tool, status]}}", "logged_in.missing"),
            ("{argv: [tool], output: {rules: [{when: {/a: b}}]}}", "output.rules"),
            ("{argv: [tool], output: {format: jsonl, rules: [{when: {}}]}}", "output.rules[0].when"),
            ("{argv: [tool], output: {format: jsonl, rules: [{when: {/a: b}, each: /c}]}}", "output.rules[0].each"),
            ("{argv: [tool], output: {lines: [{re: x, set: {text: y}}]}}", "output.lines[0].set"),
            ("{argv: [tool], output: {classify: [{kind: auth}]}}", "output.classify[0]"),
            ("{argv: [tool], output: {reset_from_text: [{re: '(?<s>x)'}]}}", "output.reset_from_text[0].re"),
        ] {
            assert_eq!(agent(yaml).check().unwrap_err().key, key, "{yaml}");
        }
        assert_eq!(agent("{argv: [tool, '{prompt_file}'], prompt: {via: file}}").check(), Ok(()));
        assert_eq!(agent("{argv: [tool, '{args.resume}'], args: {resume: ['{session}']}}").check(), Ok(()));
    }

    #[test]
    fn a_mistake_in_a_rule_is_named_with_its_key_and_line() {
        for (rule, says) in [
            ("{when: {type: x}}", "`type` is no JSON pointer"),
            ("{when: {/type: {re: '('}}}", "is no regular expression"),
            ("{when: {/type: x}, set: {session: thread_id}}", "`thread_id` is no JSON pointer"),
            ("{when: {/type: x}, set: {sesion: /id}}", "did you mean `session`"),
            ("{when: {/type: x}, add: {text: /id}}", "text"),
            ("{when: {/type: x}, flag: finished}", "finished"),
            ("{when: {/type: x}, sett: {text: /a}}", "did you mean `set`"),
            ("{when: {/type: x}, show: [{sayd: /a}]}", "did you mean `said`"),
            ("{when: {/type: x}, show: [{said: a}]}", "`a` is no JSON pointer"),
            ("{when: {/type: x}, show: [{with: [/a]}]}", "exactly one of `said`"),
            ("{when: {/type: x}, eech: /a, show: [{said: /a}]}", "did you mean `each`"),
        ] {
            let text = format!("argv: [tool]\noutput:\n  format: jsonl\n  rules:\n    - {rule}\n");
            let bad = yaml::parse::<Agent>(&text).expect_err(rule);
            assert!(bad.reason.contains(says), "{rule}: {}", bad.reason);
            assert!(bad.reason.contains("output.rules[0]"), "{rule}: {}", bad.reason);
            assert_eq!(bad.line, Some(5), "{rule}: {}", bad.reason);
        }
    }
}
