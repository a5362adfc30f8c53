//! The base moves forward or not at all, and the user's checkout is theirs.

use std::fs;
use std::sync::Mutex;
use std::thread;

use super::super::testing::{Fixture, git, read};
use super::super::{CaughtUp, GitError, Merge, Message, Oid, Published, Strategy};
use super::reason;

fn publish(fixture: &Fixture, old: &Oid, new: &Oid) -> Published {
    fixture.repo().publish("trunk", old, new).unwrap()
}

#[test]
fn a_base_that_nobody_has_checked_out_just_moves() {
    for pack in [false, true] {
        let fixture = Fixture::new();
        let old = fixture.head();
        let new = fixture.commit_on(&old, "README.md", "new\n");
        let other = fixture.commit_on(&old, "other", "x");
        fixture.git(["checkout", "-q", "--detach"]);
        fixture.write("README.md", "the user's\n");
        if pack {
            fixture.git(["pack-refs", "--all"]);
        }
        assert_eq!(publish(&fixture, &old, &new), Published::Landed);
        assert_eq!(fixture.rev("trunk"), new);
        assert_eq!(publish(&fixture, &old, &other), Published::Moved);
        assert_eq!(fixture.rev("trunk"), new);
        assert_eq!(read(&fixture.top(), "README.md"), "the user's\n");
        assert_eq!(fixture.head(), old);
    }
}

#[test]
fn a_base_that_is_checked_out_moves_with_its_files_beside_local_changes() {
    let fixture = Fixture::new();
    fixture.write("mine", "1\n");
    fixture.write("staged", "1\n");
    let old = fixture.commit("more");
    let new = fixture.commit_on(&old, "README.md", "new\n");
    for setting in ["merge.ff=false", "merge.ff=only", "merge.autoStash=true", "commit.gpgSign=true"] {
        let (name, value) = setting.split_once('=').unwrap();
        fixture.git(["config", name, value]);
    }
    fixture.git(["config", "merge.verifySignatures", "true"]);
    fixture.write("mine", "changed\n");
    fixture.write("staged", "changed\n");
    fixture.git(["add", "staged"]);
    fixture.write("untracked", "x");
    assert_eq!(publish(&fixture, &old, &new), Published::Landed);
    assert_eq!((fixture.rev("trunk"), fixture.head()), (new.clone(), new));
    assert_eq!(fixture.repo().current_branch().unwrap().as_deref(), Some("trunk"));
    assert_eq!(read(&fixture.top(), "README.md"), "new\n");
    assert_eq!(fixture.git(["status", "--porcelain"]), " M mine\nM  staged\n?? untracked");
    assert_eq!(fixture.git(["stash", "list"]), "");
}

#[test]
fn it_catches_up_when_the_user_is_done() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let old = fixture.head();
    let new = fixture.commit_on(&old, "README.md", "new\n");
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Even);
    fixture.write("README.md", "mine\n");
    assert!(reason(publish(&fixture, &old, &new)).starts_with("Your local changes to the following files"));
    repo.publish_ahead("trunk", None, &new).unwrap();
    let newer = fixture.commit_on(&new, "more", "x");
    assert_eq!(repo.publish_ahead("trunk", Some(&new), &newer).unwrap(), Published::Landed);
    assert!(matches!(repo.catch_up("trunk").unwrap(), CaughtUp::HeldBack { .. }));
    fixture.git(["checkout", "-q", "--", "README.md"]);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(newer.clone()));
    assert_eq!((fixture.head(), repo.tips("trunk").unwrap().ahead), (newer, None));
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
}

#[test]
fn when_the_user_commits_meanwhile_nothing_of_either_is_lost() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let old = fixture.head();
    let new = fixture.commit_on(&old, "added", "x");
    fixture.write("users", "x");
    let users = fixture.commit("the user's");
    assert_eq!(publish(&fixture, &old, &new), Published::Moved);
    repo.publish_ahead("trunk", None, &new).unwrap();
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Diverged { base: users.clone(), ahead: new.clone() });
    let message = Message { text: "both", task_id: "t" };
    let Merge::Clean { commit, .. } = repo.merge(&users, &new, Strategy::MergeCommit, &message).unwrap() else {
        panic!()
    };
    assert_eq!(repo.publish_ahead("trunk", Some(&new), &commit).unwrap(), Published::Landed);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(commit));
    assert!(fixture.top().join("users").exists() && fixture.top().join("added").exists());
    // The user merges what is ahead by hand: then it is simply done.
    let further = fixture.commit_on(&fixture.head(), "further", "x");
    repo.publish_ahead("trunk", None, &further).unwrap();
    fixture.git(["merge", "-q", "--no-ff", "-m", "by hand", "swarm/trunk"]);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Even);
    assert_eq!(repo.tips("trunk").unwrap().ahead, None);
}

