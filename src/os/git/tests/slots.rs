//! Slots come back to a commit from whatever an agent has done to them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use super::super::testing::{Fixture, commit, differences, git, read, try_git, write};
use super::super::{Clean, Oid, Repo, Slot};

fn reset(slot: &mut Slot, commit: &Oid) {
    slot.reset_to(commit, &Clean::KeepIgnored).unwrap();
}

/// The slot is exactly at `commit`: nothing else is seen, hidden, locked or unfinished.
fn assert_fresh(slot: &Slot, commit: &Oid) {
    let path = slot.path();
    assert_eq!(git(path, ["status", "--porcelain", "--ignored=no"]), "");
    assert_eq!(git(path, ["rev-parse", "HEAD"]), commit.as_str());
    assert_eq!(git(path, ["write-tree"]), git(path, ["rev-parse", "HEAD^{tree}"]));
    assert!(!try_git(path, ["symbolic-ref", "-q", "HEAD"]).status.success(), "HEAD is on a branch");
    assert!(!git(path, ["status"]).contains("in progress"), "{}", git(path, ["status"]));
    let hidden: Vec<String> = git(path, ["ls-files", "-v"]).lines().map(str::to_owned).collect();
    assert!(hidden.iter().all(|line| line.starts_with("H ")), "{hidden:?}");
    // Only what is really in the tree, whatever git believes.
    let tracked = git(path, ["ls-tree", "-r", "--name-only", "HEAD"]);
    for file in tracked.lines() {
        let stored = git(path, ["show", &format!("HEAD:{file}")]);
        assert_eq!(read(path, file).trim_end(), stored, "{file}");
    }
}

#[test]
fn sixteen_workers_get_sixteen_slots_at_the_same_moment() {
    let fixture = Fixture::new();
    let (repo, head) = (fixture.repo(), fixture.head());
    thread::scope(|scope| {
        for n in 0..16 {
            let path = fixture.top().join(format!(".swarm/slots/{n:02}"));
            let (repo, head) = (&repo, &head);
            scope.spawn(move || {
                let slot = repo.add_slot(&path, head).unwrap();
                assert_eq!(read(slot.path(), "README.md"), "one\ntwo\nthree\n");
            });
        }
    });
    assert_eq!(fixture.git(["worktree", "list"]).lines().count(), 17);
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
}

