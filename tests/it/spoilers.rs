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
