//! Agents in the order in which they are asked: one, or several of whom the next is asked where those before it cannot
//! be. It is written `claude`, or `[claude, "codex:gpt-5"]`.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::choice::Choice;

/// One agent, or several in order. None stands there twice: where it cannot be asked, it cannot be asked as itself
/// again, whatever the model.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Choices {
    first: Choice,
    others: Vec<Choice>,
}

/// What a line of workers, a task or the command line says about who works; each part may be left open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// Who.
    pub agent: Option<Choices>,
    /// The model.
    pub model: Option<String>,
    /// The effort.
    pub effort: Option<String>,
}

impl Choices {
    /// These, in their order. The reason, where nobody is named or somebody twice.
    pub fn new(all: impl IntoIterator<Item = Choice>) -> Result<Self, String> {
        let mut all = all.into_iter();
        let first = all.next().ok_or("the list names no agent: write `[claude, codex]`, or leave the key out")?;
        let mut choices = Self::from(first);
        for choice in all {
            if choices.by_name(&choice.agent).is_some() {
                return Err(format!(
                    "`{}` stands in the list twice: the next of a list is asked where the one before cannot be",
                    choice.agent
                ));
            }
            choices.others.push(choice);
        }
        Ok(choices)
    }

    /// The one that is asked before all others.
    pub fn first(&self) -> &Choice {
        &self.first
    }

    /// All, in the order in which they are asked.
    pub fn iter(&self) -> impl Iterator<Item = &Choice> {
        iter::once(&self.first).chain(&self.others)
    }

    /// Their names, in that order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|choice| choice.agent.as_str())
    }

    /// The one of that name.
    pub fn by_name(&self, agent: &str) -> Option<&Choice> {
        self.iter().find(|choice| choice.agent == agent)
    }

    /// Whether there is a next one to ask.
    pub fn is_list(&self) -> bool {
        !self.others.is_empty()
    }

    /// These where `other` leaves something open, `other` where it does not. Another agent's model or effort is never
    /// mixed in, because a model's name means nothing to a different program; so a model that is named alone is meant
    /// for the first.
    #[must_use]
    pub fn overridden_by(&self, other: &Overrides) -> Self {
        let mut choices = other.agent.clone().unwrap_or_else(|| self.clone());
        for choice in iter::once(&mut choices.first).chain(&mut choices.others) {
            if let Some(own) = self.by_name(&choice.agent) {
                choice.model = choice.model.take().or_else(|| own.model.clone());
                choice.effort = choice.effort.take().or_else(|| own.effort.clone());
            }
            choice.effort = other.effort.clone().or(choice.effort.take());
        }
        choices.first.model = other.model.clone().or(choices.first.model.take());
        choices
    }

    /// Why nobody may write a model beside them, if that is so.
    pub fn refuse_model(&self, model: Option<&str>) -> Result<(), String> {
        match model.filter(|_| self.is_list()) {
            None => Ok(()),
            Some(model) => Err(format!(
                "a model's name means nothing to another agent: write it into the list, such as `{}:{model}`",
                self.first.agent
            )),
        }
    }
}

impl From<Choice> for Choices {
    fn from(first: Choice) -> Self {
        Self { first, others: Vec::new() }
    }
}

impl FromStr for Choices {
    type Err = String;

    /// As it is typed: `claude,codex:gpt-5`.
    fn from_str(text: &str) -> Result<Self, String> {
        let all: Vec<Choice> = text.split(',').map(|one| one.trim().parse()).collect::<Result<_, _>>()?;
        Self::new(all)
    }
}

impl fmt::Display for Choices {
    /// As it is typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.first.fmt(f)?;
        self.others.iter().try_for_each(|choice| write!(f, ",{choice}"))
    }
}

impl Serialize for Choices {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.is_list() {
            false => to.collect_str(&self.first),
            true => to.collect_seq(self.iter().map(ToString::to_string)),
        }
    }
}

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(OneOrSeveral)
    }
}

/// A name in a file, where a comma makes no list.
struct Name(Choice);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(OneName).map(Self)
    }
}

struct OneName;

impl Visitor<'_> for OneName {
    type Value = Choice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's name")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Choice, E> {
        let choice: Choice = text.parse().map_err(E::custom)?;
        match choice.agent.contains(',') {
            false => Ok(choice),
            true => Err(E::custom(format!("`{text}` is no agent's name; write a list: [{}]", text.replace(',', ", ")))),
        }
    }
}

