use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::config::{Config, Role};
use crate::model::state::State;
use crate::model::task::{Task, TaskId};

fn json(text: &str) -> Datum {
    read_json(text).unwrap_or_else(|(line, reason)| panic!("{text}: line {line}: {reason}"))
}

fn read_setup(text: &str) -> (Setup, Vec<Remark>) {
    setup(&json(text), "oompa.json", text)
}

fn of(kind: Kind, remarks: &[Remark]) -> Vec<&str> {
    remarks.iter().filter(|remark| remark.kind == kind).map(|remark| remark.what.as_deref().unwrap_or("")).collect()
}

#[test]
fn a_model_names_agent_model_and_effort() {
    for (words, meant) in [
        ("claude:opus", "claude:opus"),
        ("codex:gpt-5.3-codex:medium", "codex:gpt-5.3-codex:medium"),
        ("claude:opus:high", "claude:opus:high"),
        ("opencode:openrouter/kimi:free", "opencode:openrouter/kimi:free"),
        ("gpt-5.4", "codex:gpt-5.4"),
        ("gpt-5.4:xhigh", "codex:gpt-5.4:xhigh"),
        ("vendor:model", "codex:vendor:model"),
        ("gemini2:pro", "gemini:pro"),
        ("gemini", "gemini"),
        ("cursor:fast", "cursor:fast"),
    ] {
        assert_eq!(choice(words).to_string(), meant, "{words}");
    }
}

