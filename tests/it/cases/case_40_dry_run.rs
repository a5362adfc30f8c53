//! A dry run changes not one byte.

use std::fs;

use crate::harness::Workspace;

#[test]
fn a_dry_run_names_what_would_be_claimed_in_order_and_changes_not_one_byte() {
    let w = Workspace::new();
    w.task("done", "echo done > done.txt");
    w.start(["--drain"]).code(0);
    w.task_with("later", "priority: 3", "true");
    w.task_with("sooner", "priority: 0", "true");
    w.task_with("waits", "depends_on: [later]", "true");
    w.file("broken", "---\npriority: [\n---\n");
    w.task("left-over", "true");
    w.move_task("left-over", "pending", "current");
    w.write("README.md", "Changed by the user.\n");
    let before = w.everything();
    for flags in
        [&["start", "--dry-run"][..], &["start", "--dry-run", "--json"], &["start", "--dry-run", "-n", "8", "--drain"]]
    {
        let ended = w.swarm(flags);
        ended.code(0).says("waits").says("tasks/pending/broken.md");
        let (sooner, later) = (ended.stdout.find("sooner"), ended.stdout.find("later"));
        assert!(sooner.is_some() && sooner < later, "{ended}");
        before.is_unchanged(&w.everything());
    }
}

#[test]
fn a_dry_run_where_nothing_was_made_yet_makes_nothing() {
    let w = Workspace::new();
    for folder in ["tasks", "runs", ".swarm"] {
        fs::remove_dir_all(w.path(folder)).expect("remove a folder");
    }
    let before = w.everything();
    w.swarm(["start", "--dry-run"]).code(0);
    before.is_unchanged(&w.everything());
    assert!(!w.path("tasks").exists());
}
