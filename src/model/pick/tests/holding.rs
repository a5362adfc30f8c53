//! What holds a task, in the words that its user reads.

use crate::model::pick::{Filter, forecast, hold, holds, stuck};
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
        ("pending a epic", "! an epic without children: tasks belong to it by the key `parent`"),
        ("pending a epic\n pending b parent:a", "an epic: waits for b, which is in pending/"),
        ("pending a epic\n complete b parent:a\n current c parent:a", "an epic: waits for c, which is in current/"),
        ("pending a epic\n pending b parent:a\n blocked c parent:a", "! an epic: waits for c, which is in blocked/"),
        (
            "pending a epic\n broken b parent:a",
            "! an epic: waits for b, which is no valid task (pending/, line 2): mend it",
        ),
        ("pending a epic\n complete b parent:a", "an epic whose children are complete: a running swarm completes it"),
        ("pending a epic\n complete b parent:a\n writing a", "the file is being written"),
        ("pending a epic\n complete b parent:a\n locked a 20", "its lock is held; tried again at 1970-01-01T00:00:20Z"),
        ("pending a epic after:b\n pending b", "an epic: waits for b, which is in pending/"),
        ("pending a epic parent:a", "! depends on itself: a → a"),
        ("pending a epic\n pending b parent:a after:a", "! depends on itself: a → b → a"),
        (
            "pending a epic\n complete b parent:a\n pending b parent:a",
            "! an epic: waits for b, which is complete and lies in pending/ too: rename or remove one",
        ),
        ("pending a\n blocked a", "! a task of the same name lies in blocked/ too: rename or remove one"),
        ("pending a\n writing a", "the file is being written"),
        ("pending a after:b\n pending b", "waits for b, which is in pending/"),
        ("pending a after:b\n current b", "waits for b, which is in current/"),
        ("pending a after:b\n review b", "! waits for b, which is in review/"),
        ("pending a after:b\n blocked b", "! waits for b, which is in blocked/"),
        ("pending a after:b\n blocked b because:no_key", "! waits for b, which is in blocked/: no_key"),
        ("pending a after:b\n pending b after:c\n pending c", "waits for b, which waits for c, which is in pending/"),
        (
            "pending a after:b\n pending b after:c\n review c because:look",
            "! waits for b, which waits for c, which is in review/: look",
        ),
        (
            "pending a after:b\n pending b after:ghost",
            "! waits for b, which depends on ghost, and no task has that name",
        ),
        ("pending a after:b\n broken b", "! waits for b, which is no valid task (pending/, line 2): mend it"),
        ("pending a after:e\n pending e epic", "! waits for e, which is an epic without children"),
        (
            "pending a after:e\n pending e epic\n blocked b parent:e",
            "! waits for e, which waits for b, which is in blocked/",
        ),
        ("pending a after:e\n pending e epic\n complete b parent:e", "waits for e, which is in pending/"),
        (
            "pending a after:b\n pending b after:c\n pending c after:d\n pending d after:e\n pending e after:f\n blocked f",
            "! waits for b, which waits for c, which waits for d, which waits through 1 more for f, which is in blocked/",
        ),
        ("pending a after:b", "! depends on b, and no task has that name"),
        ("pending a after:b\n complete b", "nothing"),
        ("pending a after:a", "! depends on itself: a → a"),
        ("pending a after:b\n pending b after:a", "! depends on itself: a → b → a"),
        ("pending a after:b\n pending b after:c\n pending c after:a", "! depends on itself: a → b → c → a"),
        // The circle goes on behind a dead end.
        ("pending a after:d,b\n pending b after:a\n pending d after:ghost", "! depends on itself: a → b → a"),
        // It waits for a circle and is no part of it.
        ("pending a after:b\n pending b after:b", "! waits for b, which depends on itself: b → b"),
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
    let worst = "pending a after:a,ghost wish:20 domain:x\n writing a\n blocked a\n current b domain:x";
    for (gone, said) in [
        (&[][..], "! a task of the same name lies in blocked/ too: rename or remove one"),
        (&["blocked a"], "! depends on itself: a → a"),
        (&["blocked a", "a,"], "! depends on ghost, and no task has that name"),
        (&["blocked a", "after:a,ghost"], "the file is being written"),
        (&["blocked a", "after:a,ghost", "writing a"], "not before 1970-01-01T00:00:20Z"),
        (&["blocked a", "after:a,ghost", "writing a", "wish:20"], "b is at work in the domain x"),
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

#[test]
fn a_circle_of_many_is_told_in_few_words() {
    let lines: Vec<String> = (0..20).map(|n| format!("pending t{n} after:t{}", (n + 1) % 20)).collect();
    let lines = format!("pending a after:t5\n{}", lines.join("\n"));
    let circle = "t5 → t6 → t7 → t8 → t9 → t10 → t11 → t12 → 12 more → t5";
    assert_eq!(said_of_a(&lines, &Filter::default()), format!("! waits for t5, which depends on itself: {circle}"));
}

#[test]
fn ten_thousand_that_wait_for_each_other_are_told_at_once() {
    let chain = |last: &str| {
        let lines: Vec<String> = (0..10_000).map(|n| format!("pending t{n:05} after:t{:05}", n + 1)).collect();
        queue(&format!("{}\n{last}", lines.join("\n")))
    };
    let began = std::time::Instant::now();
    for (last, ids) in [("blocked t10000", 10_000), ("pending t10000 after:t00000", 10_001)] {
        let queue = chain(last);
        let stuck = stuck(&queue, &Filter::default(), queue.all_pending());
        assert_eq!(stuck.len(), ids);
        assert!(stuck.iter().all(|(_, hold)| hold.to_string().len() < 200));
    }
    // Linear work takes a fraction of a second; work for each pair would take minutes.
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn all_that_holds_a_task_is_told_where_that_is_asked() {
    let lines = "pending a after:b,c,d wish:20 domain:x files:src\n pending b\n complete c\n review d\n writing a\n \
                 current e domain:x files:src";
    let queue = queue(lines);
    let told: Vec<String> = holds(&queue, &Filter::default(), queue.pending(&id("a")).unwrap())
        .into_iter()
        .map(|hold| hold.to_string())
        .collect();
    let expected = [
        "waits for d, which is in review/",
        "waits for b, which is in pending/",
        "the file is being written",
        "e is at work in the domain x",
        "may touch the same files as e, which is being worked on",
    ];
    assert_eq!(told, expected);
}
