//! A fast-forward that is cut off in the user's checkout leaves nothing half done, and touches nothing of the user's.

use std::fs;
use std::path::Path;

use super::super::cut_off::{Note, PutBack, notes, put_back};
use super::super::testing::{Fixture, commit, git, read, write};
use super::super::worktrees::{self, Worktree};
use super::super::{Oid, Published};
use super::reason;

/// The names of some files, with old content for those that are there before.
const BEFORE: [(&str, &str); 5] =
    [("a", "old a\n"), ("b", "old b\n"), ("gone", "old gone\n"), ("mine", "old mine\n"), ("z", "old z\n")];

/// A repository, where its branch is, and where it is to go: files are changed, removed and added.
fn parted() -> (Fixture, Oid, Oid) {
    let fixture = Fixture::new();
    BEFORE.iter().for_each(|(name, text)| fixture.write(name, text));
    let old = fixture.commit("before");
    let made = fixture.beside("made");
    fixture.git(["worktree", "add", "-q", "--detach", made.to_str().unwrap(), old.as_str()]);
    for name in ["a", "b", "mine", "z", "new/file", "new/other"] {
        write(&made, name, &format!("the new {name}\n").repeat(1000));
    }
    fs::remove_file(made.join("gone")).unwrap();
    let new = commit(&made, "after");
    fixture.git(["worktree", "remove", "--force", made.to_str().unwrap()]);
    (fixture, old, new)
}

fn checkout(fixture: &Fixture) -> Worktree {
    worktrees::all(&fixture.repo()).unwrap().remove(0)
}

/// What git would have done before it was cut off in the middle of `b`.
fn half_write(top: &Path) {
    let new = |name: &str| format!("the new {name}\n").repeat(1000);
    write(top, "a", &new("a"));
    write(top, "b", &new("b")[..100]);
    fs::remove_file(top.join("gone")).unwrap();
    fs::remove_file(top.join("z")).unwrap();
    write(top, "new/file", &new("new/file"));
    write(top, "new/other", "");
}

#[test]
fn what_a_git_that_was_cut_off_had_written_is_put_back_and_what_is_the_users_is_left() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    let note = Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    half_write(&fixture.top());
    fixture.write("mine", "the user's own\n");
    fixture.write("untracked", "his\n");
    assert_eq!(put_back(&repo, note).unwrap(), PutBack { done: 6, left: vec!["mine".into()] });
    assert_eq!(fixture.git(["status", "--porcelain"]), " M mine\n?? untracked");
    assert_eq!(read(&fixture.top(), "mine"), "the user's own\n");
    fixture.write("mine", "old mine\n");
    fs::remove_file(fixture.top().join("untracked")).unwrap();
    for (name, text) in BEFORE {
        assert_eq!(read(&fixture.top(), name), text);
    }
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
    assert!(notes(&repo).is_empty() && !fixture.top().join("new").exists());
    assert_eq!(repo.publish("trunk", &old, &new).unwrap(), Published::Landed);
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
}

#[test]
fn an_index_that_was_written_already_is_put_back_too() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    let note = Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    fixture.git(["read-tree", "-m", "-u", old.as_str(), new.as_str()]);
    put_back(&repo, note).unwrap();
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
    assert_eq!(read(&fixture.top(), "a"), "old a\n");
}

#[test]
fn the_next_publication_puts_back_first_and_names_what_it_has_left() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    half_write(&fixture.top());
    fixture.write("mine", "the user's own\n");
    let said = reason(repo.publish("trunk", &old, &new).unwrap());
    assert!(said.contains("mine") && said.contains("cut off") && said.contains("-- mine` puts them back"), "{said}");
    assert_eq!(fixture.git(["status", "--porcelain"]), " M mine");
    assert!(notes(&repo).is_empty());
}

