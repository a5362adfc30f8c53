//! Settings, descriptions and prompts that cannot be meant are refused at the start, with file, line and what would be
//! right, and nothing is begun.

use crate::harness::Workspace;

/// Wrong settings, the line of the mistake where one is told, and the words that help.
const SETTINGS: [(&str, Option<u32>, &str); 39] = [
    // Unknown names.
    ("verfy: [true]", Some(1), "did you mean `verify`?"),
    ("base: trunk\nlimits:\n  timeout: 5m\n  atempts: 2", Some(4), "did you mean `attempts`?"),
    ("workers:\n  - agent: script\n  - {agnet: script}", Some(3), "did you mean `agent`?"),
    ("workers: [{agent: script, role: plannner}]", Some(1), "did you mean `planner`?"),
    ("integrate:\n  strategy: sqash", Some(2), "did you mean `squash`?"),
    ("integrate: {verify: sometimes}", Some(1), "if_moved"),
    ("worktree:\n  keeep: [target]", Some(2), "did you mean `keep`?"),
    ("domains:\n  web:\n    verfy: [true]", Some(3), "did you mean `verify`?"),
    ("dirs: {task: t}", Some(1), "did you mean `tasks`?"),
    ("verify:\n  - {run: 'true', timout: 5m}", Some(2), "did you mean `timeout`?"),
    ("reviewer: {agent: script, round: 2}", Some(1), "did you mean `rounds`?"),
    ("reviewer: [script, {agnt: script}]", Some(1), "did you mean `agent`?"),
    ("entirely-unheard-of: 1", Some(1), "known are"),
    // Wrong types.
    ("base: [trunk]", Some(1), "base"),
    ("workers: script", Some(1), "workers"),
    ("workers: {agent: script}", Some(1), "workers"),
    ("workers:\n  - {agent: script, count: many}", Some(2), "whole number"),
    ("verify: true", Some(1), "verify"),
    ("limits: [3]", Some(1), "limits"),
    ("limits: {attempts: 2.5}", Some(1), "whole number"),
    ("limits: {log_bytes: lots}", Some(1), "log_bytes"),
    ("protected: config", Some(1), "protected"),
    ("reviewer: 3", Some(1), "an agent's name"),
    ("reviewer: [[script]]", Some(1), "an agent's name"),
    ("reviewer:\n  agent: script\n  rounds: -1", Some(3), "not below 0"),
    ("reviewer: {rounds: 2}", Some(1), "agent"),
    ("- base", Some(1), ""),
    ("just words", Some(1), ""),
    // Numbers that cannot be.
    ("limits: {attempts: -1}", Some(1), "not below 0"),
    ("limits: {attempts: 99999999999}", Some(1), "attempts"),
    ("limits: {attempts: 0}", None, "limits.attempts"),
    ("limits: {cost_usd: -0.5}", None, "not below 0"),
    ("limits: {cost_usd: .nan}", None, "limits.cost_usd"),
    ("limits: {timeout: -5m}", Some(1), "timeout"),
    ("limits: {timeout: 30}", Some(1), "write a unit"),
    ("limits: {silence: 5 parsecs}", Some(1), "silence"),
    ("integrate: {batch: 0}", None, "integrate.batch"),
    // No YAML at all.
    ("base: 'trunk", Some(2), ""),
    ("base: trunk\n\tlimits: {}", Some(2), ""),
];

/// Refused with the exit code of a wrong configuration, before anything is begun.
#[track_caller]
fn is_refused(w: &Workspace, file: &str, line: Option<u32>, says: &str, text: &str) {
    let before = w.everything();
    let ended = w.start(["--drain"]);
    assert_eq!(ended.status.code(), Some(2), "{text}\n{ended}");
    let place = line.map_or_else(|| format!("{file}: "), |line| format!("{file}:{line}: "));
    assert!(ended.stderr.contains(&place), "{text}: no {place:?} in\n{}", ended.stderr);
    assert!(ended.stderr.contains(says), "{text}: no {says:?} in\n{}", ended.stderr);
    let lines = ended.stderr.trim_end().lines().count();
    assert!(lines <= 3, "{text}: {lines} lines\n{}", ended.stderr);
    before.is_unchanged(&w.everything());
}

#[test]
fn wrong_settings_are_refused_with_file_and_line_and_the_right_name() {
    let w = Workspace::new();
    w.task("work", "echo x > x.txt");
    for (text, line, says) in SETTINGS {
        w.write("config/swarm.yaml", format!("{text}\n"));
        is_refused(&w, "config/swarm.yaml", line, says, text);
    }
    w.config("");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
}

