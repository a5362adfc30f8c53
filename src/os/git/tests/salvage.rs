//! Nothing an agent wrote is lost.

use std::fs;
use std::path::Path;

use super::super::testing::{Fixture, commit, git, oid, try_git, write};
use super::super::{Clean, Salvaged, Slot};

const REF: &str = "refs/swarm/salvage/task/1";

fn salvage(fixture: &Fixture, slot: &Slot) -> Option<Salvaged> {
    slot.salvage(REF, &fixture.rev("trunk"), "what was left of task\n").unwrap()
}

/// Salvages, resets, runs git's garbage collector, and gives what is found under the ref.
fn after_all_is_gone(fixture: &Fixture, slot: &mut Slot) -> Salvaged {
    let saved = salvage(fixture, slot).expect("there is something to save");
    assert_eq!(salvage(fixture, slot).as_ref(), Some(&saved), "the same work is not saved twice");
    slot.reset_to(&fixture.rev("trunk"), &Clean::KeepOnly(vec![])).unwrap();
    assert!(!slot.state().unwrap().dirty);
    fixture.git(["reflog", "expire", "--expire=now", "--all"]);
    fixture.git(["gc", "-q", "--prune=now"]);
    fixture.git(["fsck", "--no-dangling"]);
    assert_eq!(fixture.rev(&saved.reference), saved.commit);
    saved
}

#[test]
fn a_clean_slot_at_the_base_has_nothing_to_save() {
    let fixture = Fixture::new();
    let old = fixture.head();
    let mut slot = fixture.slot(0);
    fixture.write("x", "y");
    let base = fixture.commit("the base moves on");
    assert_eq!(salvage(&fixture, &slot), None);
    slot.reset_to(&base, &Clean::KeepIgnored).unwrap();
    slot.reset_to(&old, &Clean::KeepIgnored).unwrap();
    fs::write(slot.path().join("README.md"), "one\ntwo\nthree\n").unwrap();
    assert_eq!(salvage(&fixture, &slot), None, "touched, but the same");
    assert_eq!(fixture.git(["for-each-ref", "refs/swarm"]), "");
}

