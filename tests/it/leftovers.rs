//! What an agent leaves behind when its worker dies in the middle, or when it leaves far too much: new tasks are neither
//! lost nor doubled, and nobody drowns in them.

use std::fs;

use crate::harness::{Event, Workspace};

/// A shell function that puts a task for `script` into the outbox.
const MAKES: &str =
    r#"make() { printf '# Make %s\n\n```sh\necho %s > %s.txt\n```\n' $1 $1 $1 > "$SWARM_OUTBOX/$1.md"; }"#;

/// A shell script that does this the first time only.
fn once(w: &Workspace, sign: &str, script: &str) -> String {
    format!("test -e '{0}' || {{ : > '{0}'\n{script}\n}}", w.sign(sign).display())
}

/// The author `maker` makes tasks as `script` says, for those who are not `script` themselves.
fn makers(keys: &str, script: impl Fn(&Workspace) -> String) -> Workspace {
    let w = Workspace::new();
    w.config(&format!("workers: [{{agent: script{keys}}}]\nlimits: {{attempts: 2, backoff: 0s}}\n"));
    w.author("maker", &format!("{MAKES}\n{}\necho $SWARM_TASK > $SWARM_TASK.txt\nready", script(&w)));
    w
}

fn warnings<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<String> {
    let warnings = events.into_iter().filter(|event| event.is("warning"));
    warnings.map(|event| event.text("message").to_owned()).collect()
}

#[test]
fn new_tasks_of_a_worker_that_is_killed_are_taken_at_the_next_start() {
    let w =
        makers("", |w| once(w, "killed", "make one; make two; echo '---' > \"$SWARM_OUTBOX/bad.md\"; kill -9 $PPID"));
    w.task_for("maker", "work");
    assert!(w.start(["--drain"]).was_killed());
    assert_eq!((w.whereabouts("one"), w.whereabouts("two")), (vec![], vec![]), "they lie in the worktree");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert_eq!(w.tasks_in("complete"), ["one", "two", "work"]);
    ended.event(|event| {
        event.is_of("claim_recovered", "work") && event.text("reason").ends_with("pending now: one, two")
    });
    assert!(warnings(&ended.events()).iter().any(|message| message.contains("bad.md")), "{ended}");
    assert_eq!(w.last_run().read("outbox/bad.md"), "---\n");
    assert!(!w.path(".swarm/slots/01.outbox.json").exists());
    w.holds_the_laws();
}

#[test]
fn outboxes_of_worktrees_that_nobody_needs_any_more_are_collected_too() {
    let w = makers("", |w| {
        let made = w.sign("made-").display().to_string();
        format!("test -e '{made}'$SWARM_TASK || {{ make by-$SWARM_TASK; : > '{made}'$SWARM_TASK; sleep 100; }}")
    });
    let ids = ["a", "b", "c", "d"];
    ids.iter().for_each(|id| w.task_for("maker", id));
    let swarm = w.start_in_background(["--drain", "-n", "4"]);
    ids.iter().for_each(|id| w.wait_for_sign(&format!("made-{id}")));
    swarm.kill_9();
    w.start(["--drain", "-n", "1"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "b", "by-a", "by-b", "by-c", "by-d", "c", "d"]);
    w.holds_the_laws();
}

#[test]
fn an_outbox_whose_worker_lives_is_left_alone() {
    let w = makers("", |w| format!("make one; {}; {}", w.gives("made"), w.awaits("go")));
    w.task_for("maker", "work");
    let live = w.start_in_background(["--drain", "-n", "1"]);
    w.wait_for_sign("made");
    w.task("other", "echo o > o.txt");
    let other = w.start(["--drain", "-n", "2", "--task", "other"]);
    other.code(0);
    assert_eq!(w.whereabouts("one"), <[&str; 0]>::default());
    w.give("go");
    live.wait().code(0);
    assert_eq!(w.tasks_in("complete"), ["one", "other", "work"]);
    w.holds_the_laws();
}

