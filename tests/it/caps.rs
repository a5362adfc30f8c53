//! A provider that may be asked a few times at once only: never more turns than that, whoever they are for.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::harness::{Workspace, wait_until};

/// Notes whether another one of its provider is at work at the same time; takes a moment over its turn.
fn watched(w: &Workspace, provider: &str, work: &str) -> String {
    let inside = w.outside().join(format!("inside-{provider}"));
    let overlaps = overlaps(w);
    format!(
        "mkdir '{0}' || echo $SWARM_TASK >> '{1}'\nsleep 0.1\n{work}\nrmdir '{0}' || true\nready",
        inside.display(),
        overlaps.display()
    )
}

fn overlaps(w: &Workspace) -> PathBuf {
    w.outside().join("overlaps")
}

fn never_overlapped(w: &Workspace) {
    assert_eq!(fs::read_to_string(overlaps(w)).unwrap_or_default(), "");
}

/// An agent that is answered by `provider`.
fn agent(w: &Workspace, name: &str, provider: &str, script: &str) {
    w.author(name, script);
    let path = format!("config/agents/{name}.yaml");
    w.write(&path, format!("{}provider: {provider}\n", w.read(&path)));
}

const WORK: &str = "echo $SWARM_TASK > $SWARM_TASK.txt";

fn tasks(w: &Workspace, ids: impl IntoIterator<Item = &'static str>, keys: &str) {
    for id in ids {
        w.file(id, format!("---\n{keys}\n---\n# A task\n"));
    }
}

/// Hangs until the file `go` is there.
fn hanging(w: &Workspace) -> String {
    format!("until test -e '{}'; do sleep 0.02; done\n{WORK}\nready", w.outside().join("go").display())
}

fn let_go(w: &Workspace) {
    fs::write(w.outside().join("go"), "").expect("write a file");
}

#[test]
fn turns_at_one_provider_never_overlap_whichever_agents_workers_and_swarms_they_are_of() {
    let w = Workspace::new();
    w.config("workers: [{agent: one, count: 2}, {agent: other}]\nproviders: {acme: {most: 1}}\nlimits: {attempts: 1}");
    agent(&w, "one", "acme", &watched(&w, "acme", WORK));
    agent(&w, "other", "acme", &watched(&w, "acme", WORK));
    tasks(&w, ["a", "b", "c", "d", "e", "f", "g", "h"], "priority: 1");
    let swarms = [(); 2].map(|()| w.start_in_background(["--drain"]));
    for swarm in swarms {
        swarm.wait().code(0);
    }
    never_overlapped(&w);
    assert_eq!(w.cycles().len(), 8, "nobody asked in vain");
    w.holds_the_laws();
}

#[test]
fn where_a_provider_is_full_the_next_of_the_list_works_and_what_has_no_next_is_not_claimed() {
    let w = Workspace::new();
    // By the name of an agent that it answers.
    w.config("workers: [{agent: [one, spare], count: 3}]\nproviders: {one: {most: 1}, acme: {most: 7}}\nlimits: {attempts: 1}");
    agent(&w, "one", "acme", &hanging(&w));
    agent(&w, "spare", "else", &format!("{WORK}\nready"));
    tasks(&w, ["a"], "agent: one");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.begins("implement", "a"));
    tasks(&w, ["b"], "agent: one");
    tasks(&w, ["c"], "priority: 3");
    swarm.wait_for_event(|event| event.moves("c", "complete"));
    w.is_in("pending", "b");
    w.swarm(["explain", "b"]).code(0).says("1 of 1 turn at acme is under way").says("when one of those turns ends");
    let status = w.swarm(["status"]);
    status.says("acme: 1 of 1 turn under way").says("0 claimable");
    w.swarm(["start", "--dry-run"]).says("skip  b: 1 of 1 turn at acme is under way");
    let_go(&w);
    swarm.wait_for_event(|event| event.moves("b", "complete"));
    swarm.signal(Signal::INT);
    swarm.wait();
    assert_eq!(w.cycles_of("c")[0]["agent"], "spare");
    assert_eq!(w.cycles_of("b").len(), 1);
    w.holds_the_laws();
}

