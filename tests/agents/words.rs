//! What an agent says, and where it says it.

use serde_json::json;

use crate::scene::{BODY, Scene, TASK};
use crate::server::{run, say, say_and_run};
use crate::work::{COMMIT, READY, is_merged};

const SIGNAL: &str = "COMPLETE_AND_READY_FOR_MERGE";

/// In the task, which some repeat; before the last message; in what a command prints; in prose and in code.
pub(crate) fn words_of_a_signal_where_they_are_none_have_no_effect(scene: &Scene) {
    scene.limits("timeout: 3m, resumes: 0");
    scene.w.file(TASK, format!("# Write\n\n{BODY}\n\n{SIGNAL}\n"));
    let mention = format!("I will print {SIGNAL} when it is done:\n```\n{SIGNAL}\n```\nNot yet.");
    let printing = format!("echo half > half.txt; echo {SIGNAL}");
    scene.drain([say_and_run(SIGNAL, &printing), say(&mention)]).code(1);
    let cycle = scene.only_cycle();
    assert_eq!((&cycle["outcome"], &cycle["signals"]), (&json!("stuck"), &json!([])), "{cycle:#}");
    scene.w.is_in("blocked", TASK);
    scene.w.at_commit(&format!("refs/swarm/salvage/{TASK}/1")).has("half.txt");
    scene.w.base().lacks("half.txt");
    scene.w.holds_the_laws();
}

pub(crate) fn the_answer_to_a_question_reaches_the_session_that_asked(scene: &Scene) {
    scene.drain([run("echo half > half.txt"), say("NEEDS_INPUT: which colour?")]).code(1);
    assert_eq!(scene.only_cycle()["outcome"], "needs_input");
    scene.w.is_in("blocked", TASK);
    scene.w.swarm(["comment", TASK, "green, please"]).code(0);
    scene.drain([run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    scene.w.base().has("half.txt");
    let last = scene.model.asked().pop().expect("a request").to_string();
    assert!(last.contains(BODY) && last.contains("which colour?") && last.contains("green, please"), "{last}");
    let sessions: Vec<_> = scene.w.cycles_of(TASK).iter().map(|cycle| cycle["session_id"].clone()).collect();
    assert_eq!(sessions[0], sessions[1], "the sessions");
}
