//! Money: budgets of domains, the ledger, the budget command, and what tasks and runs may cost.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Workspace, wait_until};
use crate::records::Schema;

/// A workspace with these settings, in which each turn of the author's costs 60 cents.
fn dear(config: &str) -> Workspace {
    let w = Workspace::new();
    w.config(&format!("workers: [{{agent: dear}}]\n{config}"));
    w.dear("dear", "echo x > \"$SWARM_TASK.txt\"\ncosts 0.6");
    w
}

fn task(w: &Workspace, id: &str, keys: &str) {
    w.file(id, format!("---\n{keys}\n---\n# Do {id}\n"));
}

/// The ledger in short: what happened to how much, for which task.
fn ledger(w: &Workspace) -> Vec<String> {
    let text = fs::read_to_string(w.path("runs/ledger.jsonl")).unwrap_or_default();
    let short = |line: &str| {
        let line: Value = serde_json::from_str(line).expect(line);
        let estimated = if line["estimated"] == true { " estimated" } else { "" };
        format!("{} {} {}{estimated}", line["task"], line["kind"], line["usd"]).replace('"', "")
    };
    text.lines().map(short).collect()
}

fn outcome(w: &Workspace, id: &str) -> String {
    w.cycles_of(id).last().expect("a cycle")["outcome"].as_str().expect("a word").to_owned()
}