#[test]
fn workers_have_the_role_that_their_keys_mean() {
    for (keys, role) in [
        ("", Role::Worker),
        (r#", "can_plan": true"#, Role::Worker),
        (r#", "can_plan": false"#, Role::Executor),
        (r#", "prompt": "config/prompts/planner.md""#, Role::Planner),
        (r#", "prompt": ["a/my-planner.md"], "can_plan": false"#, Role::Executor),
    ] {
        let (setup, _) = read_setup(&format!(r#"{{"workers": [{{"model": "claude:opus"{keys}}}]}}"#));
        assert_eq!(setup.workers[0].role, role, "{keys}");
    }
}

#[test]
fn reviewers_are_found_in_every_form_they_have_had() {
    for (keys, found) in [
        (r#""review_model": "codex:gpt-5.4""#, "codex:gpt-5.4"),
        (r#""reviewer": {"model": "claude:opus", "prompt": ["r.md"]}"#, "claude:opus"),
        (r#""review_models": ["claude:opus", "gemini:pro"]"#, "claude:opus gemini:pro"),
        (r#""reviewers": [{"model": "claude:opus"}, "claude:opus"], "review_model": "x""#, "claude:opus"),
        (r#""review_model": "x", "needs_review": false"#, ""),
        (r#""workers": [{"model": "codex:a", "reviewer": "claude:opus"}]"#, "claude:opus"),
        (r#""workers": [{"model": "codex:a", "reviewer": "claude:opus", "needs_review": false}]"#, ""),
    ] {
        let (setup, _) = read_setup(&format!("{{{keys}}}"));
        let names: Vec<String> = setup.reviewers.iter().map(|reviewer| reviewer.choice.to_string()).collect();
        assert_eq!(names.join(" "), found, "{keys}");
    }
}

#[test]
fn what_is_wrong_in_the_settings_is_named_with_its_line_and_costs_only_itself() {
    let text = r#"{"workers": [
  {"model": "codex:a", "count": 2},
  {"model": "codex:b", "count": "two"},
  {"model": 7},
  "codex:c",
  {"model": "codex:d", "wait_between": -3, "prompt": {}}
 ], "reviewers": [7], "speed": 3}"#;
    let (setup, remarks) = read_setup(text);
    let counts: Vec<u64> = setup.workers.iter().map(|line| line.count).collect();
    assert_eq!(counts, [2, 1, 1]);
    let lines: Vec<(&str, Option<usize>)> = remarks
        .iter()
        .filter(|remark| remark.kind == Kind::Refused)
        .map(|remark| (remark.what.as_deref().unwrap_or(""), remark.line))
        .collect();
    assert!(lines.contains(&("workers[1].count", Some(3))), "{lines:?}");
    assert!(lines.contains(&("workers[2].model", Some(4))), "{lines:?}");
    assert!(lines.contains(&("workers[4].wait_between", Some(6))), "{lines:?}");
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(of(Kind::NoCounterpart, &remarks), ["speed"]);
    assert_eq!(read_json("{\n\"a\": }").unwrap_err().0, 2);
}

#[test]
fn settings_load_whatever_the_words_in_them() {
    for text in [
        "{}",
        r#"{"workers": []}"#,
        r#"{"workers": [{"model": "cursor:only"}], "reviewer": "cursor:x"}"#,
        r##"{"workers": [{"model": "codex:a: b # \"c\" \u007f {x}", "count": 99999999999}]}"##,
        r#"{"planner": {"model": "claude:yes"}, "workers": [{"model": "claude", "max_resumes": 9}]}"#,
    ] {
        let (setup, mut remarks) = read_setup(text);
        let policy = Policy { deny: vec!["*.pem".into(), "**/.env*".into()], rounds: Some(5), timeout_s: Some(300) };
        let known = |name: &str| DESCRIBED.contains(&name);
        let written = settings(&setup, &policy, "oompa.json", &mut remarks, &known);
        let config = Config::parse(&written).unwrap_or_else(|bad| panic!("{bad:?}\n{written}"));
        assert_eq!(config.limits.review_rounds, 5);
        assert_eq!(
            config.workers.len(),
            setup.workers.len() + usize::from(setup.planner.is_some())
                - setup.workers.iter().filter(|line| line.choice.agent == "cursor").count()
        );
        assert!(config.protected.iter().any(|glob| glob == "**/.env*"));
    }
}

#[test]
fn a_policy_becomes_what_it_can() {
    let text = "{:allow [\"src/**\"] :deny [\"*.pem\"] :limits {:max-files 3 :max-review-attempts 5}}";
    let (policy, remarks) = policy(&read_edn(text).unwrap().0, "config/policy.edn");
    assert_eq!(policy, Policy { deny: vec!["*.pem".into()], rounds: Some(5), timeout_s: None });
    assert_eq!(of(Kind::NoCounterpart, &remarks), ["allow", "max-files"]);
}

#[test]
fn tokens_are_translated_or_named_and_the_rest_is_no_template() {
    for (words, place, becomes, left) in [
        ("do {targets}", Place::Worker, "do *", vec![]),
        ("{pending_count} wait", Place::Planner, "{{ waiting_count }} wait", vec![]),
        ("{pending_count} wait", Place::Worker, "{pending_count} wait", vec!["{pending_count}"]),
        ("{diff_content}", Place::Reviewer, "{{ diff }}", vec![]),
        ("see {{TASK_ROOT}}", Place::Worker, "see {TASK_ROOT}", vec!["{TASK_ROOT}"]),
        (
            "f(x) {return x} {{y}} {# {% %}",
            Place::Worker,
            "f(x) {return x} {{ \"{{\" }}y}} {{ \"{#\" }} {{ \"{%\" }} %}",
            vec![],
        ),
    ] {
        let prompt = Expanded { pieces: vec![piece("p.md", 1, words)], missing: Vec::new() };
        let translated = translate(&prompt, place);
        assert_eq!(translated.text, becomes);
        assert_eq!(of(Kind::NoCounterpart, &translated.remarks), left, "{words}");
    }
}

fn piece(path: &str, line: usize, text: &str) -> Piece {
    Piece { path: path.to_owned(), line, text: text.to_owned() }
}

#[test]
fn includes_stand_in_their_places_and_know_their_own_lines() {
    let files = BTreeMap::from([
        ("a/one.md", "1\n#oompa_directive:include_file \"two.md\"\n {queue_md}\n"),
        ("a/two.md", "2\n  #oompa_directive:include_file \"b/three.md\" \n"),
        ("b/three.md", "\n3 {queue_md}\n#oompa_directive:include_file \"gone.md\"\n"),
        ("loop.md", "#oompa_directive:include_file \"loop.md\"\n"),
    ]);
    let mut read = |path: &str| files.get(path).map(|text| (*text).to_owned());
    let mut expand = |path: &str| expand(path, &mut read, &mut Room::default()).unwrap();
    let expanded = expand("a/one.md").unwrap();
    assert_eq!(expanded.missing, ["gone.md"]);
    let translated = translate(&expanded, Place::Worker);
    assert_eq!(translated.text, "1\n2\n\n3 {queue_md}\n {queue_md}");
    let places: Vec<(&str, Option<usize>)> =
        translated.remarks.iter().map(|remark| (remark.path.as_str(), remark.line)).collect();
    assert_eq!(places, [("b/three.md", Some(2)), ("a/one.md", Some(3))]);
    assert_eq!(expand("loop.md").unwrap().missing, ["loop.md"]);
    assert_eq!(expand("nowhere.md"), None);
}

#[test]
fn prompts_that_come_to_too_much_are_refused_before_the_work_is_done() {
    let include = |path: &str| format!("#oompa_directive:include_file \"{path}\"\n");
    let mut reads = 0;
    let mut refused = |files: &[(&str, String)], room: &mut Room| {
        let mut read = |path: &str| {
            reads += 1;
            assert!(reads < 10_000, "the work is not bounded");
            // Each includes the next seven times: 7^15 of them.
            let number = path.strip_prefix('a').and_then(|number| number.parse::<u32>().ok());
            let next =
                number.filter(|number| *number < 15).map(|number| include(&format!("a{}", number + 1)).repeat(7));
            next.or_else(|| Some(files.iter().find(|(known, _)| *known == path)?.1.clone()))
        };
        let first = files.first().map_or("a0", |(path, _)| path);
        expand(first, &mut read, room).map_err(|too_much| too_much.path)
    };
    assert_eq!(refused(&[], &mut Room::default()), Err("a15".to_owned()));
    let half = "x".repeat(LARGEST / 2);
    let large = [("large", include("half").repeat(2)), ("half", half.clone())];
    assert_eq!(refused(&large, &mut Room::default()), Err("half".to_owned()));
    assert_eq!(refused(&[("gone", include("x").repeat(1000))], &mut Room::default()), Err("x".to_owned()));

    let mut room = Room::default();
    assert!(refused(&[("half", half.clone())], &mut room).is_ok());
    assert_eq!(
        refused(&[("half", half + "\n")], &mut room),
        Err("half".to_owned()),
        "all of a template share the room"
    );
}

#[test]
fn those_who_share_a_template_share_what_all_have_who_have_any() {
    let (setup, _) = read_setup(
        r#"{"workers": [
            {"model": "codex:a", "can_plan": false, "prompt": ["x.md", "y.md"]},
            {"model": "codex:b", "can_plan": false, "prompt": "x.md"},
            {"model": "codex:c", "can_plan": false}]}"#,
    );
    let shared = setup.prompts(Place::Executor, &|_| true);
    assert_eq!((shared.common, shared.partial), (vec!["x.md".to_owned()], vec!["y.md".to_owned()]));
    assert_eq!(shared.without, ["workers[2]"]);
    assert_eq!(setup.prompts(Place::Worker, &|_| true), Shared::default());
    let (setup, _) = read_setup(
        r#"{"workers": [{"model": "codex:a", "prompt": "a/x.md"}, {"model": "codex:b", "prompt": "b/x.md"}]}"#,
    );
    let shared = setup.prompts(Place::Worker, &|_| true);
    assert!(shared.common.is_empty(), "none of the two takes the place of the other");
    assert_eq!(shared.partial, ["a/x.md", "b/x.md"]);
}

#[test]
fn every_old_id_has_a_name_of_its_own_that_never_changes() {
    let names = names(["a b", "a/b", "a-b", "fix", "", "..", "x.lock", "Ünï", &"n".repeat(120)]);
    let name = |old: &str| names[old].to_string();
    assert_eq!((name("a-b"), name("a b"), name("a/b")), ("a-b".into(), "a-b-2".into(), "a-b-3".into()));
    assert_eq!((name("fix"), name("x.lock"), name("Ünï")), ("fix".into(), "x-lock".into(), "n-".into()));
    assert_eq!(name(&"n".repeat(120)), "n".repeat(100));
    let all: std::collections::BTreeSet<String> = names.values().map(ToString::to_string).collect();
    assert_eq!(all.len(), 9);
}

#[test]
fn many_ids_and_many_mistakes_are_read_at_once() {
    let begun = std::time::Instant::now();
    let old: Vec<String> = (0..60_000).filter_map(|code| char::from_u32(0x4e00 + code)).map(String::from).collect();
    assert_eq!(names(old.iter().map(String::as_str)).len(), old.len());
    let text = "{:id []}\n".repeat(50_000);
    let (_, remarks) = tickets(&read_edn(&format!("[{text}]")).unwrap().0, "t.edn", &text, None);
    assert_eq!(remarks.len(), 50_000);
    let keys: String = (0..50_000).map(|key| format!("\"key{key:05}\": 0,\n")).collect();
    let (_, remarks) = read_setup(&format!("{{{keys} \"workers\": []}}"));
    assert_eq!((remarks.len(), remarks[7].line), (50_000, Some(8)));
    assert!(begun.elapsed().as_secs() < 30, "what is done for each looks at all");
}

#[test]
fn braces_that_nothing_closes_are_not_looked_for_again_and_again() {
    let words = "{a".repeat(LARGEST / 2);
    let prompt = Expanded { pieces: vec![piece("p.md", 1, &words)], missing: Vec::new() };
    let begun = std::time::Instant::now();
    assert_eq!(translate(&prompt, Place::Worker).text, words);
    assert!(begun.elapsed().as_secs() < 10, "each looks at the whole rest of the line");
}

#[test]
fn more_workers_than_anybody_has_are_not_read() {
    let many = |of: &str| vec![of; 20_000].join(",");
    let line = r#"{"model": "codex:a"}"#;
    let text = format!(r#"{{"workers": [{}], "reviewers": [{}]}}"#, many(line), many(line));
    let (setup, remarks) = read_setup(&text);
    assert_eq!((setup.workers.len(), setup.reviewers.len()), (1000, 1));
    assert_eq!(of(Kind::Refused, &remarks), ["workers", "reviewers"]);
    let text = format!(r#"{{"workers": [{{"model": "codex:a", "prompt": [{}]}}]}}"#, many("\"p\""));
    assert_eq!(of(Kind::Refused, &read_setup(&text).1), ["workers[0].prompt"]);
}

fn one(text: &str) -> (Ticket, Vec<Remark>) {
    let datum = read_edn(text).unwrap_or_else(|(line, reason)| panic!("{text}: line {line}: {reason}")).0;
    let (mut tickets, remarks) = tickets(&datum, "tasks/pending/t.edn", text, Some(State::Pending));
    assert_eq!(tickets.len(), 1, "{text}");
    (tickets.remove(0), remarks)
}

fn as_task(ticket: &Ticket) -> (Task, String) {
    let known = Known {
        names: names([ticket.id.as_str(), "first"]),
        roles: BTreeMap::from([("gpu".into(), choice("codex:x"))]),
    };
    let (id, text, _) = task_file(ticket, &known).unwrap();
    (Task::parse(id, text.as_bytes()).unwrap(), text)
}

#[test]
fn keys_of_a_task_become_keys_or_words() {
    let (ticket, remarks) = one(
        "{:id \"t\" :summary \"A: \\\"b\\\" # c\" :description \"Do it.\" :priority :high :type :epic\n \
         :dependsOn [\"first\"] :target-files [\"a\"] :files [\"a\" \"[bad\"] :acceptance [\"1) it runs\" \"- and stops\"]\n \
         :gpu_heavy true :role_hint :gpu :difficulty :hard :parent \"none\"}",
    );
    assert_eq!(remarks, []);
    let (task, text) = as_task(&ticket);
    assert_eq!(task.title, "A: \"b\" # c");
    assert_eq!(task.priority.level(), 1);
    assert_eq!(task.depends_on, [TaskId::parse("first").unwrap()]);
    assert_eq!(task.files, ["a"]);
    assert_eq!(task.acceptance, ["it runs", "and stops"]);
    let agent = task.agent.map(|agent| agent.to_string());
    assert_eq!((task.domain.as_deref(), agent.as_deref()), (Some("gpu"), Some("codex:x")));
    for line in ["Do it.", "- difficulty: hard", "- files: [bad", "- parent: none", "- file: tasks/pending/t.edn"] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
}

#[test]
fn a_value_that_a_key_does_not_take_is_named_and_kept_in_the_text() {
    for (entry, key, line) in [
        (":priority\n 9", "priority", Some(1)),
        (":priority {:a 1}", "priority", Some(1)),
        ("\n:depends_on {:a \"b\"}", "depends_on", Some(2)),
        (":id [1]", "id", Some(1)),
        (":acceptance true", "acceptance", Some(1)),
    ] {
        let (ticket, remarks) = one(&format!("{{{entry}}}"));
        assert_eq!(of(Kind::Look, &remarks), [key]);
        assert_eq!(remarks[0].line, line, "{entry}");
        assert!(as_task(&ticket).1.contains(&format!("- {key}: ")), "{entry}");
    }
}

#[test]
fn a_list_of_tasks_names_the_state_of_each() {
    let text = "[{:id \"a\" :status :merged} {:summary \"b\"} 7 {:id \"c\" :status :blocked}]";
    let (tickets, remarks) = tickets(&read_edn(text).unwrap().0, "config/tasks.edn", text, None);
    let found: Vec<(&str, State)> = tickets.iter().map(|ticket| (ticket.id.as_str(), ticket.state)).collect();
    assert_eq!(found, [("a", State::Complete), ("tasks-2", State::Pending), ("c", State::Blocked)]);
    assert_eq!(of(Kind::Refused, &remarks), ["7"]);
}

proptest! {
    #[test]
    fn whatever_a_task_says_a_valid_task_comes_of_it(
        id in ".{0,12}", title in ".{0,30}", words in "(.|\n|---|## Comments){0,40}", other in ".{0,30}", key in "[a-z:]{1,8}"
    ) {
        let json = serde_json::json!({
            "id": id, "summary": title, "description": words, "acceptance": [other.as_str()], "files": [other.as_str()],
            "depends_on": [other.as_str()], "parent": other, "role_hint": other, key: {"deep": [other.as_str()]},
        });
        let text = json.to_string();
        let (tickets, _) = tickets(&read_json(&text).unwrap(), "tasks/pending/t.json", &text, Some(State::Pending));
        let known = Known { names: names([tickets[0].id.as_str()]), ..Known::default() };
        let (id, text, _) = task_file(&tickets[0], &known).map_err(|remark| TestCaseError::fail(remark.reason))?;
        prop_assert!(Task::parse(id, text.as_bytes()).is_ok());
    }
}
