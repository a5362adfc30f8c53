//! Every outcome of a cycle that this version knows: where the task goes, and what it says.

use crate::harness::Workspace;

/// A workspace in which nothing is tried twice.
fn strict() -> Workspace {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    w
}

fn outcome(w: &Workspace, id: &str) -> String {
    w.cycles_of(id).last().expect("a cycle")["outcome"].as_str().expect("a word").to_owned()
}

#[test]
fn a_question_blocks_the_task_and_stands_in_it() {
    let w = strict();
    w.agent("asks", &["say NEEDS_INPUT: which colour?"]);
    w.task_for("asks", "paint");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "paint").contains("which colour?"));
    assert_eq!(outcome(&w, "paint"), "needs_input");
    assert_eq!(w.cycles_of("paint")[0]["signals"], serde_json::json!(["NEEDS_INPUT"]));
    w.holds_the_laws();
}

#[test]
fn a_task_that_must_be_planned_anew_is_blocked() {
    let w = strict();
    w.agent("doubts", &["say REPLAN: there is no such file"]);
    w.task_for("doubts", "plan");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "plan").contains("there is no such file"));
    assert_eq!(outcome(&w, "plan"), "replan");
}

#[test]
fn no_change_completes_only_a_task_that_expects_none() {
    let w = strict();
    w.task("idle", "true");
    w.task_with("check", "expect: no_change", "true");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "idle").contains("changed nothing"));
    w.is_in("complete", "check");
    assert_eq!((outcome(&w, "idle"), outcome(&w, "check")), ("no_change".to_owned(), "no_change".to_owned()));
    assert_eq!(w.base().commits_of("check").len(), 0);
}

#[test]
fn an_agent_that_fails_after_a_good_commit_loses_nothing() {
    let w = strict();
    w.task("late", "echo x > x.txt\ngit add x.txt\ngit commit -q -m good\necho y > y.txt\nexit 7");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "late").contains("exit code 7"));
    assert_eq!(outcome(&w, "late"), "agent_error");
    w.at_commit("refs/swarm/salvage/late/1").has("x.txt").has("y.txt");
    w.base().lacks("x.txt");
    w.holds_the_laws();
}

#[test]
fn an_agent_that_has_said_its_last_word_and_lives_on_is_ended_and_its_work_counts() {
    let w = Workspace::new();
    w.config("limits: {grace: 200ms}\n");
    w.speaker("lingers", &format!("echo x > x.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend\n{}", w.awaits("never")));
    w.task_for("lingers", "work");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    let step = &w.last_run().cycles()[0]["steps"][0];
    assert_eq!((&step["result"], &step["timed_out"]), (&"ok".into(), &false.into()), "{step}");
    w.holds_the_laws();
}

#[test]
fn clocks_end_an_agent_that_is_silent_or_slow() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, silence: 300ms, timeout: 1s}\n");
    w.task("mute", "sleep 600");
    w.task("falls-silent", "echo hello; echo w > w.txt; sleep 600");
    w.task("chatters", "while :; do echo still here; sleep 0.05; done");
    w.start(["--drain", "-n", "3"]).code(1);
    assert!(w.is_in("blocked", "mute").contains("printed nothing"));
    assert!(w.is_in("blocked", "falls-silent").contains("fell silent"));
    assert!(w.is_in("blocked", "chatters").contains("took longer"));
    for id in ["mute", "falls-silent", "chatters"] {
        assert_eq!(outcome(&w, id), "timeout", "{id}");
        assert_eq!(w.cycles_of(id)[0]["steps"][0]["timed_out"], true);
    }
    w.at_commit("refs/swarm/salvage/falls-silent/1").has("w.txt");
    w.holds_the_laws();
}

#[test]
fn a_silent_agent_that_must_signal_is_stuck_and_prose_is_no_signal() {
    let w = strict();
    w.agent_with(
        "mumbles",
        &["write x.txt x", "say I will say COMPLETE_AND_READY_FOR_MERGE soon"],
        "completion: signal",
    );
    w.task_for("mumbles", "vague");
    w.agent_with("speaks", &["write y.txt y", "say COMPLETE_AND_READY_FOR_MERGE"], "completion: signal");
    w.task_for("speaks", "clear");
    w.start(["--drain"]).code(1);
    w.is_in("blocked", "vague");
    assert_eq!(outcome(&w, "vague"), "stuck");
    w.at_commit("refs/swarm/salvage/vague/1").has("x.txt");
    w.is_in("complete", "clear");
    w.base().has("y.txt").lacks("x.txt");
}

#[test]
fn two_that_contradict_each_other_do_not_both_land_and_no_side_is_lost() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    w.write("line.txt", "old\n");
    w.commit("a line");
    // Both begin at the same commit, because each waits until the other has begun.
    for (own, other) in [("left", "right"), ("right", "left")] {
        w.task(own, &format!("{}\n{}\necho {own} > line.txt", w.gives(own), w.awaits(other)));
    }
    w.start(["--drain", "-n", "2"]).code(1);
    let (landed, other) = if w.whereabouts("left") == ["complete"] { ("left", "right") } else { ("right", "left") };
    assert_eq!(w.base().read("line.txt"), landed);
    let text = w.is_in("blocked", other);
    assert!(text.contains("outcome: conflict") && text.contains("line.txt"), "{text}");
    assert_eq!(w.at_commit(&format!("refs/swarm/salvage/{other}/1")).read("line.txt"), other);
    w.holds_the_laws();
}

