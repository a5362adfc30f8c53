//! Agents that do with git what they should not: a clear outcome, and base and checkout hold exactly the verified work.

use crate::harness::Workspace;

/// What an agent does, and whether its work is to be merged.
const PLAYS: [(&str, &str, bool); 16] = [
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
];

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
        // The next task finds a worktree as if nothing had been.
        w.task("after", "test \"$(ls)\" = \"$(git ls-tree --name-only HEAD)\"\necho after > after.txt");
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
