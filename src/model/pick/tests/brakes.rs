//! What keeps the whole queue back.

use crate::model::pick::{Brakes, Filter, Paused, RedBase, first_claimable, forecast, hold, holds, pick, stuck};
use crate::model::queue::Queue;
use crate::model::queue::testing::{id, queue};
use crate::model::state::State;

const LINES: &str = "pending a p0\n pending b epic\n pending c parent:b\n pending mend\n pending lost after:ghost";

fn braked(is_paused: bool, lies_in: Option<Option<State>>) -> Queue {
    let paused = is_paused.then(|| Paused { reason: String::new(), since: None });
    let red = lies_in.map(|lies_in| RedBase {
        branch: "main".to_owned(),
        gate: "test".to_owned(),
        repair: id("mend"),
        lies_in,
        found_now: false,
    });
    let mut queue = queue(LINES);
    queue.brakes = Brakes { paused, red };
    queue
}

fn claimed(queue: &Queue, filter: &Filter) -> String {
    let names: Vec<&str> = forecast(queue, filter).0.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(pick(queue, filter).map(|entry| entry.id.as_str()), names.first().copied());
    assert_eq!(first_claimable(queue, filter, 9).1, names.len());
    names.join(" ")
}

#[test]
fn nothing_is_claimed_in_a_pause_and_on_a_red_base_only_what_mends_it() {
    let all = Filter::default();
    let pending = Some(Some(State::Pending));
    for (is_paused, red, expected) in [
        (false, None, "a c mend"),
        (true, None, ""),
        (true, pending, ""),
        (false, pending, "mend"),
        (false, Some(None), ""),
        (false, Some(Some(State::Blocked)), ""),
    ] {
        assert_eq!(claimed(&braked(is_paused, red), &all), expected, "{is_paused} {red:?}");
    }
    let one = Filter { tasks: [id("a")].into(), ..Filter::default() };
    assert_eq!(claimed(&braked(false, pending), &one), "mend", "a run for one task needs a sound base too");
    assert_eq!(claimed(&braked(false, None), &one), "a");
}

#[test]
fn a_tasks_own_trouble_is_told_before_what_holds_all_and_is_alone_in_being_stuck() {
    let both = braked(true, Some(Some(State::Current)));
    let of = |name: &str| {
        let entry = both.pending(&id(name)).unwrap();
        let said = holds(&both, &Filter::default(), entry);
        assert_eq!(said.first(), hold(&both, &Filter::default(), entry).as_ref());
        said.iter().map(|hold| hold.to_string().chars().take(18).collect::<String>()).collect::<Vec<_>>()
    };
    assert_eq!(of("a"), ["claiming is paused", "the base main is r"]);
    assert_eq!(of("mend"), ["claiming is paused"]);
    assert_eq!(of("lost")[0], "depends on ghost, ");
    assert_eq!(of("b"), ["an epic: waits for"], "nobody claims an epic anyway");
    let stuck = stuck(&both, &Filter::default(), both.all_pending());
    assert_eq!(stuck.iter().map(|(entry, _)| entry.id.as_str()).collect::<Vec<_>>(), ["lost"]);
}
