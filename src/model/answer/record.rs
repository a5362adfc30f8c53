//! What stands at the places of one JSON document that somebody looks at.

use std::borrow::Cow;
use std::fmt;

use serde_json::Number;

use crate::model::agent::{Condition, Scalar};

/// What was found in a document, or in one item of an array of it; null is as nothing.
#[derive(Debug, Default)]
pub(super) struct Record<'t> {
    /// By the numbers of the places.
    pub(super) found: Vec<Option<Found<'t>>>,
    /// Of the arrays whose items are looked at by themselves, the items in which something was found.
    pub(super) items: Vec<Item<'t>>,
}

/// An item of an array.
#[derive(Debug)]
pub(super) struct Item<'t> {
    /// The number of the array.
    pub(super) array: usize,
    /// Its place there, from 0.
    pub(super) at: usize,
    pub(super) record: Record<'t>,
}

/// Where a value is found: by the number of its place, or by that in an item of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    Here(usize),
    InItem { array: usize, at: usize, number: usize },
}

/// What stands at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found<'t> {
    /// A value without parts.
    Scalar(Value<'t>),
    /// An object or an array.
    Parts,
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'t> {
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'t, str>),
}

impl<'t> Record<'t> {
    /// Nothing yet, at so many places.
    pub(super) fn of(places: usize) -> Self {
        Self { found: vec![None; places], items: Vec::new() }
    }

    /// Whether nothing was found.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.found.iter().all(Option::is_none)
    }

    /// What stands there.
    pub(super) fn get(&self, spot: Spot) -> Option<&Found<'t>> {
        match spot {
            Spot::Here(number) => self.found.get(number)?.as_ref(),
            Spot::InItem { array, at, number } => {
                let item = self.items.iter().find(|item| item.array == array && item.at == at)?;
                item.record.get(Spot::Here(number))
            }
        }
    }

    /// The value without parts that stands there.
    pub(super) fn value(&self, spot: Spot) -> Option<&Value<'t>> {
        match self.get(spot)? {
            Found::Scalar(value) => Some(value),
            Found::Parts => None,
        }
    }

    /// Whether all of these hold.
    pub(super) fn is_as(&self, asked: &[(Spot, Condition)]) -> bool {
        asked.iter().all(|(spot, condition)| holds(condition, self.get(*spot)))
    }
}

fn holds(condition: &Condition, found: Option<&Found<'_>>) -> bool {
    match (condition, found) {
        (Condition::Exists(exists), found) => found.is_some() == *exists,
        (Condition::Equals(expected), Some(Found::Scalar(value))) => value.is(expected),
        (Condition::Matches { re, .. }, Some(Found::Scalar(value))) => re.is_match(&value.text()),
        (Condition::Matches { or_absent, .. }, None) => *or_absent,
        (Condition::Equals(_) | Condition::Matches { .. }, Some(Found::Parts)) | (Condition::Equals(_), None) => false,
    }
}

impl Value<'_> {
    fn is(&self, expected: &Scalar) -> bool {
        match (self, expected) {
            (Value::Bool(is), Scalar::Bool(expected)) => is == expected,
            (Value::Number(number), Scalar::Number(expected)) => number == expected,
            (Value::Text(text), Scalar::Text(expected)) => text == expected,
            (Value::Bool(_), Scalar::Number(_) | Scalar::Text(_))
            | (Value::Number(_), Scalar::Bool(_) | Scalar::Text(_))
            | (Value::Text(_), Scalar::Bool(_) | Scalar::Number(_)) => false,
        }
    }

    /// It, as it is written.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Value::Text(text) => Cow::Borrowed(text),
            Value::Bool(_) | Value::Number(_) => Cow::Owned(self.to_string()),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(is) => write!(f, "{is}"),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}
