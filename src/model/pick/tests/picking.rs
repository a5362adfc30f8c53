//! What is claimed, and in which order; what time will bring.

use crate::model::pick::{Filter, Outlook, forecast, outlook, pick};
use crate::model::queue::Queue;
use crate::model::queue::testing::{at, entry, id, queue};
use crate::model::state::State;

/// What workers would claim one after the other if each task were gone at once.
fn order(lines: &str, filter: &Filter) -> String {
    let mut queue = queue(lines);
    let forecast: Vec<String> = forecast(&queue, filter).0.iter().map(|entry| entry.id.to_string()).collect();
    let mut order: Vec<String> = Vec::new();
    while let Some(id) = pick(&queue, filter).map(|entry| entry.id.clone()) {
        queue.remove(State::Pending, &id);
        order.push(id.to_string());
    }
    assert_eq!(order, forecast, "{lines}");
    order.join(" ")
}

#[test]
fn what_can_be_claimed_is_claimed_in_order() {
    for (lines, claimed) in [
        ("", ""),
        ("pending b\n pending a", "a b"),
        ("pending a came:2\n pending b came:1", "b a"),
        ("pending a came:2\n pending b came:1 p3\n pending c came:9 p0", "c a b"),
        ("pending a epic\n pending b parent:a", "b"),
        ("pending a after:b\n complete b", "a"),
        ("pending a after:b\n pending b", "b"),
        ("pending a after:b\n current b", ""),
        ("pending a after:b\n review b", ""),
        ("pending a after:b\n blocked b", ""),
        ("pending a after:b,c\n complete b", ""),
        ("pending a after:ghost\n pending b", "b"),
        ("pending a after:a\n pending b", "b"),
        ("pending a after:b\n pending b after:a\n pending c", "c"),
        ("pending a after:b\n pending b after:c\n pending c after:a\n pending d", "d"),
        // A circle is none where one of it is complete.
        ("pending a after:b\n complete b", "a"),
        ("pending a wish:11\n pending b wish:10\n pending c pause:11\n pending d pause:9", "b d"),
        ("pending a domain:x\n current b domain:x\n pending c domain:y", "c"),
        ("pending a domain:x\n current b domain:y", "a"),
        ("pending a files:src/**\n pending b\n current c files:src/a.rs", "b a"),
        ("pending a files:src/**\n pending b files:src/a.rs\n current c files:src/a.rs", "a b"),
        ("pending a files:docs\n current c files:src", "a"),
        ("pending a\n blocked a\n pending b", "b"),
        ("pending a\n current a\n pending b", "b"),
        ("pending a\n review a\n pending b", "b"),
        ("pending a\n complete a\n pending b", "b"),
        ("pending a\n writing a\n pending b", "b"),
        ("pending a\n locked a 11\n pending b", "b"),
        ("pending a\n locked a 10\n pending b", "a b"),
    ] {
        assert_eq!(order(lines, &Filter::default()), claimed, "{lines}");
    }
}

#[test]
fn a_filter_lets_through_only_what_the_run_is_for() {
    let lines = "pending a parent:e\n pending b domain:x\n pending c parent:e domain:x\n pending d parent:f";
    let parent = |name| Filter { parent: Some(id(name)), ..Filter::default() };
    let domain = |name: &str| Filter { domain: Some(name.to_owned()), ..Filter::default() };
    for (filter, claimed) in [
        (Filter::default(), "a b c d"),
        (Filter { tasks: [id("d"), id("b"), id("ghost")].into(), ..Filter::default() }, "b d"),
        (parent("e"), "a c"),
        (parent("ghost"), ""),
        (domain("x"), "b c"),
        (Filter { parent: Some(id("e")), ..domain("x") }, "c"),
        (Filter { tasks: [id("a")].into(), ..domain("x") }, ""),
    ] {
        assert_eq!(order(lines, &filter), claimed, "{filter:?}");
    }
}

#[test]
fn what_a_named_task_needs_is_let_through_with_it() {
    let tasks = |names: &str| Filter { tasks: names.split(' ').map(id).collect(), ..Filter::default() };
    let parent = |name| Filter { parent: Some(id(name)), ..Filter::default() };
    let chain = "pending a after:b\n pending b after:c,d\n pending c\n complete d\n pending x\n pending y after:c";
    let roof = "pending e epic after:z\n pending f epic parent:e\n pending a parent:e after:c\n pending b parent:f\n \
                pending c\n pending x after:e\n pending y parent:x\n pending z";
    for (lines, filter, claimed) in [
        (chain, tasks("a"), "c"),
        (chain, tasks("x"), "x"),
        (chain, tasks("y"), "c"),
        (chain, tasks("x y"), "c x"),
        // It cannot be done, and nothing is done for it.
        ("blocked a\n pending b", tasks("a"), ""),
        ("pending a after:a,b\n pending b", tasks("a"), "b"),
        // What is complete needs nothing any more, whatever its double says.
        ("pending a after:b\n pending b after:c\n complete b\n pending c", tasks("a"), "a"),
        (roof, tasks("e"), "b c z"),
        (roof, tasks("f"), "b"),
        (roof, tasks("x"), "b c z"),
        (roof, parent("e"), "b c"),
        (roof, parent("f"), "b"),
        // No epic, so its children are not for it.
        ("pending a\n pending b parent:a", tasks("a"), "a"),
        // An epic that is held, asked for by name.
        ("blocked e epic\n pending b parent:e", tasks("e"), "b"),
        ("complete e epic\n pending b parent:e", tasks("e"), ""),
        ("complete e epic\n pending b parent:e", parent("e"), "b"),
    ] {
        assert_eq!(order(lines, &filter), claimed, "{filter:?}: {lines}");
    }
}

