//! The user commits to the base while a merge is being verified.

use crate::harness::Workspace;

#[test]
fn what_the_user_commits_while_a_gate_runs_is_under_the_merge_and_verified_with_it() {
    let w = Workspace::new();
    // The gate tells which files it saw, and waits in its first run.
    w.config(&format!(
        "verify: [\"test ! -e work.txt || {{ ls >> '{}'; {}; {}; }}\"]",
        w.sign("seen").display(),
        w.gives("gate"),
        w.awaits("go")
    ));
    w.task("work", "echo work > work.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("gate");
    w.write("mine.txt", "mine\n");
    let mine = w.commit("The user's own");
    w.give("go");
    swarm.wait().code(0);
    w.base().has("work.txt").has("mine.txt");
    let tip = w.base().id();
    assert_eq!(w.git(["rev-parse", &format!("{tip}^")]), mine, "the work lies on the user's commit");
    let seen = std::fs::read_to_string(w.sign("seen")).expect("the gate ran");
    assert!(seen.contains("mine.txt"), "the gate has never seen both: {seen}");
    w.holds_the_laws();
}

#[test]
fn a_commit_in_the_very_moment_of_publishing_is_not_lost() {
    let w = Workspace::new();
    // The second time the gate runs on the merged tree: whatever the user commits now comes between.
    w.config(&format!(
        "verify: [\"test ! -e work.txt || {{ test ! -e mine.txt || test -e theirs.txt || {{ {}; {}; }}; {}; {}; }}\"]",
        w.gives("second"),
        w.awaits("theirs"),
        w.gives("first"),
        w.awaits("mine")
    ));
    w.task("work", "echo work > work.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("first");
    w.write("mine.txt", "mine\n");
    w.commit("Mine");
    w.give("mine");
    w.wait_for_sign("second");
    w.write("theirs.txt", "theirs\n");
    w.commit("Theirs");
    w.give("theirs");
    swarm.wait().code(0);
    w.base().has("work.txt").has("mine.txt").has("theirs.txt");
    assert_eq!(w.base().depth(), 4);
    w.holds_the_laws();
}
