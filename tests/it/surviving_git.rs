//! A swarm that is killed leaves its git running: whoever comes next waits for it, and then sees what it did.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::harness::{Workspace, wait_until};

/// A `git` first on PATH that gives the sign `reached` and waits for the sign `go` before it does what matches.
fn with_slow_git(w: Workspace, matching: &str) -> Workspace {
    let folder = w.outside().join("slow");
    fs::create_dir(&folder).expect("make a folder");
    let real = std::env::split_paths(&std::env::var_os("PATH").expect("PATH"))
        .map(|folder| folder.join("git"))
        .find(|git| git.is_file())
        .expect("git");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *'{matching}'*) {}; {} ;; esac\nexec '{}' \"$@\"\n",
        w.gives("reached"),
        w.awaits("go"),
        real.display()
    );
    fs::write(folder.join("git"), script).expect("write a script");
    fs::set_permissions(folder.join("git"), fs::Permissions::from_mode(0o755)).expect("make it a program");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("PATH"));
    w.with_env("PATH", path)
}

fn has_open(pid: u32, name: &str) -> bool {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.into_iter().any(|fd| fs::read_link(fd.path()).is_ok_and(|path| path.ends_with(name)))
}

#[test]
fn a_merge_that_outlives_its_swarm_is_not_made_again() {
    let w = with_slow_git(Workspace::new(), "merge --ff-only");
    w.task("one", "echo one >> one.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("reached");
    swarm.kill_9();
    let next = w.start_in_background(["--drain"]);
    wait_until("the next swarm to look at the merge", || has_open(next.pid(), "swarm-publish.lock"));
    w.give("go");
    next.wait().code(0);
    w.is_in("complete", "one");
    assert_eq!(w.base().commits_of("one").len(), 1);
    assert_eq!(w.base().read("one.txt"), "one");
    w.holds_the_laws();
}

#[test]
fn a_worktree_in_which_a_git_still_works_is_not_taken_over() {
    let w = with_slow_git(Workspace::new(), "commit -q --no-status");
    w.task("one", "echo one > one.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("reached");
    swarm.kill_9();
    // The next swarm works in another worktree meanwhile.
    let mut next = w.start_in_background(["-n", "1"]);
    next.wait_for_event(|event| event.is_of("task_claimed", "one") && event.text("slot") == "02");
    w.give("go");
    next.wait_for_event(|event| event.moves("one", "complete"));
    next.signal(rustix::process::Signal::INT);
    next.wait().code(0);
    assert_eq!(w.base().commits_of("one").len(), 1);
    w.start(["--drain", "-n", "2"]).code(0);
    w.holds_the_laws();
}

#[test]
fn a_merge_that_outlives_its_swarm_is_finished_though_nobody_reads_what_it_prints() {
    // git shows its progress when it takes long, and would die of a reader that is gone.
    let w = Workspace::new().with_env("GIT_PROGRESS_DELAY", "0");
    let (reached, go) = (w.gives("reached"), w.awaits("go"));
    w.git(["config", "filter.slow.smudge", &format!("{reached}; {go}; cat")]);
    w.git(["config", "filter.slow.clean", "cat"]);
    w.write(".gitattributes", "*.big filter=slow\n");
    w.commit("A slow filter");
    w.task("one", "echo one > a.big; echo one > one.txt");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("reached");
    swarm.kill_9();
    w.give("go");
    wait_until("the merge to end", || !w.path(".git/index.lock").exists() && w.path("one.txt").exists());
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    assert_eq!(w.base().commits_of("one").len(), 1);
    assert_eq!(w.git(["status", "--porcelain", "--untracked-files=all", "--", "one.txt", "a.big"]), "");
}

/// What a kill between the merge and the move leaves: the commit is on the base, the file in `current/`.
fn merged_and_killed() -> Workspace {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(0);
    w.move_task("one", "complete", "current");
    w
}

#[test]
fn a_merge_is_seen_though_the_claims_record_is_of_another_device() {
    let w = merged_and_killed();
    let path = w.path(".swarm/claims/one.json");
    let mut record: serde_json::Value = serde_json::from_str(&w.read(&path)).expect("a record");
    record["workspace"]["device"] = 1.into();
    fs::write(&path, record.to_string()).expect("write the record");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    assert_eq!(w.base().commits_of("one").len(), 1);
    assert_eq!(w.cycles_of("one").len(), 1, "it was finished, not done again");
}

#[test]
fn a_merge_in_the_second_of_its_claim_is_seen_without_any_record() {
    let w = merged_and_killed();
    fs::remove_file(w.path(".swarm/claims/one.json")).expect("remove the record");
    // The file came into current/ in the middle of a second; the commit bears that second, and no part of it.
    let second = fs::metadata(w.task_path("current", "one")).expect("the file").ctime();
    let mut amend = w.command("git");
    amend.args(["commit", "-q", "--amend", "--no-edit"]).env("GIT_COMMITTER_DATE", format!("@{second} +0000"));
    assert!(amend.status().expect("run git").success());
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    assert_eq!(w.cycles_of("one").len(), 1, "it was finished, not done again");
}