fn steps(w: &Workspace, id: &str) -> Vec<String> {
    let cycle = w.cycles_of(id).pop().expect("a cycle");
    let steps = cycle["steps"].as_array().expect("steps");
    steps.iter().map(|step| step["step"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_domain_without_money_waits_while_the_others_go_on() {
    let w = dear("domains: {back: {budget_usd: 1}}");
    for id in ["a", "b", "c"] {
        task(&w, id, "domain: back");
    }
    task(&w, "other", "priority: 4");
    let ended = w.start(["--drain"]);
    ended.code(1).says("$0.60 of the $1.00 for the domain back are spent, and it may cost $0.60");
    assert_eq!(ended.events().iter().filter(|event| event.is("budget_exhausted")).count(), 1);
    assert_eq!(w.tasks_in("complete"), ["a", "other"]);
    assert!(!w.is_in("pending", "b").contains("swarm:"), "nothing was counted");
    assert_eq!(ledger(&w), ["a reserve 0.0", "a spend 0.6", "a release 0.0", "other spend 0.6"]);
    w.swarm(["start", "--dry-run"]).code(0).says("skip  b: $0.60 of the $1.00");
    w.swarm(["list", "pending"]).code(0).says("$0.60 of the $1.00");
    w.swarm(["show", "c"]).code(0).says("raise `domains.back.budget_usd`");
    w.swarm(["explain", "c"]).code(0).says("raise `domains.back.budget_usd`");
    w.swarm(["status"]).code(0).says("stuck").says("back: $0.60 of $1.00");
    w.swarm(["runs"]).code(0).says("$1.20");

    w.config("workers: [{agent: dear}]\ndomains: {back: {budget_usd: 1.8}}");
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "b", "c", "other"]);
    w.holds_the_laws();
}

#[test]
fn what_a_task_may_cost_is_set_aside_and_the_rest_is_given_back() {
    let w = dear("domains: {back: {budget_usd: 3}}\nlimits: {cost_usd: 2.5}");
    task(&w, "a", "domain: back\nmax_cost_usd: 1");
    task(&w, "b", "domain: back");
    w.start(["--drain"]).code(1).says("it may cost $2.50");
    assert_eq!(ledger(&w), ["a reserve 1.0", "a spend 0.6", "a release 0.4"]);
    w.is_in("pending", "b");
    w.holds_the_laws();
}

#[test]
fn what_nobody_knows_counts_nothing_and_is_said_once() {
    let w = Workspace::new();
    w.config("domains: {back: {budget_usd: 3}}\nlimits: {cost_usd: 2}");
    for id in ["a", "b"] {
        w.task_with(id, "domain: back", &format!("echo x > {id}.txt"));
    }
    let ended = w.start(["--drain"]);
    ended.code(0).says("nobody knows what this cycle has cost");
    assert_eq!(ended.events().iter().filter(|event| event.is("warning")).count(), 1);
    assert_eq!(ledger(&w), ["a reserve 2.0", "a release 2.0", "b reserve 2.0", "b release 2.0"]);
}

#[test]
fn a_worker_that_dies_in_a_turn_has_spent_what_was_set_aside() {
    let w = dear("domains: {back: {budget_usd: 3}}\nlimits: {resumes: 2}");
    let dies = format!(
        "echo x >> x.txt\ntest $going_on = no && {{ costs 0.6 thinking; exit; }}\ntest -e '{}' && {{ costs 0.1; exit; }}\n{}\n{}",
        w.sign("again").display(),
        w.gives("turn"),
        w.awaits("never")
    );
    w.dear("dies", &dies);
    task(&w, "a", "domain: back\nagent: dies\nmax_cost_usd: 1");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("turn");
    swarm.kill_9();
    w.give("again");
    w.start(["--drain"])
        .code(0)
        .says("$1.00 is counted as spent, because its agents had told $0.60, and nobody knows what its last turn cost");
    // Of the dead attempt the first turn is known, and all that it might have cost is booked.
    let all =
        ["a reserve 1.0", "a spend 1.0 estimated", "a release 0.0", "a reserve 0.4", "a spend 0.1", "a release 0.3"];
    assert_eq!(ledger(&w), all);
    let schema = Schema::of(&w, "ledger");
    for line in w.read("runs/ledger.jsonl").lines() {
        let line = serde_json::from_str(line).expect(line);
        schema.accepts(&line);
        schema.knows_all_keys_of(&line);
    }
    w.swarm(["status"])
        .code(0)
        .says("back: $1.10 of $3.00 spent ($1.00 of it is an estimate: cycles whose workers died)");
    assert!(w.is_in("complete", "a").contains("cost_usd: 0.7"));
    w.holds_the_laws();
}

#[test]
fn what_an_agent_without_a_task_had_told_is_booked_when_its_worker_dies() {
    let w = dear("");
    w.dear(
        "chooses",
        &format!("test $going_on = no && {{ costs 0.3 hm; exit; }}\n{}\n{}", w.gives("turn"), w.awaits("never")),
    );
    w.config("workers: [{agent: chooses, claim: agent}]");
    task(&w, "a", "priority: 2");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("turn");
    swarm.kill_9();
    w.config("workers: [{agent: dear}]");
    let estimate = "$0.30 is counted as spent, which is an estimate: nobody knows what its last turn has cost";
    w.start(["--drain"]).code(0).says(estimate);
    let ledger = ledger(&w);
    assert!(ledger[0].ends_with(".w0 spend 0.3 estimated"), "{ledger:?}");
    assert_eq!(ledger[1..], ["a spend 0.6"]);
    w.start(["--drain"]).code(0);
    assert_eq!(self::ledger(&w), ledger, "once");
    w.holds_the_laws();
}

#[test]
fn a_worker_that_dies_before_any_agent_was_asked_has_spent_nothing() {
    let w = dear("domains: {back: {budget_usd: 1}}");
    let setup =
        format!("test -e '{}' || {{ {}; {}; }}", w.sign("again").display(), w.gives("setup"), w.awaits("never"));
    let setup = serde_json::to_string(&setup).expect("JSON");
    w.config(&format!(
        "workers: [{{agent: dear}}]\ndomains: {{back: {{budget_usd: 1}}}}\nworktree: {{setup: [{setup}]}}"
    ));
    task(&w, "a", "domain: back\nmax_cost_usd: 1");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("setup");
    swarm.kill_9();
    w.give("again");
    w.start(["--drain"]).code(0);
    assert_eq!(ledger(&w), ["a reserve 1.0", "a release 1.0", "a reserve 1.0", "a spend 0.6", "a release 0.4"]);
    w.holds_the_laws();
}

#[test]
fn a_death_between_two_lines_of_the_ledger_ties_up_nothing() {
    let w = dear("domains: {back: {budget_usd: 1}}");
    task(&w, "a", "domain: back\nmax_cost_usd: 1");
    w.start(["--drain"]).code(0);
    let text = w.read("runs/ledger.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    // As if the power had gone after the first byte of the second line, with the task back in pending.
    w.write("runs/ledger.jsonl", format!("{}\n{{\"schema\":1,", lines[0]));
    task(&w, "b", "domain: back\nmax_cost_usd: 0.4");
    w.start(["--drain"]).code(0);
    let ledger = w.read("runs/ledger.jsonl");
    assert_eq!(ledger.matches("\"kind\":\"spend\",\"usd\":0.6").count(), 2, "{ledger}");
    assert!(ledger.contains("\"kind\":\"release\",\"usd\":0.4"), "{ledger}");
    w.is_in("complete", "b");
}

/// A budget command that writes down what it is told, and does what the file `mood` says.
fn fund(w: &Workspace) -> String {
    w.write(
        "fund.sh",
        "echo \"$SWARM_BUDGET_ACTION $SWARM_BUDGET_DOMAIN $SWARM_TASK $SWARM_BUDGET_USD\" >> fund.log\n. ./mood\n",
    );
    w.write(".git/info/exclude", "fund.*\nmood\n");
    w.write("mood", "");
    "workers: [{agent: dear}]\nlimits: {cost_usd: 2, infra: 2, backoff: 1s}\nbudget: {command: sh fund.sh, timeout: 20s}".to_owned()
}

#[test]
fn the_budget_command_is_asked_before_and_told_after() {
    let w = dear("");
    w.config(&fund(&w));
    task(&w, "a", "domain: back");
    task(&w, "free", "");
    w.start(["--drain"]).code(0);
    assert_eq!(w.read("fund.log"), "reserve back a 2\nspend back a 0.6\nrelease back a 1.4\n");
    assert_eq!(ledger(&w)[..4], ["a reserve 2.0", "a spend 0.6", "a release 1.4", "a told 0.6"]);
    w.holds_the_laws();
}

#[test]
fn a_no_of_the_budget_command_holds_the_domain_and_says_why() {
    let w = dear("");
    w.config(&fund(&w));
    w.write("mood", "test $SWARM_BUDGET_ACTION != reserve || { echo 'ask me in March'; exit 4; }\n");
    task(&w, "a", "domain: back");
    task(&w, "free", "");
    w.start(["--drain"]).code(1).says("the domain back gets no money: ask me in March");
    w.is_in("pending", "a");
    w.is_in("complete", "free");
    w.write("mood", "echo '{\"ok\": true}'\n");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "a");
    w.holds_the_laws();
}

#[test]
fn what_the_budget_command_could_not_be_told_it_is_told_later() {
    let w = dear("");
    w.config(&fund(&w));
    w.write("mood", "test $SWARM_BUDGET_ACTION = reserve || kill -9 $$\n");
    task(&w, "a", "domain: back");
    w.start(["--drain"]).code(0).says("is told again later");
    w.write("mood", "");
    task(&w, "free", "");
    w.start(["--drain"]).code(0);
    let told = w.read("fund.log");
    assert!(told.ends_with("spend back a 0.6\nrelease back a 1.4\n"), "{told}");
    w.start(["--drain"]).code(0);
    assert_eq!(w.read("fund.log"), told);
}

#[test]
fn a_budget_command_that_cannot_be_run_is_tried_again_and_harms_no_task() {
    let w = dear("");
    w.config(&fund(&w).replace("sh fund.sh", "./no-such-thing"));
    task(&w, "a", "domain: back");
    w.start(["--drain"]).code(1).says("the budget command `./no-such-thing` could not be run");
    assert!(!w.is_in("pending", "a").contains("attempts"));
    assert_eq!(w.cycles().len(), 0);
    w.config(&fund(&w));
    w.start(["--drain"]).code(0);
    w.holds_the_laws();
}

#[test]
fn a_run_that_has_cost_enough_claims_no_more() {
    let w = dear("limits: {run_cost_usd: 1}");
    for id in ["a", "b", "c"] {
        task(&w, id, "priority: 2");
    }
    let ended = w.start(["--drain"]);
    ended.code(1).says("the run has cost $1.20, and it may cost $1.00");
    ended.event(|event| event.is("paused"));
    assert_eq!(w.tasks_in("pending").len(), 1);
    let stopped = w.last_run().json("stopped.json");
    assert_eq!(stopped["reason"], "the run has cost what it may (`limits.run_cost_usd`) after 2 cycles");

    // The next run begins with a purse of its own; without --drain it waits for a person.
    for id in ["d", "e"] {
        task(&w, id, "priority: 2");
    }
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.is("paused"));
    swarm.signal(Signal::TERM);
    swarm.wait().code(0);
    assert_eq!(w.tasks_in("pending").len(), 1);
    w.start(["--drain"]).code(0);
    w.holds_the_laws();
}

