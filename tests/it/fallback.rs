//! Several agents for one task: where one cannot go on, the next of the list does, and nothing of the work is lost.

use std::time::Duration;

use jiff::Timestamp;

use crate::harness::{Event, Workspace};

/// Later than any test. (No provider is left alone for more than a day.)
const LATE: &str = "4102444800";

/// An agent with sessions that prints JSON. It notes each of its turns in `<name>.told`.
fn agent(w: &Workspace, name: &str, script: &str) {
    let told = w.outside().join(format!("{name}.told"));
    let heading = format!("printf '%s\\n=====\\n' \"$session $going_on $told\" >> '{}'\n", told.display());
    w.speaker(name, &format!("{heading}{script}"));
    let path = format!("config/agents/{name}.yaml");
    let sessions =
        "session: {minted_by: us}\nargs: {new_session: [--begin, '{new_session}'], resume: [--go-on, '{session}']}\n";
    w.write(&path, format!("{}{sessions}", w.read(&path)));
}

/// What that agent was told in each of its turns.
fn told(w: &Workspace, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(w.outside().join(format!("{name}.told"))).unwrap_or_default();
    text.split_terminator("=====\n").map(str::to_owned).collect()
}

/// Its provider is at its limit until `reset`.
fn limited(reset: &str) -> String {
    format!("fails 429 'slow down' ',\"reset\":{reset}'")
}

const DONE: &str = "echo $SWARM_TASK > $SWARM_TASK.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend";

/// The agents of the steps of a cycle in which agents had turns.
fn turns(cycle: &serde_json::Value) -> Vec<String> {
    let steps = cycle["steps"].as_array().expect("steps").iter();
    let turns = steps.filter_map(|step| Some(format!("{} {}", step["agent"].as_str()?, step["result"].as_str()?)));
    turns.collect()
}

fn changes(events: &[Event]) -> Vec<(String, String)> {
    let changes = events.iter().filter(|event| event.is("agent_changed"));
    changes.map(|event| (event.text("from").to_owned(), event.text("to").to_owned())).collect()
}

#[test]
fn the_next_takes_over_in_the_same_worktree_and_is_told_what_was_before() {
    let w = Workspace::new();
    w.config("workers: [{agent: ['first:m', second]}]\nlimits: {attempts: 1}");
    agent(
        &w,
        "first",
        &format!(
            "echo half > half.txt; echo rest > rest.txt\ngit add half.txt; git commit -qm half\n{}",
            limited(LATE)
        ),
    );
    agent(&w, "second", &format!("cat half.txt rest.txt\n{DONE}"));
    w.file("work", "---\npriority: 1\n---\n# Work\n");
    w.file("more", "# More\n");
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(0);
    let told = told(&w, "second");
    assert!(told[0].contains("`first` has worked on this task in this folder until now"), "{}", told[0]);
    assert!(told[0].contains("slow down") && told[0].contains("# Task"), "{}", told[0]);
    for name in ["half.txt", "rest.txt", "work.txt"] {
        w.git(["cat-file", "-e", &format!("trunk:{name}")]);
    }
    let cycles = w.cycles();
    assert_eq!(cycles.len(), 2, "the task was not given back");
    let [work] = &w.cycles_of("work")[..] else { panic!("one cycle") };
    assert_eq!(turns(work), ["first could_not_run", "second ok"]);
    assert_eq!((&work["agent"], &work["model"]), (&"second".into(), &serde_json::Value::Null));
    // The other one is given to the second at once, and told nothing of a first.
    let [more] = &w.cycles_of("more")[..] else { panic!("one cycle") };
    assert_eq!(turns(more), ["second ok"]);
    assert!(told[1].contains("# Task more") && !told[1].contains("`first`"), "{}", told[1]);
    assert_eq!(changes(&w.last_run().events()), [("first:m".to_owned(), "second".to_owned())]);
    w.holds_the_laws();
}

