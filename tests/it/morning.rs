//! What a person reads in the morning: what became of the night, what it cost, and what needs him.

use serde_json::{Value, json};

use crate::harness::{Ended, Workspace, wait_until};

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
    assert!(
        !person.contains("door") && ended.stderr.contains("1 of 3 cycles did not tell all that they cost"),
        "{person}"
    );

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

#[test]
fn status_tells_who_is_at_what_what_it_has_cost_and_what_waits_to_be_merged() {
    let w = Workspace::new();
    // Only in the merge queue, which runs it for no task, does the gate wait.
    let waits = w.awaits("open").replace('\'', "''");
    w.config(&format!("verify: ['test -n \"$SWARM_TASK\" || test ! -e b.txt || {waits}']\n"));
    let end = w.awaits("end");
    w.dear("dear", &format!("test $going_on = yes || {{ echo x > d.txt; costs 0.5 hm; exit; }}\n{end}\ncosts 0.25"));
    w.task_with("a", "priority: 0", "echo a > a.txt");
    w.task_with("b", "priority: 0", &format!("{}\necho b > b.txt", w.awaits("landed")));
    w.task_with("c", "priority: 1", &format!("{}\necho c > c.txt", w.awaits("go")));
    w.file("d", "---\nagent: dear\n---\n# Do d\n");
    let mut swarm = w.start_in_background(["--drain", "-n", "2"]);
    swarm.wait_for_event(|event| event.begins("implement", "c"));
    w.give("landed");
    let live = |id: &str| -> Value {
        let status = json_of(&w, ["status"]);
        let found = status["live"].as_array().and_then(|live| live.iter().find(|task| task["task"] == id).cloned());
        found.unwrap_or_default()
    };
    wait_until("b in the merge queue", || live("b")["place"] == 1 && live("b")["step"] == "verify");
    wait_until("the second turn", || live("d")["round"] == 2);
    let d = live("d");
    assert_eq!((&d["cost_usd"], &d["attempt"], &d["step"]), (&json!(0.5), &json!(1), &json!("implement")));
    assert!(d["last_output_age_ms"].is_u64() && d["since"].is_string() && d["place"].is_null(), "{d}");
    w.give("go");
    wait_until("c in the merge queue", || live("c")["place"] == 2);
    let status = json_of(&w, ["status"]);
    let at = |worker: usize| status["workers"][worker]["task"].clone();
    assert_eq!([at(0), at(1)].iter().filter(|task| **task == "d").count(), 1, "{status:#}");
    assert_eq!([at(0), at(1)].iter().filter(|task| task.is_null()).count(), 1, "{status:#}");
    assert_eq!((&status["day"]["merged"], &status["day"]["cost_usd"]), (&json!(1), &json!(null)));

    let text = w.swarm(["status"]);
    text.code(0).says("last 24 h: 1 merged, 1 cycle, cost –");
    let queue = text.stdout.split("MERGE QUEUE").nth(1).expect("what waits");
    assert!(line(queue, "1").starts_with("1 b 1 ") && queue.contains("its gates run for"), "{queue}");
    assert!(line(queue, "2").starts_with("2 c 1 ") && line(queue, "2").contains(" waits – "), "{queue}");
    let dear = text.stdout.lines().find(|line| line.contains("implement 2")).expect("who works");
    assert!(dear.contains("$0.50") && dear.contains(" ago"), "{dear}");
    w.swarm(["explain", "c"]).code(0).says("step integrate");
    w.give("open");
    w.give("end");
    swarm.wait().code(0);
    assert_eq!(json_of(&w, ["status"])["day"]["cost_usd"], json!(0.75));
    w.swarm(["logs", "c", "--step", "verify"]).code(0).says("-verify-1.log (c, cycle").says("queue-gate-");
    let steps = json_of(&w, ["show", "c"])["steps"].clone();
    let of_queue = |step: &&Value| step["log"].as_str().is_some_and(|log| log.contains("/logs/queue-gate-"));
    assert_eq!(steps.as_array().map(|steps| steps.iter().filter(of_queue).count()), Some(1), "{steps:#}");
    w.holds_the_laws();
}

#[test]
fn every_round_of_a_task_can_be_read() {
    let w = night();
    start(&w).code(1);
    let door = json_of(&w, ["show", "door"]);
    let verdicts: Vec<&str> =
        door["reviews"].as_array().into_iter().flatten().filter_map(|it| it["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["NEEDS_CHANGES", "APPROVED"]);
    let steps = door["steps"].as_array().expect("steps");
    let turns: Vec<&str> =
        steps.iter().filter(|it| it["prompt"].is_string()).filter_map(|it| it["step"].as_str()).collect();
    assert_eq!(turns, ["implement", "review", "fix", "review"]);
    for step in steps.iter().filter(|step| step["step"] != "integrate") {
        let log = step["log"].as_str().unwrap_or_else(|| panic!("no log: {step}"));
        assert!(w.path(log).is_file(), "{log}");
    }
    let prompt = steps[3]["prompt"].as_str().expect("a prompt");
    assert!(w.read(prompt).contains("blue"), "{prompt}");
    let text = w.swarm(["show", "door"]);
    text.code(0)
        .says("asks for changes")
        .says("[blocking] door.txt:1 blue")
        .says("review 2")
        .says("what the agents were told");

    let said = w.swarm(["logs", "door", "--step", "review"]);
    assert_eq!(said.code(0).stdout, "- [blocking] door.txt:1 blue\nVERDICT: NEEDS_CHANGES\nVERDICT: APPROVED\n");
    w.swarm(["logs", "door", "--step", "resolve"]).code(1).says("no log of a step `resolve`").says("swarm show door");
    let schema = w.swarm(["schema", "review"]);
    let schema: Value = serde_json::from_str(&schema.code(0).stdout).expect("a schema is JSON");
    let review = w.last_run().json(&format!("reviews/w0-c{}-r1.json", w.cycles_of("door")[0]["cycle"]));
    jsonschema::validate(&schema, &review).expect("a review is as its schema says");
}

#[test]
fn the_file_and_the_commit_tell_what_it_took_and_the_comment_where_a_person_reads_it() {
    let w = night();
    start(&w).code(1);
    let cycle = &w.cycles_of("door")[0];
    let session = cycle["session_id"].as_str().expect("a session");
    let trailers = w.git(["log", "-1", "--format=%(trailers)", "trunk"]);
    let expected =
        // What the reviewer cost nobody knows, so nothing is said of it here.
        format!("Swarm-Review-Rounds: 2\nSwarm-Session: author {session}\nTask-Id: door");
    assert_eq!(trailers.trim_end(), expected);
    let door = w.is_in("complete", "door");
    for part in ["review_rounds: 2", "cost_usd: 1.0", session] {
        assert!(door.contains(part), "{part}: {door}");
    }
    assert!(!door.contains("## Comments"), "{door}");
    let ask = w.is_in("blocked", "ask");
    let cycle = &w.cycles_of("ask")[0];
    let run = cycle["run_id"].as_str().expect("a run");
    let session = cycle["session_id"].as_str().expect("a session");
    let took = format!("(w0-c{} of run {run}; $0.25; session {session} of author)", cycle["cycle"]);
    assert!(ask.contains(&took), "{took}: {ask}");
    w.holds_the_laws();

    // A complete task that a person puts back begins anew.
    w.move_task("door", "complete", "pending");
    start(&w);
    assert_ne!(w.cycles_of("door")[1]["session_id"].as_str(), w.cycles_of("door")[0]["session_id"].as_str());
}
