//! An author's session: taken up again when he says nothing, when he was asked something, and after a death.

use rustix::process::Signal;

use crate::harness::{Workspace, wait_until};

/// The names of the steps of a cycle, in order.
fn steps(cycle: &serde_json::Value) -> Vec<&str> {
    cycle["steps"].as_array().expect("steps").iter().map(|step| step["step"].as_str().expect("a word")).collect()
}

/// What the agent was told in each turn, by the names of the prompts in the last run.
fn told(w: &Workspace, name: &str) -> String {
    w.last_run().read(&format!("prompts/{name}.md"))
}

#[test]
fn a_silent_agent_is_told_only_what_is_new_in_the_same_session() {
    let w = Workspace::new();
    w.author("slow", "echo \"$session\" >> sessions.txt\ntest $(wc -l < sessions.txt) -lt 3 || ready");
    w.file("work", "---\nagent: slow\n---\n# Dig\n\nA hole, two metres deep.\n");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    let cycle = &w.cycles_of("work")[0];
    assert_eq!(steps(cycle), ["implement", "implement", "implement", "integrate"]);
    let session = cycle["session_id"].as_str().expect("a session");
    w.base().has("sessions.txt");
    let said = w.git(["show", "trunk:sessions.txt"]);
    assert_eq!(said.lines().collect::<Vec<_>>(), [session; 3]);
    assert!(told(&w, "w0-c1-implement").contains("two metres deep"));
    for later in ["w0-c1-implement-2", "w0-c1-implement-3"] {
        let told = told(&w, later);
        assert!(
            !told.contains("two metres deep") && told.contains("did not say how the work on task work stands"),
            "{told}"
        );
    }
    w.holds_the_laws();
}

#[test]
fn after_the_last_resume_comes_one_nudge_and_then_it_is_stuck_with_its_work_kept() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, resumes: 2}\n");
    w.author("mute", "echo x >> work.txt\necho thinking");
    w.task_for("mute", "work");
    w.start(["--drain"]).code(1);
    let cycle = &w.cycles_of("work")[0];
    assert_eq!((steps(cycle).len(), cycle["outcome"].as_str()), (4, Some("stuck")));
    assert!(told(&w, "w0-c1-implement-4").contains("your last turn"));
    assert!(w.is_in("blocked", "work").contains("attempts: 1"));
    w.at_commit("refs/swarm/salvage/work/1").has("work.txt");
    w.holds_the_laws();
}

#[test]
fn the_answer_to_a_question_reaches_the_session_that_asked_and_finds_its_files() {
    let w = Workspace::new();
    w.author(
        "asks",
        "echo \"$going_on $session\" >> log.txt\ncase $told in *green*) ready ;; *) echo 'NEEDS_INPUT: which colour?' ;; esac",
    );
    w.file("paint", "---\nagent: asks\n---\n# Paint the door\n");
    w.start(["--drain"]).code(1);
    w.is_in("blocked", "paint");
    w.swarm(["comment", "paint", "green, please"]).code(0);
    w.swarm(["retry", "paint"]).code(0);
    w.start(["--drain"]).code(0);
    w.is_in("complete", "paint");
    let told = told(&w, "w0-c1-implement");
    assert!(told.contains("green, please") && !told.contains("# Task paint"), "{told}");
    let log = w.git(["show", "trunk:log.txt"]);
    let lines: Vec<&str> = log.lines().collect();
    let session = lines[0].strip_prefix("no ").expect("a new session");
    assert_eq!(lines[1], format!("yes {session}"), "{log}");
    w.holds_the_laws();
}

