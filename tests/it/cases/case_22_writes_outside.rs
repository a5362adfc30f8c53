//! An agent writes outside of its worktree, into the user's checkout: it is noticed and said, and nothing is put back.

use crate::harness::{Ended, Workspace};

/// The warnings about the checkout.
fn warnings(ended: &Ended) -> Vec<String> {
    let messages = ended.events().into_iter().map(|event| event.text("message").to_owned());
    messages.filter(|message| message.starts_with("your checkout was changed")).collect()
}

/// The checkout of the user, from a worktree.
const OUT: &str = "out=$(dirname \"$(git rev-parse --path-format=absolute --git-common-dir)\")";

fn workspace() -> Workspace {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}\n");
    w.write("draft.txt", "one\n");
    w.commit("A draft");
    w.write("draft.txt", "precious, and not committed\n");
    w.write("notes.txt", "untracked\n");
    w
}

#[test]
fn what_an_agent_writes_into_the_checkout_is_said_once_and_left_there() {
    for (name, writes, said) in [
        ("new", "echo x > \"$out/stray.txt\"", "stray.txt"),
        ("tracked", "echo spoilt > \"$out/README.md\"", "README.md"),
        ("changed-already", "echo spoilt > \"$out/draft.txt\"", "draft.txt"),
        ("untracked-already", "echo spoilt > \"$out/notes.txt\"", "notes.txt"),
        ("deleted", "rm \"$out/README.md\"", "README.md"),
        ("folder", "mkdir -p \"$out/deep/er\"; echo x > \"$out/deep/er/x.txt\"", "deep"),
        ("thrown-away", "cd \"$out\"; git checkout -q -- draft.txt", "draft.txt"),
        ("settings", "echo '# mine' >> \"$out/config/swarm.yaml\"", "config"),
        ("switched", "cd \"$out\"; git -c core.hooksPath= checkout -q -b elsewhere", "HEAD (now elsewhere)"),
    ] {
        let w = workspace();
        w.git(["add", "-f", "config"]);
        w.git(["commit", "-q", "-m", "Settings"]);
        w.task("wanderer", &format!("echo w > w.txt\n{OUT}\n({writes})"));
        let ended = w.start(["--drain"]);
        let warnings = warnings(&ended);
        assert_eq!(warnings.len(), 1, "{name}\n{ended}");
        assert!(warnings[0].contains(&format!(": {said}")), "{name}: {warnings:?}");
        assert!(warnings[0].contains("outside of its worktree"), "{warnings:?}");
        w.is_in("complete", "wanderer");
    }
}

#[test]
fn neither_our_own_merges_nor_what_the_user_did_before_is_said() {
    let w = workspace();
    for number in 1..=12 {
        w.task(&format!("task-{number:02}"), &format!("echo {number} > file-{number}.txt"));
    }
    let ended = w.start(["--drain", "-n", "4"]);
    ended.code(0);
    assert_eq!(warnings(&ended), <[&str; 0]>::default());
    assert_eq!(w.read("draft.txt"), "precious, and not committed\n");
}

#[test]
fn what_is_written_while_nobody_looks_is_said_when_the_run_ends() {
    let w = workspace();
    w.task_with("a-first", "priority: 0", "echo a > a.txt");
    w.task("b-wanderer", &format!("echo w > w.txt\n{OUT}\necho x > \"$out/stray.txt\""));
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(0);
    assert_eq!(warnings(&ended).len(), 1, "{ended}");
}

#[test]
fn a_reviewer_is_watched_too() {
    let w = workspace();
    w.config("reviewer: judge\nlimits: {attempts: 1, backoff: 0s}\n");
    w.forgetful("judge", &format!("{OUT}\necho x > \"$out/stray.txt\"\necho 'VERDICT: APPROVED'"));
    w.task("work", "echo x > x.txt");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(warnings(&ended)[0].contains("stray.txt"), "{ended}");
}

#[test]
fn a_look_takes_no_lock_and_changes_nothing_in_the_index() {
    let w = workspace();
    // Stale times: a status that may would write the index anew.
    let index = w.path(".git/index");
    w.write("README.md", "A small house.\n");
    let before = std::fs::read(&index).expect("read the index");
    // It is wanted that nothing lands.
    w.task("idle", "true");
    w.start(["--drain"]).code(1);
    assert_eq!(std::fs::read(&index).expect("read the index"), before);
}
