//! Planners: they make tasks and nothing else, never more than may wait, and cost nothing while nothing happens.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Workspace, wait_for, wait_until};

/// A shell function that puts a task for `script` into the outbox.
const MAKES: &str =
    r#"make() { printf '# Make %s\n\n```sh\necho %s > %s.txt\n```\n' $1 $1 $1 > "$SWARM_OUTBOX/$1.md"; }"#;

/// A workspace with a planner that does what `script` says, and workers that run scripts.
fn planned(keys: &str, script: &str) -> Workspace {
    let w = Workspace::new();
    w.config(&format!("workers: [{{agent: plans, role: planner, {keys}}}, {{agent: script}}]\nlimits: {{attempts: 2, infra: 2, backoff: 0s}}\n"));
    w.author("plans", &format!("{MAKES}\n{script}"));
    w
}

/// Does this only the first time.
fn once(w: &Workspace, script: &str) -> String {
    let sign = w.sign("planned");
    format!("test -e '{0}' || {{ : > '{0}'\n{script}\n}}\necho __DONE__", sign.display())
}

/// The cycles that had no task.
fn plannings(w: &Workspace) -> Vec<Value> {
    let mut cycles: Vec<Value> = w.cycles().into_iter().filter(|cycle| cycle["task"].is_null()).collect();
    cycles.sort_by_key(|cycle| (cycle["started_at"].to_string(), cycle["cycle"].as_u64()));
    cycles
}

#[test]
fn a_drain_ends_when_the_planner_has_had_its_say_and_nothing_is_left() {
    let w = planned("max_pending: 3", "");
    w.author("plans", &format!("{MAKES}\n{}", once(&w, "make one; make two")));
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["one", "two"]);
    w.base().has("one.txt").has("two.txt");
    let cycles = plannings(&w);
    assert!(cycles.len() >= 2, "it is asked again at the end");
    for cycle in &cycles {
        assert_eq!(
            (&cycle["outcome"], &cycle["title"], &cycle["merged"]),
            (&json!("planned"), &json!(null), &json!(null))
        );
        assert_eq!(cycle["steps"][0]["step"], "plan");
        assert_eq!(cycle["signals"], json!(["__DONE__"]));
    }
    assert_eq!(cycles[0]["created"], json!(["one", "two"]));
    assert!(cycles[1..].iter().all(|cycle| cycle["created"] == json!([])));
    assert_eq!(w.last_run().json("stopped.json")["outcomes"]["merged"], 2);
    let told = w.last_run().read("prompts/w0-c1-plan.md");
    assert!(told.contains("0 tasks wait now.") && told.contains("at most 3 new tasks"), "{told}");
    w.holds_the_laws();
}

#[test]
fn nothing_that_a_planner_changes_comes_to_the_base_and_nothing_of_it_is_lost() {
    let w = planned("max_pending: 3", "");
    let rides = "echo mine > README.md; git add -A; git commit -qm mine; echo more > more.txt; make one";
    w.author("plans", &format!("{MAKES}\n{}", once(&w, rides)));
    w.start(["--drain"]).code(0);
    assert_eq!(w.base().files(), ["README.md", "one.txt"]);
    assert_eq!(w.base().read("README.md"), "A small house.");
    let kept = w.refs("refs/swarm/salvage/");
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    assert!(kept.ends_with(".w0/1"), "{kept}");
    assert_eq!(w.at_commit(kept).read("README.md"), "mine");
    w.at_commit(kept).has("more.txt").lacks(".swarm-outbox/one.md");
    w.holds_the_laws();
}

