//! What a person decides: approvals, answers, and what he has put aside.

use crate::harness::Workspace;

fn steps(w: &Workspace, id: &str) -> Vec<String> {
    let cycle = w.cycles_of(id).pop().expect("a cycle");
    let word = |step: &serde_json::Value| format!("{} {}", step["step"], step["result"]).replace('"', "");
    cycle["steps"].as_array().expect("steps").iter().map(word).collect()
}

#[test]
fn what_a_person_approves_is_merged_without_its_agent() {
    let w = Workspace::new();
    w.config("verify: [test ! -e broken.txt]\n");
    w.task_with("work", "review: human", "echo x > x.txt");
    w.start(["--drain"]).code(1);
    let text = w.is_in("review", "work");
    assert!(text.contains("swarm approve work"), "{text}");
    w.swarm(["approve", "work"]).code(0).says("approved as");
    w.start(["--drain"]).code(0);
    assert_eq!(steps(&w, "work"), ["integrate ok"], "its tree has passed the gates already");
    w.base().has("x.txt");
    assert!(!w.is_in("complete", "work").contains("ready: true"));
    w.holds_the_laws();
}

#[test]
fn a_protected_path_waits_for_a_person_and_his_word_lets_it_in() {
    let w = Workspace::new();
    w.task("work", "mkdir -p config && echo x > config/x.txt");
    w.start(["--drain"]).code(1);
    w.is_in("review", "work");
    w.base().lacks("config/x.txt");
    w.swarm(["approve", "work"]).code(0);
    w.start(["--drain"]).code(0);
    w.base().has("config/x.txt");
    w.holds_the_laws();
}

#[test]
fn work_that_has_changed_since_a_persons_word_needs_another() {
    let w = Workspace::new();
    w.write("words.txt", "start\n");
    w.commit("words");
    w.config("workers: [{agent: author}]\n");
    w.author(
        "author",
        "case $told in *contradicts*) printf 'mine\\nbase\\n' > words.txt ;; *) echo mine > words.txt ;; esac\nready",
    );
    w.file("work", "---\nreview: human\n---\n# Work\n");
    w.start(["--drain"]).code(1);
    w.write("words.txt", "base\n");
    w.commit("the base goes on");
    w.swarm(["approve", "work"]).code(0);
    w.start(["--drain"]).code(1);
    w.is_in("review", "work");
    assert_eq!(steps(&w, "work"), ["integrate conflict", "resolve ok"]);
    w.swarm(["approve", "work"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:words.txt"]), "mine\nbase");
    w.holds_the_laws();
}

#[test]
fn only_finished_work_for_the_task_as_it_is_can_be_approved() {
    let w = Workspace::new();
    w.task_with("work", "review: human", "echo x > x.txt");
    w.swarm(["approve", "work"]).code(1).says("work is in pending/").says("only what waits in review/");
    w.swarm(["approve", "nobody"]).code(1).says("there is no task nobody");
    w.start(["--drain"]).code(1);
    let text = w.is_in("review", "work").replace("# Do work", "# Do something else");
    std::fs::write(w.task_path("review", "work"), text).expect("write");
    w.swarm(["approve", "work"]).code(1).says("the task has changed since the work was made");
    w.is_in("review", "work");
}

#[test]
fn a_retry_with_a_comment_goes_on_in_the_session_whose_work_waits() {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\n");
    w.author("author", "echo $going_on >> log.txt\ncase $told in *bigger*) echo big > size.txt ;; esac\nready");
    w.file("work", "---\nreview: human\n---\n# Work\n");
    w.start(["--drain"]).code(1);
    w.swarm(["comment", "work", "bigger, please"]).code(0).says("review");
    w.is_in("review", "work");
    w.swarm(["retry", "work"]).code(0);
    w.start(["--drain"]).code(1);
    w.swarm(["approve", "work"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(w.git(["show", "trunk:log.txt"]), "no\nyes");
    w.base().has("size.txt");
    w.holds_the_laws();
}

#[test]
fn an_answer_brings_a_blocked_task_back_at_once_and_a_held_one_stays() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    w.task("work", "test -e \"$HOME/mended\" && echo x > x.txt");
    w.start(["--drain"]).code(1);
    w.swarm(["hold", "work"]).code(0);
    std::fs::write(w.outside().join("home/mended"), "").expect("write");
    w.swarm(["comment", "work", "mended"]).code(0).says("blocked → pending");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    w.task("aside", "echo y > y.txt");
    w.swarm(["hold", "aside"]).code(0);
    w.swarm(["comment", "aside", "not yet"]).code(0).says("comment added (blocked)");
    w.is_in("blocked", "aside");
}

#[test]
fn a_running_swarm_hears_an_answer_that_an_editor_wrote_and_a_start_one_from_before() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1}\nworkers: [{agent: author}]\n");
    w.author(
        "author",
        "case $told in *green*) echo green > door.txt; ready ;; *) echo 'NEEDS_INPUT: which colour?' ;; esac",
    );
    w.file("one", "# Paint\n");
    let mut swarm = w.start_in_background([]);
    swarm.wait_for_event(|event| event.moves("one", "blocked"));
    let answer = |id: &str| {
        let path = w.task_path("blocked", id);
        let text = std::fs::read_to_string(&path).expect("read");
        // As an editor does: written beside, and renamed over it.
        let beside = w.path("tasks/blocked/.one.swp");
        std::fs::write(&beside, format!("{}\n### 2026-11-20T10:00:00Z human\n\ngreen\n", text.trim_end()))
            .expect("write");
        std::fs::rename(beside, path).expect("rename");
    };
    answer("one");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    w.swarm(["stop"]).code(0);
    swarm.wait().code(0);

    w.file("two", "# Paint\n");
    w.start(["--drain"]).code(1);
    answer("two");
    w.start(["--drain"]).code(1);
    // The door is green already.
    assert!(w.is_in("blocked", "two").contains("changed nothing"));
    w.holds_the_laws();
}
