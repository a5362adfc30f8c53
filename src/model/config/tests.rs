//! The settings: that the commented file tells the truth, and what is refused.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::*;

/// The file that a user finds, with every example in it.
const COMMENTED: &str = include_str!("../../../config/swarm.yaml");

/// A line of the commented file that is an example: behind `# ` stands a key, or it goes on from one.
fn example(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ")?;
    let begins = line.split_once(':').is_some_and(|(key, _)| key.bytes().all(|byte| byte.is_ascii_lowercase()));
    (begins || line.starts_with("  ")).then_some(line)
}

/// The examples, one text per key of the first level.
fn examples() -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    for line in COMMENTED.lines().filter_map(example) {
        match examples.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(&format!("{line}\n")),
            Some(_) | None => examples.push(format!("{line}\n")),
        }
    }
    examples
}

#[test]
fn the_file_as_it_is_sets_nothing() {
    let config = Config::parse(COMMENTED).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::default()));
}

#[test]
fn every_example_in_the_commented_file_is_right() {
    let keys: Vec<String> =
        examples().iter().map(|text| text.split(':').next().unwrap_or_default().to_owned()).collect();
    let all = [
        "base",
        "workers",
        "reviewer",
        "providers",
        "verify",
        "worktree",
        "integrate",
        "limits",
        "domains",
        "budget",
        "protected",
        "notify",
        "sandbox",
        "dirs",
    ];
    assert_eq!(keys, all);
    for text in examples() {
        Config::parse(&text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
    }
    let config = Config::parse(&examples().concat()).unwrap();
    assert_eq!(config.base.as_deref(), Some("main"));
    assert_eq!(config.workers[0].count, Some(4));
    assert_eq!(config.workers[1].agent.as_ref().unwrap().to_string(), "codex,claude:sonnet");
    assert_eq!(config.providers["anthropic"].most, 2);
    assert_eq!(config.verify.len(), 3);
    assert_eq!(config.worktree.keep.unwrap().len(), 2);
    assert_eq!(config.domains["backend"].verify.len(), 1);
    assert_eq!(config.domains["backend"].budget_usd, Some(20.0));
    assert_eq!(config.budget.map(|budget| budget.timeout()), Some(Duration::from_secs(10)));
}

/// The keys below a part of a schema, with those that lead to them: `limits.timeout`. The names that a user makes up,
/// and the places in lists, are no keys.
fn keys_of_schema(whole: &Value, part: &Value, above: &str, keys: &mut BTreeSet<String>) {
    if let Some(name) = part["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return keys_of_schema(whole, &whole["$defs"][name], above, keys);
    }
    for (name, below) in part["properties"].as_object().into_iter().flatten() {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        keys_of_schema(whole, below, &key, keys);
        keys.insert(key);
    }
    let either = part["anyOf"].as_array().into_iter().flatten();
    for below in either.chain([&part["items"], &part["additionalProperties"]]).filter(|below| below.is_object()) {
        keys_of_schema(whole, below, above, keys);
    }
}

/// The same of what was written, names that a user makes up among them.
fn keys_written(written: &Value, above: &str, keys: &mut BTreeSet<String>) {
    for (name, below) in written.as_object().into_iter().flatten() {
        let key = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        keys_written(below, &key, keys);
        keys.insert(key);
    }
    written.as_array().into_iter().flatten().for_each(|below| keys_written(below, above, keys));
}

#[test]
fn every_key_that_is_known_stands_in_the_commented_file() {
    let [mut known, mut named] = [BTreeSet::new(), BTreeSet::new()];
    let schema = schemars::schema_for!(Config).to_value();
    keys_of_schema(&schema, &schema, "", &mut known);
    // It has more than one form, of which the schema says nothing.
    let reviewer = schemars::schema_for!(Reviewer).to_value();
    keys_of_schema(&reviewer, &reviewer, "reviewer", &mut known);
    for key in ["reviewer.rounds", "limits.resolves", "verify.skip_exit", "domains.budget_usd", "budget.timeout"] {
        assert!(known.contains(key), "{key} is not found in {known:?}");
    }
    let written: Value = serde_yaml::from_str(&examples().concat()).unwrap();
    keys_written(&written, "", &mut named);
    // That is the name of a domain, whose gates are such as there are for all, and that of a provider.
    assert!(named.remove("domains.backend") && named.remove("providers.anthropic"));
    let plain =
        |key: &String| key.replace("domains.backend.", "domains.").replace("providers.anthropic.", "providers.");
    let named: BTreeSet<String> = named.iter().map(plain).collect();
    known.retain(|key| !key.starts_with("domains.verify."));
    assert_eq!(named, known);
}

#[test]
fn what_is_no_example_is_a_sentence_or_nothing() {
    for line in COMMENTED.lines().filter(|line| example(line).is_none() && !line.is_empty()) {
        let text = line.strip_prefix("# ").unwrap_or_else(|| panic!("not commented out: {line}"));
        assert!(text.starts_with(|first: char| first.is_uppercase() || first == '`'), "{line}");
    }
}

#[test]
fn the_examples_that_are_called_defaults_are_the_defaults() {
    let config = Config::parse(&examples().concat()).unwrap();
    let default = Config::default();
    // What a start may take is as long as any silence where nobody says otherwise; money has no ceiling.
    let Limits { cost_usd, run_cost_usd, .. } = config.limits;
    assert!(cost_usd.is_some() && run_cost_usd.is_some());
    let limits = Limits { start_silence: Some(default.limits.silence), cost_usd, run_cost_usd, ..default.limits };
    assert_eq!(format!("{:?}", config.limits), format!("{limits:?}"));
    assert_eq!(format!("{:?}", config.integrate), format!("{:?}", default.integrate));
    assert_eq!(*config.protected, *default.protected);
    assert_eq!((config.dirs.tasks, config.dirs.runs), (default.dirs.tasks, default.dirs.runs));
}

#[test]
fn what_cannot_be_meant_is_refused_in_words() {
    for (text, says) in [
        ("bass: main", "did you mean `base`?"),
        ("limits: {atempts: 2}", "did you mean `attempts`?"),
        ("limits: {attempts: 0}", "limits.attempts: 0 would never try"),
        ("limits: {timeout: 30}", "write a unit"),
        ("limits: {timeout: 0s}", "no time at all"),
        ("limits: {cost_usd: -1}", "limits.cost_usd"),
        ("limits: {cost_usd: .nan}", "limits.cost_usd"),
        ("limits: {run_cost_usd: -1}", "limits.run_cost_usd"),
        ("domains: {a: {budget_usd: -1}}", "domains.a.budget_usd"),
        ("budget: {command: ' '}", "budget.command"),
        ("budget: {timeout: 3s}", "command"),
        ("notify: ''", "notify:"),
        ("integrate: {batch: 0}", "integrate.batch"),
        ("integrate: {strategy: sqash}", "did you mean `squash`?"),
        ("verify: ['']", "the command is empty"),
        ("protected: ['a[']", "protected:"),
        ("worktree: {keep: ['{a']}", "worktree.keep:"),
        ("dirs: {tasks: ../tasks}", "below the workspace's root"),
        ("dirs: {tasks: /tasks}", "below the workspace's root"),
        ("dirs: {runs: ''}", "below the workspace's root"),
        ("dirs: {tasks: runs}", "cannot share one folder"),
        ("dirs: {tasks: x, runs: x/}", "cannot share one folder"),
        ("workers: [{agent: ''}]", "workers[0].agent: `` names no agent"),
        ("workers: [{agent: []}]", "workers[0].agent: the list names no agent"),
        ("workers: [{agent: [a, b, 'a:m']}]", "workers[0].agent: `a` stands in the list twice"),
        ("workers: [{agent: [a, b], model: m}]", "workers.model: a model's name"),
        ("reviewer: {agent: [a, b], model: m}", "reviewer.model: a model's name"),
        ("providers: {a: {most: 0}}", "providers.a.most: 0 would never ask it"),
        ("providers: {a: {most: 1000}}", "providers.a.most: no run has more than 999"),
        ("providers: {a: {}}", "missing field `most`"),
        ("providers: {a: {mots: 1}}", "did you mean `most`?"),
        ("workers: [{max_pending: 3}]", "only a planner has it"),
        ("workers: [{role: planner, max_pending: 0}]", "would never plan"),
        ("workers: [{role: planer}]", "did you mean `planner`?"),
        ("workers: [{pause_between: 5}]", "write a unit"),
    ] {
        let bad = Config::parse(text).map(|_| panic!("{text} was taken")).unwrap_err();
        assert!(bad.to_string().contains(says), "{text}: {bad}");
    }
}

#[test]
fn a_mistake_is_found_on_its_line() {
    let bad = Config::parse("base: main\n\nlimits:\n  attempts: 2\n  timout: 3m\n").unwrap_err();
    assert_eq!((bad.line, bad.reason.contains("`timeout`")), (Some(5), true), "{bad}");
}

#[test]
fn pauses_may_be_none_and_reviewers_may_be_nobody() {
    let shown = |text: &str| {
        let config = Config::parse(text).unwrap();
        config.reviewers().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown("reviewer: {agent: [a, 'b:m'], effort: high, rounds: 2}"), "a:high b:m:high");
    assert_eq!(shown("reviewer: [a, {agent: [b, a], effort: low}, none]"), "a b:low a:low");
    let config = Config::parse("limits: {backoff: 0s, backoff_max: 1s}\nreviewer: none\n").unwrap();
    assert_eq!(config.limits.backoff, Duration::ZERO);
    assert!(config.reviewer.is_empty());
    let named = |text: &str| {
        let config = Config::parse(text).unwrap();
        let names: Vec<String> = config.reviewers().iter().map(ToString::to_string).collect();
        (names.join(" "), config.review_rounds())
    };
    assert_eq!(named("reviewer: claude"), ("claude".to_owned(), 3));
    assert_eq!(named("reviewer: {agent: claude, model: opus, rounds: 2}"), ("claude:opus".to_owned(), 2));
    assert_eq!(
        named("reviewer: [codex:x:high, {agent: claude}]\nlimits: {review_rounds: 5}"),
        ("codex:x:high claude".to_owned(), 5)
    );
    assert!(Config::parse("reviewer: {agent: claude, rounds: 0}").is_err());
    assert!(Config::parse("limits: {review_rounds: 0}").is_err());
}

#[test]
fn the_gates_run_from_the_widest_to_the_tasks_own() {
    let config = Config::parse("verify: [all]\ndomains: {a: {verify: [of a]}, b: {verify: [of b]}}").unwrap();
    let own = [Gate::command("own")];
    let gates = |domain| config.gates(domain, &own).iter().map(|gate| gate.run.clone()).collect::<Vec<_>>().join(", ");
    assert_eq!(gates(None), "all, own");
    assert_eq!(gates(Some("b")), "all, of b, own");
    assert_eq!(gates(Some("unknown")), "all, own");
}

#[test]
fn a_glob_begins_at_the_root_and_its_star_stops_at_a_slash() {
    let set = glob_set(&["config/*.yaml".to_owned(), "docs/**".to_owned()]).unwrap();
    for (path, matches) in [
        ("config/swarm.yaml", true),
        ("config/agents/a.yaml", false),
        ("docs/a/b.md", true),
        ("src/docs/a.md", false),
        ("docs", false),
    ] {
        assert_eq!(set.is_match(path), matches, "{path}");
    }
}
