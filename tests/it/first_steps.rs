//! The shortest stories: what stands in the README.

use crate::harness::{Workspace, fake_agent};

#[test]
fn a_dropped_file_becomes_a_commit_on_the_base() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain", "-n", "2"]).code(0);
    w.is_in("complete", "one");
    w.base().has("one.txt");
    assert_eq!(w.base().commits_of("one").len(), 1);
    assert_eq!(w.read("one.txt"), "one\n", "the user's checkout has moved along");
    w.holds_the_laws();
}

#[test]
fn an_agent_that_is_data_in_the_workspace_does_a_task() {
    let w = Workspace::new();
    w.agent("writer", &["write two.txt done"]);
    w.task_for("writer", "two");
    w.start(["--drain"]).code(0);
    assert_eq!(w.base().read("two.txt"), "done");
    w.holds_the_laws();
}

#[test]
fn a_swarm_in_the_background_is_followed_by_its_events_and_stopped_by_a_signal() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.task("late", "echo late > late.txt");
    swarm.wait_for_event(|event| event.moves("late", "complete"));
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait().code(0);
    w.holds_the_laws();
}

#[test]
fn what_a_failed_test_leaves_running_is_ended_with_its_workspace() {
    let w = Workspace::new();
    let folder = w.outside();
    let shown = format!("{} 'spawn session; hang' hang", fake_agent().display());
    w.task("endless", &shown);
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.begins("implement", "endless"));
    crate::harness::wait_until("the agent's children", || w.processes().len() >= 4);
    drop(swarm);
    assert!(!w.processes().is_empty(), "the agent outlives its worker");
    drop(w);
    assert!(!folder.exists());
}

#[test]
fn a_demonstration_makes_its_own_repository_where_it_is_told_to() {
    let w = Workspace::new();
    let outside = w.outside();
    let there = outside.to_str().expect("UTF-8");
    w.swarm(["-C", there, "demo", "cookbook"]).code(0).says("nothing left to do after 12 cycles");
    assert!(outside.join("cookbook/tasks/complete/pancakes.md").exists());
    assert!(!w.path("cookbook").exists());
    w.swarm(["-C", there, "demo", "cookbook"]).code(2).says("is not empty");
}
