//! Repositories and settings of git as people have them: it works, or one line says what is needed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::{Ended, Workspace};

/// One task that changes a file and one that adds one, and all promises.
#[track_caller]
fn works(w: &Workspace) {
    w.task("change", "echo changed >> README.md");
    w.task("add", "mkdir -p new\necho new > new/file.txt\ngit add new\ngit commit -q -m 'By the agent'");
    w.start(["--drain", "-n", "2"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["add", "change"]);
    w.base().has("new/file.txt");
    assert!(w.base().read("README.md").contains("changed"));
    w.holds_the_laws();
}

/// It ends with 3 and says in one line what is needed, and nothing has happened.
#[track_caller]
fn is_not_fit(ended: &Ended, words: &str) {
    ended.code(3).says(words);
    let lines = ended.stderr.lines().count();
    assert!((1..=3).contains(&lines), "{ended}");
}

fn set(w: &Workspace, name: &str, value: &str) {
    w.git(["config", name, value]);
}

#[test]
fn a_detached_head_lands_on_the_named_base_or_says_that_one_is_needed() {
    let w = Workspace::new();
    w.git(["checkout", "-q", "--detach"]);
    w.task("one", "echo one > one.txt");
    is_not_fit(&w.start(["--drain"]), "base:");
    w.is_in("pending", "one");
    w.config("base: trunk");
    let head = w.git(["rev-parse", "HEAD"]);
    w.start(["--drain"]).code(0);
    w.base().has("one.txt");
    assert_eq!(w.git(["rev-parse", "HEAD"]), head, "the user's HEAD stays");
    w.holds_the_laws();
}

#[test]
fn a_base_that_is_not_checked_out_moves_without_the_checkout() {
    let w = Workspace::new();
    w.git(["checkout", "-q", "-b", "mine"]);
    w.config("base: trunk");
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(0);
    w.base().has("one.txt");
    assert!(!w.path("one.txt").exists());
    assert_eq!(w.git(["branch", "--show-current"]), "mine");
    w.git(["checkout", "-q", "trunk"]);
    w.git(["branch", "-q", "-D", "mine"]);
    w.holds_the_laws();
}

#[test]
fn an_empty_repository_is_asked_for_a_first_commit() {
    let w = Workspace::without_repository();
    w.git(["init", "-q", "-b", "trunk"]);
    w.init();
    w.task("one", "echo one > one.txt");
    is_not_fit(&w.start(["--drain"]), "no commit yet");
    w.is_in("pending", "one");
    w.write("README.md", "A house.\n");
    w.commit("Begin");
    w.start(["--drain"]).code(0);
    w.holds_the_laws();
}

#[test]
fn a_bare_repository_is_asked_for_a_checkout() {
    let w = Workspace::without_repository();
    w.git(["init", "-q", "--bare", "-b", "trunk"]);
    is_not_fit(&w.swarm(["init"]), "bare");
}

#[test]
fn no_repository_at_all_is_said() {
    let w = Workspace::without_repository();
    is_not_fit(&w.swarm(["init"]), "git");
    w.swarm(["start"]).code(2).says("swarm init");
}

#[test]
fn a_linked_worktree_is_a_workspace_of_its_own() {
    let w = Workspace::new();
    let linked = w.outside().join("linked tree");
    w.git(["worktree", "add", "-q", "-b", "branch", linked.to_str().expect("a plain path")]);
    let trunk = w.base().id();
    let main = w.root().to_owned();
    let w = w.at(linked).landing_on("branch");
    w.init();
    w.task("one", "echo one > one.txt");
    w.start(["--drain", "-n", "2"]).code(0);
    w.base().has("one.txt");
    assert_eq!(w.read("one.txt"), "one\n");
    assert_eq!(w.at_commit("refs/heads/trunk").id(), trunk);
    assert!(!main.join("one.txt").exists() && !main.join(".swarm/slots").exists_with_content());
}

trait Content {
    fn exists_with_content(&self) -> bool;
}

impl Content for std::path::PathBuf {
    fn exists_with_content(&self) -> bool {
        fs::read_dir(self).is_ok_and(|mut listing| listing.next().is_some())
    }
}

#[test]
fn two_worktrees_of_one_repository_run_side_by_side() {
    let w = Workspace::new();
    let other = Workspace::without_repository();
    let linked = other.root().join("linked");
    w.git(["worktree", "add", "-q", "-b", "branch", linked.to_str().expect("a plain path")]);
    let other = other.at(linked).landing_on("branch");
    other.init();
    for number in 0..6 {
        for place in [&w, &other] {
            place.task(&format!("t{number}"), &format!("echo {number} > {number}.txt"));
        }
    }
    let (one, two) = (w.start_in_background(["--drain", "-n", "3"]), other.start_in_background(["--drain", "-n", "3"]));
    one.wait().code(0);
    two.wait().code(0);
    for place in [&w, &other] {
        assert_eq!(place.tasks_in("complete").len(), 6);
        place.base().has("5.txt");
    }
}

#[test]
fn submodules_stay_as_they_are() {
    let w = Workspace::new();
    let inner = w.outside().join("inner");
    let git = |args: &[&str]| w.git(["-C", inner.to_str().expect("a plain path")].iter().chain(args));
    fs::create_dir(&inner).expect("make a folder");
    git(&["init", "-q", "-b", "other"]);
    fs::write(inner.join("inner.txt"), "inner\n").expect("write a file");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "Inner"]);
    let path = inner.to_str().expect("a plain path");
    w.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", path, "sub module"]);
    w.commit("With a submodule");
    set(&w, "submodule.recurse", "true");
    let link = w.git(["rev-parse", "HEAD:sub module"]);
    works(&w);
    assert_eq!(w.git(["rev-parse", "HEAD:sub module"]), link);
    assert!(w.path("sub module/inner.txt").exists());
    assert_eq!(w.git(["submodule", "status"]).trim_start().split(' ').next(), Some(link.as_str()));
}

