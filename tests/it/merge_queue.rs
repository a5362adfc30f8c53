//! The merge queue: what is ready waits there while its worker goes on, and several land with one run of the gates.

use std::fs;

use rustix::process::Signal;
use swarm::os::lock::Lock;

use crate::harness::{Running, Workspace};

/// The gate of these stories says nothing of a tree without the user's `moved.txt`, so each task's own tree passes it
/// for nothing, and every merged tree is judged by `judge`.
fn workspace(judge: &str, settings: &str) -> Workspace {
    let w = Workspace::new();
    let gate = format!("test ! -e moved.txt || {{ echo run >> '{}'; {judge}; }}", w.sign("runs").display());
    w.config(&format!(
        "verify: [{}]\nlimits: {{attempts: 1}}\n{settings}",
        serde_json::to_string(&gate).expect("JSON")
    ));
    w
}

/// A task that is not done before the base has moved.
fn held(w: &Workspace, id: &str) {
    w.task(id, &format!("{}\n{}\necho {id} > {id}.txt", w.gives(&format!("begun-{id}")), w.awaits("moved")));
}

/// Starts with a worker for each of these tasks, lets all begin, and moves the base.
fn begin<'a>(w: &'a Workspace, ids: &[&str]) -> Running<'a> {
    ids.iter().for_each(|id| held(w, id));
    let swarm = w.start_in_background(["--drain", "-n", &ids.len().to_string()]);
    ids.iter().for_each(|id| w.wait_for_sign(&format!("begun-{id}")));
    w.write("moved.txt", "moved\n");
    w.commit("the base moves");
    swarm
}

/// Holds the turn to move the base, as another process that is merging does, until all of these tasks wait for it.
fn all_at_once(w: &Workspace, swarm: &mut Running<'_>, ids: &[&str]) {
    let turn = Lock::exclusive(&w.path(".swarm/locks/queue.lock"), &|| false).expect("lock a file").expect("the lock");
    w.give("moved");
    ids.iter().for_each(|id| drop(swarm.wait_for_event(|event| event.begins("integrate", id))));
    drop(turn);
}

fn runs(w: &Workspace) -> usize {
    fs::read_to_string(w.sign("runs")).unwrap_or_default().lines().count()
}

const EIGHT: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

#[test]
fn a_worker_goes_on_while_its_work_is_judged() {
    let w = Workspace::new();
    let gate = format!(
        "test ! -e moved.txt || test ! -e first.txt || test -e next.txt || {{ {}; {}; }}",
        w.gives("judged"),
        w.awaits("go")
    );
    w.config(&format!("verify: [{}]\n", serde_json::to_string(&gate).expect("JSON")));
    held(&w, "first");
    let mut swarm = w.start_in_background(["--drain", "-n", "1"]);
    w.wait_for_sign("begun-first");
    w.write("moved.txt", "moved\n");
    w.commit("the base moves");
    w.give("moved");
    w.wait_for_sign("judged");
    w.task("second", &format!("echo x > next.txt\n{}", w.gives("second")));
    w.wait_for_sign("second");
    assert_eq!(w.whereabouts("first"), ["current"]);
    w.give("go");
    swarm.wait_for_event(|event| event.moves("first", "complete"));
    swarm.wait().code(0);
    w.base().has("first.txt").has("next.txt");
    assert_eq!(w.git(["for-each-ref", "refs/swarm/salvage"]), "", "what is merged is kept nowhere else");
    w.holds_the_laws();
}

#[test]
fn eight_branches_land_with_one_run_of_the_gates() {
    let w = workspace("true", "integrate: {batch: 8}");
    let mut swarm = begin(&w, &EIGHT);
    all_at_once(&w, &mut swarm, &EIGHT);
    swarm.wait().code(0);
    for id in EIGHT {
        w.is_in("complete", id);
        assert_eq!(w.base().commits_of(id).len(), 1);
    }
    // One for the base that moved, one for all.
    assert!(runs(&w) <= 2, "{} runs", runs(&w));
    w.holds_the_laws();
}

#[test]
fn one_by_one_each_costs_a_run() {
    let w = workspace("true", "");
    let mut swarm = begin(&w, &EIGHT[..3]);
    all_at_once(&w, &mut swarm, &EIGHT[..3]);
    swarm.wait().code(0);
    assert!(runs(&w) >= 3, "{} runs", runs(&w));
    w.holds_the_laws();
}

#[test]
fn a_bad_branch_is_found_by_halving_and_the_good_ones_land() {
    for bad in ["a", "e", "h"] {
        let w = workspace(&format!("test ! -e {bad}.txt"), "integrate: {batch: 8}");
        let mut swarm = begin(&w, &EIGHT);
        all_at_once(&w, &mut swarm, &EIGHT);
        swarm.wait().code(1);
        for id in EIGHT {
            w.is_in(if id == bad { "blocked" } else { "complete" }, id);
        }
        assert_eq!(w.cycles_of(bad)[0]["outcome"], "verify_failed");
        // The base, all, three halvings, and the rest.
        assert!(runs(&w) <= 7, "{} runs", runs(&w));
        w.at_commit(&format!("refs/swarm/salvage/{bad}/1")).has(&format!("{bad}.txt"));
        w.base().lacks(&format!("{bad}.txt"));
        w.holds_the_laws();
    }
}

