//! A running swarm follows what changes: its settings, the number of its workers, a pause.

use std::fs;

use serde_json::Value;

use crate::harness::{Event, Running, Workspace, wait_until};
use crate::records::Schema;

fn status(w: &Workspace) -> Value {
    serde_json::from_str(&w.swarm(["status", "--json"]).code(0).stdout).expect("one document")
}

fn settings_read(file: &str) -> impl Fn(&Event) -> bool {
    move |event| event.is("settings_read") && event.0["files"].to_string().contains(file)
}

fn warns(words: &str) -> impl Fn(&Event) -> bool {
    move |event| event.is("warning") && event.text("message").contains(words)
}

fn goes_to(workers: u64) -> impl Fn(&Event) -> bool {
    move |event| event.is("crew_changed") && event.0["workers"] == workers
}

fn finish(w: &Workspace, swarm: Running<'_>) {
    w.swarm(["stop"]).code(0);
    swarm.wait().code(0);
    w.holds_the_laws();
}

#[test]
fn new_settings_hold_from_the_next_claim_on() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}");
    w.task("first", &format!("{}\n{}\necho 1 > first.txt", w.gives("begun"), w.awaits("go")));
    let mut swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("begun");
    w.config("limits: {attempts: 1}\nverify: ['test ! -e third.txt']");
    swarm.wait_for_event(settings_read("config/swarm.yaml"));
    w.give("go");
    swarm.wait_for_event(|event| event.moves("first", "complete"));
    w.task("third", "echo 3 > third.txt");
    swarm.wait_for_event(|event| event.moves("third", "blocked"));
    w.task("second", "echo 2 > second.txt");
    swarm.wait_for_event(|event| event.moves("second", "complete"));
    w.swarm(["stop"]).code(0);
    swarm.wait().code(1);
    w.holds_the_laws();
}

#[test]
fn a_mistake_keeps_the_last_good_settings_and_is_told_once() {
    let w = Workspace::new();
    w.config("verify: ['test -s README.md']");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.config("verfy: []");
    swarm.wait_for_event(warns("config/swarm.yaml:2: "));
    w.config("verfy: []");
    w.task("one", "echo x > good.txt");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    assert_eq!(w.cycles_of("one")[0]["steps"][1]["command"], "test -s README.md");
    // As editors do: written beside, and renamed over it.
    w.write("config/.new", "workers: [{agent: script}]\nverify: ['test -e README.md']\n");
    fs::rename(w.path("config/.new"), w.path("config/swarm.yaml")).expect("rename a file");
    swarm.wait_for_event(settings_read("config/swarm.yaml"));
    w.task("two", "echo x > two.txt");
    swarm.wait_for_event(|event| event.moves("two", "complete"));
    assert_eq!(w.cycles_of("two")[0]["steps"][1]["command"], "test -e README.md");
    let told = swarm.events().into_iter().filter(warns("config/swarm.yaml:2: "));
    assert_eq!(told.count(), 1);

    w.config("workers: [{agent: nobody}]");
    swarm.wait_for_event(warns("there is no agent `nobody`"));
    w.agent("nobody", &["write three.txt x"]);
    swarm.wait_for_event(settings_read("config/agents/nobody.yaml"));
    w.file("three", "# Do three\n");
    swarm.wait_for_event(|event| event.is_of("task_claimed", "three") && event.text("agent") == "nobody");
    swarm.wait_for_event(|event| event.moves("three", "complete"));
    finish(&w, swarm);
}

#[test]
fn settings_that_vanish_do_not_take_the_gates_with_them() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\nverify: ['test ! -e bad.txt']");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    fs::rename(w.path("config"), w.path("elsewhere")).expect("rename a folder");
    swarm.wait_for_event(warns("is gone or empty"));
    w.task("bad", "echo x > bad.txt");
    swarm.wait_for_event(|event| event.moves("bad", "blocked"));
    w.config("limits: {attempts: 1}");
    swarm.wait_for_event(settings_read("config/swarm.yaml"));
    // It is another folder than the one that was there at first.
    w.config("limits: {attempts: 2}");
    swarm.wait_for_event(|event| {
        settings_read("config/swarm.yaml")(event) && !event.0["files"].to_string().contains("prompts")
    });
    fs::remove_dir_all(w.path("elsewhere")).expect("remove a folder");
    w.task("good", "echo x > some.txt");
    swarm.wait_for_event(|event| event.moves("good", "complete"));
    w.swarm(["stop"]).code(0);
    swarm.wait().code(1);
    w.holds_the_laws();
}