#[test]
fn a_kill_in_the_middle_of_collecting_doubles_nothing() {
    let w = makers("", |w| once(w, "killed", "make one; make two; kill -9 $PPID"));
    w.task_for("maker", "work");
    assert!(w.start(["--drain"]).was_killed());
    // As if it had been killed after the first was safe in pending/, and before it was gone from the outbox.
    fs::copy(w.path(".swarm/slots/01/.swarm-outbox/one.md"), w.task_path("pending", "one")).expect("copy");
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert_eq!(w.tasks_in("complete"), ["one", "two", "work"]);
    assert_eq!(warnings(&ended.events()), <[String; 0]>::default(), "{ended}");
    assert_eq!(w.base().commits_of("one").len(), 1);
}

#[test]
fn a_planner_that_is_killed_makes_no_more_tasks_than_there_is_room_for() {
    let w = Workspace::new();
    w.config("workers: [{agent: plans, role: planner, max_pending: 3}, {agent: script}]\nlimits: {backoff: 0s}\n");
    let killed = once(&w, "killed", "for n in a b c; do make $n; done; kill -9 $PPID");
    w.author("plans", &format!("{MAKES}\n{killed}\necho __DONE__"));
    assert!(w.start(["--drain"]).was_killed());
    for id in ["x", "y"] {
        w.file(id, "---\nnot_before: 2099-01-01T00:00:00Z\n---\n# Later\n");
    }
    w.file("house", "---\ntype: epic\n---\n# An epic takes no room\n");
    let ended = w.start(["--drain"]);
    ended.says("b.md: there was room for 1");
    assert_eq!(w.tasks_in("complete"), ["a"]);
    for id in ["b", "c"] {
        assert!(w.whereabouts(id).is_empty());
        assert!(w.last_run().read(&format!("outbox/{id}.md")).contains("Make"));
    }
}

#[test]
fn an_executor_that_is_killed_has_no_outbox_whatever_it_makes() {
    let w = makers(", role: executor", |w| {
        once(w, "killed", "mkdir .swarm-outbox; SWARM_OUTBOX=.swarm-outbox; make one; kill -9 $PPID")
    });
    w.task_for("maker", "work");
    assert!(w.start(["--drain"]).was_killed());
    w.start(["--drain"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["work"]);
    w.base().lacks(".swarm-outbox/one.md");
}

#[test]
fn new_tasks_of_a_turn_that_came_to_nothing_are_taken() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, infra: 2, backoff: 0s}\n");
    // No login: a trouble that says nothing about the work.
    w.speaker("maker", &format!("{MAKES}\nmake one\nfails 401 unauthorized"));
    w.task_for("maker", "work");
    w.start(["--drain"]);
    w.is_in("complete", "one");
    w.is_in("blocked", "work");
}

#[test]
fn a_flood_of_new_tasks_drowns_nobody() {
    let w = makers("", |_| {
        "i=1000; while [ $i -lt 3000 ]; do echo \"# Task $i\" > \"$SWARM_OUTBOX/t$i.md\"; i=$((i + 1)); done".to_owned()
    });
    w.task_for("maker", "work");
    let ended = w.start(["--drain", "--task", "work"]);
    ended.code(0);
    let pending = w.tasks_in("pending");
    assert_eq!((pending.len(), &pending[0][..], &pending[99][..]), (100, "t1000", "t1099"));
    let warnings = warnings(&ended.events());
    assert_eq!(warnings.len(), 21, "{ended}");
    assert!(warnings[0].contains("t1100.md: there was room for 100; it is kept as runs/"), "{}", warnings[0]);
    assert!(warnings[20].contains("and 1880 more were not taken; 900 of them were not looked at"), "{}", warnings[20]);
    let kept = fs::read_dir(w.last_run().folder.join("outbox")).expect("a folder").count();
    assert_eq!(kept, 1000);
    assert!(!w.path(".swarm/slots/01/.swarm-outbox").exists());
}

