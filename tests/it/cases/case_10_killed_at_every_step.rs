//! The program is killed at every step of a cycle and started again: nothing is lost, nothing done twice, nothing left.

use crate::harness::{Moment, Workspace, fake_agent};

/// More calls than any run here makes.
const MOST_CALLS: usize = 200;

/// One task whose agent commits a part and leaves a part, and a gate.
fn a_workspace() -> Workspace {
    let w = Workspace::new();
    w.config("verify: [\"test ! -f committed.txt || test -f left.txt\"]\nlimits: {backoff: 0s}");
    w.task("work", "echo c > committed.txt\ngit add .\ngit commit -q -m 'A part'\necho l > left.txt");
    w
}

/// Starts again, without an accident, and looks at what has become of it all.
#[track_caller]
fn all_is_well_after_the_next_start(w: &Workspace, accident: &str) {
    let ended = w.start(["--drain"]);
    assert_eq!(ended.status.code(), Some(0), "after {accident}\n{ended}");
    assert_eq!(w.whereabouts("work"), ["complete"], "after {accident}\n{ended}");
    w.base().has("committed.txt").has("left.txt");
    assert_eq!(w.base().depth(), 2, "after {accident}\n{}", w.git(["log", "--oneline", "trunk"]));
    w.holds_the_laws();
}

fn killed_at_every_call(moment: Moment) {
    for call in 1..MOST_CALLS {
        let w = a_workspace();
        let (ended, words) = w.start_killed_at(call, moment, &["--drain", "-n", "1"]);
        if !ended.was_killed() {
            ended.code(0);
            assert!(call > 10, "it was killed only {} times", call - 1);
            return;
        }
        all_is_well_after_the_next_start(&w, &format!("a kill, {moment:?} call {call}: git {words}"));
    }
    panic!("it never ends by itself");
}

#[test]
fn killed_before_every_call_of_git() {
    killed_at_every_call(Moment::Before);
}

#[test]
fn killed_after_every_call_of_git() {
    killed_at_every_call(Moment::After);
}

#[test]
fn killed_before_every_call_of_git_which_is_done_all_the_same() {
    killed_at_every_call(Moment::Orphan);
}

#[test]
fn killed_again_at_every_call_of_the_recovery() {
    for call in 1..MOST_CALLS {
        let w = a_workspace();
        // The first is killed by its own agent, with half of the work in the worktree.
        let once = format!("test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}", w.sign("killed").display());
        w.task(
            "work",
            &format!("echo c > committed.txt\ngit add .\ngit commit -q -m 'A part'\necho l > left.txt\n{once}"),
        );
        assert!(w.start(["--drain"]).was_killed());
        let (ended, words) = w.start_killed_at(call, Moment::Orphan, &["--drain", "-n", "1"]);
        let is_last = !ended.was_killed();
        all_is_well_after_the_next_start(&w, &format!("a second kill at call {call}: git {words}"));
        w.at_commit("refs/swarm/salvage/work/1").has("committed.txt").has("left.txt");
        if is_last {
            assert!(call > 10, "it was killed only {call} times");
            return;
        }
    }
    panic!("it never ends by itself");
}

#[test]
fn killed_with_two_workers_at_any_call() {
    for call in (3..60).step_by(7) {
        let w = a_workspace();
        for number in 0..4 {
            w.task(&format!("t{number}"), &format!("echo {number} > {number}.txt\necho {number} >> left.txt"));
        }
        let (ended, words) = w.start_killed_at(call, Moment::Orphan, &["--drain", "-n", "2"]);
        assert!(ended.was_killed(), "call {call}");
        let ended = w.start(["--drain", "-n", "2"]);
        // Of those that add the same line to the same file one lands, the others may contradict it.
        assert!(matches!(ended.status.code(), Some(0 | 1)), "after call {call}: git {words}\n{ended}");
        w.holds_the_laws();
    }
}

#[test]
fn killed_by_its_agent() {
    let w = a_workspace();
    let once = format!("test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}", w.sign("killed").display());
    w.task("work", &format!("echo c > committed.txt\necho l > left.txt\n{once}"));
    assert!(w.start(["--drain"]).was_killed());
    assert_eq!(w.whereabouts("work"), ["current"]);
    all_is_well_after_the_next_start(&w, "a kill by the agent");
}

#[test]
fn killed_by_its_gate() {
    let w = a_workspace();
    w.config(&format!(
        "verify: [\"test ! -e left.txt || test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}\"]",
        w.sign("killed").display()
    ));
    assert!(w.start(["--drain"]).was_killed());
    all_is_well_after_the_next_start(&w, "a kill by the gate");
    w.at_commit("refs/swarm/salvage/work/1").has("committed.txt").has("left.txt");
}

#[test]
fn killed_by_its_setup_command() {
    let w = a_workspace();
    let once = format!("test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}", w.sign("killed").display());
    w.config(&format!("worktree: {{setup: [\"{once}\"]}}"));
    assert!(w.start(["--drain"]).was_killed());
    all_is_well_after_the_next_start(&w, "a kill by the setup command");
}

#[test]
fn killed_upon_every_event() {
    for number in 1..MOST_CALLS {
        let w = a_workspace();
        let mut swarm = w.start_in_background(["--drain", "-n", "1"]);
        crate::harness::wait_until("an event", || swarm.events().len() >= number || swarm.has_ended());
        let events = swarm.events().len();
        let ended = swarm.kill_9();
        if events < number {
            ended.code(0);
            assert!(number > 8, "there were only {events} events");
            return;
        }
        all_is_well_after_the_next_start(&w, &format!("a kill upon event {number}"));
    }
}

#[test]
fn killed_three_times_in_a_row_with_children_that_live_on() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.task(
        "work",
        &format!("echo x > x.txt\n'{fake}' 'spawn session; deaf; hang' 'spawn group; deaf; hang'\n{}", w.awaits("go")),
    );
    for _ in 0..3 {
        let mut swarm = w.start_in_background(["--drain"]);
        swarm.wait_for_event(|event| event.begins("implement", "work"));
        swarm.kill_9();
    }
    w.give("go");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    assert_eq!(w.base().depth(), 2);
    w.holds_the_laws();
}
