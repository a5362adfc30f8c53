//! The user's checkout is in the middle of something: it stays so, byte for byte, and no finished work is lost.

use crate::harness::{Running, Workspace};

/// The task changes `shared.txt` and adds `new.txt`.
fn a_workspace() -> Workspace {
    let w = Workspace::new();
    w.write("shared.txt", "one\ntwo\nthree\n");
    w.write("other.txt", "other\n");
    w.commit("More files");
    w
}

fn work(w: &Workspace) {
    w.task("work", "echo four >> shared.txt\necho new > new.txt");
}

/// The work is complete at `swarm/trunk`, the base and all of the user's stand as before.
#[track_caller]
fn is_held_back<'a>(w: &'a Workspace) -> Running<'a> {
    let (before, base) = (w.users_own(), w.base().id());
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.moves("work", "complete"));
    swarm.wait_for_event(|event| event.is("base_held_back"));
    before.is_unchanged(&w.users_own());
    assert_eq!(w.base().id(), base);
    w.at_commit("refs/heads/swarm/trunk").has("new.txt");
    swarm
}

/// After the user has made room the base catches up by itself.
#[track_caller]
fn catches_up(w: &Workspace, mut swarm: Running<'_>) {
    swarm.wait_for_event(|event| event.is("base_published") && event.text("branch") == "trunk");
    crate::harness::wait_until("the end of the branch beside", || w.refs("refs/heads/swarm/").is_empty());
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait().code(0);
    w.base().has("new.txt");
    w.holds_the_laws();
}

#[test]
fn a_change_in_the_same_file_stays_and_the_work_lands_when_it_is_gone() {
    let w = a_workspace();
    w.write("shared.txt", "mine\n");
    work(&w);
    let swarm = is_held_back(&w);
    w.git(["checkout", "-q", "--", "shared.txt"]);
    catches_up(&w, swarm);
}

#[test]
fn a_staged_change_in_the_same_file_stays() {
    let w = a_workspace();
    w.write("shared.txt", "mine\n");
    w.git(["add", "shared.txt"]);
    w.write("shared.txt", "mine, and more that is not staged\n");
    work(&w);
    let swarm = is_held_back(&w);
    w.git(["reset", "-q", "--hard"]);
    catches_up(&w, swarm);
}

#[test]
fn an_untracked_file_in_the_way_stays() {
    let w = a_workspace();
    w.write("new.txt", "my own new file\n");
    work(&w);
    let swarm = is_held_back(&w);
    std::fs::remove_file(w.path("new.txt")).expect("remove a file");
    catches_up(&w, swarm);
}

#[test]
fn an_ignored_file_in_the_way_stays() {
    let w = a_workspace();
    w.write(".git/info/exclude", "new.txt\n");
    w.write("new.txt", "precious\n");
    w.task("work", "echo four >> shared.txt\necho new > new.txt\ngit add -f new.txt");
    let swarm = is_held_back(&w);
    std::fs::remove_file(w.path("new.txt")).expect("remove a file");
    catches_up(&w, swarm);
}

#[test]
fn an_unfinished_rebase_stays() {
    let w = a_workspace();
    w.git(["checkout", "-q", "-b", "side", "HEAD~1"]);
    w.write("shared.txt", "side\n");
    w.commit("Aside");
    w.git(["checkout", "-q", "trunk"]);
    w.config("base: trunk");
    let mut rebase = w.command("git");
    let stopped = rebase.args(["rebase", "side"]).output().expect("run git");
    assert!(!stopped.status.success(), "the rebase should stop at a conflict");
    work(&w);
    let swarm = is_held_back(&w);
    w.git(["rebase", "--abort"]);
    w.git(["branch", "-q", "-D", "side"]);
    catches_up(&w, swarm);
}

