//! The first signal lets the running cycles finish, the second ends them and keeps what they wrote.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Running, Workspace, fake_agent};

#[test]
fn after_the_first_signal_running_cycles_finish_and_nothing_new_starts() {
    for signal in [Signal::INT, Signal::TERM, Signal::USR1] {
        let w = Workspace::new();
        w.task("running", &format!("{}; echo done > done.txt", w.awaits("go")));
        let mut swarm = w.start_in_background(["-n", "1"]);
        swarm.wait_for_event(|event| event.begins("implement", "running"));
        w.task("waiting", "echo waiting > waiting.txt");
        swarm.signal(signal);
        swarm.wait_for_event(|event| event.is("paused"));
        w.give("go");
        swarm.wait().code(0);
        w.is_in("complete", "running");
        w.is_in("pending", "waiting");
        w.base().has("done.txt").lacks("waiting.txt");
        w.holds_the_laws();
    }
}

#[test]
fn after_the_second_signal_agents_are_gone_and_all_they_wrote_is_kept() {
    let w = Workspace::new();
    let mut swarm = with_agents_in_the_middle_of_work(&w);
    interrupt_twice(&mut swarm);
    is_ended_with_its_work_kept(&w, swarm);
}

#[test]
fn stop_now_does_the_same() {
    let w = Workspace::new();
    let swarm = with_agents_in_the_middle_of_work(&w);
    w.swarm(["stop", "--now"]).code(0);
    is_ended_with_its_work_kept(&w, swarm);
}

#[test]
fn a_terminal_that_closes_lets_the_running_cycles_finish() {
    let w = Workspace::new();
    w.task("running", &format!("{}; echo done > done.txt", w.awaits("go")));
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.begins("implement", "running"));
    swarm.signal(Signal::HUP);
    swarm.wait_for_event(|event| event.is("paused"));
    w.give("go");
    swarm.wait();
    w.holds_the_laws();
}

#[test]
fn a_signal_to_an_idle_swarm_ends_it_at_once() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    let mut swarm = w.start_in_background(["-n", "4"]);
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    swarm.signal(Signal::INT);
    swarm.wait().code(0);
    w.holds_the_laws();
}

#[test]
fn a_gate_is_ended_by_the_second_signal_as_an_agent_is() {
    let w = Workspace::new();
    w.config(&format!("verify: [\"test ! -e work.txt || {}\"]", w.awaits("never")));
    w.task("gated", "echo work > work.txt");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.begins("verify", "gated"));
    interrupt_twice(&mut swarm);
    swarm.wait().code(130);
    w.is_in("pending", "gated");
    w.at_commit("refs/swarm/salvage/gated/1").has("work.txt");
    w.holds_the_laws();
}

/// The kernel keeps one signal of a kind at a time, so the second is sent when the first was heard.
fn interrupt_twice(swarm: &mut Running<'_>) {
    swarm.signal(Signal::INT);
    swarm.wait_for_event(|event| event.is("paused"));
    swarm.signal(Signal::INT);
}

/// Two agents that ignore TERM, each with a commit, a change, a new file, and children in sessions of their own.
fn with_agents_in_the_middle_of_work(w: &Workspace) -> Running<'_> {
    for id in ["one", "two"] {
        let fake = fake_agent().display();
        w.task(
            id,
            &format!(
                "echo committed > committed-{id}.txt\ngit add .\ngit commit -q -m 'Half of it'\n\
                 echo changed >> README.md\necho new > untracked-{id}.txt\n\
                 '{fake}' deaf 'spawn session; deaf; hang' 'spawn deaf; hang' 'write {} x' hang",
                w.sign(id).display()
            ),
        );
    }
    let swarm = w.start_in_background(["-n", "2"]);
    w.wait_for_sign("one");
    w.wait_for_sign("two");
    swarm
}

fn is_ended_with_its_work_kept(w: &Workspace, swarm: Running<'_>) {
    let asked = Instant::now();
    swarm.wait().code(130);
    assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?}", asked.elapsed());
    for id in ["one", "two"] {
        let text = w.is_in("pending", id);
        assert!(text.contains("outcome: interrupted") && text.contains("attempts: 0"), "{text}");
        let kept = w.at_commit(&format!("refs/swarm/salvage/{id}/1"));
        kept.has(&format!("committed-{id}.txt")).has(&format!("untracked-{id}.txt"));
        assert!(kept.read("README.md").ends_with("changed"));
        assert_eq!(w.cycles_of(id)[0]["outcome"], "interrupted");
    }
    assert_eq!(w.last_run().json("stopped.json")["exit_code"], 130);
    w.holds_the_laws();
}
