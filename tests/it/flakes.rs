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

#[test]
fn what_gates_have_said_is_not_kept_for_ever_but_what_they_say_of_the_base_is() {
    let w = workspace("true", "");
    w.task("first", "echo 1 > first.txt");
    w.start(["--drain"]).code(0);
    let tree = w.git(["rev-parse", "trunk^{tree}"]);
    let names = || -> Vec<String> {
        let listing = fs::read_dir(w.path(".swarm/verified")).expect("a folder").flatten();
        listing.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    };
    let of_base: Vec<String> = names().into_iter().filter(|name| name.starts_with(&tree)).collect();
    assert_eq!(of_base.len(), 1, "{:?}", names());
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for name in names() {
        let file = fs::File::options().write(true).open(w.path(format!(".swarm/verified/{name}"))).expect("a file");
        file.set_modified(long_ago).expect("set a time");
    }
    for number in 0..1100 {
        w.write(&format!(".swarm/verified/{number:040x}-0.json"), "{}");
    }
    w.start(["--drain"]).code(0);
    let left = names();
    assert_eq!(left.len(), 1001, "the newest thousand, and that of the base");
    assert!(left.contains(&of_base[0]));
    w.holds_the_laws();
}