#[test]
fn every_kind_of_work_is_found_again() {
    /// Makes a mess; then the paths and contents that must be in the salvage.
    type Case = (&'static str, fn(&Path), &'static [(&'static str, &'static str)]);
    let cases: &[Case] = &[
        (
            "commits and changes, staged, unstaged, untracked",
            |path| {
                write(path, "committed", "1");
                commit(path, "work");
                write(path, "staged", "2");
                git(path, ["add", "staged"]);
                write(path, "README.md", "3");
                write(path, "un/tracked", "4");
            },
            &[("committed", "1"), ("staged", "2"), ("README.md", "3"), ("un/tracked", "4")],
        ),
        ("only commits", |path| drop((write(path, "a", "1"), commit(path, "work"))), &[("a", "1")]),
        (
            "hidden changes",
            |path| {
                git(path, ["update-index", "--skip-worktree", "README.md"]);
                write(path, "README.md", "hidden");
            },
            &[("README.md", "hidden")],
        ),
        (
            "a broken index",
            |path| {
                write(path, "new", "1");
                write(Path::new(&git(path, ["rev-parse", "--absolute-git-dir"])), "index", "broken");
            },
            &[("new", "1"), ("README.md", "one\ntwo\nthree")],
        ),
        (
            "an index that makes no sense",
            |path| {
                write(path, "new", "1");
                git(path, ["add", "."]);
                let index = Path::new(&git(path, ["rev-parse", "--absolute-git-dir"])).join("index");
                let mut bytes = fs::read(&index).unwrap();
                // Two entries in the wrong order: git reads it, and writes trees that are not sorted.
                let at = bytes.windows(9).position(|window| window == b"README.md").unwrap();
                bytes[at..at + 9].copy_from_slice(b"zEADME.md");
                fs::write(&index, bytes).unwrap();
            },
            &[("new", "1"), ("README.md", "one\ntwo\nthree")],
        ),
        (
            "intent to add",
            |path| {
                write(path, "later", "1");
                git(path, ["add", "-N", "later"]);
            },
            &[("later", "1")],
        ),
        (
            "an unfinished merge",
            |path| {
                two_sides(path);
                assert!(!try_git(path, ["merge", "-q", "other"]).status.success());
                write(path, "beside", "1");
                git(path, ["branch", "-D", "other"]);
            },
            &[("beside", "1"), ("^1:README.md", "ours"), ("^2:README.md", "theirs")],
        ),
        (
            "an unfinished rebase with a stash",
            |path| {
                two_sides(path);
                write(path, "stashed", "1");
                git(path, ["add", "stashed"]);
                assert!(!try_git(path, ["rebase", "--autostash", "other"]).status.success());
                git(path, ["branch", "-D", "other"]);
            },
            &[(":README.md", ""), ("^2^2:stashed", "1")],
        ),
        (
            "commits it walked away from",
            |path| {
                write(path, "left", "1");
                commit(path, "left behind");
                git(path, ["checkout", "-q", "-b", "elsewhere", "trunk"]);
            },
            &[("^2:left", "1")],
        ),
        (
            "an orphan branch",
            |path| {
                git(path, ["checkout", "-q", "--orphan", "fresh"]);
                write(path, "fresh", "1");
            },
            &[("fresh", "1")],
        ),
        (
            "a branch that was deleted under HEAD",
            |path| {
                git(path, ["checkout", "-q", "-b", "mine"]);
                write(path, "mine", "1");
                commit(path, "on mine");
                git(path, ["update-ref", "-d", "refs/heads/mine"]);
            },
            &[("mine", "1")],
        ),
        (
            "no .git file",
            |path| {
                write(path, "new", "1");
                fs::remove_file(path.join(".git")).unwrap();
            },
            &[("new", "1")],
        ),
        (
            "no entry of the worktree",
            |path| {
                write(path, "new", "1");
                fs::remove_dir_all(git(path, ["rev-parse", "--absolute-git-dir"])).unwrap();
            },
            &[("new", "1")],
        ),
        (
            "no folder",
            |path| {
                write(path, "work", "1");
                commit(path, "work");
                fs::remove_dir_all(path).unwrap();
            },
            &[("work", "1")],
        ),
        (
            "files closed to us",
            |path| {
                use std::os::unix::fs::PermissionsExt;
                write(path, "closed/file", "1");
                fs::set_permissions(path.join("closed/file"), fs::Permissions::from_mode(0o000)).unwrap();
                fs::set_permissions(path.join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
            },
            &[("closed/file", "1")],
        ),
    ];
    for (what, mess, wanted) in cases {
        eprintln!("{what}");
        let fixture = Fixture::new();
        let mut slot = fixture.slot(0);
        mess(slot.path());
        let saved = after_all_is_gone(&fixture, &mut slot);
        for (file, content) in *wanted {
            let (parent, file) = file.split_once(':').unwrap_or(("", file));
            let shown = fixture.git(["show", &format!("{}{parent}:{file}", saved.commit)]);
            assert!(shown == *content || content.is_empty(), "{what}, {file}: {shown}");
        }
    }
}

/// Two branches that changed the same line; HEAD is detached on ours, theirs is `other`.
fn two_sides(path: &Path) {
    write(path, "README.md", "theirs\n");
    commit(path, "theirs");
    git(path, ["branch", "-f", "other"]);
    git(path, ["checkout", "-q", "--detach", "trunk"]);
    write(path, "README.md", "ours\n");
    commit(path, "ours");
}

#[test]
fn nested_repositories_are_saved_with_files_branches_and_those_within_them() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    let nested = slot.path().join("deep/nested");
    fs::create_dir_all(&nested).unwrap();
    git(&nested, ["init", "-q", "-b", "main"]);
    write(&nested, "committed", "1");
    let first = commit(&nested, "first");
    git(&nested, ["checkout", "-q", "-b", "side"]);
    write(&nested, "on-side", "2");
    let side = commit(&nested, "side");
    git(&nested, ["checkout", "-q", "main"]);
    write(&nested, "dirty", "3");
    git(&nested, ["init", "-q", "inner"]);
    write(&nested, "inner/file", "4");
    let saved = after_all_is_gone(&fixture, &mut slot);
    let show = |what: &str| fixture.git(["show", &format!("{}:deep/nested/{what}", saved.reference)]);
    assert_eq!((show("committed"), show("dirty"), show("inner/file")), ("1".into(), "3".into(), "4".into()));
    let refs = fixture.git(["for-each-ref", "--format=%(objectname)", &format!("{REF}-nested")]);
    assert!(refs.contains(first.as_str()) && refs.contains(side.as_str()), "{refs}");
}

#[test]
fn a_nested_repository_that_was_committed_as_a_link_is_saved() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    let nested = slot.path().join("nested");
    git(slot.path(), ["init", "-q", "-b", "main", "nested"]);
    write(&nested, "file", "1");
    let inside = commit(&nested, "inside");
    commit(slot.path(), "with a link");
    assert!(!slot.state().unwrap().dirty);
    let saved = after_all_is_gone(&fixture, &mut slot);
    assert_eq!(fixture.git(["show", &format!("{}:nested/file", saved.commit)]), "1");
    assert_eq!(fixture.rev(&format!("{REF}-nested/0/HEAD")), inside);
}