#[test]
fn a_conflict_is_tried_again_on_the_newest_base() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s}\n");
    w.write("list.txt", "");
    w.commit("a list");
    for (own, other) in [("left", "right"), ("right", "left")] {
        w.task(own, &format!("{}\n{}\necho {own} >> list.txt", w.gives(own), w.awaits(other)));
    }
    w.start(["--drain", "-n", "2"]).code(0);
    let mut lines: Vec<String> = w.base().read("list.txt").lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["left", "right"]);
    let alarms = w.last_run().events().into_iter().filter(|event| event.is("invalid_task")).count();
    assert_eq!(alarms, 0, "a file that moves back is not in two places");
    w.holds_the_laws();
}

#[test]
fn two_that_are_green_alone_and_red_together_leave_the_base_green() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\nverify: ['test ! -e a.txt || test ! -e b.txt']\n");
    for (own, other) in [("a", "b"), ("b", "a")] {
        w.task(own, &format!("{}\n{}\necho {own} > {own}.txt", w.gives(own), w.awaits(other)));
    }
    w.start(["--drain", "-n", "2"]).code(1);
    let (landed, other) = if w.whereabouts("a") == ["complete"] { ("a", "b") } else { ("b", "a") };
    w.base().has(&format!("{landed}.txt")).lacks(&format!("{other}.txt"));
    assert!(w.is_in("blocked", other).contains("merged onto the newest"));
    assert_eq!(outcome(&w, other), "verify_failed");
    w.holds_the_laws();
}

#[test]
fn a_change_of_protected_paths_waits_for_a_person() {
    let w = Workspace::new();
    w.config("verify: ['false']\n");
    // The gate of the branch would let everything through; what counts is the workspace's own.
    w.task("weakens", "mkdir -p config\necho 'verify: []' > config/swarm.yaml\necho x > x.txt");
    w.start(["--drain", "--max-cycles", "1"]).code(2);
    w.config("verify: ['true']\n");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("review", "weakens").contains("config/swarm.yaml is protected"));
    assert_eq!(outcome(&w, "weakens"), "awaiting_review");
    w.at_commit("refs/swarm/salvage/weakens/1").has("x.txt");
    w.base().lacks("x.txt");
    w.holds_the_laws();
}

#[test]
fn a_task_that_wants_a_persons_review_waits_in_review() {
    let w = Workspace::new();
    w.task_with("careful", "review: human", "echo x > x.txt");
    w.start(["--drain"]).code(1);
    w.is_in("review", "careful");
    w.base().lacks("x.txt");
}

#[test]
fn a_gate_that_cannot_be_run_says_nothing_about_the_work() {
    let w = Workspace::new();
    w.config("verify: ['test ! -e x.txt || no-such-program-anywhere']\nlimits: {infra: 2, backoff: 0s}\n");
    w.task("fine", "echo x > x.txt");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "fine");
    assert!(text.contains("attempts: 0") && text.contains("could not be run"), "{text}");
    assert_eq!(w.cycles_of("fine").len(), 2);
    assert_eq!(outcome(&w, "fine"), "infra");
    w.base().lacks("x.txt");
}

#[test]
fn gates_are_bounded_read_nothing_and_leave_nothing_in_the_work() {
    let w = Workspace::new();
    let gates =
        "verify: ['cat', 'echo litter > litter.txt', 'test ! -e litter.txt', {run: 'exit 3', skip_exit: [3]}]\n";
    w.config(gates);
    w.task("fine", "echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.base().has("x.txt").lacks("litter.txt");

    w.config("verify: [{run: 'test ! -e y.txt || sleep 600', timeout: 300ms}]\nlimits: {attempts: 1}\n");
    w.task("hung", "echo y > y.txt");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "hung").contains("was ended after"));
    w.holds_the_laws();
}

#[test]
fn what_gates_leave_on_the_merged_tree_is_in_no_later_work_and_is_not_salvaged() {
    let w = Workspace::new();
    w.config("verify: ['echo litter > litter.txt; echo more >> README.md']\n");
    for (own, other) in [("a", "b"), ("b", "a")] {
        w.task(own, &format!("{}\n{}\necho {own} > {own}.txt", w.gives(own), w.awaits(other)));
    }
    w.task_with("c", "depends_on: [a, b]", "echo c > c.txt");
    w.task_with("d", "depends_on: [a, b]", "echo d > d.txt");
    w.start(["--drain", "-n", "2"]).code(0);
    w.base().has("c.txt").has("d.txt").lacks("litter.txt");
    assert!(!w.base().read("README.md").contains("more"));
    w.start(["--drain", "-n", "2"]).code(0);
    let salvaged = w.last_run().events().into_iter().filter(|event| event.is("salvaged")).count();
    assert_eq!(salvaged, 0, "all of it was merged");
}
