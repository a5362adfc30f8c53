//! The ways in which an agent's program ends.

use crate::scene::{Scene, TASK};
use crate::server::{Step, run, say};
use crate::work::{COMMIT, READY, is_merged};

/// It ended so, the attempt counts, and what it wrote is kept and not on the base.
#[track_caller]
fn is_kept_after(scene: &Scene, outcome: &str, file: &str) {
    let cycle = scene.only_cycle();
    assert_eq!(cycle["outcome"], outcome, "{cycle:#}");
    assert!(scene.w.is_in("blocked", TASK).contains("attempts: 1"), "the attempt was not counted");
    scene.w.at_commit(&format!("refs/swarm/salvage/{TASK}/1")).has(file);
    scene.w.base().lacks(file);
    scene.w.holds_the_laws();
}

pub(crate) fn one_that_leaves_a_process_in_a_session_of_its_own_is_merged_and_the_process_ended(scene: &Scene) {
    let leaves = format!("setsid sleep 613 >/dev/null 2>&1 & {COMMIT}");
    scene.drain([run(&leaves), say(READY)]).code(0);
    is_merged(scene);
}

pub(crate) fn one_whose_command_prints_many_odd_bytes_is_merged(scene: &Scene) {
    let bytes = scene.cli.harmless_bytes();
    let floods = format!("head -c {bytes} /dev/urandom; printf '\\377\\n'; {COMMIT}");
    scene.drain([run(&floods), say(READY)]).code(0);
    is_merged(scene);
}

pub(crate) fn one_that_fails_after_a_good_commit_has_its_commit_kept(scene: &Scene) {
    scene.drain([run(COMMIT), Step::Refused]).code(1);
    is_kept_after(scene, "agent_error", "house.txt");
}

pub(crate) fn one_that_is_killed_has_its_files_kept(scene: &Scene) {
    scene.drain([run("echo half > half.txt; kill -9 $PPID; sleep 613")]).code(1);
    is_kept_after(scene, "agent_error", "half.txt");
}

pub(crate) fn one_that_is_ready_and_has_changed_nothing_is_not_merged(scene: &Scene) {
    scene.drain([say(READY)]).code(1);
    let cycle = scene.only_cycle();
    assert_eq!(cycle["outcome"], "no_change", "{cycle:#}");
    scene.w.holds_the_laws();
}

pub(crate) fn one_whose_answer_breaks_off_once_goes_on(scene: &Scene) {
    scene.drain([Step::Breaks, run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    scene.only_cycle();
}