#[test]
fn where_none_can_be_asked_the_task_waits_for_the_first_that_can() {
    let w = Workspace::new();
    w.config("workers: [{agent: script}]\nlimits: {attempts: 1}");
    agent(&w, "first", &limited(LATE));
    agent(&w, "second", &limited(LATE));
    w.file("work", "---\nagent: [first, second]\n---\n# Work\n");
    w.file("later", "---\npriority: 3\nagent: [second, first]\n---\n# Later\n");
    w.task_with("other", "priority: 4", "echo x > other.txt");
    let mut swarm = w.start_in_background(["-n", "1"]);
    swarm.wait_for_event(|event| event.moves("other", "complete"));
    w.swarm(["explain", "later"]).code(0).says("second and first are not asked until 2");
    w.swarm(["list"]).says("their providers asked for a pause");
    swarm.signal(rustix::process::Signal::INT);
    swarm.wait();
    let [work] = &w.cycles_of("work")[..] else { panic!("one cycle") };
    assert_eq!((&work["outcome"], turns(work).len()), (&"rate_limited".into(), 2));
    assert!(work["reason"].as_str().unwrap().contains("none of its agents can be asked now: first: "), "{work}");
    assert!(w.is_in("pending", "work").contains("attempts: 0"));
    assert!(w.cycles_of("later").is_empty());
    w.holds_the_laws();
}

#[test]
fn who_holds_the_session_is_asked_before_the_order_of_the_list() {
    let w = Workspace::new();
    w.config("workers: [{agent: [first, second]}]\nlimits: {attempts: 1}");
    // Its pause is over at once.
    let once = w.outside().join("once");
    let limited_once = format!("if mkdir '{}'; then {}; fi\n{DONE}", once.display(), limited("1"));
    agent(&w, "first", &limited_once);
    agent(&w, "second", &format!("if test $going_on = no; then say 'NEEDS_INPUT: which?'; end; exit; fi\n{DONE}"));
    w.file("work", "# Work\n");
    w.start(["--drain", "-n", "1"]).code(1);
    w.is_in("blocked", "work");
    // The pause of the first is over.
    std::fs::remove_file(w.path(".swarm/providers/first.json")).expect("remove a file");
    w.swarm(["comment", "work", "this one"]).code(0);
    w.file("other", "# Other\n");
    w.start(["--drain", "-n", "1"]).code(0);
    let cycles = w.cycles_of("work");
    assert_eq!(cycles.iter().flat_map(turns).collect::<Vec<_>>(), ["first could_not_run", "second ok", "second ok"]);
    let told = told(&w, "second");
    assert!(told[1].contains(" yes ") && told[1].contains("this one"), "{}", told[1]);
    // What nobody has begun goes to the first, whose provider can be asked again.
    assert_eq!(w.cycles_of("other").iter().flat_map(turns).collect::<Vec<_>>(), ["first ok"]);
    w.holds_the_laws();
}

#[test]
fn a_session_is_not_given_up_for_one_who_cannot_be_asked_either() {
    let w = Workspace::new();
    w.config("workers: [{agent: [first, second]}]\nlimits: {attempts: 1}");
    let tired = w.outside().join("tired");
    let when_tired = format!("if test -e '{}'; then {}; fi", tired.display(), limited(LATE));
    agent(
        &w,
        "first",
        &format!("{when_tired}\nif test $going_on = no; then say 'NEEDS_INPUT: which?'; end; exit; fi\n{DONE}"),
    );
    agent(&w, "second", &limited(LATE));
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(1);
    std::fs::write(&tired, "").expect("write a file");
    w.swarm(["comment", "work", "this one"]).code(0);
    w.start(["--max-cycles", "1"]);
    let turns: Vec<String> = w.cycles_of("work").iter().flat_map(turns).collect();
    assert_eq!(turns, ["first ok", "first could_not_run", "second could_not_run"]);
    std::fs::remove_file(&tired).expect("remove a file");
    for name in ["first", "second"] {
        std::fs::remove_file(w.path(format!(".swarm/providers/{name}.json"))).expect("remove a file");
    }
    w.start(["--drain"]).code(0);
    let told = told(&w, "first");
    assert!(told[2].contains(" yes ") && told[2].contains("this one"), "{}", told[2]);
    w.holds_the_laws();
}

