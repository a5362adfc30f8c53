//! What each call costs in processes, as its documentation says.

use super::super::door::processes;
use super::super::testing::{Fixture, commit, write};
use super::super::{Clean, Merge, Message, Published, Repo, Strategy};

/// How many processes `work` starts on this thread.
fn cost<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let before = processes();
    let done = work();
    (processes() - before, done)
}

#[test]
fn a_cycle_costs_as_many_processes_as_promised() {
    let fixture = Fixture::new();
    let start = fixture.head();
    let path = fixture.top().join(".swarm/slots/00");
    let (opened, repo) = cost(|| Repo::open(&fixture.top()).unwrap());
    let (made, _) = cost(|| repo.add_slot(&path, &start).unwrap());
    let (found, mut slot) = cost(|| repo.add_slot(&path, &start).unwrap());
    let (reset, ()) = cost(|| slot.reset_to(&start, &Clean::KeepIgnored).unwrap());
    let (salvaged_clean, _) = cost(|| slot.salvage("refs/swarm/salvage/t/1", &start, "t").unwrap());
    write(slot.path(), "new", "x");
    let (state, _) = cost(|| slot.state().unwrap());
    let (salvaged, _) = cost(|| slot.salvage("refs/swarm/salvage/t/1", &start, "t").unwrap().unwrap());
    let (committed, _) = cost(|| slot.commit_all("work").unwrap());
    let head = slot.state().unwrap().head.unwrap();
    let (looked_for_abandoned, _) = cost(|| slot.keep_abandoned("refs/swarm/salvage/t/1", &[&start, &head]).unwrap());
    let message = Message { text: "work", task_id: "t" };
    let (tips, _) = cost(|| repo.tips("trunk").unwrap());
    let merge = |tip, strategy| cost(|| repo.merge(tip, &head, strategy, &message).unwrap());
    let (merged, Merge::Clean { commit: merged_commit, .. }) = merge(&start, Strategy::Squash) else { panic!() };
    let (rebased, _) = merge(&start, Strategy::Rebase);
    let moved = fixture.commit_on(&start, "other", "x");
    let (merged_moved, _) = merge(&moved, Strategy::MergeCommit);
    let (rebased_moved, _) = merge(&moved, Strategy::Rebase);
    let (published, landed) = cost(|| repo.publish("trunk", &start, &merged_commit).unwrap());
    assert_eq!(landed, Published::Landed);
    fixture.git(["checkout", "-q", "--detach"]);
    let next = commit(&fixture.top(), "next");
    let (published_unseen, _) = cost(|| repo.publish("trunk", &merged_commit, &next).unwrap());
    let (caught_up, _) = cost(|| repo.catch_up("trunk").unwrap());
    let (searched, _) = cost(|| repo.merged_as(Some(&start), &next, "t").unwrap());

    assert_eq!((opened, made, found, reset, state, committed), (3, 2, 0, 2, 1, 2));
    assert_eq!((salvaged_clean, salvaged, looked_for_abandoned), (1, 7, 0));
    assert_eq!((tips, merged, merged_moved, rebased, rebased_moved), (1, 2, 3, 3, 5));
    assert_eq!((published, published_unseen, caught_up, searched), (3, 3, 1, 1));
}
