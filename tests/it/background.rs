//! The swarm in the background: `start --detach` and `stop`.

use rustix::process::Signal;

use crate::harness::Workspace;

#[test]
fn detach_returns_when_the_swarm_is_up_and_stop_when_it_has_ended() {
    let w = Workspace::new();
    let up = w.swarm(["start", "-n", "2", "--detach"]);
    let run = up.code(0).stdout.trim().to_owned();
    w.swarm(["status"]).code(0).says(&run);
    w.task("one", "echo one > one.txt");
    crate::harness::wait_until("the task to be complete", || w.whereabouts("one") == ["complete"]);
    w.swarm(["stop"]).code(0).says(&format!("{run} has stopped"));
    assert_eq!(w.last_run().json("stopped.json")["exit_code"], 0);
    w.swarm(["stop"]).code(0).says("no swarm is running here");
    w.holds_the_laws();
}

#[test]
fn detach_says_in_json_who_runs() {
    let w = Workspace::new();
    let up = w.swarm(["start", "--detach", "--json"]);
    let up: serde_json::Value = serde_json::from_str(&up.code(0).stdout).expect("one document");
    assert_eq!(up["schema"], 1);
    assert!(crate::harness::is_alive(up["pid"].as_u64().expect("a number").try_into().expect("a process")));
    w.swarm(["stop", "--now"]).code(0);
    assert_eq!(w.last_run().json("stopped.json")["exit_code"], 130);
}

#[test]
fn detach_says_why_the_swarm_is_not_up() {
    let w = Workspace::new();
    w.swarm(["start", "--detach", "--agent", "nobody"]).code(2).says("there is no agent `nobody`");
    w.git(["checkout", "-q", "--detach"]);
    w.config("");
    w.swarm(["start", "--detach"]).code(3).says("no branch is checked out");
    assert!(w.runs().is_empty());
}

#[test]
fn stop_lets_the_cycle_finish_and_stop_now_ends_it() {
    let w = Workspace::new();
    let (begun, go) = (w.gives("begun"), w.awaits("go"));
    w.task("held", &format!("{begun}\n{go}\necho done > done.txt"));
    let swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("begun");
    swarm.signal(Signal::USR1);
    swarm.signal(Signal::USR1);
    w.give("go");
    swarm.wait().code(0);
    w.is_in("complete", "held");

    w.task("endless", &format!("echo half > half.txt\n{}\n{}", w.gives("again"), w.awaits("never")));
    let swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("again");
    w.swarm(["stop", "--now"]).code(0);
    swarm.wait().code(130);
    w.is_in("pending", "endless");
    w.at_commit("refs/swarm/salvage/endless/1").has("half.txt");
    w.holds_the_laws();
}
