//! Ten thousand tasks that wait and ten thousand that are complete: a claim costs what it costs with ten.

use std::fs;

use crate::harness::{Ended, Event, Workspace};

const CYCLES: usize = 15;

#[test]
fn the_time_from_claim_to_start_does_not_grow_with_the_queue() {
    let small = median_of_claim_to_start(20, 0);
    let large = median_of_claim_to_start(10_000, 10_000);
    // Three times, and what a loaded machine adds to anything.
    assert!(large <= small * 3 + 50, "{small} ms with a small queue, {large} ms with a large one");
}

fn median_of_claim_to_start(pending: usize, complete: usize) -> u64 {
    let w = Workspace::new();
    for number in 0..pending {
        w.task_with(&format!("todo-{number:05}"), "expect: no_change", "true");
    }
    for number in 0..complete {
        fs::write(w.task_path("complete", &format!("done-{number:05}")), "# Done\n").expect("write a task");
    }
    let ended = w.start(["--max-cycles", &CYCLES.to_string(), "-n", "1"]);
    ended.code(0);
    assert_eq!(w.tasks_in("complete").len(), complete + CYCLES);
    let order: Vec<String> = claims(&ended).iter().map(|event| event.task().to_owned()).collect();
    assert_eq!(order.len(), CYCLES);
    assert!(order.is_sorted(), "they are taken in order of their arrival: {order:?}");
    let mut waits: Vec<u64> = claims(&ended)
        .iter()
        .map(|claim| ended.event(|event| event.begins("implement", claim.task())).t_ms() - claim.t_ms())
        .collect();
    waits.sort_unstable();
    waits[CYCLES / 2]
}

fn claims(ended: &Ended) -> Vec<Event> {
    ended.events().into_iter().filter(|event| event.is("task_claimed")).collect()
}
