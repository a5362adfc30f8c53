//! Everything that real runs write down is as `swarm schema` says, and as the contract says beyond that.

use std::collections::BTreeSet;
use std::fs;

use jsonschema::Validator;
use rustix::process::Signal;
use serde_json::Value;

use crate::harness::Workspace;

/// A schema as the program prints it.
pub(crate) struct Schema {
    name: &'static str,
    document: Value,
    validator: Validator,
}

impl Schema {
    pub(crate) fn of(w: &Workspace, name: &'static str) -> Self {
        let printed = w.swarm(["schema", name]);
        printed.code(0);
        let document: Value = serde_json::from_str(&printed.stdout).expect("a schema is JSON");
        let validator = jsonschema::options().should_validate_formats(true).build(&document).expect("a sound schema");
        Self { name, document, validator }
    }

    #[track_caller]
    pub(crate) fn accepts(&self, document: &Value) {
        let wrong: Vec<String> =
            self.validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "no {}: {wrong:?}\n{document:#}", self.name);
    }

    /// Every key of the document is known to the schema.
    #[track_caller]
    pub(crate) fn knows_all_keys_of(&self, document: &Value) {
        let known = self.document["properties"].as_object().expect("a schema of an object");
        for key in document.as_object().expect("an object").keys() {
            assert!(known.contains_key(key), "{} says nothing of {key}", self.name);
        }
    }
}

/// Runs in which nearly everything happens that can happen.
fn an_eventful_workspace() -> Workspace {
    let w = Workspace::new();
    w.config("verify: [\"test ! -e red.txt\"]\nlimits: {backoff: 0s, attempts: 2, infra: 1}");
    w.agent("asking", &["say NEEDS_INPUT: which colour?"]);
    w.agent("violent", &["spawn session; hang", "write violent.txt x"]);
    w.agent_with("slow", &["hang"], "completion: exit");
    w.write("config/agents/absent.yaml", "argv: [no-such-program-anywhere]\n");
    w.task(
        "merged",
        "echo merged > merged.txt\nprintf '# Born\\n\\n```sh\\necho born > born.txt\\n```\\n' > $SWARM_OUTBOX/born.md",
    );
    w.task("red", "echo red > red.txt");
    w.task("failing", "echo half > half.txt; exit 1");
    w.task("killed", "kill -9 $$");
    w.task("lazy", "true");
    w.task_with("quiet", "expect: no_change", "true");
    w.task_with("human", "review: human", "echo human > human.txt");
    w.task_with("late", "timeout: 1s", "sleep 600");
    for (own, other) in [("one", "two"), ("two", "one")] {
        let meet = format!("{}\n{}", w.gives(own), w.awaits(other));
        w.task(&format!("says-{own}"), &format!("{meet}\necho {own} > contradiction.txt"));
    }
    w.task_for("asking", "asks");
    w.task_for("violent", "leaves-strays");
    w.task_for("absent", "impossible");
    w.file("broken", "---\npriority: [\n---\n");
    w.start(["--drain", "-n", "3"]).code(1);

    w.task("interrupted", &format!("echo x > x.txt\n{}\n{}", w.gives("up"), w.awaits("never")));
    let mut swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("up");
    swarm.signal(Signal::INT);
    swarm.wait_for_event(|event| event.is("paused"));
    swarm.signal(Signal::INT);
    swarm.wait().code(130);

    w.task("interrupted", &format!("echo x > x.txt\n{}\n{}", w.gives("again"), w.awaits("go")));
    let swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("again");
    swarm.kill_9();
    w.give("go");
    w.write("x.txt", "in the way\n");
    w.start(["--drain", "-n", "2"]);
    w
}

#[test]
fn every_document_and_every_event_of_real_runs_is_as_the_schemas_say() {
    let w = an_eventful_workspace();
    let [cycle, event, started, stopped, task] =
        ["cycle", "event", "started", "stopped", "task"].map(|name| Schema::of(&w, name));
    let (mut outcomes, mut events) = (BTreeSet::new(), BTreeSet::new());
    assert_eq!(w.runs().len(), 4);
    for run in w.runs() {
        started.accepts(&run.json("started.json"));
        started.knows_all_keys_of(&run.json("started.json"));
        if run.folder.join("stopped.json").exists() {
            stopped.accepts(&run.json("stopped.json"));
            stopped.knows_all_keys_of(&run.json("stopped.json"));
        }
        for record in run.cycles() {
            cycle.accepts(&record);
            cycle.knows_all_keys_of(&record);
            keeps_the_contract(&run.folder, &record);
            outcomes.insert(record["outcome"].as_str().unwrap_or_default().to_owned());
        }
        let mut before = 0;
        for line in run.events() {
            event.accepts(&line.0);
            assert!(line.t_ms() >= before, "time runs backwards in {}", run.folder.display());
            before = line.t_ms();
            is_a_time(&line.0["at"]);
            assert_eq!((&line.0["schema"], line.text("run_id")), (&1.into(), name_of(&run.folder).as_str()));
            events.insert(line.text("event").to_owned());
        }
    }
    for state in crate::harness::STATES {
        for id in w.tasks_in(state).into_iter().filter(|id| id != "broken") {
            if let Some(front) = front_matter(&w.read(w.task_path(state, &id))) {
                task.accepts(&front);
            }
        }
    }
    // What was to happen has happened, so that the above is worth something.
    for outcome in [
        "merged",
        "no_change",
        "awaiting_review",
        "verify_failed",
        "conflict",
        "agent_error",
        "timeout",
        "needs_input",
        "infra",
        "interrupted",
    ] {
        assert!(outcomes.contains(outcome), "no cycle ended as {outcome}: {outcomes:?}");
    }
    for name in [
        "run_started",
        "run_stopped",
        "task_claimed",
        "step_started",
        "step_ended",
        "task_moved",
        "base_published",
        "base_held_back",
        "claim_recovered",
        "salvaged",
        "invalid_task",
        "stray_ended",
        "paused",
    ] {
        assert!(events.contains(name), "there was no {name}: {events:?}");
    }
}

