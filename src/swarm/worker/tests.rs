//! A mistake of ours in one cycle: real tasks in a real repository, and a cycle that panics.

use std::{fs, thread};

use super::*;
use crate::model::choice::Choice;
use crate::model::crew::Member;
use crate::model::pick::Filter;
use crate::model::state::State;
use crate::os::dirs::Dirs;
use crate::os::git::testing::Fixture;
use crate::os::lock::Lock;
use crate::swarm::testing::{Told, workshop};
use crate::swarm::{WhenEmpty, merge_queue};

fn lies_in(dirs: &Dirs, id: &TaskId) -> Option<State> {
    State::ALL.into_iter().find(|state| dirs.task(*state, id).exists())
}

#[test]
fn a_cycle_that_panics_gives_its_task_back_and_its_worker_goes_on() {
    let (fixture, told) = (Fixture::new(), Told::default());
    let shop = workshop(&fixture, &told);
    let [bad, good]: [TaskId; 2] = ["bad", "good"].map(|name| name.parse().unwrap());
    for id in [&bad, &good] {
        let text = format!("# Do {id}\n\n```sh\necho {id} > {id}.txt\n```\n");
        fs::write(shop.dirs.task(State::Pending, id), text).unwrap();
    }
    let board = Board::new(shop.dirs.clone(), Filter::default(), WhenEmpty::End);
    board.scan().unwrap();
    let (queue, base, budget, tally) =
        (MergeQueue::default(), BaseHealth::default(), Budget::new(None), Tally::default());
    let floor =
        Floor { shop: &shop, board: &board, queue: &queue, base: &base, budget: &budget, each: None, tally: &tally };
    let tip = shop.repo.newest("trunk").unwrap();
    let script: Choice = "script".parse().unwrap();
    let mut bench = Bench::take(&shop, "w0".to_owned(), Member::worker(script), &tip).unwrap();

    let claimed = try_claim(&floor, &mut bench, 1, &bad).unwrap();
    assert_eq!(lies_in(&shop.dirs, &bad), Some(State::Current));
    turn(&floor, &mut bench, &bad, |_| {
        let _its_claim = claimed;
        // At a bad moment: everybody waits for this lock.
        board.with_queue(|_| panic!("a mistake"))
    });
    assert_eq!(lies_in(&shop.dirs, &bad), Some(State::Pending));
    assert!(Lock::try_exclusive(&shop.dirs.claim_lock(&bad)).unwrap().is_some(), "nobody has it");
    assert!(told.lock().unwrap().iter().any(|told| told.contains("please report it")), "{told:?}");
    assert_eq!(tally.outcomes().into_iter().collect::<Vec<_>>(), [(Outcome::Infra, 1)]);

    let claimed = try_claim(&floor, &mut bench, 2, &good).unwrap();
    turn(&floor, &mut bench, &good, |bench| perform(&shop, bench, claimed, 2));
    thread::scope(|scope| {
        scope.spawn(|| merge_queue::serve(&floor));
        queue.close();
    });
    assert_eq!(lies_in(&shop.dirs, &good), Some(State::Complete), "{told:?}");
    assert_ne!(shop.repo.newest("trunk").unwrap(), tip, "it is merged");
}
