//! Agents that pick their own tasks: what they are shown, what they get, and what they are told of the rest.

use std::collections::BTreeSet;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::Workspace;

/// An author that claims with `claims` and does each task by writing a file of its name.
fn chooses(w: &Workspace, keys: &str, claims: &str) {
    w.config(&format!("workers: [{{agent: picks, claim: agent{keys}}}]\n"));
    w.author("picks", &script(claims));
}

fn script(claims: &str) -> String {
    format!(
        "if test -z \"${{SWARM_TASK-}}\"; then\n{claims}\nelse\necho \"$going_on $session\" > $SWARM_TASK.txt\nready\nfi"
    )
}

/// The cycles that had no task, in order.
fn choosings(w: &Workspace) -> Vec<Value> {
    let mut cycles: Vec<Value> = w.cycles().into_iter().filter(|cycle| cycle["task"].is_null()).collect();
    cycles.sort_by_key(|cycle| (cycle["worker"].to_string(), cycle["cycle"].as_u64()));
    cycles
}

fn tasks(w: &Workspace, ids: &[&str]) {
    ids.iter().for_each(|id| w.file(id, format!("# Do {id}\n\nAll of {id}.\n")));
}

#[test]
fn an_agent_gets_what_it_claims_and_works_on_it_in_the_same_session() {
    let w = Workspace::new();
    chooses(&w, "", "echo 'CLAIM(b, a, nope, later, b)'");
    tasks(&w, &["a", "b", "c"]);
    w.file("later", "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "b", "c"]);
    let cycles = choosings(&w);
    assert_eq!(cycles.len(), 2, "{cycles:?}");
    let first = &cycles[0];
    assert_eq!((&first["outcome"], &first["claimed"]), (&json!("claimed"), &json!(["b", "a"])));
    assert_eq!((&first["steps"][0]["step"], &first["signals"]), (&json!("claim"), &json!(["CLAIM"])));
    let reason = first["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("granted 2 of the 4 that the agent claimed; nope: there is no such task; later: "),
        "{reason}"
    );
    let session = first["session_id"].as_str().expect("a session");
    for (id, cycle) in [("b", 2), ("a", 3)] {
        assert_eq!(w.cycles_of(id)[0]["cycle"], cycle);
        assert_eq!(w.git(["show", &format!("trunk:{id}.txt")]), format!("yes {session}"));
    }
    let shown = w.last_run().read("prompts/w0-c1-claim.md");
    assert!(
        shown.contains("3 tasks can be claimed, in the order") && shown.contains("- a: Do a\n- b: Do b\n- c: Do c\n"),
        "{shown}"
    );
    let told = w.last_run().read("prompts/w0-c2-implement.md");
    for part in [
        "yours now: b, a.",
        "- nope: there is no such task\n",
        "- later: not before 2099",
        "the turn of b:",
        "All of b.",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(w.last_run().read("prompts/w0-c3-implement.md").contains("All of a."));
    // What it claims then is complete, so that the program claims for it.
    assert_eq!(cycles[1]["claimed"], json!(["c"]));
    assert!(
        cycles[1]["reason"].as_str().expect("a reason").contains("nothing that the agent claimed could be granted")
    );
    let told = w.last_run().read("prompts/w0-c5-implement.md");
    assert!(told.contains("claimed for you: c") && told.contains("- a: it is in complete/"), "{told}");
    w.holds_the_laws();
}

#[test]
fn an_agent_that_claims_nothing_is_asked_once_more_and_then_the_program_claims() {
    let w = Workspace::new();
    chooses(&w, "", "echo I cannot decide");
    tasks(&w, &["a"]);
    w.start(["--drain"]).code(0);
    let cycles = choosings(&w);
    assert_eq!((cycles.len(), cycles[0]["steps"].as_array().map(Vec::len)), (1, Some(2)));
    assert_eq!(cycles[0]["claimed"], json!(["a"]));
    assert_eq!(cycles[0]["reason"], "the agent claimed nothing, so the first task was claimed for it: I cannot decide");
    let nudged = w.last_run().read("prompts/w0-c1-claim-2.md");
    assert!(nudged.contains("Your last message claims nothing"), "{nudged}");
    w.holds_the_laws();
}

#[test]
fn one_that_answers_when_it_is_asked_again_gets_what_it_wants() {
    let w = Workspace::new();
    chooses(&w, "", "case $told in *'claims nothing'*) echo 'CLAIM(b)' ;; *) echo 'CLAIM(../b)' ;; esac");
    tasks(&w, &["a", "b"]);
    w.start(["--once"]).code(0);
    assert_eq!((w.tasks_in("complete"), w.tasks_in("pending")), (vec!["b".to_owned()], vec!["a".to_owned()]));
    assert_eq!(choosings(&w)[0]["claimed"], json!(["b"]));
}

#[test]
fn one_without_sessions_begins_each_task_afresh() {
    let w = Workspace::new();
    w.config("workers: [{agent: picks, claim: agent}]\n");
    w.forgetful("picks", &script("echo 'CLAIM(a, b)'"));
    tasks(&w, &["a", "b"]);
    w.start(["--drain"]).code(0);
    assert_eq!(choosings(&w)[0]["claimed"], json!(["a", "b"]));
    let told = w.last_run().read("prompts/w0-c2-implement.md");
    assert!(told.contains("All of a.") && !told.contains("yours now"), "{told}");
    w.holds_the_laws();
}

#[test]
fn a_task_is_never_granted_twice() {
    let w = Workspace::new();
    let ids: Vec<String> = (0..24).map(|number| format!("t{number:02}")).collect();
    chooses(&w, "", &format!("echo 'CLAIM({})'", ids.join(", ")));
    ids.iter().for_each(|id| w.file(id, "---\nfiles: ['*.txt']\n---\n# Do\n"));
    let other = w.start_in_background(["--drain", "-n", "3"]);
    w.start(["--drain", "-n", "3"]).code(0);
    other.wait().code(0);
    assert_eq!(w.tasks_in("complete"), ids);
    let granted: Vec<String> = choosings(&w)
        .iter()
        .flat_map(|cycle| cycle["claimed"].as_array().cloned().unwrap_or_default())
        .map(|id| id.as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(granted.len(), ids.len(), "{granted:?}");
    assert_eq!(granted.iter().cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(), ids);
    assert!(choosings(&w).iter().all(|cycle| cycle["claimed"].as_array().is_some_and(|ids| ids.len() <= 10)));
    w.holds_the_laws();
}

#[test]
fn one_task_of_a_domain_is_granted_and_no_more_than_the_run_may_begin() {
    let w = Workspace::new();
    chooses(&w, "", "echo 'CLAIM(a, b, c, d)'");
    for id in ["a", "b"] {
        w.file(id, "---\ndomain: cellar\n---\n# Dig\n");
    }
    tasks(&w, &["c", "d"]);
    w.start(["--max-cycles", "2"]).code(0);
    assert_eq!(choosings(&w)[0]["claimed"], json!(["a", "c"]));
    assert_eq!(w.tasks_in("complete"), ["a", "c"]);
    let told = w.last_run().read("prompts/w0-c2-implement.md");
    assert!(
        told.contains("- b: a is at work in the domain cellar") && told.contains("- d: the run begins no more"),
        "{told}"
    );
    w.holds_the_laws();
}

#[test]
fn what_was_granted_and_not_begun_is_given_back_when_the_run_ends() {
    let w = Workspace::new();
    chooses(&w, "", "echo 'CLAIM(a, b, c)'");
    let works = format!("{}\n{}\nready", w.gives("works"), w.awaits("go"));
    w.author(
        "picks",
        &format!("test -n \"${{SWARM_TASK-}}\" || {{ echo 'CLAIM(a, b, c)'; exit; }}\necho x > x.txt\n{works}"),
    );
    tasks(&w, &["a", "b", "c"]);
    let mut swarm = w.start_in_background([]);
    w.wait_for_sign("works");
    assert_eq!(w.tasks_in("current"), ["a", "b", "c"]);
    let status: Value = serde_json::from_str(&w.swarm(["status", "--json"]).stdout).expect("JSON");
    assert_eq!((&status["workers"][0]["task"], &status["without_worker"]), (&json!("a"), &json!([])));
    swarm.signal(Signal::INT);
    swarm.wait_for_event(|event| event.is("paused"));
    w.give("go");
    let ended = swarm.wait();
    ended.code(0);
    assert_eq!(
        (w.tasks_in("complete"), w.tasks_in("pending")),
        (vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()])
    );
    ended.event(|event| event.moves("b", "pending") && event.text("cause").contains("before it could begin"));
    assert!(!w.is_in("pending", "b").contains("swarm:"));
    w.holds_the_laws();
}

#[test]
fn what_was_granted_is_free_again_after_a_kill() {
    let w = Workspace::new();
    let works = format!("{}\n{}\nready", w.gives("works"), w.awaits("go"));
    chooses(&w, "", "");
    w.author("picks", &format!("test -n \"${{SWARM_TASK-}}\" || {{ echo 'CLAIM(a, b, c)'; exit; }}\necho $SWARM_TASK > $SWARM_TASK.txt\n{works}"));
    tasks(&w, &["a", "b", "c"]);
    let swarm = w.start_in_background([]);
    w.wait_for_sign("works");
    swarm.kill_9();
    w.give("go");
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "b", "c"]);
    w.holds_the_laws();
}

