//! What the settings change: worktrees, strategies, domains, filters, the outbox.

use crate::harness::Workspace;

#[test]
fn worktrees_are_set_up_once_and_get_what_git_ignores() {
    let w = Workspace::new();
    w.write(".gitignore", ".env\nbuild/\n");
    w.write(".env", "SECRET=1\n");
    w.commit("ignore");
    w.config("worktree: {setup: ['mkdir -p build && echo once >> build/setup'], copy: [.env]}\n");
    for id in ["one", "two"] {
        w.task(id, &format!("cat .env build/setup > {id}.txt"));
    }
    w.start(["--drain", "-n", "1"]).code(0);
    w.base().lacks(".env").lacks("build/setup");
    assert_eq!(w.base().read("two.txt"), "SECRET=1\nonce", "ignored files stay, and setup ran once");
    w.holds_the_laws();
}

#[test]
fn only_what_is_to_be_kept_stays_between_tasks() {
    let w = Workspace::new();
    w.write(".gitignore", "kept/\ngone/\n");
    w.commit("ignore");
    w.config("worktree: {keep: [kept]}\n");
    w.task_with("first", "priority: 0", "mkdir kept gone\ntouch kept/x gone/x\necho 1 > 1.txt");
    w.task("second", "ls > seen.txt");
    w.start(["--drain", "-n", "1"]).code(0);
    let seen = w.base().read("seen.txt");
    assert!(seen.contains("kept\n") && !seen.contains("gone\n"), "{seen}");
}

#[test]
fn a_secret_that_git_would_commit_is_not_copied() {
    let w = Workspace::new();
    w.write(".env", "SECRET=1\n");
    w.config("worktree: {copy: [.env]}\nlimits: {infra: 1}\n");
    w.task("one", "echo x > x.txt");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "one").contains("git does not ignore `.env`"));
}

#[test]
fn a_merge_keeps_the_agents_commits_beside_the_first_parent_line() {
    let w = Workspace::new();
    w.config("integrate: {strategy: merge}\n");
    w.task("two-steps", "echo 1 > 1.txt; git add .; git commit -qm one\necho 2 > 2.txt; git add .; git commit -qm two");
    w.start(["--drain"]).code(0);
    assert_eq!(w.base().commits_of("two-steps").len(), 1);
    let log = w.git(["log", "--format=%s", w.base_name()]);
    assert!(log.lines().any(|line| line == "one") && log.lines().any(|line| line == "two"), "{log}");
    w.holds_the_laws();
}

#[test]
fn a_rebase_replays_the_agents_commits() {
    let w = Workspace::new();
    w.config("integrate: {strategy: rebase}\n");
    w.task("two-steps", "echo 1 > 1.txt; git add .; git commit -qm one\necho 2 > 2.txt; git add .; git commit -qm two");
    w.start(["--drain"]).code(0);
    let log = w.git(["log", "--first-parent", "--format=%s", "-2", w.base_name()]);
    assert_eq!(log, "two\none");
    w.base().has("1.txt").has("2.txt");
}

#[test]
fn a_squash_says_what_the_agent_said() {
    let w = Workspace::new();
    w.file("kind", "# Be kind\n\n```sh\necho 1 > 1.txt; git add .; git commit -qm 'Because it matters\n\nTask-Id: somebody-else'\n```\n");
    w.start(["--drain"]).code(0);
    let message = w.git(["log", "-1", "--format=%B", w.base_name()]);
    assert_eq!(message.trim(), "Be kind\n\nBecause it matters\n\nTask-Id: kind");
}

#[test]
fn one_task_of_a_domain_at_a_time_with_the_domains_own_gates() {
    let w = Workspace::new();
    w.config("domains: {db: {verify: ['test -e schema.txt']}}\nlimits: {attempts: 1}\n");
    let alone = "mkdir \"$LOCKED\" || exit 9\necho x > $SWARM_TASK.txt\nsleep 0.1\ntouch schema.txt\nrmdir \"$LOCKED\"";
    let alone = alone.replace("$LOCKED", &w.sign("locked").display().to_string());
    for id in ["a", "b", "c"] {
        w.task_with(id, "domain: db", &alone);
    }
    w.task_with("red", "domain: web", "echo x > red.txt");
    w.task_with("bad", "domain: db\npriority: 0", "echo x > bad.txt");
    w.start(["--drain", "-n", "4"]).code(1);
    for id in ["a", "b", "c", "red"] {
        w.is_in("complete", id);
    }
    assert!(w.is_in("blocked", "bad").contains("test -e schema.txt"));
    w.holds_the_laws();
}

