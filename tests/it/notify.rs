//! The notify command: told once of what needs a person, in nobody's way.

use serde_json::Value;

use crate::harness::{Workspace, wait_until};

/// A workspace whose notify command writes down what it is told, after `first`.
fn told(first: &str) -> Workspace {
    let w = Workspace::new();
    let log = w.outside().join("told.jsonl");
    let script = w.outside().join("notify.sh");
    std::fs::write(&script, format!("{first}\ncat >> '{}'\n", log.display())).expect("write a script");
    w.config(&format!("limits: {{attempts: 1}}\nnotify: sh '{}'", script.display()));
    w
}

/// What it was told: the event, the task, and where it went.
fn events(w: &Workspace) -> Vec<String> {
    let text = std::fs::read_to_string(w.outside().join("told.jsonl")).unwrap_or_default();
    let short = |line: &str| {
        let line: Value = serde_json::from_str(line).expect(line);
        let words = [&line["event"], &line["task"], &line["to"]].map(|word| word.as_str().unwrap_or("-").to_owned());
        words.join(" ")
    };
    text.lines().map(short).collect()
}

#[test]
fn it_is_told_of_what_needs_a_person_and_of_nothing_else() {
    let w = told("");
    w.task("bad", "exit 3");
    w.task("good", "echo x > x.txt");
    w.task_with("seen", "review: human", "echo y > y.txt");
    w.start(["--drain"]).code(1);
    assert_eq!(events(&w), ["task_moved bad blocked", "task_moved seen review", "run_stopped - -"],);
    w.move_task("bad", "blocked", "complete");
    w.start(["--drain"]).code(0);
    assert_eq!(events(&w).len(), 3, "a run that leaves nothing is no news");
}

#[test]
fn a_command_that_hangs_keeps_no_worker_waiting() {
    let w = told("");
    let script = w.outside().join("notify.sh");
    std::fs::write(&script, format!("cat > /dev/null\n{}\n{}\n", w.gives("called"), w.awaits("go"))).expect("write");
    w.task("a-bad", "exit 3");
    let mut swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("called");
    w.task("good", "echo x > x.txt");
    swarm.wait_for_event(|event| event.is("run_stopped"));
    w.give("go");
    swarm.wait().code(1);
    wait_until("the end of all", || w.processes().is_empty());
}

#[test]
fn that_it_fails_is_said_once() {
    let w = told("echo 'no such channel' >&2; exit 2");
    for id in ["a", "b"] {
        w.task(id, "exit 3");
    }
    let ended = w.start(["--drain"]);
    ended.code(1).says("exit code 2: no such channel");
    let warnings = ended.events().into_iter().filter(|event| event.text("message").contains("the notify command"));
    assert_eq!(warnings.count(), 1);
    assert_eq!(w.tasks_in("blocked"), ["a", "b"]);
}