/// Some agents would go on in the folder in which their session began, which is another task's by now.
#[test]
fn a_session_is_taken_up_in_another_worktree_only_where_its_agent_can() {
    for (can, lines) in [("false", ["01 no", "02 no"]), ("true", ["01 no", "02 yes"])] {
        let w = Workspace::new();
        w.author(
            "asks",
            "echo \"$SWARM_SLOT $going_on\" >> log.txt\ncase $told in *green*) ready ;; *) echo 'NEEDS_INPUT: which colour?' ;; esac",
        );
        let description = w.read("config/agents/asks.yaml");
        let bound = description.replace("{minted_by: us}", &format!("{{minted_by: us, resume_other_dir: {can}}}"));
        w.write("config/agents/asks.yaml", bound);
        w.file("paint", "---\nagent: asks\n---\n# Paint the door\n");
        w.start(["--drain"]).code(1);
        w.is_in("blocked", "paint");
        w.task("other", &format!("{}\n{}\necho x > x.txt", w.gives("taken"), w.awaits("go")));
        let swarm = w.start_in_background(["--drain", "--task", "other"]);
        w.wait_for_sign("taken");
        w.swarm(["comment", "paint", "green, please"]).code(0);
        w.swarm(["retry", "paint"]).code(0);
        w.start(["--drain", "--task", "paint"]).code(0);
        w.give("go");
        swarm.wait().code(0);
        // Its files are there in any case.
        assert_eq!(w.git(["show", "trunk:log.txt"]).lines().collect::<Vec<_>>(), lines);
        w.holds_the_laws();
    }
}

/// The swarm hears the answer from the file at the same moment as the command that wrote it moves the task.
#[test]
fn an_answer_is_taken_up_once_whoever_is_quicker() {
    let w = Workspace::new();
    w.author("asks", "echo 'NEEDS_INPUT: which colour?'");
    let ids: Vec<String> = (1..=12).map(|number| format!("paint-{number}")).collect();
    for id in &ids {
        w.task_for("asks", id);
    }
    w.start(["--drain"]).code(1);
    w.task("other", &format!("{}\n{}\necho x > x.txt", w.gives("taken"), w.awaits("go")));
    let swarm = w.start_in_background(["--drain", "--task", "other"]);
    w.wait_for_sign("taken");
    for id in &ids {
        w.swarm(["comment", id, "green, please"]).code(0).says("comment added, blocked → pending");
        w.swarm(["retry", id]).code(0);
        w.is_in("pending", id);
    }
    w.give("go");
    swarm.wait().code(0);
    w.holds_the_laws();
}

#[test]
fn a_session_that_was_killed_in_the_middle_goes_on_where_it_was() {
    let w = Workspace::new();
    let hangs = format!("{}\n{}", w.gives("half"), w.awaits("never"));
    w.author("digs", &format!("echo \"$going_on\" >> log.txt\ntest $going_on = yes && {{ ready; exit; }}\n{hangs}"));
    w.task_for("digs", "work");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("half");
    swarm.kill_9();
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    assert_eq!(w.git(["show", "trunk:log.txt"]), "no\nyes");
    assert!(told(&w, "w0-c1-implement").contains("was interrupted"));
    w.holds_the_laws();
}

/// The name of its session is known as soon as it has told it.
#[test]
fn a_session_that_its_agent_names_goes_on_after_a_kill_in_its_first_turn() {
    let w = Workspace::new();
    let hangs = format!("{}\n{}", w.gives("half"), w.awaits("never"));
    let script = format!(
        "begin; echo \"$going_on $session\" >> log.txt\ntest $going_on = yes && {{ tokens 250; ready; exit; }}\n{hangs}"
    );
    w.namer("digs", &script);
    w.task_for("digs", "work");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("half");
    wait_until("the session is noted", || w.read(".swarm/claims/work.json").contains("\"id\":\"s-"));
    swarm.kill_9();
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    let log = w.git(["show", "trunk:log.txt"]);
    let lines: Vec<&str> = log.lines().collect();
    let session = lines[0].strip_prefix("no ").expect("a new session");
    assert_eq!(lines[1], format!("yes {session}"), "{log}");
    assert!(told(&w, "w0-c1-implement").contains("was interrupted"));
    // The turn that was killed told nothing of its cost: the next one pays for both.
    assert_eq!(w.last_run().cycles()[0]["usage"]["input_tokens"], 250);
    w.holds_the_laws();
}

#[test]
fn an_agent_that_says_nothing_is_told_to_go_on_once_and_no_more() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    w.namer("mute", "begin; say ''");
    w.task_for("mute", "work");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "work").contains("no rule of its description sets `text`"));
    assert_eq!(steps(&w.cycles()[0]), ["implement", "implement"]);
    w.holds_the_laws();
}