#[test]
fn a_run_can_be_for_some_tasks_only() {
    let w = Workspace::new();
    w.task("one", "echo 1 > 1.txt");
    w.task_with("two", "domain: d", "echo 2 > 2.txt");
    w.task_with("three", "parent: big", "echo 3 > 3.txt");
    w.file("big", "---\ntype: epic\n---\n# Big\n");
    w.start(["--drain", "--task", "one"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["one"]);
    w.start(["--drain", "--domain", "d"]).code(0);
    w.start(["--drain", "--parent", "big"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["big", "one", "three", "two"]);
}

#[test]
fn a_task_that_is_not_there_is_named() {
    let w = Workspace::new();
    w.start(["--drain", "--task", "nobody"]).code(1).says("there is no task nobody");
}

#[test]
fn what_a_person_holds_says_so() {
    let w = Workspace::new();
    w.task("later", "echo x > x.txt");
    w.swarm(["hold", "later"]).code(0);
    assert!(w.is_in("blocked", "later").contains("Held by hand"));
    w.swarm(["list"]).says("Held by hand");
    w.swarm(["retry", "later"]).code(0);
    w.start(["--drain"]).code(0);
    w.is_in("complete", "later");
}

#[test]
fn once_is_one_cycle_each_and_max_cycles_is_in_all() {
    let w = Workspace::new();
    for id in ["a", "b", "c", "d", "e"] {
        w.task(id, &format!("echo {id} > {id}.txt"));
    }
    w.start(["--once", "-n", "2"]).code(0);
    assert_eq!(w.tasks_in("complete").len(), 2);
    w.start(["--max-cycles", "1", "-n", "2"]).code(0);
    assert_eq!(w.tasks_in("complete").len(), 3);
}

#[test]
fn new_tasks_come_through_the_outbox_and_bad_ones_are_reported() {
    let w = Workspace::new();
    w.task(
        "mother",
        "printf '# A child\\n\\n```sh\\necho c > child.txt\\n```\\n' > $SWARM_OUTBOX/child.md\n\
         printf -- '---\\npriority: 9\\n---\\n' > $SWARM_OUTBOX/bad.md\necho m > mother.txt\ngit add -A; git commit -qm all",
    );
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(0);
    w.is_in("complete", "child");
    w.base().has("child.txt").has("mother.txt").lacks(".swarm-outbox/child.md");
    assert_eq!(w.cycles_of("mother")[0]["created"], serde_json::json!(["child"]));
    assert_eq!(w.whereabouts("bad"), <[&str; 0]>::default());
    assert!(w.last_run().read("outbox/bad.md").contains("priority: 9"));
}

#[test]
fn settings_that_this_version_cannot_honour_are_refused() {
    let w = Workspace::new();
    w.config("reviewer: {agent: script}\n");
    w.start(["--drain"]).code(2).says("`script` cannot review: it runs the task's own script");
    w.config("reviewer: [nobody]\n");
    w.start(["--drain"]).code(2).says("nobody");
    w.config("limits: {atempts: 1}\n");
    w.start(["--drain"]).code(2).says("config/swarm.yaml:2").says("did you mean `attempts`");
}

#[test]
fn what_a_program_leaves_running_is_ended() {
    let w = Workspace::new();
    let agent = crate::harness::fake_agent().display().to_string();
    w.task("litters", &format!("'{agent}' 'spawn session; hang'\necho x > x.txt"));
    w.start(["--drain"]).code(0);
    let ended: Vec<_> = w.last_run().events().into_iter().filter(|event| event.is("stray_ended")).collect();
    assert!(!ended.is_empty());
    w.holds_the_laws();
}
