//! A cycle ends with the settings with which it began, whatever has been put in force meanwhile.

use crate::harness::{Event, Running, Workspace};

/// A swarm of one whose only task is at work; the settings in force change under it, and then it does the rest.
fn changed_in_the_middle<'a>(w: &'a Workspace, before: &str, after: &str, rest: &str) -> Running<'a> {
    w.config(before);
    w.task("one", &format!("{}\n{}\n{rest}", w.gives("begun"), w.awaits("go")));
    let mut swarm = w.start_in_background(["-n", "1"]);
    w.wait_for_sign("begun");
    change(w, &mut swarm, after);
    w.give("go");
    swarm
}

fn change(w: &Workspace, swarm: &mut Running<'_>, settings: &str) {
    let read = |event: &Event| event.is("settings_read");
    let before = swarm.events().into_iter().filter(read).count();
    w.config(settings);
    crate::harness::wait_until("the settings to be read", || swarm.events().into_iter().filter(read).count() > before);
}

fn moves(swarm: &mut Running<'_>, id: &str, to: &str) {
    let moved = |event: &Event| ["pending", "blocked", "complete"].iter().any(|to| event.moves(id, to));
    let event = swarm.wait_for_event(moved);
    assert!(event.moves(id, to), "{event:?}");
}

fn stop(w: &Workspace, swarm: Running<'_>) {
    w.swarm(["stop"]).code(0);
    swarm.wait();
    w.holds_the_laws();
}

#[test]
fn the_attempts_of_a_failed_task_are_counted_against_the_limit_that_it_began_with() {
    let w = Workspace::new();
    let mut swarm = changed_in_the_middle(&w, "limits: {attempts: 1}", "limits: {attempts: 5}", "exit 1");
    moves(&mut swarm, "one", "blocked");
    stop(&w, swarm);
}

#[test]
fn what_stays_in_the_worktree_between_gates_and_in_their_logs_is_as_it_was() {
    let w = Workspace::new();
    w.write(".gitignore", "cache/\n");
    w.commit("ignore");
    let gates =
        "verify: ['touch litter.txt; head -c 5000 /dev/zero | tr \"\\0\" x', 'test ! -e x.txt || test -e cache/x']";
    let after = format!("{gates}\nworktree: {{keep: []}}\nlimits: {{log_bytes: 1KB}}");
    let mut swarm = changed_in_the_middle(&w, gates, &after, "mkdir cache; touch cache/x; echo x > x.txt");
    moves(&mut swarm, "one", "complete");
    assert_eq!(w.last_run().read("logs/w0-c1-verify-1.log").len(), 5000);
    stop(&w, swarm);
}

#[test]
fn the_merge_queue_makes_its_worktree_ready_as_the_work_was_made() {
    let w = Workspace::new();
    w.write(".gitignore", "built/\n");
    w.commit("ignore");
    let with = |word: &str| {
        format!(
            "integrate: {{verify: always}}\nverify: ['test ! -e x.txt || grep A built/which']\n\
             worktree: {{setup: ['mkdir -p built; echo {word} > built/which']}}"
        )
    };
    let mut swarm = changed_in_the_middle(&w, &with("A"), &with("B"), "echo x > x.txt");
    moves(&mut swarm, "one", "complete");
    stop(&w, swarm);
}

/// Nothing lies in a worktree any more that the next cycle's settings do not keep, even if it need not be moved.
#[test]
fn the_next_cycle_begins_in_a_worktree_that_its_own_settings_have_cleaned() {
    let w = Workspace::new();
    w.write(".gitignore", "gone/\n");
    w.commit("ignore");
    let begin = "limits: {attempts: 1}";
    let clean = "limits: {attempts: 1}\nworktree: {keep: []}";
    let mut swarm = changed_in_the_middle(&w, begin, clean, "mkdir gone; touch gone/x; echo x > x.txt; exit 1");
    moves(&mut swarm, "one", "blocked");
    w.task("two", "ls > seen.txt");
    moves(&mut swarm, "two", "complete");
    assert_eq!(w.base().read("seen.txt"), "README.md\nseen.txt");
    stop(&w, swarm);
}
