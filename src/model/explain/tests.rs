//! Facts and what is said of them.

use std::time::Duration;

use super::*;
use crate::model::config::Limits;
use crate::model::pick::{Brakes, Filter, Paused, RedBase, forecast, holds};
use crate::model::queue::testing::{at, id, queue};
use crate::model::state::State;
use crate::model::task::{Kind, Task};
use crate::model::transition::Ledger;

fn facts(standing: Standing) -> Facts {
    Facts { id: id("a"), standing, runs: Vec::new(), past: Past { limits: Limits::default(), ..Past::default() } }
}

/// The task `a` of a queue.
fn waiting(lines: &str) -> Waiting {
    braked(lines, Brakes::default())
}

/// The same where something holds the whole queue.
fn braked(lines: &str, brakes: Brakes) -> Waiting {
    let mut queue = queue(lines);
    queue.brakes = brakes;
    let entry = queue.pending(&id("a")).unwrap();
    let claimable = forecast(&queue, &Filter::default()).0;
    let unfinished = || queue.unfinished_children(&id("a")).cloned().collect();
    Waiting {
        line: claimable.iter().position(|it| it.id == id("a")).map(|position| (position + 1, claimable.len())),
        holds: holds(&queue, &Filter::default(), entry),
        chain: links(&queue, &id("a")),
        children: (entry.kind == Kind::Epic).then(|| (queue.finished_children(&id("a")).count(), unfinished())),
        mends_base: queue.brakes.mended_by(&id("a")),
    }
}

fn run(workers: &[(&str, Option<&str>)]) -> RunFacts {
    let workers = workers.iter().map(|(worker, task)| ((*worker).to_owned(), task.map(id))).collect();
    RunFacts { run_id: "r".to_owned(), paused: None, part: None, workers }
}

/// All sentences, one each line.
fn said(facts: &Facts) -> String {
    let Explanation { summary, why, moves } = explain(facts);
    let why = why.iter().map(|line| format!("- {line}"));
    let moves = moves.iter().map(|line| format!("> {line}"));
    [summary].into_iter().chain(why).chain(moves).collect::<Vec<_>>().join("\n")
}

fn last(outcome: Outcome, reason: &str) -> LastCycle {
    let reason = Some(reason.to_owned());
    LastCycle { outcome, reason, run_id: "r".to_owned(), worker: "w0".to_owned(), cycle: 3 }
}

#[test]
fn a_waiting_task_is_told_its_place_or_all_that_holds_it() {
    const START: &str = "no swarm is running: swarm start";
    for (lines, expected) in [
        (
            "pending a\n pending b p0",
            "can be claimed now: number 2 of 2 in line\n> no swarm is running: swarm start\n\
             > if it fails, it is tried again after 7s to 10s",
        ),
        (
            "pending a files:src\n current b files:src",
            "can be claimed now: number 1 of 1 in line\n- may touch the same files as b, which is being worked on\n\
             > no swarm is running: swarm start\n> if it fails, it is tried again after 7s to 10s",
        ),
        (
            "pending a after:b\n pending b",
            "waits for b, which is in pending/\n> by itself, when b is complete\n> no swarm is running: swarm start",
        ),
        (
            "pending a after:b\n pending b after:c\n blocked c because:no_key",
            "waits for b, which waits for c, which is in blocked/: no_key\n- a: waits for b\n- b: waits for c\n\
             - c: no_key\n> c needs a person: swarm explain c\n> then, as no swarm is running: swarm start",
        ),
        (
            "pending a after:b\n pending b pause:20",
            "waits for b, which is in pending/\n> by itself, when b is complete, which rests until 1970-01-01T00:00:20Z\n\
             > no swarm is running: swarm start",
        ),
        (
            "pending a after:b,ghost domain:x wish:20\n current b\n current d domain:x",
            "depends on ghost, and no task has that name\n- also: waits for b, which is in current/\n\
             - also: d is at work in the domain x\n\
             > add the task ghost, or take it out of the `depends_on` that names it\n> by itself, when b is complete\n\
             > by itself, when d is done\n> then, as no swarm is running: swarm start",
        ),
        (
            "pending a wish:20",
            "not before 1970-01-01T00:00:20Z\n\
             > by itself at 1970-01-01T00:00:20Z; sooner: take `not_before` out of the file\n\
             > no swarm is running: swarm start",
        ),
        (
            "pending a after:b\n broken b",
            "waits for b, which is no valid task (pending/, line 2): mend it\n> mend pending/b.md: swarm lint\n\
             > then, as no swarm is running: swarm start",
        ),
        (
            "pending a epic\n complete b parent:a\n blocked c parent:a\n pending d parent:a",
            "an epic: waits for c, which is in blocked/\n- also: an epic: waits for d, which is in pending/\n\
             - 1 of 3 children is complete; not yet c, d\n> c needs a person: swarm explain c\n\
             > by itself, when d is complete\n> then, as no swarm is running: swarm start",
        ),
        (
            "pending a epic",
            "an epic without children: tasks belong to it by the key `parent`\n\
             > give its tasks the key `parent: a`, or remove the epic\n> then, as no swarm is running: swarm start",
        ),
    ] {
        assert_eq!(said(&facts(Standing::Waiting(waiting(lines)))), expected, "{lines}");
        assert!(expected.contains(START));
    }
}

