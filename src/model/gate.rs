//! A gate: one command that must succeed on a tree before it may be published.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::span;

/// A command that must succeed. In files it is the command alone, or a map with the keys below.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Gate {
    /// The command line, for `sh -c`; never blank.
    pub run: String,
    /// How long it may take; else the workspace's limit.
    #[serde(serialize_with = "span::serialize_optional", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Exit codes that mean "does not apply here" instead of "failed".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip_exit: Vec<i32>,
}

impl Gate {
    /// The gate that runs `command`, with no time limit of its own.
    pub fn command(command: impl Into<String>) -> Self {
        Self { run: command.into(), timeout: None, skip_exit: Vec::new() }
    }

    fn checked<E: de::Error>(self) -> Result<Self, E> {
        if self.run.trim().is_empty() { Err(E::custom("the command is empty")) } else { Ok(self) }
    }
}

/// The keys of the long form.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Long {
    /// The command line.
    run: String,
    /// How long it may take, such as `15m`.
    #[serde(default, deserialize_with = "span::deserialize_optional")]
    #[schemars(with = "Option<String>")]
    timeout: Option<Duration>,
    /// Exit codes that mean "does not apply here".
    #[serde(default)]
    skip_exit: Vec<i32>,
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Gate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command, or a map with `run`, `timeout` and `skip_exit`")
    }

    fn visit_str<E: de::Error>(self, command: &str) -> Result<Gate, E> {
        Gate::command(command).checked()
    }

    /// `true` and `false` are programs, which YAML takes for truth values.
    fn visit_bool<E: de::Error>(self, command: bool) -> Result<Gate, E> {
        Ok(Gate::command(command.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Gate, A::Error> {
        let Long { run, timeout, skip_exit } = Long::deserialize(MapAccessDeserializer::new(map))?;
        Gate { run, timeout, skip_exit }.checked()
    }
}

impl JsonSchema for Gate {
    fn schema_name() -> Cow<'static, str> {
        "Gate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let long = generator.subschema_for::<Long>();
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "boolean" }, long] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Gate, String> {
        serde_yaml::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_gate_is_a_command_or_a_map() {
        assert_eq!(read("cargo test"), Ok(Gate::command("cargo test")));
        assert_eq!(read("true"), Ok(Gate::command("true")));
        assert_eq!(read("{run: true}"), Ok(Gate::command("true")));
        let long = Gate { run: "x".into(), timeout: Some(Duration::from_secs(900)), skip_exit: vec![77] };
        assert_eq!(read("{run: x, timeout: 15m, skip_exit: [77]}"), Ok(long.clone()));
        assert_eq!(read(&serde_yaml::to_string(&long).unwrap()), Ok(long));
    }

    #[test]
    fn a_gate_that_says_nothing_or_too_much_is_refused() {
        for (text, says) in [
            ("''", "empty"),
            ("{run: ' '}", "empty"),
            ("{timeout: 15m}", "run"),
            ("{run: x, timeout: 15}", "write a unit"),
            ("{run: x, retries: 2}", "retries"),
            ("{run: x, run: y}", "duplicate"),
            ("[x]", "a command, or a map"),
            ("7", "a command, or a map"),
        ] {
            let said = read(text).expect_err(text);
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
