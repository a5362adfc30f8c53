//! `swarm explain`: why a task is where it is, and what would move it.

use serde_json::Value;

use crate::harness::{Ended, Workspace};

fn explain(w: &Workspace, id: &str) -> Ended {
    w.swarm(["explain", id])
}

fn json(w: &Workspace, id: &str) -> Value {
    let ended = w.swarm(["explain", id, "--json"]);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no JSON document: {error}\n{ended}"))
}

#[test]
fn waiting_tasks_are_explained_while_nobody_runs() {
    let w = Workspace::new();
    w.task("first", "true");
    w.task_with("second", "priority: 3", "true");
    w.task_with("third", "depends_on: [second, ghost]\nnot_before: 2099-01-01T00:00:00Z", "true");
    w.task_with("fourth", "depends_on: [third]", "true");
    w.file("house", "---\ntype: epic\n---\n");
    w.task_with("walls", "parent: house", "true");
    let before = w.everything();
    explain(&w, "second").code(0).says("number 3 of 3 in line").says("no swarm is running: swarm start");
    explain(&w, "fourth").code(0).says("waits for third, which depends on ghost, and no task has that name");
    explain(&w, "third").code(0).says("also: waits for second").says("add the task ghost");
    explain(&w, "house").code(0).says("waits for walls").says("0 of 1 children are complete; not yet walls");
    explain(&w, "tasks/pending/first.md").code(0).says("number 1 of 3");
    let fourth = json(&w, "fourth");
    assert_eq!(fourth["needs_a_person"], true);
    assert_eq!(fourth["chain"][2]["reason"], "no task has that name", "{fourth:#}");
    assert_eq!(json(&w, "second")["position"], 3);
    before.is_unchanged(&w.everything());
}

#[test]
fn a_name_that_nobody_has_and_a_broken_file_end_with_1() {
    let w = Workspace::new();
    w.task("fix-typo", "true");
    w.task("unlike", "true");
    w.file("broken", "---\npriority: 9\n---\n");
    explain(&w, "fix-tpyo").code(1).says("there is no task fix-tpyo").says("did you mean fix-typo?");
    explain(&w, "zzz").code(1).says("swarm list");
    explain(&w, "broken").code(1).says("tasks/pending/broken.md:2: priority").says("swarm lint");
    assert_eq!(json(&w, "broken")["invalid"]["line"], 2);
    explain(&w, "no good").code(2);
}

#[test]
fn what_has_happened_is_told_of_tasks_that_failed_and_of_complete_ones() {
    let w = Workspace::new();
    w.config("verify: ['test ! -e bad']\nlimits: {attempts: 2, backoff: 1h, backoff_max: 1h}\n");
    w.task("good", "echo good > good.txt");
    w.task("bad", "echo x > bad");
    w.task_with("worse", "attempts: 1", "echo y > bad");
    w.task_with("look", "review: human", "echo z > z.txt");
    w.start(["--max-cycles", "4", "-n", "1"]);
    let good = json(&w, "good");
    explain(&w, "good").code(0).says("merged as").says("git show");
    assert_eq!(good["commit"], w.git(["rev-list", "-1", "--grep=good", "trunk"]));
    assert_eq!(good["last"]["outcome"], "merged");
    explain(&w, "bad")
        .code(0)
        .says("pauses after a failed attempt until")
        .says("1 of 2 attempts has failed")
        .says("last cycle: verify failed (w0-c")
        .says("sooner: swarm retry bad")
        .says("git show refs/swarm/salvage/bad/1");
    assert!(json(&w, "bad")["until"].is_string());
    explain(&w, "worse").code(0).says("it waits for a person: Blocked after 1 attempt").says("swarm retry worse");
    explain(&w, "look").code(0).says("the work is done and waits for a person").says("swarm approve look");
    w.swarm(["show", json(&w, "bad")["id"].as_str().expect("an id")]).code(0);
    w.git(["show", "--quiet", json(&w, "bad")["salvage"].as_str().expect("a ref")]);

    let forgets = w.swarm(["retry", "bad"]);
    forgets.code(0).says("bad is pending already; forgotten: its 1 attempt and its pause until 2");
    w.swarm(["retry", "bad"]).code(0).says("bad is pending already, and there was nothing to forget");
    explain(&w, "bad").code(0).says("can be claimed now");
    w.swarm(["retry", "--blocked"]).code(0).says("worse: blocked → pending");
    w.swarm(["retry", "--blocked"]).code(0).says("nothing to do: no task is blocked");
}