fn paused(reason: &str) -> Brakes {
    let paused = Paused { reason: reason.to_owned(), since: Some(at(60)) };
    Brakes { paused: Some(paused), red: None }
}

/// A red base whose repair task is `mend`.
fn red(lies_in: Option<State>, found_now: bool) -> Brakes {
    let (branch, gate) = ("main".to_owned(), "cargo\n test".to_owned());
    Brakes { paused: None, red: Some(RedBase { branch, gate, repair: id("mend"), lies_in, found_now }) }
}

#[test]
fn what_holds_the_whole_queue_is_said_of_each_task_of_it() {
    const IS_PAUSED: &str = "claiming is paused since 1970-01-01T00:01:00Z";
    const IS_RED: &str = "the base main is red: gate `cargo test` fails on it; ";
    for (lines, brakes, summary, way) in [
        (
            "pending a",
            paused("supper"),
            format!("{IS_PAUSED}: supper (`swarm resume` lets it go on)"),
            "to let claiming go on: swarm resume",
        ),
        (
            "pending a after:b\n pending b",
            paused(""),
            "waits for b, which is in pending/".to_owned(),
            "by itself, when b is complete",
        ),
        (
            "pending a pause:20",
            paused(""),
            format!("{IS_PAUSED} (`swarm resume` lets it go on)"),
            "to let claiming go on: swarm resume",
        ),
        (
            "pending a\n pending mend p0",
            red(Some(State::Pending), false),
            format!("{IS_RED}the repair task mend goes first"),
            "by itself, when mend is complete: swarm explain mend",
        ),
        (
            "pending a\n blocked mend",
            red(Some(State::Blocked), true),
            format!("{IS_RED}the repair task mend is in blocked/"),
            "mend main with a commit of your own, or see to its task: swarm explain mend",
        ),
        (
            "pending a\n complete mend",
            red(Some(State::Complete), true),
            format!("{IS_RED}the repair task mend is in complete/"),
            "mend main with a commit of your own",
        ),
        (
            "pending a\n complete mend",
            red(Some(State::Complete), false),
            format!("{IS_RED}the gates are run once more before anything is claimed"),
            "by itself, if the gates succeed when they are run once more; \
             else a task that mends the base is filed first",
        ),
        (
            "pending a",
            red(None, true),
            format!("{IS_RED}a task that mends it is filed, and goes first"),
            "by itself, when that task is complete",
        ),
    ] {
        let said = explain(&facts(Standing::Waiting(braked(lines, brakes))));
        assert_eq!((said.summary, said.moves[0].as_str()), (summary, way), "{lines}");
    }
    let both = Brakes { red: red(Some(State::Pending), false).red, ..paused("") };
    let said = explain(&facts(Standing::Waiting(braked("pending a\n pending mend", both))));
    assert_eq!(said.why, [format!("also: {IS_RED}the repair task mend goes first")]);

    let mut mender = red(Some(State::Pending), false);
    mender.red.as_mut().unwrap().repair = id("a");
    let said = explain(&facts(Standing::Waiting(braked("pending a\n pending b p0", mender))));
    assert_eq!(said.summary, "can be claimed now: number 1 of 1 in line");
    assert_eq!(said.why, ["the base is red, and this task is to mend it: nothing else is claimed before"]);
}

