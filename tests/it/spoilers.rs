//! Agents and people that spoil what the program works with: nothing of theirs is lost, and the night goes on.

use std::fs;
use std::os::unix::fs::symlink;

use crate::harness::{Workspace, wait_until};

/// A workspace in which nothing is tried twice.
fn strict() -> Workspace {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}\n");
    w
}

#[test]
fn an_outbox_that_leads_to_the_queue_costs_no_task() {
    let w = strict();
    w.task_with("precious", "not_before: 2099-01-01T00:00:00Z", "true");
    w.task("linker", "rm -rf .swarm-outbox; ln -s ../../../tasks/pending .swarm-outbox; echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.is_in("pending", "precious");
    w.is_in("complete", "linker");
    w.base().has("x.txt").lacks(".swarm-outbox");
}

#[test]
fn an_outbox_that_is_committed_as_a_link_is_taken_back_and_harms_nobody_later() {
    let w = strict();
    w.write(".gitignore", "*.o\n");
    w.commit("ignore objects");
    w.write("NOTES.md", "a note\n");
    let commit = "git add -f .swarm-outbox; git commit -q -m link";
    w.task("linker", &format!("rm -rf .swarm-outbox; ln -s ../../.. .swarm-outbox; {commit}; echo x > x.txt"));
    w.start(["--drain"]).code(0);
    w.base().has("x.txt").lacks(".swarm-outbox");
    w.task("after", "echo y > y.txt");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "after");
    assert_eq!((w.read(".gitignore"), w.read("NOTES.md")), ("*.o\n".to_owned(), "a note\n".to_owned()));
}

#[test]
fn pipes_links_and_giants_in_the_outbox_are_reported_and_stop_nobody() {
    let w = strict();
    w.task(
        "odd",
        "cd \"$SWARM_OUTBOX\"; mkfifo pipe.md; ln -s /etc/hostname link.md; mkdir folder.md\n\
         truncate -s 3G giant.md; printf '# fine\\n' > fine.md; cd - > /dev/null; echo x > x.txt",
    );
    w.start(["--drain", "--task", "odd"]).code(0);
    w.is_in("complete", "odd");
    w.is_in("pending", "fine");
    assert_eq!(w.tasks_in("pending"), ["fine"]);
    let run = w.last_run();
    for name in ["pipe.md", "link.md", "folder.md", "giant.md"] {
        assert!(run.events().iter().any(|event| event.text("message").contains(name)), "{name} is named");
    }
}

#[test]
fn a_worktree_replaced_by_a_link_never_brings_in_the_users_files() {
    let w = strict();
    w.write("private.txt", "secret\n");
    w.task("mover", "d=$(pwd); echo x > x.txt; mv \"$d\" \"$d.away\"; ln -s ../.. \"$d\"");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "mover").contains("put something else in its place"));
    w.base().lacks("private.txt").lacks("x.txt");
    assert_eq!(w.read("private.txt"), "secret\n");
    w.task("after", "echo y > y.txt");
    w.start(["--drain", "--task", "after"]);
    w.is_in("complete", "after");
}

#[test]
fn a_link_in_place_of_a_protected_folder_needs_a_persons_word() {
    let w = strict();
    w.write("config/.keep", "");
    w.task("linker", "mkdir evil; echo 'verify: []' > evil/swarm.yaml; rm -rf config; ln -s evil config");
    w.start(["--drain"]).code(1);
    w.is_in("review", "linker");
    w.base().lacks("config");
}

#[test]
fn a_lock_that_a_dead_agent_left_in_its_worktree_does_not_hold_up_its_work() {
    let w = strict();
    w.task("careless", "echo x > x.txt; touch \"$(git rev-parse --git-dir)/index.lock\"");
    w.start(["--drain"]).code(0);
    w.base().has("x.txt");
}

#[test]
fn a_file_put_into_current_by_hand_is_given_back_and_done() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.is("run_started"));
    w.task("by-hand", "echo x > x.txt");
    swarm.wait_for_event(|event| event.moves("by-hand", "complete"));
    w.file("again", "# Again\n\n```sh\necho y > y.txt\n```\n");
    swarm.wait_for_event(|event| event.moves("again", "complete"));
    w.task_with("late", "not_before: 2099-01-01T00:00:00Z", "echo z > z.txt");
    w.move_task("late", "pending", "current");
    wait_until("the file to be given back", || w.whereabouts("late") == ["pending"]);
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait();
}