#[test]
fn a_branch_that_contradicts_another_of_its_batch_goes_back_to_its_author_and_nobody_waits_for_it() {
    let w = workspace("true", "integrate: {batch: 8}\nworkers: [{agent: author}]");
    w.write("words.txt", "start\n");
    w.commit("words");
    w.author(
        "author",
        &format!(
            "case $told in *contradicts*) printf 'x\\ny\\n' > words.txt; echo $going_on > resolved.txt; ready; exit ;; esac\n\
             : > '{}'-$SWARM_TASK\n{}\n\
             case $SWARM_TASK in x | y) echo $SWARM_TASK > words.txt ;; *) echo z > z.txt ;; esac\nready",
            w.sign("begun").display(),
            w.awaits("moved")
        ),
    );
    let ids = ["x", "y", "z"];
    ids.iter().for_each(|id| w.file(id, format!("# {id}\n")));
    let mut swarm = w.start_in_background(["--drain", "-n", "3"]);
    ids.iter().for_each(|id| w.wait_for_sign(&format!("begun-{id}")));
    w.write("moved.txt", "moved\n");
    w.commit("the base moves");
    all_at_once(&w, &mut swarm, &ids);
    swarm.wait().code(0);
    assert_eq!(w.git(["show", "trunk:words.txt"]), "x\ny");
    assert_eq!(w.git(["show", "trunk:resolved.txt"]), "yes", "in the author's own session");
    assert_eq!(w.git(["for-each-ref", "refs/swarm/salvage"]), "", "what is merged is kept nowhere else");
    let resolved = ["x", "y"].map(|id| w.cycles_of(id)[0]["steps"].to_string().contains("resolve"));
    assert_eq!(resolved.iter().filter(|resolved| **resolved).count(), 1);
    w.holds_the_laws();
}

/// One task whose merged tree is being judged, for as long as the sign `go` is not given.
fn judged(w: &Workspace) -> Running<'_> {
    let gate = format!("test ! -e moved.txt || test ! -e one.txt || {{ {}; {}; }}", w.gives("judged"), w.awaits("go"));
    w.config(&format!("verify: [{}]\n", serde_json::to_string(&gate).expect("JSON")));
    let swarm = begin(w, &["one"]);
    w.give("moved");
    w.wait_for_sign("judged");
    swarm
}

#[test]
fn a_swarm_that_is_killed_while_work_waits_goes_on_with_it() {
    let w = Workspace::new();
    let swarm = judged(&w);
    swarm.kill_9();
    w.give("go");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    let last = w.cycles_of("one").pop().expect("a cycle");
    assert!(!last["steps"].to_string().contains("implement"), "{last}");
    assert_eq!(w.base().commits_of("one").len(), 1);
    w.holds_the_laws();
}

#[test]
fn a_run_that_must_end_gives_back_what_waits_with_its_work() {
    let w = Workspace::new();
    let swarm = judged(&w);
    swarm.signal(Signal::INT);
    swarm.signal(Signal::TERM);
    swarm.wait().code(130);
    assert!(w.is_in("pending", "one").contains("ready: true"));
    w.give("go");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    w.holds_the_laws();
}

#[test]
fn a_run_that_is_to_finish_waits_for_what_it_has_handed_over() {
    let w = Workspace::new();
    let swarm = judged(&w);
    swarm.signal(Signal::INT);
    w.give("go");
    swarm.wait().code(0);
    w.is_in("complete", "one");
    w.holds_the_laws();
}

#[test]
fn a_task_that_is_taken_away_while_its_work_waits_is_not_merged() {
    let w = Workspace::new();
    let mut swarm = judged(&w);
    w.swarm(["cancel", "one"]).code(0);
    w.give("go");
    swarm.wait_for_event(|event| event.is_of("task_moved", "one") && event.text("outcome") == "cancelled");
    assert!(w.is_in("blocked", "one").contains("held: true"), "a comment does not bring it back");
    swarm.wait().code(1);
    w.is_in("blocked", "one");
    w.base().lacks("one.txt");
    w.at_commit("refs/swarm/salvage/one/1").has("one.txt");
    w.holds_the_laws();
}

#[test]
fn what_the_user_commits_while_work_is_judged_is_judged_with_it() {
    let w = Workspace::new();
    let swarm = judged(&w);
    w.write("more.txt", "more\n");
    w.commit("the base moves again");
    w.give("go");
    swarm.wait().code(0);
    w.base().has("more.txt").has("one.txt").has("moved.txt");
    w.holds_the_laws();
}

#[test]
fn a_person_who_approved_is_asked_again_when_the_task_changes_before_it_lands() {
    let w = Workspace::new();
    w.task_with("one", "review: human", "echo one > one.txt");
    w.start(["--drain"]).code(1);
    let gate = format!("test ! -e moved.txt || test ! -e one.txt || {{ {}; {}; }}", w.gives("judged"), w.awaits("go"));
    w.config(&format!("verify: [{}]\n", serde_json::to_string(&gate).expect("JSON")));
    w.write("moved.txt", "moved\n");
    w.commit("the base moves");
    w.swarm(["approve", "one"]).code(0);
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("judged");
    let text = w.read(w.task_path("current", "one")).replace("# Do one", "# Do one and two");
    fs::write(w.task_path("current", "one"), text).expect("write");
    w.give("go");
    swarm.wait().code(1);
    w.is_in("review", "one");
    w.base().lacks("one.txt");
    w.holds_the_laws();
}
