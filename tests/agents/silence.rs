//! Models and commands that hang: the agent is ended by the clock, and with it whatever it has started.

use crate::scene::{Scene, TASK};
use crate::server::{Step, run};

/// The clock ended it, the attempt counts, and nothing lives on.
#[track_caller]
fn is_ended_by_the_clock(scene: &Scene) {
    let cycle = scene.only_cycle();
    assert_eq!(cycle["outcome"], "timeout", "{cycle:#}");
    assert!(scene.w.is_in("blocked", TASK).contains("attempts: 1"), "the attempt was not counted");
    scene.w.holds_the_laws();
}

pub(crate) fn a_model_that_never_answers(scene: &Scene) {
    scene.limits(&format!("silence: {}s", scene.cli.longest_silence()));
    scene.drain([Step::Silent]).code(1);
    is_ended_by_the_clock(scene);
}

pub(crate) fn a_model_that_falls_silent_in_the_middle(scene: &Scene) {
    scene.limits(&format!("silence: {}s, start_silence: 1m", scene.cli.longest_silence()));
    scene.drain([run("echo half > half.txt"), Step::FallsSilent]).code(1);
    is_ended_by_the_clock(scene);
    scene.w.at_commit(&format!("refs/swarm/salvage/{TASK}/1")).has("half.txt");
}

pub(crate) fn a_command_that_hangs_with_a_process_in_a_session_of_its_own(scene: &Scene) {
    scene.limits(&format!("silence: {}s, start_silence: 1m", scene.cli.longest_silence()));
    let hangs = format!("setsid sleep 613 & {}; sleep 614", scene.w.gives("hangs"));
    scene.drain([run(&hangs)]).code(1);
    assert!(scene.w.sign("hangs").exists(), "the command has never run");
    is_ended_by_the_clock(scene);
}
