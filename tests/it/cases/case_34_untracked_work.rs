//! A file that the agent did not add is part of its work, unless git ignores it.

use crate::harness::Workspace;

#[test]
fn a_file_that_was_not_added_is_verified_and_merged() {
    let w = Workspace::new();
    w.write(".gitignore", "*.log\n");
    w.commit("Ignore logs");
    w.config("verify: [\"test -f README.md || test -f added.txt -a -f deep/er/untracked.txt -a -x tool\"]");
    w.task(
        "work",
        "echo a > added.txt\ngit add added.txt\nmkdir -p deep/er\necho u > deep/er/untracked.txt\n\
         echo noise > noise.log\necho '#!/bin/sh' > tool\nchmod +x tool\nln -s tool link\nrm README.md",
    );
    w.start(["--drain"]).code(0);
    w.base()
        .has("added.txt")
        .has("deep/er/untracked.txt")
        .has("tool")
        .has("link")
        .lacks("noise.log")
        .lacks("README.md");
    w.holds_the_laws();
}

#[test]
fn half_of_it_committed_and_half_not_is_one_piece_of_work() {
    let w = Workspace::new();
    w.task("work", "echo a > a.txt\ngit add .\ngit commit -qm 'The first half'\necho b > b.txt");
    w.start(["--drain"]).code(0);
    w.base().has("a.txt").has("b.txt");
    assert_eq!(w.base().commits_of("work").len(), 1);
    w.holds_the_laws();
}

#[test]
fn what_an_agent_left_ignored_stays_out_of_the_next_task() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s, attempts: 1}");
    w.task_with("a-fails", "priority: 0", "echo leftover > leftover.txt; exit 1");
    w.task("b-works", "test ! -e leftover.txt\necho b > b.txt");
    w.start(["--drain", "-n", "1"]).code(1);
    w.is_in("blocked", "a-fails");
    w.base().has("b.txt").lacks("leftover.txt");
    w.at_commit("refs/swarm/salvage/a-fails/1").has("leftover.txt");
    w.holds_the_laws();
}
