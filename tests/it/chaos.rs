//! Swarms that are started and killed one after the other, beside each other, in the middle of anything.

use crate::harness::{Running, Workspace};

/// The kills come after so many events of the swarm that is killed: spread, and the same in every run of this test.
const AFTER: [usize; 10] = [3, 17, 5, 29, 9, 41, 2, 23, 13, 7];

#[test]
fn whatever_is_killed_when_every_task_is_done_once() {
    let w = Workspace::new();
    w.config("verify: [\"test -f README.md\"]\nlimits: {backoff: 0s}");
    for number in 0..40 {
        let commit = if number % 2 == 0 { "git add .; git commit -q -m half" } else { "true" };
        w.task(
            &format!("t{number:02}"),
            &format!("echo {number} > {number}.txt\n{commit}\necho more > more-{number}.txt"),
        );
    }
    let mut survivors: Vec<Running<'_>> = Vec::new();
    for after in AFTER {
        let mut victim = w.start_in_background(["--drain", "-n", "2"]);
        survivors.push(w.start_in_background(["--once", "-n", "1"]));
        crate::harness::wait_until("some events", || victim.events().len() >= after || victim.has_ended());
        victim.kill_9();
    }
    for survivor in survivors {
        survivor.wait().code(0);
    }
    w.start(["--drain", "-n", "4"]).code(0);
    assert_eq!(w.tasks_in("complete").len(), 40);
    for number in 0..40 {
        w.base().has(&format!("{number}.txt")).has(&format!("more-{number}.txt"));
    }
    assert_eq!(w.base().depth(), 41);
    w.holds_the_laws();
}
