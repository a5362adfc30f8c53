//! Regular expressions in a description.

use std::fmt;

use regex::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

/// A regular expression in the syntax of the `regex` crate: without look-around and references back, so that it is
/// matched in time linear to the text, whatever a program prints.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct Pattern(#[schemars(with = "String")] Regex);

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        Regex::new(text).map(Self).map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("`{text}` is no regular expression: {reason}")
        })
    }

    /// Whether it matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The first match in `text`, with its groups.
    pub fn captures<'a>(&self, text: &'a str) -> Option<regex::Captures<'a>> {
        self.0.captures(text)
    }

    /// The names of its groups, in order.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().flatten()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_an_expression_is_named() {
        let said = Pattern::parse("a(b").unwrap_err();
        assert_eq!(said, "`a(b` is no regular expression: unclosed group");
        assert!(Pattern::parse("(?=a)").unwrap_err().contains("look-around"));
        let named = Pattern::parse("(?P<clock>x)(y)(?<s>z)").unwrap();
        assert_eq!(named.group_names().collect::<Vec<_>>(), ["clock", "s"]);
    }
}