#[test]
fn a_shallow_clone_works() {
    let origin = Workspace::new();
    for number in 0..3 {
        origin.write("README.md", format!("Version {number}.\n"));
        origin.commit("Another one");
    }
    let w = Workspace::without_repository();
    let url = format!("file://{}", origin.root().display());
    w.git(["clone", "-q", "--depth", "1", &url, "."]);
    assert!(w.path(".git/shallow").exists());
    w.init();
    works(&w);
    assert_eq!(w.base().depth(), 3);
}

#[test]
fn signing_that_cannot_work_is_not_asked_for() {
    let w = Workspace::new();
    set(&w, "commit.gpgsign", "true");
    set(&w, "tag.gpgsign", "true");
    set(&w, "gpg.program", "false");
    works(&w);
}

#[test]
fn hooks_elsewhere_see_the_agents_work_and_not_ours() {
    let w = Workspace::new();
    let hooks = w.outside().join("hooks");
    fs::create_dir(&hooks).expect("make a folder");
    for name in ["pre-commit", "commit-msg", "post-merge", "post-checkout", "reference-transaction", "pre-rebase"] {
        hook(&hooks, name, &format!("echo {name} >> '{}'", w.sign("hooks").display()));
    }
    set(&w, "core.hooksPath", hooks.to_str().expect("a plain path"));
    works(&w);
    let seen = fs::read_to_string(w.sign("hooks")).unwrap_or_default();
    assert!(seen.contains("pre-commit"), "{seen}");
}

#[test]
fn a_hook_that_refuses_the_agents_work_costs_an_attempt_and_says_why() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s, attempts: 2}");
    hook(&w.path(".git/hooks"), "pre-commit", "echo no tabs please; exit 1");
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(1);
    assert!(w.is_in("blocked", "one").contains("no tabs please"));
    w.at_commit("refs/swarm/salvage/one/1").has("one.txt");
}

fn hook(folder: &Path, name: &str, commands: &str) {
    fs::create_dir_all(folder).expect("make a folder");
    fs::write(folder.join(name), format!("#!/bin/sh\n{commands}\n")).expect("write a hook");
    fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).expect("chmod");
}

#[test]
fn merges_that_may_only_fast_forward_and_pulls_that_rebase_change_nothing() {
    let w = Workspace::new();
    for (name, value) in [
        ("merge.ff", "only"),
        ("pull.rebase", "true"),
        ("rebase.autoStash", "true"),
        ("merge.verifySignatures", "false"),
    ] {
        set(&w, name, value);
    }
    works(&w);
}

#[test]
fn the_strategy_merge_works_where_merges_may_only_fast_forward() {
    let w = Workspace::new();
    set(&w, "merge.ff", "only");
    w.config("integrate: {strategy: merge}");
    works(&w);
}

#[test]
fn the_strategy_rebase_keeps_the_agents_commits() {
    let w = Workspace::new();
    w.config("integrate: {strategy: rebase}");
    w.task(
        "two-steps",
        "echo a > a.txt\ngit add .\ngit commit -qm 'Step a'\necho b > b.txt\ngit add .\ngit commit -qm 'Step b'",
    );
    w.start(["--drain"]).code(0);
    w.base().has("a.txt").has("b.txt");
    assert_eq!(w.git(["log", "--format=%s", "-2", "trunk"]), "Step b\nStep a");
    w.nothing_is_left_behind();
    w.the_repository_is_whole();
}

