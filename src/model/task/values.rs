//! Values that are texts or numbers with a rule. A rule is checked while the value is read, so that the parser can
//! say on which line it is broken.

use std::fmt;

use globset::Glob;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// Reads a text and checks it.
pub(super) fn checked_text<'de, D: Deserializer<'de>, T>(
    from: D,
    check: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    from.deserialize_str(Checked(check))
}

struct Checked<F>(F);

impl<T, F: FnOnce(&str) -> Result<T, String>> Visitor<'_> for Checked<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

fn not_blank(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("the text is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// A text that is not blank.
pub(super) struct Words(pub(super) String);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked_text(from, not_blank).map(Self)
    }
}

/// A glob.
pub(super) struct Pattern(pub(super) String);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let glob = |text: &str| match Glob::new(text) {
            Ok(_) => not_blank(text),
            Err(error) => Err(error.to_string()),
        };
        checked_text(from, glob).map(Self)
    }
}

/// An amount of money: finite, not below 0.
pub(super) struct Dollars(pub(super) f64);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(from)?;
        if amount.is_finite() && amount >= 0.0 {
            Ok(Self(amount))
        } else {
            Err(de::Error::invalid_value(de::Unexpected::Float(amount), &"an amount that is not below 0"))
        }
    }
}
