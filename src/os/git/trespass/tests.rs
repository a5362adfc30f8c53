//! Whose a commit on the base is, and whether the base can be put back.

use super::super::testing::{Fixture, commit, git, oid, write};
use super::*;
use crate::os::git::Clean;

/// A slot that we have just reset.
fn fresh(fixture: &Fixture) -> Slot {
    let mut slot = fixture.slot(1);
    slot.reset_to(&fixture.head(), &Clean::KeepIgnored).unwrap();
    slot
}

#[test]
fn made_in_a_slot_is_what_came_to_be_there_and_not_what_it_went_to() {
    let fixture = Fixture::new();
    let mut slot = fresh(&fixture);
    let at = &slot.path().to_owned();
    write(at, "old.txt", "before our reset\n");
    commit(at, "old");
    slot.reset_to(&fixture.head(), &Clean::KeepIgnored).unwrap();
    fixture.write("users.txt", "x\n");
    let users = fixture.commit("The user's");
    // It takes in what the user has committed meanwhile, in every way.
    git(at, ["merge", "-q", "--ff-only", "trunk"]);
    git(at, ["checkout", "-q", "-b", "mine", "HEAD~1"]);
    git(at, ["rebase", "-q", "trunk"]);
    git(at, ["checkout", "-q", "--detach", "HEAD~1"]);
    git(at, ["cherry-pick", "--ff", users.as_str()]);
    assert_eq!(slot.made().unwrap(), []);
    write(at, "a.txt", "a\n");
    let a = commit(at, "Allow a fast-forward");
    git(at, ["commit", "-q", "--amend", "-m", "b"]);
    let b = oid(&git(at, ["rev-parse", "HEAD"]));
    git(at, ["rebase", "-q", "--force-rebase", "HEAD~1"]);
    let made = slot.made().unwrap();
    assert!(made.contains(&a) && made.contains(&b) && !made.contains(&users));
}

#[test]
fn a_base_is_put_back_only_where_no_checkout_would_differ() {
    let fixture = Fixture::new();
    let (repo, before) = (fixture.repo(), fixture.head());
    let slot = fresh(&fixture);
    write(slot.path(), "evil.txt", "x\n");
    let evil = commit(slot.path(), "evil");
    // Moved beneath the checkout, in which the user has changes.
    fixture.write("README.md", "mine\n");
    fixture.git(["update-ref", "refs/heads/trunk", evil.as_str()]);
    assert_eq!(repo.branch_with("trunk", &evil).unwrap(), None);
    fixture.git(["branch", "seen", evil.as_str()]);
    assert_eq!(repo.branch_with("trunk", &evil).unwrap().as_deref(), Some("refs/heads/seen"));
    fixture.git(["branch", "-D", "seen"]);
    assert_eq!(repo.brought_by(&before, &evil, &slot.made().unwrap()).unwrap(), std::slice::from_ref(&evil));
    assert_eq!(repo.restore_base("trunk", &evil, &before).unwrap(), Restored::Done);
    assert_eq!(fixture.head(), before);
    assert_eq!(fixture.git(["status", "--porcelain"]), " M README.md");
    // Checked out with it.
    fixture.git(["merge", "-q", "--ff-only", evil.as_str()]);
    let Restored::Left { because, command } = repo.restore_base("trunk", &evil, &before).unwrap() else { panic!() };
    assert!(because.contains("are not as they were before"), "{because}");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    fixture.git(args);
    assert_eq!(fixture.git(["status", "--porcelain"]), " M README.md");
    assert_eq!(fixture.git(["diff", before.as_str(), "HEAD"]), "");
    fixture.git(["reset", "-q", "--keep", before.as_str()]);
    // Checked out nowhere; then somebody has built on it.
    fixture.git(["checkout", "-q", "-b", "other"]);
    fixture.git(["update-ref", "refs/heads/trunk", evil.as_str()]);
    assert_eq!(repo.restore_base("trunk", &evil, &before).unwrap(), Restored::Done);
    let after = fixture.commit_on(&evil, "after.txt", "x\n");
    fixture.git(["update-ref", "refs/heads/trunk", after.as_str()]);
    assert!(matches!(repo.restore_base("trunk", &evil, &before).unwrap(), Restored::Left { .. }));
    assert_eq!(fixture.rev("trunk"), after);
}