struct OneOrSeveral;

impl<'de> Visitor<'de> for OneOrSeveral {
    type Value = Choices;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an agent's name, or a list of them")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Choices, E> {
        OneName.visit_str(text).map(Choices::from)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices, A::Error> {
        let mut all = Vec::new();
        while let Some(Name(choice)) = list.next_element()? {
            all.push(choice);
        }
        Choices::new(all).map_err(de::Error::custom)
    }
}

impl JsonSchema for Choices {
    fn schema_name() -> Cow<'static, str> {
        "Choices".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true },
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Choices, String> {
        serde_yaml::from_str(yaml).map_err(|error| error.to_string())
    }

    #[test]
    fn one_is_a_word_and_several_are_a_list() {
        for (yaml, typed, json) in [
            ("claude", "claude", r#""claude""#),
            ("'claude:opus:high'", "claude:opus:high", r#""claude:opus:high""#),
            ("[claude]", "claude", r#""claude""#),
            ("[claude, 'codex:gpt-5']", "claude,codex:gpt-5", r#"["claude","codex:gpt-5"]"#),
        ] {
            let choices = read(yaml).unwrap();
            assert_eq!(choices.to_string(), typed);
            assert_eq!(typed.parse::<Choices>().unwrap(), choices);
            assert_eq!(serde_json::to_string(&choices).unwrap(), json);
            assert_eq!(serde_json::from_str::<Choices>(json).unwrap(), choices);
        }
        assert_eq!("a, b".parse::<Choices>().unwrap().to_string(), "a,b");
    }

    #[test]
    fn nobody_somebody_twice_and_no_name_are_refused_with_their_line() {
        for (yaml, says) in [
            ("[]", "the list names no agent"),
            ("[a, b, a]", "`a` stands in the list twice"),
            ("['a:opus', 'a:haiku']", "`a` stands in the list twice"),
            ("''", "names no agent"),
            ("[a, '']", "names no agent"),
            ("[':x']", "names no agent"),
            ("a,b", "write a list: [a, b]"),
            ("[[a]]", "an agent's name"),
            ("{a: b}", "an agent's name, or a list of them"),
            ("3", "an agent's name, or a list of them"),
        ] {
            let said = read(yaml).expect_err(yaml);
            assert!(said.contains(says), "{yaml}: {said}");
        }
        let said = serde_yaml::from_str::<std::collections::BTreeMap<String, Choices>>("x: a\ny:\n- a\n- a\n");
        assert!(said.unwrap_err().location().is_some_and(|place| place.line() >= 2));
        assert!("a,,b".parse::<Choices>().is_err() && "".parse::<Choices>().is_err());
    }

    #[test]
    fn another_agent_does_not_inherit_the_model() {
        let choices = |text: &str| text.parse::<Choices>().unwrap();
        let overridden = |own: &str, agent: Option<&str>, model: Option<&str>, effort: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let other = Overrides { agent: agent.map(choices), model: owned(model), effort: owned(effort) };
            choices(own).overridden_by(&other).to_string()
        };
        let own = "claude:opus:high";
        assert_eq!(overridden(own, Some("codex"), None, None), "codex");
        assert_eq!(overridden(own, Some("claude:haiku"), None, None), "claude:haiku:high");
        assert_eq!(overridden(own, None, Some("sonnet"), None), "claude:sonnet:high");
        let list = "claude:opus,codex:gpt-5:low";
        assert_eq!(overridden(list, Some("codex,gemini"), None, None), "codex:gpt-5:low,gemini");
        assert_eq!(overridden(list, None, Some("sonnet"), None), "claude:sonnet,codex:gpt-5:low");
        assert_eq!(overridden(list, None, None, Some("max")), "claude:opus:max,codex:gpt-5:max");
    }

    #[test]
    fn a_model_beside_a_list_is_refused() {
        let choices = |text: &str| text.parse::<Choices>().unwrap();
        assert_eq!(choices("a").refuse_model(Some("m")), Ok(()));
        assert_eq!(choices("a,b").refuse_model(None), Ok(()));
        assert!(choices("a,b").refuse_model(Some("m")).unwrap_err().contains("`a:m`"));
    }
}
