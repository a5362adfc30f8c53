//! Dependencies that can never be met: said, never a hang.

use crate::harness::Workspace;

#[test]
fn circles_and_unknown_names_are_said_and_end_a_drain_with_1() {
    let w = Workspace::new();
    w.task_with("hen", "depends_on: [egg]", "true");
    w.task_with("egg", "depends_on: [hen]", "true");
    w.task_with("self", "depends_on: [self]", "true");
    w.task_with("lost", "depends_on: [nobody]", "true");
    w.task_with("after-lost", "depends_on: [lost]", "true");
    w.task_with("second", "depends_on: [first]", "test -f first.txt; echo second > second.txt");
    w.task("first", "echo first > first.txt");
    let dry = w.swarm(["start", "--dry-run"]);
    dry.code(0).says("depends on itself").says("depends on nobody").says("claim first");
    let held = |id: &str| dry.stdout.lines().find(|line| line.starts_with(&format!("skip  {id}:"))).map(str::to_owned);
    for id in ["hen", "egg", "self"] {
        assert!(held(id).is_some_and(|line| line.contains("depends on itself")), "{id}\n{dry}");
    }
    dry.says("waits for lost, which depends on nobody, and no task has that name");

    w.start(["--drain", "-n", "3"]).code(1);
    assert_eq!(w.tasks_in("complete"), ["first", "second"]);
    assert_eq!(w.tasks_in("pending"), ["after-lost", "egg", "hen", "lost", "self"]);
    w.holds_the_laws();
}

#[test]
fn a_dependency_that_is_dropped_later_sets_the_task_free() {
    let w = Workspace::new();
    w.task_with("second", "depends_on: [first]", "test -f first.txt; echo second > second.txt");
    let mut swarm = w.start_in_background(["-n", "2"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.task("first", "echo first > first.txt");
    swarm.wait_for_event(|event| event.moves("second", "complete"));
    w.base().has("second.txt");
}
