//! Which agent, which of its models and how hard it should think: `agent[:model[:effort]]`.

use std::fmt;
use std::str::FromStr;

/// The efforts that the shorthand recognises; an agent's description decides what they mean.
const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// An agent by name, with what to tell it about model and effort.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Choice {
    /// The name of a description: `config/agents/<name>.yaml` or a built-in one.
    pub agent: String,
    /// The model's name as the agent spells it.
    pub model: Option<String>,
    /// How hard to think, as the agent spells it.
    pub effort: Option<String>,
}

impl FromStr for Choice {
    type Err = String;

    /// A model's own name may hold colons (`ollama/qwen:7b`), so the last part counts as the effort only
    /// if it is one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (agent, rest) = match text.split_once(':') {
            Some((agent, rest)) => (agent, Some(rest)),
            None => (text, None),
        };
        if agent.trim().is_empty() || rest == Some("") {
            return Err(format!("`{text}` names no agent; write `agent`, `agent:model` or `agent:model:effort`"));
        }
        let (model, effort) = match rest.map(|rest| (rest, rest.rsplit_once(':'))) {
            None => (None, None),
            Some((_, Some((model, effort)))) if EFFORTS.contains(&effort) => (Some(model), Some(effort)),
            Some((model, _)) => (Some(model), None),
        };
        let owned = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(str::to_owned);
        Ok(Choice { agent: agent.to_owned(), model: owned(model), effort: owned(effort) })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.agent)?;
        if let Some(model) = &self.model {
            write!(f, ":{model}")?;
        }
        if let Some(effort) = &self.effort {
            write!(f, ":{effort}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, Option<String>, Option<String>) {
        let choice: Choice = text.parse().unwrap();
        (choice.agent, choice.model, choice.effort)
    }

    #[test]
    fn the_shorthand_splits_at_the_first_colon_and_at_a_known_effort() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parts("codex"), ("codex".into(), None, None));
        assert_eq!(parts("claude:opus"), ("claude".into(), some("opus"), None));
        assert_eq!(parts("claude:opus:high"), ("claude".into(), some("opus"), some("high")));
        assert_eq!(parts("opencode:ollama/qwen:7b"), ("opencode".into(), some("ollama/qwen:7b"), None));
        assert_eq!(parts("opencode:ollama/qwen:7b:low"), ("opencode".into(), some("ollama/qwen:7b"), some("low")));
        assert!("".parse::<Choice>().is_err());
        assert!(":opus".parse::<Choice>().is_err());
        assert!("claude:".parse::<Choice>().is_err());
    }
}