#[test]
fn line_ends_that_git_translates_come_out_as_they_went_in() {
    for value in ["true", "input"] {
        let w = Workspace::new();
        set(&w, "core.autocrlf", value);
        w.write(".gitattributes", "*.bat text eol=crlf\n*.bin binary\n");
        w.write("run.bat", "echo\r\n");
        w.write("raw.bin", b"\r\n\0\r\n");
        w.commit("With line ends");
        w.git(["rm", "-q", "-r", "--cached", "."]);
        w.git(["reset", "-q", "--hard"]);
        works(&w);
        assert_eq!(w.git(["show", "HEAD:run.bat"]), "echo");
    }
}

#[test]
fn an_editor_that_fails_or_never_ends_is_never_asked() {
    let w =
        Workspace::new().with_env("GIT_EDITOR", "false").with_env("EDITOR", "sleep 600").with_env("PAGER", "sleep 600");
    set(&w, "core.editor", "sleep 600");
    set(&w, "sequence.editor", "false");
    set(&w, "core.pager", "sleep 600");
    works(&w);
}

#[test]
fn without_a_name_commits_are_made_all_the_same() {
    let w = Workspace::new();
    w.git(["config", "--global", "--unset", "user.name"]);
    w.git(["config", "--global", "--unset", "user.email"]);
    w.git(["config", "--global", "user.useConfigOnly", "true"]);
    works(&w);
}

#[test]
fn variables_of_a_surrounding_git_lead_nowhere_else() {
    let elsewhere = Workspace::new();
    let before = elsewhere.everything();
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    let git = elsewhere.path(".git");
    let mut command = w.command(env!("CARGO_BIN_EXE_swarm"));
    command.args(["start", "--json", "--drain"]).env("GIT_DIR", &git).env("GIT_WORK_TREE", elsewhere.root());
    command.env("GIT_INDEX_FILE", git.join("index")).env("GIT_OBJECT_DIRECTORY", git.join("objects"));
    crate::harness::Running::start(&w, command).wait().code(0);
    w.base().has("one.txt");
    before.is_unchanged(&elsewhere.everything());
}

#[test]
fn settings_that_make_git_talk_differently_are_understood() {
    let w = Workspace::new().with_env("LANG", "de_DE.UTF-8").with_env("LC_ALL", "C.UTF-8");
    for (name, value) in [
        ("color.ui", "always"),
        ("status.short", "true"),
        ("status.branch", "true"),
        ("status.showUntrackedFiles", "no"),
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("core.quotePath", "true"),
        ("log.showSignature", "true"),
        ("log.decorate", "full"),
        ("core.abbrev", "4"),
        ("merge.conflictStyle", "diff3"),
        ("fetch.prune", "true"),
        ("extensions.worktreeConfig", "true"),
        ("core.fileMode", "false"),
        ("core.untrackedCache", "true"),
        ("core.splitIndex", "true"),
        ("index.version", "4"),
        ("init.defaultBranch", "develop"),
        ("branch.autoSetupMerge", "always"),
    ] {
        set(&w, name, value);
    }
    works(&w);
}

#[test]
fn other_ways_to_store_a_repository_work() {
    let known = usage_of_init();
    for flags in [&["--object-format=sha256"][..], &["--ref-format=reftable"]] {
        // git brought reftable with 2.45; an older one has nothing to be tested.
        let option = flags[0].split('=').next().unwrap_or_default();
        if !known.contains(option) {
            assert_eq!(option, "--ref-format", "every git that serves knows {option}");
            continue;
        }
        let w = Workspace::without_repository();
        w.git([&["init", "-q", "-b", "trunk"], flags].concat());
        w.write("README.md", "A house.\n");
        w.commit("Begin");
        w.init();
        works(&w);
    }
}

#[test]
fn odd_names_of_files_survive() {
    let w = Workspace::new();
    w.write("a b/ü \"q\" 'x' *.txt", "odd\n");
    w.commit("Odd names");
    w.task(
        "odd",
        "echo more >> 'a b/ü \"q\" '\"'x'\"' *.txt'\nprintf x > \"$(printf 'new\\nline')\"\nprintf x > -dash",
    );
    w.start(["--drain"]).code(0);
    w.base().has("a b/ü \"q\" 'x' *.txt").has("new\nline").has("-dash");
    w.holds_the_laws();
}

#[test]
fn a_branch_with_slashes_is_a_base() {
    let w = Workspace::new();
    w.git(["checkout", "-q", "-b", "feature/x.y"]);
    w.git(["branch", "-q", "-D", "trunk"]);
    works(&w.landing_on("feature/x.y"));
}

/// What this machine's `git init` knows. It prints its usage with exit code 129, which counts as a failure elsewhere.
fn usage_of_init() -> String {
    let asked = std::process::Command::new("git").args(["init", "-h"]).output().expect("run git");
    String::from_utf8_lossy(&[asked.stdout, asked.stderr].concat()).into_owned()
}
