//! Who reviews, as the settings name them: one, several in the order in which they are asked, or nobody.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use super::Config;
use crate::model::choice::{Choice, Overrides};
use crate::model::yaml::BadYaml;

/// Who reviews the work.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reviewer {
    /// A description's name, or the shorthand.
    pub agent: String,
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
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum One {
        Word(String),
        Described(Reviewer),
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Typed {
        Several(Vec<One>),
        One(One),
    }
    let one = |typed: One| match typed {
        One::Word(word) if word == "none" => None,
        One::Word(agent) => Some(Reviewer { agent, model: None, effort: None, rounds: None }),
        One::Described(reviewer) => Some(reviewer),
    };
    let several = match Option::<Typed>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(Typed::One(reviewer)) => vec![reviewer],
        Some(Typed::Several(reviewers)) => reviewers,
    };
    Ok(several.into_iter().filter_map(one).collect())
}

impl Config {
    /// Who reviews, in the order in which they are asked.
    pub fn reviewers(&self) -> Vec<Choice> {
        let choice = |reviewer: &Reviewer| {
            let named = Choice::default();
            let words = Overrides {
                agent: Some(reviewer.agent.clone()),
                model: reviewer.model.clone(),
                effort: reviewer.effort.clone(),
            };
            named.overridden_by(&words)
        };
        self.reviewer.iter().map(choice).collect()
    }

    /// How many rounds of review a cycle may take.
    pub fn review_rounds(&self) -> u32 {
        self.reviewer.iter().find_map(|reviewer| reviewer.rounds).unwrap_or(self.limits.review_rounds)
    }

    pub(super) fn check_reviewers(&self) -> Result<(), BadYaml> {
        for reviewer in &self.reviewer {
            reviewer.agent.parse::<Choice>().map_err(|reason| BadYaml::at_key("reviewer", reason))?;
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
