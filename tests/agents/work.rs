//! What an agent commits, and what is written down of it.

use serde_json::{Value, json};

use crate::scene::{BODY, Scene, TASK};
use crate::server::{CACHED, INPUT, OUTPUT, run, say};

/// Writes a file and commits it.
pub(crate) const COMMIT: &str = "echo 'a house' > house.txt && git add -A && git commit -q -m 'Build it'";

/// The last words of good work.
pub(crate) const READY: &str = "It is built.\nCOMPLETE_AND_READY_FOR_MERGE";

/// What a turn with so many answers used.
fn usage(answers: u64) -> Value {
    json!({"input_tokens": answers * INPUT, "output_tokens": answers * OUTPUT, "cached_tokens": answers * CACHED})
}

/// The figures of a usage that every one of them tells.
fn told(usage: &Value) -> Value {
    let figure = |name: &str| (name.to_owned(), usage[name].clone());
    ["input_tokens", "output_tokens", "cached_tokens"].into_iter().map(figure).collect()
}

/// The work lies on the base, in one commit that names its task, and nothing else is left.
#[track_caller]
pub(crate) fn is_merged(scene: &Scene) {
    scene.w.is_in("complete", TASK);
    assert_eq!(scene.w.base().read("house.txt"), "a house");
    assert_eq!(scene.w.base().commits_of(TASK).len(), 1);
    scene.w.holds_the_laws();
}

pub(crate) fn what_it_commits_is_merged_and_its_bill_is_kept(scene: &Scene) {
    scene.drain([run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    let cycle = scene.only_cycle();
    assert_eq!((&cycle["outcome"], told(&cycle["usage"])), (&json!("merged"), usage(2)), "{cycle:#}");
    assert_eq!(cycle["signals"], json!(["COMPLETE_AND_READY_FOR_MERGE"]));
    let cost = cycle["cost_usd"].as_f64();
    assert_eq!(cost.is_some_and(|cost| cost > 0.0), scene.cli.knows_its_cost(), "{cost:?}");
    let run = scene.w.last_run();
    let log = run.read("logs/w0-c1-implement.log");
    let session = cycle["session_id"].as_str().expect("a session");
    assert!(log.lines().any(|line| line.starts_with('{') && line.contains(session)), "{log}");
    assert!(scene.model.asked()[0].to_string().contains(BODY), "the model was never told of the task");
    is_shown(scene);
}

/// A line for each call of a tool and each message, and not one for the rest.
fn is_shown(scene: &Scene) {
    let shown = scene.w.swarm(["logs", TASK]).code(0).stdout.clone();
    let begins = |word: &str| shown.lines().filter(|line| line.starts_with(word)).collect::<Vec<_>>();
    assert!(matches!(begins("tool")[..], [call] if call.contains("git commit")), "{shown}");
    assert!(matches!(begins("said")[..], [said] if said.contains("It is built.")), "{shown}");
    assert_eq!(scene.only_cycle()["steps"][0]["tool_calls"], 1);
}

pub(crate) fn a_probe_gets_an_answer(scene: &Scene) {
    scene.model.answer([say("OK")]);
    scene.w.swarm(["check", "--probe"]).says(" answers (").says(scene.cli.package().1);
    assert_eq!(scene.w.cycles().len(), 0);
}

pub(crate) fn a_session_that_says_nothing_is_taken_up_again(scene: &Scene) {
    scene.drain([run(COMMIT), say("It is built, I think."), say(READY)]).code(0);
    is_merged(scene);
    let cycle = scene.only_cycle();
    let turns: Vec<Value> = cycle["steps"].as_array().expect("steps").iter().map(|step| told(&step["usage"])).collect();
    let second = 1 + scene.cli.asks_for_itself();
    assert_eq!(turns[..2], [usage(2), usage(second)], "{cycle:#}");
    assert_eq!(told(&cycle["usage"]), usage(2 + second), "{cycle:#}");
    // Some tell what the session has cost up to now.
    let costs = [0, 1].map(|turn: usize| cycle["steps"][turn]["cost_usd"].as_f64());
    let per_answer = [costs[0].map(|cost| cost / 2.0), costs[1]];
    assert!(per_answer[0].zip(per_answer[1]).is_none_or(|(one, other)| (one - other).abs() < 1e-9), "{costs:?}");
    assert_eq!(costs[1].is_some(), scene.cli.knows_its_cost(), "{costs:?}");
    // The same conversation: the task was told once, and is known.
    let last = scene.model.asked().pop().expect("a request").to_string();
    assert!(last.contains(BODY) && last.contains("did not say how the work"), "{last}");
}
