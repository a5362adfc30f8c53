//! A description that begins from another one: what is a map in it is merged key by key, lists and everything else are
//! replaced.
//!
//! The types are merged, not the documents: in those a version such as `1.10` would be a number by then.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::command_line::has_place;
use super::place::line_of;
use super::{Agent, LoginQuery, Output, Prompting, Sessions, UsageFacts, VersionQuery};
use crate::model::yaml::{self, BadYaml};

/// What a file begins from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// It does not say.
    Unsaid,
    /// `base: none`.
    Nothing,
    /// The description of this name, which is named on this line, counted from 1.
    Named(String, Option<usize>),
}

impl Base {
    /// What the description `text` begins from.
    ///
    /// # Errors
    /// A mistake in `text` itself.
    pub fn of(text: &str) -> Result<Self, BadYaml> {
        Ok(match parse(text)?.and_then(|(own, _)| own.base) {
            None => Base::Unsaid,
            Some(name) if name == "none" => Base::Nothing,
            Some(name) => Base::Named(name, line_of(text, "base").map(|(line, _)| line)),
        })
    }
}

impl Agent {
    /// Reads the description `text`, which says what is different from `under`, or everything.
    ///
    /// # Errors
    /// What is wrong, with its line in `text`, also where it is wrong only together with what lies under it.
    pub fn read(text: &str, under: Option<&Agent>) -> Result<Self, BadYaml> {
        let (own, said) = match (parse(text)?, under) {
            (Some(own), _) => own,
            (None, Some(under)) => return Ok(under.clone()),
            (None, None) => {
                let line = Some(text.lines().count() + 1);
                return Err(BadYaml { line, reason: "says nothing: argv is needed".to_owned() });
            }
        };
        let whole = |but: &[String]| match under {
            Some(under) => merged(under, &own, &Said { document: &said, but }),
            None => own.clone(),
        };
        let agent = whole(&[]);
        let Err(bad) = agent.check() else { return Ok(agent) };
        let line = match line_of(text, &bad.key) {
            Some((line, true)) => Some(line),
            near => {
                // It may be named after a key that lies under the file: then the first one without which all is well.
                let harms = |key: &&Vec<String>| under.is_some() && whole(key).check().is_ok();
                let culprit = keys(&said).iter().find(harms).and_then(|key| line_of(text, &key.join(".")));
                culprit.or(near).map(|(line, _)| line)
            }
        };
        Err(BadYaml { line, reason: bad.to_string() })
    }
}

/// What the file says by itself, and the same as a document; `None`: nothing at all.
fn parse(text: &str) -> Result<Option<(Agent, Value)>, BadYaml> {
    match yaml::parse_or_default(text)? {
        Value::Null => Ok(None),
        document => Ok(Some((yaml::parse(text)?, document))),
    }
}

/// Which keys a file says.
struct Said<'a> {
    document: &'a Value,
    /// But for this one.
    but: &'a [String],
}