#[test]
fn nothing_but_a_descendant_is_ever_published() {
    let fixture = Fixture::new();
    let old = fixture.head();
    let side = fixture.commit_on(&old, "side", "x");
    fixture.write("users", "x");
    let users = fixture.commit("the user's");
    assert!(matches!(fixture.repo().publish("trunk", &users, &side), Err(GitError::Unexpected { .. })));
    assert!(matches!(fixture.repo().publish("trunk", &users, &old), Err(GitError::Unexpected { .. })));
    assert_eq!(fixture.rev("trunk"), users);
    assert!(matches!(fixture.repo().tips("none"), Err(GitError::NoBranch { .. })));
}

#[test]
fn the_branch_ahead_moves_with_its_checkout_too() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let old = fixture.head();
    let (new, newer) = (fixture.commit_on(&old, "a", "1"), fixture.commit_on(&old, "b", "1"));
    let newer = fixture.commit_on(&newer, "a", "1");
    repo.publish_ahead("trunk", None, &new).unwrap();
    let looking = fixture.beside("looking");
    fixture.git(["worktree", "add", "-q", looking.to_str().unwrap(), "swarm/trunk"]);
    let merged = repo.merge(&new, &newer, Strategy::Squash, &Message { text: "x", task_id: "t" }).unwrap();
    let Merge::Clean { commit, .. } = merged else { panic!() };
    assert_eq!(repo.publish_ahead("trunk", Some(&new), &commit).unwrap(), Published::Landed);
    assert!(looking.join("b").exists());
    assert_eq!(git(&looking, ["status", "--porcelain"]), "");
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(commit));
    let tips = repo.tips("trunk").unwrap();
    assert_eq!((tips.ahead, tips.shown), (None, Some(fixture.head())), "a branch somebody looks at is not deleted");
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Even);
}

#[test]
fn nothing_comes_to_the_base_by_a_branch_that_somebody_has_moved() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let strange = || repo.strange(&repo.tips("trunk").unwrap()).unwrap();
    let old = fixture.head();
    // Of somebody else's branch of that name nothing is taken, and nothing is changed.
    let theirs = fixture.commit_on(&old, "theirs", "x");
    fixture.git(["branch", "swarm/trunk", theirs.as_str()]);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Even);
    assert_eq!(
        (fixture.head(), repo.newest("trunk").unwrap(), strange()),
        (old.clone(), old.clone(), Some(theirs.clone()))
    );
    let ours = fixture.commit_on(&old, "ours", "x");
    assert_eq!(repo.publish_ahead("trunk", None, &ours).unwrap(), Published::Landed);
    assert_eq!((fixture.rev("swarm/trunk"), strange()), (theirs.clone(), Some(theirs.clone())));
    // Moved on from what was published, back, away, or deleted: what was published is what counts.
    let onward = fixture.commit_on(&ours, "onward", "x");
    for moved in [onward.as_str(), old.as_str(), theirs.as_str()] {
        fixture.git(["branch", "-f", "swarm/trunk", moved]);
        assert_eq!(repo.newest("trunk").unwrap(), ours);
    }
    fixture.git(["branch", "-D", "swarm/trunk"]);
    let more = fixture.commit_on(&ours, "more", "x");
    assert_eq!(repo.publish_ahead("trunk", Some(&ours), &more).unwrap(), Published::Landed);
    assert_eq!((fixture.rev("swarm/trunk"), strange()), (more.clone(), None));
    fixture.git(["branch", "-f", "swarm/trunk", onward.as_str()]);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(more.clone()));
    assert_eq!((fixture.head(), fixture.rev("swarm/trunk"), strange()), (more, onward.clone(), Some(onward)));
}