#[test]
fn an_unfinished_merge_stays() {
    let w = a_workspace();
    w.git(["checkout", "-q", "-b", "side", "HEAD~1"]);
    w.write("shared.txt", "side\n");
    w.commit("Aside");
    w.git(["checkout", "-q", "trunk"]);
    let stopped = w.command("git").args(["merge", "side"]).output().expect("run git");
    assert!(!stopped.status.success(), "the merge should stop at a conflict");
    work(&w);
    let swarm = is_held_back(&w);
    w.git(["merge", "--abort"]);
    w.git(["branch", "-q", "-D", "side"]);
    catches_up(&w, swarm);
}

#[test]
fn changes_elsewhere_and_a_stash_stay_and_the_work_lands_beside_them() {
    let w = a_workspace();
    w.write("other.txt", "stashed\n");
    w.git(["stash", "-q"]);
    w.write("other.txt", "staged\n");
    w.git(["add", "other.txt"]);
    w.write("other.txt", "staged, and changed after\n");
    w.write("README.md", "changed\n");
    w.write("untracked.txt", "untracked\n");
    let (stash, diff, staged) = (w.git(["stash", "show", "-p"]), w.git(["diff"]), w.git(["diff", "--cached"]));
    work(&w);
    w.start(["--drain"]).code(0);
    w.base().has("new.txt");
    assert_eq!(w.read("new.txt"), "new\n", "the checkout has moved along");
    assert_eq!((w.git(["stash", "show", "-p"]), w.git(["diff"]), w.git(["diff", "--cached"])), (stash, diff, staged));
    assert_eq!(w.read("untracked.txt"), "untracked\n");
    assert_eq!(w.read("other.txt"), "staged, and changed after\n");
    w.complete_means_merged();
    w.nothing_is_left_behind();
}

#[test]
fn the_next_start_catches_up_with_what_was_held_back() {
    let w = a_workspace();
    w.write("shared.txt", "mine\n");
    work(&w);
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    w.base().lacks("new.txt");
    // More work goes on top of what waits.
    w.task("more", "test -f new.txt\necho more > more.txt");
    w.start(["--drain"]).code(0);
    w.git(["checkout", "-q", "--", "shared.txt"]);
    w.start(["--drain"]).code(0);
    w.base().has("new.txt").has("more.txt");
    w.holds_the_laws();
}

#[test]
fn a_commit_of_the_users_on_the_held_back_base_is_joined_with_the_work() {
    let w = a_workspace();
    w.write("shared.txt", "zero\none\ntwo\nthree\n");
    w.task("work", "sed -i 's/three/THREE/' shared.txt\necho new > new.txt");
    w.start(["--drain"]).code(0);
    w.base().lacks("new.txt");
    w.git(["commit", "-q", "-am", "The user's own line"]);
    w.task("more", "echo more > more.txt");
    w.start(["--drain"]).code(0);
    w.base().has("new.txt").has("more.txt");
    assert_eq!(w.base().read("shared.txt"), "zero\none\ntwo\nTHREE");
    w.nothing_is_left_behind();
    w.the_repository_is_whole();
}

#[test]
fn an_agent_that_moves_the_branch_beside_brings_nothing_to_the_base() {
    let w = a_workspace();
    w.config("verify: ['test ! -e evil.txt']\nlimits: {attempts: 1}");
    let evil =
        "echo evil > evil.txt\ngit add -A\ngit commit -qm Evil\ngit -c core.hooksPath= branch -qf swarm/trunk HEAD";
    w.task("a-rogue", evil);
    w.start(["--drain"]).code(1);
    w.is_in("blocked", "a-rogue");
    w.task("b-after", "echo after > after.txt");
    w.start(["--drain"]).code(0);
    w.base().has("after.txt").lacks("evil.txt");
    // The same while work waits beside the base.
    w.write("shared.txt", "mine\n");
    work(&w);
    w.start(["--drain"]).code(0);
    w.base().lacks("new.txt");
    w.task("c-rogue", evil);
    w.start(["--drain"]).code(1);
    w.git(["checkout", "-q", "--", "shared.txt"]);
    w.start(["--drain"]).code(0);
    w.base().has("new.txt").lacks("evil.txt");
    w.at_commit("refs/heads/swarm/trunk").has("evil.txt");
    w.git(["branch", "-q", "-D", "swarm/trunk"]);
    assert_eq!(w.refs("refs/swarm/ahead/"), [""; 0]);
    w.holds_the_laws();
}

