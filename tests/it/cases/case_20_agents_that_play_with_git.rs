//! Agents that do with git what they should not: a clear outcome, and base and checkout hold exactly the verified work.

use crate::harness::Workspace;

/// What an agent does, and whether its work is to be merged.
const PLAYS: [(&str, &str, bool); 31] = [
    ("amends", "echo x > x.txt; git add .; git commit -qm a; git commit -q --amend -m b", true),
    ("rebases", "echo x > x.txt; git add .; git commit -qm a; git rebase -q --force-rebase HEAD~1", true),
    ("switches", "git checkout -q -b mine; echo x > x.txt; git add .; git commit -qm a", true),
    (
        "switches-and-leaves",
        "git checkout -q -b other; echo x > x.txt; git add .; git commit -qm a; git checkout -q --detach HEAD",
        true,
    ),
    ("orphan", "git checkout -q --orphan nothing; echo x > x.txt; git add .; git commit -qm a", false),
    ("empty-commit", "git commit -q --allow-empty -m nothing", false),
    (
        "merge-in-the-middle",
        "git checkout -q -b side; echo s > README.md; git commit -qam s; git checkout -q --detach HEAD~1; echo t > README.md; git commit -qam t; git merge side || true; echo x > x.txt",
        false,
    ),
    (
        "nested",
        "git init -q inner; cd inner; echo i > i.txt; git add .; git -c user.name=n -c user.email=e commit -qm i; cd ..; echo x > x.txt",
        false,
    ),
    ("large", "head -c 50000000 /dev/zero > large.bin; echo x > x.txt", true),
    (
        "edits-config",
        "git config user.name Eve; git config merge.ff false; git config core.hooksPath /nonexistent; git config --worktree core.editor x || true; echo x > x.txt",
        true,
    ),
    (
        "installs-a-hook",
        "printf '#!/bin/sh\\nexit 1\\n' > \"$(git rev-parse --git-common-dir)/hooks/pre-merge-commit\"; chmod +x \"$(git rev-parse --git-common-dir)/hooks/pre-merge-commit\"; echo x > x.txt",
        true,
    ),
    ("resets-hard", "echo x > x.txt; git add .; git commit -qm a; git reset -q --hard HEAD~1; echo y > x.txt", true),
    ("removes-git", "rm .git; echo x > x.txt", true),
    ("removes-the-index", "rm -f \"$(git rev-parse --git-dir)/index\"; echo x > x.txt", true),
    ("locks-the-index", "echo x > x.txt; : > \"$(git rev-parse --git-dir)/index.lock\"", false),
    ("tags-and-branches", "git tag v1; git branch -q b1; echo x > x.txt", true),
    (
        "deletes-its-branch",
        "git checkout -q -b mine; echo x > x.txt; git add .; git commit -qm a; git checkout -q --detach; git branch -qD mine",
        true,
    ),
    (
        "deletes-the-branch-it-is-on",
        "git checkout -q -b mine; echo x > x.txt; git add .; git commit -qm a; git update-ref -d refs/heads/mine",
        false,
    ),
    (
        "rebase-in-the-middle",
        "echo s > README.md; git commit -qam s; git checkout -q --detach HEAD~1; echo t > README.md; git commit -qam t; git rebase HEAD@{2} || true; echo x > x.txt",
        false,
    ),
    (
        "cherry-pick-in-the-middle",
        "echo s > README.md; git commit -qam s; git checkout -q --detach HEAD~1; echo t > README.md; git commit -qam t; git cherry-pick HEAD@{2} || true; echo x > x.txt",
        false,
    ),
    ("bisects", "echo x > x.txt; git add .; git commit -qm a; git bisect start; git bisect bad", false),
    ("large-committed", "head -c 50000000 /dev/urandom > large.bin; echo x > x.txt; git add .; git commit -qm a", true),
    (
        "collects-garbage",
        "echo x > x.txt; git add .; git commit -qm a; git gc -q --prune=now; git reflog expire --expire=now --all",
        true,
    ),
    ("prunes-worktrees", "git worktree prune --expire=now; echo x > x.txt", true),
    (
        "adds-a-worktree",
        "git worktree add -q --detach \"$TMPDIR/mine\"; echo x > x.txt; echo y > \"$TMPDIR/mine/y.txt\"",
        true,
    ),
    ("hides-a-change", "echo more >> README.md; git update-index --assume-unchanged README.md; echo x > x.txt", true),
    ("skips-the-worktree", "git update-index --skip-worktree README.md; rm README.md; echo x > x.txt", false),
    (
        "sparse",
        "mkdir -p deep; echo d > deep/d.txt; echo x > x.txt; git add .; git commit -qm a; git sparse-checkout set --no-cone /deep/",
        true,
    ),
    (
        "another-index",
        "export GIT_INDEX_FILE=$TMPDIR/index; git read-tree HEAD; echo x > x.txt; git add .; git commit -qm a",
        true,
    ),
    (
        "submodule",
        "git init -q \"$TMPDIR/sub\"; (cd \"$TMPDIR/sub\"; git -c user.name=n -c user.email=e commit -q --allow-empty -m s); git -c protocol.file.allow=always submodule add -q \"$TMPDIR/sub\" sub; echo x > x.txt",
        false,
    ),
    (
        "replaces",
        "echo evil > README.md; git commit -qam evil; git replace HEAD~1 HEAD; git reset -q --hard HEAD~1; echo x > x.txt",
        false,
    ),
];

