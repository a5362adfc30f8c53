//! Where a slot stands is told truly, and what an agent left uncommitted is committed in its stead.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::super::testing::{Fixture, commit, git, oid, try_git, write};
use super::super::{Committed, Slot};

fn commit_all(slot: &Slot) -> Committed {
    slot.commit_all("Do it\n\n# not a comment\n\nTask-Id: t\n").unwrap()
}

fn refusal(slot: &Slot) -> String {
    match commit_all(slot) {
        Committed::Refused { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_but_the_ignored_is_committed() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "*.log\n");
    fixture.commit("ignore");
    let slot = fixture.slot(0);
    assert_eq!(commit_all(&slot), Committed::Nothing);
    for file in ["new", "deep/er/file", "x.log", "sp ace/ü\n"] {
        write(slot.path(), file, "x");
    }
    fs::remove_file(slot.path().join("README.md")).unwrap();
    let Committed::Done(done) = commit_all(&slot) else { panic!() };
    let state = slot.state().unwrap();
    assert_eq!((state.head, state.dirty), (Some(done), false));
    let changed = git(slot.path(), ["show", "--format=", "--name-status", "--no-renames", "-z", "HEAD"]);
    assert_eq!(changed.replace('\0', " "), "D README.md A deep/er/file A new A sp ace/ü\n ");
    let written = git(slot.path(), ["show", "-s", "--format=%an <%ae> %cn%n%B", "HEAD"]);
    assert_eq!(written, "swarm <swarm@localhost> swarm\nDo it\n\n# not a comment\n\nTask-Id: t");
    assert_eq!(commit_all(&slot), Committed::Nothing);
}

#[test]
fn the_users_settings_do_not_stop_it() {
    let fixture = Fixture::new();
    for setting in ["commit.gpgSign=true", "gpg.program=false", "core.editor=false", "core.autocrlf=true"] {
        let (name, value) = setting.split_once('=').unwrap();
        fixture.git(["config", name, value]);
    }
    for setting in ["core.safecrlf=true", "commit.template=/none", "core.fsmonitor=false", "commit.verbose=true"] {
        let (name, value) = setting.split_once('=').unwrap();
        fixture.git(["config", name, value]);
    }
    let slot = fixture.slot(0);
    write(slot.path(), "mixed", "a\r\nb\n");
    assert!(matches!(commit_all(&slot), Committed::Done(_)));
    assert!(!slot.state().unwrap().dirty);
}

#[test]
fn the_repositorys_own_hooks_run_and_their_words_come_back() {
    let fixture = Fixture::new();
    for (place, configured) in [(".git/hooks", false), ("our-hooks", true)] {
        let hook = fixture.top().join(place).join("pre-commit");
        write(&fixture.top(), &format!("{place}/pre-commit"), "#!/bin/sh\necho out; echo no tabs please >&2\nexit 1\n");
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        if configured {
            fixture.git(["config", "core.hooksPath", fixture.top().join(place).to_str().unwrap()]);
        }
        let slot = fixture.slot(usize::from(configured));
        write(slot.path(), "new", "x");
        assert_eq!(refusal(&slot), "out\nno tabs please");
        assert_eq!(slot.state().unwrap().head, Some(fixture.head()));
        write(&fixture.top(), &format!("{place}/pre-commit"), "#!/bin/sh\ntest -f new && git status >/dev/null\n");
        assert!(matches!(commit_all(&slot), Committed::Done(_)));
    }
}

#[test]
fn an_unfinished_merge_is_not_concluded_with_its_markers() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    let path = slot.path();
    write(path, "README.md", "theirs\n");
    commit(path, "theirs");
    git(path, ["branch", "other"]);
    git(path, ["checkout", "-q", "--detach", "trunk"]);
    write(path, "README.md", "ours\n");
    commit(path, "ours");
    try_git(path, ["merge", "-q", "other"]);
    assert!(refusal(&slot).starts_with("a merge is unfinished"));
    git(path, ["merge", "--abort"]);
    try_git(path, ["rebase", "-q", "other"]);
    assert!(refusal(&slot).starts_with("a rebase is unfinished"));
}

#[test]
fn a_nested_repository_is_refused_and_its_files_can_be_committed_later() {
    let fixture = Fixture::new();
    for has_commit in [true, false] {
        let slot = fixture.slot(usize::from(has_commit));
        let nested = slot.path().join("nested");
        git(slot.path(), ["init", "-q", "nested"]);
        write(&nested, "file", "x");
        if has_commit {
            commit(&nested, "inside");
        }
        let reason = refusal(&slot);
        assert!(reason.contains("nested") && reason.contains(".gitignore"), "{reason}");
        fs::remove_dir_all(nested.join(".git")).unwrap();
        assert!(matches!(commit_all(&slot), Committed::Done(_)));
        assert_eq!(git(slot.path(), ["show", "HEAD:nested/file"]), "x");
    }
}

#[test]
fn changes_hidden_from_git_are_committed() {
    let fixture = Fixture::new();
    for (n, bit) in ["--assume-unchanged", "--skip-worktree"].iter().enumerate() {
        let slot = fixture.slot(n);
        git(slot.path(), ["update-index", bit, "README.md"]);
        write(slot.path(), "README.md", "hidden\n");
        assert!(matches!(commit_all(&slot), Committed::Done(_)));
        assert_eq!(git(slot.path(), ["show", "HEAD:README.md"]), "hidden");
    }
}

#[test]
fn a_very_long_message_is_no_obstacle() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    write(slot.path(), "new", "x");
    let message = format!("Long\n\n{}\n", "word ".repeat(400_000));
    assert!(matches!(slot.commit_all(&message).unwrap(), Committed::Done(_)));
}

#[test]
fn state_tells_head_branch_and_dirt() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    let path = slot.path().to_owned();
    let state = slot.state().unwrap();
    assert_eq!((state.head, state.branch, state.dirty), (Some(fixture.head()), None, false));
    assert!(!slot.has_changed_since(&fixture.head()).unwrap());
    git(&path, ["checkout", "-q", "-b", "mine"]);
    write(&path, "new", "x");
    let state = slot.state().unwrap();
    assert_eq!((state.branch.as_deref(), state.dirty), (Some("mine"), true));
    assert!(slot.has_changed_since(&fixture.head()).unwrap());
    fs::remove_file(path.join("new")).unwrap();
    git(&path, ["update-index", "--assume-unchanged", "README.md"]);
    write(&path, "README.md", "hidden");
    assert!(slot.state().unwrap().dirty, "a hidden change is seen");
    git(&path, ["checkout", "-q", "--orphan", "none"]);
    assert_eq!(slot.state().unwrap().head, None);
    let commit = oid(&git(&path, ["rev-parse", "trunk"]));
    assert!(slot.has_changed_since(&commit).unwrap());
}
