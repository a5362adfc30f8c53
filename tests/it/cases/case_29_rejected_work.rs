//! What was rejected never comes to the base with the work of another task in the same worktree.

use crate::harness::Workspace;

/// Everything a bad author can leave behind: commits, staged and loose files, branches, a stash, ignored litter.
const BAD: &str = "echo r > rejected.txt\ngit add -A\ngit commit -q --allow-empty -m rejected\ngit branch -q -f rejected-branch\n\
    echo s > rejected-stash.txt\ngit add -A\ngit stash -q\n\
    echo i > rejected-staged.txt\ngit add rejected-staged.txt\nmkdir -p rejected-folder\necho l > rejected-folder/loose.txt\n\
    echo spoilt > README.md";

fn has_nothing_rejected(w: &Workspace) {
    let bad: Vec<String> = w.base().files().into_iter().filter(|file| file.contains("rejected")).collect();
    assert_eq!(bad, <[&str; 0]>::default());
    assert_eq!(w.base().read("README.md"), "A small house.");
}

/// The reviewer refuses whatever the task `bad` has made.
fn reviewed(rounds: u32) -> Workspace {
    let w = Workspace::new();
    w.config(&format!(
        "workers: [{{agent: author}}]\nreviewer: {{agent: judge, rounds: {rounds}}}\nlimits: {{attempts: 1, backoff: 0s}}\n"
    ));
    w.author(
        "author",
        &format!("case $SWARM_TASK in *bad) {BAD}\n;; *) echo $SWARM_TASK > $SWARM_TASK.txt ;; esac\nready"),
    );
    w.forgetful(
        "judge",
        "case $SWARM_TASK in *bad) echo '- [blocking] rejected.txt:1 no'; echo 'VERDICT: NEEDS_CHANGES' ;;\n\
         *) test -z \"$(ls | grep rejected)\" && echo 'VERDICT: APPROVED' ;; esac",
    );
    w
}

#[test]
fn the_next_task_in_the_same_worktree_brings_nothing_of_it() {
    for rounds in [1, 2] {
        let w = reviewed(rounds);
        w.file("a-bad", "---\npriority: 0\n---\n# Bad\n");
        w.file("b-fine", "# Fine\n");
        w.file("c-fine", "# Fine too\n");
        w.start(["--drain", "-n", "1"]).code(1);
        let slots: Vec<_> = w.cycles().iter().map(|cycle| cycle["slot"].clone()).collect();
        assert!(slots.windows(2).all(|two| two[0] == two[1]), "one worktree for all: {slots:?}");
        assert_eq!(w.cycles_of("a-bad")[0]["outcome"], "rejected");
        w.is_in("blocked", "a-bad");
        has_nothing_rejected(&w);
        w.base().has("b-fine.txt").has("c-fine.txt");
        // Kept, all of it that is not a branch of its own.
        let kept = w.at_commit("refs/swarm/salvage/a-bad/1");
        kept.has("rejected.txt").has("rejected-staged.txt").has("rejected-folder/loose.txt");
        w.git(["fsck", "--full", "--strict", "--no-progress"]);
        w.complete_means_merged();
    }
}

#[test]
fn neither_does_a_second_run_nor_the_next_attempt_at_the_same_task() {
    let w = reviewed(1);
    w.file("bad", "# Bad\n");
    w.start(["--drain"]).code(1);
    w.file("fine", "# Fine\n");
    w.start(["--drain"]).code(0);
    has_nothing_rejected(&w);
    // Mended by another text: what was rejected is not where the new attempt begins.
    w.author("author", "test -z \"$(git ls-files | grep rejected)\"\necho good > good.txt\nready");
    w.forgetful("judge", "echo 'VERDICT: APPROVED'");
    w.swarm(["retry", "bad"]).code(0);
    w.start(["--drain"]).code(0);
    has_nothing_rejected(&w);
    w.base().has("good.txt");
}

#[test]
fn work_that_a_person_sends_back_or_gives_up_stays_out() {
    let w = Workspace::new();
    w.task_with("a-waits", "review: human\npriority: 0", "echo r > rejected.txt");
    w.task("b-fine", "echo fine > fine.txt");
    w.start(["--drain", "-n", "1"]).code(1);
    w.is_in("review", "a-waits");
    w.move_task("a-waits", "review", "blocked");
    w.task("c-fine", "echo more > more.txt");
    w.start(["--drain", "-n", "1"]).code(0);
    has_nothing_rejected(&w);
    w.base().has("fine.txt").has("more.txt");
    w.holds_the_laws();
}
