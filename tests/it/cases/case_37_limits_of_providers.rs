//! A provider that asks for a pause: it says nothing about the work, so it costs no attempt.
//!
//! What is tested here is the single cycle; `parking` tests that everybody leaves the provider alone.

use serde_json::Value;

use crate::harness::Workspace;

/// How providers say it, and what the cycle comes to.
const SAID: [(&str, &str, &str); 9] = [
    ("status", "fails 429 'Too Many Requests'", "rate_limited"),
    ("status-alone", "fails 429 ''", "rate_limited"),
    ("reset", "fails 429 'slow down' ',\"reset\":4102444800'", "rate_limited"),
    ("past-reset", "fails 429 'slow down' ',\"reset\":1'", "rate_limited"),
    ("odd-reset", "fails 429 'slow down' ',\"reset\":\"soon\"'", "rate_limited"),
    ("words", "fails null 'usage limit reached, resets 3pm'", "rate_limited"),
    ("seconds", "fails null 'Rate limit exceeded. Try again in 1h20m30s.'", "rate_limited"),
    ("quota", "fails 429 'You exceeded your current quota, check your plan and billing'", "rate_limited"),
    // The provider, not the account: another try may do.
    ("overloaded", "fails 529 'Overloaded'", "infra"),
];

fn workspace(agent: &str, script: &str) -> Workspace {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nlimits: {attempts: 1, backoff: 0s}\n");
    w.speaker(agent, script);
    w
}

/// As the passing of time would have it.
fn the_pause_is_over(w: &Workspace) {
    let _ = std::fs::remove_dir_all(w.path(".swarm/providers"));
}

fn last(w: &Workspace, id: &str) -> Value {
    w.cycles_of(id).pop().expect("a cycle")
}

#[test]
fn a_limit_costs_no_attempt_and_the_work_is_kept() {
    for (name, fails, outcome) in SAID {
        let w = workspace("author", &format!("echo half > half.txt\nsay 'I begin.'\n{fails}"));
        w.file("work", "# Work\n");
        w.start(["--once"]);
        let cycle = last(&w, "work");
        assert_eq!(cycle["outcome"], outcome, "{name}: {cycle:#}");
        let text = w.is_in("pending", "work");
        assert!(text.contains("attempts: 0"), "{name}: {text}");
        w.at_commit("refs/swarm/salvage/work/1").has("half.txt");
        w.base().lacks("half.txt");
        // It is over: the very same attempt is made.
        the_pause_is_over(&w);
        w.speaker("author", "echo done > done.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend");
        w.start(["--once"]).code(0);
        w.is_in("complete", "work");
        let attempts: Vec<Value> = w.cycles_of("work").iter().map(|cycle| cycle["attempt"].clone()).collect();
        assert_eq!(attempts, [1, 1], "{name}");
        w.holds_the_laws();
    }
}

#[test]
fn one_that_got_over_its_limit_by_itself_has_none() {
    let w = workspace("author", "record error '429, retrying'\necho x > x.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend");
    w.file("work", "# Work\n");
    w.start(["--once"]).code(0);
    w.is_in("complete", "work");
}

#[test]
fn words_of_a_limit_in_the_work_are_none() {
    let w = workspace(
        "author",
        "tool 'HTTP 429 Too Many Requests: usage limit reached, resets 3pm'\necho x > x.txt\n\
         say \"I have documented the error 429.\nCOMPLETE_AND_READY_FOR_MERGE\"\nend",
    );
    w.file("work", "# Document the error 429\n\nToo Many Requests: rate limit exceeded\n");
    w.start(["--once"]).code(0);
    w.is_in("complete", "work");
}

#[test]
fn the_limit_of_one_agent_does_not_hold_up_another() {
    let w = workspace("limited", "fails 429 'Too Many Requests'");
    w.speaker("author", "echo $SWARM_TASK > $SWARM_TASK.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend");
    w.file("a", "---\nagent: limited\npriority: 0\n---\n# A\n");
    w.file("b", "# B\n");
    w.start(["-n", "2", "--once"]);
    assert_eq!(last(&w, "a")["outcome"], "rate_limited");
    w.is_in("complete", "b");
    assert!(w.is_in("pending", "a").contains("attempts: 0"));
    w.holds_the_laws();
}

#[test]
fn a_reviewer_at_its_limit_is_no_rejection_and_the_next_one_is_asked() {
    let w = workspace("author", "echo x > x.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend");
    w.config("workers: [{agent: author}]\nreviewer: [limited, judge]\nlimits: {attempts: 1, infra: 1, backoff: 0s}\n");
    w.speaker("limited", "say 'VERDICT: NEEDS_CHANGES'\nfails 429 'Too Many Requests'");
    w.forgetful("judge", "echo 'VERDICT: APPROVED'");
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(0);
    assert_eq!(w.last_run().json("reviews/w0-c1-r1.json")["agent"], "judge");
    w.holds_the_laws();
}
