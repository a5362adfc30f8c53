//! Epics complete by themselves, once; a run for one task takes along what that needs; who waits in vain is told.

use serde_json::Value;

use crate::harness::Workspace;

fn child(w: &Workspace, id: &str, keys: &str) {
    w.task_with(id, keys, &format!("echo {id} > {id}.txt"));
}

fn epic(w: &Workspace, id: &str, keys: &str) {
    w.file(id, format!("---\ntype: epic\n{keys}\n# comment of mine\n---\n# Epic {id}\n"));
}

/// How often, and why, a task went to `complete/`.
fn completions(w: &Workspace, id: &str) -> Vec<String> {
    let events = w.runs().iter().flat_map(|run| run.events()).collect::<Vec<_>>();
    events.iter().filter(|event| event.moves(id, "complete")).map(|event| event.text("cause").to_owned()).collect()
}

#[test]
fn epics_complete_with_their_last_child_and_set_free_what_depends_on_them() {
    let w = Workspace::new();
    epic(&w, "house", "");
    epic(&w, "roof", "parent: house");
    child(&w, "walls", "parent: house");
    child(&w, "beams", "parent: roof");
    child(&w, "tiles", "parent: roof\ndepends_on: [beams]");
    w.task_with("party", "depends_on: [house]", "cat walls.txt beams.txt tiles.txt > party.txt");
    let ended = w.start(["--drain", "-n", "3"]);
    ended.code(0);
    assert_eq!(w.tasks_in("complete"), ["beams", "house", "party", "roof", "tiles", "walls"]);
    let text = w.is_in("complete", "house");
    assert!(text.contains("# comment of mine") && text.contains("completed_at: "), "{text}");
    for id in ["house", "roof"] {
        assert_eq!(completions(&w, id), ["an epic whose children are all complete"], "{id}");
        assert!(w.cycles_of(id).is_empty());
    }
    let at = |id: &str| ended.event(|event| event.moves(id, "complete")).t_ms();
    assert!(at("roof") >= at("tiles") && at("house") >= at("roof"));
    assert!(ended.event(|event| event.is_of("task_claimed", "party")).t_ms() >= at("house"));
    w.holds_the_laws();
}

#[test]
fn an_epic_waits_for_a_blocked_child_without_holding_up_the_drain() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    epic(&w, "house", "");
    child(&w, "walls", "parent: house");
    w.task_with("cellar", "parent: house", "exit 3");
    child(&w, "party", "depends_on: [house]");
    let ended = w.start(["--drain", "-n", "2"]);
    ended.code(1).says("waits for house, which waits for cellar, which is in blocked/: Blocked after 1 attempt");
    let told = |id: &str| ended.events().iter().filter(|event| event.is_of("warning", id)).count();
    assert_eq!((told("house"), told("party")), (1, 1), "{ended}");
    w.is_in("pending", "house");

    // A person mends it by hand, while nobody runs.
    w.move_task("cellar", "blocked", "complete");
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["cellar", "house", "party", "walls"]);
    assert_eq!(completions(&w, "house").len(), 1);
}