/// What an agent does, and how.
type Mess = (&'static str, fn(&Path));

#[test]
fn whatever_an_agent_leaves_is_gone_after_a_reset() {
    let cases: &[Mess] = &[
        ("commits, changes, new files", |path| {
            commit(path, "work");
            write(path, "README.md", "changed");
            write(path, "new/file", "x");
            git(path, ["add", "new"]);
        }),
        ("a branch of its own", |path| {
            git(path, ["checkout", "-q", "-b", "mine"]);
            write(path, "a", "x");
            commit(path, "on mine");
        }),
        ("an orphan branch", |path| {
            git(path, ["checkout", "-q", "--orphan", "lost"]);
        }),
        ("an unfinished merge", |path| {
            conflict(path);
            assert!(!try_git(path, ["merge", "-q", "other"]).status.success());
        }),
        ("an unfinished rebase", |path| {
            conflict(path);
            assert!(!try_git(path, ["rebase", "-q", "other"]).status.success());
        }),
        ("an unfinished cherry-pick", |path| {
            conflict(path);
            assert!(!try_git(path, ["cherry-pick", "other"]).status.success());
        }),
        ("an unfinished revert", |path| {
            conflict(path);
            write(path, "README.md", "again\n");
            commit(path, "again");
            assert!(!try_git(path, ["revert", "--no-edit", "HEAD^"]).status.success());
        }),
        ("a bisect", |path| {
            git(path, ["bisect", "start", "HEAD"]);
        }),
        ("a leftover lock and a broken index", |path| {
            let git_dir = git(path, ["rev-parse", "--absolute-git-dir"]);
            write(Path::new(&git_dir), "index.lock", "");
            write(Path::new(&git_dir), "index", "DIRC broken");
        }),
        ("no index", |path| {
            let git_dir = git(path, ["rev-parse", "--absolute-git-dir"]);
            fs::remove_file(Path::new(&git_dir).join("index")).unwrap();
        }),
        ("hidden changes", |path| {
            git(path, ["update-index", "--assume-unchanged", "README.md"]);
            write(path, "README.md", "hidden");
        }),
        ("skipped files", |path| {
            git(path, ["update-index", "--skip-worktree", "README.md"]);
            fs::remove_file(path.join("README.md")).unwrap();
        }),
        ("a sparse checkout", |path| {
            git(path, ["sparse-checkout", "set", "--no-cone", "/none"]);
        }),
        ("intent to add, and a conflict in the index", |path| {
            write(path, "later", "x");
            git(path, ["add", "-N", "later"]);
            let blob = git(path, ["hash-object", "-w", "README.md"]);
            git(path, ["update-index", "--force-remove", "README.md"]);
            let lines = path.join("lines");
            fs::write(&lines, format!("100644 {blob} 1\tREADME.md\n100644 {blob} 2\tREADME.md\n")).unwrap();
            let file = fs::File::open(&lines).unwrap();
            let mut command = std::process::Command::new("git");
            command.arg("-C").arg(path).args(["update-index", "--index-info"]).stdin(file);
            assert!(command.status().unwrap().success());
        }),
        ("a file where a folder was, and the other way round", |path| {
            fs::remove_file(path.join("README.md")).unwrap();
            write(path, "README.md/inside", "x");
        }),
        ("a nested repository", |path| {
            git(path, ["init", "-q", "nested"]);
            write(&path.join("nested"), "file", "x");
            commit(&path.join("nested"), "inside");
        }),
        ("a nested repository that was committed", |path| {
            git(path, ["init", "-q", "nested"]);
            write(&path.join("nested"), "file", "x");
            commit(&path.join("nested"), "inside");
            commit(path, "with a link");
        }),
        ("folders closed to everybody", |path| {
            write(path, "closed/file", "x");
            fs::set_permissions(path.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
        }),
        ("no .git file", |path| fs::remove_file(path.join(".git")).unwrap()),
        ("a repository in place of the .git file", |path| {
            fs::remove_file(path.join(".git")).unwrap();
            git(path, ["init", "-q"]);
            commit(path, "all mine");
        }),
        ("no folder", |path| fs::remove_dir_all(path).unwrap()),
        ("no worktree any more", |path| {
            git(path, ["worktree", "remove", "--force", path.to_str().unwrap()]);
        }),
        ("a worktree inside the worktree", |path| {
            git(path, ["worktree", "add", "-q", "-b", "inner", path.join("inner").to_str().unwrap()]);
        }),
    ];
    let fixture = Fixture::new();
    fixture.write(".gitignore", "target/\n");
    let base = fixture.commit("base");
    for (n, (what, mess)) in cases.iter().enumerate() {
        eprintln!("{what}");
        let mut slot = fixture.slot(n);
        write(slot.path(), "target/kept", "built");
        let before = fixture.git(["for-each-ref", "refs/heads/trunk"]);
        mess(slot.path());
        let branches = fixture.git(["for-each-ref", "refs/heads"]);
        reset(&mut slot, &base);
        assert_fresh(&slot, &base);
        if slot.path().join("target").exists() {
            assert_eq!(read(slot.path(), "target/kept"), "built", "{what}");
        }
        assert_eq!(fixture.git(["for-each-ref", "refs/heads/trunk"]), before, "{what}");
        assert_eq!(fixture.git(["for-each-ref", "refs/heads"]), branches, "{what}: no branch is moved");
        assert_eq!(fixture.git(["status", "--porcelain"]), "", "{what}: the user's checkout");
        fixture.git(["fsck", "--no-dangling"]);
    }
}

/// Leaves two branches that changed the same line; HEAD is detached on one, the other is `other`.
fn conflict(path: &Path) {
    let start = git(path, ["rev-parse", "HEAD"]);
    write(path, "README.md", "theirs\n");
    commit(path, "theirs");
    git(path, ["branch", "-f", "other"]);
    git(path, ["checkout", "-q", "--detach", &start]);
    write(path, "README.md", "ours\n");
    commit(path, "ours");
}

#[test]
fn ignored_files_stay_or_go_as_told() {
    let fixture = Fixture::new();
    fixture.write(".gitignore", "target/\nnode_modules/\n*.log\n");
    let base = fixture.commit("ignore");
    let mut slot = fixture.slot(0);
    for file in ["target/a", "node_modules/b", "deep/target/c", "x.log", "junk"] {
        write(slot.path(), file, "x");
    }
    reset(&mut slot, &base);
    assert!(slot.path().join("x.log").exists() && slot.path().join("target/a").exists());
    assert!(!slot.path().join("junk").exists());
    slot.reset_to(&base, &Clean::KeepOnly(vec!["target".into(), "/node_modules/".into()])).unwrap();
    assert!(slot.path().join("target/a").exists() && slot.path().join("deep/target/c").exists());
    assert!(slot.path().join("node_modules/b").exists());
    assert!(!slot.path().join("x.log").exists());
}

#[test]
fn files_that_are_right_already_keep_their_times() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    let modified = || fs::metadata(fixture.top().join(".swarm/slots/00/README.md")).unwrap().modified().unwrap();
    let before = modified();
    git(slot.path(), ["update-index", "--assume-unchanged", "README.md"]);
    reset(&mut slot, &fixture.head());
    assert_eq!(modified(), before);
}

#[test]
fn a_slot_whose_link_was_cut_never_leads_to_the_users_checkout() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    fixture.write("README.md", "the user's change");
    fixture.write("untracked", "the user's");
    fs::remove_file(slot.path().join(".git")).unwrap();
    write(slot.path(), "work", "the agent's");
    let before = fixture.picture();
    assert!(slot.state().unwrap().dirty);
    slot.commit_all("work").unwrap();
    slot.salvage("refs/swarm/salvage/t/1", &fixture.head(), "t").unwrap().unwrap();
    let mut slot = slot;
    reset(&mut slot, &fixture.head());
    let changed = differences(&before, &fixture.picture());
    let is_gits = |path: &Path| path.components().any(|part| part.as_os_str() == ".git");
    assert!(changed.iter().all(|path| is_gits(path)), "{changed:?}");
}

