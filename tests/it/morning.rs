//! What a person reads in the morning: what became of the night, what it cost, and what needs him.

use serde_json::{Value, json};

use crate::harness::{Ended, Workspace};

fn json_of<const N: usize>(w: &Workspace, args: [&str; N]) -> Value {
    let ended = w.swarm(args.into_iter().chain(["--json"]));
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no JSON document: {error}\n{ended}"))
}

/// One line of a table, its columns parted by single blanks.
fn line(text: &str, first: &str) -> String {
    let found = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    found.unwrap_or_else(|| panic!("no line of {first} in:\n{text}")).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A workspace with an author who tells what he costs, and a reviewer who finds fault once.
fn night() -> Workspace {
    let w = Workspace::new();
    w.config(
        "workers: [{agent: author}]\nreviewer: {agent: judge, rounds: 2}\nlimits: {attempts: 1}\n\
         verify: ['test ! -e bad']\n",
    );
    w.dear(
        "author",
        "case $SWARM_TASK in bad) echo x > bad ;; ask) costs 0.25 'NEEDS_INPUT: which colour?'; exit ;; esac\n\
         case $told in *blue*) echo red > door.txt ;; *) echo blue > door.txt ;; esac\ncosts 0.5",
    );
    w.forgetful(
        "judge",
        "grep -q red door.txt && echo 'VERDICT: APPROVED' && exit\n\
         echo '- [blocking] door.txt:1 blue'; echo 'VERDICT: NEEDS_CHANGES'",
    );
    for id in ["door", "bad", "ask"] {
        w.file(id, format!("# Do {id}\n"));
    }
    w
}

/// `swarm start` for people.
fn start(w: &Workspace) -> Ended {
    w.swarm(["start", "--drain", "-n", "1"])
}

#[test]
fn a_run_ends_with_what_it_came_to_and_what_needs_a_person() {
    let w = night();
    let ended = start(&w);
    ended.code(1);
    assert_eq!(ended.stdout, "");
    let worker = line(&ended.stderr, "w0");
    assert!(worker.starts_with("w0 1 3 3 2 $1.75+ "), "{worker}");
    let door = line(&ended.stderr, "door");
    assert!(door.starts_with(&format!("door merged {} 1 2 $1.00+ ", &w.git(["rev-parse", "trunk"])[..10])), "{door}");
    let person = ended.stderr.split("NEEDS A PERSON").nth(1).expect("what needs a person");
    assert!(
        person.contains("swarm explain bad   blocked   verify_failed: the gate `test ! -e bad` failed"),
        "{person}"
    );
    assert!(person.contains("swarm explain ask   blocked   needs_input: which colour?"), "{person}");
    assert!(!person.contains("door") && person.contains("+ and what 2 more turns cost"), "{person}");

    let later = w.swarm(["runs", "last"]);
    let table = |text: &str| text.split("\n\nWORKER").nth(1).expect("a table").to_owned();
    assert_eq!(table(&later.code(0).stdout), table(&ended.stderr), "the same from the records");
    w.swarm(["runs", "last", "--all"]).code(0).says("REASON").says("NEEDS A PERSON");
}

#[test]
fn the_same_as_json_and_what_was_seen_to_since_is_told() {
    let w = night();
    let events = w.start(["--drain", "-n", "1"]);
    assert!(!events.code(1).stderr.contains("NEEDS A PERSON"), "{events}");
    let summary = &json_of(&w, ["runs", "last"])["summary"];
    let total = &summary["total"];
    assert_eq!((&total["cycles"], &total["merged"], &total["attempts"]), (&json!(3), &json!(1), &json!(3)));
    assert_eq!((&total["cost_usd"], &total["turns_without_cost"]), (&json!(1.75), &json!(2)));
    assert!(total["fix_ms"].is_u64() && total["resolve_ms"].is_null(), "{total}");
    assert_eq!(summary["workers"][0]["worker"], "w0");
    let door = summary["tasks"].as_array().and_then(|tasks| tasks.iter().find(|task| task["task"] == "door"));
    let door = door.expect("the task");
    assert_eq!((&door["to"], &door["review_rounds"], &door["cost_usd"]), (&json!("complete"), &json!(2), &json!(1.0)));
    assert_eq!(door["commit"], w.git(["rev-parse", "trunk"]));
    let needy = summary["needs_a_person"].as_array().expect("a list");
    let next: Vec<&str> = needy.iter().filter_map(|task| task["next"].as_str()).collect();
    assert_eq!(next.len(), 2, "{needy:?}");
    assert!(next.contains(&"swarm explain ask") && next.contains(&"swarm explain bad"), "{next:?}");
    assert_eq!(w.cycles_of("ask")[0]["to"], "blocked");

    w.swarm(["comment", "ask", "green"]).code(0);
    w.swarm(["runs", "last"]).code(0).says("it is in pending/ by now (needs_input: which colour?)");
}

#[test]
fn a_long_night_is_short_to_read() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]);
    let run = w.last_run();
    let made = run.cycles().pop().expect("a cycle");
    for n in 0..1000 {
        let (outcome, to) = if n % 100 == 7 { ("stuck", "blocked") } else { ("merged", "complete") };
        let mut cycle = made.clone();
        for (key, value) in [
            ("worker", json!(format!("w{}", n % 4))),
            ("cycle", json!(n + 2)),
            ("task", json!(format!("t-{n}"))),
            ("outcome", json!(outcome)),
            ("to", json!(to)),
        ] {
            cycle[key] = value;
        }
        let name = format!("cycles/w{}-c{}.json", n % 4, n + 2);
        std::fs::write(run.folder.join(name), cycle.to_string()).expect("write a record");
    }
    let short = w.swarm(["runs", "last"]);
    let lines = short.code(0).stdout.lines().count();
    assert!((60..90).contains(&lines), "{lines} lines\n{short}");
    assert_eq!(short.stdout.matches("swarm explain").count(), 10, "all that need a person");
    short.says("before these");
    assert!(w.swarm(["runs", "last", "--all"]).code(0).stdout.lines().count() > 2000);
}

#[test]
fn a_quiet_run_says_what_needs_a_person_and_one_without_work_says_nothing() {
    let w = night();
    let ended = w.swarm(["start", "--drain", "-n", "1", "-q"]);
    assert!(ended.code(1).stderr.starts_with("NEEDS A PERSON"), "{ended}");
    let ended = w.swarm(["start", "--drain", "-q"]);
    assert_eq!(ended.stderr, "", "{ended}");
}