#[test]
fn a_linked_worktree_of_the_user_is_fast_forwarded_like_the_main_one() {
    let fixture = Fixture::new();
    let old = fixture.head();
    fixture.git(["checkout", "-q", "--detach"]);
    let linked = fixture.beside("linked");
    fixture.git(["worktree", "add", "-q", linked.to_str().unwrap(), "trunk"]);
    let new = fixture.commit_on(&old, "README.md", "new\n");
    assert_eq!(fixture.repo().tips("trunk").unwrap().checked_out, [linked.canonicalize().unwrap()]);
    assert_eq!(publish(&fixture, &old, &new), Published::Landed);
    assert_eq!(read(&linked, "README.md"), "new\n");
    assert_eq!(fixture.head(), old);
    // A folder that was deleted shows the branch to nobody.
    fs::remove_dir_all(&linked).unwrap();
    let newer = fixture.commit_on(&new, "README.md", "newer\n");
    assert_eq!(publish(&fixture, &new, &newer), Published::Landed);
}

#[test]
fn concurrent_publishers_lose_nothing() {
    for is_checked_out in [false, true] {
        let fixture = Fixture::new();
        if !is_checked_out {
            fixture.git(["checkout", "-q", "--detach"]);
        }
        let start = fixture.head();
        let heads: Vec<Oid> = (0..12).map(|n| fixture.commit_on(&start, &format!("file-{n}"), "x")).collect();
        let (repo, todo) = (fixture.repo(), Mutex::new(heads.iter().enumerate()));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let Some((n, head)) = todo.lock().unwrap().next() else {
                            break;
                        };
                        let id = format!("task-{n}");
                        loop {
                            let tip = repo.tips("trunk").unwrap().base;
                            let message = Message { text: &id, task_id: &id };
                            let merged = repo.merge(&tip, head, Strategy::Squash, &message).unwrap();
                            let Merge::Clean { commit, .. } = merged else { panic!("{merged:?}") };
                            match repo.publish("trunk", &tip, &commit).unwrap() {
                                Published::Landed => break,
                                // Another thread is just moving the checkout.
                                Published::Moved | Published::HeldBack { .. } => {}
                            }
                        }
                    }
                });
            }
        });
        let tip = fixture.rev("trunk");
        for n in 0..12 {
            assert!(repo.merged_as(Some(&start), &tip, &format!("task-{n}")).unwrap().is_some());
            assert_eq!(fixture.git(["show", &format!("{tip}:file-{n}")]), "x");
        }
        assert_eq!(fixture.git(["rev-list", "--count", &format!("{start}..{tip}")]), "12");
        assert_eq!(fixture.git(["status", "--porcelain"]), "");
    }
}

#[test]
fn what_the_base_has_passed_is_not_ahead_of_it_though_nobody_has_forgotten_it_yet() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let old = fixture.head();
    let ahead = fixture.commit_on(&old, "ahead", "x");
    repo.publish_ahead("trunk", None, &ahead).unwrap();
    // The base lands on top of it, and whoever did that is killed.
    let newer = fixture.commit_on(&ahead, "newer", "x");
    assert_eq!(publish(&fixture, &old, &newer), Published::Landed);
    let tips = repo.tips("trunk").unwrap();
    assert_eq!((tips.newest(), &tips.ahead, &tips.passed), (&newer, &None, &Some(ahead.clone())));
    assert_eq!(repo.newest("trunk").unwrap(), newer);
    // Work that cannot land just then goes on from there.
    let more = fixture.commit_on(&newer, "more", "x");
    assert_eq!(repo.publish_ahead("trunk", tips.passed.as_ref(), &more).unwrap(), Published::Landed);
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(more));
    assert_eq!(repo.tips("trunk").unwrap().passed, None);
}

#[test]
fn what_cannot_be_shown_or_forgotten_has_landed_all_the_same() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let old = fixture.head();
    // Neither a branch of that name nor one below it can be.
    fixture.git(["branch", "swarm"]);
    let ahead = fixture.commit_on(&old, "ahead", "x");
    assert_eq!(repo.publish_ahead("trunk", None, &ahead).unwrap(), Published::Landed);
    assert_eq!(repo.newest("trunk").unwrap(), ahead);
    fixture.write(".git/refs/swarm/ahead/trunk.lock", "");
    assert_eq!(repo.catch_up("trunk").unwrap(), CaughtUp::Landed(ahead.clone()));
    assert_eq!(repo.tips("trunk").unwrap().passed, Some(ahead));
}