#[test]
fn where_the_agent_cannot_be_run_the_task_itself_comes_to_a_person() {
    let w = Workspace::new();
    w.config("workers: [{agent: picks, claim: agent}]\nlimits: {infra: 2, backoff: 0s}\n");
    let output =
        "{lines: [{re: '(?<said>no login)', set: {error.message: said}}], classify: [{kind: auth, text: login}]}";
    w.write("config/agents/picks.yaml", format!("argv: [sh, -c, 'echo no login; exit 1']\noutput: {output}\n"));
    tasks(&w, &["a"]);
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "a").contains("no login"));
    let cycles = choosings(&w);
    assert!(cycles.iter().all(|cycle| cycle["outcome"] == "infra" && cycle["claimed"] == json!([])), "{cycles:?}");
    assert_eq!(cycles.len(), 4, "twice before each of the two attempts");
    w.holds_the_laws();
}

#[test]
fn five_thousand_claimable_tasks_make_no_long_prompt() {
    let w = Workspace::new();
    let all: Vec<String> = (0..5000).map(|number| format!("todo-{number:04}")).collect();
    let many = w.outside().join("many.txt");
    std::fs::write(&many, format!("CLAIM({})\n", all.join(", "))).expect("write a file");
    chooses(&w, "", &format!("cat '{}'", many.display()));
    all.iter().for_each(|id| w.file(id, format!("# {}\n", "long ".repeat(500))));
    w.start(["--max-cycles", "2"]).code(0);
    let run = w.last_run();
    for name in ["w0-c1-claim", "w0-c2-implement"] {
        let told = run.read(&format!("prompts/{name}.md"));
        assert!(told.len() < 64 * 1024, "{name}: {} bytes", told.len());
        if name.ends_with("claim") {
            assert!(told.contains("5000 tasks can be claimed; the first of them, in the order"), "{}", &told[..600]);
            assert_eq!(told.matches("- todo-").count(), 50);
        } else {
            assert!(told.contains("and 4948 more"), "{told}");
        }
    }
    assert_eq!(w.tasks_in("complete").len(), 2);
    assert_eq!(choosings(&w)[0]["claimed"], json!(["todo-0000", "todo-0001"]));
}

