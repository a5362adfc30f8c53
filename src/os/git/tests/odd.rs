//! Odd repositories and odd moments, each through a whole cycle.

use std::fs;
use std::thread;
use std::time::Duration;

use super::super::testing::{Fixture, commit, git, write};
use super::super::{Clean, Committed, GitError, Merge, Message, Published, Repo, Strategy};

/// Reset, work, commit, merge, publish, and found again: the way of one task.
fn cycle(repo: &Repo, base: &str, id: &str) {
    let tip = repo.tips(base).unwrap().base;
    let mut slot = repo.add_slot(&repo.top().join(".swarm/slots/00"), &tip).unwrap();
    slot.reset_to(&tip, &Clean::KeepIgnored).unwrap();
    write(slot.path(), &format!("{id}.txt"), "line\r\nline\n");
    assert!(slot.state().unwrap().dirty);
    let Committed::Done(head) = slot.commit_all("work").unwrap() else { panic!() };
    let message = Message { text: id, task_id: id };
    let Merge::Clean { commit, .. } = repo.merge(&tip, &head, Strategy::Squash, &message).unwrap() else { panic!() };
    slot.reset_to(&commit, &Clean::KeepIgnored).unwrap();
    assert!(!slot.has_changed_since(&commit).unwrap());
    assert_eq!(repo.publish(base, &tip, &commit).unwrap(), Published::Landed);
    assert_eq!(repo.merged_as(Some(&tip), &commit, id).unwrap(), Some(commit.clone()));
    assert_eq!(slot.salvage("refs/swarm/salvage/x/1", &commit, "x").unwrap(), None);
}

#[test]
fn every_setting_of_the_user_lets_a_cycle_pass() {
    let settings = [
        "commit.gpgSign=true",
        "gpg.program=false",
        "core.hooksPath=/nonexistent",
        "merge.ff=only",
        "core.autocrlf=true",
        "core.autocrlf=input",
        "core.editor=false",
        "core.pager=false",
        "core.fsmonitor=true",
        "core.untrackedCache=true",
        "core.splitIndex=true",
        "feature.manyFiles=true",
        "index.version=4",
        "status.showUntrackedFiles=no",
        "status.renames=false",
        "diff.noprefix=true",
        "color.ui=always",
        "column.ui=always",
        "log.showSignature=true",
        "core.quotePath=true",
        "core.abbrev=4",
        "core.sharedRepository=group",
        "extensions.worktreeConfig=true",
        "checkout.defaultRemote=none",
        "branch.autoSetupMerge=always",
        "push.default=nothing",
        "i18n.commitEncoding=latin1",
        "i18n.logOutputEncoding=latin1",
        "trailer.separators=#",
        "advice.detachedHead=true",
        "user.useConfigOnly=true",
        "submodule.recurse=true",
        "rerere.enabled=true",
        "safe.directory=/none",
    ];
    for (n, setting) in settings.into_iter().enumerate() {
        let fixture = Fixture::new();
        let (name, value) = setting.split_once('=').unwrap();
        fixture.git(["config", name, value]);
        cycle(&fixture.repo(), "trunk", &format!("task-{n}"));
        assert_eq!(git(&fixture.top(), ["-c", "color.ui=never", "status", "--porcelain"]), "", "{setting}");
    }
}