#[test]
fn a_turn_in_the_middle_of_a_cycle_waits_for_its_place() {
    let w = Workspace::new();
    w.config(
        "workers: [{agent: plain, count: 2}]\nreviewer: judge\nproviders: {acme: {most: 1}}\nlimits: {attempts: 1, silence: 2s}",
    );
    agent(&w, "plain", "else", &format!("{WORK}\nready"));
    agent(&w, "judge", "acme", &watched(&w, "acme", "echo 'VERDICT: APPROVED'").replace("\nready", ""));
    agent(&w, "slow", "acme", &hanging(&w));
    tasks(&w, ["slow"], "agent: slow\nreview: none");
    let mut swarm = w.start_in_background(["--drain"]);
    swarm.wait_for_event(|event| event.begins("implement", "slow"));
    tasks(&w, ["b"], "");
    let awaited = swarm.wait_for_event(|event| event.is_of("turn_awaited", "b"));
    assert_eq!((awaited.text("provider"), &awaited.0["most"]), ("acme", &1.into()));
    let_go(&w);
    swarm.wait().code(0);
    let steps: Vec<String> =
        w.cycles_of("b")[0]["steps"].as_array().unwrap().iter().map(|it| it["step"].to_string()).collect();
    assert_eq!(steps[..2], ["\"implement\"", "\"review\""], "{steps:?}");
    never_overlapped(&w);
    w.holds_the_laws();
}

#[test]
fn who_waits_is_stopped_and_heeds_other_settings_and_files_that_move() {
    let w = Workspace::new();
    let config = |most| {
        w.config(&format!(
            "workers: [{{agent: plain, count: 3}}]\nreviewer: judge\nproviders: {{acme: {{most: {most}}}}}\nlimits: {{attempts: 1}}"
        ));
    };
    config(1);
    agent(&w, "plain", "else", &format!("{WORK}\nready"));
    agent(&w, "judge", "acme", "echo 'VERDICT: APPROVED'");
    agent(&w, "slow", "acme", &hanging(&w));
    tasks(&w, ["slow"], "agent: slow\nreview: none");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.begins("implement", "slow"));
    tasks(&w, ["cancelled"], "");
    swarm.wait_for_event(|event| event.is_of("turn_awaited", "cancelled"));
    w.swarm(["cancel", "cancelled"]).code(0);
    swarm.wait_for_event(|event| event.is_of("task_moved", "cancelled"));
    tasks(&w, ["freed"], "");
    swarm.wait_for_event(|event| event.is_of("turn_awaited", "freed"));
    config(2);
    swarm.wait_for_event(|event| event.moves("freed", "complete"));
    config(1);
    swarm.wait_for_event(|event| {
        event.is("settings_read") && event.t_ms() > 0 && w.read("config/swarm.yaml").contains("most: 1")
    });
    wait_until("the settings are read again", || {
        swarm.events().iter().filter(|it| it.is("settings_read")).count() == 2
    });
    tasks(&w, ["stopped"], "");
    swarm.wait_for_event(|event| event.is_of("turn_awaited", "stopped"));
    w.swarm(["stop", "--now"]).code(0);
    swarm.wait().code(130);
    assert_eq!(w.cycles_of("stopped")[0]["outcome"], "interrupted");
    w.is_in("pending", "stopped");
    w.holds_the_laws();
}

#[test]
fn a_killed_swarm_leaves_no_place_taken_and_the_other_one_is_told() {
    let w = Workspace::new();
    w.config("workers: [{agent: one}]\nproviders: {acme: {most: 1}}\nlimits: {attempts: 1}");
    agent(&w, "one", "acme", &format!("case $SWARM_TASK in held) exec sleep 1000;; esac\n{WORK}\nready"));
    tasks(&w, ["held"], "");
    let mut first = w.start_in_background([]);
    first.wait_for_event(|event| event.begins("implement", "held"));
    let mut second = w.start_in_background([]);
    second.wait_for_event(|event| event.is("run_started"));
    tasks(&w, ["next"], "");
    wait_until("it is kept back", || w.swarm(["list"]).stdout.contains("1 of 1 turn at acme is under way"));
    w.is_in("pending", "next");
    first.kill_9();
    second.wait_for_event(|event| event.moves("next", "complete"));
    second.signal(Signal::INT);
    second.signal(Signal::INT);
    second.wait();
}

#[test]
fn a_cap_for_nobody_is_told_with_the_nearest_name() {
    let w = Workspace::new();
    w.config("providers: {antropic: {most: 2}, openai: {most: 1}, codex: {most: 3}}");
    let check = w.swarm(["check", "--skip-gates"]);
    check.code(0).says("providers.antropic: no agent has that name").says("did you mean `anthropic`?");
    assert!(!check.stdout.contains("providers.codex") && !check.stdout.contains("providers.openai"), "{check}");
    w.config("providers: {openai: {most: 0}}");
    w.swarm(["check", "--skip-gates"]).code(2).says("providers.openai.most: 0 would never ask it");
    w.swarm(["schema", "config"]).code(0).says("\"providers\"");
}
