//! A swarm that is killed while its agent runs a command.

use crate::scene::{BODY, Scene};
use crate::server::{run, say};
use crate::work::{COMMIT, READY, is_merged};

pub(crate) fn a_swarm_killed_in_the_middle_of_a_command_is_followed_by_one_that_merges_once(scene: &Scene) {
    let hangs = format!("echo half > half.txt; setsid sleep 613 & {}; sleep 614", scene.w.gives("half"));
    let swarm = scene.begin([run(&hangs)]);
    scene.wait_for_sign("half");
    assert!(swarm.kill_9().was_killed());
    scene.drain([run(COMMIT), say(READY)]).code(0);
    is_merged(scene);
    // It goes on in its session: it is told what is new, knows the rest, and finds its files.
    scene.w.base().has("half.txt");
    let told = scene.w.last_run().read("prompts/w0-c1-implement.md");
    assert!(told.contains("was interrupted") && !told.contains(BODY), "{told}");
    let last = scene.model.asked().pop().expect("a request").to_string();
    assert!(last.contains(BODY) && last.contains("was interrupted"), "{last}");
}