#[test]
fn a_place_in_line_is_no_promise_where_every_run_rests() {
    let paused = RunFacts { paused: Some("the gates cannot be run".to_owned()), ..run(&[("w0", None)]) };
    for (runs, expected) in [
        (vec![paused.clone()], "number 1 of 1 in line, but no swarm that runs claims anything now"),
        (vec![paused, run(&[("w0", None)])], "can be claimed now: number 1 of 1 in line"),
    ] {
        let facts = Facts { runs, ..facts(Standing::Waiting(waiting("pending a"))) };
        assert_eq!(explain(&facts).summary, expected);
    }
}

#[test]
fn who_claims_next_depends_on_who_is_alive() {
    let paused = RunFacts { paused: Some("the machine failed".to_owned()), ..run(&[("w0", None)]) };
    let part = RunFacts { part: Some("--domain db".to_owned()), ..run(&[("w0", None)]) };
    let busy = [("w0", Some("x")), ("w1", Some("y"))];
    for (lines, run, expected) in [
        ("pending a", run(&[("w0", None), busy[1]]), "1 of 2 workers is idle: it is claimed at once"),
        ("pending a", run(&busy), "2 of 2 workers are at work (w0 on x, w1 on y); who is free claims it"),
        (
            "pending a\n pending b p0",
            run(&busy),
            "2 of 2 workers are at work (w0 on x, w1 on y); who is free claims it after 1 other",
        ),
        ("pending a", paused, "run r claims nothing now: the machine failed"),
        ("pending a", part, "run r takes only a part of the queue: --domain db"),
    ] {
        let facts = Facts { runs: vec![run], ..facts(Standing::Waiting(waiting(lines))) };
        assert_eq!(explain(&facts).moves[0], expected, "{lines}");
    }
}

#[test]
fn the_next_failure_is_told_as_the_transition_has_it() {
    for (attempts, expected) in [
        (0, "if it fails, it is tried again after 7s to 10s"),
        (1, "if it fails, it is tried again after 15s to 20s"),
        (2, "if it fails, the limit of 3 is reached, and it goes to blocked/"),
    ] {
        let past = Past { ledger: Ledger { attempts, infra: 0 }, limits: Limits::default(), ..Past::default() };
        assert_eq!(past.if_it_fails(), expected);
    }
}

#[test]
fn a_live_task_tells_who_works_with_which_step_and_what_comes_then() {
    let work = AtWork {
        worker: "w1".to_owned(),
        run_id: "r".to_owned(),
        agent: Some("script".to_owned()),
        attempt: Some(2),
        step: Some((StepName::Verify, 2)),
        since: Some(Duration::from_secs(75)),
        output: Some(Duration::from_millis(300)),
    };
    let mut facts = facts(Standing::AtWork(work));
    facts.past.ledger.attempts = 1;
    facts.past.last = Some(last(Outcome::VerifyFailed, "`make` failed\nwith more"));
    facts.past.salvage = Some("refs/swarm/salvage/a/1".to_owned());
    assert_eq!(
        said(&facts),
        "w1 works on it: step verify (round 2) for 1m 15s\n- run r with script: attempt 2 of 3\n\
         - its programs printed something less than a second ago\n- 1 of 3 attempts has failed\n\
         - last cycle: verify failed (w0-c3 of run r): `make` failed\n\
         > if the work passes its gates, it is merged and the task is complete\n\
         > if it fails, it is tried again after 15s to 20s\n\
         > to look on: swarm logs -f a; to end the attempt: swarm cancel a\n\
         > to see what its last attempt wrote: git show refs/swarm/salvage/a/1"
    );
    facts.standing = Standing::Abandoned(Some(("w1".to_owned(), "r".to_owned())));
    let said = explain(&facts);
    assert_eq!(said.summary, "nobody works on it: its worker w1 of run r is dead");
    assert!(said.moves[0].ends_with("swarm start"));
    facts.runs = vec![run(&[("w0", None)])];
    assert_eq!(explain(&facts).moves[0], "the running swarm gives it back within a minute");
}

