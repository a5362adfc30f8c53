//! The commands that read: while a swarm runs, after one was killed, and where files are torn.

use serde_json::Value;

use crate::harness::{Workspace, wait_until};

fn json<const N: usize>(w: &Workspace, args: [&str; N]) -> Value {
    let ended = w.swarm(args.into_iter().chain(["--json"]));
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no JSON document: {error}\n{ended}"))
}

#[test]
fn what_has_run_can_be_read() {
    let w = Workspace::new();
    w.config("verify: ['test ! -e bad']\nlimits: {attempts: 1}\n");
    w.task("good", "echo fine; echo good > good.txt");
    w.task("bad", "echo oh no; echo x > bad");
    w.task_with("waits", "depends_on: [nowhere]", "true");
    w.start(["--drain", "-n", "1"]).code(1);

    let status = json(&w, ["status"]);
    assert_eq!(status["schema"], 1);
    let counts = serde_json::json!({"pending": 1, "current": 0, "review": 0, "blocked": 1, "complete": 1});
    assert_eq!(status["counts"], counts);
    assert_eq!(status["stuck"][0]["id"], "waits");
    assert_eq!(status["base"]["branch"], "trunk");
    assert_eq!(status["base"]["head"], w.git(["rev-parse", "trunk"]));
    assert_eq!(status["base"]["green"], true);

    let list = w.swarm(["list"]);
    list.code(0).says("waits").says("no task has that name").says("good");
    w.swarm(["list", "blocked"]).code(0).says("verify_failed");
    let show = json(&w, ["show", "bad"]);
    assert_eq!(show["state"], "blocked");
    assert_eq!(show["cycles"][0]["outcome"], "verify_failed");
    assert_eq!(show["salvage"][0]["reference"], "refs/swarm/salvage/bad/1");

    let logs = w.swarm(["logs", "bad", "--step", "implement"]);
    assert_eq!(logs.code(0).stdout, "oh no\n");
    assert_eq!(w.swarm(["logs", "w0", "--step", "implement", "-q"]).stdout.lines().count(), 2);
    w.swarm(["logs", "waits"]).code(1).says("nothing has been printed");

    let run = json(&w, ["runs", "last"]);
    assert_eq!(run["run"]["state"], "stopped");
    assert_eq!(run["run"]["outcomes"], serde_json::json!({"merged": 1, "verify_failed": 1}));
    assert_eq!(run["cycles"].as_array().map(Vec::len), Some(2));
    assert_eq!(json(&w, ["runs"])["runs"][0]["run_id"], run["run"]["run_id"]);
    w.swarm(["runs", "nonsense"]).code(1).says("there is no run");
}

#[test]
fn a_worker_is_seen_at_work_and_a_killed_one_as_none() {
    let w = Workspace::new();
    w.task("long", "echo begun; sleep 1000");
    let mut swarm = w.start_in_background(["-n", "2"]);
    swarm.wait_for_event(|event| event.begins("implement", "long"));
    let status = json(&w, ["status"]);
    let at_work: Vec<&Value> =
        status["workers"].as_array().into_iter().flatten().filter(|worker| worker["task"] == "long").collect();
    assert_eq!(at_work.len(), 1, "{status:#}");
    assert_eq!(at_work[0]["step"], "implement");
    assert_eq!(status["without_worker"], serde_json::json!([]));
    assert_eq!(json(&w, ["runs"])["runs"][0]["state"], "running");
    swarm.kill_9();
    let status = json(&w, ["status"]);
    assert_eq!(status["workers"], serde_json::json!([]));
    assert_eq!(status["without_worker"][0]["task"], "long");
    assert_eq!(json(&w, ["runs"])["runs"][0]["state"], "died");
    w.swarm(["list", "current"]).code(0).says("no worker");
}

#[test]
fn logs_are_followed_over_attempts_until_no_more_can_come() {
    let w = Workspace::new();
    w.config("limits: {attempts: 2, backoff: 1s, backoff_max: 1s}\n");
    w.task("twice", "for i in 1 2 3; do echo line $i; sleep 0.1; done; exit 1");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.begins("implement", "twice"));
    // The swarm has no bound: only the task's own end lets the follower go.
    let followed = w.swarm(["logs", "-f", "twice"]);
    assert_eq!(followed.code(0).stdout, "line 1\nline 2\nline 3\n".repeat(2));
    w.is_in("blocked", "twice");
}

