//! Gates that say two things of one tree.

use std::fs;

use crate::harness::Workspace;

/// Gates that leave a line each time they see the work, and fail on it as `fails` says.
fn workspace(fails: &str, more: &str) -> Workspace {
    let w = Workspace::new();
    let runs = w.sign("runs").display().to_string();
    let gate = format!("test ! -e work.txt || {{ echo run >> '{runs}'; runs=$(wc -l < '{runs}'); {fails}; }}");
    w.config(&format!("verify: ['{}']\nlimits: {{backoff: 0s}}\n{more}", gate.replace('\'', "''")));
    w
}

fn runs(w: &Workspace) -> usize {
    fs::read_to_string(w.sign("runs")).unwrap_or_default().lines().count()
}

fn outcomes(w: &Workspace, id: &str) -> Vec<String> {
    w.cycles_of(id).iter().map(|cycle| cycle["outcome"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_gate_that_passed_on_the_same_tree_is_run_again_before_it_counts() {
    let w = workspace("test $runs != 2", "integrate: {verify: always}");
    w.task("work", "echo w > work.txt");
    let ended = w.start(["--drain"]);
    ended.code(0);
    let flake = ended.event(|event| event.is_of("flake", "work"));
    assert!(flake.text("reason").contains("succeeded when it was run again"), "{ended}");
    assert_eq!((flake.text("tree").len(), runs(&w)), (40, 3));
    assert_eq!(outcomes(&w, "work"), ["merged"]);
    w.holds_the_laws();
}

#[test]
fn an_honest_failure_costs_one_run() {
    let w = workspace("false", "");
    w.task_with("work", "attempts: 2", "echo w > work.txt");
    let ended = w.start(["--drain"]);
    ended.code(1);
    assert_eq!((runs(&w), outcomes(&w, "work").len()), (2, 2));
    assert!(!ended.events().iter().any(|event| event.is("flake")), "{ended}");
}

#[test]
fn another_word_at_the_next_attempt_is_told_and_the_gate_is_doubted_from_then_on() {
    let w = workspace("test $runs != 1 -a $runs != 3", "");
    w.task("work", "echo w > work.txt");
    let ended = w.start(["--drain"]);
    ended.code(0).says("it has said two different things of the same tree");
    assert_eq!(outcomes(&w, "work"), ["verify_failed", "merged"]);
    // Nothing is known of this tree, but of the gate.
    w.task("other", "echo o > other.txt");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert_eq!((outcomes(&w, "other"), runs(&w)), (vec!["merged".to_owned()], 4), "{ended}");
    w.holds_the_laws();
}