#[test]
fn folders_that_are_removed_under_a_running_swarm_are_made_again() {
    let w = Workspace::new();
    let mut swarm = w.start_in_background(["-n", "1"]);
    w.task("before", "echo 1 > 1.txt");
    swarm.wait_for_event(|event| event.moves("before", "complete"));
    fs::remove_dir_all(&w.last_run().folder).expect("remove the records");
    w.task("after", "echo 2 > 2.txt");
    wait_until("the task to be complete", || w.whereabouts("after") == ["complete"]);
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait();
    w.base().has("1.txt").has("2.txt");
}

#[test]
fn a_copy_of_a_live_workspace_leaves_the_originals_agent_alone() {
    let w = Workspace::new();
    let (begun, go) = (w.gives("begun"), w.awaits("go"));
    w.task("live", &format!("{begun}\n{go}\necho x > x.txt"));
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("begun");
    let copy = w.outside().join("copy");
    let status = std::process::Command::new("cp").arg("-a").arg(w.root()).arg(&copy).status().expect("run cp");
    assert!(status.success());
    let copy = copy.to_str().expect("a plain path");
    let other = w.run_in_background(env!("CARGO_BIN_EXE_swarm"), &["-C", copy, "start", "--drain", "--json"]);
    wait_until("the copy to give its task back", || {
        other.events().iter().any(|event| event.is("claim_recovered"))
            && other.events().iter().any(|event| event.begins("implement", "live"))
    });
    w.give("go");
    swarm.wait().code(0);
    other.wait();
    w.is_in("complete", "live");
    assert_eq!(w.cycles_of("live").len(), 1, "nobody ended the agent");
}

#[test]
fn a_task_folder_that_is_a_link_in_the_outbox_is_not_followed() {
    let w = strict();
    let outside = w.outside().join("elsewhere");
    fs::create_dir(&outside).expect("make a folder");
    fs::write(outside.join("stolen.md"), "# not yours\n").expect("write");
    symlink(&outside, w.path("link")).expect("link");
    w.task("linker", &format!("ln -s '{}' \"$SWARM_OUTBOX/deep.md\"; echo x > x.txt", outside.display()));
    w.start(["--drain"]).code(0);
    assert!(outside.join("stolen.md").exists());
    assert_eq!(w.whereabouts("stolen"), <[&str; 0]>::default());
}

#[test]
fn a_change_of_what_all_worktrees_share_is_reported() {
    let w = strict();
    let common = "$(git rev-parse --git-common-dir)";
    w.task("shares", &format!("echo '*.txt' >> \"{common}/info/exclude\"; git config core.pager less; touch \"{common}/hooks/post-commit\"; echo x > x.md"));
    let ended = w.start(["--drain"]);
    for path in ["info/exclude", ".git/config", "hooks/post-commit"] {
        let told =
            ended.events().into_iter().any(|event| event.text("message").contains(&format!("{path} was changed")));
        assert!(told, "{path}\n{ended}");
    }
}

/// A workspace whose reviewer approves the work and then does this.
fn spoiled_by_the_reviewer(spoils: &str) -> Workspace {
    let w = Workspace::new();
    w.config("workers: [{agent: author}]\nreviewer: {agent: judge, rounds: 3}\nlimits: {attempts: 2, infra: 2, backoff: 0s}\n");
    w.author("author", "echo red > door.txt\nready");
    w.forgetful("judge", &format!("echo 'VERDICT: APPROVED'\n{spoils}"));
    w.file("work", "# Paint\n");
    w
}

/// The approved work has not landed, has cost no attempt, is kept, and a person is told what to do.
#[track_caller]
fn waits_for_a_person_who_mends_the_file(w: &Workspace, ended: &crate::harness::Ended, why: &str) {
    ended.code(1);
    assert_eq!(w.whereabouts("work"), ["blocked"], "{why}\n{ended}");
    let cycles = w.cycles_of("work");
    assert_eq!((cycles.len(), &cycles[0]["outcome"]), (1, &serde_json::json!("needs_input")), "{why}");
    let reason = cycles[0]["reason"].as_str().expect("a reason");
    for words in ["cannot be read any more", why, "mend the file, then: swarm retry work"] {
        assert!(reason.contains(words), "{words}: {reason}");
    }
    ended.event(|event| event.moves("work", "blocked") && event.text("cause").contains("cannot be read any more"));
    w.base().lacks("door.txt");
    w.at_commit("refs/swarm/salvage/work/1").has("door.txt");
    w.holds_the_laws();
}