#[test]
fn no_more_tasks_are_taken_than_there_is_room_for() {
    let w = planned("max_pending: 2", "");
    w.author(
        "plans",
        &format!("{MAKES}\n{}", once(&w, "for n in a b c d; do make $n; done; echo > \"$SWARM_OUTBOX/e.md\"")),
    );
    w.file("later", "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    w.file("house", "---\ntype: epic\n---\n# An epic takes no room\n");
    let ended = w.start(["--drain"]);
    ended.says("room for 1");
    assert_eq!(w.tasks_in("complete"), ["a"]);
    for id in ["b", "c", "d"] {
        assert!(w.whereabouts(id).is_empty());
        assert!(w.last_run().read(format!("outbox/{id}.md").as_str()).contains("Make"));
    }
    assert_eq!(plannings(&w)[0]["created"], json!(["a"]));
}

#[test]
fn several_planners_keep_the_bound_together_and_never_plan_at_once() {
    let w = planned("max_pending: 4, count: 3", "");
    // The tasks are held, so that none of them ever makes room.
    let held =
        "printf -- '---\\nnot_before: 2099-01-01T00:00:00Z\\n---\\n# Later\\n' > \"$SWARM_OUTBOX/$SWARM_WORKER-$n.md\"";
    let alone = w.outside().join("alone");
    let script = format!("mkdir '{0}'\nfor n in 1 2 3; do {held}; done\nsleep 0.1\nrmdir '{0}'", alone.display());
    w.author("plans", &script);
    let other = w.start_in_background(["--drain"]);
    w.start(["--drain"]).code(0);
    other.wait().code(0);
    assert_eq!(w.tasks_in("pending").len(), 4, "{:?}", w.tasks_in("pending"));
    assert!(plannings(&w).iter().all(|cycle| cycle["outcome"] == "planned"), "{:?}", plannings(&w));
}

#[test]
fn an_idle_planner_plans_again_only_when_something_has_happened() {
    let w = planned("max_pending: 9", "echo __DONE__");
    w.file("held", "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    let mut swarm = w.start_in_background([]);
    let ends = |swarm: &crate::harness::Running<'_>| {
        swarm.events().iter().filter(|event| event.is("step_ended") && event.text("step") == "plan").count()
    };
    swarm.wait_for_event(|event| event.is("step_ended") && event.text("step") == "plan");
    // A new task is nothing to think about; its end is.
    w.task("work", "echo 1 > 1.txt; exit 0");
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    wait_until("the second planning", || ends(&swarm) == 2);
    w.file("more", "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    w.swarm(["comment", "held", "split this one, please"]).code(0);
    wait_until("the third planning", || ends(&swarm) == 3);
    w.task("fails", "exit 1");
    swarm.wait_for_event(|event| event.moves("fails", "blocked"));
    wait_until("the fourth planning", || ends(&swarm) == 4);
    swarm.signal(Signal::INT);
    swarm.wait();
    assert_eq!(plannings(&w).len(), 4);
    let told = w.last_run().read("prompts/w0-c3-plan.md");
    assert!(told.contains("2 tasks wait now; the first of them:\n\n- more: Later\n- held: Later\n"), "{told}");
}

#[test]
fn a_planner_is_told_what_is_done_already_and_what_nobody_can_do() {
    let w = planned("max_pending: 9", "echo __DONE__");
    w.file("held", "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    fs::write(w.task_path("review", "judged"), "# Paint the door\n").expect("write a file");
    for number in 10..40 {
        fs::write(w.task_path("blocked", &format!("stuck-{number}")), "# Ask first\n").expect("write a file");
    }
    w.task("work", &format!("{}\n{}\necho 1 > 1.txt", w.gives("begun"), w.awaits("go")));
    let mut swarm = w.start_in_background([]);
    let planned = |swarm: &crate::harness::Running<'_>| {
        swarm.events().iter().filter(|event| event.is("step_ended") && event.text("step") == "plan").count()
    };
    w.wait_for_sign("begun");
    wait_until("the first planning", || planned(&swarm) == 1);
    w.swarm(["comment", "held", "split this one, please"]).code(0);
    wait_until("the second planning", || planned(&swarm) == 2);
    let told = w.last_run().read("prompts/w0-c2-plan.md");
    assert!(told.contains("1 task waits now; the first of them:\n\n- held: Later\n"), "{told}");
    assert!(told.contains("1 is being worked on:\n\n- work: "), "{told}");
    assert!(told.contains("1 is done and waits for a person's word"), "{told}");
    assert!(told.contains("- judged: Paint the door\n"), "{told}");
    assert!(told.contains("30 cannot go on without a person:\n\n- stuck-10: Ask first\n"), "{told}");
    assert_eq!(told.matches("- stuck-").count(), 25, "{told}");
    assert!(told.contains("- and 5 more.\n\nPlan none of that again."), "{told}");
    w.give("go");
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    swarm.signal(Signal::INT);
    swarm.wait();
}

#[test]
fn a_planner_goes_on_after_its_pause_while_it_makes_tasks() {
    let w = planned("max_pending: 3, pause_between: 1s", "");
    let held =
        "printf -- '---\\nnot_before: 2099-01-01T00:00:00Z\\n---\\n# Later\\n' > \"$SWARM_OUTBOX/n$SWARM_CYCLE.md\"";
    w.author("plans", held);
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("pending"), ["n1", "n2", "n3"]);
    assert_eq!(plannings(&w).len(), 3);
}

#[test]
fn a_planner_that_fails_rests_and_gives_up_and_the_work_goes_on() {
    let w = planned("max_pending: 3", "make half\nexit 3");
    w.task("work", "echo 1 > 1.txt");
    w.start(["--drain"]).code(1).says("not again before something has changed");
    w.is_in("complete", "work");
    let outcomes: Vec<Value> = plannings(&w).iter().map(|cycle| cycle["outcome"].clone()).collect();
    assert!(outcomes.len() >= 2 && outcomes.len() <= 5, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| outcome == "agent_error"), "{outcomes:?}");
    // Its files count all the same, each by itself.
    w.is_in("complete", "half");
    w.holds_the_laws();
}

