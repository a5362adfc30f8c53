//! Where the base cannot move, nothing of the user's changes, and the work goes on ahead of it.

use super::super::testing::{Fixture, commit, differences, git, try_git, write};
use super::super::{CaughtUp, Oid, Published};
use super::reason;

/// What the user does before; what the reason says.
type Refusal = (&'static str, fn(&Fixture), &'static str);

#[test]
fn where_git_refuses_the_checkout_is_as_before_and_the_reason_is_gits() {
    let cases: &[Refusal] = &[
        ("a change in the same file", |f| f.write("README.md", "mine\n"), "README.md"),
        (
            "a staged change in the same file",
            |f| {
                f.write("README.md", "mine\n");
                f.git(["add", "README.md"]);
            },
            "README.md",
        ),
        ("an untracked file in the way", |f| f.write("added", "mine\n"), "untracked working tree files"),
        (
            "an ignored file in the way",
            |f| {
                f.write(".git/info/exclude", ".swarm/\nadded\n");
                f.write("added", "my secret\n");
            },
            "added",
        ),
        (
            "a leftover index.lock",
            |f| f.write(".git/index.lock", ""),
            ".git/index.lock (if no git is running there, remove",
        ),
        ("a leftover HEAD.lock", |f| f.write(".git/HEAD.lock", ""), ".git/HEAD.lock"),
        ("a leftover lock of the branch", |f| f.write(".git/refs/heads/trunk.lock", ""), "trunk.lock"),
        (
            "an unfinished merge",
            |f| {
                diverge(f);
                assert!(!try_git(&f.top(), ["merge", "other"]).status.success());
            },
            "a merge is unfinished in ",
        ),
        (
            "an unfinished cherry-pick",
            |f| {
                diverge(f);
                assert!(!try_git(&f.top(), ["cherry-pick", "other"]).status.success());
            },
            "a cherry-pick is unfinished in ",
        ),
        (
            "an unfinished rebase of the base",
            |f| {
                diverge(f);
                assert!(!try_git(&f.top(), ["rebase", "other"]).status.success());
            },
            "a rebase of `trunk` is unfinished in ",
        ),
        (
            "a rebase that updates the base as well",
            |f| {
                diverge(f);
                f.git(["checkout", "-q", "-b", "on-top"]);
                f.write("top", "x");
                f.commit("on top");
                assert!(!try_git(&f.top(), ["rebase", "--update-refs", "other"]).status.success());
            },
            "a rebase of `trunk` is unfinished in ",
        ),
        (
            "a bisect that began on the base",
            |f| {
                f.git(["bisect", "start", "HEAD", "HEAD^"]);
                f.git(["checkout", "-q", "--detach"]);
            },
            "a bisect of `trunk` is unfinished in ",
        ),
        (
            "checked out twice",
            |f| {
                f.git(["worktree", "add", "-q", "-f", f.beside("second").to_str().unwrap(), "trunk"]);
            },
            "it is checked out in ",
        ),
        (
            "an agent that has it checked out",
            |f| {
                f.git(["checkout", "-q", "--detach"]);
                git(f.slot(0).path(), ["checkout", "-q", "trunk"]);
            },
            "an agent has `trunk` checked out in ",
        ),
        (
            "a setting that makes git blind",
            |f| {
                f.git(["config", "core.bare", "true"]);
            },
            "work tree",
        ),
    ];
    for (what, prepare, wanted) in cases {
        eprintln!("{what}");
        let fixture = Fixture::new();
        fixture.write("stashed", "1\n");
        fixture.commit("second");
        fixture.write("stashed", "2\n");
        fixture.git(["stash", "-q"]);
        fixture.write("staged", "x");
        fixture.write("unstaged", "x");
        fixture.git(["add", "staged", "unstaged"]);
        fixture.commit("third");
        fixture.write("unstaged", "y");
        // Opened before: a run begins before the user breaks things.
        let repo = fixture.repo();
        prepare(&fixture);
        let old = fixture.rev("trunk");
        let new = on_top(&fixture, &old);
        let before = fixture.picture();
        let refused = reason(repo.publish("trunk", &old, &new).unwrap());
        assert!(refused.contains(wanted), "{what}: {refused}");
        assert!(!refused.contains('\n'), "{what}: {refused}");
        let changed = differences(&before, &fixture.picture());
        assert!(changed.is_empty(), "{what}: {changed:?}");
        assert_eq!(fixture.rev("trunk"), old, "{what}");
        // The work goes on ahead of the base meanwhile.
        assert_eq!(repo.publish_ahead("trunk", None, &new).unwrap(), Published::Landed, "{what}");
        assert_eq!(repo.publish_ahead("trunk", None, &new).unwrap(), Published::Moved, "{what}");
        let tips = repo.tips("trunk").unwrap();
        assert_eq!((tips.base, tips.ahead), (old, Some(new)), "{what}");
        assert!(matches!(repo.catch_up("trunk").unwrap(), CaughtUp::HeldBack { .. }), "{what}");
    }
}

/// A commit on `parent` that changes README.md and adds a file, made without any checkout or index of the
/// user's, who may have locked them.
fn on_top(fixture: &Fixture, parent: &Oid) -> Oid {
    let clone = fixture.beside(&format!("clone-{}", fastrand::u64(..)));
    git(&fixture.beside(""), ["clone", "-q", fixture.top().join(".git").to_str().unwrap(), clone.to_str().unwrap()]);
    git(&clone, ["checkout", "-q", "--detach", parent.as_str()]);
    write(&clone, "README.md", "new\n");
    write(&clone, "added", "new\n");
    let new = commit(&clone, "on top");
    git(&clone, ["push", "-q", "origin", "HEAD:refs/made/one"]);
    new
}

/// Leaves `trunk` checked out with a commit that conflicts with the branch `other`.
fn diverge(fixture: &Fixture) {
    fixture.git(["checkout", "-q", "-f"]);
    fixture.git(["checkout", "-q", "-b", "other"]);
    fixture.write("README.md", "theirs\n");
    fixture.commit("theirs");
    fixture.git(["checkout", "-q", "trunk"]);
    fixture.write("README.md", "ours\n");
    fixture.commit("ours");
}