#[test]
fn an_epic_whose_children_were_completed_while_nobody_ran_completes_at_the_next_start() {
    let w = Workspace::new();
    for number in 0..1200 {
        std::fs::write(w.task_path("complete", &format!("done-{number:04}")), "# Done\n").expect("write a task");
    }
    child(&w, "walls", "parent: house");
    w.start(["--drain"]).code(0);
    epic(&w, "house", "");
    epic(&w, "empty", "");
    w.swarm(["list", "pending"]).code(0).says("children are complete").says("an epic without children");
    w.swarm(["lint"]).code(0).says("tasks/pending/empty.md:2: note: is an epic without children");
    w.start(["--once"]);
    w.is_in("complete", "house");
    w.is_in("pending", "empty");
    let status = w.swarm(["status", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(status["stuck"][0]["id"], "empty");
}

#[test]
fn a_child_that_cannot_be_read_or_lies_twice_keeps_its_epic_open() {
    let w = Workspace::new();
    for id in ["torn", "double"] {
        epic(&w, id, "");
        child(&w, &format!("{id}-1"), &format!("parent: {id}"));
    }
    w.file("torn-2", "---\nparent: torn\npriority: [\n---\n");
    child(&w, "double-2", "parent: double");
    std::fs::copy(w.task_path("pending", "double-2"), w.task_path("complete", "double-2")).expect("copy a file");
    w.start(["--drain", "-n", "2"])
        .code(1)
        .says("torn-2, which is no valid task")
        .says("double-2, which is complete and");
    assert_eq!(w.tasks_in("complete"), ["double-1", "double-2", "torn-1"]);
    assert_eq!(w.tasks_in("pending"), ["double", "double-2", "torn", "torn-2"]);
    w.file("torn-2", "---\nparent: torn\nexpect: no_change\n---\n```sh\ntrue\n```\n");
    std::fs::remove_file(w.task_path("pending", "double-2")).expect("remove a file");
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("pending"), Vec::<String>::new());
}

#[test]
fn of_several_swarms_one_completes_an_epic_once() {
    let w = Workspace::new();
    for number in 0..8 {
        epic(&w, &format!("e{number}"), "");
        for part in ["a", "b"] {
            w.task_with(&format!("e{number}-{part}"), &format!("parent: e{number}\nexpect: no_change"), "true");
        }
    }
    let swarms: Vec<_> = (0..3).map(|_| w.start_in_background(["--drain", "-n", "2"])).collect();
    for swarm in swarms {
        swarm.wait().code(0);
    }
    assert_eq!(w.tasks_in("complete").len(), 24);
    for number in 0..8 {
        assert_eq!(completions(&w, &format!("e{number}")).len(), 1, "e{number}");
    }
}

#[test]
fn a_run_without_a_bound_completes_an_epic_when_a_person_moves_the_last_child() {
    let w = Workspace::new();
    epic(&w, "house", "");
    w.task_with("walls", "parent: house\nreview: human", "echo walls > walls.txt");
    let mut swarm = w.start_in_background(["-n", "1"]);
    let told = swarm.wait_for_event(|event| event.is_of("warning", "house"));
    assert!(told.text("message").contains("waits for walls, which is in review/"), "{told:?}");
    w.move_task("walls", "review", "complete");
    swarm.wait_for_event(|event| event.moves("house", "complete"));
}

#[test]
fn a_run_for_one_task_does_what_that_needs_and_no_more() {
    let w = Workspace::new();
    epic(&w, "house", "");
    child(&w, "walls", "parent: house\ndepends_on: [stones]");
    child(&w, "stones", "priority: 4");
    child(&w, "party", "depends_on: [house]");
    child(&w, "other", "priority: 0");
    child(&w, "lost", "depends_on: [nobody]");
    let dry = w.swarm(["start", "--dry-run", "--task", "party"]);
    dry.code(0).says("claim stones").says("skip  other: left out by --task");
    assert!(!dry.stdout.contains("claim other"), "{dry}");
    // What is stuck elsewhere does not matter to it.
    w.start(["--drain", "--task", "party"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["house", "party", "stones", "walls"]);
    assert_eq!(w.tasks_in("pending"), ["lost", "other"]);
    w.start(["--drain", "--task", "lost"]).code(1);
    w.start(["--drain", "--task", "ghost"]).code(1).says("there is no task ghost");
    assert_eq!(w.tasks_in("pending"), ["lost", "other"]);
}

#[test]
fn a_run_for_one_task_does_not_wait_for_what_another_swarm_does() {
    let w = Workspace::new();
    w.task("long", "sleep 1000");
    let mut swarm = w.start_in_background(["-n", "1", "--task", "long"]);
    swarm.wait_for_event(|event| event.begins("implement", "long"));
    child(&w, "short", "");
    w.start(["--drain", "--task", "short"]).code(0);
    w.is_in("complete", "short");
    w.is_in("current", "long");
}

#[test]
fn a_run_for_an_epic_takes_its_descendants_and_what_they_need() {
    let w = Workspace::new();
    epic(&w, "house", "depends_on: [permit]");
    epic(&w, "roof", "parent: house");
    child(&w, "beams", "parent: roof\ndepends_on: [trees]");
    child(&w, "trees", "");
    child(&w, "permit", "");
    w.start(["--drain", "--parent", "house"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["beams", "roof", "trees"]);
    w.start(["--drain", "--task", "house"]).code(0);
    assert_eq!(w.tasks_in("pending"), Vec::<String>::new());
}
