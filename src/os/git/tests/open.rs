//! Which repositories are fit, and who commits.

use super::super::testing::{Fixture, git, oid};
use super::super::{Repo, Unfit};

#[test]
fn a_fit_repository_tells_where_its_parts_are() {
    let fixture = Fixture::new();
    fixture.write("deep/er/file", "x");
    let repo = Repo::open(&fixture.top().join("deep/er")).unwrap();
    let top = fixture.top().canonicalize().unwrap();
    assert_eq!(repo.top(), top);
    assert_eq!(repo.git_dir(), top.join(".git"));
    assert_eq!(repo.common_dir(), top.join(".git"));
    assert!(!repo.is_linked());
    assert_eq!(repo.current_branch().unwrap().as_deref(), Some("trunk"));
    assert_eq!(repo.tree_of(&fixture.head()).unwrap(), fixture.rev("HEAD^{tree}"));
}

#[test]
fn a_detached_head_is_on_no_branch() {
    let fixture = Fixture::new();
    fixture.git(["checkout", "-q", "--detach"]);
    assert_eq!(fixture.repo().current_branch().unwrap(), None);
}

#[test]
fn a_linked_worktree_can_be_the_root() {
    let fixture = Fixture::new();
    let linked = fixture.beside("linked");
    fixture.git(["worktree", "add", "-q", "-b", "side", linked.to_str().unwrap()]);
    let repo = Repo::open(&linked).unwrap();
    assert!(repo.is_linked());
    assert_eq!(repo.current_branch().unwrap().as_deref(), Some("side"));
    assert_eq!(repo.common_dir(), fixture.top().join(".git").canonicalize().unwrap());
    let slot = repo.add_slot(&linked.join(".swarm/slots/00"), &fixture.head()).unwrap();
    assert_eq!(slot.state().unwrap().head, Some(fixture.head()));
}

#[test]
fn what_is_not_fit_says_what_is_needed() {
    let fixture = Fixture::new();
    let bare = fixture.beside("bare.git");
    fixture.git(["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let outside = fixture.beside("plain");
    std::fs::create_dir(&outside).unwrap();
    let empty = Fixture::empty();
    assert!(matches!(Repo::open(&bare).unwrap_err(), Unfit::Bare(_)));
    assert!(matches!(Repo::open(&outside).unwrap_err(), Unfit::NotARepository(_)));
    assert!(matches!(Repo::open(&outside.join("missing")).unwrap_err(), Unfit::NotARepository(_)));
    assert!(matches!(Repo::open(&fixture.top().join(".git")).unwrap_err(), Unfit::NotARepository(_)));
    let error: crate::error::Error = Repo::open(&empty.top()).unwrap_err().into();
    assert!(error.to_string().ends_with("has no commit yet"), "{error}");
    assert!(error.next_move().unwrap().contains("git commit"));
}

#[test]
fn without_a_user_name_there_is_still_somebody_who_commits() {
    let fixture = Fixture::new();
    assert_eq!(fixture.repo().identity().name, "swarm");
    assert_eq!(fixture.repo().identity_env()[3], ("GIT_COMMITTER_EMAIL", "swarm@localhost".into()));
    fixture.git(["config", "user.name", "Ada <x> L"]);
    fixture.git(["config", "user.email", "ada@example.org"]);
    let repo = fixture.repo();
    assert_eq!(repo.identity().email, "ada@example.org");
    assert_eq!(repo.identity().name, "Ada x L");
}

#[test]
fn sha256_repositories_work_as_well() {
    let fixture = Fixture::new();
    let other = fixture.beside("sha256");
    fixture.git(["init", "-q", "-b", "trunk", "--object-format=sha256", other.to_str().unwrap()]);
    git(&other, ["commit", "-q", "--allow-empty", "-m", "start"]);
    let repo = Repo::open(&other).unwrap();
    let head = oid(&git(&other, ["rev-parse", "HEAD"]));
    assert_eq!(head.as_str().len(), 64);
    let mut slot = repo.add_slot(&other.join(".swarm/slots/00"), &head).unwrap();
    super::super::testing::write(slot.path(), "new", "x");
    assert!(slot.salvage("refs/swarm/salvage/t/1", &head, "t").unwrap().is_some());
    slot.reset_to(&head, &super::super::Clean::KeepIgnored).unwrap();
    assert!(!slot.state().unwrap().dirty);
}
