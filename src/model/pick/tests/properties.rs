//! After every change of a queue, the fast pick says what the slow one says.

use proptest::prelude::*;

use super::families::plain_circle;
use super::slow::Slow;
use crate::model::pick::{
    Chain, Circle, End, Filter, Hold, first_claimable, forecast, hold, holds, outlook, pick, stuck,
};
use crate::model::queue::testing::{at, entry, id};
use crate::model::queue::{Aside, Entry, Queue};
use crate::model::state::State;
use crate::model::task::TaskId;

/// What can happen to a queue.
#[derive(Debug, Clone)]
enum Change {
    Pending(Entry),
    Current(TaskId, Option<Entry>),
    Put(State, TaskId),
    /// In `review/` or `blocked/`, and read.
    Aside(State, Entry),
    /// In `complete/`, and read.
    Complete(Entry),
    /// Not to be understood, with the parent that it still names.
    Broken(State, TaskId, Option<TaskId>),
    Remove(State, TaskId),
    Open(TaskId, bool),
    /// The one that would be picked is taken, as the board does it.
    Take,
    /// For so many seconds.
    Defer(TaskId, i64),
    /// By so many seconds.
    Advance(i64),
}

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn some_id() -> impl Strategy<Value = TaskId> {
    prop::sample::select(&NAMES[..]).prop_map(id)
}

prop_compose! {
    fn some_entry()(
        name in prop::sample::select(&NAMES[..]),
        priority in prop::sample::select(&["p0", "p2", "p2", "p4"][..]),
        came in 0..3,
        epic in prop::bool::weighted(0.25),
        after in prop::option::weighted(0.4, prop::sample::subsequence(&["ghost", "f", "a", "c", "b", "e", "d"][..], 1..3)),
        domain in prop::option::weighted(0.3, prop::sample::select(&["x", "y"][..])),
        files in prop::option::weighted(0.4, prop::sample::select(&["src", "src/**", "docs/*.md", "src/a.rs,docs"][..])),
        parent in prop::option::weighted(0.5, prop::sample::select(&["a", "b", "c", "g"][..])),
        wish in prop::option::weighted(0.3, 0..60),
        pause in prop::option::weighted(0.4, 0..60),
    ) -> Entry {
        let mut words = format!("{name} {priority} came:{came}");
        let mut say = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push_str(&format!(" {key}:{value}"));
            }
        };
        say("epic", epic.then(String::new));
        say("after", after.map(|names| names.join(",")));
        say("domain", domain.map(str::to_owned));
        say("files", files.map(str::to_owned));
        say("parent", parent.map(str::to_owned));
        say("wish", wish.map(|at: i32| at.to_string()));
        say("pause", pause.map(|at: i32| at.to_string()));
        entry(&words)
    }
}

fn some_change() -> impl Strategy<Value = Change> {
    let state = || prop::sample::select(&State::ALL[..]);
    prop_oneof![
        8 => some_entry().prop_map(Change::Pending),
        2 => some_entry().prop_map(|entry| Change::Current(entry.id.clone(), Some(entry))),
        1 => some_id().prop_map(|id| Change::Current(id, None)),
        3 => (state(), some_id()).prop_map(|(state, id)| Change::Put(state, id)),
        2 => (prop::sample::select(&[State::Review, State::Blocked][..]), some_entry())
            .prop_map(|(state, entry)| Change::Aside(state, entry)),
        4 => some_entry().prop_map(Change::Complete),
        1 => (state(), some_id(), prop::option::of(some_id()))
            .prop_map(|(state, id, parent)| Change::Broken(state, id, parent)),
        6 => (state(), some_id()).prop_map(|(state, id)| Change::Remove(state, id)),
        2 => (some_id(), any::<bool>()).prop_map(|(id, open)| Change::Open(id, open)),
        3 => Just(Change::Take),
        2 => (some_id(), 0i64..20).prop_map(|(id, seconds)| Change::Defer(id, seconds)),
        3 => (0i64..15).prop_map(Change::Advance),
    ]
}

