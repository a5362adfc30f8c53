//! A turn in which an author mends his work and that ends badly: what he wrote in it is kept, as in any other.

use crate::harness::Workspace;

/// How a turn ends, and the outcome of its cycle.
const ENDS: [(&str, &str, &str); 5] = [
    ("fails", "exit 3", "agent_error"),
    ("dies", "kill -9 $$", "agent_error"),
    ("hangs", "sleep 600", "timeout"),
    ("asks", "echo 'NEEDS_INPUT: which?'", "needs_input"),
    ("gives-up", "echo 'REPLAN: no'", "replan"),
];

/// What the turn of a mending writes before it ends so: one file committed, one not.
fn mending(end: &str) -> String {
    format!("echo x > committed.txt\ngit add committed.txt\ngit commit -q -m mended || true\necho y > loose.txt\n{end}")
}

fn settings(w: &Workspace, more: &str) {
    w.config(&format!(
        "workers: [{{agent: author}}]\nlimits: {{attempts: 1, infra: 1, backoff: 0s, silence: 2s}}\n{more}"
    ));
}

#[test]
fn what_a_fix_wrote_before_it_ended_badly_is_kept() {
    for (name, end, outcome) in ENDS {
        let w = Workspace::new();
        settings(&w, "reviewer: judge\n");
        let fix = mending(end);
        w.author("author", &format!("case $told in *'do more'*)\n{fix}\n;; *) echo a > a.txt; ready ;; esac"));
        w.forgetful("judge", "echo '- [blocking] a.txt:1 do more'\necho 'VERDICT: NEEDS_CHANGES'");
        w.file("work", "# Work\n");
        w.start(["--drain"]).code(1);
        let cycle = &w.cycles_of("work")[0];
        assert_eq!(cycle["outcome"], outcome, "{name}: {cycle:#}");
        w.is_in("blocked", "work");
        w.at_commit("refs/swarm/salvage/work/1").has("a.txt").has("committed.txt").has("loose.txt");
        w.base().lacks("a.txt");
        w.holds_the_laws();
    }
}

#[test]
fn what_a_resolution_wrote_before_it_ended_badly_is_kept() {
    for (name, end, outcome) in ENDS {
        let w = Workspace::new();
        w.write("line.txt", "start\n");
        w.commit("A line");
        settings(&w, "");
        // The first turn ends when the base has gone on.
        let first = format!("echo mine > line.txt\n{}\n{}\nready", w.gives("begun"), w.awaits("moved"));
        let resolve = mending(end).replace("git add committed.txt", "git add -A");
        w.author("author", &format!("case $told in *contradicts*)\n{resolve}\n;; *)\n{first}\n;; esac"));
        w.file("work", "# Work\n");
        let swarm = w.start_in_background(["--drain"]);
        w.wait_for_sign("begun");
        w.write("line.txt", "theirs\n");
        w.commit("The line is another");
        w.give("moved");
        swarm.wait().code(1);
        let cycle = &w.cycles_of("work")[0];
        assert_eq!(cycle["outcome"], outcome, "{name}: {cycle:#}");
        w.is_in("blocked", "work");
        w.at_commit("refs/swarm/salvage/work/1").has("committed.txt").has("loose.txt");
        assert_eq!(w.base().read("line.txt"), "theirs");
        w.holds_the_laws();
    }
}

#[test]
fn the_answer_to_a_question_in_a_fix_finds_the_files_of_the_fix() {
    let w = Workspace::new();
    settings(&w, "reviewer: judge\n");
    w.author(
        "author",
        "case $told in\n\
         *green*) test -e half.txt; echo green > colour.txt; ready ;;\n\
         *'no colour'*) echo h > half.txt; echo 'NEEDS_INPUT: which colour?' ;;\n\
         *) echo a > a.txt; ready ;;\n\
         esac",
    );
    w.forgetful(
        "judge",
        "test -e colour.txt && echo 'VERDICT: APPROVED' || { echo '- [blocking] no colour'; echo 'VERDICT: NEEDS_CHANGES'; }",
    );
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(1);
    w.swarm(["comment", "work", "green"]).code(0);
    w.start(["--drain"]).code(0);
    w.base().has("a.txt").has("half.txt").has("colour.txt");
    w.holds_the_laws();
}
