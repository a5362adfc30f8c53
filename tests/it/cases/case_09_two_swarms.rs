//! Two swarms in one workspace share the work, and each can stop alone.

use std::collections::BTreeSet;

use rustix::process::Signal;

use crate::harness::Workspace;

#[test]
fn two_swarms_share_the_work_and_each_stops_alone() {
    let w = Workspace::new();
    let mut first = w.start_in_background(["-n", "2"]);
    let mut second = w.start_in_background(["-n", "2"]);
    for swarm in [&mut first, &mut second] {
        swarm.wait_for_event(|event| event.is("run_started"));
    }
    // Four tasks that need four workers at the same time: each waits until all have begun.
    let meet: Vec<String> = (0..4).map(|number| w.awaits(&format!("here-{number}"))).collect();
    for number in 0..4 {
        let here = w.gives(&format!("here-{number}"));
        w.task(&format!("meet-{number}"), &format!("{here}\n{}\necho {number} > {number}.txt", meet.join("\n")));
    }
    for swarm in [&mut first, &mut second] {
        swarm.wait_for_event(|event| event.is("task_moved"));
    }
    for number in 0..4 {
        crate::harness::wait_until("all four", || w.tasks_in("complete").contains(&format!("meet-{number}")));
    }
    let runs: BTreeSet<String> = w.cycles().iter().map(|cycle| cycle["run_id"].to_string()).collect();
    assert_eq!((w.cycles().len(), runs.len()), (4, 2));

    first.signal(Signal::INT);
    first.wait().code(0);
    w.task("alone", "echo alone > alone.txt");
    second.wait_for_event(|event| event.moves("alone", "complete"));
    w.swarm(["stop"]).code(0).says("has stopped");
    second.wait().code(0);
    w.swarm(["stop"]).code(0).says("no swarm is running");
    w.holds_the_laws();
}

#[test]
fn one_swarm_takes_over_what_another_had_when_it_is_killed() {
    let w = Workspace::new();
    w.task("handed-on", &format!("{}; echo x > x.txt", w.awaits("go")));
    let mut first = w.start_in_background(["-n", "1"]);
    first.wait_for_event(|event| event.begins("implement", "handed-on"));
    first.kill_9();
    w.give("go");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "handed-on");
    w.holds_the_laws();
}
