//! The values of keys that have a few possible ones.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::model::gate::Gate;

/// How soon: P0 is first, P4 last. The smaller one is the more urgent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Priority(u8);

impl Priority {
    /// The priority of `level`, 0 to 4.
    pub fn new(level: u8) -> Option<Self> {
        (level <= 4).then_some(Self(level))
    }

    /// 0 (first) to 4.
    pub fn level(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self(2)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}", self.0)
    }
}

impl<'de> Deserialize<'de> for Priority {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Level)
    }
}

struct Level;

impl Visitor<'_> for Level {
    type Value = Priority;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0 to 4, or P0 to P4")
    }

    fn visit_u64<E: de::Error>(self, level: u64) -> Result<Priority, E> {
        let known = u8::try_from(level).ok().and_then(Priority::new);
        known.ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(level), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Priority, E> {
        let level = text.strip_prefix(['P', 'p']).unwrap_or(text).parse().ok().and_then(Priority::new);
        level.filter(|_| text.len() <= 2).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for Priority {
    fn schema_name() -> Cow<'static, str> {
        "Priority".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "enum": [0, 1, 2, 3, 4, "P0", "P1", "P2", "P3", "P4"] })
    }
}

/// What a task file stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Work for one agent.
    #[default]
    Task,
    /// A roof over other tasks: never claimed, complete when all its children are.
    Epic,
}

/// Who has the last word on the work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    /// The workspace's reviewer, where there is one.
    #[default]
    Auto,
    /// Nobody.
    None,
    /// A person: the task waits in `review/`.
    Human,
}

/// What the work should come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// A change of the repository.
    #[default]
    Change,
    /// No change: a finding, a check.
    NoChange,
}

/// What must succeed before the work is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gates {
    /// These, after the workspace's own.
    Added(Vec<Gate>),
    /// None at all, not even the workspace's; the workspace must allow it.
    None,
}

impl Serialize for Gates {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Added(gates) => gates.serialize(to),
            Self::None => to.serialize_str("none"),
        }
    }
}

impl Default for Gates {
    fn default() -> Self {
        Self::Added(Vec::new())
    }
}

impl<'de> Deserialize<'de> for Gates {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ListOrNone)
    }
}

struct ListOrNone;

impl<'de> Visitor<'de> for ListOrNone {
    type Value = Gates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of commands, or none")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Gates, E> {
        if text == "none" { Ok(Gates::None) } else { Err(E::invalid_value(de::Unexpected::Str(text), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Gates, A::Error> {
        let mut gates = Vec::new();
        while let Some(gate) = list.next_element()? {
            gates.push(gate);
        }
        Ok(Gates::Added(gates))
    }
}

impl JsonSchema for Gates {
    fn schema_name() -> Cow<'static, str> {
        "Gates".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let gate = generator.subschema_for::<Gate>();
        json_schema!({ "anyOf": [{ "const": "none" }, { "type": "array", "items": gate }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_a_number_or_a_p_and_a_number() {
        for (text, level) in [("0", 0), ("4", 4), ("P0", 0), ("p3", 3), ("'1'", 1), ("P4", 4)] {
            assert_eq!(serde_yaml::from_str::<Priority>(text).expect(text).level(), level, "{text}");
        }
        for text in ["5", "-1", "P5", "PP1", "P", "P+1", "high", "2.0", "true", "[1]", "P00", "''"] {
            let said = serde_yaml::from_str::<Priority>(text).expect_err(text).to_string();
            assert!(said.contains("0 to 4, or P0 to P4"), "{text}: {said}");
        }
        assert!(Priority::new(0) < Priority::new(4));
        assert_eq!(Priority::default().to_string(), "P2");
    }

    #[test]
    fn gates_are_a_list_or_the_word_none() {
        let two = Gates::Added(vec![Gate::command("a"), Gate::command("b")]);
        assert_eq!(serde_yaml::from_str::<Gates>("[a, {run: b}]").unwrap(), two);
        assert_eq!(serde_yaml::from_str::<Gates>("none").unwrap(), Gates::None);
        assert_eq!(serde_yaml::from_str::<Gates>("[]").unwrap(), Gates::default());
        assert_eq!(serde_json::to_string(&Gates::None).unwrap(), "\"none\"");
        for text in ["cargo test", "None", "false", "{run: x}", "0"] {
            let said = serde_yaml::from_str::<Gates>(text).expect_err(text).to_string();
            assert!(said.contains("a list of commands, or none"), "{text}: {said}");
        }
    }
}