fn some_filter() -> impl Strategy<Value = Filter> {
    let tasks = prop::option::weighted(0.2, prop::collection::hash_set(some_id(), 1..4));
    let parent = prop::option::weighted(0.2, prop::sample::select(&["a", "b", "g"][..]));
    let domain = prop::option::weighted(0.2, prop::sample::select(&["x", "y"][..]));
    (tasks, parent, domain).prop_map(|(tasks, parent, domain)| Filter {
        tasks: tasks.unwrap_or_default(),
        parent: parent.map(id),
        domain: domain.map(str::to_owned),
    })
}

/// Does the same to both.
fn apply(change: &Change, queue: &mut Queue, slow: &mut Slow, filter: &Filter) {
    match change {
        Change::Pending(entry) => {
            queue.put_pending(entry.clone());
            slow.put(State::Pending, &entry.id, Some(entry.clone()));
        }
        Change::Current(id, entry) => {
            queue.put_current(id, entry.clone());
            slow.put(State::Current, id, entry.clone());
        }
        // What lies in `pending/` is always known.
        Change::Put(State::Pending, id) => queue.put(State::Pending, id),
        Change::Put(state, id) => {
            queue.put(*state, id);
            slow.put(*state, id, None);
        }
        Change::Aside(state, entry) => {
            let aside = Aside { kind: entry.kind, reason: None };
            queue.put_aside(*state, &entry.id, entry.parent.as_ref(), aside);
            slow.put(*state, &entry.id, Some(entry.clone()));
        }
        Change::Complete(entry) => {
            queue.put_complete(&entry.id, entry.parent.as_ref());
            slow.put(State::Complete, &entry.id, Some(entry.clone()));
        }
        Change::Broken(state, id, parent) => {
            queue.put_broken(*state, id, parent.clone());
            slow.put_broken(*state, id, parent.clone());
        }
        Change::Remove(state, id) => {
            queue.remove(*state, id);
            slow.remove(*state, id);
        }
        Change::Open(id, open) => {
            queue.set_open(id, *open);
            slow.open.retain(|name| name != id);
            if *open {
                slow.open.push(id.clone());
            }
        }
        Change::Take => {
            if let Some(taken) = pick(queue, filter).cloned() {
                queue.remove(State::Pending, &taken.id);
                queue.put_current(&taken.id, Some(taken.clone()));
                slow.remove(State::Pending, &taken.id);
                slow.put(State::Current, &taken.id, Some(taken.clone()));
            }
        }
        Change::Defer(id, seconds) => {
            let until = at(slow.now.as_second() + seconds);
            queue.defer(id, until);
            slow.set_aside.retain(|(name, _)| name != id);
            slow.set_aside.push((id.clone(), until));
        }
        Change::Advance(seconds) => slow.now = at(slow.now.as_second() + seconds),
    }
    queue.advance(slow.now);
}

/// What each must be, whatever the other says.
fn keeps_its_promises(queue: &Queue, filter: &Filter) -> Result<(), TestCaseError> {
    if let Some(picked) = pick(queue, &Filter::default()) {
        let held = hold(queue, &Filter::default(), picked);
        prop_assert!(matches!(held, None | Some(Hold::Overlap(_))), "picked though {held:?}");
    }
    let (claimed, held) = forecast(queue, filter);
    prop_assert_eq!(pick(queue, filter).map(|entry| &entry.id), claimed.first().map(|entry| &entry.id));
    for most in [0, 1, 3] {
        let (first, count) = first_claimable(queue, filter, most);
        let as_forecast = claimed.iter().take(most).map(|entry| &entry.id);
        prop_assert!(first.iter().map(|entry| &entry.id).eq(as_forecast), "the first {}", most);
        prop_assert_eq!(count, claimed.len());
    }
    let mut told: Vec<&TaskId> =
        claimed.iter().copied().chain(held.iter().map(|(entry, _)| *entry)).map(|entry| &entry.id).collect();
    told.sort_unstable();
    let mut all: Vec<&TaskId> = queue.ids(State::Pending).collect();
    all.sort_unstable();
    prop_assert_eq!(told, all, "the forecast tells each once");
    for entry in queue.all_pending() {
        prop_assert_eq!(holds(queue, filter, entry).into_iter().next(), hold(queue, filter, entry));
        let alone = Filter { tasks: [entry.id.clone()].into(), ..Filter::default() };
        let reached = pick(queue, &alone).is_some_and(|picked| picked.id == entry.id);
        let held = hold(queue, &Filter::default(), entry);
        prop_assert_eq!(reached, matches!(held, None | Some(Hold::Overlap(_))), "{}: {:?}", entry.id, held);
    }
    let mut lost: Vec<_> = held.into_iter().filter(|(_, hold)| hold.needs_a_person()).collect();
    lost.sort_by_key(|(entry, _)| &entry.id);
    if filter.is_open() {
        prop_assert_eq!(said(lost), said(stuck(queue, filter, queue.all_pending())));
    }
    Ok(())
}