#[test]
fn a_task_that_has_cost_enough_is_blocked_and_goes_on_when_it_may_cost_more() {
    let w = dear("limits: {cost_usd: 1, resumes: 9}");
    w.dear("slow", "echo \"$session\" >> turns.txt\nif test $(wc -l < turns.txt) -lt 4; then costs 0.5 thinking; else costs 0.5; fi");
    task(&w, "a", "agent: slow");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "a");
    assert!(
        text.contains("the task has cost $1.00, and it may cost $1.00: raise") && text.contains("swarm retry a"),
        "{text}"
    );
    assert_eq!((outcome(&w, "a").as_str(), steps(&w, "a").len()), ("over_budget", 2));
    // Nothing is lost by a retry that comes too early.
    w.swarm(["retry", "a"]).code(0);
    w.start(["--drain"]).code(1);
    assert_eq!((outcome(&w, "a").as_str(), steps(&w, "a").len()), ("over_budget", 0));
    w.config("workers: [{agent: dear}]\nlimits: {cost_usd: 5, resumes: 9}");
    w.swarm(["retry", "a"]).code(0);
    w.start(["--drain"]).code(0);
    let turns = w.git(["show", "trunk:turns.txt"]);
    let turns: Vec<&str> = turns.lines().collect();
    assert_eq!(turns, [turns[0]; 4], "one session, and its work was kept");
    assert!(w.is_in("complete", "a").contains("cost_usd: 2.0"));
    w.holds_the_laws();
}

