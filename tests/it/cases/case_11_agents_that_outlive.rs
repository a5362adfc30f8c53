//! The worker is killed while its agent goes on: the task is not handed out until that agent is gone.

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Workspace, fake_agent, is_alive, wait_until};

/// The number that an agent has written into a sign.
fn pid_in(w: &Workspace, sign: &str) -> u32 {
    crate::harness::wait_for("a process number", || std::fs::read_to_string(w.sign(sign)).ok()?.trim().parse().ok())
}

#[test]
fn an_agent_in_a_session_of_its_own_is_ended_before_its_task_is_handed_out() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    // It writes for ever into the worktree; in its second life it is content.
    w.task(
        "work",
        &format!(
            "echo x > x.txt\nif test -e '{0}'; then exit 0; fi\n\
             setsid sh -c 'echo $$ > \"{0}.new\"; mv \"{0}.new\" \"{0}\"; exec \"{fake}\" deaf \"chatter 1\"' > noise.txt",
            w.sign("pid").display()
        ),
    );
    let mut swarm = w.start_in_background(["--drain"]);
    let agent = pid_in(&w, "pid");
    swarm.wait_for_event(|event| event.begins("implement", "work"));
    swarm.kill_9();
    assert!(is_alive(agent), "the agent outlives its worker");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(!is_alive(agent));
    let names: Vec<String> = ended.events().iter().map(|event| event.text("event").to_owned()).collect();
    let at = |name: &str| names.iter().position(|known| known == name).unwrap_or_else(|| panic!("no {name}\n{ended}"));
    assert!(at("stray_ended") < at("claim_recovered") && at("claim_recovered") < at("task_claimed"), "{names:?}");
    w.is_in("complete", "work");
    // What it had written before is kept.
    w.at_commit("refs/swarm/salvage/work/1").has("noise.txt");
    w.base().has("x.txt").lacks("noise.txt");
    w.holds_the_laws();
}

#[test]
fn an_agent_is_ended_though_the_record_of_its_claim_is_torn() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.task(
        "work",
        &format!(
            "echo x > x.txt\nif test -e '{0}'; then exit 0; fi\n\
             setsid sh -c 'echo $$ > \"{0}.new\"; mv \"{0}.new\" \"{0}\"; exec \"{fake}\" deaf \"chatter 1\"'",
            w.sign("pid").display()
        ),
    );
    let swarm = w.start_in_background(["--drain"]);
    let agent = pid_in(&w, "pid");
    swarm.kill_9();
    w.write(".swarm/claims/work.json", "{\"schema\": 1, \"task\": \"wo");
    w.start(["--drain"]).code(0);
    assert!(!is_alive(agent), "it was told which file it works on, and that finds it");
    w.is_in("complete", "work");
    w.holds_the_laws();
}

#[test]
fn one_that_shows_no_mark_but_holds_its_prompt_keeps_the_task_until_it_is_gone() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.task(
        "work",
        &format!(
            "echo x > x.txt\nif test -e '{0}'; then exit 0; fi\n\
             '{fake}' 'bare session; close output; write {0} x; await {1}'\n{2}\nkill -9 $PPID",
            w.sign("up").display(),
            w.sign("enough").display(),
            w.awaits("up"),
        ),
    );
    assert!(w.start(["--drain"]).was_killed());
    w.wait_for_sign("up");
    let ended = w.start(["--drain"]);
    // It cannot be told from a stranger, so it is left alone, and so is the task.
    ended.says("cannot be ended");
    w.is_in("current", "work");
    assert!(w.cycles_of("work").is_empty());
    w.give("enough");
    wait_until("its end", || w.processes().is_empty());
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    assert_eq!(w.base().depth(), 2);
    w.holds_the_laws();
}

#[test]
fn children_without_the_mark_are_found_below_an_agent_that_lives() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.task(
        "work",
        &format!(
            "echo x > x.txt\nif test -e '{0}'; then exit 0; fi\n\
             '{fake}' 'silent session; write {0} x; deaf; hang' hang",
            w.sign("up").display()
        ),
    );
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("up");
    swarm.kill_9();
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    w.holds_the_laws();
}

#[test]
fn a_worker_that_is_stopped_but_alive_keeps_its_task() {
    let w = Workspace::new();
    w.task("work", &format!("{}\necho x > x.txt", w.awaits("go")));
    let mut first = w.start_in_background(["--drain"]);
    first.wait_for_event(|event| event.begins("implement", "work"));
    let pid = Pid::from_raw(first.pid().cast_signed()).expect("a process number");
    kill_process(pid, Signal::STOP).expect("stop it");
    w.task("other", "echo other > other.txt");
    let mut second = w.start_in_background(["-n", "1"]);
    second.wait_for_event(|event| event.moves("other", "complete"));
    w.is_in("current", "work");
    kill_process(pid, Signal::CONT).expect("let it go on");
    w.give("go");
    first.wait().code(0);
    w.is_in("complete", "work");
    second.signal(Signal::INT);
    second.wait().code(0);
    assert_eq!(w.cycles_of("work").len(), 1);
    w.holds_the_laws();
}