#[test]
fn what_is_needed_follows_the_queue_as_it_changes() {
    let filter = Filter { tasks: [id("a")].into(), ..Filter::default() };
    let mut queue = queue("pending a after:b\n pending b after:c\n pending c\n pending d");
    let picked = |queue: &Queue| pick(queue, &filter).map(|entry| entry.id.to_string());
    assert_eq!(picked(&queue).as_deref(), Some("c"));
    queue.put_pending(entry("b after:d"));
    assert_eq!(picked(&queue).as_deref(), Some("d"));
    queue.put_complete(&id("b"), None);
    queue.remove(State::Pending, &id("b"));
    assert_eq!(picked(&queue).as_deref(), Some("a"));
    queue.put_complete(&id("a"), None);
    queue.remove(State::Pending, &id("a"));
    assert_eq!(picked(&queue), None);
}

#[test]
fn a_task_is_free_as_soon_as_what_held_it_is_gone() {
    let filter = Filter::default();
    let mut queue = queue("pending a after:b domain:x\n current b domain:x\n pending c\n writing c");
    let picked = |queue: &Queue| pick(queue, &filter).map(|entry| entry.id.to_string());
    assert_eq!(picked(&queue), None);
    queue.put(State::Complete, &id("b"));
    assert_eq!(picked(&queue), None, "its domain is busy");
    queue.remove(State::Current, &id("b"));
    assert_eq!(picked(&queue).as_deref(), Some("a"));
    queue.remove(State::Complete, &id("b"));
    assert_eq!(picked(&queue), None, "what was complete was taken back");
    queue.set_open(&id("c"), false);
    assert_eq!(picked(&queue).as_deref(), Some("c"));
    queue.put(State::Blocked, &id("c"));
    assert_eq!(picked(&queue), None, "a second file of the name");
    queue.remove(State::Blocked, &id("c"));
    assert_eq!(picked(&queue).as_deref(), Some("c"));
}

#[test]
fn time_brings_what_pauses_by_itself_and_what_its_author_set_aside_only_at_the_authors_wish() {
    let x = Filter { domain: Some("x".to_owned()), ..Filter::default() };
    for (lines, filter, expected) in [
        ("pending a after:b", Filter::default(), Outlook::Nothing),
        ("current a", Filter::default(), Outlook::Nothing),
        ("pending a wish:20", Filter::default(), Outlook::AuthorsTime(at(20))),
        ("pending a wish:30\n pending b wish:20", Filter::default(), Outlook::AuthorsTime(at(20))),
        ("pending a pause:20", Filter::default(), Outlook::At(at(20))),
        ("pending a\n locked a 20", Filter::default(), Outlook::At(at(20))),
        ("pending a pause:30\n locked a 20", Filter::default(), Outlook::At(at(30))),
        // A wish that has been granted is none any more.
        ("pending a wish:5 pause:20", Filter::default(), Outlook::At(at(20))),
        ("pending a wish:25 pause:20", Filter::default(), Outlook::AuthorsTime(at(25))),
        ("pending a wish:15 pause:20", Filter::default(), Outlook::AuthorsTime(at(20))),
        // Nobody sleeps past the moment at which something can be claimed, whoever set it.
        ("pending a wish:15\n pending b pause:20", Filter::default(), Outlook::At(at(15))),
        ("pending a wish:25\n pending b pause:20", Filter::default(), Outlook::At(at(20))),
        // What is held by more than time is not waited for.
        ("pending a pause:20 after:b", Filter::default(), Outlook::Nothing),
        ("pending a pause:20\n writing a", Filter::default(), Outlook::Nothing),
        ("pending a pause:20\n blocked a", Filter::default(), Outlook::Nothing),
        ("pending a pause:20 epic", Filter::default(), Outlook::Nothing),
        ("pending a pause:20", x.clone(), Outlook::Nothing),
        ("pending a pause:20\n pending b pause:30 domain:x", x, Outlook::At(at(30))),
    ] {
        assert_eq!(outlook(&queue(lines), &filter, at(10)), expected, "{lines}");
    }
}