#[test]
fn approved_work_does_not_land_for_a_task_that_nobody_can_read_any_more() {
    for (spoils, why) in [
        ("printf -- '---\\npriority: [\\n---\\n# Broken\\n' > \"$SWARM_TASK_FILE\"", "line "),
        ("printf '# \\377\\n' > \"$SWARM_TASK_FILE\"", "UTF-8"),
        ("rm \"$SWARM_TASK_FILE\"; mkfifo \"$SWARM_TASK_FILE\"", "is a pipe"),
        ("rm \"$SWARM_TASK_FILE\"; mkdir \"$SWARM_TASK_FILE\"", "is a folder"),
        ("ln -sf /dev/zero \"$SWARM_TASK_FILE\"", "symbolic link"),
        ("truncate -s 3G \"$SWARM_TASK_FILE\"", "large"),
    ] {
        let w = spoiled_by_the_reviewer(spoils);
        let ended = w.start(["--drain"]);
        waits_for_a_person_who_mends_the_file(&w, &ended, why);
    }
}

#[test]
fn a_task_that_is_broken_while_its_approved_work_is_in_the_merge_queue_stops_it_there() {
    let w = spoiled_by_the_reviewer("true");
    let breaks =
        format!("printf -- '---\\npriority: [\\n---\\n# Broken\\n' > '{}'", w.task_path("current", "work").display());
    // Green on the base, green on the work in its worktree, and green again in the queue, where it breaks the file.
    let gate = format!("test ! -e door.txt || if test -e \"$HOME/once\"; then {breaks}; else : > \"$HOME/once\"; fi");
    w.write("config/gate.sh", gate);
    w.config(
        "workers: [{agent: author}]\nreviewer: {agent: judge, rounds: 3}\nintegrate: {verify: always}\n\
         limits: {attempts: 2, backoff: 0s}\nverify: ['sh \"$HOME/gate.sh\"']\n",
    );
    fs::rename(w.path("config/gate.sh"), w.outside().join("home/gate.sh")).expect("move");
    let ended = w.start(["--drain"]);
    waits_for_a_person_who_mends_the_file(&w, &ended, "line ");
    // What was broken is as it was, and below it stands what to do; mended, it is done.
    let text = w.is_in("blocked", "work");
    assert!(text.starts_with("---\npriority: [\n---\n# Broken\n"), "{text}");
    assert!(text.contains("git show refs/swarm/salvage/work/1"), "{text}");
    fs::write(w.task_path("blocked", "work"), text.replace("priority: [", "priority: 1")).expect("mend");
    w.config("workers: [{agent: author}]\nreviewer: {agent: judge, rounds: 3}\n");
    w.swarm(["retry", "work"]).code(0);
    w.start(["--drain"]).code(0);
    w.base().has("door.txt");
}

#[test]
fn a_task_file_that_an_agent_turns_into_a_pipe_hangs_nobody() {
    let w = strict();
    w.task("piper", "rm \"$SWARM_TASK_FILE\"; mkfifo \"$SWARM_TASK_FILE\"; exit 1");
    w.task("linker", "ln -sf /dev/zero \"$SWARM_TASK_FILE\"; kill -9 $PPID");
    assert!(w.start(["--drain", "-n", "1", "--task", "linker"]).was_killed());
    w.start(["--drain"]).code(1);
    w.task("after", "echo y > y.txt");
    w.start(["--drain", "--task", "after"]).code(0);
}

#[test]
fn an_agent_that_gives_its_task_back_each_time_comes_to_an_end() {
    let w = Workspace::new();
    w.config("limits: {attempts: 2, infra: 2, backoff: 0s}");
    w.task("work", "mv \"$SWARM_TASK_FILE\" \"$(dirname \"$SWARM_TASK_FILE\")/../pending/\"\nexec sleep 60");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "work");
    assert!(text.contains("Blocked after 2 attempts; the last one ended as cancelled"), "{text}");
    assert_eq!(w.cycles_of("work").len(), 2);
    w.holds_the_laws();
}
