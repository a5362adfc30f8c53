//! What was broken once: faults that were found by attacking the program, each with the test that found it.

use std::fs;

use rustix::process::Signal;

use crate::harness::{Workspace, fake_agent, is_alive, wait_for};

#[test]
fn a_task_whose_name_is_complete_already_is_never_claimed_and_is_named() {
    let w = Workspace::new();
    w.task("twice", "echo first > first.txt");
    w.start(["--drain"]).code(0);
    let complete = w.is_in("complete", "twice");
    w.task("twice", "echo second > second.txt");
    let pending = w.read(w.task_path("pending", "twice"));
    let ended = w.start(["--drain"]);
    ended.code(1);
    assert_eq!(w.read(w.task_path("complete", "twice")), complete);
    assert_eq!(w.read(w.task_path("pending", "twice")), pending);
    w.base().has("first.txt").lacks("second.txt");
    let dry = w.swarm(["start", "--dry-run"]);
    dry.says("twice").says("complete/");
    ended.says("tasks/pending/twice.md");
}

#[test]
fn the_same_name_dropped_while_a_worker_has_the_task_replaces_nothing() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s}");
    w.task("twice", &format!("{}; exit 1", w.awaits("go")));
    let mut swarm = w.start_in_background(["--drain"]);
    swarm.wait_for_event(|event| event.begins("implement", "twice"));
    w.task("twice", "echo second > second.txt");
    let second = w.read(w.task_path("pending", "twice"));
    w.give("go");
    let ended = swarm.wait();
    ended.code(1).says("tasks/pending/twice.md");
    assert_eq!(w.read(w.task_path("pending", "twice")), second);
    assert!(w.read(w.task_path("current", "twice")).contains("exit 1"));
    w.base().lacks("second.txt");

    // The user decides, and the next start goes on.
    std::fs::remove_file(w.task_path("current", "twice")).expect("remove a file");
    w.start(["--drain"]).code(0);
    w.base().has("second.txt");
    w.is_in("complete", "twice");
    w.holds_the_laws();
}

#[test]
fn a_task_that_finishes_while_its_name_is_dropped_again_replaces_nothing() {
    let w = Workspace::new();
    w.task("twice", &format!("{}; echo first > first.txt", w.awaits("go")));
    let mut swarm = w.start_in_background(["--drain"]);
    swarm.wait_for_event(|event| event.begins("implement", "twice"));
    w.task("twice", "echo second > second.txt");
    let second = w.read(w.task_path("pending", "twice"));
    w.give("go");
    swarm.wait().code(1).says("twice");
    assert_eq!(w.whereabouts("twice"), ["pending", "complete"]);
    assert_eq!(w.read(w.task_path("pending", "twice")), second);
    w.base().has("first.txt").lacks("second.txt");
}

#[test]
fn a_drain_that_ends_with_1_says_what_is_left_and_why() {
    let w = Workspace::new();
    w.task_with("lost", "depends_on: [nobody]", "true");
    w.start(["--drain"]).code(1).says("lost");
}

#[test]
fn a_signal_at_the_very_beginning_ends_the_run_as_any_other() {
    for _ in 0..20 {
        let w = Workspace::new();
        let mut swarm = w.start_in_background(["-n", "1"]);
        swarm.wait_for_event(|event| event.is("run_started"));
        swarm.signal(Signal::INT);
        swarm.wait().code(0);
    }
}

#[test]
fn a_gate_that_outlives_its_worker_is_ended_too() {
    let w = Workspace::new();
    w.config(&format!(
        "verify: [\"test -e '{0}' || {{ echo $$ > '{0}.new'; mv '{0}.new' '{0}'; exec '{1}' deaf hang; }}\"]",
        w.sign("pid").display(),
        fake_agent().display()
    ));
    w.task("work", "echo x > x.txt");
    let swarm = w.start_in_background(["--drain"]);
    let gate: u32 = wait_for("a process number", || fs::read_to_string(w.sign("pid")).ok()?.trim().parse().ok());
    swarm.kill_9();
    w.start(["--drain"]).code(0);
    assert!(!is_alive(gate), "the gate of the dead run lives on");
    w.is_in("complete", "work");
    w.holds_the_laws();
}

#[test]
fn a_task_that_cannot_be_recovered_ends_a_drain_with_1() {
    let w = Workspace::new();
    w.task("work", &format!("'{}' 'bare session; close output; hang'; kill -9 $PPID", fake_agent().display()));
    assert!(w.start(["--drain"]).was_killed());
    w.start(["--drain"]).code(1).says("cannot be ended");
    w.is_in("current", "work");
}

#[test]
fn a_worktree_in_which_an_agent_of_a_dead_run_still_writes_is_given_to_no_other_task() {
    let w = Workspace::new();
    w.task(
        "work",
        &format!(
            "'{}' 'bare session; close output; await {}; write noise.txt x; write {} x; hang'\nkill -9 $PPID",
            fake_agent().display(),
            w.sign("now").display(),
            w.sign("written").display(),
        ),
    );
    assert!(w.start(["--drain"]).was_killed());
    w.task("other", &format!("{}\n{}\necho other > other.txt", w.gives("now"), w.awaits("written")));
    w.start(["--drain", "-n", "1"]);
    w.is_in("current", "work");
    w.base().has("other.txt").lacks("noise.txt");
}

#[test]
fn what_a_kill_leaves_of_an_edit_is_cleared_away() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s}");
    let litter = || -> Vec<String> {
        let listing = fs::read_dir(w.path("tasks/current")).expect("list a folder").flatten();
        listing
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.'))
            .collect()
    };
    for number in 0..50 {
        w.task(&format!("t{number}"), &format!("echo {number} > {number}.txt"));
        let mut swarm = w.start_in_background(["--drain", "-n", "1"]);
        while litter().is_empty() && !swarm.has_ended() {}
        drop(swarm.kill_9());
        if !litter().is_empty() {
            break;
        }
    }
    assert!(!litter().is_empty(), "it was never killed in the middle of an edit");
    w.start(["--drain"]).code(0);
    assert_eq!(litter(), Vec::<String>::new());
}

#[test]
fn a_task_that_is_called_swarm_is_not_taken_for_one_of_our_own_merges() {
    let w = Workspace::new();
    w.write("shared.txt", "one\ntwo\nthree\n");
    w.commit("More files");
    // The base is held back, the user commits to it, and the two are joined by a commit of ours.
    w.write("shared.txt", "zero\none\ntwo\nthree\n");
    w.task("work", "sed -i 's/three/THREE/' shared.txt");
    w.start(["--drain"]).code(0);
    w.git(["commit", "-q", "-am", "The user's own line"]);
    w.task(
        "swarm",
        &format!(
            "test -e '{0}' || {{ {1}; {2}; }}; echo x > swarm.txt",
            w.sign("go").display(),
            w.gives("up"),
            w.awaits("go")
        ),
    );
    let swarm = w.start_in_background(["--drain", "-n", "2"]);
    w.wait_for_sign("up");
    w.task("more", "echo more > more.txt");
    crate::harness::wait_until("the join", || w.tasks_in("complete").contains(&"more".to_owned()));
    swarm.kill_9();
    w.give("go");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "swarm");
    w.base().has("swarm.txt");
    w.holds_the_laws();
}

#[test]
fn of_work_that_was_merged_nothing_is_salvaged() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(0);
    let ended = w.start(["--drain"]);
    assert!(!ended.events().iter().any(|event| event.is("salvaged")), "{ended}");
    assert_eq!(w.refs("refs/swarm/"), Vec::<String>::new());
}