#[test]
fn what_was_left_is_kept_where_the_money_ends_before_the_next_begins() {
    let w = Workspace::new();
    w.config("workers: [{agent: [first, second]}]\nreviewer: judge\nlimits: {attempts: 1, cost_usd: 1}");
    agent(
        &w,
        "first",
        &format!(
            "case \"$told\" in *'asks for changes'*) echo half > half.txt; echo '{{\"type\":\"bill\",\"cost\":5}}'; {};; esac\n{DONE}",
            limited(LATE)
        ),
    );
    let path = "config/agents/first.yaml";
    w.write(
        path,
        w.read(path).replace("  rules:\n", "  rules:\n    - {when: {/type: bill}, set: {cost_usd: /cost}}\n"),
    );
    agent(&w, "second", DONE);
    w.speaker("judge", "say '- [blocking] a:1 mend it\nVERDICT: NEEDS_CHANGES'\nend");
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("work")[0]["outcome"], "over_budget");
    let kept = w.git(["for-each-ref", "--format=%(refname)", "refs/swarm/salvage/work"]);
    let holds = |name: &str| !w.git(["ls-tree", "--name-only", name, "half.txt"]).is_empty();
    assert!(kept.lines().any(holds), "{kept}");
    w.holds_the_laws();
}

#[test]
fn who_cannot_mend_his_work_leaves_that_to_the_next() {
    let w = Workspace::new();
    w.config("workers: [{agent: [first, second]}]\nreviewer: judge\nlimits: {attempts: 1}");
    agent(&w, "first", &format!("case \"$told\" in *'asks for changes'*) {};; esac\n{DONE}", limited(LATE)));
    agent(&w, "second", "echo mended > mended.txt\nsay COMPLETE_AND_READY_FOR_MERGE\nend");
    w.speaker("judge", "if test -e mended.txt; then say 'VERDICT: APPROVED'; else say '- [blocking] a:1 mend it\nVERDICT: NEEDS_CHANGES'; fi\nend");
    w.file("work", "# Work\n");
    w.start(["--drain", "-n", "1"]).code(0);
    let [cycle] = &w.cycles_of("work")[..] else { panic!("one cycle") };
    assert_eq!(turns(cycle), ["first ok", "judge rejected", "first could_not_run", "second ok", "judge ok"]);
    let told = told(&w, "second");
    assert!(told[0].contains("mend it") && told[0].contains("# Task work"), "{}", told[0]);
    for name in ["work.txt", "mended.txt"] {
        w.git(["cat-file", "-e", &format!("trunk:{name}")]);
    }
    w.holds_the_laws();
}

#[test]
fn who_is_not_installed_or_not_let_in_is_passed_over_and_this_is_said_once() {
    let w = Workspace::new();
    w.config("workers: [{agent: [absent, locked, last]}]\nlimits: {attempts: 1}");
    w.write("config/agents/absent.yaml", "argv: [no-such-program-anywhere]\n");
    agent(&w, "locked", "fails 401 'who are you?'");
    agent(&w, "last", DONE);
    for id in ["a", "b"] {
        w.file(id, "# A task\n");
    }
    let ended = w.start(["--drain", "-n", "1"]);
    ended.code(0);
    let cycles = w.cycles();
    assert_eq!(
        cycles.iter().flat_map(turns).collect::<Vec<_>>(),
        ["locked could_not_run", "last ok", "locked could_not_run", "last ok"]
    );
    let is_warning =
        |event: &&Event| event.is("warning") && event.text("message").contains("`no-such-program-anywhere`");
    assert_eq!(w.last_run().events().iter().filter(is_warning).count(), 1);
    w.swarm(["check", "--skip-gates"]).code(0).says("the others of its list are asked instead").says("1 worker");
    w.write("config/swarm.yaml", "workers: [{agent: [absent]}]\n");
    w.start(["--drain"]).code(3);
    w.holds_the_laws();
}

