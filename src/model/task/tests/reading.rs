use std::time::Duration;

use super::*;
use crate::model::gate::Gate;
use crate::model::outcome::Outcome;

#[test]
fn an_empty_file_is_a_task_with_every_default() {
    for text in ["", "\u{feff}", "---\n---\n", "---\n# nothing\n\n---\n", "\r\n"] {
        let task = read(text);
        assert_eq!(task.title, "the-id");
        assert_eq!(task.priority.level(), 2);
        assert_eq!((task.kind, task.review, task.expect), (Kind::Task, Review::Auto, Expect::Change));
        assert_eq!((task.verify, task.progress), (Gates::default(), Progress::default()));
        assert!(task.unknown.is_empty());
    }
}

#[test]
fn every_key_has_its_type() {
    let task = read(
        "---\ntitle: \"Fix: it\"\npriority: P0\ntype: epic\nparent: roof\ndepends_on: [a, 2026, 1.10]\ndomain: backend\n\
         files: [\"src/**\", '*.md']\nacceptance:\n  - it works\n  - \"so: does this\"\nverify:\n- cargo test\n- {run: make, timeout: 15m, skip_exit: [77]}\n\
         agent: claude:opus\nmodel: 007\neffort: high\ntimeout: 1h 30m\nattempts: 5\nmax_cost_usd: 2\n\
         not_before: 2026-11-20T23:10:00+01:00\nreview: none\nexpect: no_change\n---\nbody\n",
    );
    assert_eq!(task.title, "Fix: it");
    assert_eq!((task.priority.level(), task.kind), (0, Kind::Epic));
    assert_eq!(task.parent.unwrap().as_str(), "roof");
    assert_eq!(task.depends_on.iter().map(TaskId::as_str).collect::<Vec<_>>(), ["a", "2026", "1.10"]);
    assert_eq!(task.domain.as_deref(), Some("backend"));
    assert_eq!(task.files, ["src/**", "*.md"]);
    assert_eq!(task.acceptance, ["it works", "so: does this"]);
    let make = Gate { run: "make".into(), timeout: Some(Duration::from_secs(900)), skip_exit: vec![77] };
    assert_eq!(task.verify, Gates::Added(vec![Gate::command("cargo test"), make]));
    assert_eq!(task.agent.unwrap().to_string(), "claude:opus");
    assert_eq!((task.model.as_deref(), task.effort.as_deref()), (Some("007"), Some("high")));
    assert_eq!(task.timeout, Some(Duration::from_secs(5400)));
    assert_eq!(task.attempts.unwrap().get(), 5);
    assert_eq!(task.max_cost_usd, Some(2.0));
    assert_eq!(task.not_before.unwrap().to_string(), "2026-11-20T22:10:00Z");
    assert_eq!((task.review, task.expect), (Review::None, Expect::NoChange));
    assert_eq!((task.body.as_str(), task.body_line), ("body\n", 25));
}

#[test]
fn a_key_without_a_value_means_the_same_as_no_key() {
    let keys =
        ["title", "priority", "type", "parent", "depends_on", "domain", "files", "acceptance", "verify", "agent"];
    let more = ["model", "effort", "timeout", "attempts", "max_cost_usd", "not_before", "review", "expect", "swarm"];
    for key in keys.iter().chain(&more) {
        for value in ["", " ~", " null", "   # later"] {
            let task = read(&format!("---\n{key}:{value}\n---\nx"));
            assert_eq!(Task { body_line: 1, ..task }, read("x"), "{key}:{value}");
        }
    }
    assert_eq!(keys.len() + more.len(), known_keys().count());
}

#[test]
fn the_title_is_the_given_one_else_the_first_heading_else_the_id() {
    for (text, title) in [
        ("---\ntitle: Given\n---\n# Heading\n", "Given"),
        ("---\ntitle: ''\n---\n# Heading\n", "Heading"),
        ("---\ntitle: 2024\n---\n", "2024"),
        ("---\ntitle: no\n---\n", "no"),
        ("---\ntitle: 12:30\n---\n", "12:30"),
        ("---\ntitle: 0x1F\n---\n", "0x1F"),
        ("---\ntitle: a #b\n---\n", "a"),
        ("---\ntitle: a#b [c] {d} \"e\"\n---\n", "a#b [c] {d} \"e\""),
        ("---\ntitle: >\n  folded\n  text\n---\n", "folded text\n"),
        ("# Heading ##\r\nx", "Heading"),
        ("\u{feff}# Heading", "Heading"),
        ("```\n# code\n```\nwords\n", "the-id"),
        ("words\n\n## Comments\n\n### 2026-11-20T22:10:00Z human\n\n### x\n", "the-id"),
    ] {
        assert_eq!(read(text).title, title, "{text:?}");
    }
}

