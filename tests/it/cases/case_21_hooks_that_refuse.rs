//! A hook of the repository's that refuses the commit of an agent's work: what it says reaches the agent.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::Workspace;

/// Refuses what holds a tab, and says so on both streams.
const NO_TABS: &str = "#!/bin/sh\nif git grep --cached -q '\t' -- '*.txt'; then echo 'style: no tabs please'\n\
    echo 'style: 1 file' >&2; exit 1; fi\n";

/// Two attempts, and the hook.
fn with_hook() -> Workspace {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nlimits: {attempts: 2, backoff: 0s}\n");
    let hook = w.path(".git/hooks/pre-commit");
    fs::write(&hook, NO_TABS).expect("write a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("chmod");
    w
}

/// Writes a tab, until it is told of the hook.
const LEARNS: &str = "case $told in *'no tabs please'*) echo 'a b' > x.txt ;; *) printf 'a\\tb\\n' > x.txt ;; esac\n\
    echo \"$going_on\" >> turns.txt\nready";

fn outcomes(w: &Workspace) -> Vec<String> {
    w.cycles_of("work").iter().map(|cycle| cycle["outcome"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn the_next_attempt_is_told_what_the_hook_said_and_mends_it() {
    let w = with_hook();
    w.forgetful("author", LEARNS);
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(0);
    assert_eq!(outcomes(&w), ["agent_error", "merged"]);
    let told = w.last_run().read("prompts/w0-c2-implement.md");
    for words in ["the work cannot be committed", "style: no tabs please", "style: 1 file"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let reason = &w.cycles_of("work")[0]["reason"];
    assert!(reason.as_str().is_some_and(|reason| reason.contains("cannot be committed")), "{reason}");
    w.at_commit("refs/swarm/salvage/work/1").has("x.txt");
    assert_eq!(w.base().read("x.txt"), "a b");
    assert!(!w.is_in("complete", "work").contains("tabs"), "what was mended is not told any more");
    w.holds_the_laws();
}

#[test]
fn an_author_with_sessions_mends_it_in_the_same_session() {
    let w = with_hook();
    w.author("author", LEARNS);
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(0);
    assert_eq!(outcomes(&w), ["merged"]);
    let told = w.last_run().read("prompts/w0-c1-implement-2.md");
    for words in ["cannot be committed", "style: no tabs please", "style: 1 file"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(w.base().read("turns.txt").lines().count(), 2);
    assert_eq!(w.base().read("x.txt"), "a b");
    w.holds_the_laws();
}

#[test]
fn an_agent_that_commits_by_itself_meets_the_hook_itself() {
    let w = with_hook();
    w.forgetful(
        "author",
        "printf 'a\\tb\\n' > x.txt\ngit add -A\nif git commit -q -m tabs 2> said.log; then exit 9; fi\n\
         grep -q 'no tabs please' said.log\nrm said.log\necho 'a b' > x.txt\ngit commit -q -a -m blanks\nready",
    );
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(0);
    assert_eq!(outcomes(&w), ["merged"]);
    assert_eq!(w.base().read("x.txt"), "a b");
    w.holds_the_laws();
}

/// An author who mends a review's finding with a tab, and what he does when he is told of the hook.
fn fixing(limits: &str, told_of_the_hook: &str) -> Workspace {
    let w = with_hook();
    w.config(&format!("workers: [{{agent: author}}]\nreviewer: judge\nlimits: {{attempts: 1, backoff: 0s{limits}}}\n"));
    let script = "case $told in *'no tabs please'*) HEEDS ;; *'too short'*) printf 'a\\tb\\n' > x.txt ;; *) echo a > x.txt ;; esac\nready";
    w.author("author", &script.replace("HEEDS", told_of_the_hook));
    w.forgetful(
        "judge",
        "grep -q b x.txt && echo 'VERDICT: APPROVED' || { echo '- [blocking] x.txt:1 too short'; echo 'VERDICT: NEEDS_CHANGES'; }",
    );
    w.file("work", "# Work\n");
    w
}

#[test]
fn a_fix_that_the_hook_refuses_is_mended_in_the_same_session_too() {
    let w = fixing("", "echo 'a b' > x.txt");
    w.start(["--drain"]).code(0);
    assert_eq!(outcomes(&w), ["merged"]);
    assert_eq!(w.cycles_of("work")[0]["review_rounds"], 2, "what was mended is reviewed");
    assert_eq!(w.base().read("x.txt"), "a b");
    w.holds_the_laws();
}

#[test]
fn a_fix_that_the_hook_refuses_is_not_merged_and_its_reason_is_kept() {
    let w = fixing(", resumes: 1", ":");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "work");
    assert!(text.contains("no tabs please"), "{text}");
    w.base().lacks("x.txt");
    assert_eq!(w.at_commit("refs/swarm/salvage/work/1").read("x.txt"), "a\tb");
    w.holds_the_laws();
}
