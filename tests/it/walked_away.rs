//! What an agent has committed and then thrown away is no part of its work, and is not lost either.

use crate::harness::Workspace;

/// An author that commits something, walks away from it, and does something else.
const WALKS_AWAY: &str =
    "echo precious > precious.txt; git add .; git commit -qm precious; git reset -q --hard HEAD~1; echo x > x.txt";

/// The refs that hold the file, below those of the task's salvage.
fn keeping<'w>(w: &'w Workspace, file: &str) -> impl Fn() -> Vec<String> + use<'w> {
    let file = file.to_owned();
    move || {
        let holds = |name: &String| w.git(["ls-tree", "--name-only", name, &file]) == file;
        w.refs("refs/swarm/salvage/").into_iter().filter(holds).collect()
    }
}

#[test]
fn commits_that_an_agent_walked_away_from_are_kept_whatever_ran_in_the_worktree_since() {
    const APPROVES: &str = "reviewer: judge\n";
    for (what, settings, left) in [
        ("nothing", "", "complete"),
        ("a gate", "verify: ['true']\n", "complete"),
        ("a red gate", "verify: ['test ! -e x.txt']\n", "blocked"),
        ("a reviewer", APPROVES, "complete"),
    ] {
        let w = Workspace::new();
        w.config(&format!("{settings}limits: {{attempts: 1, backoff: 0s}}\n"));
        w.forgetful("judge", "echo 'VERDICT: APPROVED'");
        w.task("a-walker", WALKS_AWAY);
        // It gets the same worktree.
        w.file("b-next", "---\ndepends_on: []\n---\n# Next\n\n```sh\necho y > y.txt\n```\n");
        w.start(["--drain", "-n", "1"]);
        w.is_in(left, "a-walker");
        assert_eq!(keeping(&w, "precious.txt")(), ["refs/swarm/salvage/a-walker/1-left/commits"], "{what}");
        w.base().lacks("precious.txt");
        w.start(["--drain"]);
        assert_eq!(keeping(&w, "precious.txt")().len(), 1, "{what}: it is not kept twice");
        w.holds_the_laws();
    }
}

#[test]
fn work_that_its_author_threw_away_in_a_fix_outlives_the_merge_and_work_that_he_mended_needs_no_ref() {
    for (mends, kept) in
        [("git checkout -q --detach $SWARM_BASE; echo other > other.txt", 1), ("echo other > other.txt", 0)]
    {
        let w = Workspace::new();
        w.config(
            "workers: [{agent: author}]\nreviewer: {agent: judge, rounds: 2}\nlimits: {attempts: 1, backoff: 0s}\n",
        );
        w.author("author", &format!("case $told in *mend*) {mends} ;; *) echo precious > precious.txt ;; esac\nready"));
        w.forgetful("judge", "test -e other.txt && echo 'VERDICT: APPROVED' || printf -- '- [blocking] mend it\\nVERDICT: NEEDS_CHANGES\\n'");
        w.file("work", "# Work\n");
        w.start(["--drain"]).code(0);
        w.is_in("complete", "work");
        assert_eq!(keeping(&w, "precious.txt")().len(), kept, "{mends}");
        w.holds_the_laws();
    }
}
