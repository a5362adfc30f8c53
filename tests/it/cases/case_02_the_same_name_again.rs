//! A file of the same name lies where a task is to go: nothing is overwritten, and it is said.

use crate::harness::Workspace;

#[test]
fn a_new_task_of_an_agent_whose_name_is_taken_is_kept_beside_the_records() {
    let w = Workspace::new();
    w.task_with("taken", "not_before: 2999-01-01T00:00:00Z", "echo mine > mine.txt");
    let mine = w.read(w.task_path("pending", "taken"));
    w.task(
        "author",
        "printf '# Free\\n' > $SWARM_OUTBOX/free.md\nprintf '# Taken\\n' > $SWARM_OUTBOX/taken.md\necho x > x.txt",
    );
    w.start(["--task", "author", "--drain"]).code(0).says("taken.md");
    assert_eq!(w.is_in("pending", "taken"), mine);
    assert_eq!(w.is_in("pending", "free"), "# Free\n");
    assert_eq!(w.last_run().read("outbox/taken.md"), "# Taken\n");
    assert_eq!(w.cycles_of("author")[0]["created"], serde_json::json!(["free"]));
    w.base().has("x.txt").lacks(".swarm-outbox/free.md");
}