/// What the contract says beyond types.
#[track_caller]
fn keeps_the_contract(folder: &std::path::Path, record: &Value) {
    for key in [
        "schema",
        "run_id",
        "worker",
        "cycle",
        "host",
        "pid",
        "task",
        "title",
        "attempt",
        "agent",
        "model",
        "session_id",
        "slot",
        "branch",
        "base",
        "head",
        "merged",
        "outcome",
        "reason",
        "signals",
        "started_at",
        "ended_at",
        "duration_ms",
        "steps",
        "claimed",
        "created",
        "recycled",
        "review_rounds",
        "usage",
        "cost_usd",
    ] {
        assert!(record.get(key).is_some(), "no {key} in {record}");
    }
    assert_eq!(record["schema"], 1);
    assert_eq!(record["run_id"], name_of(folder));
    is_a_time(&record["started_at"]);
    is_a_time(&record["ended_at"]);
    assert_eq!(record["merged"].is_string(), record["outcome"] == "merged", "{record}");
    assert!(
        record["outcome"] == "merged" || record["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
        "{record}"
    );
    // An unknown figure is null, never 0.
    assert!(record["cost_usd"].is_null() && record["usage"]["input_tokens"].is_null());
    let steps = record["steps"].as_array().expect("steps are a list");
    for step in steps {
        for key in [
            "step",
            "round",
            "result",
            "started_at",
            "duration_ms",
            "command",
            "exit_code",
            "signal",
            "timed_out",
            "log",
            "tail",
            "usage",
            "cost_usd",
        ] {
            assert!(step.get(key).is_some(), "no {key} in {step}");
        }
        is_a_time(&step["started_at"]);
        if let Some(log) = step["log"].as_str() {
            assert!(folder.join(log).is_file(), "there is no {log}");
        }
        assert!(step["tail"].as_str().is_none_or(|tail| tail.len() <= 4096), "{step}");
    }
}

/// RFC 3339 in UTC with whole seconds, which is what jq reads.
#[track_caller]
fn is_a_time(value: &Value) {
    let text = value.as_str().expect("a time is a text");
    let pattern = "0000-00-00T00:00:00Z";
    let same = |(a, b): (char, char)| if b == '0' { a.is_ascii_digit() } else { a == b };
    assert!(text.len() == pattern.len() && text.chars().zip(pattern.chars()).all(same), "{text}");
}

fn name_of(folder: &std::path::Path) -> String {
    folder.file_name().expect("a run has a name").to_string_lossy().into_owned()
}

fn front_matter(text: &str) -> Option<Value> {
    let (front, _) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(serde_yaml::from_str(front).expect("front matter is YAML"))
}

#[test]
fn what_start_prints_as_json_is_what_its_events_say() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.task("two", "exit 1");
    w.config("limits: {attempts: 1}");
    let ended = w.start(["--drain", "-n", "2"]);
    assert_eq!(ended.events(), w.last_run().events());
    let mut names: Vec<String> = fs::read_dir(w.last_run().folder)
        .expect("list a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["cycles", "events.jsonl", "logs", "prompts", "reviews", "started.json", "stopped.json"]);
}

#[test]
fn the_agents_log_is_exactly_what_it_printed() {
    let w = Workspace::new();
    w.agent("talker", &["say one", "bytes fffe000a", "complain two", "write x.txt x"]);
    w.task_for("talker", "talk");
    w.start(["--drain"]).code(0);
    let log = fs::read(w.last_run().folder.join("logs/w0-c1-implement.log")).expect("read a log");
    assert_eq!(log, b"one\n\xff\xfe\0\ntwo\n");
}

#[test]
fn the_agent_is_told_who_and_where_it_is() {
    let w = Workspace::new();
    w.agent("teller", &["env", "pwd", "write x.txt x"]);
    w.task_for("teller", "tell");
    w.start(["--drain"]).code(0);
    let log = w.last_run().read("logs/w0-c1-implement.log");
    let run = name_of(&w.last_run().folder);
    let slot = w.path(".swarm/slots/01");
    for line in [
        "SWARM_TASK=tell".to_owned(),
        format!("SWARM_TASK_FILE={}", w.task_path("current", "tell").display()),
        format!("SWARM_RUN={run}"),
        "SWARM_WORKER=w0".to_owned(),
        "SWARM_CYCLE=1".to_owned(),
        "SWARM_ATTEMPT=1".to_owned(),
        "SWARM_SLOT=01".to_owned(),
        "SWARM_BASE=trunk".to_owned(),
        format!("PWD={}", slot.display()),
        slot.display().to_string(),
    ] {
        assert!(log.lines().any(|known| known == line), "no line {line} in\n{log}");
    }
    for name in ["SWARM_PORT_BASE=", "SWARM_OUTBOX=", "TMPDIR=", "PATH="] {
        assert!(log.lines().any(|line| line.starts_with(name)), "no {name}");
    }
    assert!(!log.contains("GIT_CONFIG_NOSYSTEM") && !log.contains("CARGO"), "more of the environment than promised");
}
