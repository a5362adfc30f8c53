//! What workers are: executors that make no tasks, and how long any of them rests between two cycles. Planners and
//! agents that pick their own tasks have files of their own.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::Workspace;

#[test]
fn an_executor_has_no_outbox_and_is_told_to_make_no_tasks() {
    let w = Workspace::new();
    w.config("workers: [{agent: does, role: executor}]\n");
    // It makes a folder of that name all the same: nothing in it becomes a task, or a part of the work.
    w.author(
        "does",
        "echo ${SWARM_OUTBOX-none} > outbox.txt\nmkdir -p .swarm-outbox\necho '# More' > .swarm-outbox/more.md\nready",
    );
    w.file("work", "# Dig\n");
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:outbox.txt"]), "none");
    assert!(w.whereabouts("more").is_empty());
    w.base().lacks(".swarm-outbox/more.md");
    let told = w.last_run().read("prompts/w0-c1-implement.md");
    assert!(told.contains("make no new tasks") && !told.contains("OUTBOX"), "{told}");
    assert_eq!(w.last_run().json("started.json")["roles"], serde_json::json!(["executor"]));
    assert_eq!(w.cycles_of("work")[0]["created"], serde_json::json!([]));
    w.holds_the_laws();
}

#[test]
fn a_worker_rests_between_two_cycles_and_not_after_the_last() {
    let w = Workspace::new();
    w.config("workers: [{agent: script, pause_between: 2s}]\n");
    w.task("one", "echo 1 > one.txt");
    w.task("two", "echo 2 > two.txt");
    let ended = w.start(["--drain"]);
    ended.code(0);
    let at = |name: &str, task: &str| ended.event(|event| event.is_of(name, task)).t_ms();
    assert!(at("task_claimed", "two") >= at("task_moved", "one") + 1900, "{ended}");
    let stopped = ended.event(|event| event.is("run_stopped")).t_ms();
    assert!(stopped < at("task_moved", "two") + 1900, "{ended}");
}

#[test]
fn a_rest_ends_at_once_when_the_run_is_told_to() {
    let w = Workspace::new();
    w.config("workers: [{agent: script, pause_between: 1h}]\n");
    w.task("one", "echo 1 > one.txt");
    w.task("two", "echo 2 > two.txt");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    let asked = Instant::now();
    swarm.signal(Signal::INT);
    swarm.wait();
    assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?}", asked.elapsed());
    w.is_in("pending", "two");
    w.holds_the_laws();
}

#[test]
fn who_cannot_be_told_what_to_do_neither_plans_nor_chooses() {
    let w = Workspace::new();
    for (line, says) in [("role: planner", "cannot plan"), ("claim: agent", "cannot claim tasks")] {
        w.config(&format!("workers: [{{agent: script, {line}}}]\n"));
        w.start(["--drain"]).code(2).says(says);
        w.swarm(["check", "--skip-gates"]).code(2).says(says);
    }
}
