//! What counts as published ahead of the base, whoever moves the ref.

use super::super::publish::Published;
use super::super::testing::Fixture;
use super::*;

const AHEAD: &str = "refs/swarm/ahead/trunk";

/// A commit that is published ahead of the base, and one that nobody has judged.
fn held_back(fixture: &Fixture) -> (Oid, Oid) {
    let (repo, base) = (fixture.repo(), fixture.head());
    let published = fixture.commit_on(&base, "good.txt", "x\n");
    let evil = fixture.commit_on(&base, "evil.txt", "x\n");
    repo.note_ahead("trunk").unwrap();
    assert_eq!(repo.publish_ahead("trunk", None, &published).unwrap(), Published::Landed);
    (published, evil)
}

#[test]
fn what_was_published_counts_whatever_the_ref_is_made_to_hold() {
    let fixture = Fixture::new();
    let (published, evil) = held_back(&fixture);
    let repo = fixture.repo();
    for meddle in
        [vec!["update-ref", AHEAD, evil.as_str()], vec!["update-ref", "-d", AHEAD], vec!["update-ref", AHEAD, "HEAD"]]
    {
        fixture.git(&meddle);
        fixture.git(["pack-refs", "--all"]);
        let tips = repo.tips("trunk").unwrap();
        assert_eq!((tips.ahead.as_ref(), tips.ahead_was_moved), (Some(&published), true), "{meddle:?}");
        assert_eq!(repo.newest("trunk").unwrap(), published, "{meddle:?}");
        let put_back = repo.put_ahead_back("trunk").unwrap().unwrap();
        assert_eq!(put_back.holds.as_ref(), Some(&published));
        if let Some(found) = put_back.found {
            assert_eq!(fixture.rev(&found.reference), found.commit);
        }
        assert_eq!(fixture.rev(AHEAD), published, "{meddle:?}");
        assert!(!repo.tips("trunk").unwrap().ahead_was_moved);
        assert_eq!(repo.put_ahead_back("trunk").unwrap(), None);
    }
    assert_eq!(repo.catch_up("trunk").unwrap(), super::super::CaughtUp::Landed(published.clone()));
    assert_eq!(fixture.rev("trunk"), published);
}

#[test]
fn a_ref_from_nowhere_is_not_believed_once_it_is_known_that_there_is_none() {
    let fixture = Fixture::new();
    let (repo, base) = (fixture.repo(), fixture.head());
    let evil = fixture.commit_on(&base, "evil.txt", "x\n");
    repo.note_ahead("trunk").unwrap();
    fixture.git(["update-ref", AHEAD, evil.as_str()]);
    assert_eq!(repo.newest("trunk").unwrap(), base);
    assert_eq!(repo.catch_up("trunk").unwrap(), super::super::CaughtUp::Even);
    assert_eq!(repo.put_ahead_back("trunk").unwrap().unwrap().holds, None);
    assert_eq!(fixture.git(["for-each-ref", AHEAD]), "");
    assert_eq!(fixture.rev("trunk"), base);
}

#[test]
fn what_an_older_program_or_a_kill_has_left_is_believed() {
    let fixture = Fixture::new();
    let (repo, base) = (fixture.repo(), fixture.head());
    let (one, two) = (fixture.commit_on(&base, "1.txt", "1\n"), fixture.commit_on(&base, "2.txt", "2\n"));
    fixture.git(["update-ref", AHEAD, one.as_str()]);
    assert_eq!(repo.tips("trunk").unwrap().ahead.as_ref(), Some(&one));
    repo.note_ahead("trunk").unwrap();
    // Killed before the move, and after it.
    write(&repo, "trunk", &alone(&repo).unwrap(), &[Some(&one), Some(&two)]).unwrap();
    for there in [&one, &two] {
        fixture.git(["update-ref", AHEAD, there.as_str()]);
        let tips = repo.tips("trunk").unwrap();
        assert_eq!((tips.ahead.as_ref(), tips.ahead_was_moved), (Some(there), false));
    }
    fs::write(path(&repo, "trunk"), "{").unwrap();
    assert_eq!(repo.tips("trunk").unwrap().ahead, Some(two));
}

#[test]
fn a_move_that_somebody_else_forestalls_leaves_the_note_true() {
    let fixture = Fixture::new();
    let (published, evil) = held_back(&fixture);
    let repo = fixture.repo();
    assert_eq!(repo.publish_ahead("trunk", None, &evil).unwrap(), Published::Moved);
    let tips = repo.tips("trunk").unwrap();
    assert_eq!((tips.ahead, tips.ahead_was_moved), (Some(published), false));
}
