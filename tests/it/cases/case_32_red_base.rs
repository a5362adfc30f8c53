//! The base is red before any work: it is said once, nobody is blamed, and one task mends it.

use std::fs;

use rustix::process::Signal;

use crate::harness::{Ended, Event, Running, Workspace, wait_until};

/// A base without the file that the gate wants, and a worker that does this in a shell. Each time the gate fails it
/// leaves a line.
fn red(does: &str) -> Workspace {
    let w = Workspace::new();
    let gate = format!("test -e fixed.txt || {{ echo red >> '{}'; echo the paint is dry; exit 1; }}", asked(&w));
    w.config(&format!("workers: [{{agent: mender}}]\nverify: [\"{gate}\"]\nlimits: {{attempts: 1, backoff: 0s}}"));
    mender(&w, does);
    w
}

fn mender(w: &Workspace, does: &str) {
    let script = serde_json::to_string(&format!("cat > /dev/null; {does}")).expect("write JSON");
    w.write("config/agents/mender.yaml", format!("argv: [sh, -c, {script}]\ncompletion: exit\n"));
}

fn asked(w: &Workspace) -> String {
    w.sign("asked").display().to_string()
}

/// How often the gate has failed.
fn times_red(w: &Workspace) -> usize {
    fs::read_to_string(asked(w)).unwrap_or_default().lines().count()
}

/// An ordinary task.
fn ordinary(w: &Workspace, id: &str) {
    w.task_with(id, "agent: script", &format!("echo {id} > {id}.txt"));
}

/// The task that mends the base as it is.
fn repair(w: &Workspace) -> String {
    format!("repair-base-{}", &w.git(["rev-parse", &format!("{}^{{tree}}", w.base_name())])[..10])
}

fn count(events: &[Event], name: &str) -> usize {
    events.iter().filter(|event| event.is(name)).count()
}

/// It was never worked on, and nothing was written into it.
#[track_caller]
fn is_untouched(w: &Workspace, id: &str) {
    assert!(!w.is_in("pending", id).contains("swarm:"), "{id} was touched");
    assert!(w.cycles_of(id).is_empty(), "{id} was worked on");
}

fn status(w: &Workspace) -> serde_json::Value {
    serde_json::from_str(&w.swarm(["status", "--json"]).code(0).stdout).expect("JSON")
}

#[test]
fn a_red_base_is_said_once_and_mended_before_anything_else() {
    let w = red("echo 1 > fixed.txt");
    let repair = repair(&w);
    for id in ["a", "b", "c"] {
        ordinary(&w, id);
    }
    let ended = w.start(["--drain", "-n", "3"]);
    ended.code(0);
    let events = ended.events();
    assert_eq!((count(&events, "base_red"), times_red(&w)), (1, 1), "{ended}");
    let said = ended.event(|event| event.is_of("base_red", &repair));
    assert!(said.text("reason").contains("the paint is dry") && said.text("gate").contains("fixed.txt"), "{ended}");
    let order: Vec<_> = events.iter().filter(|event| event.is("task_claimed")).map(Event::task).collect();
    assert_eq!((order.len(), order[0]), (4, repair.as_str()));
    let task = w.is_in("complete", &repair);
    assert!(task.contains("priority: 0") && task.contains("the paint is dry"), "{task}");
    for id in ["a", "b", "c"] {
        assert_eq!(w.cycles_of(id).len(), 1, "{id}");
        w.is_in("complete", id);
    }
    assert_eq!(status(&w)["base"]["green"], true);
    w.holds_the_laws();
}

#[test]
fn where_the_repair_fails_the_others_wait_untouched_until_somebody_mends_it() {
    let w = red("echo 1 > other.txt");
    let repair = repair(&w);
    ordinary(&w, "a");
    ordinary(&w, "b");
    let waits = |ended: &Ended| {
        ended.code(1).says(&format!("{repair}, which was to mend it, is in blocked/"));
        assert_eq!(count(&ended.events(), "base_red"), 1, "{ended}");
        is_untouched(&w, "a");
        is_untouched(&w, "b");
    };
    waits(&w.start(["--drain", "-n", "2"]));
    assert!(w.is_in("blocked", &repair).contains("attempts: 1"));
    let of_the_repair = 2;
    assert_eq!(times_red(&w), of_the_repair, "once on the base, once on the work");

    // What is remembered is not asked again, and is shown.
    waits(&w.start(["--drain", "-n", "2"]));
    assert_eq!((times_red(&w), w.cycles_of(&repair).len()), (of_the_repair, 1));
    let base = status(&w)["base"].clone();
    assert_eq!((&base["green"], &base["repair"]["task"]), (&false.into(), &repair.as_str().into()), "{base}");
    w.swarm(["status"]).code(0).says("is to mend it");

    w.write("fixed.txt", "1\n");
    let mend = w.commit("Mend it by hand");
    let ended = w.start(["--drain", "-n", "2"]);
    ended.code(0);
    w.is_in("complete", "a");
    w.is_in("complete", "b");
    assert!(w.is_in("complete", &repair).contains(&format!("commit: {mend}")), "it was mended without the task");
}

