use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_wrong_value_is_named_with_key_line_and_advice() {
    for (keys, line, says, advice) in [
        ("title: fix: the thing", 2, "another key", "quote the value"),
        ("title: [a]", 2, "title", "one line of text"),
        ("title: \"open", 2, "never closed", "close it"),
        ("a: b\npriority: high", 3, "priority", "P0 to P4"),
        ("priority: 9", 2, "priority", "P0 to P4"),
        ("type: story", 2, "type: unknown variant `story`", "`epic`"),
        ("parent: a/b", 2, "'/'", "id of the epic"),
        ("depends_on: a", 2, "depends_on", "a list of ids"),
        ("depends_on:\n  - a\n  - b c", 4, "' '", "a list of ids"),
        ("domain: ''", 2, "domain: the text is empty", "one word"),
        ("files: src/**", 2, "files", "list of quoted globs"),
        ("files: [*.rs]", 2, "`*`", "quote it"),
        ("files:\n  - 'src/**'\n  - 'a{b'", 4, "files[1]", "list of quoted globs"),
        ("acceptance:\n  - it works: yes", 3, "acceptance[0]", "in quotes if it holds `: `"),
        ("acceptance: yes", 2, "acceptance", "list of sentences"),
        ("verify: cargo test", 2, "verify", "`none`"),
        ("verify:\n  - run: x\n    tiemout: 5m", 4, "tiemout", "list of commands"),
        ("verify: [{run: x, run: y}]", 2, "duplicate field `run`", "list of commands"),
        ("verify: ['']", 2, "the command is empty", "list of commands"),
        ("verify: [{run: x, timeout: 15}]", 2, "write a unit", "list of commands"),
        ("agent: ' '", 2, "agent: ` ` names no agent", "name of an agent"),
        ("agent: []", 2, "agent: the list names no agent", "a list of them"),
        ("agent:\n- a\n- b\n- a", 3, "agent: `a` stands in the list twice", "a list of them"),
        ("agent: [a, b]\nmodel: m", 3, "model: a model's name means nothing to another agent", "a list of them"),
        ("timeout: 30", 2, "timeout: `30` has no unit; write a unit", "30m"),
        ("timeout: soon", 2, "timeout", "30m"),
        ("timeout: 0s", 2, "timeout", "30m"),
        ("attempts: 0", 2, "attempts", "1 or more"),
        ("attempts: -1", 2, "attempts", "1 or more"),
        ("attempts: 1.5", 2, "attempts", "1 or more"),
        ("attempts: many", 2, "attempts", "1 or more"),
        ("max_cost_usd: -1", 2, "max_cost_usd", "dollars"),
        ("max_cost_usd: .nan", 2, "max_cost_usd", "dollars"),
        ("max_cost_usd: .inf", 2, "max_cost_usd", "dollars"),
        ("max_cost_usd: $5", 2, "max_cost_usd", "dollars"),
        ("not_before: 2026-11-20", 2, "not_before", "offset"),
        ("not_before: 2026-11-20T22:10:00", 2, "not_before", "offset"),
        ("not_before: tomorrow", 2, "not_before", "offset"),
        ("reviw: human", 2, "the key `reviw` means nothing; did you mean `review`?", "`human`"),
        ("review: maybe", 2, "review: unknown variant `maybe`", "`human`"),
        ("expect: nothing", 2, "expect", "`no_change`"),
        ("title: a\ntitle: b", 3, "`title` stands here a second time", "keep one"),
        ("x: a\ny: b\n\"x\": c", 4, "`x` stands here a second time", "keep one"),
        ("swarm: {}\nswarm: {}", 3, "`swarm` stands here a second time", "keep one"),
        ("- a\n- b", 2, "not made of keys", "one per line"),
        ("just words", 2, "not made of keys", "one per line"),
        ("title: x\njust words", 3, "broken YAML", "`key: value`"),
        ("title: x\n bad: y", 3, "another key", "quote the value"),
        ("a: [b", 2, "never closed", "close it"),
        ("a: [b}\nc: d", 2, "broken YAML", "`key: value`"),
        ("a: &x b\nc: *x", 2, "`&`", "quote it"),
        ("a: !!str b", 2, "`!`", "quote it"),
        ("a: \"\\q\"", 2, "broken YAML", "quote"),
        ("title:\n\tx", 3, "a tab", "spaces"),
        ("swarm: 5", 2, "swarm", "program's own"),
        ("a: b\nswarm:\n  attempts: many", 4, "swarm.attempts", "program's own"),
        ("swarm:\n  attempts: 1\n  attempts: 2", 3, "attempts", "program's own"),
        ("swarm: {cost_usd: .nan}", 2, "cost_usd", "program's own"),
        ("swarm: {last: {outcome: merged}}", 2, "run", "program's own"),
        ("swarm: {last: {run: r, worker: w, cycle: 1, outcome: great}}", 2, "great", "program's own"),
    ] {
        let error = refuse(format!("---\n{keys}\n---\nbody\n").as_bytes());
        assert_eq!(error.line, Some(line), "{keys}: {error}");
        assert!(error.reason.contains(says), "{keys}: {error}");
        assert!(error.advice.contains(advice), "{keys}: {error}");
        let crlf = format!("\u{feff}---\r\n{}\r\n---\r\nbody\r\n", keys.replace('\n', "\r\n"));
        assert_eq!(refuse(crlf.as_bytes()).line, Some(line), "{keys:?}");
    }
}

