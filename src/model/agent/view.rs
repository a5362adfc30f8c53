//! What a person who watches an agent is shown of its records.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::{Condition, Pointer};

/// One line for a person: what it is, and where its words stand. All pointers begin at the record or, where its rule
/// has an `each`, at the item.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub struct View {
    /// What must hold beyond what the rule asks for.
    pub when: BTreeMap<Pointer, Condition>,
    /// What it is.
    pub kind: Kind,
    /// Where its words stand. A view whose words are not there shows nothing.
    pub words: Pointer,
    /// Where more words stand, shown after them as far as they are there.
    pub with: Vec<Pointer>,
}

/// What a line for a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message of the model.
    Said,
    /// A piece of one: those of records that follow each other are one message.
    Piece,
    /// What the model thought.
    Thought,
    /// A call of a tool, by its name. These are counted.
    Tool,
    /// What a tool gave back.
    Result,
    /// What a tool gave back that failed.
    Failed,
    /// What went wrong with the agent or its provider.
    Error,
    /// Something else that is worth a line.
    Note,
}

/// A view as it is written: the kind is a key, the words are its value.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What the values at these JSON pointers must be, beyond what the rule asks for.
    #[serde(default)]
    when: BTreeMap<Pointer, Condition>,
    /// A message of the model.
    said: Option<Pointer>,
    /// A piece of one: those of records that follow each other are one message.
    piece: Option<Pointer>,
    /// What the model thought.
    thought: Option<Pointer>,
    /// The name of a tool that is called.
    tool: Option<Pointer>,
    /// What a tool gave back.
    result: Option<Pointer>,
    /// What a tool gave back that failed.
    failed: Option<Pointer>,
    /// What went wrong with the agent or its provider.
    error: Option<Pointer>,
    /// Something else that is worth a line.
    note: Option<Pointer>,
    /// More words, shown after the others as far as they are there.
    #[serde(default)]
    with: Vec<Pointer>,
}

impl JsonSchema for View {
    fn schema_name() -> Cow<'static, str> {
        "View".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

impl TryFrom<Written> for View {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        let Written { when, said, piece, thought, tool, result, failed, error, note, with } = written;
        let keys = [
            (Kind::Said, said),
            (Kind::Piece, piece),
            (Kind::Thought, thought),
            (Kind::Tool, tool),
            (Kind::Result, result),
            (Kind::Failed, failed),
            (Kind::Error, error),
            (Kind::Note, note),
        ];
        let mut named = keys.into_iter().filter_map(|(kind, words)| Some((kind, words?)));
        match (named.next(), named.next()) {
            (Some((kind, words)), None) => Ok(Self { when, kind, words, with }),
            (None, _) | (Some(_), Some(_)) => {
                Err("shows exactly one of `said`, `piece`, `thought`, `tool`, `result`, `failed`, `error`, `note`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_shows_one_thing_and_what_belongs_to_it() {
        let view: View = serde_yaml::from_str("{tool: /name, with: [/input/command], when: {/id: 1}}").unwrap();
        assert_eq!((view.kind, view.words.to_string().as_str()), (Kind::Tool, "/name"));
        assert_eq!((view.with.len(), view.when.len()), (1, 1));
        for (yaml, says) in [
            ("{with: [/a]}", "shows exactly one of `said`"),
            ("{said: /a, tool: /b}", "shows exactly one of `said`"),
            ("{says: /a}", "unknown field `says`"),
            ("{said: text}", "`text` is no JSON pointer"),
        ] {
            let error = serde_yaml::from_str::<View>(yaml).expect_err(yaml).to_string();
            assert!(error.contains(says), "{yaml}: {error}");
        }
    }
}
