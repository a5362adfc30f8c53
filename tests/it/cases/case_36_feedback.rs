//! What went wrong is told to the next attempt.

use crate::harness::Workspace;

#[test]
fn the_output_of_a_failed_gate_stands_in_the_next_prompt() {
    let w = Workspace::new();
    w.config("verify: [\"echo the paint is purple; test ! -f first.txt\"]\nlimits: {backoff: 0s}");
    let script = "cat > /dev/null; test \"$SWARM_ATTEMPT\" = 1 && echo 1 > first.txt || echo 2 > second.txt";
    w.write("config/agents/learner.yaml", format!("argv: [sh, -c, '{script}']\ncompletion: exit\n"));
    w.task_for("learner", "paint");
    w.start(["--drain"]).code(0);
    let run = w.last_run();
    assert!(!run.read("prompts/w0-c1-implement.md").contains("the paint is purple\n"));
    assert!(run.read("prompts/w0-c2-implement.md").contains("the paint is purple\n"));
    let outcomes: Vec<_> = w.cycles_of("paint").iter().map(|cycle| cycle["outcome"].clone()).collect();
    assert_eq!(outcomes, ["verify_failed", "merged"]);
    w.base().has("second.txt").lacks("first.txt");
    assert!(!w.is_in("complete", "paint").contains("purple"), "what was mended is not told any more");
    w.holds_the_laws();
}

#[test]
fn the_end_of_a_failed_agents_output_stands_in_the_file_and_in_the_next_prompt() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s, attempts: 2}");
    w.agent("failing", &["say I have lost my keys", "exit 3"]);
    w.task_for("failing", "search");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "search").contains("I have lost my keys"));
    assert!(w.last_run().read("prompts/w0-c2-implement.md").contains("I have lost my keys"));
}