#[test]
fn a_file_that_is_no_text_or_no_whole_file_is_refused() {
    let long = "x".repeat(MAX_BYTES + 1);
    let very_long = vec![b'\n'; MAX_BYTES_WITH_OURS + 1];
    let wide = format!("---\nx: {}\n---\n", "y".repeat(64 * 1024));
    for (bytes, line, says) in [
        (b"a\nb\xff".as_slice(), Some(2), "UTF-8"),
        (b"\xff\xfe#\0", Some(1), "UTF-8"),
        (b"a\n\0\0\0", Some(2), "NUL"),
        (b"---\ntitle: x\n", Some(1), "never closed"),
        (b"\n\n---\npriority: 1\n---\n", Some(3), "first line"),
        (long.as_bytes(), None, "at most 1048576"),
        (&very_long, None, "at most 1048576"),
        (wide.as_bytes(), Some(2), "at most 65536"),
    ] {
        let error = refuse(bytes);
        assert_eq!(error.line, line, "{error}");
        assert!(error.reason.contains(says), "{error}");
    }
    assert_eq!(read("\n\n---\nwords\n---\n").body, "\n\n---\nwords\n---\n");
    assert_eq!(read(&"x".repeat(MAX_BYTES)).body.len(), MAX_BYTES);
}

#[test]
fn a_front_matter_made_to_be_slow_is_refused_fast() {
    let many = 60_000;
    let bombs = [
        format!("a: {}", "[".repeat(many)),
        format!("a: {}", "{".repeat(many)),
        format!("a: {}", "[{a: ".repeat(many / 5)),
        format!("a:\n  {}", "- ".repeat(many / 2)),
        format!("a: {}", "? ".repeat(many / 2)),
        (0..340).map(|n| format!("{}k:\n", " ".repeat(n))).collect(),
        format!("a: &a [x]\nb: [{}]", "*a,".repeat(many / 3)),
        format!("a: \"{}", "\\".repeat(many)),
        format!("a: |9\n{}", " \n".repeat(many / 2)),
        format!("{}:", "k".repeat(many)),
    ];
    for bomb in &bombs {
        let start = Instant::now();
        let text = format!("---\n{bomb}\n---\n");
        let _ = Task::parse(TaskId::parse("x").unwrap(), text.as_bytes());
        assert!(start.elapsed() < Duration::from_secs(10), "{}: {:?}", &bomb[..20], start.elapsed());
    }
}

#[test]
fn many_keys_and_long_lists_are_still_fast() {
    let keys: String = (0..6000).map(|n| format!("key{n}: x\n")).collect();
    let list = format!("acceptance: [{}x]\n", "x, ".repeat(20_000));
    let flat = format!("a: [{}]\n", "[],".repeat(20_000));
    for yaml in [keys, list, flat] {
        let start = Instant::now();
        read(&format!("---\n{yaml}---\n"));
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}
