//! Work that contradicts what has come to the base meanwhile goes back to its author.

use crate::harness::Workspace;

/// Two tasks that write another word into the same line; the second is held until the first has landed.
fn contradicting(resolves: &str) -> Workspace {
    let w = Workspace::new();
    w.config(
        "workers: [{agent: author}]\nlimits: {attempts: 1, backoff: 0s}\nverify: [\"! grep -q WRONG words.txt\"]\n",
    );
    w.write("words.txt", "start\n");
    w.commit("words");
    let held = format!("test $SWARM_TASK = one || {}", w.awaits("landed"));
    w.author(
        "author",
        &format!(
            "case $told in *contradicts*)\n{resolves}\n;; *) echo $SWARM_TASK > words.txt\n{held}\n;; esac\nready"
        ),
    );
    w.file("one", "# One\n");
    w.file("two", "# Two\n");
    w
}

/// Runs both; the second begins before the first has landed.
fn run_both(w: &Workspace, code: i32) {
    let mut swarm = w.start_in_background(["--drain", "-n", "2"]);
    swarm.wait_for_event(|event| event.is("task_moved") && event.text("task") == "one");
    w.give("landed");
    swarm.wait().code(code);
}

fn steps(w: &Workspace, id: &str) -> Vec<String> {
    let cycle = w.cycles_of(id).pop().expect("a cycle");
    let word = |step: &serde_json::Value| format!("{} {}", step["step"], step["result"]).replace('"', "");
    cycle["steps"].as_array().expect("steps").iter().map(word).collect()
}

#[test]
fn the_author_resolves_it_in_his_own_session_with_all_three_sides() {
    let w = contradicting("cp words.txt seen.txt\nprintf 'one\\ntwo\\n' > words.txt");
    run_both(&w, 0);
    assert_eq!(
        steps(&w, "two"),
        ["implement ok", "verify ok", "integrate conflict", "resolve ok", "verify ok", "integrate ok"]
    );
    assert_eq!(w.git(["show", "trunk:words.txt"]), "one\ntwo");
    let seen = w.git(["show", "trunk:seen.txt"]);
    for side in ["one", "two", "start", "<<<<<<<", "|||||||", ">>>>>>>"] {
        assert!(seen.contains(side), "{side}: {seen}");
    }
    let told =
        w.last_run().read(&format!("prompts/{}-c1-resolve.md", w.cycles_of("two")[0]["worker"].as_str().unwrap()));
    for part in ["- words.txt", "One", "M\twords.txt"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(w.base().commits_of("two").len(), 1);
    w.holds_the_laws();
}

#[test]
fn a_resolution_that_breaks_the_gates_is_not_merged() {
    let w = contradicting("echo WRONG > words.txt");
    run_both(&w, 1);
    assert_eq!(w.cycles_of("two").pop().expect("a cycle")["outcome"], "verify_failed");
    assert_eq!(w.git(["show", "trunk:words.txt"]), "one");
    w.is_in("blocked", "two");
    w.holds_the_laws();
}

#[test]
fn marks_that_are_left_or_committed_are_no_resolution_and_the_tries_are_bounded() {
    for leaves in ["true", "git add -A && git commit -q -m done"] {
        let w = contradicting(leaves);
        run_both(&w, 1);
        let cycle = w.cycles_of("two").pop().expect("a cycle");
        assert_eq!(cycle["outcome"], "conflict");
        assert_eq!(steps(&w, "two").iter().filter(|step| step.starts_with("resolve")).count(), 3);
        assert_eq!(w.git(["show", "trunk:words.txt"]), "one");
        let worker = cycle["worker"].as_str().expect("a worker");
        assert!(
            w.last_run()
                .read(&format!("prompts/{worker}-c1-resolve-2.md"))
                .contains("left these unresolved: words.txt")
        );
        let text = w.is_in("blocked", "two");
        assert!(text.contains("contradicts"), "{text}");
        w.at_commit("refs/swarm/salvage/two/1").has("words.txt");
        w.holds_the_laws();
    }
}

#[test]
fn a_merge_that_the_author_takes_back_is_a_conflict_again() {
    let w = contradicting("git merge --abort");
    run_both(&w, 1);
    assert_eq!(w.cycles_of("two").pop().expect("a cycle")["outcome"], "conflict");
    assert_eq!(w.git(["show", "trunk:words.txt"]), "one");
    w.holds_the_laws();
}

#[test]
fn an_author_may_put_his_work_on_top_of_the_base_instead() {
    let w = contradicting("git merge --abort\ngit reset -q --hard trunk\nprintf 'one\\ntwo\\n' > words.txt");
    run_both(&w, 0);
    assert_eq!(w.git(["show", "trunk:words.txt"]), "one\ntwo");
    w.holds_the_laws();
}

#[test]
fn what_comes_later_and_touches_the_same_waits_until_a_conflict_is_resolved() {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nlimits: {attempts: 1, resolves: 1}");
    w.write("words.txt", "start\n");
    w.commit("words");
    let held = format!(
        "case $SWARM_TASK in two) {};; esac\ncase $SWARM_TASK in other) echo x > other.txt;; *) echo $SWARM_TASK > words.txt;; esac",
        w.awaits("landed")
    );
    let resolve = format!(
        "case $SWARM_TASK in two) {};; esac\nsed -i -e '/^|||||||/,/^=======/d' -e '/^<<<<<<<\\|^>>>>>>>/d' words.txt",
        w.awaits("resolved")
    );
    w.author("author", &format!("case $told in *contradicts*)\n{resolve}\n;; *)\n{held}\n;; esac\nready"));
    w.file("one", "# One\n");
    w.file("two", "# Two\n");
    let mut swarm = w.start_in_background(["-n", "3"]);
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    w.give("landed");
    swarm.wait_for_event(|event| event.is("step_started") && event.task() == "two" && event.text("step") == "resolve");
    // It begins at the newest base and contradicts nothing there, but would contradict what is being resolved.
    w.file("three", "# Three\n");
    swarm.wait_for_event(|event| {
        event.is("step_started") && event.task() == "three" && event.text("step") == "integrate"
    });
    // Nobody else waits.
    w.file("other", "# Other\n");
    swarm.wait_for_event(|event| event.moves("other", "complete"));
    w.give("resolved");
    swarm.wait_for_event(|event| event.moves("three", "complete"));
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait().code(0);
    let landed = w.git(["show", "trunk:words.txt"]);
    assert!(["one", "two", "three"].iter().all(|word| landed.contains(word)), "{landed}");
    let resolves = |id| steps(&w, id).iter().filter(|step| step.starts_with("resolve")).count();
    assert_eq!([resolves("two"), resolves("three")], [1, 1]);
    w.holds_the_laws();
}

#[test]
fn work_that_its_author_throws_away_while_he_resolves_is_kept() {
    let w = contradicting(
        "git merge --abort\ngit reset -q --hard trunk\ngit reflog expire --expire=now --all\ngit gc -q --prune=now\nexit 1",
    );
    run_both(&w, 1);
    assert_eq!(w.at_commit("refs/swarm/salvage/two/1").read("words.txt"), "two");
    assert!(w.is_in("blocked", "two").contains("git show refs/swarm/salvage/two/1"));
    w.holds_the_laws();
}