#[test]
fn title_and_body_reach_the_agent_unchanged() {
    let words = "$HOME `x` \\n \\\\ {{braces}} {% x %} %s 🦀 \u{a0}ü\ttab <!-- --> --- ''\"";
    for newline in ["\n", "\r\n"] {
        let body = format!("{words}{newline}{newline}  {words}  {newline}---{newline}title: x{newline}---");
        for bom in ["", "\u{feff}"] {
            let quoted = words.replace('\'', "''");
            let head = format!("---{newline}title: '{quoted}'{newline}---{newline}");
            let task = read(&format!("{bom}{head}{body}"));
            assert_eq!((task.title.as_str(), task.body.as_str()), (words, body.as_str()));
            assert_eq!(read(&format!("{bom}{body}")).body, body);
            assert_eq!(read(&format!("{bom}# {words}{newline}")).title, words.trim());
        }
    }
}

#[test]
fn times_may_be_quoted_and_may_have_any_offset() {
    for text in
        ["2026-11-20T22:10:00Z", "\"2026-11-20T22:10:00Z\"", "2026-11-20T17:10:00-05:00", "'2026-11-20 22:10:00Z'"]
    {
        let task = read(&format!("---\nnot_before: {text}\n---\n"));
        assert_eq!(task.not_before.unwrap().to_string(), "2026-11-20T22:10:00Z", "{text}");
    }
}

#[test]
fn unknown_keys_are_kept_with_their_lines() {
    let text = "---\n# first\nticket: x\ntitle: y\nswarm:\n  attempts: 1\n\"assigned to\": {a: [b, c]}\n---\n";
    let task = read(text);
    assert_eq!(task.unknown, [("ticket".to_owned(), 3), ("assigned to".to_owned(), 7)]);
    assert_eq!((task.title.as_str(), task.progress.attempts), ("y", 1));
}

#[test]
fn the_block_of_the_contract_reads_in_every_form() {
    let block = "swarm:\n  attempts: 2               # counted\n  not_before: 2026-11-20T22:10:00Z\n  \
                 last: {run: 20261120T220001-k3qd, worker: w2, cycle: 7, outcome: verify_failed}\n  feedback: |\n    \
                 cargo test failed (exit 101): \u{2026} [[[[[\n  commit: 1234567\n  cost_usd: 0.42\n  session: {agent: claude, id: 12}\n  later: [1]\n";
    let flow = "swarm: {attempts: 2, not_before: \"2026-11-20T22:10:00Z\", last: {run: 20261120T220001-k3qd, worker: w2,\n\
                cycle: 7, outcome: verify_failed}, feedback: \"cargo test failed (exit 101): \u{2026} [[[[[\\n\",\n\
                commit: 1234567, cost_usd: 0.42, session: {agent: claude, id: 12}, later: [1]\n}\n";
    for text in
        [format!("---\n{block}---\n"), format!("---\n{flow}title: x\n---\n"), format!("---\na: b\n{block}c: d\n---\n")]
    {
        let progress = read(&text).progress;
        assert_eq!(progress.attempts, 2);
        assert_eq!(progress.not_before.unwrap().to_string(), "2026-11-20T22:10:00Z");
        let last = progress.last.unwrap();
        assert_eq!((last.worker.as_str(), last.cycle, last.outcome), ("w2", 7, Outcome::VerifyFailed));
        assert_eq!(progress.feedback.as_deref(), Some("cargo test failed (exit 101): \u{2026} [[[[[\n"));
        assert_eq!(progress.commit.as_deref(), Some("1234567"));
        assert_eq!((progress.cost_usd, progress.session.unwrap().id.as_str()), (Some(0.42), "12"));
        assert!(progress.other.contains_key("later"));
    }
}

#[test]
fn the_schema_names_every_key() {
    let schema = serde_json::to_value(schemars::schema_for!(Task)).unwrap();
    let mut named: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let mut known: Vec<&str> = known_keys().collect();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
    assert_eq!(schema.get("required"), None);
    let valid = jsonschema::validator_for(&schema).unwrap();
    for text in [
        "priority: P1\nverify: none",
        "verify: [a, {run: b, timeout: 1m}]\nattempts: 2\nswarm: {attempts: 0}",
        "type: epic\nx: 1",
    ] {
        let value: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert!(valid.is_valid(&value), "{text}: {:?}", valid.validate(&value));
    }
    for text in ["priority: 7", "verify: x", "attempts: 0", "max_cost_usd: -1", "type: story", "depends_on: [a b]"] {
        assert!(!valid.is_valid(&serde_yaml::from_str::<serde_json::Value>(text).unwrap()), "{text}");
    }
}