#[test]
fn a_shallow_clone_inside_is_kept_as_files_and_the_repository_stays_deep() {
    let fixture = Fixture::new();
    fixture.write("second", "x");
    fixture.commit("second");
    let mut slot = fixture.slot(0);
    let url = format!("file://{}", fixture.top().display());
    git(slot.path(), ["clone", "-q", "--depth=1", &url, "clone"]);
    write(&slot.path().join("clone"), "work", "1");
    let work = commit(&slot.path().join("clone"), "work");
    let saved = after_all_is_gone(&fixture, &mut slot);
    assert_eq!(fixture.git(["show", &format!("{}:clone/work", saved.commit)]), "1");
    assert_eq!(fixture.git(["rev-parse", "--is-shallow-repository"]), "false");
    let fetched = try_git(&fixture.top(), ["cat-file", "-e", work.as_str()]).status.success();
    let kept = format!("{REF}-nested/0/dot-git:refs/heads/trunk");
    assert!(fetched || fixture.git(["show", &kept]) == work.as_str());
}

#[test]
fn a_worktree_inside_the_slot_is_saved_without_copying_the_users_branches() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    let inner = slot.path().join("inner");
    git(slot.path(), ["worktree", "add", "-q", "--detach", inner.to_str().unwrap()]);
    write(&inner, "committed", "1");
    let work = commit(&inner, "work");
    write(&inner, "dirty", "2");
    let saved = after_all_is_gone(&fixture, &mut slot);
    assert_eq!(fixture.git(["show", &format!("{}:inner/dirty", saved.commit)]), "2");
    assert_eq!(fixture.git(["for-each-ref", "--format=%(objectname)", &format!("{REF}-nested")]), work.as_str());
}

#[test]
fn an_untouched_submodule_is_not_work_and_a_touched_one_is() {
    let fixture = Fixture::new();
    let library = fixture.beside("library");
    git(&fixture.beside(""), ["init", "-q", "-b", "main", library.to_str().unwrap()]);
    write(&library, "lib", "1");
    commit(&library, "library");
    fixture.git(["submodule", "--quiet", "add", library.to_str().unwrap(), "sub"]);
    let base = fixture.commit("with a submodule");
    let mut slot = fixture.slot(0);
    slot.reset_to(&base, &Clean::KeepIgnored).unwrap();
    git(slot.path(), ["submodule", "--quiet", "update", "--init"]);
    assert_eq!(salvage(&fixture, &slot), None);
    write(&slot.path().join("sub"), "lib", "changed");
    let saved = salvage(&fixture, &slot).unwrap();
    assert_eq!(fixture.git(["show", &format!("{}:sub/lib", saved.commit)]), "changed");
}

#[test]
fn an_older_salvage_is_never_replaced() {
    let fixture = Fixture::new();
    let base = fixture.head();
    let mut references = Vec::new();
    let mut slot = fixture.slot(0);
    for n in 0..3 {
        write(slot.path(), "work", &n.to_string());
        references.push(salvage(&fixture, &slot).unwrap().reference);
        slot.reset_to(&base, &Clean::KeepIgnored).unwrap();
    }
    assert_eq!(references, [REF.to_owned(), format!("{REF}-2"), format!("{REF}-3")]);
    for (n, reference) in references.iter().enumerate() {
        assert_eq!(fixture.git(["show", &format!("{reference}:work")]), n.to_string());
    }
}

#[test]
fn what_an_earlier_attempt_left_behind_is_not_the_next_ones() {
    let fixture = Fixture::new();
    let mut slot = fixture.slot(0);
    write(slot.path(), "left", "1");
    commit(slot.path(), "left behind");
    git(slot.path(), ["checkout", "-q", "--detach", "trunk"]);
    assert!(salvage(&fixture, &slot).is_some());
    slot.reset_to(&fixture.head(), &Clean::KeepIgnored).unwrap();
    assert_eq!(salvage(&fixture, &slot), None);
    write(slot.path(), "next", "1");
    commit(slot.path(), "next");
    let saved = slot.salvage("refs/swarm/salvage/task/2", &fixture.head(), "x").unwrap().unwrap();
    assert_eq!(fixture.git(["rev-list", "--count", &format!("trunk..{}", saved.commit)]), "1");
}

#[test]
fn salvage_leaves_the_slot_as_it_is_and_runs_no_hook() {
    let fixture = Fixture::new();
    write(&fixture.top(), ".git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n");
    use std::os::unix::fs::PermissionsExt;
    let hook = fixture.top().join(".git/hooks/reference-transaction");
    let slot = fixture.slot(0);
    fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).unwrap();
    write(slot.path(), "new", "x");
    write(slot.path(), "README.md", "y");
    let status = |slot: &Slot| git(slot.path(), ["status", "--porcelain=v2", "--branch"]);
    let before = (status(&slot), fs::read(slot.git_dir().join("index")).unwrap());
    salvage(&fixture, &slot).unwrap();
    assert_eq!((status(&slot), fs::read(slot.git_dir().join("index")).unwrap()), before);
    assert_eq!(oid(&git(slot.path(), ["rev-parse", "HEAD"])), fixture.head());
}
