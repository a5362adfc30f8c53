//! A process whose number stands in an old claim is somebody else's by now: it is not touched.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Workspace, fake_agent};

/// What `/proc` says of the start of a process.
fn start_ticks(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it is alive");
    let (_, fields) = stat.rsplit_once(") ").expect("a line of /proc");
    fields.split(' ').nth(19).and_then(|ticks| ticks.parse().ok()).expect("a number")
}

#[test]
fn a_process_that_has_the_number_of_an_old_claim_is_not_touched() {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("this boot has a name");
    let boot = boot.trim();
    let w = Workspace::new();
    let elsewhere = Workspace::new();
    let mut innocent = elsewhere.run_in_background(fake_agent(), &["deaf", "hang"]);
    let (pid, ticks) = (innocent.pid(), start_ticks(innocent.pid()));
    let forged: [Value; 5] = [
        json!({"pid": pid, "start_ticks": ticks + 1, "boot_id": boot}),
        json!({"pid": pid, "start_ticks": ticks - 1, "boot_id": boot}),
        json!({"pid": pid, "start_ticks": ticks, "boot_id": "00000000-0000-0000-0000-000000000000"}),
        json!({"pid": pid, "start_ticks": ticks, "boot_id": ""}),
        json!({"pid": 1, "start_ticks": 0, "boot_id": boot}),
    ];
    for (number, process) in forged.into_iter().enumerate() {
        let id = format!("t{number}");
        w.task(&id, &format!("echo {number} > {number}.txt"));
        w.move_task(&id, "pending", "current");
        let claim = json!({
            "schema": 1, "task": id, "run_id": "20200101T000000-aaaa", "worker": "w0", "cycle": 1, "attempt": 1,
            "slot": "01", "base": null, "mark": "0123456789abcdef0123456789abcdef", "process": process,
            "prompt": "runs/20200101T000000-aaaa/prompts/w0-c1-implement.md",
        });
        w.write(&format!(".swarm/claims/{id}.json"), claim.to_string());
    }
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(!innocent.has_ended(), "an innocent process was ended");
    assert!(!ended.events().iter().any(|event| event.is("stray_ended")), "{ended}");
    assert_eq!(w.tasks_in("complete").len(), 5);
    w.holds_the_laws();
}

#[test]
fn a_neighbour_that_works_in_the_same_worktree_outlives_what_is_swept() {
    let w = Workspace::new();
    let elsewhere = Workspace::new();
    w.task("first", "echo first > first.txt");
    w.start(["--drain"]).code(0);
    // A person has a shell open in the slot, without any mark.
    let slot = w.path(".swarm/slots/01");
    let steps = format!("cd {}", slot.display());
    let mut neighbour = elsewhere.run_in_background(fake_agent(), &[&steps, "hang"]);
    w.task("second", "echo second > second.txt\nkill -9 $PPID");
    assert!(w.start(["--drain"]).was_killed());
    w.task("second", "echo second > second.txt");
    fs::remove_file(w.task_path("current", "second")).expect("remove a file");
    w.start(["--drain"]).code(0);
    assert!(!neighbour.has_ended(), "a neighbour was ended");
}