/// The same for the description of an agent that nobody uses: a mistake is told before it is needed.
#[test]
fn a_wrong_description_of_an_agent_is_refused_too() {
    let w = Workspace::new();
    w.task("work", "echo x > x.txt");
    for (text, line, says) in [
        ("argv: [tool]\ncompletoin: exit", Some(2), "did you mean `completion`?"),
        ("argv: [tool]\ncompletion: exits", Some(2), "did you mean `exit`?"),
        ("argv: tool", Some(1), "argv"),
        ("argv: []", Some(1), "argv"),
        ("completion: exit", Some(1), "argv"),
        ("argv: [tool, '{modle}']", Some(1), "did you mean {model}?"),
        ("argv: [tool]\nprompt: {via: pipe}", Some(2), "stdin"),
        ("argv: [tool]\nprompt: {via: arg}", Some(2), "prompt.via"),
        ("argv: [tool]\noutput:\n  format: jsonl\n  rules:\n    - {when: {type: x}}", Some(5), "no JSON pointer"),
        ("argv: [tool]\noutput:\n  format: jsonl\n  rules:\n    - {wen: {/type: x}}", Some(5), "did you mean `when`?"),
        ("argv: [tool]\nstop:\n  - {signal: TRM, to: group, wait: 5s}", Some(3), "TERM"),
        ("argv: [tool]\nstop:\n  - {signal: TERM, to: group, wait: -5s}", Some(3), "wait"),
        ("argv: [tool]\nenv_set: {A: [b]}", Some(2), "env_set"),
        ("argv: [tool]\nsession: {minted_by: them}", Some(2), "minted_by"),
        ("", Some(2), "argv"),
    ] {
        w.write("config/agents/odd.yaml", format!("{text}\n"));
        is_refused(&w, "config/agents/odd.yaml", line, says, text);
    }
    w.write("config/agents/odd.yaml", "argv: [tool]\n");
    w.start(["--drain"]).code(0);
}

#[test]
fn a_wrong_prompt_is_refused_too() {
    let w = Workspace::new();
    w.task("work", "echo x > x.txt");
    for (text, line, says) in [
        ("Do\n{{ body", Some(2), ""),
        ("Do\n\n{% if title %}", Some(3), ""),
        ("Do {{ bdy }}", Some(1), "bdy"),
        ("Do\n{% include 'nothing.md' %}", Some(2), "nothing.md"),
    ] {
        w.write("config/prompts/worker.md", format!("{text}\n"));
        is_refused(&w, "config/prompts/worker.md", line, says, text);
    }
}

#[test]
fn agents_that_are_not_there_are_named_with_the_nearest_that_is() {
    let w = Workspace::new();
    w.author("painter", "ready");
    w.task("work", "echo x > x.txt");
    for (text, code, says) in [
        ("workers: [{agent: paintr}]", 2, "did you mean `painter`?"),
        ("workers: [{agent: nobody-at-all}]", 2, "known are"),
        ("workers: [{agent: script}]\nreviewer: paintr", 2, "did you mean `painter`?"),
        ("workers: [{agent: script}]\nreviewer: script", 2, "cannot review"),
    ] {
        w.config(text);
        let before = w.everything();
        w.start(["--drain"]).code(code).says(says);
        before.is_unchanged(&w.everything());
    }
    w.write("config/agents/away.yaml", "argv: [no-such-program-anywhere]\n");
    w.config("workers: [{agent: away}]");
    w.start(["--drain"]).code(3).says("`no-such-program-anywhere` of the agent `away` was not found");
}

#[test]
fn the_commands_that_only_read_say_it_too_and_a_named_file_counts_in_place_of_the_usual_one() {
    let w = Workspace::new();
    w.write("config/swarm.yaml", "verfy: [true]\n");
    w.swarm(["check"]).says("did you mean `verify`?");
    w.start(["--drain", "--dry-run"]).code(2).says("config/swarm.yaml:1").says("did you mean `verify`?");
    w.write("other.yaml", "limits:\n  atempts: 2\n");
    w.start(["--drain", "--config", "other.yaml"]).code(2).says("other.yaml:2").says("did you mean `attempts`?");
    w.start(["--drain", "--config", "absent.yaml"]).code(2).says("absent.yaml");
    w.write("other.yaml", "workers: [{agent: script}]\n");
    w.start(["--drain", "--config", "other.yaml"]).code(0);
}