#[test]
fn live_tasks_are_explained_while_somebody_works_and_after_he_was_killed() {
    let w = Workspace::new();
    w.task("long", "echo begun; sleep 1000");
    w.task_with("next", "depends_on: [long]", "true");
    w.task("free", "true");
    let mut swarm = w.start_in_background(["-n", "1", "--task", "long"]);
    swarm.wait_for_event(|event| event.begins("implement", "long"));
    explain(&w, "long")
        .code(0)
        .says("w0 works on it: step implement for")
        .says("attempt 1 of 3")
        .says("swarm cancel long");
    let long = json(&w, "long");
    assert_eq!(long["at_work"]["step"], "implement");
    explain(&w, "next").code(0).says("waits for long, which is in current/").says("by itself, when long is complete");
    explain(&w, "free").code(0).says("takes only a part of the queue: --task long");
    swarm.kill_9();
    explain(&w, "long").code(0).says("nobody works on it: its worker w0 of run").says("swarm start");
    explain(&w, "free").code(0).says("no swarm is running");
}

#[test]
fn a_pause_is_said_by_whoever_says_what_would_be_claimed() {
    let w = Workspace::new();
    w.task("one", "true");
    w.task("two", "true");
    w.swarm(["pause", "supper", "is", "ready"]).code(0);
    let before = w.everything();
    explain(&w, "one")
        .code(0)
        .says("claiming is paused since 2")
        .says(": supper is ready (`swarm resume` lets it go on)")
        .says("to let claiming go on: swarm resume")
        .says("then, as no swarm is running: swarm start");
    let one = json(&w, "one");
    assert_eq!((&one["position"], &one["needs_a_person"]), (&Value::Null, &true.into()), "{one:#}");
    w.swarm(["status"]).code(0).says("2 pending (0 claimable)");
    let dry = w.swarm(["start", "--dry-run"]);
    dry.code(0).says("skip  one: claiming is paused since").says("skip  two: claiming is paused since");
    assert!(!dry.stdout.contains("claim one"), "{dry}");
    w.swarm(["list", "pending"]).code(0).says("claiming is paused");
    before.is_unchanged(&w.everything());
    w.swarm(["resume"]).code(0);
    explain(&w, "one").code(0).says("can be claimed now: number 1 of 2 in line");
    w.swarm(["start", "--dry-run"]).code(0).says("claim one");
}

#[test]
fn a_red_base_is_said_by_whoever_says_what_would_be_claimed() {
    let w = Workspace::new();
    w.config("verify: ['test -e fixed.txt']\nlimits: {attempts: 1, backoff: 0s}");
    w.agent("asks", &["say NEEDS_INPUT: how?"]);
    w.task_with("one", "priority: 0", "true");
    explain(&w, "one").code(0).says("number 1 of 1 in line");
    w.config("workers: [{agent: asks}]\nverify: ['test -e fixed.txt']\nlimits: {attempts: 1, backoff: 0s}");
    w.start(["--drain"]).code(1);
    let mend = w.tasks_in("blocked").remove(0);
    let red = "the base trunk is red: gate `test -e fixed.txt` fails on it";
    let before = w.everything();
    explain(&w, "one")
        .code(0)
        .says(&format!("{red}; the repair task {mend} is in blocked/"))
        .says(&format!("mend trunk with a commit of your own, or see to its task: swarm explain {mend}"));
    assert_eq!(json(&w, "one")["needs_a_person"], true);
    w.swarm(["start", "--dry-run"]).code(0).says(&format!("skip  one: {red}"));
    w.swarm(["status"]).code(0).says("1 pending (0 claimable)").says("is to mend it");
    before.is_unchanged(&w.everything());

    w.swarm(["retry", &mend]).code(0);
    explain(&w, "one").code(0).says(&format!("{red}; the repair task {mend} goes first"));
    explain(&w, &mend).code(0).says("number 1 of 1 in line").says("nothing else is claimed before");
    let dry = w.swarm(["start", "--dry-run", "--task", "one"]);
    dry.code(0).says(&format!("claim {mend}")).says("skip  one: the base trunk is red");
    assert_eq!((&json(&w, "one")["position"], &json(&w, "one")["needs_a_person"]), (&Value::Null, &false.into()));

    std::fs::remove_file(w.task_path("pending", &mend)).expect("remove a file");
    explain(&w, "one").code(0).says(&format!("{red}; the gates are run once more before anything is claimed"));
    w.write("fixed.txt", "1\n");
    w.commit("Mend it by hand");
    explain(&w, "one").code(0).says("can be claimed now: number 1 of 1 in line");
}
