//! What EDN and JSON have in common: enough for settings and tasks.

use crate::model::edn::{self, Edn};

/// A value, whichever of the two it was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// `nil`, `null`.
    Nothing,
    /// True or false.
    Truth(bool),
    /// A number as it was written.
    Number(String),
    /// A text, a keyword without its colon, a symbol or a character.
    Text(String),
    /// A list, a vector or a set.
    List(Vec<Datum>),
    /// Keys with their values; a key without colon and namespace.
    Map(Vec<(String, Datum)>),
}

/// Reads JSON.
///
/// # Errors
/// The line, which counts from 1, and the reason.
pub fn read_json(text: &str) -> Result<Datum, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let reason = said.rsplit_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
        (error.line().max(1), reason.to_owned())
    })?;
    Ok(from_json(value))
}

/// Reads the first value of a text in EDN, and gives the line on which more stands after it; no value counts as `nil`.
///
/// # Errors
/// The line, which counts from 1, and the reason.
pub fn read_edn(text: &str) -> Result<(Datum, Option<usize>), (usize, String)> {
    match edn::read(text) {
        Ok(Some((value, more))) => Ok((from_edn(value), more)),
        Ok(None) => Ok((Datum::Nothing, None)),
        Err(bad) => Err((bad.line, bad.reason)),
    }
}

fn from_json(value: serde_json::Value) -> Datum {
    use serde_json::Value;
    match value {
        Value::Null => Datum::Nothing,
        Value::Bool(truth) => Datum::Truth(truth),
        Value::Number(number) => Datum::Number(number.to_string()),
        Value::String(text) => Datum::Text(text),
        Value::Array(values) => Datum::List(values.into_iter().map(from_json).collect()),
        Value::Object(map) => Datum::Map(map.into_iter().map(|(key, value)| (key, from_json(value))).collect()),
    }
}

fn from_edn(value: Edn) -> Datum {
    match value {
        Edn::Nil => Datum::Nothing,
        Edn::Bool(truth) => Datum::Truth(truth),
        Edn::Number(number) => Datum::Number(number),
        Edn::Text(text) | Edn::Keyword(text) | Edn::Symbol(text) => Datum::Text(text),
        Edn::Char(char) => Datum::Text(char.into()),
        Edn::List(values) | Edn::Vector(values) | Edn::Set(values) => {
            Datum::List(values.into_iter().map(from_edn).collect())
        }
        Edn::Map(entries) => {
            let entries = entries.into_iter().map(|(key, value)| (key_of(key), from_edn(value)));
            Datum::Map(entries.collect())
        }
        // What a tag would make of it is known to the program that wrote it; the value itself is there to be read.
        Edn::Tagged(_, value) => from_edn(*value),
    }
}

/// A key as a word: `:task/id` is the `id` of a task.
fn key_of(key: Edn) -> String {
    match key {
        Edn::Keyword(name) | Edn::Symbol(name) => name.rsplit('/').next().unwrap_or_default().to_owned(),
        other => from_edn(other).shown(),
    }
}

impl Datum {
    /// The value of a key, where this is a map that has it with a value.
    pub fn get(&self, key: &str) -> Option<&Datum> {
        let Datum::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value).filter(|value| !value.is_nothing())
    }

    /// Whether it says nothing.
    pub fn is_nothing(&self) -> bool {
        *self == Datum::Nothing
    }

    /// One word or text; a number counts as one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Datum::Text(text) | Datum::Number(text) => Some(text),
            Datum::Nothing | Datum::Truth(_) | Datum::List(_) | Datum::Map(_) => None,
        }
    }

    /// A whole number, not below 0.
    pub fn count(&self) -> Option<u64> {
        match self {
            Datum::Number(number) => number.parse().ok(),
            Datum::Nothing | Datum::Truth(_) | Datum::Text(_) | Datum::List(_) | Datum::Map(_) => None,
        }
    }

    /// Texts: a list of them, or one alone.
    pub fn texts(&self) -> Option<Vec<String>> {
        match self {
            Datum::List(values) => values.iter().map(|value| value.text().map(str::to_owned)).collect(),
            Datum::Text(_) | Datum::Number(_) => self.text().map(|text| vec![text.to_owned()]),
            Datum::Nothing | Datum::Truth(_) | Datum::Map(_) => None,
        }
    }

    /// As it is shown in one line.
    pub fn shown(&self) -> String {
        match self {
            Datum::Nothing => "nothing".to_owned(),
            Datum::Truth(truth) => truth.to_string(),
            Datum::Number(text) | Datum::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Datum::List(values) => values.iter().map(Datum::shown).collect::<Vec<_>>().join(", "),
            Datum::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}: {}", value.shown())).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }
}
