//! What workers are: executors that make no tasks, planners that make nothing else, agents that pick their own tasks,
//! and pauses between cycles.

use crate::harness::Workspace;

#[test]
fn an_executor_has_no_outbox_and_is_told_to_make_no_tasks() {
    let w = Workspace::new();
    w.config("workers: [{agent: does, role: executor}]\n");
    // It makes a folder of that name all the same: nothing in it becomes a task, or a part of the work.
    w.author(
        "does",
        "echo ${SWARM_OUTBOX-none} > outbox.txt\nmkdir -p .swarm-outbox\necho '# More' > .swarm-outbox/more.md\nready",
    );
    w.file("work", "# Dig\n");
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:outbox.txt"]), "none");
    assert!(w.whereabouts("more").is_empty());
    w.base().lacks(".swarm-outbox/more.md");
    let told = w.last_run().read("prompts/w0-c1-implement.md");
    assert!(told.contains("make no new tasks") && !told.contains("OUTBOX"), "{told}");
    assert_eq!(w.last_run().json("started.json")["roles"], serde_json::json!(["executor"]));
    assert_eq!(w.cycles_of("work")[0]["created"], serde_json::json!([]));
    w.holds_the_laws();
}
