//! Who reviews, as the settings name them: one, several in the order in which they are asked, or nobody.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Config;
use crate::model::choice::Choice;
use crate::model::choices::{Choices, Overrides};
use crate::model::yaml::BadYaml;

/// Who reviews the work.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reviewer {
    /// A description's name, or the shorthand; or a list of them.
    pub agent: Choices,
    /// The model.
    #[serde(default)]
    pub model: Option<String>,
    /// The effort.
    #[serde(default)]
    pub effort: Option<String>,
    /// At most so many rounds.
    #[serde(default)]
    pub rounds: Option<u32>,
}

pub(super) fn reviewers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Reviewer>, D::Error> {
    deserializer.deserialize_any(Several)
}

/// One of them; `None` for nobody.
struct Named(Option<Reviewer>);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(One)
    }
}

/// What one may look like. Told apart by hand, so that a mistake in it is named.
struct One;

impl<'de> Visitor<'de> for One {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's name, or a map with `agent`, `model`, `effort` and `rounds`")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Named, E> {
        if word == "none" {
            return Ok(Named(None));
        }
        let agent = Choices::deserialize(word.into_deserializer())?;
        Ok(Named(Some(Reviewer { agent, model: None, effort: None, rounds: None })))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        Reviewer::deserialize(MapAccessDeserializer::new(map)).map(|reviewer| Named(Some(reviewer)))
    }
}

/// What all of them may look like.
struct Several;

impl<'de> Visitor<'de> for Several {
    type Value = Vec<Reviewer>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's name, a map with `agent`, or a list of these")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Vec<Reviewer>, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Vec<Reviewer>, E> {
        One.visit_str(word).map(|named| named.0.into_iter().collect())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Vec<Reviewer>, A::Error> {
        One.visit_map(map).map(|named| named.0.into_iter().collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Reviewer>, A::Error> {
        let mut reviewers = Vec::new();
        while let Some(Named(named)) = list.next_element()? {
            reviewers.extend(named);
        }
        Ok(reviewers)
    }
}

impl Config {
    /// Who reviews, in the order in which they are asked.
    pub fn reviewers(&self) -> Vec<Choice> {
        let choices = |reviewer: &Reviewer| {
            let words = Overrides { agent: None, model: reviewer.model.clone(), effort: reviewer.effort.clone() };
            reviewer.agent.overridden_by(&words).iter().cloned().collect::<Vec<_>>()
        };
        self.reviewer.iter().flat_map(choices).collect()
    }

    /// How many rounds of review a cycle may take.
    pub fn review_rounds(&self) -> u32 {
        self.reviewer.iter().find_map(|reviewer| reviewer.rounds).unwrap_or(self.limits.review_rounds)
    }

    pub(super) fn check_reviewers(&self) -> Result<(), BadYaml> {
        for reviewer in &self.reviewer {
            let refused = reviewer.agent.refuse_model(reviewer.model.as_deref());
            refused.map_err(|reason| BadYaml::at_key("reviewer.model", reason))?;
            if reviewer.rounds == Some(0) {
                return Err(BadYaml::at_key("reviewer.rounds", "0 would let nothing in; `reviewer: none` asks nobody"));
            }
        }
        if self.limits.review_rounds == 0 {
            return Err(BadYaml::at_key(
                "limits.review_rounds",
                "0 would let nothing in; `reviewer: none` asks nobody",
            ));
        }
        Ok(())
    }
}