#[test]
fn what_waits_for_a_person_says_why_and_what_he_can_do() {
    let told = |outcome, told: &str, answered| {
        let mut facts = facts(Standing::Blocked);
        facts.past.ledger.attempts = 3;
        facts.past.last = outcome;
        facts.past.told = (!told.is_empty()).then(|| told.to_owned());
        facts.past.answered = answered;
        explain(&facts)
    };
    for (outcome, answered, first) in [
        (Some(Outcome::NeedsInput), false, "answer the question: swarm comment a \"…\""),
        (Some(Outcome::NeedsInput), true, "it has been answered; to let it be claimed: swarm retry a"),
        (Some(Outcome::Replan), false, "write the task anew, or split it into several"),
        (Some(Outcome::Timeout), false, "mend what made it fail (timeout), or say more in the task"),
        (Some(Outcome::Cancelled), false, "to let it be claimed again: swarm retry a"),
        (None, false, "to let it be claimed again: swarm retry a"),
    ] {
        let said = told(outcome.map(|outcome| last(outcome, "because")), "Which key?", answered);
        assert_eq!(said.summary, "it waits for a person: Which key?");
        assert_eq!(said.moves[0], first, "{outcome:?}");
    }
    assert_eq!(told(None, "", false).summary, "it waits for a person");
    let review = explain(&facts(Standing::Review));
    assert_eq!(review.moves[0], "to take it as it is: swarm approve a");
}

#[test]
fn a_complete_task_says_what_carries_it() {
    let mut facts = facts(Standing::Complete);
    facts.past.completed_at = Some(at(20));
    facts.past.salvage = Some("refs/swarm/salvage/a/1".to_owned());
    assert_eq!(explain(&facts).summary, "complete without a commit of its own at 1970-01-01T00:00:20Z");
    facts.past.is_epic = true;
    assert_eq!(explain(&facts).summary, "an epic whose children are all complete at 1970-01-01T00:00:20Z");
    facts.past.commit = Some("3f2c1a7b9d0e5566".to_owned());
    facts.past.cost_usd = Some(0.42);
    assert_eq!(
        said(&facts),
        "merged as 3f2c1a7b9d at 1970-01-01T00:00:20Z\n- it has cost $0.42\n\
         > nothing: it is done; a new task is made for more work\n> to see it: git show 3f2c1a7b9d0e5566"
    );
}

#[test]
fn the_past_is_read_from_the_tasks_file() {
    let text = "---\nattempts: 5\nswarm:\n  attempts: 2\n  last: {run: r, worker: w1, cycle: 7, outcome: stuck}\n  \
                feedback: |-\n    say more\n  cost_usd: 0.5\n---\n# t\n\n## Comments\n\n\
                ### 2026-11-20T22:00:00Z swarm\n\nWhy?\n\n### 2026-11-20T22:02:00Z human\n\nBecause.\n";
    let task = Task::parse(id("t"), text.as_bytes()).unwrap();
    let past = Past::of(&task, &Limits::default());
    assert_eq!((past.ledger.attempts, past.limits.attempts, past.cost_usd), (2, 5, Some(0.5)));
    assert_eq!((past.told.as_deref(), past.answered), (Some("Why?"), true));
    assert_eq!(
        past.before(),
        ["2 of 5 attempts have failed", "last cycle: stuck (w1-c7 of run r)", "the next attempt is told: say more"]
    );
}

#[test]
fn a_chain_ends_in_any_case() {
    let queue =
        queue("pending a after:b\n pending b after:c\n pending c after:b\n pending d after:d\n pending e after:f");
    let reasons = |start: &str| links(&queue, &id(start)).into_iter().map(|link| link.reason).collect::<Vec<_>>();
    assert_eq!(reasons("a"), ["waits for b", "depends on itself: b → c → b"]);
    assert_eq!(reasons("d"), ["depends on itself: d → d"]);
    assert_eq!(reasons("e"), ["waits for f", "no task has that name"]);
}
