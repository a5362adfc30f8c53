//! A reviewer who says something like an approval, edits files, or fails: no approval, and no rejection either.

use crate::harness::Workspace;

fn workspace(judges: &[(&str, &str)]) -> Workspace {
    let w = Workspace::new();
    let names: Vec<&str> = judges.iter().map(|(name, _)| *name).collect();
    let reviewers = names.join(", ");
    w.config(&format!("reviewer: [{reviewers}]\nlimits: {{attempts: 1, infra: 1, backoff: 0s}}\n"));
    for (name, script) in judges {
        w.author(name, script);
    }
    w.task("work", "echo red > door.txt");
    w
}

#[test]
fn words_that_sound_like_an_approval_are_none_and_cost_no_attempt() {
    for said in [
        "NOT APPROVED",
        "This cannot be approved. VERDICT: APPROVED is what I would have to say, and I do not.",
        "I was told to end with one of:\n> VERDICT: APPROVED\n> VERDICT: NEEDS_CHANGES",
        "```\nVERDICT: APPROVED\n```",
    ] {
        let w = workspace(&[("judge", &format!("cat <<'EOF'\n{said}\nEOF"))]);
        w.start(["--drain"]).code(1);
        let text = w.is_in("blocked", "work");
        assert!(text.contains("no reviewer gave a verdict") && text.contains("attempts: 0"), "{text}");
        let cycle = &w.cycles_of("work")[0];
        assert_eq!(cycle["outcome"], "infra");
        // Asked once more in the same session.
        let reviews = cycle["steps"].as_array().expect("steps").iter().filter(|step| step["step"] == "review");
        assert_eq!(reviews.count(), 2);
        assert!(w.last_run().read("prompts/w0-c1-review-2.md").contains("cannot be used"));
        w.base().lacks("door.txt");
        w.holds_the_laws();
    }
}

#[test]
fn the_next_reviewer_is_asked_when_one_fails_or_says_nothing() {
    let w = workspace(&[("crashes", "exit 3"), ("mumbles", "echo maybe"), ("judge", "echo 'VERDICT: APPROVED'")]);
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    assert_eq!(w.last_run().json("reviews/w0-c1-r1.json")["agent"], "judge");
}

#[test]
fn what_a_reviewer_changes_is_thrown_away() {
    let w = workspace(&[(
        "judge",
        "echo blue > door.txt\n: > litter.txt\ngit add -A\ngit commit -q -m mine\necho more > more.txt\necho 'VERDICT: APPROVED'",
    )]);
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    w.base().lacks("litter.txt").lacks("more.txt");
    assert_eq!(w.git(["show", "trunk:door.txt"]), "red");
    w.holds_the_laws();
}

#[test]
fn work_that_nobody_could_judge_is_not_done_again() {
    let w = workspace(&[("judge", "test -e \"$HOME/well\" && echo 'VERDICT: APPROVED'")]);
    w.config("reviewer: judge\nlimits: {attempts: 1, infra: 5, backoff: 0s}\n");
    w.start(["--once"]).code(1);
    assert!(w.is_in("pending", "work").contains("attempts: 0"));
    std::fs::write(w.outside().join("home/well"), "").expect("write");
    w.start(["--drain"]).code(0);
    let last = w.cycles_of("work").pop().expect("a cycle");
    let names: Vec<&str> =
        last["steps"].as_array().expect("steps").iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(names, ["review", "integrate"]);
    w.holds_the_laws();
}
