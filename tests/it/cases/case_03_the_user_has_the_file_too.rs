//! The user edits, replaces, deletes or moves a task's file while a worker has it: the user wins.

use std::fs;

use swarm::os::files::edit_durably;

use crate::harness::{Running, Workspace};

/// A workspace in which an agent works on the task `held` until the sign `go`, then changes `done.txt`.
fn with_a_task_in_work(w: &Workspace) -> Running<'_> {
    let (begun, go) = (w.gives("begun"), w.awaits("go"));
    w.task("held", &format!("echo half > half.txt\n{begun}\n{go}\necho done > done.txt"));
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("begun");
    swarm
}

#[test]
fn an_edit_in_place_is_kept_beside_the_outcome() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    let edited = w.read(w.task_path("current", "held")) + "\nA word of the user's.\n";
    fs::write(w.task_path("current", "held"), &edited).expect("edit");
    w.give("go");
    swarm.wait().code(0);
    let text = w.is_in("complete", "held");
    assert!(text.ends_with(&edited), "{text}");
    assert!(text.contains("outcome: merged"), "{text}");
    w.holds_the_laws();
}

#[test]
fn a_file_that_an_editor_replaces_by_a_rename_is_kept() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    w.write("tasks/current/.held.md.swp", "# Another text\n");
    fs::rename(w.path("tasks/current/.held.md.swp"), w.task_path("current", "held")).expect("save");
    w.give("go");
    swarm.wait().code(0);
    assert!(w.is_in("complete", "held").ends_with("# Another text\n"));
    w.base().has("done.txt");
    w.holds_the_laws();
}

#[test]
fn an_edit_that_breaks_the_front_matter_is_kept_and_the_work_is_merged() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    let broken = "---\npriority: [\n---\n# Broken\n";
    fs::write(w.task_path("current", "held"), broken).expect("edit");
    w.give("go");
    swarm.wait();
    assert_eq!(w.is_in("complete", "held"), broken);
    w.base().has("done.txt");
    w.holds_the_laws();
}

#[test]
fn a_deleted_file_ends_the_attempt_and_stays_deleted() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    fs::remove_file(w.task_path("current", "held")).expect("delete");
    swarm.wait();
    assert_eq!(w.whereabouts("held"), <[&str; 0]>::default());
    assert_eq!(w.cycles_of("held")[0]["outcome"], "cancelled");
    w.at_commit("refs/swarm/salvage/held/1").has("half.txt").lacks("done.txt");
    w.base().lacks("half.txt");
    w.holds_the_laws();
}

#[test]
fn a_file_moved_to_blocked_ends_the_attempt_and_stays_there() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    w.move_task("held", "current", "blocked");
    swarm.wait();
    assert!(w.is_in("blocked", "held").contains("outcome: cancelled"));
    assert_eq!(w.cycles_of("held")[0]["outcome"], "cancelled");
    w.at_commit("refs/swarm/salvage/held/1").has("half.txt").lacks("done.txt");
    w.holds_the_laws();
}

#[test]
fn the_command_cancel_does_the_same() {
    let w = Workspace::new();
    let swarm = with_a_task_in_work(&w);
    w.swarm(["cancel", "held"]).code(0);
    swarm.wait();
    w.is_in("blocked", "held");
    assert_eq!(w.cycles_of("held")[0]["outcome"], "cancelled");
    w.holds_the_laws();
}

#[test]
fn a_file_moved_back_to_pending_is_worked_on_anew_when_its_agent_is_gone() {
    let w = Workspace::new();
    let mut swarm = with_a_task_in_work(&w);
    w.move_task("held", "current", "pending");
    // The first attempt waits for the sign for ever: it can only have been ended.
    swarm.wait_for_event(|event| event.is_of("task_moved", "held") && event.text("outcome") == "cancelled");
    w.give("go");
    swarm.wait().code(0);
    w.is_in("complete", "held");
    let outcomes: Vec<String> = w.cycles_of("held").iter().map(|cycle| cycle["outcome"].to_string()).collect();
    assert_eq!(outcomes, ["\"cancelled\"", "\"merged\""]);
    w.holds_the_laws();
}

#[test]
fn a_file_renamed_to_another_task_ends_the_attempt_and_begins_that_task() {
    let w = Workspace::new();
    let mut swarm = with_a_task_in_work(&w);
    fs::rename(w.task_path("current", "held"), w.task_path("pending", "renamed")).expect("rename");
    swarm.wait_for_event(|event| event.begins("implement", "renamed"));
    w.give("go");
    swarm.wait();
    w.is_in("complete", "renamed");
    assert_eq!(w.whereabouts("held"), <[&str; 0]>::default());
    assert_eq!(w.cycles_of("held")[0]["outcome"], "cancelled");
    w.holds_the_laws();
}

#[test]
fn an_edit_of_ours_that_meets_a_save_of_the_users_keeps_both() {
    let w = Workspace::new();
    w.write("file", "old\n");
    let mut calls = 0;
    let edited = edit_durably(&w.path("file"), |bytes| {
        calls += 1;
        assert!(calls < 10, "it never ends");
        if calls == 1 {
            fs::write(w.path("file"), "the user's\n")?;
        }
        Ok::<_, std::io::Error>([bytes, b"a comment\n"].concat())
    });
    assert!(edited.expect("edit"));
    assert_eq!(w.read("file"), "the user's\na comment\n");
}
