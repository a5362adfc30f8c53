//! The room in which agents and gates work: what their git may not do, and that everything else is as ever.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

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
fn branches(w: &Workspace, repository: &Path) -> String {
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

/// It runs when the swarm commits what an agent has left.
#[test]
fn a_hook_in_the_tree_that_an_agent_has_changed_pushes_nothing_and_moves_nothing() {
    let (w, bare) = with_remote();
    w.config("base: trunk\nverify: ['test ! -e evil.txt']\nlimits: {attempts: 1, backoff: 0s}");
    hook(&w, ".husky/post-commit", "exit 0");
    w.git(["add", ".husky"]);
    w.git(["commit", "-q", "-m", "Hooks"]);
    w.git(["config", "core.hooksPath", ".husky"]);
    let (before, base) = (branches(&w, &bare), w.base().id());
    let ran = w.outside().join("ran");
    let script = format!(
        "#!/bin/sh\necho ran > '{}'\ngit push -q --no-verify origin HEAD:refs/heads/sneaky\ngit update-ref refs/heads/trunk HEAD\n",
        ran.display()
    );
    w.task("work", &format!("echo x > evil.txt\ncat > .husky/post-commit <<'END'\n{script}END"));
    w.start(["--drain"]).code(1);
    assert!(ran.exists(), "hooks run as ever");
    assert_eq!((branches(&w, &bare), w.base().id()), (before, base));
}

#[test]
fn a_gate_moves_nothing_of_anybodys() {
    let w = Workspace::new();
    w.config("base: trunk\nverify: ['git commit -q --allow-empty -m probe; ! git update-ref refs/heads/trunk HEAD && ! git branch -f theirs HEAD']\n");
    w.git(["branch", "theirs"]);
    w.task("work", "echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.base().has("x.txt");
    assert!(w.git(["ls-tree", "theirs"]).lines().all(|line| !line.contains("x.txt")));
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
    // The usual way to push to two places.
    let two = w.outside().join("two.git").display().to_string();
    w.git(["init", "-q", "--bare", &two]);
    w.git(["remote", "add", "same", &two]);
    w.git(["remote", "set-url", "--push", "same", &two]);
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
        "git fetch -q origin && git ls-remote -q origin".to_owned(),
    ];
    let tries: String = all.iter().map(|command| tried(command)).collect();
    // From a clone it is refused again.
    let from_clone = tried(
        "git clone -q . \"$TMPDIR/clone\" && git -C \"$TMPDIR/clone\" push -q origin HEAD:refs/heads/sneaky",
    ) + &tried(
        "git clone -q \"$(git rev-parse --git-common-dir)/..\" \"$TMPDIR/other\" && git -C \"$TMPDIR/other\" push -q origin HEAD:refs/heads/sneaky",
    ) + &tried(&format!("git -C \"$TMPDIR/clone\" push -q '{path}' HEAD:refs/heads/sneaky"))
        + &tried("git push -q --no-verify same HEAD:refs/heads/sneaky");
    w.task("tests", &format!("{tries}{from_clone}"));
    w.start(["--drain"]).code(0);
    let said = w.base().read("said.txt");
    let codes: Vec<&str> = said.lines().filter(|line| line.starts_with("exit ")).map(|line| &line[..6]).collect();
    assert_eq!(codes.len(), 8, "{said}");
    assert!(codes[..4].iter().all(|code| *code == "exit 0") && !codes[4..].contains(&"exit 0"), "{said}");
    assert_eq!(said.matches("swarm publishes").count(), 4, "{said}");
    assert_eq!(branches(&w, &bare), before);
    assert_eq!(w.git(["-C", &two, "for-each-ref"]), "");
    assert!(!w.refs("refs/heads/").iter().any(|name| name.contains("sneaky")));
}

#[test]
fn refs_that_are_not_the_agents_do_not_move_and_its_own_do() {
    let w = Workspace::new();
    w.config("base: trunk\nlimits: {attempts: 1, backoff: 0s}");
    // Of what is checked out git itself refuses some.
    w.git(["checkout", "-q", "-b", "kept"]);
    w.git(["update-ref", "refs/swarm/salvage/other/1", "HEAD"]);
    w.git(["branch", "theirs"]);
    w.git(["tag", "theirs-too"]);
    let refused = [
        "git branch -D theirs",
        "git branch -f theirs HEAD",
        "git tag -d theirs-too",
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

/// git past the guard.
const BARE: &str = "git -c core.hooksPath=";

/// The warnings of a run.
fn warnings(ended: &crate::harness::Ended) -> Vec<String> {
    let all = ended.events().into_iter().filter(|event| event.is("warning"));
    all.map(|event| event.text("message").to_owned()).collect()
}

#[test]
fn a_base_that_an_agent_moves_past_the_guard_is_put_back_and_its_work_is_not_merged() {
    // Beneath the user's checkout, and where nobody has the base checked out.
    for elsewhere in [false, true] {
        let w = Workspace::new();
        w.config("base: trunk\nverify: ['test ! -e evil.txt']\nlimits: {attempts: 1, backoff: 0s}");
        if elsewhere {
            w.git(["checkout", "-q", "-b", "mine"]);
        }
        let base = w.base().id();
        w.task(
            "a-rogue",
            &format!(
                "for it in evil more; do\necho x > $it.txt\ngit add .\ngit commit -qm Evil\n\
                 {BARE} update-ref refs/heads/trunk HEAD\ndone"
            ),
        );
        let ended = w.start(["--drain"]);
        ended.code(1);
        let told = warnings(&ended).into_iter().filter(|told| told.contains("trunk is put back")).count();
        assert_eq!(told, 1, "{ended}");
        assert_eq!(w.base().id(), base);
        assert_eq!(w.git(["status", "--porcelain", "--", ":!config"]), "");
        assert!(w.is_in("blocked", "a-rogue").contains("only what is verified comes there"));
        w.at_commit("refs/swarm/salvage/a-rogue/1").has("evil.txt");
        w.task("b-after", "echo after > after.txt");
        w.start(["--drain"]).code(0);
        w.base().has("after.txt").lacks("evil.txt");
        w.complete_means_merged();
        w.the_repository_is_whole();
    }
}

/// What an agent has put where everybody sees it the user may take, at any time.
#[test]
fn what_a_user_takes_from_an_agents_branch_stays_where_he_put_it_and_nobody_is_blamed() {
    let w = Workspace::new();
    w.config("base: trunk\nlimits: {attempts: 1, backoff: 0s}");
    w.git(["checkout", "-q", "-b", "mine"]);
    w.task(
        "work",
        &format!(
            "git checkout -q -b feature\necho x > x.txt\ngit add .\ngit commit -qm First\n{}\n{}\necho y > y.txt",
            w.gives("first"),
            w.awaits("go")
        ),
    );
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("first");
    w.git(["branch", "-f", "trunk", "feature"]);
    let taken = w.base().id();
    w.give("go");
    let ended = swarm.wait();
    ended.code(0);
    assert!(w.git(["merge-base", "--is-ancestor", &taken, "trunk"]).is_empty());
    w.is_in("complete", "work");
    w.base().has("x.txt").has("y.txt");
    assert!(warnings(&ended).iter().any(|told| told.contains("if that was not you")), "{ended}");
}

#[test]
fn a_base_that_cannot_be_put_back_without_touching_the_checkout_stays_and_the_way_back_is_told() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}");
    let base = w.base().id();
    w.task(
        "a-rogue",
        &format!(
            "echo x > evil.txt\ngit add .\ngit commit -qm Evil\nmine=$(git rev-parse HEAD)\n\
             cd \"$(git rev-parse --git-common-dir)/..\"\n{BARE} merge -q --ff-only $mine"
        ),
    );
    let ended = w.start(["--drain"]);
    ended.code(1);
    let told = warnings(&ended).into_iter().find(|told| told.contains("to take it back: ")).expect("a warning");
    w.base().has("evil.txt");
    let command = told.split("to take it back: ").nth(1).expect("a command").replace(w.root().to_str().unwrap(), ".");
    assert!(w.command("sh").args(["-c", &command]).status().expect("run a shell").success(), "{command}");
    w.base().lacks("evil.txt");
    assert_eq!(w.git(["diff", &base, "trunk"]), "");
    assert_eq!(w.git(["status", "--porcelain", "--", ":!config"]), "");
    w.is_in("blocked", "a-rogue");
}

#[test]
fn nothing_lands_on_what_an_agent_has_put_where_published_work_waits() {
    let w = Workspace::new();
    w.config("verify: ['test ! -e evil.txt']\nlimits: {attempts: 1, backoff: 0s}");
    let evil =
        format!("echo x > evil.txt\ngit add .\ngit commit -qm Evil\n{BARE} update-ref refs/swarm/ahead/trunk HEAD");
    w.task("a-rogue", &evil);
    let ended = w.start(["--drain"]);
    ended.code(1).says("refs/swarm/ahead/trunk was moved");
    assert_eq!(w.refs("refs/swarm/ahead/"), [""; 0]);
    w.base().lacks("evil.txt");
    // The same while work waits there, because the user's file is in the way.
    w.write("README.md", "mine\n");
    w.task("b-waits", "echo theirs > README.md");
    w.start(["--drain"]).code(0);
    let waiting = w.at_commit("refs/swarm/ahead/trunk").id();
    for (id, meddle) in [
        ("c-rogue", evil.as_str()),
        ("d-rogue", &format!("{BARE} update-ref -d refs/swarm/ahead/trunk\necho d > d.txt")),
    ] {
        w.task(id, meddle);
        let ended = w.start(["--drain"]);
        assert_eq!(
            warnings(&ended).iter().filter(|told| told.contains("refs/swarm/ahead/trunk was")).count(),
            1,
            "{ended}"
        );
    }
    assert_eq!(w.git(["merge-base", &waiting, "refs/swarm/ahead/trunk"]), waiting);
    w.at_commit("refs/swarm/ahead/trunk").has("d.txt").lacks("evil.txt");
    w.git(["checkout", "-q", "--", "README.md"]);
    w.start(["--drain"]).code(0);
    w.base().has("d.txt").lacks("evil.txt");
    w.holds_the_laws();
}

#[test]
fn the_base_is_the_users_own_to_move_while_agents_work() {
    let w = Workspace::new();
    w.config("limits: {attempts: 1, backoff: 0s}");
    // The agent takes in what the user commits.
    let user = "(cd \"$(git rev-parse --git-common-dir)/..\"; unset GIT_CONFIG_PARAMETERS; git commit -q --allow-empty -m Mine)";
    w.task(
        "work",
        &format!(
            "echo x > x.txt\ngit add .\ngit commit -qm x\n{user}\ngit merge -q --no-edit trunk\ngit rebase -q trunk"
        ),
    );
    let ended = w.start(["--drain"]);
    ended.code(0);
    assert!(warnings(&ended).iter().all(|told| !told.contains("moved")), "{ended}");
    w.base().has("x.txt");
    w.holds_the_laws();
}

/// A workspace whose agents run behind `room.sh`, which does `script` first.
fn behind(script: &str) -> Workspace {
    let w = Workspace::new();
    hook(&w, "room.sh", &format!("#!/bin/sh\n{script}\n"));
    w.config("sandbox: [./room.sh, '{worktree}', '{git_dir}', '{tmp_dir}', '{run_dir}', '{queue_dir}', '{workspace}', '{home}']\nlimits: {attempts: 1, infra: 1, backoff: 0s}");
    w
}

#[test]
fn an_agent_works_in_its_sandbox_and_a_gate_does_not() {
    let w = behind("printf '%s\\n' \"$@\" > \"$7/words.txt\"\nshift 7\nIN_THE_ROOM=yes exec \"$@\"");
    w.task("work", "echo \"$IN_THE_ROOM $SWARM_TASK\" > x.txt");
    w.start(["--drain"]).code(0);
    assert_eq!(w.base().read("x.txt"), "yes work");
    let words = fs::read_to_string(w.outside().join("home/words.txt")).expect("read the words");
    let (root, run) = (w.root().display().to_string(), w.last_run().read("started.json"));
    let words: Vec<&str> = words.lines().collect();
    assert_eq!(words[0], format!("{root}/.swarm/slots/01"));
    assert_eq!(words[1], format!("{root}/.git"));
    assert_eq!(words[2], format!("{root}/.swarm/tmp/01"));
    assert!(run.contains(words[3].rsplit('/').next().expect("a folder")), "{words:?}");
    assert_eq!(words[4..7], [format!("{root}/tasks"), root, w.outside().join("home").display().to_string()]);
    assert_eq!(words[7], "sh", "{words:?}");
    // A gate is the user's own command.
    w.config("sandbox: [env, IN_THE_ROOM=yes]\nverify: ['test -z \"$IN_THE_ROOM\"']");
    w.task("more", "test \"$IN_THE_ROOM\" = yes\necho more > more.txt");
    w.start(["--drain"]).code(0);
    w.base().has("more.txt");
}

#[test]
fn a_sandbox_that_does_not_start_keeps_a_run_from_beginning() {
    for (sandbox, says) in [
        ("[no-such-program-here]", "the program `no-such-program-here` was not found"),
        ("[./room.sh]", "exit status: 7: there is no room"),
        ("[env, --no-such-option]", "does not start"),
    ] {
        let w = behind("echo 'there is no room' >&2; exit 7");
        w.config(&format!("sandbox: {sandbox}"));
        w.task("work", "echo x > x.txt");
        let ended = w.start(["--drain"]);
        ended.code(3).says("the sandbox of `script` does not start").says(says);
        w.is_in("pending", "work");
        w.swarm(["check", "--skip-gates"]).code(3).says(says);
        // An agent that is to have none has none.
        w.write("config/agents/script.yaml", "sandbox: none\n");
        w.start(["--drain"]).code(0);
        w.base().has("x.txt");
    }
}

#[test]
fn a_sandbox_that_fails_later_is_a_trouble_of_the_machine_and_nothing_runs_without_it() {
    let w = behind("test ! -e \"$7/broken\" || { echo 'the room is gone' >&2; exit 7; }\nshift 7\nexec \"$@\"");
    w.task_with("a-breaks", "priority: 0", "echo a > a.txt\n: > \"$HOME/broken\"");
    w.task("b-waits", "echo b > b.txt");
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(1).says("the sandbox does not start").says("the room is gone");
    w.is_in("complete", "a-breaks");
    w.base().lacks("b.txt");
    assert_eq!(w.cycles_of("b-waits")[0]["outcome"], "infra");
    fs::remove_file(w.outside().join("home/broken")).expect("mend it");
    w.swarm(["retry", "b-waits"]).code(0);
    w.start(["--drain"]).code(0);
    w.base().has("b.txt");
    // What fails by itself in a room that stands is the agent's own fault.
    w.task("c-fails", "exit 3");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("c-fails")[0]["outcome"], "agent_error");
}

#[test]
fn an_agent_behind_a_sandbox_that_stays_is_ended_with_it() {
    let w = behind("shift 7\n\"$@\" &\nwait $!");
    w.config("sandbox: [./room.sh, 1, 2, 3, 4, 5, 6, 7]\nlimits: {attempts: 1, timeout: 1s, backoff: 0s}");
    w.task("hangs", "echo half > half.txt\nsetsid sleep 600 &\nsleep 600 & wait $!");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("hangs")[0]["outcome"], "timeout");
    w.at_commit("refs/swarm/salvage/hangs/1").has("half.txt");
    assert_eq!(w.processes(), []);
}

#[test]
fn check_tells_what_the_room_is() {
    let w = Workspace::new();
    w.swarm(["check", "--skip-gates"]).code(0).says("push     refused to agents and gates").says("off for script");
    w.config("sandbox: [env]");
    w.swarm(["check", "--skip-gates"]).code(0).says("`env` starts (tried for script)");
    assert!(!w.path(".swarm/tmp").read_dir().is_ok_and(|mut listed| listed.next().is_some()), "nothing is left");
}