impl Said<'_> {
    fn has(&self, key: &[&str]) -> bool {
        !self.leaves_out(key) && key.iter().try_fold(self.document, |value, name| value.get(name)).is_some()
    }

    fn leaves_out(&self, key: &[&str]) -> bool {
        self.but.iter().map(String::as_str).eq(key.iter().copied())
    }

    fn pick<T: Clone>(&self, key: &[&str], under: &T, own: &T) -> T {
        if self.has(key) { own.clone() } else { under.clone() }
    }

    /// Both maps, the file's own entries on top.
    fn both<T: Clone>(&self, key: &str, under: &BTreeMap<String, T>, own: &BTreeMap<String, T>) -> BTreeMap<String, T> {
        let own = own.iter().filter(|(name, _)| !self.leaves_out(&[key, name]));
        under.iter().chain(own).map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

/// `own` on top of `under`.
fn merged(under: &Agent, own: &Agent, said: &Said<'_>) -> Agent {
    let argv = said.pick(&["argv"], &under.argv, &own.argv);
    let mut args = said.both("args", &under.args, &own.args);
    // Another command line takes over only those groups for which it has a place.
    args.retain(|name, _| !said.has(&["argv"]) || own.args.contains_key(name) || has_place(&argv, name));
    Agent {
        base: own.base.clone(),
        argv,
        args,
        prompt: Prompting {
            via: said.pick(&["prompt", "via"], &under.prompt.via, &own.prompt.via),
            content: said.pick(&["prompt", "content"], &under.prompt.content, &own.prompt.content),
            guard: said.pick(&["prompt", "guard"], &under.prompt.guard, &own.prompt.guard),
        },
        completion: said.pick(&["completion"], &under.completion, &own.completion),
        output: merged_output(&under.output, &own.output, said),
        session: Sessions {
            minted_by: said.pick(&["session", "minted_by"], &under.session.minted_by, &own.session.minted_by),
            resume_other_dir: said.pick(
                &["session", "resume_other_dir"],
                &under.session.resume_other_dir,
                &own.session.resume_other_dir,
            ),
        },
        provider: said.pick(&["provider"], &under.provider, &own.provider),
        env_pass: said.pick(&["env_pass"], &under.env_pass, &own.env_pass),
        env_set: said.both("env_set", &under.env_set, &own.env_set),
        sandbox: said.pick(&["sandbox"], &under.sandbox, &own.sandbox),
        stop: said.pick(&["stop"], &under.stop, &own.stop),
        version: VersionQuery {
            argv: said.pick(&["version", "argv"], &under.version.argv, &own.version.argv),
            re: said.pick(&["version", "re"], &under.version.re, &own.version.re),
        },
        tested: said.pick(&["tested"], &under.tested, &own.tested),
        install: said.pick(&["install"], &under.install, &own.install),
        login: said.pick(&["login"], &under.login, &own.login),
        logged_in: LoginQuery {
            argv: said.pick(&["logged_in", "argv"], &under.logged_in.argv, &own.logged_in.argv),
            missing: said.pick(&["logged_in", "missing"], &under.logged_in.missing, &own.logged_in.missing),
            unless_env: said.pick(&["logged_in", "unless_env"], &under.logged_in.unless_env, &own.logged_in.unless_env),
        },
    }
}

fn merged_output(under: &Output, own: &Output, said: &Said<'_>) -> Output {
    let (facts, own_facts) = (&under.usage, &own.usage);
    let usage = |name| ["output", "usage", name];
    Output {
        format: said.pick(&["output", "format"], &under.format, &own.format),
        exit_code: said.pick(&["output", "exit_code"], &under.exit_code, &own.exit_code),
        rules: said.pick(&["output", "rules"], &under.rules, &own.rules),
        lines: said.pick(&["output", "lines"], &under.lines, &own.lines),
        usage: UsageFacts {
            input_includes_cached: said.pick(
                &usage("input_includes_cached"),
                &facts.input_includes_cached,
                &own_facts.input_includes_cached,
            ),
            scope: said.pick(&usage("scope"), &facts.scope, &own_facts.scope),
            cost_scope: said.pick(&usage("cost_scope"), &facts.cost_scope, &own_facts.cost_scope),
        },
        classify: said.pick(&["output", "classify"], &under.classify, &own.classify),
        reset_from_text: said.pick(&["output", "reset_from_text"], &under.reset_from_text, &own.reset_from_text),
    }
}

/// The keys of a document whose values are no maps, in its order.
fn keys(document: &Value) -> Vec<Vec<String>> {
    let Value::Mapping(map) = document else { return vec![Vec::new()] };
    let below = |(name, value): (&Value, &Value)| {
        let name = name.as_str().unwrap_or_default().to_owned();
        let longer = move |below: Vec<String>| [name.clone()].into_iter().chain(below).collect();
        keys(value).into_iter().map(longer).collect::<Vec<Vec<String>>>()
    };
    map.iter().flat_map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BELOW: &str = "\
argv: [tool, run, '{args}']
args: {model: [-m, '{model}'], resume: [--resume, '{session}']}
prompt: {via: stdin, guard: 'Task:'}
env_pass: [KEY, URL]
env_set: {CI: '1', QUIET: '1'}
session: {resume_other_dir: true}
output:
  format: jsonl
  usage: {input_includes_cached: false, scope: session}
  rules:
    - {when: {/type: begin}, set: {session: /id}}
tested: '1.0'
";

    fn below() -> Agent {
        Agent::read(BELOW, None).unwrap()
    }

    #[test]
    fn maps_are_merged_key_by_key_and_everything_else_is_replaced() {
        for (under, over, whole) in [
            ("env_set: {A: a}", "env_set: {B: b}", "env_set: {A: a, B: b}"),
            ("env_set: {A: a, B: b}", "env_set: {A: c}", "env_set: {A: c, B: b}"),
            ("args: {model: [-m, x], effort: [-e]}", "args: {model: [x]}", "args: {model: [x], effort: [-e]}"),
            ("argv: [tool, a, b]", "argv: [tool]", "argv: [tool]"),
            (
                "{argv: [tool, '{args}'], args: {model: [-m], resume: [-r]}}",
                "argv: [tool, '{args.resume}']",
                "{argv: [tool, '{args.resume}'], args: {resume: [-r]}}",
            ),
            ("env_pass: [A, B]", "env_pass: []", "env_pass: []"),
            ("completion: exit", "completion: signal", "completion: signal"),
            ("prompt: {guard: a, via: stdin}", "prompt: {guard: b}", "prompt: {guard: b}"),
            ("session: {resume_other_dir: true}", "session: {minted_by: agent}", "session: {resume_other_dir: true}"),
            (
                "output: {format: jsonl, usage: {scope: session}}",
                "output: {usage: {cost_scope: session}}",
                "output: {format: jsonl, usage: {scope: session, cost_scope: session}}",
            ),
            (
                "output: {format: jsonl, rules: [{when: {/a: b}}, {when: {/c: d}}]}",
                "output: {rules: [{when: {/e: f}}]}",
                "output: {format: jsonl, rules: [{when: {/e: f}}]}",
            ),
            ("output: {lines: [{re: a}]}", "output: {lines: [{re: b}]}", "output: {lines: [{re: b}]}"),
            ("output: {classify: [{kind: auth, status: 1}]}", "output: {classify: []}", ""),
            ("output: {reset_from_text: [{re: '(?<days>a)'}]}", "output: {reset_from_text: []}", ""),
            ("stop: [{signal: INT, wait: 1s}]", "stop: []", "stop: []"),
            ("version: {argv: [a], re: b}", "version: {re: c}", "version: {argv: [a], re: c}"),
            (
                "logged_in: {argv: [a], missing: b, unless_env: [C]}",
                "logged_in: {unless_env: []}",
                "logged_in: {argv: [a], missing: b}",
            ),
            ("{tested: '1', install: a, login: b}", "tested: 1.10", "{tested: '1.10', install: a, login: b}"),
            ("env_set: {A: a}", "env_set: {1: 007, B: 1.10}", "env_set: {A: a, '1': '007', B: '1.10'}"),
            ("tested: '1'", "tested: ~", ""),
        ] {
            let alone = |text: &str| {
                let text = if text.is_empty() { "{}" } else { text };
                let mut agent: Agent = serde_yaml::from_str(text).unwrap();
                if agent.argv.is_empty() {
                    agent.argv = vec!["tool".to_owned(), "{args}".to_owned()];
                }
                agent
            };
            assert_eq!(Agent::read(over, Some(&alone(under))).unwrap(), alone(whole), "{under} + {over}");
        }
    }

    #[test]
    fn a_file_says_only_what_is_different() {
        let below = below();
        let over = |text: &str| Agent::read(text, Some(&below)).unwrap();
        for nothing in ["", "# nothing\n", "---\n", "{}"] {
            assert_eq!(over(nothing), below, "{nothing:?}");
        }
        let agent = over("env_set: {CI: '0'}\nargs: {effort: [-e, '{effort}']}\noutput: {usage: {scope: run}}");
        assert_eq!(
            agent.env_set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            ["CI=0", "QUIET=1"]
        );
        assert_eq!(agent.args.keys().collect::<Vec<_>>(), ["effort", "model", "resume"]);
        assert!(!agent.output.usage.input_includes_cached && agent.output.rules.len() == 1);
        assert_eq!(over("env_pass: [OTHER]").env_pass, ["OTHER"]);
        assert_eq!(over("prompt: {guard: ''}").prompt.guard, "");
        assert_eq!(over("argv: [/opt/tool, '{args}']").argv, ["/opt/tool", "{args}"]);
        assert_eq!(over("tested: '2.0'").tested.as_deref(), Some("2.0"));
    }

    #[test]
    fn a_mistake_is_on_its_line_of_the_file_itself_also_where_it_lies_in_the_whole() {
        let below = below();
        for (text, line, says) in [
            ("# mine\nagrv: [tool]\n", 2, "did you mean `argv`?"),
            ("env_set: {A: b}\noutput:\n  usage:\n    scop: run\n", 4, "did you mean `scope`?"),
            ("output:\n  usage: {scope: runs}\n", 2, "did you mean `run`?"),
            ("stop:\n  - {signal: TERM, wait: 5}\n", 2, "write a unit"),
            ("tested: [1.0]\n", 1, "wrong type"),
            ("args:\n  model: [-m]\n  modle: [-m]\n", 3, "did you mean `model`?"),
            ("env_set: {A: b}\nargv:\n  - tool\n  - '{modle}'\n", 2, "did you mean {model}?"),
            ("args:\n  model: ['{modl}']\n", 2, "did you mean {model}?"),
            ("output:\n  rules:\n    - {when: {}}\n", 3, "must ask for something"),
            // Wrong only together with what lies below.
            ("tested: '2'\noutput:\n  format: text\n", 3, "output.rules: read JSON"),
            ("env_set: {A: b}\nprompt:\n  via: arg\n", 3, "no part of argv is {prompt}"),
            ("env_set: {A: b}\nprompt:\n  content: script\n", 3, "prompt.guard: "),
            ("tested: '2'\nsession: {minted_by: us}\n", 2, "no part of argv is {new_session}"),
            ("tested: '2'\nargv: ['']\n", 2, "the first part must name the program"),
            ("tested: '2'\nargv: []\n", 2, "argv: is needed"),
        ] {
            let bad = Agent::read(text, Some(&below)).expect_err(text);
            assert_eq!(bad.line, Some(line), "{text}: {bad:?}");
            assert!(bad.reason.contains(says), "{text}: {bad:?}");
        }
        let bad = Agent::read("tested: '1'\n", None).unwrap_err();
        assert!(bad.line == Some(1) && bad.reason.contains("argv"), "{bad:?}");
    }

    #[test]
    fn a_file_names_what_it_begins_from() {
        for (text, base) in [
            ("", Base::Unsaid),
            ("tested: '1'", Base::Unsaid),
            ("base: none", Base::Nothing),
            ("# x\nbase: claude", Base::Named("claude".to_owned(), Some(2))),
        ] {
            assert_eq!(Base::of(text), Ok(base), "{text}");
        }
        assert_eq!(Base::of("bas: claude").unwrap_err().line, Some(1));
    }
}
