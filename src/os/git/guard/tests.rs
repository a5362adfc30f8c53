//! What git makes of the guard, in places with odd names.

use std::process::Command;
use std::time::Duration;

use super::super::testing::{Fixture, git};
use super::*;
use crate::os::process::{Captured, capture};

/// Runs git in `folder` as a program that is guarded; gives whether it succeeded, and what it said.
fn guarded(folder: &Path, settings: &[(String, String)], args: &[&str]) -> (bool, String) {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", "/nonexistent");
    command.env(PARAMETERS, parameters(settings)).env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "An Agent").env(format!("GIT_{who}_EMAIL"), "agent@example.org");
    }
    command.arg("-C").arg(folder).args(args);
    let Captured { status, stdout, stderr } = capture(&mut command, Duration::from_secs(120)).unwrap();
    let said = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (status.success(), said)
}

/// A guard of one slot in a repository whose path has about all that is special to a shell, to git or to a pattern.
fn odd() -> (Fixture, Slot, Guard) {
    let fixture = Fixture::new();
    let top = fixture.beside("it's [a] \"$(odd)\" *\\ place!");
    git(&fixture.top(), ["clone", "-q", ".", top.to_str().unwrap()]);
    let repo = Repo::open(&top).unwrap();
    let head = repo.resolve("HEAD").unwrap().unwrap();
    let slot = repo.add_slot(&top.join(".swarm/slots/01"), &head).unwrap();
    let guard = Guard::in_folder(top.join(".swarm/guard/01"));
    guard.against_pushes(&slot, &top.join(".swarm/tmp/01"), &UsersGit::ask(&slot).unwrap()).unwrap();
    (fixture, slot, guard)
}

#[test]
fn the_guard_is_in_force_in_the_repository_and_its_worktrees_and_nowhere_else() {
    let (fixture, slot, guard) = odd();
    guard.against_moves(&slot, "trunk", &UsersGit::ask(&slot).unwrap()).unwrap();
    let repo = &slot.repo;
    let settings = [guard.no_pushes(repo), guard.no_moves(repo)].concat();
    let hooks = guard.folder.join("hooks").display().to_string();
    for place in [slot.path(), repo.top(), repo.common_dir()] {
        let (_, said) = guarded(place, &settings, &["config", "core.hooksPath"]);
        assert_eq!(said.trim_end(), hooks, "{}", place.display());
        let (done, said) = guarded(place, &settings, &["push", "-q", "--no-verify", "origin", "HEAD:refs/heads/x"]);
        assert!(!done && said.contains(REFUSAL), "{}: {said}", place.display());
    }
    let (_, said) = guarded(&fixture.top(), &settings, &["config", "core.hooksPath"]);
    assert_eq!(said, "");
    for to in [repo.top(), slot.path(), &slot.path().join(".")] {
        let (done, said) =
            guarded(&fixture.top(), &settings, &["push", "-q", to.to_str().unwrap(), "HEAD:refs/heads/x"]);
        assert!(!done && said.contains(REFUSAL), "{}: {said}", to.display());
    }
}

#[test]
fn a_base_of_any_name_stands_still_and_a_submodule_has_its_own() {
    let (fixture, slot, guard) = odd();
    let repo = &slot.repo;
    let base = "it's/$(a)&`b`";
    git(repo.top(), ["branch", base]);
    guard.against_moves(&slot, base, &UsersGit::ask(&slot).unwrap()).unwrap();
    let settings = [guard.no_pushes(repo), guard.no_moves(repo)].concat();
    let run = |args: &[&str]| guarded(slot.path(), &settings, args);
    assert!(run(&["commit", "-q", "--allow-empty", "-m", "mine"]).0);
    let (done, said) = run(&["branch", "-f", base, "HEAD"]);
    assert!(!done && said.contains(&format!("only what is verified comes to {base}")), "{said}");
    assert!(!run(&["branch", "-D", base]).0);
    assert!(run(&["branch", "-f", "its", "HEAD"]).0);
    assert!(run(&["pack-refs", "--all", "--prune"]).0 && !run(&["branch", "-D", base]).0);
    let from = fixture.top();
    let (done, said) =
        run(&["-c", "protocol.file.allow=always", "submodule", "add", "-q", from.to_str().unwrap(), "below"]);
    assert!(done, "{said}");
    let below = slot.path().join("below");
    let branch = git(&below, ["branch", "--show-current"]);
    guard.against_moves(&slot, &branch, &UsersGit::ask(&slot).unwrap()).unwrap();
    assert!(guarded(&below, &settings, &["commit", "-q", "--allow-empty", "-m", "below"]).0, "its own branch is free");
    let (done, said) = guarded(&below, &settings, &["push", "-q", "origin", "HEAD:refs/heads/x"]);
    assert!(!done && said.contains(REFUSAL), "{said}");
}

#[test]
fn what_a_tool_has_put_among_the_hooks_is_gone_at_the_next_turn() {
    let (_fixture, slot, guard) = odd();
    guard.against_moves(&slot, "trunk", &UsersGit::ask(&slot).unwrap()).unwrap();
    let hooks = guard.folder.join("hooks");
    fs::rename(hooks.join("pre-push"), hooks.join("pre-push.old")).unwrap();
    fs::write(hooks.join("pre-commit"), "#!/bin/sh\nexit 1\n").unwrap();
    guard.against_moves(&slot, "trunk", &UsersGit::ask(&slot).unwrap()).unwrap();
    assert_eq!(fs::read_to_string(hooks.join("pre-push")).unwrap(), PRE_PUSH);
    assert_eq!(fs::read_to_string(hooks.join("pre-commit")).unwrap(), CHAIN);
    assert!(!hooks.join("pre-push.old").exists());
}
