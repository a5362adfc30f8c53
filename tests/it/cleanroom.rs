//! The room in which agents and gates work: what their git may not do, and that everything else is as ever.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::harness::Workspace;

/// A workspace with a bare repository on the disk as its remote.
fn with_remote() -> (Workspace, PathBuf) {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}");
    let bare = w.outside().join("far.git");
    w.git(["init", "-q", "--bare", bare.to_str().expect("a plain path")]);
    w.git(["remote", "add", "origin", bare.to_str().expect("a plain path")]);
    w.git(["push", "-q", "origin", "trunk"]);
    (w, bare)
}

/// The branches of a repository.
fn branches(w: &Workspace, repository: &PathBuf) -> String {
    w.git(["-C", repository.to_str().expect("a plain path"), "for-each-ref", "--format=%(refname:short) %(objectname)"])
}

/// Runs `command`, and notes in `said.txt` its exit code and what it said.
fn tried(command: &str) -> String {
    format!(
        "code=0; ( {command} ) > one.txt 2>&1 || code=$?\necho \"exit $code: $(cat one.txt)\" >> said.txt; rm one.txt\n"
    )
}

fn hook(w: &Workspace, path: &str, script: &str) {
    w.write(path, script);
    fs::set_permissions(w.path(path), fs::Permissions::from_mode(0o755)).expect("chmod");
}

const NO_PUSH: &str = "swarm publishes what is verified; nothing is pushed from here";

#[test]
fn no_push_leaves_the_repository_whatever_it_is_called() {
    let (w, bare) = with_remote();
    let path = bare.to_str().expect("a plain path").to_owned();
    w.git(["remote", "add", "apart", &path]);
    w.git(["remote", "set-url", "--push", "apart", &format!("{path}/../far.git")]);
    w.git(["remote", "add", "same", &path]);
    w.git(["remote", "set-url", "--push", "same", &path]);
    let before = branches(&w, &bare);
    let pushes = [
        "origin HEAD:refs/heads/x",
        "--no-verify origin HEAD:trunk",
        "--force origin HEAD:trunk",
        "--dry-run origin HEAD:refs/heads/x",
        "--mirror origin",
        "apart HEAD:refs/heads/x",
        "--no-verify apart HEAD:refs/heads/x",
        "same HEAD:refs/heads/x",
        &format!("'{path}' HEAD:refs/heads/x"),
        &format!("'file://{path}' HEAD:refs/heads/x"),
        "https://example.invalid/x HEAD:refs/heads/x",
        "git@example.invalid:a/b HEAD:refs/heads/x",
        ". HEAD:trunk",
        "--no-verify . HEAD:trunk",
    ];
    let all: String = pushes.iter().map(|push| tried(&format!("git push {push}"))).collect();
    w.task("pusher", &format!("echo x > x.txt\ngit add x.txt\ngit commit -qm x\n{all}"));
    w.start(["--drain"]).code(0);
    let said = w.base().read("said.txt");
    let refused = said.lines().filter(|line| line.starts_with("exit ")).collect::<Vec<_>>();
    assert_eq!(refused.len(), pushes.len(), "{said}");
    assert!(refused.iter().all(|line| !line.starts_with("exit 0")), "{said}");
    // A protocol that git does not know it names before it looks at the rest.
    assert_eq!(said.matches("swarm publishes what is verified").count(), pushes.len(), "{said}");
    assert_eq!(branches(&w, &bare), before);
    assert_eq!(w.git(["rev-list", "--count", "trunk"]), "2", "only the verified work came to the base");
}

#[test]
fn a_gate_pushes_nothing_either() {
    let (w, bare) = with_remote();
    let before = branches(&w, &bare);
    w.config("verify: [\"git push --no-verify origin HEAD:refs/heads/x\"]\nlimits: {attempts: 1}");
    w.task("work", "echo x > x.txt");
    w.start(["--drain"]).says(NO_PUSH);
    assert_eq!(branches(&w, &bare), before);
}

#[test]
fn what_a_program_makes_for_itself_it_may_push_to_and_fetching_is_free() {
    let (w, bare) = with_remote();
    let path = bare.to_str().expect("a plain path").to_owned();
    w.git(["remote", "add", "same", &path]);
    w.git(["remote", "set-url", "--push", "same", &path]);
    let before = branches(&w, &bare);
    let outside = w.outside().join("own");
    let own = |place: &str| {
        format!(
            "git init -q --bare \"{place}.git\"; git init -q -b m \"{place}\"; git -C \"{place}\" commit -q --allow-empty -m m; \
             git -C \"{place}\" push -q \"{place}.git\" m"
        )
    };
    let all = [
        own("$TMPDIR/own"),
        own(outside.to_str().expect("a plain path")),
        own("$PWD/own").replace("\"$PWD/own\"; git -C", "\"$PWD/own\"; echo 'own*' > .gitignore; git -C"),
        "git fetch -q origin && git fetch -q same && git ls-remote -q origin".to_owned(),
    ];
    let tries: String = all.iter().map(|command| tried(command)).collect();
    // From a clone it is refused again.
    let from_clone = tried(
        "git clone -q . \"$TMPDIR/clone\" && git -C \"$TMPDIR/clone\" push -q origin HEAD:refs/heads/sneaky",
    ) + &tried(
        "git clone -q \"$(git rev-parse --git-common-dir)/..\" \"$TMPDIR/other\" && git -C \"$TMPDIR/other\" push -q origin HEAD:refs/heads/sneaky",
    ) + &tried(&format!("git -C \"$TMPDIR/clone\" push -q '{path}' HEAD:refs/heads/sneaky"));
    w.task("tests", &format!("{tries}{from_clone}"));
    w.start(["--drain"]).code(0);
    let said = w.base().read("said.txt");
    let codes: Vec<&str> = said.lines().filter(|line| line.starts_with("exit ")).map(|line| &line[..6]).collect();
    assert_eq!(codes.len(), 7, "{said}");
    assert!(codes[..4].iter().all(|code| *code == "exit 0") && !codes[4..].contains(&"exit 0"), "{said}");
    assert_eq!(said.matches("swarm publishes").count(), 3, "{said}");
    assert_eq!(branches(&w, &bare), before);
    assert!(!w.refs("refs/heads/").iter().any(|name| name.contains("sneaky")));
}

