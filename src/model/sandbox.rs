//! What stands before the command line of an agent, so that it works in a room of its own: `bwrap …`, or nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::agent::{fill_in, variables_of};
use super::yaml;

/// The places that its words may name between braces.
pub const PLACES: [&str; 7] = ["worktree", "git_dir", "tmp_dir", "run_dir", "queue_dir", "workspace", "home"];

/// The words before an agent's own; none where it is off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sandbox(Vec<String>);

impl Sandbox {
    /// Whether agents work without one.
    pub fn is_off(&self) -> bool {
        self.0.is_empty()
    }

    /// The words with their places filled in, by name. A value's own braces are left alone.
    pub fn words(&self, places: &BTreeMap<&'static str, &str>) -> Vec<String> {
        self.0.iter().map(|word| fill_in(word, &PLACES, places)).collect()
    }

    /// Its program, as it is written.
    pub fn program(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// What the types cannot say: a program stands first, and every place is known.
    ///
    /// # Errors
    /// What is wrong, and what would be right.
    pub fn check(&self) -> Result<(), String> {
        if self.0.first().is_some_and(|program| program.is_empty() || program.contains('{')) {
            return Err("the first part must name the program".to_owned());
        }
        let unknown = self.0.iter().flat_map(|word| variables_of(word)).find(|name| !PLACES.contains(name));
        match unknown {
            None => Ok(()),
            Some(name) => Err(match yaml::nearest(name, PLACES) {
                Some(near) => format!("unknown place {{{name}}}; did you mean {{{near}}}?"),
                None => {
                    let known: Vec<String> = PLACES.iter().map(|known| format!("{{{known}}}")).collect();
                    format!("unknown place {{{name}}}; known are {}", known.join(" "))
                }
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Sandbox {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Sandbox;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of words that stand before an agent's command line, or `none`")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Sandbox, E> {
        Ok(Sandbox::default())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Sandbox, E> {
        if word == "none" { Ok(Sandbox::default()) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Sandbox, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        // An empty list is more likely a slip than a wish for no sandbox: that it runs without one must be said.
        if words.is_empty() { Err(de::Error::invalid_length(0, &self)) } else { Ok(Sandbox(words)) }
    }
}

impl JsonSchema for Sandbox {
    fn schema_name() -> Cow<'static, str> {
        "Sandbox".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1}, {"const": "none"}, {"type": "null"}]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::agent::Agent;
    use crate::model::config::Config;

    #[test]
    fn places_are_filled_in_once_and_other_braces_stay() {
        let config = Config::parse("sandbox: [bwrap, --bind, '{worktree}', '{worktree}/{x}', '{\"a\": 1}']");
        assert!(config.unwrap_err().reason.contains("{x}"));
        let config = Config::parse("sandbox: [bwrap, '{worktree}:{home}', '{\"a\": 1}']").unwrap();
        let places = BTreeMap::from([("worktree", "/w {home}"), ("home", "/h")]);
        assert_eq!(config.sandbox.words(&places), ["bwrap", "/w {home}:/h", "{\"a\": 1}"]);
    }

    #[test]
    fn a_mistake_is_told_with_the_nearest_right_name() {
        for (text, says) in [
            ("sandbox: [bwrap, '{worktre}']", "did you mean {worktree}?"),
            ("sandbox: [bwrap, '{everything_here}']", "known are {worktree} {git_dir}"),
            ("sandbox: ['{worktree}']", "must name the program"),
            ("sandbox: bwrap", "or `none`"),
            ("sandbox: []", "or `none`"),
            ("sandbox: {bwrap: 1}", "or `none`"),
        ] {
            let bad = Config::parse(text).expect_err(text);
            assert!(bad.reason.contains("sandbox") && bad.reason.contains(says), "{text}: {bad:?}");
        }
        let bad = Agent::read("argv: [tool]\nsandbox: [x, '{git_dri}']\n", None).unwrap_err();
        assert!(bad.line == Some(2) && bad.reason.contains("did you mean {git_dir}?"), "{bad:?}");
    }

    #[test]
    fn an_agent_has_its_own_or_none_in_place_of_the_settings() {
        let config = Config::parse("sandbox: [outer]").unwrap();
        let program = |text: &str| {
            let agent = Agent::read(text, None).unwrap();
            config.sandbox_of(&agent).program().map(str::to_owned)
        };
        assert_eq!(program("argv: [tool]").as_deref(), Some("outer"));
        assert_eq!(program("{argv: [tool], sandbox: [inner]}").as_deref(), Some("inner"));
        assert_eq!(program("{argv: [tool], sandbox: none}"), None);
        assert!(
            Config::parse("sandbox: none").unwrap().sandbox.is_off() && Config::parse("").unwrap().sandbox.is_off()
        );
    }
}
