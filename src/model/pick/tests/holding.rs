//! What holds a task, in the words that its user reads.

use crate::model::pick::{Filter, forecast, hold};
use crate::model::queue::testing::{id, queue};

/// What is said of the task `a`; an exclamation mark where only a person can help.
fn said_of_a(lines: &str, filter: &Filter) -> String {
    let queue = queue(lines);
    match hold(&queue, filter, queue.pending(&id("a")).unwrap()) {
        None => "nothing".to_owned(),
        Some(hold) => format!("{}{hold}", if hold.needs_a_person() { "! " } else { "" }),
    }
}

#[test]
fn every_hold_is_named() {
    for (lines, said) in [
        ("pending a", "nothing"),
        ("pending a epic", "an epic: it is complete when its children are"),
        ("pending a\n blocked a", "! a task of the same name lies in blocked/ too: rename or remove one"),
        ("pending a\n writing a", "the file is being written"),
        ("pending a after:b\n pending b", "waits for b, which is in pending/"),
        ("pending a after:b\n current b", "waits for b, which is in current/"),
        ("pending a after:b\n review b", "! waits for b, which is in review/"),
        ("pending a after:b\n blocked b", "! waits for b, which is in blocked/"),
        ("pending a after:b", "! depends on b, and no task has that name"),
        ("pending a after:b\n complete b", "nothing"),
        ("pending a after:a", "! depends on itself: a → a"),
        ("pending a after:b\n pending b after:a", "! depends on itself: a → b → a"),
        ("pending a after:b\n pending b after:c\n pending c after:a", "! depends on itself: a → b → c → a"),
        // The circle goes on behind a dead end.
        ("pending a after:d,b\n pending b after:a\n pending d after:ghost", "! depends on itself: a → b → a"),
        // It waits for a circle and is no part of it.
        ("pending a after:b\n pending b after:b", "waits for b, which is in pending/"),
        ("pending a after:b\n pending b after:a\n complete b", "nothing"),
        ("pending a wish:20", "not before 1970-01-01T00:00:20Z"),
        ("pending a pause:20", "pauses after a failed attempt until 1970-01-01T00:00:20Z"),
        ("pending a wish:20 pause:30", "pauses after a failed attempt until 1970-01-01T00:00:30Z"),
        ("pending a\n locked a 20", "its lock is held; tried again at 1970-01-01T00:00:20Z"),
        ("pending a wish:15\n locked a 20", "its lock is held; tried again at 1970-01-01T00:00:20Z"),
        ("pending a domain:x\n current b domain:x", "b is at work in the domain x"),
        ("pending a files:src\n current b files:src/b.rs", "may touch the same files as b, which is being worked on"),
    ] {
        assert_eq!(said_of_a(lines, &Filter::default()), said, "{lines}");
    }
}

#[test]
fn a_filter_is_named_by_its_flag() {
    for (filter, said) in [
        (Filter { tasks: [id("b")].into(), ..Filter::default() }, "left out by --task"),
        (Filter { parent: Some(id("e")), ..Filter::default() }, "left out by --parent"),
        (Filter { domain: Some("x".to_owned()), ..Filter::default() }, "left out by --domain"),
    ] {
        assert_eq!(said_of_a("pending a", &filter), said);
    }
}

#[test]
fn the_most_lasting_reason_is_told_first() {
    let worst = "pending a epic after:a,ghost wish:20 domain:x\n writing a\n blocked a\n current b domain:x";
    for (gone, said) in [
        (&[][..], "an epic: it is complete when its children are"),
        (&["epic"], "! a task of the same name lies in blocked/ too: rename or remove one"),
        (&["epic", "blocked a"], "! depends on itself: a → a"),
        (&["epic", "blocked a", "a,"], "! depends on ghost, and no task has that name"),
        (&["epic", "blocked a", "after:a,ghost"], "the file is being written"),
        (&["epic", "blocked a", "after:a,ghost", "writing a"], "not before 1970-01-01T00:00:20Z"),
        (&["epic", "blocked a", "after:a,ghost", "writing a", "wish:20"], "b is at work in the domain x"),
    ] {
        let lines = gone.iter().fold(worst.to_owned(), |lines, gone| lines.replacen(gone, "", 1));
        assert_eq!(said_of_a(&lines, &Filter::default()), said, "{lines}");
    }
}

#[test]
fn a_dependency_that_needs_a_person_is_told_before_one_that_is_on_its_way() {
    for lines in [
        "pending a after:b,c,ghost\n pending b\n current c",
        "pending a after:ghost,b\n pending b",
        "pending a after:b,ghost,c\n pending b\n blocked c",
    ] {
        assert_eq!(said_of_a(lines, &Filter::default()), "! depends on ghost, and no task has that name", "{lines}");
    }
}

#[test]
fn the_same_words_are_said_at_every_look() {
    let lines = "pending a files:src domain:x\n current d files:src\n current b files:src\n current c files:src domain:x\n current e domain:x";
    for _ in 0..20 {
        assert_eq!(said_of_a(lines, &Filter::default()), "c is at work in the domain x");
        let said = said_of_a(&lines.replacen(" domain:x", "", 1), &Filter::default());
        assert_eq!(said, "may touch the same files as b, which is being worked on");
    }
}

#[test]
fn the_forecast_tells_the_held_in_the_order_of_the_queue() {
    let queue = queue("pending c after:ghost\n pending b p3 epic\n pending a p0 pause:20\n pending d");
    let (claimed, held) = forecast(&queue, &Filter::default());
    assert_eq!(claimed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["d"]);
    assert_eq!(held.iter().map(|(entry, _)| entry.id.as_str()).collect::<Vec<_>>(), ["a", "c", "b"]);
}
