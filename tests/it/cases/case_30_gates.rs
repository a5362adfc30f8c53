//! Gates that misbehave, gates that agree only apart, and agents that would like other gates.

use crate::harness::{Workspace, fake_agent};

#[test]
fn two_works_that_are_green_alone_and_red_together_never_make_the_base_red() {
    let w = Workspace::new();
    w.config("verify: [\"! test -e left.txt -a -e right.txt\"]\nlimits: {backoff: 0s, attempts: 2}");
    for (own, other) in [("left", "right"), ("right", "left")] {
        w.task(own, &format!("{}\n{}\necho {own} > {own}.txt", w.gives(own), w.awaits(other)));
    }
    w.start(["--drain", "-n", "2"]).code(1);
    let (complete, blocked) = (w.tasks_in("complete"), w.tasks_in("blocked"));
    assert_eq!((complete.len(), blocked.len()), (1, 1));
    w.base().has(&format!("{}.txt", complete[0])).lacks(&format!("{}.txt", blocked[0]));
    w.holds_the_laws();
}

#[test]
fn what_a_gate_writes_is_neither_committed_nor_seen_by_the_next() {
    let w = Workspace::new();
    w.config("verify: [\"echo litter > litter.txt; echo spoilt > README.md\", \"test ! -e litter.txt; grep -q house README.md\"]");
    w.task("work", "echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.base().has("x.txt").lacks("litter.txt");
    assert_eq!(w.base().read("README.md"), "A small house.");
    w.holds_the_laws();
}

#[test]
fn gates_that_hang_or_read_or_leave_children_are_bounded() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.config(&format!("verify: [cat, \"'{fake}' 'spawn session; deaf; hang' 'storm 5'\", {{run: \"test ! -e x.txt || '{fake}' hang\", timeout: 1s}}]\nlimits: {{attempts: 1}}"));
    w.task("work", "echo x > x.txt");
    let ended = w.start(["--drain"]);
    ended.code(1);
    assert!(ended.events().iter().any(|event| event.is("stray_ended")), "{ended}");
    assert_eq!(w.cycles_of("work")[0]["outcome"], "verify_failed");
    w.at_commit("refs/swarm/salvage/work/1").has("x.txt");
    w.holds_the_laws();
}

#[test]
fn a_gate_of_a_gigabyte_of_output_costs_neither_memory_nor_disk() {
    let w = Workspace::new();
    let fake = fake_agent().display();
    w.config(&format!("verify: [\"'{fake}' 'flood 300000000'\"]\nlimits: {{log_bytes: 1MiB}}"));
    w.task("work", "echo x > x.txt");
    let mut swarm = w.start_in_background(["--drain"]);
    let mut most = 0;
    while !swarm.has_ended() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", swarm.pid())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        most = most.max(kilobytes.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    swarm.wait().code(0);
    assert!((1..150_000).contains(&most), "{most} kB");
    let log = w.last_run().folder.join("logs/w0-c1-verify-1.log").metadata().expect("there is a log").len();
    assert!(log < 2 << 20, "{log} bytes");
}

#[test]
fn a_gate_that_an_agent_weakens_in_its_branch_is_not_the_gate_that_runs() {
    let w = Workspace::new();
    w.config("verify: [./check.sh, \"test ! -e bad.txt\"]\nlimits: {attempts: 1, backoff: 0s}");
    w.write("check.sh", "#!/bin/sh\nexit 0\n");
    w.git(["add", "-A"]);
    w.git(["update-index", "--chmod=+x", "check.sh"]);
    w.git(["commit", "-q", "-m", "Settings and a check"]);
    w.git(["checkout", "-q", "--", "."]);
    w.task("weakens", "echo 'verify: []' > config/swarm.yaml\necho bad > bad.txt");
    w.task("changes-only-the-settings", "echo 'verify: []' > config/swarm.yaml");
    let settings = w.read("config/swarm.yaml");
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(1);
    w.is_in("blocked", "weakens");
    w.is_in("review", "changes-only-the-settings");
    w.base().lacks("bad.txt");
    assert_eq!(w.read("config/swarm.yaml"), settings);
}

#[test]
fn rejected_work_of_one_task_never_comes_to_the_base_with_another() {
    let w = Workspace::new();
    w.config("verify: [\"test ! -e rejected.txt\"]\nlimits: {attempts: 1, backoff: 0s}");
    w.task_with(
        "a-rejected",
        "priority: 0",
        "echo r > rejected.txt\ngit add .\ngit commit -qm r\necho more > more-rejected.txt",
    );
    w.task("b-fine", "echo fine > fine.txt");
    w.start(["--drain", "-n", "1"]).code(1);
    w.base().has("fine.txt").lacks("rejected.txt").lacks("more-rejected.txt");
    w.at_commit("refs/swarm/salvage/a-rejected/1").has("rejected.txt").has("more-rejected.txt");
    w.holds_the_laws();
}