/// Fails where the worktree is not exactly its commit.
const CLEAN: &str = "test \"$(ls -A | grep -vx '.git\\|.swarm-outbox')\" = \"$(git ls-tree --name-only HEAD)\"\ntest -z \"$(git status --porcelain)\"";

#[test]
fn whatever_an_agent_does_with_git_the_cycle_ends_and_the_checkout_is_sound() {
    for (id, play, _) in PLAYS {
        let w = Workspace::new();
        w.config("verify: [\"test -f README.md\"]\nlimits: {backoff: 0s, attempts: 1, infra: 1}");
        let base = w.base().id();
        w.task(id, &format!("set +e\n{play}\nexit 0"));
        let ended = w.start(["--drain"]);
        let cycles = w.cycles_of(id);
        assert_eq!(cycles.len(), 1, "{id}\n{ended}");
        match cycles[0]["outcome"].as_str() {
            Some("merged") => {
                ended.code(0);
                w.is_in("complete", id);
                assert_eq!(w.base().depth(), 2, "{id}");
                w.base().has("README.md");
                assert_eq!(w.git(["rev-parse", "trunk^"]), base, "{id}");
            }
            _ => {
                ended.code(1);
                w.is_in("blocked", id);
                assert_eq!(w.base().id(), base, "{id}");
            }
        }
        assert_eq!(w.git(["branch", "--show-current"]), "trunk", "{id}");
        assert_eq!(w.git(["status", "--porcelain", "--", ":!config"]), "", "{id}");
        w.git(["fsck", "--full", "--no-progress"]);
        w.complete_means_merged();
        // The user takes back what is his alone to take back.
        w.git(["for-each-ref", "--format=delete %(refname)", "refs/replace/"]).lines().for_each(|line| {
            w.git(["update-ref", "-d", line.trim_start_matches("delete ")]);
        });
        // The next task finds a worktree as if nothing had been.
        w.task("after", &format!("{CLEAN}\necho after > after.txt"));
        let ended = w.start(["--drain"]);
        assert_eq!(w.whereabouts("after"), ["complete"], "after {id}\n{ended}");
    }
}

#[test]
fn work_that_can_be_merged_is_merged_whatever_was_done_to_get_there() {
    for (id, play, _) in PLAYS.into_iter().filter(|(_, _, merged)| *merged) {
        let w = Workspace::new();
        w.config("limits: {backoff: 0s, attempts: 1, infra: 1}");
        w.task(id, &format!("set +e\n{play}\nexit 0"));
        let ended = w.start(["--drain"]);
        assert_eq!(w.whereabouts(id), ["complete"], "{id}\n{ended}\n{:#}", w.cycles_of(id)[0]);
        w.base().has("x.txt");
    }
}

/// What an agent can do to the whole repository, how the user takes it back, and what is told of it.
const SPOILS: [(&str, &str, &str, &str); 5] = [
    (
        "deletes-the-base",
        "echo y > y.txt; git add .; git commit -qm a; git -c core.hooksPath= update-ref -d refs/heads/trunk",
        "git update-ref refs/heads/trunk $BASE",
        "there is no branch `trunk`",
    ),
    ("makes-it-bare", "git config core.bare true", "git config core.bare false", ".git/config was changed"),
    (
        "points-it-elsewhere",
        "git config core.worktree /nonexistent",
        "git config -f .git/config --unset core.worktree",
        ".git/config was changed",
    ),
    (
        "forbids-commits",
        "h=$(git rev-parse --git-common-dir)/hooks/pre-commit; printf '#!/bin/sh\\necho never; exit 1\\n' > $h; chmod +x $h",
        "rm .git/hooks/pre-commit",
        ".git/hooks/pre-commit was changed",
    ),
    (
        "ignores-everything",
        "echo '*' > $(git rev-parse --git-common-dir)/info/exclude",
        ": > .git/info/exclude",
        ".git/info/exclude was changed",
    ),
];

#[test]
fn what_an_agent_does_to_the_whole_repository_is_told_and_harms_nothing_for_good() {
    for (id, spoil, mend, says) in SPOILS {
        let w = Workspace::new();
        w.config("limits: {backoff: 0s, attempts: 1, infra: 1}");
        let base = w.base().id();
        w.task(id, &format!("set +e\necho x > x.txt\n{spoil}\nexit 0"));
        let ended = w.start(["--drain"]);
        assert!(ended.events().iter().any(|event| event.text("message").contains(says)), "{id}\n{ended}");
        assert_eq!(w.cycles_of(id).len(), 1, "{id}");
        let status = w.command("sh").args(["-c", mend]).env("BASE", &base).status().expect("run a shell");
        assert!(status.success(), "{id}");
        w.task("after", "echo after > after.txt");
        w.start(["--drain"]).code(0);
        w.base().has("README.md").has("after.txt");
        if w.whereabouts(id) != ["complete"] {
            w.swarm(["retry", id]).code(0);
            w.task(id, "echo x > x.txt");
            w.start(["--drain"]).code(0);
        }
        w.base().has("x.txt");
        w.complete_means_merged();
        w.the_repository_is_whole();
    }
}
