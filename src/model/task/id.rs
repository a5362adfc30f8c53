//! A task's id: the stem of its file's name.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::values::checked_text;

const MAX_LENGTH: usize = 100;

/// The id of a task. It is safe as a file's name and as a part of a git reference, and cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(Arc<str>);

/// Why a text is no id, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadId {
    /// There is nothing.
    #[error("an id is empty: give the task a name, such as fix-typo")]
    Empty,
    /// It is longer than 100 characters; holds the length.
    #[error("an id has {0} characters: shorten it to at most 100")]
    TooLong(usize),
    /// It begins with something else than a letter or a digit.
    #[error("the id `{0}` must begin with a letter or a digit (a-z, A-Z, 0-9): rename it")]
    Start(String),
    /// It holds a character that is not allowed.
    #[error("the id `{id}` holds {found:?}: use only letters, digits, `.`, `_` and `-`")]
    Character {
        /// The whole text.
        id: String,
        /// The first wrong character.
        found: char,
    },
    /// It holds `..`.
    #[error("the id `{0}` holds `..`: use single dots")]
    TwoDots(String),
    /// It ends in `.lock`.
    #[error("the id `{0}` ends in `.lock`, which git keeps for itself: choose another ending")]
    Lock(String),
}

impl TaskId {
    /// Checks `text` against the rule for ids: `[A-Za-z0-9][A-Za-z0-9._-]{0,99}`, no `..`, no `.lock` at the end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-');
        let length = text.chars().count();
        if length > MAX_LENGTH {
            return Err(BadId::TooLong(length));
        }
        match text.chars().next() {
            None => return Err(BadId::Empty),
            Some(first) if allowed(first) && !first.is_ascii_alphanumeric() => {
                return Err(BadId::Start(text.to_owned()));
            }
            Some(_) => {}
        }
        if let Some(found) = text.chars().find(|char| !allowed(*char)) {
            return Err(BadId::Character { id: text.to_owned(), found });
        }
        if text.contains("..") {
            return Err(BadId::TwoDots(text.to_owned()));
        }
        if text.ends_with(".lock") {
            return Err(BadId::Lock(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the task's file: `<id>.md`.
    pub fn file_name(&self) -> String {
        format!("{}.md", self.0)
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskId({})", self.0)
    }
}

impl AsRef<str> for TaskId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        Self::parse(text)
    }
}

impl Serialize for TaskId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TaskId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked_text(from, |text| Self::parse(text).map_err(|bad| bad.to_string()))
    }
}

impl JsonSchema for TaskId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TaskId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_ids_are_taken_as_they_are() {
        let longest = "a".repeat(100);
        for text in ["fix-typo", "0", "A.b_c-9", "2026.11", "a.", "a-", "x.lock.y", "lock", &longest] {
            let id = TaskId::parse(text).expect(text);
            assert_eq!(id.as_str(), text);
            assert_eq!(id.to_string(), text);
            assert_eq!(id.file_name(), format!("{text}.md"));
            assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_yaml::from_str::<TaskId>(text).unwrap(), id);
        }
    }

    #[test]
    fn bad_ids_are_refused_with_what_to_do() {
        let long = "a".repeat(101);
        for (text, says) in [
            ("", "give the task a name"),
            (long.as_str(), "101 characters"),
            (".hidden", "begin with a letter"),
            ("-n", "begin with a letter"),
            ("a b", "' '"),
            ("a/b", "'/'"),
            ("a\nb", "'\\n'"),
            ("ümlaut", "'ü'"),
            ("é", "'é'"),
            ("a..b", "single dots"),
            ("a.lock", "another ending"),
            ("a\0", "'\\0'"),
        ] {
            let said = TaskId::parse(text).expect_err(text).to_string();
            assert!(said.contains(says), "{text:?}: {said}");
        }
    }

    proptest! {
        #[test]
        fn the_rule_is_the_documented_pattern(text in "[A-Za-z0-9._/ -]{0,12}(\\.lock)?") {
            let mut chars = text.chars();
            let pattern = chars.next().is_some_and(|char| char.is_ascii_alphanumeric())
                && chars.all(|char| char.is_ascii_alphanumeric() || "._-".contains(char));
            let good = pattern && !text.contains("..") && !text.ends_with(".lock");
            prop_assert_eq!(TaskId::parse(&text).is_ok(), good);
        }
    }
}
