//! A provider that asks for a pause, or has too much to do: it says nothing about the work.

use jiff::Timestamp;
use serde_json::Value;

use crate::scene::{BODY, Scene, TASK};
use crate::server::{Step, run, say};
use crate::work::{COMMIT, READY, is_merged};

/// A cycle ends so, and costs no attempt.
#[track_caller]
fn costs_nothing(scene: &Scene, outcome: &str) -> Value {
    let cycle = scene.only_cycle();
    assert_eq!(cycle["outcome"], outcome, "{cycle:#}");
    let places = scene.w.whereabouts(TASK);
    assert!(scene.w.read(scene.w.task_path(places[0], TASK)).contains("attempts: 0"), "an attempt was counted");
    scene.w.holds_the_laws();
    cycle
}

pub(crate) fn a_limit_in_the_middle_costs_no_attempt_and_when_it_is_over_the_session_goes_on(scene: &Scene) {
    // Some would wait for its end without a word.
    scene.limits("patience: 10s, grace: 2s");
    scene.once([run("echo half > half.txt"), Step::Limited { seconds: 5400 }]);
    let cycle = costs_nothing(scene, "rate_limited");
    assert!(cycle["session_id"].is_string(), "{cycle:#}");
    scene.w.at_commit(&format!("refs/swarm/salvage/{TASK}/1")).has("half.txt");
    scene.w.base().lacks("half.txt");
    let file = format!(".swarm/providers/{}.json", scene.cli.provider());
    let mut parked: Value = serde_json::from_str(&scene.w.read(&file)).expect("JSON");
    let [since, until] =
        ["since", "until"].map(|key| parked[key].as_str().expect("a moment").parse().expect("a moment"));
    let pause = Timestamp::duration_until(since, until).as_secs();
    let told = 5300..5500;
    assert_eq!(told.contains(&pause), scene.cli.tells_when_a_limit_ends(), "{pause} s: {parked}");
    // The time passes.
    parked["until"] = "2000-01-01T00:00:00Z".into();
    scene.w.write(&file, parked.to_string());
    scene.w.swarm(["retry", TASK]).code(0);
    scene.drain([run(COMMIT), say(READY)]).code(0).says("provider_resumed");
    is_merged(scene);
    scene.w.base().has("half.txt");
    let last = scene.model.asked().pop().expect("a request").to_string();
    assert!(last.contains(BODY) && last.contains("was interrupted"), "{last}");
}

pub(crate) fn a_limit_of_a_second_is_waited_for_by_the_agent_itself(scene: &Scene) {
    scene.drain([Step::Limited { seconds: 1 }, run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    scene.only_cycle();
}

pub(crate) fn a_provider_with_too_much_to_do_costs_no_attempt(scene: &Scene) {
    // They ask again for minutes.
    scene.limits("timeout: 45s");
    scene.once([Step::Overloaded]);
    costs_nothing(scene, "infra");
}