fn said(held: Vec<(&Entry, Hold)>) -> Vec<String> {
    held.into_iter().map(|(entry, hold)| format!("{}: {hold}", entry.id)).collect()
}

/// A circle is a way from dependency to dependency, of which none is complete, back to its beginning.
fn is_a_circle(queue: &Queue, circle: &Circle) -> bool {
    let next = circle.ids().chain(circle.ids().next()).skip(1);
    circle.ids().zip(next).all(|(id, next)| {
        let leads_on = queue.pending(id).is_some_and(|entry| queue.unmet(entry).any(|need| need == next));
        leads_on && !queue.holds(State::Complete, next)
    })
}

/// The same with circles that only say who asked, after a look whether they are some.
fn without_circles(queue: &Queue, asked: &TaskId, hold: Hold) -> Hold {
    let check = |circle: &Circle, first: &TaskId| {
        assert!(is_a_circle(queue, circle), "{circle}");
        assert_eq!(circle.ids().next(), Some(first));
        plain_circle(first)
    };
    let in_chain = |chain: Chain| match (&chain.end, chain.last()) {
        (End::Cycle(circle), Some(last)) => Chain { end: End::Cycle(check(circle, last)), ..chain },
        (_, _) => chain,
    };
    match hold {
        Hold::Cycle(circle) => Hold::Cycle(check(&circle, asked)),
        Hold::Epic(chain) => Hold::Epic(in_chain(chain)),
        Hold::Dependency(chain) => Hold::Dependency(in_chain(chain)),
        other => other,
    }
}

proptest! {
    #[test]
    fn the_fast_pick_agrees_with_the_slow_one(
        filter in some_filter(),
        changes in prop::collection::vec(some_change(), 1..60),
    ) {
        let mut queue = Queue::default();
        let mut slow = Slow::new(at(10));
        for change in &changes {
            apply(change, &mut queue, &mut slow, &filter);
            for state in State::ALL {
                prop_assert_eq!(queue.count(state), slow.count(state), "{}", state);
            }
            prop_assert_eq!(pick(&queue, &filter).map(|entry| entry.id.clone()), slow.pick(&filter), "{:?}", change);
            prop_assert_eq!(outlook(&queue, &filter, slow.now), slow.outlook(&filter), "{:?}", change);
            for entry in slow.pending() {
                let said = hold(&queue, &filter, queue.pending(&entry.id).unwrap())
                    .map(|hold| without_circles(&queue, &entry.id, hold));
                prop_assert_eq!(said, slow.hold(&filter, entry), "{} after {:?}", entry.id, change);
            }
            let ripe = |entry: &&Entry| slow.hold(&filter, entry) == Some(Hold::Ripe);
            let mut ripe: Vec<TaskId> = slow.pending().into_iter().filter(ripe).map(|entry| entry.id.clone()).collect();
            ripe.sort();
            prop_assert_eq!(queue.ripe().cloned().collect::<Vec<_>>(), ripe, "{:?}", change);
            keeps_its_promises(&queue, &filter)?;
        }
    }
}
