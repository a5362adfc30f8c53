//! Models that do not do what they are asked.

use serde_json::json;

use crate::scene::{BODY, Scene, TASK};
use crate::server::{Step, run, say};
use crate::work::{COMMIT, READY, is_merged};

pub(crate) fn a_model_that_does_not_exist_costs_no_attempt(scene: &Scene) {
    scene.once([Step::NoModel]);
    let cycle = scene.only_cycle();
    assert_eq!(cycle["outcome"], json!("infra"), "{cycle:#}");
    assert!(cycle["reason"].as_str().is_some_and(|reason| reason.contains("no such model")), "{cycle:#}");
    assert!(scene.w.is_in("blocked", TASK).contains("attempts: 0"), "an attempt was counted");
    scene.w.holds_the_laws();
}

pub(crate) fn a_session_that_is_too_long_is_made_shorter_or_followed_by_one_that_finds_its_files(scene: &Scene) {
    scene.drain([run("echo half > half.txt"), say("NEEDS_INPUT: which colour?")]).code(1);
    scene.w.swarm(["comment", TASK, "green, please"]).code(0);
    let refusals = std::iter::repeat_n(Step::TooLong, scene.cli.asks_in_vain());
    let ended = scene.drain(refusals.chain([run(COMMIT), say(READY)]));
    ended.code(0);
    is_merged(scene);
    scene.w.base().has("half.txt");
    if !scene.cli.shortens_its_sessions() {
        ended.says("it is begun afresh");
        let told = scene.w.last_run().read("prompts/w0-c1-implement-2.md");
        assert!(told.contains(BODY) && told.contains("green, please"), "{told}");
    }
}