#[test]
fn reviewers_cost_too_and_are_not_asked_when_the_money_is_spent() {
    let w = dear("reviewer: judge\nlimits: {cost_usd: 0.6}");
    w.dear("judge", "costs 0.3 'VERDICT: APPROVED'");
    task(&w, "a", "max_cost_usd: 0.6");
    w.start(["--drain"]).code(1);
    assert_eq!((outcome(&w, "a").as_str(), steps(&w, "a")), ("over_budget", vec!["implement".to_owned()]));
    let text = w.is_in("blocked", "a").replace("max_cost_usd: 0.6", "max_cost_usd: 2");
    fs::write(w.task_path("blocked", "a"), text).expect("write");
    w.swarm(["retry", "a"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(steps(&w, "a"), ["review", "integrate"], "what was done is not done again");
    assert!(w.is_in("complete", "a").contains("cost_usd: 0.9\n"));
    w.holds_the_laws();
}

#[test]
fn two_swarms_share_one_budget() {
    let w = dear("domains: {back: {budget_usd: 2}}");
    for number in 0..6 {
        task(&w, &format!("t{number}"), "domain: back\nmax_cost_usd: 0.7");
    }
    let swarms = [w.start_in_background(["--drain"]), w.start_in_background(["--drain"])];
    for swarm in swarms {
        swarm.wait();
    }
    w.start(["--drain"]).code(1);
    assert_eq!(w.tasks_in("complete").len(), 3, "a fourth might not fit: {:?}", ledger(&w));
    w.holds_the_laws();
}

#[test]
fn whenever_it_is_killed_every_account_is_closed_in_the_end_and_no_cycle_is_paid_twice() {
    let w = dear("domains: {back: {budget_usd: 100}}\nlimits: {backoff: 0s}");
    for number in 0..4 {
        // More than all kills together can cost one of them.
        task(&w, &format!("t{number}"), "domain: back\nmax_cost_usd: 20");
    }
    for events in 2..12 {
        let mut swarm = w.start_in_background(["--drain"]);
        wait_until("some events, or the end", || swarm.has_ended() || swarm.events().len() >= events);
        swarm.kill_9();
    }
    w.start(["--drain"]).code(0);
    let text = w.read("runs/ledger.jsonl");
    let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect(line);
        let account = format!("{} {} {}", line["run_id"], line["worker"], line["cycle"]);
        accounts.entry(account).or_default().push(line["kind"].as_str().expect("a word").to_owned());
    }
    for (account, kinds) in &accounts {
        let is_whole = *kinds == ["reserve", "spend", "release"] || *kinds == ["reserve", "release"];
        assert!(is_whole, "{account}: {kinds:?}\n{text}");
    }
    let told = w.swarm(["status", "--json"]);
    let status: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let back = &status["money"]["domains"][0];
    assert_eq!(
        (&back["domain"], &back["reserved_usd"], &back["budget_usd"]),
        (&"back".into(), &0.0.into(), &100.0.into())
    );
    w.holds_the_laws();
}

#[test]
fn a_live_run_goes_on_when_it_may_cost_more() {
    let w = dear("domains: {back: {budget_usd: 0.5}}\nlimits: {run_cost_usd: 0.5}");
    for id in ["a", "b"] {
        task(&w, id, "priority: 2");
    }
    task(&w, "c", "domain: back\npriority: 1");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.is("paused"));
    w.config("workers: [{agent: dear}]\ndomains: {back: {budget_usd: 5}}");
    swarm.wait_for_event(|event| event.moves("b", "complete"));
    swarm.wait_for_event(|event| event.moves("a", "complete"));
    swarm.signal(Signal::TERM);
    swarm.wait().code(0);
    w.is_in("complete", "c");
    w.holds_the_laws();
}

#[test]
fn what_waits_in_the_merge_queue_is_paid_for_too() {
    let w = dear("domains: {back: {budget_usd: 2}, front: {budget_usd: 2}}\nintegrate: {batch: 3}\nverify: ['true']");
    w.config(&format!("{}\nbudget: {{command: 'true'}}", w.read("config/swarm.yaml")));
    for (id, domain) in [("a", "back"), ("b", "front"), ("c", "none")] {
        task(&w, id, &format!("domain: {domain}\nmax_cost_usd: 1"));
    }
    w.start(["--drain"]).code(0);
    let ledger = ledger(&w);
    for id in ["a", "b", "c"] {
        let of_it: Vec<&String> = ledger.iter().filter(|line| line.starts_with(id)).collect();
        assert_eq!(
            of_it,
            [
                &format!("{id} reserve 1.0"),
                &format!("{id} spend 0.6"),
                &format!("{id} release 0.4"),
                &format!("{id} told 0.6"),
            ]
        );
    }
    w.holds_the_laws();
}