#[test]
fn refused_files_are_kept_beside_each_other_and_no_more_of_them_than_is_sane() {
    let w = makers("", |_| {
        "for n in 1 2 3 4 5 6; do head -c 1900000 /dev/zero | tr '\\0' $n > \"$SWARM_OUTBOX/large-$n.md\"; done\n\
         printf -- '---\\n%s\\n' $SWARM_TASK > \"$SWARM_OUTBOX/same.md\""
            .to_owned()
    });
    ["a", "b"].iter().for_each(|id| w.task_for("maker", id));
    w.start(["--drain", "-n", "1"]).code(0);
    let run = w.last_run();
    assert_eq!(
        (run.read("outbox/same.md"), run.read("outbox/same-2.md")),
        ("---\na\n".to_owned(), "---\nb\n".to_owned())
    );
    // Those of the second author are the same.
    assert!(!run.folder.join("outbox/large-1-2.md").exists());
    assert!(run.folder.join("outbox/large-5.md").exists());
    assert!(!run.folder.join("outbox/large-6.md").exists(), "10 MiB are enough");
}

#[test]
fn an_outbox_that_an_agent_has_closed_to_us_does_not_poison_its_worktree() {
    let w = makers("", |_| {
        "make $SWARM_TASK-child; cd \"$SWARM_OUTBOX\"; mkdir -p deep/er; chmod 000 deep .; cd - > /dev/null".to_owned()
    });
    ["a", "b"].iter().for_each(|id| w.task_for("maker", id));
    w.start(["--drain", "-n", "1"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "a-child", "b", "b-child"]);
}

#[test]
fn an_outbox_that_is_nested_without_end_does_not_poison_its_worktree() {
    let w = makers("", |_| {
        "make $SWARM_TASK-child; (cd \"$SWARM_OUTBOX\"; i=0; while [ $i -lt 1800 ]; do mkdir d && cd d || exit 0; i=$((i + 1)); done)"
            .to_owned()
    });
    ["a", "b"].iter().for_each(|id| w.task_for("maker", id));
    w.start(["--drain", "-n", "1"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["a", "a-child", "b", "b-child"]);
}

#[test]
fn a_state_folder_that_somebody_removes_while_a_task_is_worked_on_is_made_again() {
    for (folder, ends, code) in [("complete", "echo x > x.txt", 0), ("blocked", "exit 1", 1)] {
        let w = Workspace::new();
        w.config("limits: {attempts: 1, backoff: 0s}\n");
        w.task("work", &format!("rm -rf \"$(dirname \"$SWARM_TASK_FILE\")/../{folder}\"; {ends}"));
        w.start(["--drain"]).code(code);
        w.is_in(folder, "work");
    }
}

#[test]
fn what_an_agent_puts_in_the_place_of_a_record_neither_hangs_nor_swells_the_next_start() {
    let records = [
        ".swarm/claims/work.json",
        ".swarm/slots/01.json",
        ".swarm/slots/01.outbox.json",
        ".swarm/slots/01.errand.json",
    ];
    for record in records {
        for puts in ["mkfifo", "truncate -s 100G", "ln -s /dev/zero"] {
            let w = Workspace::new();
            let path = format!("'{}'", w.path(record).display());
            // The worker may be writing it just then.
            let spoils = format!("until rm -f {path} && {puts} {path} 2> /dev/null; do :; done; kill -9 $PPID");
            w.task("work", &format!("{}\necho x > x.txt", once(&w, "killed", &spoils)));
            let killed = w.start(["--drain"]);
            assert!(killed.was_killed(), "{record}, {puts}: {killed}");
            w.start(["--drain"]);
            w.start(["--drain"]);
            w.is_in("complete", "work");
        }
    }
}

#[test]
fn a_ledger_that_an_agent_has_blown_up_or_made_a_pipe_is_not_read() {
    for puts in ["mkfifo", "truncate -s 100G"] {
        let w = Workspace::new();
        let path = format!("'{}'", w.path("runs/ledger.jsonl").display());
        w.task("work", &format!("rm -f {path}; {puts} {path}; echo x > x.txt"));
        let first = w.start(["--drain"]);
        w.task("next", "echo y > y.txt");
        let second = w.start(["--drain"]);
        assert_eq!(w.whereabouts("work"), ["complete"], "{puts}: {first}{second}");
    }
}