#[test]
fn while_the_base_is_red_there_is_nothing_to_choose() {
    let w = Workspace::new();
    w.config("workers: [{agent: picks, claim: agent}]\nverify: [test -e mended.txt]\n");
    w.author("picks", &format!("echo x > mended.txt\n{}", script("echo 'CLAIM(b, a)'")));
    tasks(&w, &["a", "b"]);
    w.start(["--drain"]).code(0);
    let cycles: Vec<Value> = w.cycles();
    let first = cycles.iter().find(|cycle| cycle["cycle"] == 1).expect("a cycle");
    assert!(first["task"].as_str().is_some_and(|id| id != "a" && id != "b"), "the repair, without a word: {first}");
    assert_eq!(choosings(&w)[0]["claimed"], json!(["b", "a"]));
    w.holds_the_laws();
}

#[test]
fn a_conflict_goes_back_to_the_session_that_chose() {
    let w = Workspace::new();
    chooses(&w, "", "");
    // It changes the line that the user changes meanwhile.
    let resolves = "case $told in *'contradicts it'*) echo both > README.md; git add README.md; ready; exit ;; esac";
    let works = format!("{}\n{}\necho $SWARM_TASK > README.md\nready", w.gives("works"), w.awaits("go"));
    w.author("picks", &format!("{resolves}\ntest -n \"${{SWARM_TASK-}}\" || {{ echo 'CLAIM(a)'; exit; }}\n{works}"));
    tasks(&w, &["a"]);
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("works");
    w.write("README.md", "the user's\n");
    w.commit("The user's own");
    w.give("go");
    swarm.wait().code(0);
    assert_eq!(w.base().read("README.md"), "both");
    let cycle = &w.cycles_of("a")[0];
    assert_eq!(cycle["session_id"], choosings(&w)[0]["session_id"]);
    w.holds_the_laws();
}

#[test]
fn what_was_granted_and_cannot_be_paid_any_more_is_given_back() {
    let w = Workspace::new();
    w.config("workers: [{agent: picks, claim: agent}]\nlimits: {run_cost_usd: 1}\n");
    let claims = "test -n \"${SWARM_TASK-}\" || { costs 0.6 'CLAIM(a, b, c)'; exit; }";
    w.dear("picks", &format!("{claims}\necho x > $SWARM_TASK.txt\ncosts 0.6"));
    tasks(&w, &["a", "b", "c"]);
    w.start(["--drain"]).code(1).says("the run has cost $1.20");
    assert_eq!(
        (w.tasks_in("complete"), w.tasks_in("pending")),
        (vec!["a".to_owned()], vec!["b".to_owned(), "c".to_owned()])
    );
    w.holds_the_laws();
}