#[test]
fn what_the_user_had_before_it_began_is_never_taken_for_ours() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    // An empty file is the beginning of any.
    fixture.write("new/file", "");
    fs::remove_file(fixture.top().join("z")).unwrap();
    // The clock that stamps files ticks in steps.
    let stamp = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let probe = fixture.beside("probe");
    while {
        fs::write(&probe, "x").unwrap();
        stamp(&probe) <= stamp(&fixture.top())
    } {}
    let note = Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    let found = put_back(&repo, note).unwrap();
    assert_eq!(found, PutBack { done: 0, left: vec!["new/file".into(), "z".into()] });
    assert_eq!(fixture.git(["status", "--porcelain"]), " D z\n?? new/");
    let said = reason(repo.publish("trunk", &old, &new).unwrap());
    assert!(!said.contains("cut off"), "{said}");
    assert_eq!(fixture.git(["status", "--porcelain"]), " D z\n?? new/");
    assert!(notes(&repo).is_empty());
}

#[test]
fn a_git_that_is_killed_in_the_middle_leaves_the_checkout_as_it_was() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    let sign = fixture.beside("killed");
    let kills = format!("test -e '{0}' || {{ : > '{0}'; kill -9 $PPID; }}; cat", sign.display());
    fixture.git(["config", "filter.kills.smudge", &kills]);
    fixture.git(["config", "filter.kills.clean", "cat"]);
    write(&fixture.top(), ".git/info/attributes", "mine filter=kills\n");
    let said = reason(repo.publish("trunk", &old, &new).unwrap());
    assert!(sign.exists() && said.contains("was put back"), "{said}");
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
    assert_eq!((read(&fixture.top(), "a"), fixture.head()), ("old a\n".to_owned(), old.clone()));
    assert!(!fixture.top().join(".git/index.lock").exists());
    assert_eq!(repo.publish("trunk", &old, &new).unwrap(), Published::Landed);
    assert_eq!(git(&fixture.top(), ["status", "--porcelain"]), "");
}

#[test]
fn a_lock_that_may_be_somebody_elses_stays_and_is_named() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    half_write(&fixture.top());
    let lock = fixture.top().join(".git/index.lock");
    // One that waits for the user's editor is written and closed already.
    fs::write(&lock, "an index").unwrap();
    let said = reason(repo.publish("trunk", &old, &new).unwrap());
    assert!(said.contains("index.lock") && said.contains("cut off") && lock.exists(), "{said}");
    assert!(fixture.top().join("new/file").exists());
    fs::remove_file(&lock).unwrap();
    repo.settle().unwrap();
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
    assert!(notes(&repo).is_empty());
}

#[test]
fn a_note_of_what_has_landed_or_of_another_place_is_forgotten() {
    let (fixture, old, new) = parted();
    let repo = fixture.repo();
    Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    assert_eq!(repo.publish("trunk", &old, &new).unwrap(), Published::Landed);
    Note::begin(&repo, &checkout(&fixture), &old, &new).unwrap();
    repo.settle().unwrap();
    assert!(notes(&repo).is_empty());
    assert_eq!(fixture.git(["status", "--porcelain"]), "");
}

#[test]
fn a_branch_that_the_user_makes_at_the_last_moment_is_named() {
    let (fixture, old, new) = parted();
    fixture.git(["branch", "mine"]);
    // In the middle of the fast-forward, which has looked where HEAD is and will look again.
    fixture.git(["config", "filter.moves.smudge", "git symbolic-ref HEAD refs/heads/mine; cat"]);
    fixture.git(["config", "filter.moves.clean", "cat"]);
    write(&fixture.top(), ".git/info/attributes", "mine filter=moves\n");
    let said = reason(fixture.repo().publish("trunk", &old, &new).unwrap());
    assert!(said.contains("refs/heads/mine was checked out") && said.contains(new.as_str()), "{said}");
    assert_eq!((fixture.rev("trunk"), fixture.rev("mine")), (old, new));
    assert!(notes(&fixture.repo()).is_empty());
}