#[test]
fn refs_that_are_not_the_agents_do_not_move_and_its_own_do() {
    let w = Workspace::new();
    w.config("base: trunk\nlimits: {attempts: 1, backoff: 0s}");
    // Of what is checked out git itself refuses some.
    w.git(["checkout", "-q", "-b", "kept"]);
    w.git(["update-ref", "refs/swarm/salvage/other/1", "HEAD"]);
    let refused = [
        "git update-ref refs/heads/trunk HEAD",
        "git branch -f trunk HEAD",
        "git fetch -q . +HEAD:trunk",
        "git update-ref -d refs/heads/trunk",
        "git branch -f swarm/trunk HEAD",
        "git update-ref refs/swarm/ahead/trunk HEAD",
        "git update-ref -d refs/swarm/salvage/other/1",
        "git -C \"$(git rev-parse --git-common-dir)/..\" reset -q --hard kept",
        "git -C \"$(git rev-parse --git-common-dir)/..\" commit -q --allow-empty -m mine",
    ];
    let free = [
        "git commit -q --allow-empty -m again",
        "git checkout -q -b mine && git commit -q --allow-empty -m more",
        "git tag v1 && git branch other && git branch -D other",
        "echo y >> x.txt && git stash -q && git stash pop -q",
        "git checkout -q x.txt; git rebase -q --force-rebase HEAD~1",
        "git worktree add -q --detach \"$TMPDIR/own\" && git -C \"$TMPDIR/own\" commit -q --allow-empty -m there",
        "git pack-refs --all --prune",
        "git gc -q",
        "git checkout -q --detach",
    ];
    let all: String = refused.iter().chain(&free).map(|command| tried(command)).collect();
    w.task("mover", &format!("echo x > x.txt\ngit add x.txt\ngit commit -qm x\n{all}"));
    let base = w.base().id();
    w.start(["--drain"]).code(0);
    let said = w.base().read("said.txt");
    let codes: Vec<bool> =
        said.lines().filter(|line| line.starts_with("exit ")).map(|line| line.starts_with("exit 0")).collect();
    let wanted: Vec<bool> = refused.iter().map(|_| false).chain(free.iter().map(|_| true)).collect();
    assert_eq!(codes, wanted, "{said}");
    assert_eq!(said.matches("only what is verified comes to trunk").count(), 5, "{said}");
    assert_eq!(said.matches("it is not moved by an agent").count(), 2, "{said}");
    assert_eq!(said.matches("this checkout is somebody else's").count(), 2, "{said}");
    assert_eq!(w.git(["rev-parse", "trunk^"]), base);
    assert_eq!(w.at_commit("refs/swarm/salvage/other/1").id(), base);
    w.complete_means_merged();
    w.the_repository_is_whole();
}

#[test]
fn the_hooks_of_the_user_run_as_ever_wherever_they_lie_and_whenever_they_came() {
    for (name, folder, setting) in [
        ("usual", ".git/hooks", None),
        ("husky", ".husky", Some(".husky")),
        ("global", "../shared hooks", Some("../../../../shared hooks")),
    ] {
        let w = Workspace::new();
        w.config("limits: {attempts: 1, backoff: 0s}");
        for kind in ["pre-commit", "post-commit", "reference-transaction"] {
            let note = "#!/bin/sh\ntest \"$1\" = aborted || echo \"${0##*/} $1\" >> \"$(git rev-parse --show-toplevel)/hooked.txt\"\n";
            hook(&w, &format!("{folder}/{kind}"), note);
        }
        hook(&w, &format!("{folder}/commit-msg"), "#!/bin/sh\n. \"$(dirname -- \"$0\")/lib.sh\"\ntreat \"$1\"\n");
        w.write(format!("{folder}/lib.sh").as_str(), "treat() { echo 'Checked: yes' >> \"$1\"; }\n");
        if name == "husky" {
            w.git(["add", "-A", ".husky"]);
            w.git(["commit", "-qm", "Hooks"]);
        }
        if let Some(setting) = setting {
            w.git(["config", "core.hooksPath", setting]);
        }
        w.task("work", "echo x > x.txt\ngit add x.txt\ngit commit -qm x\ngit log -1 --format=%B > message.txt");
        w.start(["--drain"]).code(0);
        assert!(w.base().read("message.txt").contains("Checked: yes"), "{name}");
        let hooked = w.base().read("hooked.txt");
        for line in ["pre-commit ", "post-commit ", "reference-transaction prepared", "reference-transaction committed"]
        {
            assert!(hooked.lines().any(|told| told == line), "{name}: {line}: {hooked}");
        }
    }
    // One that the agent installs in the middle.
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}");
    w.task(
        "work",
        "mkdir .husky\nprintf '#!/bin/sh\\necho ran >> ran.txt\\n' > .husky/pre-commit\nchmod +x .husky/pre-commit\n\
         git config core.hooksPath .husky\ngit add .\ngit commit -qm x",
    );
    w.start(["--drain"]).code(0);
    assert!(w.base().read("ran.txt").starts_with("ran"));
}