#[test]
fn a_link_in_place_of_the_folder_is_not_followed() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    fs::remove_dir_all(slot.path()).unwrap();
    fixture.write("README.md", "the user's change");
    std::os::unix::fs::symlink(fixture.top(), slot.path()).unwrap();
    reset(&mut slot, &fixture.head());
    assert_fresh(&slot, &fixture.head());
    assert_eq!(read(&fixture.top(), "README.md"), "the user's change");
}

#[test]
fn a_slot_that_is_there_keeps_what_is_in_it() {
    let fixture = Fixture::new();
    let path = fixture.top().join(".swarm/slots/00");
    let slot = fixture.slot(0);
    write(slot.path(), "work", "unfinished");
    for cut in ["nothing", ".git", "entry"] {
        match cut {
            ".git" => fs::remove_file(path.join(".git")).unwrap(),
            "entry" => fs::remove_dir_all(slot.git_dir()).unwrap(),
            _ => {}
        }
        let again = fixture.repo().add_slot(&path, &fixture.head()).unwrap();
        assert_eq!(read(again.path(), "work"), "unfinished", "{cut}");
        assert!(again.state().unwrap().dirty, "{cut}");
    }
    assert_eq!(fixture.git(["worktree", "list"]).lines().count(), 2);
}

#[test]
fn half_made_entries_are_mended_and_keep_the_commits_they_knew() {
    for file in ["HEAD", "commondir"] {
        for is_removed in [true, false] {
            let fixture = Fixture::new();
            let slot = fixture.slot(0);
            let work = commit(slot.path(), "work");
            let file = slot.git_dir().join(file);
            if is_removed {
                fs::remove_file(file).unwrap()
            } else {
                fs::write(file, "").unwrap()
            }
            let mut slot = fixture.slot(0);
            assert_eq!(slot.state().unwrap().head, Some(work));
            reset(&mut slot, &fixture.head());
            assert_fresh(&slot, &fixture.head());
        }
    }
}

#[test]
fn a_deleted_folder_comes_back_with_the_commits_it_had() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    write(slot.path(), "work", "x");
    let work = commit(slot.path(), "work");
    fs::remove_dir_all(fixture.top().join(".swarm")).unwrap();
    let mut slot = fixture.slot(0);
    let saved = slot.salvage("refs/swarm/salvage/t/1", &fixture.head(), "t").unwrap().unwrap();
    assert_eq!(saved.commit, work, "the deleted files are not taken for work");
    reset(&mut slot, &fixture.head());
    assert_fresh(&slot, &fixture.head());
}

#[test]
fn a_removed_slot_leaves_nothing_behind() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    write(slot.path(), "closed/file", "x");
    fs::set_permissions(slot.path().join("closed"), fs::Permissions::from_mode(0o500)).unwrap();
    let path = slot.path().to_owned();
    slot.remove().unwrap();
    assert!(!path.exists());
    assert_eq!(fixture.git(["worktree", "list"]).lines().count(), 1);
    assert_fresh(&fixture.slot(0), &fixture.head());
}

#[test]
fn a_workspace_that_was_moved_keeps_its_slots() {
    let fixture = Fixture::new();
    let slot = fixture.slot(0);
    let work = commit(slot.path(), "work");
    write(slot.path(), "more", "x");
    let moved = fixture.beside("elsewhere");
    fs::rename(fixture.top(), &moved).unwrap();
    let repo = Repo::open(&moved).unwrap();
    let slot = repo.add_slot(&moved.join(".swarm/slots/00"), &work).unwrap();
    let state = slot.state().unwrap();
    assert_eq!(state.head, Some(work));
    assert!(state.dirty);
    assert_eq!(git(&moved, ["worktree", "list"]).lines().count(), 2);
}

#[test]
fn the_users_own_worktrees_are_left_alone() {
    let fixture = Fixture::new();
    let (kept, deleted) = (fixture.beside("kept"), fixture.beside("deleted"));
    for path in [&kept, &deleted] {
        fixture.git(["worktree", "add", "-q", "--detach", path.to_str().unwrap()]);
    }
    // On a disk that is not mounted just now: git keeps the entry, and so do we.
    fs::remove_dir_all(&deleted).unwrap();
    let before = fixture.git(["worktree", "list", "--porcelain"]);
    let mut slot = fixture.slot(0);
    fs::remove_dir_all(slot.path()).unwrap();
    reset(&mut slot, &fixture.head());
    fixture.slot(1);
    let after = fixture.git(["worktree", "list", "--porcelain"]);
    assert!(after.starts_with(before.split("\n\n").next().unwrap()));
    for path in ["kept", "deleted"] {
        assert!(after.contains(&format!("/{path}\n")), "{after}");
    }
}