#[test]
fn a_commit_of_the_users_that_contradicts_what_waits_stops_nothing_and_says_what_to_do() {
    let w = a_workspace();
    w.write("shared.txt", "mine\ntwo\nthree\n");
    w.task("work", "sed -i 's/one/agents/' shared.txt\necho new > new.txt");
    w.start(["--drain"]).code(0);
    w.git(["commit", "-q", "-am", "The user's own line"]);
    let told = w.start(["--drain"]);
    told.code(0).says("git merge swarm/trunk");
    let held_back = |line: &crate::harness::Event| line.is("base_held_back");
    assert_eq!(told.events().iter().filter(|line| held_back(line)).count(), 1);
    w.swarm(["status"]).code(0).says("git merge swarm/trunk");
    // Work goes on beside the base, and is not taken for contradicting.
    w.task("more", "test -f new.txt\necho more > more.txt");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "more");
    w.at_commit("refs/heads/swarm/trunk").has("more.txt");
    assert_eq!(w.base().read("shared.txt"), "mine\ntwo\nthree");
    w.git(["merge", "-q", "-X", "ours", "--no-edit", "swarm/trunk"]);
    assert!(!w.swarm(["status"]).code(0).to_string().contains("waits on swarm/trunk"));
    w.start(["--drain"]).code(0);
    w.base().has("new.txt").has("more.txt");
    w.nothing_is_left_behind();
    w.the_repository_is_whole();
}

#[test]
fn a_branch_that_hinders_showing_what_waits_hinders_nothing_else() {
    let w = a_workspace();
    w.git(["branch", "swarm"]);
    w.write("shared.txt", "mine\n");
    work(&w);
    w.task("more", "test -f new.txt\necho more > more.txt");
    w.start(["--drain", "-n", "1"]).code(0);
    w.git(["checkout", "-q", "--", "shared.txt"]);
    w.start(["--drain"]).code(0);
    w.base().has("new.txt").has("more.txt");
    assert_eq!([w.base().commits_of("work").len(), w.base().commits_of("more").len()], [1, 1]);
    w.git(["branch", "-q", "-D", "swarm"]);
    w.holds_the_laws();
}

#[test]
fn what_is_green_alone_and_red_with_the_users_commit_is_left_to_him_and_work_goes_on() {
    let w = a_workspace();
    w.config("verify: ['! { test -e new.txt && test -e two.txt; }']\nlimits: {attempts: 1}");
    w.write("shared.txt", "mine\n");
    work(&w);
    w.start(["--drain"]).code(0);
    w.git(["stash", "-q"]);
    w.write("two.txt", "two\n");
    w.commit("The user's own file");
    w.git(["stash", "pop", "-q"]);
    w.task("more", "echo more > more.txt");
    let ended = w.start(["--drain"]);
    ended.code(0).says("do not pass the gates together; join and mend them: git merge swarm/trunk");
    assert_eq!(w.cycles_of("more").len(), 1);
    w.at_commit("refs/heads/swarm/trunk").has("more.txt");
    w.base().lacks("new.txt").has("two.txt");
    w.git(["checkout", "-q", "--", "shared.txt"]);
    w.git(["merge", "-q", "--no-edit", "swarm/trunk"]);
    w.git(["rm", "-q", "two.txt"]);
    w.git(["commit", "-q", "-m", "Mended"]);
    w.start(["--drain"]).code(0);
    w.nothing_is_left_behind();
    w.the_repository_is_whole();
}
