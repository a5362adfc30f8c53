//! The built-in descriptions and the recordings.

use crate::model::agent::Agent;
use crate::model::answer::{Answer, Reader};
use crate::model::yaml;

/// The descriptions under `config/agents/` that understand an output, by name.
pub(super) const DESCRIPTIONS: [(&str, &str); 5] = [
    ("codex", include_str!("../../../../config/agents/codex.yaml")),
    ("claude", include_str!("../../../../config/agents/claude.yaml")),
    ("opencode", include_str!("../../../../config/agents/opencode.yaml")),
    ("gemini", include_str!("../../../../config/agents/gemini.yaml")),
    ("qwen", include_str!("../../../../config/agents/qwen.yaml")),
];

/// A recording below `tests/fixtures/agents/`.
macro_rules! recording {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/agents/", $name, ".log"))
    };
}
pub(super) use recording;

pub(super) fn described(name: &str) -> Agent {
    let (_, text) = DESCRIPTIONS.iter().find(|(known, _)| *known == name).unwrap();
    let agent: Agent = yaml::parse(text).unwrap_or_else(|bad| panic!("{name}.yaml:{:?}: {bad}", bad.line));
    agent.check().unwrap_or_else(|bad| panic!("{name}.yaml: {bad}"));
    agent
}

pub(super) fn read(agent: &Agent, printed: &[u8]) -> Answer {
    let mut reader = Reader::new(&agent.output);
    reader.feed(printed);
    reader.finish(printed)
}

/// An agent with these rules.
pub(super) fn agent(output: &str) -> Agent {
    let agent: Agent = serde_yaml::from_str(&format!("{{argv: [tool], output: {output}}}")).unwrap();
    agent.check().unwrap();
    agent
}
