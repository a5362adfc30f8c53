//! Lock files of git that somebody has left: waited for, named, never deleted.

use crate::harness::Workspace;

#[test]
fn a_lock_in_the_users_checkout_holds_the_base_back_and_stays() {
    let w = Workspace::new();
    w.write(".git/index.lock", "");
    w.task("work", "echo x > x.txt");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(w.path(".git/index.lock").exists(), "the user's lock was deleted");
    w.is_in("complete", "work");
    assert!(ended.event(|event| event.is("base_held_back")).text("reason").contains("lock"), "{ended}");
    std::fs::remove_file(w.path(".git/index.lock")).expect("remove a file");
    w.start(["--drain"]).code(0);
    w.base().has("x.txt");
    w.holds_the_laws();
}

#[test]
fn a_lock_of_the_base_is_waited_for() {
    let w = Workspace::new();
    w.git(["checkout", "-q", "--detach"]);
    w.config("base: trunk");
    w.write(".git/refs/heads/trunk.lock", "");
    w.task("work", &format!("echo x > x.txt\n{}", w.gives("done")));
    let mut swarm = w.start_in_background(["--drain"]);
    swarm.wait_for_event(|event| event.begins("integrate", "work"));
    std::fs::remove_file(w.path(".git/refs/heads/trunk.lock")).expect("remove a file");
    swarm.wait().code(0);
    w.is_in("complete", "work");
    w.base().has("x.txt");
    assert_eq!(w.cycles_of("work").len(), 1);
}