#[test]
fn where_one_is_not_let_in_and_the_other_pauses_the_task_waits_and_no_person_is_asked() {
    let w = Workspace::new();
    w.config("workers: [{agent: [locked, tired]}]\nlimits: {attempts: 1, infra: 1}");
    agent(&w, "locked", "fails 401 'who are you?'");
    agent(&w, "tired", &limited(LATE));
    for id in ["a", "b"] {
        w.file(id, "# A task\n");
    }
    w.start(["--max-cycles", "2", "-n", "1"]);
    for id in ["a", "b"] {
        assert_eq!(w.cycles_of(id)[0]["outcome"], "rate_limited");
        assert!(w.is_in("pending", id).contains("not_before: "), "{}", w.is_in("pending", id));
    }
    w.holds_the_laws();
}

#[test]
fn a_planner_and_a_choosing_agent_are_replaced_too() {
    let w = Workspace::new();
    w.config(
        "workers:\n- {agent: [first, second], role: planner, max_pending: 1}\n- {agent: [first, second], claim: agent}\n\
         limits: {attempts: 1}",
    );
    agent(&w, "first", &limited(LATE));
    agent(
        &w,
        "second",
        &format!(
            "case \"$told\" in *'can be claimed'*) say 'CLAIM(work)'; end; exit;; *'# Task'*) {};; *) say planned; end; exit;; esac",
            DONE.replace('\n', "; ")
        ),
    );
    w.file("work", "# Work\n");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "work");
    for cycle in w.cycles() {
        assert_eq!(cycle["agent"], "second", "{cycle}");
    }
    w.holds_the_laws();
}

#[test]
fn lists_that_cannot_be_meant_are_refused_with_file_and_line() {
    let w = Workspace::new();
    w.author("mine", "ready");
    for (config, says) in [
        (
            "base: trunk\nworkers:\n- {agent: mine}\n- {agent: [mine, min]}",
            "config/swarm.yaml:4: workers: there is no agent `min`",
        ),
        ("workers:\n- agent:\n  - mine\n  - mine\n", "`mine` stands in the list twice"),
        ("workers: [{agent: []}]", "the list names no agent"),
        ("reviewer: [mine, mime]", "config/swarm.yaml:2: reviewer: there is no agent `mime`"),
        ("workers: [{agent: [mine, script]}]", "`script` cannot stand in a list"),
    ] {
        w.config(config);
        w.start(["--drain"]).code(2).says(says);
        w.swarm(["check", "--skip-gates"]).code(2).says(says);
    }
    w.config("workers: [{agent: mine}]");
    w.file("odd", "---\npriority: 1\nagent: [mine, mine]\n---\n# Odd\n");
    w.file("lost", "---\nagent: [mine, mime]\n---\n# Lost\n");
    w.swarm(["lint"])
        .code(1)
        .says("tasks/pending/odd.md:3")
        .says("tasks/pending/lost.md:2")
        .says("did you mean `mine`?");
    w.start(["--drain", "-n", "1"]).code(1);
    w.is_in("blocked", "lost");
    w.is_in("pending", "odd");
    let id = w.swarm(["add", "--agent", "mine,script", "Something"]);
    id.code(0).says("cannot stand in a list");
    assert!(w.is_in("pending", "something").contains("agent: [\"mine\",\"script\"]"));
    w.swarm(["add", "--agent", "mine,mine", "Twice"]).code(2).says("--agent: `mine` stands in the list twice");
}

#[test]
fn what_would_be_claimed_knows_the_list() {
    let w = Workspace::new();
    w.config("workers: [{agent: [first, second]}]");
    agent(&w, "first", "ready");
    agent(&w, "second", "ready");
    w.file("work", "# Work\n");
    let until = format!("{:.0}", Timestamp::now() + Duration::from_secs(36_000));
    let park = |name: &str| {
        w.write(
            &format!(".swarm/providers/{name}.json"),
            format!(
                "{{\"schema\": 1, \"provider\": \"{name}\", \"until\": \"{until}\", \
                 \"since\": \"2026-01-01T00:00:00Z\", \"reason\": \"tired\", \"times\": 1}}"
            ),
        );
    };
    park("first");
    w.swarm(["start", "--dry-run"]).code(0).says("work");
    w.swarm(["status"]).says("1 claimable");
    park("second");
    w.swarm(["status"]).says("0 claimable");
    w.swarm(["start", "--dry-run"]).says(&format!("first and second are not asked until {until}"));
    w.swarm(["schema", "task"]).code(0).says("minItems");
}
