//! What the picture keeps; what a pick makes of it is told beside the pick.

use super::testing::{at, entry, id, queue};
use super::*;

fn order(queue: &Queue) -> String {
    queue.in_order().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_order_is_priority_then_arrival_then_name() {
    let queue = queue("pending b\n pending c p1\n pending a came:5\n pending e p1 came:1\n pending d p0 came:9");
    assert_eq!(order(&queue), "d c e b a");
}

#[test]
fn a_task_that_is_written_anew_stands_where_it_now_belongs() {
    let mut queue = queue("pending a\n pending b");
    queue.put_pending(entry("a p3"));
    assert_eq!(order(&queue), "b a");
    queue.put_pending(entry("a p3 after:c"));
    assert_eq!(order(&queue), "b");
    queue.put_pending(entry("a"));
    queue.put(State::Complete, &id("c"));
    assert_eq!(order(&queue), "a b");
    assert!(queue.dependents.is_empty(), "nobody waits any more");
}

#[test]
fn tasks_are_counted_by_folder_and_found_in_the_furthest() {
    let queue = queue("pending a\n current a\n current b\n review c\n blocked d\n complete d\n complete e");
    assert_eq!(State::ALL.map(|state| queue.count(state)), [1, 2, 1, 1, 2]);
    for (name, place) in
        [("a", Some(State::Current)), ("c", Some(State::Review)), ("d", Some(State::Complete)), ("ghost", None)]
    {
        assert_eq!(queue.whereabouts(&id(name)), place, "{name}");
    }
    assert_eq!(queue.double(&id("a")), Some(State::Current));
    let mut complete: Vec<&str> = queue.ids(State::Complete).map(TaskId::as_str).collect();
    complete.sort_unstable();
    assert_eq!(complete, ["d", "e"]);
}

#[test]
fn what_is_known_of_a_live_task_is_not_forgotten() {
    let mut queue = queue("pending a domain:x");
    queue.put(State::Current, &id("a"));
    queue.remove(State::Pending, &id("a"));
    queue.put(State::Current, &id("a"));
    let domains: Vec<_> = queue.live().map(|(_, entry)| entry.and_then(|entry| entry.domain.as_deref())).collect();
    assert_eq!(domains, [Some("x")]);
}

#[test]
fn a_task_set_aside_comes_back_in_time_and_leaves_nothing_behind() {
    let mut queue = queue("pending a\n locked a 20");
    assert_eq!(order(&queue), "");
    queue.put_pending(entry("a"));
    assert_eq!(order(&queue), "", "a second look does not shorten the wait");
    queue.advance(at(20));
    assert_eq!(order(&queue), "a");
    assert!(queue.deferred.is_empty());
    queue.defer(&id("a"), at(30));
    queue.remove(State::Pending, &id("a"));
    assert!(queue.deferred.is_empty() && queue.timed.is_empty() && queue.ready.is_empty());
}

#[test]
fn an_invalid_file_is_news_once() {
    let mut queue = Queue::default();
    let wrong = |line| Invalid { line: Some(line), reason: "no YAML".to_owned() };
    assert!(queue.put_invalid(State::Pending, "a.md", wrong(1)));
    assert!(!queue.put_invalid(State::Pending, "a.md", wrong(1)));
    assert!(queue.put_invalid(State::Pending, "a.md", wrong(2)));
    assert!(queue.put_invalid(State::Blocked, "a.md", wrong(2)));
    queue.remove_invalid(State::Pending, "a.md");
    let left: Vec<_> = queue.invalid().map(|(state, name, _)| (state, name)).collect();
    assert_eq!(left, [(State::Blocked, "a.md")]);
}

fn ripe(queue: &Queue) -> Vec<&str> {
    queue.ripe().map(TaskId::as_str).collect()
}

#[test]
fn an_epic_is_ripe_when_all_its_children_are_complete_and_it_has_one() {
    for (lines, is_ripe) in [
        ("", false),
        ("complete a parent:e", true),
        ("complete a parent:e\n complete b parent:e", true),
        ("complete a parent:e\n pending b parent:e", false),
        ("complete a parent:e\n current b parent:e", false),
        ("complete a parent:e\n review b parent:e", false),
        ("complete a parent:e\n blocked b parent:e", false),
        ("complete a parent:e\n broken b parent:e", false),
        ("complete a parent:e\n broken b", true),
        ("complete a parent:e\n pending a parent:e", false),
        ("complete a parent:e\n pending b epic parent:e", false),
        ("complete a parent:e\n complete b epic parent:e\n pending c parent:b", true),
        ("complete a parent:e\n blocked e", false),
        ("complete a parent:e\n writing e", false),
        ("complete a parent:e\n locked e 20", false),
        ("complete a parent:e\n pending e epic after:x\n pending x", false),
        ("complete a parent:e\n pending e epic after:x\n complete x", true),
        ("complete a parent:e\n pending e epic parent:e", false),
        // A wish or a pause is about claiming.
        ("complete a parent:e\n pending e epic wish:20 pause:30", true),
        ("complete a parent:e\n pending e", false),
    ] {
        let queue = queue(&format!("pending e epic\n {lines}"));
        assert_eq!(ripe(&queue) == ["e"], is_ripe, "{lines}");
    }
}

#[test]
fn an_epic_follows_its_children_as_they_move() {
    let mut queue = queue("pending e epic\n pending a parent:e\n pending b parent:e");
    queue.remove(State::Pending, &id("a"));
    queue.put_complete(&id("a"), Some(&id("e")));
    assert_eq!(ripe(&queue), Vec::<&str>::new());
    queue.remove(State::Pending, &id("b"));
    assert_eq!(ripe(&queue), ["e"], "the other was deleted");
    assert_eq!(queue.vanished_children(&id("e")).collect::<Vec<_>>(), [&id("b")]);
    queue.put_aside(State::Blocked, &id("b"), Some(&id("e")), Aside::default());
    assert_eq!(ripe(&queue), Vec::<&str>::new(), "or only moved");
    queue.remove(State::Blocked, &id("b"));
    queue.remove(State::Complete, &id("a"));
    assert_eq!(queue.childless().collect::<Vec<_>>(), [&id("e")], "a child that was deleted completes nothing");
    queue.remove(State::Pending, &id("e"));
    assert_eq!(queue.childless().count(), 0);
}

#[test]
fn what_a_broken_file_named_before_still_counts() {
    let mut queue = queue("pending e epic\n complete a parent:e\n pending b parent:e");
    queue.put_broken(State::Pending, &id("b"), None);
    assert_eq!(ripe(&queue), Vec::<&str>::new());
    assert_eq!(queue.whereabouts(&id("b")), None);
    queue.remove(State::Pending, &id("b"));
    assert_eq!(ripe(&queue), ["e"]);
}

#[test]
fn an_epic_that_was_set_aside_is_ripe_again_in_time() {
    let mut queue = queue("pending e epic\n complete a parent:e\n locked e 20");
    queue.advance(at(19));
    assert_eq!(ripe(&queue), Vec::<&str>::new());
    queue.advance(at(20));
    assert_eq!((ripe(&queue), order(&queue)), (vec!["e"], String::new()));
    queue.defer(&id("e"), Timestamp::MAX);
    assert_eq!((ripe(&queue).len(), queue.to_come().count()), (0, 0), "given up: nobody waits for it");
    queue.remove(State::Pending, &id("e"));
    assert!(queue.ripe.is_empty() && queue.timed.is_empty() && queue.deferred.is_empty());
}
