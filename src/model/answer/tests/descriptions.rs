//! The built-in descriptions make the command lines that the programs take.

use super::support::{DESCRIPTIONS, described};
use crate::model::agent::{Agent, MintedBy, Variables};

fn line(agent: &Agent, values: &[(&'static str, &'static str)]) -> String {
    agent.command_line(&Variables::from_iter(values.iter().copied())).join(" ")
}

#[test]
fn each_can_resume_a_session_and_says_when_it_is_done() {
    for (name, _) in DESCRIPTIONS {
        let agent = described(name);
        assert!(agent.has_sessions(), "{name}");
        assert!(agent.output.tells_its_end(), "{name}");
        let resumed = line(&agent, &[("session", "s-1"), ("model", "m")]);
        assert!(resumed.contains("s-1") && resumed.contains(" m"), "{resumed}");
        let fresh = line(&agent, &[("new_session", "n-1")]);
        assert_eq!(fresh.contains("n-1"), agent.session.minted_by == MintedBy::Us, "{fresh}");
        assert!(!fresh.contains("resume") && !fresh.contains('{'), "{fresh}");
    }
}

#[test]
fn each_is_as_the_schema_says() {
    let schema = serde_json::to_value(schemars::schema_for!(Agent)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, text) in DESCRIPTIONS {
        let described: serde_json::Value = serde_yaml::from_str(text).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&described).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
}

#[test]
fn codex_takes_the_session_before_its_options() {
    let line = line(&described("codex"), &[("session", "s-1"), ("effort", "high")]);
    assert!(line.starts_with("codex exec resume s-1 --json "), "{line}");
    assert!(line.ends_with(r#" -c model_reasoning_effort="high" -"#), "{line}");
}

#[test]
fn a_prompt_cannot_be_taken_for_a_command() {
    assert_eq!(described("claude").prompt.guarded("/help"), "Task:\n/help");
}