#[test]
fn gates_that_cannot_be_run_are_no_red_base() {
    let w = Workspace::new();
    w.config("verify: [no-such-program-anywhere]\nlimits: {backoff: 0s, infra: 3}");
    w.task("fine", "echo fine > fine.txt");
    let ended = w.start(["--drain", "-n", "2"]);
    ended.code(1).says("the gates cannot be run on trunk").says("no-such-program-anywhere");
    assert_eq!(count(&ended.events(), "base_red"), 0, "{ended}");
    assert_eq!(w.tasks_in("pending"), ["fine"]);
    is_untouched(&w, "fine");
    w.config("verify: ['true']");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "fine");
    w.holds_the_laws();
}

#[test]
fn nobody_is_blamed_for_what_the_user_broke_in_the_middle_of_the_work() {
    let w = Workspace::new();
    w.config("workers: [{agent: mender}]\nverify: ['test ! -e broken.txt']\nlimits: {attempts: 1, backoff: 0s}");
    mender(&w, "rm broken.txt");
    w.task_with("work", "agent: script", &format!("{}\n{}\necho w > work.txt", w.gives("begun"), w.awaits("go")));
    let swarm = w.start_in_background(["--drain", "-n", "2"]);
    w.wait_for_sign("begun");
    w.write("broken.txt", "oh\n");
    w.commit("Break it");
    let repair = repair(&w);
    w.give("go");
    let ended = swarm.wait();
    ended.code(0);
    let moves: Vec<_> = ended.events().into_iter().filter(|event| event.is_of("task_moved", "work")).collect();
    let outcomes: Vec<_> = moves.iter().map(|event| event.text("outcome")).collect();
    assert_eq!(outcomes, ["interrupted", "merged"], "{ended}");
    assert!(moves[0].text("cause").contains("nobody is to blame"), "{ended}");
    assert!(w.is_in("complete", "work").contains("attempts: 0"));
    assert_eq!((count(&ended.events(), "base_red"), count(&ended.events(), "base_green")), (1, 2), "{ended}");
    w.is_in("complete", &repair);
    w.base().has("work.txt").lacks("broken.txt");
    w.at_commit("refs/swarm/salvage/work/1").has("work.txt");
}

/// A swarm that waits, its repair blocked with a question.
fn waiting(w: &Workspace) -> Running<'_> {
    ordinary(w, "work");
    let mut swarm = w.start_in_background(["-n", "2"]);
    swarm.wait_for_event(|event| event.moves(&repair(w), "blocked"));
    is_untouched(w, "work");
    swarm
}

#[test]
fn a_commit_of_the_users_that_mends_it_lets_everything_go_on() {
    let w = red("echo 'NEEDS_INPUT: how?'");
    let repair = repair(&w);
    let mut swarm = waiting(&w);
    w.write("fixed.txt", "1\n");
    w.commit("Mend it by hand");
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    swarm.wait_for_event(|event| event.moves(&repair, "complete"));
    swarm.signal(Signal::INT);
    let ended = swarm.wait();
    ended.code(0);
    assert_eq!(count(&ended.events(), "base_green"), 1, "{ended}");
}

#[test]
fn a_commit_that_mends_nothing_is_another_red_base_with_its_own_task() {
    let w = red("echo 'NEEDS_INPUT: how?'");
    let first = repair(&w);
    let mut swarm = waiting(&w);
    w.write("else.txt", "1\n");
    w.commit("Something else");
    let second = repair(&w);
    swarm.wait_for_event(|event| event.moves(&second, "blocked"));
    is_untouched(&w, "work");
    w.git(["rm", "-q", "else.txt"]);
    w.git(["commit", "-qm", "As it was"]);
    swarm.signal(Signal::INT);
    swarm.wait().code(1);
    assert_eq!(w.tasks_in("blocked"), {
        let mut both = [first, second];
        both.sort();
        both
    });
}