#[test]
fn odd_repositories_let_a_cycle_pass() {
    let fixture = Fixture::new();
    fixture.write("second", "x");
    fixture.commit("second");
    let url = format!("file://{}", fixture.top().display());
    let clone = |name: &str, args: &[&str]| {
        let path = fixture.beside(name);
        git(&fixture.beside(""), ["clone", "-q"].iter().chain(args).chain(&[url.as_str(), path.to_str().unwrap()]));
        let git_dir = git(&path, ["rev-parse", "--absolute-git-dir"]);
        write(std::path::Path::new(&git_dir), "info/exclude", ".swarm/\n");
        path
    };
    cycle(&Repo::open(&clone("shallow", &["--depth=1"])).unwrap(), "trunk", "shallow");
    cycle(&Repo::open(&clone("partial", &["--filter=blob:none"])).unwrap(), "trunk", "partial");
    cycle(&Repo::open(&clone("borrowing", &["--shared"])).unwrap(), "trunk", "borrowing");
    let packed = clone("packed", &[]);
    git(&packed, ["gc", "-q"]);
    cycle(&Repo::open(&packed).unwrap(), "trunk", "packed");
    let separate = clone("separate", &["--separate-git-dir", fixture.beside("elsewhere.git").to_str().unwrap()]);
    cycle(&Repo::open(&separate).unwrap(), "trunk", "separate");
    let sparse = clone("sparse", &["--sparse"]);
    write(&sparse, "deep/file", "x");
    git(&sparse, ["add", "--sparse", "."]);
    git(&sparse, ["commit", "-q", "-m", "deep"]);
    git(&sparse, ["sparse-checkout", "set"]);
    cycle(&Repo::open(&sparse).unwrap(), "trunk", "sparse");
    assert!(!sparse.join("deep").exists() && sparse.join(".swarm/slots/00/deep/file").exists());
    // Worktrees beside a bare repository whose HEAD names the base.
    let bare = fixture.beside("bare.git");
    git(&fixture.beside(""), ["clone", "-q", "--bare", &url, bare.to_str().unwrap()]);
    let beside = fixture.beside("beside-bare");
    git(&bare, ["worktree", "add", "-q", "-b", "side", beside.to_str().unwrap()]);
    write(&bare, "info/exclude", ".swarm/\n");
    cycle(&Repo::open(&beside).unwrap(), "trunk", "beside-bare");
    cycle(&Repo::open(&beside).unwrap(), "side", "beside-bare");
}

#[test]
fn reftable_storage_lets_a_cycle_pass_where_git_has_it() {
    let fixture = Fixture::new();
    let path = fixture.beside("reftable");
    let made = super::super::testing::try_git(
        &fixture.beside(""),
        ["init", "-q", "-b", "trunk", "--ref-format=reftable", path.to_str().unwrap()],
    );
    if !made.status.success() {
        return; // git older than 2.45
    }
    write(&path, ".git/info/exclude", ".swarm/\n");
    write(&path, "README.md", "x\n");
    commit(&path, "start");
    let repo = Repo::open(&path).unwrap();
    cycle(&repo, "trunk", "task");
    let tip = repo.tips("trunk").unwrap().base;
    let mut slot = repo.add_slot(&path.join(".swarm/slots/00"), &tip).unwrap();
    slot.reset_to(&tip, &Clean::KeepIgnored).unwrap();
    write(slot.path(), "left", "x");
    let left = commit(slot.path(), "left behind");
    git(slot.path(), ["checkout", "-q", "-b", "elsewhere", tip.as_str()]);
    let saved = slot.salvage("refs/swarm/salvage/t/1", &tip, "t").unwrap().unwrap();
    assert!(repo.is_ancestor(&left, &saved.commit).unwrap());
}

#[test]
fn a_lock_of_another_git_is_waited_for_then_named_and_never_deleted() {
    let fixture = Fixture::new();
    let repo = fixture.repo();
    let slot = fixture.slot(0);
    write(slot.path(), "new", "x");
    let lock = slot.git_dir().join("index.lock");
    fs::write(&lock, "").unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            fs::remove_file(&lock).unwrap();
        });
        assert!(matches!(slot.commit_all("waited").unwrap(), Committed::Done(_)));
    });
    fs::write(&lock, "").unwrap();
    write(slot.path(), "newer", "x");
    let Err(GitError::Locked { lock: named, .. }) = slot.commit_all("in vain") else { panic!() };
    assert_eq!(named.canonicalize().unwrap(), lock.canonicalize().unwrap());
    assert!(lock.exists());
    // Deleting a ref needs the list of packed refs.
    let new = fixture.commit_on(&fixture.head(), "a", "x");
    repo.publish_ahead("trunk", None, &new).unwrap();
    fixture.git(["pack-refs", "--all"]);
    fixture.write(".git/packed-refs.lock", "");
    assert_eq!(repo.catch_up("trunk").unwrap(), super::super::CaughtUp::Landed(new.clone()));
    let Err(GitError::Locked { lock: named, .. }) = repo.catch_up("trunk") else { panic!() };
    assert!(named.ends_with("packed-refs.lock"), "{}", named.display());
    assert_eq!(fixture.rev("trunk"), new, "the base itself has moved");
    fs::remove_file(fixture.top().join(".git/packed-refs.lock")).unwrap();
    assert_eq!(repo.catch_up("trunk").unwrap(), super::super::CaughtUp::Even);
    assert_eq!(repo.tips("trunk").unwrap().ahead, None);
}