#[test]
fn a_planner_that_is_killed_with_its_swarm_is_ended_by_the_next_start() {
    let w = planned("max_pending: 3", "");
    let hangs = format!("{}\necho half > half.txt\n{}", w.gives("plans"), w.awaits("never"));
    w.author("plans", &format!("test -e '{}' && exit 0\n{hangs}", w.sign("again").display()));
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("plans");
    wait_until("its work", || {
        w.path(".swarm/slots/01/half.txt").exists() || w.path(".swarm/slots/02/half.txt").exists()
    });
    swarm.kill_9();
    let agents = || w.processes().into_iter().filter(|(_, command)| command.contains("await")).count();
    assert_eq!(agents(), 1, "it lives on: {:?}", w.processes());
    w.give("again");
    let ended = w.start(["--drain"]);
    ended.code(0).says("died without a task of its own; nobody knows what it has cost, so nothing is booked");
    assert!(!w.path("runs/ledger.jsonl").exists(), "unknown is not 0");
    assert_eq!(agents(), 0);
    let kept = w.refs("refs/swarm/salvage/");
    let [kept] = &kept[..] else { panic!("{kept:?}") };
    w.at_commit(kept).has("half.txt");
    let left: Vec<_> =
        fs::read_dir(w.path(".swarm/slots")).expect("slots").flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("errand")), "{left:?}");
    w.holds_the_laws();
}

#[test]
fn a_planner_is_ended_when_the_run_is_told_to_end_at_once() {
    let w = planned("max_pending: 3", "");
    w.author("plans", &format!("{}\n{}", w.gives("plans"), w.awaits("never")));
    let mut swarm = w.start_in_background([]);
    w.wait_for_sign("plans");
    let status = wait_for("the step", || {
        let status: Value = serde_json::from_str(&w.swarm(["status", "--json"]).stdout).expect("JSON");
        (status["workers"][0]["step"] == "plan").then_some(status)
    });
    assert_eq!((&status["workers"][0]["role"], &status["workers"][1]["role"]), (&json!("planner"), &json!("worker")));
    w.swarm(["status"]).code(0).says("plans (planner)");
    swarm.signal(Signal::INT);
    swarm.wait_for_event(|event| event.is("paused"));
    swarm.signal(Signal::INT);
    swarm.wait().code(130);
    assert_eq!(plannings(&w)[0]["outcome"], "interrupted");
    assert_eq!(w.swarm(["logs", "w0"]).code(0).stdout, "");
    w.holds_the_laws();
}

#[test]
fn a_planner_that_spoils_its_worktree_spoils_nothing_else() {
    let w = planned("max_pending: 3", "");
    let here = "d=$PWD; cd ..; rm -rf \"$d\"; ln -s / \"$d\"";
    let sign = w.sign("spoilt");
    let script =
        format!("test -e '{0}' || {{ : > '{0}'; {here}; exit 0; }}\n{1}", sign.display(), once(&w, "make one"));
    w.author("plans", &format!("{MAKES}\n{script}"));
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    let cycles = plannings(&w);
    assert_eq!((&cycles[0]["outcome"], &cycles[1]["outcome"]), (&json!("agent_error"), &json!("planned")));
    w.holds_the_laws();
}