#[test]
fn two_swarms_ask_once_and_file_one_task() {
    let w = red("echo 1 > fixed.txt");
    let repair = repair(&w);
    for id in ["a", "b", "c", "d"] {
        ordinary(&w, id);
    }
    let swarms = [w.start_in_background(["--drain", "-n", "2"]), w.start_in_background(["--drain", "-n", "2"])];
    for swarm in swarms {
        swarm.wait().code(0);
    }
    assert_eq!((times_red(&w), w.cycles_of(&repair).len()), (1, 1));
    assert_eq!(w.tasks_in("complete").len(), 5);
    w.holds_the_laws();
}

#[test]
fn a_repair_task_that_somebody_removed_means_that_the_gates_are_asked_again() {
    let w = red("echo 1 > other.txt");
    let repair = repair(&w);
    ordinary(&w, "work");
    w.start(["--drain"]).code(1);
    let before = times_red(&w);
    fs::remove_file(w.task_path("blocked", &repair)).expect("remove a file");
    mender(&w, "echo 1 > fixed.txt");
    w.start(["--drain"]).code(0);
    assert_eq!(times_red(&w), before + 1);
    w.is_in("complete", "work");
}

#[test]
fn a_repair_that_finds_nothing_to_mend_has_the_gates_asked_again() {
    let w = Workspace::new();
    // It fails the first time only.
    let gate = format!("test -e '{0}' || {{ : > '{0}'; exit 1; }}", asked(&w));
    w.config(&format!("workers: [{{agent: mender}}]\nverify: [\"{gate}\"]\nlimits: {{backoff: 10m}}"));
    mender(&w, "echo 'NO_CHANGE: all is well'");
    let repair = repair(&w);
    ordinary(&w, "work");
    let ended = w.start(["--drain", "-n", "2"]);
    ended.code(0);
    assert_eq!((count(&ended.events(), "flake"), count(&ended.events(), "base_green")), (1, 1), "{ended}");
    w.is_in("complete", "work");
    w.is_in("complete", &repair);
}

#[test]
fn the_first_signal_ends_the_gates_on_the_base_and_those_who_wait_for_them() {
    let w = Workspace::new();
    w.config(&format!("verify: [\"{}\"]", w.awaits("never")));
    for id in ["a", "b", "c"] {
        w.task(id, "echo x > x.txt");
    }
    let mut swarm = w.start_in_background(["-n", "3"]);
    swarm.wait_for_event(|event| event.is("base_unknown"));
    let mut other = w.start_in_background(["-n", "1"]);
    other.wait_for_event(|event| event.is("run_started"));
    swarm.signal(Signal::INT);
    swarm.wait().code(0);
    other.signal(Signal::INT);
    other.wait().code(0);
    for id in ["a", "b", "c"] {
        is_untouched(&w, id);
    }
    w.holds_the_laws();
}

#[test]
fn killed_while_the_base_is_asked() {
    let w = Workspace::new();
    w.config(&format!(
        "verify: [\"echo litter > litter.txt; test -e '{0}' || {{ : > '{0}'; sleep 600; }}\"]",
        asked(&w)
    ));
    w.task("first", "echo 1 > first.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("asked");
    swarm.kill_9();
    w.start(["--drain"]).code(0);
    w.is_in("complete", "first");
    assert_eq!(w.refs("refs/swarm/salvage/"), [""; 0], "what a gate leaves is nobody's work");
    w.holds_the_laws();
}

#[test]
fn a_green_base_is_asked_once_and_nothing_is_asked_without_gates() {
    let w = Workspace::new();
    w.task("a", "echo a > a.txt");
    let ended = w.start(["--drain"]);
    assert_eq!(count(&ended.events(), "base_unknown"), 0);
    w.config(&format!("verify: [\"echo asked >> '{}'\"]", asked(&w)));
    for id in ["b", "c"] {
        w.task(id, &format!("echo {id} > {id}.txt"));
    }
    let ended = w.start(["--drain", "-n", "1"]);
    assert_eq!((count(&ended.events(), "base_unknown"), times_red(&w)), (1, 3), "{ended}");
    w.start(["--drain"]).code(0);
    w.task("d", "echo d > d.txt");
    w.start(["--drain"]).code(0);
    assert_eq!(times_red(&w), 4, "what was published is known");
    wait_until("the end of all", || w.processes().is_empty());
}
