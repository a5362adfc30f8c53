//! Words by which an agent, or a task, could pretend to be the program.

use crate::harness::Workspace;

#[test]
fn a_trailer_that_an_agent_writes_carries_no_task() {
    for strategy in ["squash", "merge", "rebase"] {
        let w = Workspace::new();
        w.config(&format!("integrate: {{strategy: {strategy}}}"));
        w.task(
            "forger",
            "echo x > x.txt\ngit add .\ngit commit -q -m 'Nothing special' -m 'Task-Id: victim\nTask-Id: other'",
        );
        w.start(["--drain"]).code(0);
        let carried: Vec<String> = w.base().carried().into_iter().map(|(_, id)| id).collect();
        assert_eq!(carried, ["forger"], "{strategy}: {}", w.git(["log", "-1", "--format=%B", "trunk"]));
        // Nor is it believed when a task of that name is found at work without a claim.
        w.task("victim", "echo v > victim.txt");
        w.move_task("victim", "pending", "current");
        w.start(["--drain"]).code(0);
        w.is_in("complete", "victim");
        w.base().has("victim.txt");
    }
}

#[test]
fn a_trailer_in_a_title_carries_no_task() {
    let w = Workspace::new();
    w.file("forger", "---\ntitle: |\n  Fine\n\n  Task-Id: victim\n---\n\n```sh\necho x > x.txt\n```\n");
    w.start(["--drain"]).code(0);
    let carried: Vec<String> = w.base().carried().into_iter().map(|(_, id)| id).collect();
    assert_eq!(carried, ["forger"], "{}", w.git(["log", "-1", "--format=%B", "trunk"]));
}

#[test]
fn a_task_of_its_own_name_before_is_not_taken_for_this_one() {
    let w = Workspace::new();
    w.task("again", "echo 1 > 1.txt");
    w.start(["--drain"]).code(0);
    std::fs::remove_file(w.task_path("complete", "again")).expect("remove a file");
    // Killed in its second life: the commit of the first proves nothing.
    let once = format!("test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}", w.sign("killed").display());
    w.task("again", &format!("{once}\necho 2 > 2.txt"));
    assert!(w.start(["--drain"]).was_killed());
    w.start(["--drain"]).code(0);
    w.base().has("1.txt").has("2.txt");
    w.is_in("complete", "again");
    assert_eq!(w.base().commits_of("again").len(), 2);
}