#[test]
fn settings_may_come_to_a_swarm_that_began_without_and_lie_elsewhere() {
    let w = Workspace::new();
    fs::remove_dir_all(w.path("config")).expect("remove a folder");
    let mut swarm = w.start_in_background(["--agent", "script"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.write("config/swarm.yaml", "limits: {attempts: 2}\n");
    swarm.wait_for_event(settings_read("config/swarm.yaml"));
    finish(&w, swarm);

    w.write("../other.yaml", "workers: [{agent: script}]\n");
    let mut swarm = w.start_in_background(["--config", "../other.yaml"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.write("../other.yaml", "workers: [{agent: script, count: 2}]\n");
    swarm.wait_for_event(goes_to(2));
    finish(&w, swarm);
}

#[test]
fn what_a_run_has_built_on_stays_and_this_is_said() {
    let w = Workspace::new();
    w.git(["branch", "other"]);
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.config("base: other\ndirs: {tasks: queue, runs: records}");
    swarm.wait_for_event(warns("this one lands on trunk"));
    swarm.wait_for_event(warns("`dirs` cannot change"));
    w.task("one", "echo x > x.txt");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    w.config("");
    w.git(["branch", "-D", "other"]);
    finish(&w, swarm);
}

#[test]
fn more_and_fewer_workers_while_tasks_are_worked_on() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "2"]);
    let ids = ["a", "b", "c", "d"];
    for id in ids {
        w.task(id, &format!("{}\n{}\necho x > {id}.txt", w.gives(id), w.awaits(&format!("go-{id}"))));
    }
    wait_until("two to be at work", || w.tasks_in("current").len() == 2);
    w.swarm(["scale", "4"]).code(0).says("goes to 4 workers");
    ids.iter().for_each(|id| w.wait_for_sign(id));
    let changed = swarm.wait_for_event(goes_to(4));
    assert_eq!(changed.0["joined"], serde_json::json!(["w2", "w3"]));

    w.swarm(["scale", "1"]).code(0);
    swarm.wait_for_event(goes_to(1));
    let retire = |status: &Value| {
        let workers = status["workers"].as_array().expect("a list").iter();
        workers.filter(|worker| worker["retires"] == true).count()
    };
    let now = status(&w);
    assert_eq!((now["workers"].as_array().expect("a list").len(), retire(&now)), (4, 3));
    w.swarm(["status"]).code(0).says("(leaves)");
    assert_eq!(w.tasks_in("current").len(), 4, "none in the middle of a cycle");
    // Who has not left yet is asked to stay, and nobody begins.
    w.swarm(["scale", "2"]).code(0);
    assert_eq!(swarm.wait_for_event(goes_to(2)).0["joined"], serde_json::json!([]));
    assert_eq!(retire(&status(&w)), 2);
    w.config("limits: {attempts: 7}");
    swarm.wait_for_event(settings_read("config/swarm.yaml"));
    let changes = swarm.events().into_iter().filter(|event| event.is("crew_changed"));
    assert_eq!(changes.count(), 3, "the settings say nothing new of the workers");
    ids.iter().for_each(|id| w.give(&format!("go-{id}")));
    wait_until("two to have left", || swarm.events().iter().filter(|event| event.is("worker_left")).count() == 2);
    wait_until("all to be complete", || w.tasks_in("complete") == ids);
    assert_eq!(status(&w)["workers"].as_array().expect("a list").len(), 2);
    w.task("e", "echo x > e.txt");
    swarm.wait_for_event(|event| event.moves("e", "complete"));
    w.swarm(["scale", "3"]).code(0);
    assert_eq!(swarm.wait_for_event(goes_to(3)).0["joined"], serde_json::json!(["w4"]), "names are not used twice");
    finish(&w, swarm);
    Schema::of(&w, "crew").accepts(&w.last_run().json("crew.json"));
    let event = Schema::of(&w, "event");
    w.last_run().events().iter().for_each(|line| event.accepts(&line.0));
    w.swarm(["scale", "2"]).code(1).says("no swarm is running here");
    w.swarm(["scale", "0"]).code(2).says("swarm pause");
}

#[test]
fn the_lines_of_workers_are_followed_by_those_who_are_there() {
    let w = Workspace::new();
    let writes = |name: &str| w.agent(name, &[&format!("write {name}.txt x")]);
    ["old", "new"].iter().for_each(|name| writes(name));
    w.config("workers: [{agent: old}]");
    let mut swarm = w.start_in_background([]);
    w.file("one", "# Do one\n");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    w.config("workers: [{agent: new}]");
    swarm.wait_for_event(goes_to(1));
    w.file("two", "# Do two\n");
    swarm.wait_for_event(|event| event.moves("two", "complete"));
    let who = |id: &str| (w.cycles_of(id)[0]["worker"].clone(), w.cycles_of(id)[0]["agent"].clone());
    assert_eq!(who("one"), ("w0".into(), "old".into()));
    assert_eq!(who("two"), ("w0".into(), "new".into()));
    w.config("workers: [{agent: new, count: 3}]");
    swarm.wait_for_event(goes_to(3));
    w.write(".swarm/control/workers", "many\n");
    swarm.wait_for_event(warns(".swarm/control/workers: `many` is no number of workers"));
    w.write(".swarm/control/workers", "2\n");
    swarm.wait_for_event(goes_to(2));
    finish(&w, swarm);

    let mut swarm = w.start_in_background(["-n", "1"]);
    assert_eq!(swarm.wait_for_event(|event| event.is("run_started")).0["workers"], 1);
    w.config("workers: [{agent: old, count: 3}]");
    let changed = swarm.wait_for_event(|event| event.is("crew_changed"));
    assert_eq!((&changed.0["workers"], &changed.0["agents"]), (&1.into(), &serde_json::json!(["old"])), "-n stays");
    finish(&w, swarm);
}

#[test]
fn a_pause_lets_cycles_finish_and_holds_what_comes_until_it_ends() {
    let w = Workspace::new();
    w.task("running", &format!("{}\n{}\necho x > x.txt", w.gives("begun"), w.awaits("go")));
    let mut swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("begun");
    w.swarm(["pause", "the", "build", "is", "red"]).code(0).says("the running swarm finishes its cycles");
    w.task("held", "echo y > y.txt");
    swarm.wait_for_event(|event| event.is("paused") && event.text("reason").contains("the build is red"));
    w.give("go");
    swarm.wait_for_event(|event| event.moves("running", "complete"));
    let now = status(&w);
    assert_eq!((&now["paused"]["reason"], &now["counts"]["pending"]), (&"the build is red".into(), &1.into()));
    w.swarm(["status"]).code(0).says("claiming is paused: the build is red");
    w.is_in("pending", "held");
    w.swarm(["resume"]).code(0).says("claiming goes on");
    swarm.wait_for_event(|event| event.moves("held", "complete"));
    let order: Vec<Event> = swarm.events().into_iter().filter(|it| it.is("resumed") || it.is("task_claimed")).collect();
    assert!(order[1].is("resumed") && order[2].is_of("task_claimed", "held"), "{order:?}");
    assert_eq!(status(&w)["paused"], Value::Null);
    w.swarm(["resume"]).code(0).says("is not paused");

    // The files do the same.
    w.write(".swarm/control/paused", "");
    swarm.wait_for_event(|event| event.text("reason").starts_with("claiming is paused;"));
    w.task("last", "echo z > z.txt");
    fs::remove_file(w.path(".swarm/control/paused")).expect("remove a file");
    swarm.wait_for_event(|event| event.moves("last", "complete"));
    finish(&w, swarm);
}

#[test]
fn a_pause_outlives_the_swarm_and_a_drain_waits_for_its_end() {
    let w = Workspace::new();
    w.swarm(["pause", "until tomorrow"]).code(0).says("no swarm is running");
    w.start(["--drain"]).code(0).says("claiming is paused: until tomorrow");
    w.task("one", "echo x > x.txt");
    w.swarm(["start", "--dry-run"]).code(0).says("claiming is paused");
    let mut first = w.start_in_background(["--drain"]);
    first.wait_for_event(|event| event.is("paused"));
    first.kill_9();
    let mut second = w.start_in_background(["--drain"]);
    second.wait_for_event(|event| event.is("paused"));
    wait_until("the swarm to be up", || status(&w)["runs"].as_array().is_some_and(|runs| runs.len() == 1));
    assert!(!second.has_ended());
    w.is_in("pending", "one");
    w.swarm(["resume"]).code(0);
    second.wait().code(0);
    w.is_in("complete", "one");
    w.holds_the_laws();
}

#[test]
fn two_swarms_of_a_workspace_both_obey() {
    let w = Workspace::new();
    let mut swarms = [w.start_in_background(["-n", "1"]), w.start_in_background(["-n", "2"])];
    swarms.iter_mut().for_each(|swarm| drop(swarm.wait_for_event(|event| event.is("run_started"))));
    w.swarm(["scale", "3"]).code(0);
    w.swarm(["pause"]).code(0).says("the running swarms finish their cycles");
    for swarm in &mut swarms {
        swarm.wait_for_event(goes_to(3));
        swarm.wait_for_event(|event| event.is("paused"));
    }
    for number in 0..6 {
        w.task(&format!("t{number}"), &format!("echo x > {number}.txt"));
    }
    w.config("limits: {attempts: 7}");
    swarms.iter_mut().for_each(|swarm| drop(swarm.wait_for_event(settings_read("config/swarm.yaml"))));
    assert_eq!(w.tasks_in("pending").len(), 6);
    w.swarm(["resume"]).code(0);
    wait_until("all to be complete", || w.tasks_in("complete").len() == 6);
    w.swarm(["stop"]).code(0);
    for swarm in swarms {
        swarm.wait().code(0);
    }
    w.holds_the_laws();
}