#[test]
fn a_follower_ends_with_the_run_even_when_that_is_killed() {
    let w = Workspace::new();
    w.task("long", "echo begun; sleep 1000");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.begins("implement", "long"));
    let mut follower = w.run_in_background(env!("CARGO_BIN_EXE_swarm"), &["logs", "-f", "w0"]);
    let log =
        w.path(format!("runs/{}/logs/w0-c1-implement.log", json(&w, ["runs"])["runs"][0]["run_id"].as_str().unwrap()));
    wait_until("the agent's first word", || std::fs::read_to_string(&log).is_ok_and(|text| !text.is_empty()));
    assert!(!follower.has_ended());
    swarm.kill_9();
    assert_eq!(follower.wait().code(0).stdout, "begun\n");
}

#[test]
fn torn_and_foreign_records_are_named_and_stop_no_command() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(0);
    let run = json(&w, ["runs", "last"])["run"]["run_id"].as_str().unwrap().to_owned();
    w.write(&format!("runs/{run}/stopped.json"), "{\"schema\": 1, \"ru");
    w.write(&format!("runs/{run}/cycles/w9-c1.json"), "not json");
    w.write(&format!("runs/{run}/events.jsonl"), b"\xff\xfe\n{}\n{\"torn");
    w.write("runs/foreign.json", "{");
    w.write("runs/20261120T220001-aaaa/started.json", "[]");
    w.write(".swarm/verified/foreign.json", "{");
    w.write(".swarm/claims/one.json", "{");
    w.write(".swarm/locks/run-foreign.lock", "{");
    for args in [&["status"][..], &["runs"], &["runs", "last"], &["list"], &["show", "one"], &["logs", "w0"]] {
        let ended = w.swarm(args.iter().chain(&["--json"]));
        assert!(!ended.stderr.contains("panicked"), "{ended}");
        assert!(matches!(ended.status.code(), Some(0 | 1)), "{args:?}\n{ended}");
    }
    w.swarm(["runs"]).code(0).says("set aside").says("stopped.json");
    w.swarm(["show", "one"]).code(0).says("w9-c1.json").says("merged");
}

#[test]
fn status_tells_what_it_can_where_the_repository_is_unfit() {
    let w = Workspace::new();
    w.task("one", "true");
    std::fs::rename(w.path(".git"), w.path("no-git")).unwrap();
    let status = json(&w, ["status"]);
    assert_eq!(status["counts"]["pending"], 1);
    assert_eq!(status["base"]["head"], Value::Null);
    assert_eq!(status["base"]["green"], Value::Null);
    w.swarm(["status"]).code(0).says("not in a git repository");
    w.swarm(["check"]).code(3).says("not in a git repository");
    std::fs::rename(w.path("no-git"), w.path(".git")).unwrap();
}

#[test]
fn lint_names_the_line_and_mends_only_names() {
    let w = Workspace::new();
    w.task("fine", "true");
    w.file("wrong", "---\npriority: 9\n---\n# Wrong\n");
    w.write("tasks/pending/My Task.MD", "# Mine\r\n");
    w.swarm(["lint"]).code(1).says("tasks/pending/wrong.md:2: error: priority").says("My Task.MD");
    w.swarm(["lint", "--fix"]).code(1).says("tasks/pending/my-task.md");
    assert_eq!(w.read("tasks/pending/my-task.md"), "# Mine\r\n");
    std::fs::remove_file(w.task_path("pending", "wrong")).unwrap();
    w.swarm(["lint"]).code(0);
}

#[test]
fn check_runs_the_gates_on_the_base_and_tells_whose_fault_it_is() {
    let w = Workspace::new();
    w.config("verify: ['test -e first']\n");
    w.swarm(["check"]).code(1).says("the gate `test -e first` failed");
    w.swarm(["check", "--skip-gates"]).code(0).says("1 gate, not run");
    w.write("first", "");
    w.commit("Make the gate green");
    let check = json(&w, ["check"]);
    assert_eq!(check["ok"], true, "{check:#}");
    w.config("verify: ['no-such-program-anywhere']\n");
    w.swarm(["check"]).code(3).says("could not be run");
    w.config("verfy: []\n");
    w.swarm(["check"]).code(2).says("did you mean `verify`?");
    assert!(std::fs::read_dir(w.path("runs")).unwrap().flatten().all(|entry| !entry.path().is_dir()), "it is no run");
}