/// Once, and it is told what there is already.
#[test]
fn a_session_that_is_lost_or_full_is_followed_by_a_new_one_that_finds_its_files() {
    for trouble in ["no rollout found for thread id 0", "prompt is too long: 250000 tokens > 200000 maximum"] {
        let w = Workspace::new();
        let script = format!(
            "echo $going_on >> log.txt\ntest $going_on = no || failed '{trouble}'\nbegin\n\
             test $(wc -l < log.txt) -gt 2 && {{ ready; exit; }}\nsay 'NEEDS_INPUT: which colour?'"
        );
        w.namer("forgets", &script);
        w.task_for("forgets", "paint");
        w.start(["--drain"]).code(1);
        w.swarm(["comment", "paint", "green, please"]).code(0);
        w.start(["--drain"]).code(0).says("it is begun afresh, told all of the task").says(trouble);
        w.is_in("complete", "paint");
        assert_eq!(w.git(["show", "trunk:log.txt"]), "no\nyes\nno");
        let told = told(&w, "w0-c1-implement-2");
        assert!(told.contains("as it left it") && told.contains("green, please"), "{told}");
        w.holds_the_laws();
    }
}

#[test]
fn a_task_that_was_rewritten_meanwhile_is_begun_afresh() {
    let w = Workspace::new();
    w.author(
        "asks",
        "echo \"$going_on\" >> log.txt\ncase $told in *green*) ready ;; *) echo 'NEEDS_INPUT: colour?' ;; esac",
    );
    w.task_for("asks", "paint");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "paint").replace("# Do paint", "# Paint it green");
    std::fs::write(w.task_path("blocked", "paint"), text).expect("write");
    w.move_task("paint", "blocked", "pending");
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:log.txt"]), "no");
    w.holds_the_laws();
}

#[test]
fn work_that_was_done_when_the_swarm_was_killed_is_verified_and_merged_without_its_agent() {
    let w = Workspace::new();
    let gate = format!(
        "! test -e x.txt || test -e '{0}' || {{ {1}; {2}; }}",
        w.sign("again").display(),
        w.gives("gate"),
        w.awaits("never")
    );
    w.config(&format!("verify:\n  - {{run: {}}}\n", serde_json::to_string(&gate).expect("JSON")));
    w.task("work", "echo x > x.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("gate");
    swarm.kill_9();
    w.give("again");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    let cycle = w.cycles_of("work").pop().expect("a cycle");
    assert_eq!(steps(&cycle), ["verify", "integrate"]);
    w.base().has("x.txt");
    w.holds_the_laws();
}

#[test]
fn work_that_was_done_when_the_run_was_interrupted_is_not_done_again() {
    let w = Workspace::new();
    let gate = format!(
        "! test -e x.txt || test -e '{0}' || {{ {1}; {2}; }}",
        w.sign("again").display(),
        w.gives("gate"),
        w.awaits("never")
    );
    w.config(&format!("verify:\n  - {{run: {}}}\n", serde_json::to_string(&gate).expect("JSON")));
    w.task("work", "echo x > x.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("gate");
    // Two of a kind might be taken for one.
    swarm.signal(Signal::INT);
    swarm.signal(Signal::TERM);
    swarm.wait().code(130);
    assert!(w.is_in("pending", "work").contains("ready: true"));
    w.give("again");
    w.start(["--drain"]).code(0);
    let cycle = w.cycles_of("work").pop().expect("a cycle");
    assert_eq!(steps(&cycle), ["verify", "integrate"]);
    assert!(!w.is_in("complete", "work").contains("kept:"));
    w.holds_the_laws();
}

#[test]
fn trouble_before_the_first_turn_takes_nothing_away() {
    let w = Workspace::new();
    w.author(
        "asks",
        "echo \"$going_on\" >> log.txt\ncase $told in *green*) ready ;; *) echo 'NEEDS_INPUT: colour?' ;; esac",
    );
    w.task_for("asks", "paint");
    w.start(["--drain"]).code(1);
    w.swarm(["comment", "paint", "green"]).code(0);
    w.config("worktree: {setup: [exit 7]}\nlimits: {backoff: 0s, infra: 1}\n");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("paint").pop().expect("a cycle")["outcome"], "infra");
    w.config("");
    w.swarm(["retry", "paint"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:log.txt"]), "no\nyes");
    w.holds_the_laws();
}
