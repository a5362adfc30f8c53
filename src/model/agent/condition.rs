//! What a rule asks of one value in a record.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Number;

use super::Pattern;

/// What a rule asks of one value: a literal, `{re: …}` or `{exists: …}`.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Condition {
    /// It is this.
    Equals(Scalar),
    /// It is a text, a number or a truth value, and the expression matches it as it is written.
    #[schemars(with = "Asked")]
    Matches {
        /// The expression.
        re: Pattern,
        /// Whether a value that is not there will do too.
        or_absent: bool,
    },
    /// It is there, or is not; null is not there.
    #[schemars(with = "Asked")]
    Exists(bool),
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Scalar {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(#[schemars(with = "f64")] Number),
    /// A text.
    Text(String),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Bool(is) => write!(f, "{is}"),
            Scalar::Number(number) => write!(f, "{number}"),
            Scalar::Text(text) => f.write_str(text),
        }
    }
}

/// A condition as it is written with keys.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The regular expression that must match.
    re: Option<Pattern>,
    /// Beside `re`: a value that is not there will do too.
    or_absent: Option<bool>,
    /// Whether the value must be there.
    exists: Option<bool>,
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = Condition;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false, {re: …} or {exists: …}")
    }

    fn visit_bool<E: de::Error>(self, is: bool) -> Result<Condition, E> {
        Ok(Condition::Equals(Scalar::Bool(is)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Condition, E> {
        Ok(Condition::Equals(Scalar::Number(number.into())))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Condition, E> {
        Ok(Condition::Equals(Scalar::Number(number.into())))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Condition, E> {
        let number = Number::from_f64(number).ok_or_else(|| E::custom("a number in JSON is finite"))?;
        Ok(Condition::Equals(Scalar::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Condition, E> {
        Ok(Condition::Equals(Scalar::Text(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Condition, A::Error> {
        match Asked::deserialize(MapAccessDeserializer::new(map))? {
            Asked { re: Some(re), or_absent, exists: None } => {
                Ok(Condition::Matches { re, or_absent: or_absent.unwrap_or(false) })
            }
            Asked { re: None, or_absent: None, exists: Some(exists) } => Ok(Condition::Exists(exists)),
            Asked { re: _, or_absent: _, exists: _ } => Err(de::Error::custom(
                "a condition is {re: …}, {re: …, or_absent: true} or {exists: …}, and nothing beside it",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(yaml: &str) -> Result<Condition, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn a_condition_is_a_literal_an_expression_or_a_presence() {
        let re = || Pattern::parse("^x$").unwrap();
        for (yaml, expected) in [
            ("stop", Condition::Equals(Scalar::Text("stop".into()))),
            ("'0'", Condition::Equals(Scalar::Text("0".into()))),
            ("0", Condition::Equals(Scalar::Number(0.into()))),
            ("-3", Condition::Equals(Scalar::Number((-3).into()))),
            ("false", Condition::Equals(Scalar::Bool(false))),
            ("{exists: true}", Condition::Exists(true)),
            ("{re: '^x$'}", Condition::Matches { re: re(), or_absent: false }),
            ("{re: '^x$', or_absent: true}", Condition::Matches { re: re(), or_absent: true }),
        ] {
            assert_eq!(condition(yaml), Ok(expected), "{yaml}");
        }
    }

    #[test]
    fn a_condition_that_means_nothing_is_refused() {
        for (yaml, says) in [
            ("{}", "a condition is"),
            ("{re: x, exists: true}", "a condition is"),
            ("{exists: true, or_absent: true}", "a condition is"),
            ("{re: '('}", "no regular expression"),
            ("{regex: x}", "unknown field `regex`"),
            ("[a]", "a text, a number"),
            ("~", "a text, a number"),
        ] {
            let said = condition(yaml).expect_err(yaml);
            assert!(said.contains(says), "{yaml}: {said}");
        }
    }
}