#[test]
fn a_planner_leaves_when_the_settings_have_none_any_more() {
    let w = planned("max_pending: 3", "");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.is("step_ended") && event.text("step") == "plan");
    w.config("");
    swarm.wait_for_event(|event| event.is("worker_left") && event.text("worker") == "w0");
    w.task("work", "echo 1 > 1.txt");
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    swarm.signal(Signal::INT);
    swarm.wait().code(0);
    assert_eq!(plannings(&w).len(), 1);
}

#[test]
fn a_run_for_certain_tasks_plans_nothing() {
    let w = planned("max_pending: 3", "make more");
    w.task("work", "echo 1 > 1.txt");
    w.start(["--drain", "--task", "work"]).code(0).says("nothing is planned");
    assert_eq!(plannings(&w).len(), 0);
}

#[test]
fn planners_come_beside_the_number_of_workers_and_nobody_claims_what_they_make_if_there_are_none() {
    let w = planned("max_pending: 3", "");
    w.author("plans", &format!("{MAKES}\n{}", once(&w, "make one")));
    w.start(["--drain", "-n", "3"]).code(0);
    assert_eq!(w.last_run().json("started.json")["roles"], json!(["planner", "worker", "worker", "worker"]));
    w.config("workers: [{agent: plans, role: planner}]\n");
    fs::remove_file(w.sign("planned")).expect("it has planned");
    w.author("plans", &format!("{MAKES}\n{}", once(&w, "make two")));
    w.start(["--drain"]).code(0);
    w.is_in("pending", "two");
}

#[test]
fn five_thousand_waiting_tasks_make_no_long_prompt() {
    let w = planned("max_pending: 6000", "echo __DONE__");
    for number in 0..5000 {
        w.file(
            &format!("todo-{number:04}"),
            format!("---\nnot_before: 2099-01-01T00:00:00Z\n---\n# {}\n", "long ".repeat(500)),
        );
    }
    w.start(["--drain"]).code(0);
    let told = w.last_run().read("prompts/w0-c1-plan.md");
    assert!(told.len() < 64 * 1024, "{} bytes", told.len());
    assert!(told.contains("5000 tasks wait now") && told.contains("at most 1000 new tasks"));
    assert_eq!(told.matches("- todo-").count(), 50);
    assert!(plannings(&w).len() == 1);
}

#[test]
fn a_planner_does_not_keep_a_drain_from_ending_on_a_red_base() {
    let w = planned("max_pending: 3", "echo __DONE__");
    w.config("workers: [{agent: plans, role: planner}, {agent: script}]\nlimits: {attempts: 1, backoff: 0s}\nverify: ['false']\n");
    w.task("work", "echo 1 > 1.txt");
    w.start(["--drain"]).code(1);
    w.is_in("pending", "work");
    assert!(plannings(&w).len() <= 3, "{:?}", plannings(&w).len());
}

#[test]
fn a_planners_cycles_count_and_it_does_not_outlive_them() {
    let w = planned("max_pending: 3", "");
    w.author("plans", &format!("{MAKES}\n{}", once(&w, "make one; make two")));
    w.start(["--max-cycles", "2"]).code(0);
    assert_eq!((w.tasks_in("complete"), w.tasks_in("pending")), (vec!["one".to_owned()], vec!["two".to_owned()]));
    assert_eq!(plannings(&w).len(), 1);
}

#[test]
fn what_planning_costs_counts_for_the_run_and_ends_the_planning() {
    let w = planned("max_pending: 3", "");
    w.config("workers: [{agent: plans, role: planner}, {agent: script}]\nlimits: {run_cost_usd: 0.5}\n");
    w.dear("plans", &format!("{MAKES}\n{}\ncosts 0.6", once(&w, "make one")));
    let ended = w.start(["--drain"]);
    ended.says("the run has cost $0.60");
    assert_eq!((plannings(&w).len(), &plannings(&w)[0]["cost_usd"]), (1, &json!(0.6)));
    let ledger = w.read("runs/ledger.jsonl");
    assert!(ledger.contains("\"worker\":\"w0\"") && ledger.contains("0.6"), "{ledger}");
}
