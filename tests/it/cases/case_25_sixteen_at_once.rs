//! Sixteen workers begin at the same moment.

use crate::harness::{Workspace, wait_until};

#[test]
fn sixteen_workers_get_sixteen_worktrees_at_the_same_moment() {
    let w = Workspace::new();
    for number in 0..16 {
        let here = w.gives(&format!("here-{number}"));
        w.task(&format!("t{number:02}"), &format!("{here}\n{}\npwd > {number}.txt", w.awaits("go")));
    }
    let mut swarm = w.start_in_background(["--drain", "-n", "16"]);
    for number in 0..16 {
        wait_until("sixteen agents at once", || w.sign(&format!("here-{number}")).exists() || swarm.has_ended());
    }
    w.give("go");
    let ended = swarm.wait();
    ended.code(0);
    assert_eq!(w.tasks_in("complete").len(), 16);
    let mut places: Vec<String> = (0..16).map(|number| w.base().read(&format!("{number}.txt"))).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 16, "each had a worktree of its own");
    assert!(!ended.events().iter().any(|event| event.is("warning")), "{ended}");
    w.holds_the_laws();
}
