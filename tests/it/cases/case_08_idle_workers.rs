//! Idle workers start at once and cost nothing.

use std::fs;
use std::time::{Duration, Instant};

use crate::harness::{Workspace, cpu_ticks, wait_for, wait_until};

/// Generous: the machine may be full of other tests.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_file_dropped_while_all_workers_idle_is_begun_at_once() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "4"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    for round in 0..5 {
        let id = format!("round-{round}");
        let dropped = Instant::now();
        w.task_with(&id, "expect: no_change", "true");
        swarm.wait_for_event(|event| event.begins("implement", &id));
        assert!(dropped.elapsed() < SOON, "round {round} began after {:?}", dropped.elapsed());
        swarm.wait_for_event(|event| event.moves(&id, "complete"));
    }
}

#[test]
fn a_file_moved_into_pending_is_begun_at_once() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.write("draft.md", "# Draft\n\n```sh\necho x > x.txt\n```\n");
    let moved = Instant::now();
    fs::rename(w.path("draft.md"), w.task_path("pending", "draft")).expect("move a file");
    swarm.wait_for_event(|event| event.begins("implement", "draft"));
    assert!(moved.elapsed() < SOON, "it began after {:?}", moved.elapsed());
}

#[test]
fn with_nothing_to_do_the_program_neither_computes_nor_wakes() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "4"]);
    w.task("one", "echo one > one.txt");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    let pid = swarm.pid();
    // What follows the last event may still be under way: it has ended when nothing wakes for a moment.
    wait_for("a quiet moment", || {
        let (wakings, since) = (wakings(pid), Instant::now());
        wait_until("half a second", || since.elapsed() > Duration::from_millis(500));
        (self::wakings(pid) == wakings).then_some(())
    });
    let (ticks, wakings_before, since) = (cpu_ticks(pid), wakings(pid), Instant::now());
    wait_until("three seconds", || since.elapsed() > Duration::from_secs(3));
    assert_eq!(cpu_ticks(pid), ticks, "processor time was used");
    assert!(wakings(pid) - wakings_before <= 2, "it woke {} times", wakings(pid) - wakings_before);
}

/// How often any thread of a process has gone to sleep by itself.
fn wakings(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("the process is alive").flatten();
    let status = threads.map(|thread| fs::read_to_string(thread.path().join("status")).unwrap_or_default());
    status
        .map(|text| {
            let count = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            count.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0)
        })
        .sum()
}
