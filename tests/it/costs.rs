//! What things cost: agents that tell tokens and no dollars, sessions that are counted as a whole, and what a person
//! reads of it.

use serde_json::{Value, json};

use crate::harness::{Workspace, wait_until};

/// An author who tells tokens, of the session as a whole: `tokens READ CACHED WRITTEN [words]` adds so many and tells the
/// sum. `$going_on` is whether the session was begun before.
fn counting(w: &Workspace, name: &str, script: &str) {
    let (file, count) = (w.outside().join(format!("{name}.sh")), w.outside().join(format!("{name}.count")));
    let head = format!(
        r#"set -eu
going_on=no; [ "$1" = --begin ] || going_on=yes
count='{}'-$2
told=$(cat)
tokens() {{
  read -r a b c < "$count" 2>/dev/null || a=0 b=0 c=0
  echo "$((a + $1)) $((b + $2)) $((c + $3))" > "$count"; read -r a b c < "$count"
  printf '{{"type":"result","model":"model-of-%s","in":%s,"cached":%s,"out":%s,"text":"%s"}}\n' "$SWARM_TASK" \
    "$a" "$b" "$c" "${{4:-COMPLETE_AND_READY_FOR_MERGE}}"
}}
"#,
        count.display()
    );
    std::fs::write(&file, format!("{head}{script}\n")).expect("write a script");
    w.write(
        &format!("config/agents/{name}.yaml"),
        format!(
            "argv: [sh, '{}', '{{args}}']
args: {{new_session: [--begin, '{{new_session}}'], resume: [--go-on, '{{session}}']}}
session: {{minted_by: us}}
output:
  format: jsonl
  usage: {{scope: session}}
  rules:
    - when: {{/type: result}}
      set: {{text: /text, model: /model, usage.input: /in, usage.cached: /cached, usage.output: /out}}
      flag: done
",
            file.display()
        ),
    );
}

fn prices(w: &Workspace, models: &str) {
    w.write("config/prices.yaml", format!("as_of: 2026-11-20\nmodels:\n{models}\n"));
}

fn json_of<const N: usize>(w: &Workspace, args: [&str; N]) -> Value {
    let ended = w.swarm(args.into_iter().chain(["--json"]));
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("no JSON document: {error}\n{ended}"))
}

/// Dollars of the turns of a task's last cycle.
fn turns(w: &Workspace, id: &str) -> Vec<Value> {
    let cycle = w.cycles_of(id).pop().expect("a cycle");
    let steps = cycle["steps"].as_array().expect("steps").clone();
    steps.into_iter().filter(|step| step["step"] == "implement").map(|step| step["cost_usd"].clone()).collect()
}

#[test]
fn tokens_without_dollars_are_priced_by_the_workspaces_table_and_the_record_says_so() {
    let w = Workspace::new();
    w.config("workers: [{agent: clerk, model: small}]");
    // 100,000 read anew, 900,000 from a cache, 10,000 written.
    counting(&w, "clerk", "echo x > $SWARM_TASK.txt; tokens 1000000 900000 10000");
    prices(&w, "  small: {input: 2, cached: 0.5, output: 10}\n  'model-of-t*': {input: 1, output: 0}");
    w.file("one", "# One\n");
    w.file("two", "---\nmodel: unheard-of\n---\n# Two\n");
    w.file("six", "---\nmodel: unheard-of\n---\n# Six\n");
    w.start(["--drain", "-n", "1"]).code(0);
    let bill = |id: &str| w.cycles_of(id)[0]["steps"][0].clone();
    assert_eq!(bill("one")["cost_usd"], 0.2 + 0.45 + 0.1);
    assert_eq!(bill("one")["cost_from"], json!({"by": "prices", "as_of": "2026-11-20"}));
    assert_eq!(bill("two")["cost_usd"], 1.0, "by the name that it told");
    let unknown = bill("six");
    assert_eq!((&unknown["cost_usd"], &unknown["cost_from"]), (&json!(null), &json!(null)));
    assert_eq!(unknown["usage"]["input_tokens"], 1_000_000);
    assert!(w.is_in("complete", "one").contains("cost_usd: 0.75"));
    let six = w.is_in("complete", "six");
    assert!(six.contains("cost_usd: null") && six.contains("cycles_without_cost: 1"), "{six}");
    w.swarm(["runs", "last"])
        .code(0)
        .says("cost: $1.75, $0.58 per merged task; nothing of it on failures")
        .says("tokens: 3.0M in (2.7M of them from a cache), 30.0k out")
        .says("1 of 3 cycles did not tell all that they cost");
    let shown = w.swarm(["show", "one"]);
    shown.code(0).says("1.0M in, 10.0k out").says("$0.75");
    assert_eq!(json_of(&w, ["show", "one"])["steps"][0]["cost_from"]["by"], "prices");
}

#[test]
fn limits_count_the_dollars_of_the_table() {
    let w = Workspace::new();
    w.config("workers: [{agent: clerk, model: small}]\nlimits: {run_cost_usd: 1.5}");
    counting(
        &w,
        "clerk",
        "echo x > $SWARM_TASK.txt\ncase $SWARM_TASK in dear) tokens 1000000 0 0 thinking ;; *) tokens 1000000 0 0 ;; esac",
    );
    prices(&w, "  small: {input: 1, output: 1}");
    w.file("dear", "---\npriority: 0\nmax_cost_usd: 0.5\n---\n# Dear\n");
    w.file("one", "# One\n");
    w.file("two", "# Two\n");
    w.start(["--drain", "-n", "1"]).code(1).says("the run has cost $2.00");
    assert_eq!(w.cycles_of("dear")[0]["outcome"], "over_budget");
    assert_eq!(turns(&w, "dear"), [json!(1.0)], "its second turn was one too many");
    assert_eq!((w.tasks_in("blocked"), w.tasks_in("pending")), (vec!["dear".to_owned()], vec!["two".to_owned()]));
}

#[test]
fn a_session_that_goes_on_in_another_run_pays_only_what_is_new() {
    let w = Workspace::new();
    w.config("workers: [{agent: clerk, model: small}]");
    counting(
        &w,
        "clerk",
        "case $going_on in no) tokens 1000000 0 0 'NEEDS_INPUT: which?' ;; *) echo x > $SWARM_TASK.txt; tokens 500000 0 0 ;; esac",
    );
    prices(&w, "  small: {input: 1, output: 1}");
    w.file("one", "# One\n");
    w.start(["--drain"]).code(1);
    let file = w.is_in("blocked", "one");
    assert!(file.contains("counted:") && file.contains("input_tokens: 1000000"), "{file}");
    assert!(file.contains("failed_usd: 0.0"), "it goes on: {file}");
    w.swarm(["comment", "one", "this one"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(turns(&w, "one"), [json!(0.5)]);
    let file = w.is_in("complete", "one");
    assert!(file.contains("cost_usd: 1.5") && !file.contains("counted"), "{file}");

    // A file of before tells nothing of it, and unknown stays unknown.
    w.file("old", "# Old\n");
    w.start(["--drain"]).code(1);
    let text = w.is_in("blocked", "old");
    let counted = text.find("    counted:").expect("what was counted");
    let end = counted + text[counted..].find("---").expect("the end of the keys");
    std::fs::write(w.task_path("blocked", "old"), format!("{}{}", &text[..counted], &text[end..])).expect("write");
    w.swarm(["comment", "old", "this one"]).code(0);
    w.start(["--drain"]).code(0);
    assert_eq!(turns(&w, "old"), [json!(null)]);
}

#[test]
fn what_complete_tasks_cost_is_told_with_the_share_of_failures() {
    let w = Workspace::new();
    w.config("workers: [{agent: dear}]\nlimits: {backoff: 0s}\nverify: ['test ! -e bad']");
    w.dear(
        "dear",
        "echo x > $SWARM_TASK.txt\ncase $SWARM_TASK-$SWARM_ATTEMPT in twice-1) echo x > bad; costs 0.5 ;; *) costs 1.5 ;; esac",
    );
    w.file("once", "# Once\n");
    w.file("twice", "# Twice\n");
    w.start(["--drain", "-n", "1"]).code(0);
    assert_eq!(w.tasks_in("complete"), ["once", "twice"]);
    assert!(w.is_in("complete", "twice").contains("failed_usd: 0.5"));
    w.swarm(["list", "complete"])
        .code(0)
        .says("COST")
        .says("$2.00")
        .says("2 complete tasks: $3.50 in all, $1.75 per task; 14 % of it on failures ($0.50)");
    let listed = json_of(&w, ["list", "complete"]);
    assert_eq!(listed["costs"]["failed_share"], 0.5 / 3.5);
    let cost_of = |at: usize| (listed["tasks"][at]["cost_usd"].clone(), listed["tasks"][at]["failed_usd"].clone());
    let mut costs = [cost_of(0), cost_of(1)];
    costs.sort_by_key(|(cost, _)| cost.to_string());
    assert_eq!(costs, [(json!(1.5), json!(0.0)), (json!(2.0), json!(0.5))]);
    assert!(!w.swarm(["list"]).code(0).stdout.contains("in all"), "only where it is asked for");
    assert_eq!(json_of(&w, ["list", "pending"])["costs"], json!(null));

    w.swarm(["runs", "last"]).code(0).says("cost: $3.50, $1.75 per merged task; 14 % of it on failures ($0.50)");
    let costs = &json_of(&w, ["runs", "last"])["summary"]["costs"];
    assert_eq!((&costs["failed_usd"], &costs["cycles_without_cost"]), (&json!(0.5), &json!(0)));
    assert_eq!((&costs["per_merged_usd"], &costs["open_usd"]), (&json!(1.75), &json!(0.0)));
}

#[test]
fn who_asks_no_model_has_nothing_to_tell() {
    let w = Workspace::new();
    w.task("one", "echo one > one.txt");
    w.start(["--drain"]).code(0);
    assert_eq!(w.cycles_of("one")[0]["steps"][0]["cost_from"], json!({"by": "no_model"}));
    assert!(!w.is_in("complete", "one").contains("without_cost"));
    let runs = w.swarm(["runs", "last"]);
    assert!(!runs.code(0).stdout.contains("cost"), "{runs}");
    assert!(!w.swarm(["list", "complete"]).code(0).stdout.contains("COST"));
}

#[test]
fn a_mistake_in_the_table_is_named_and_a_live_run_reads_a_changed_one() {
    let w = Workspace::new();
    w.config("workers: [{agent: clerk, model: small}]");
    counting(&w, "clerk", "echo x > $SWARM_TASK.txt; tokens 1000000 0 0");
    prices(&w, "  small: {input: 1, ouput: 1}");
    w.swarm(["start", "--drain"]).code(2).says("config/prices.yaml:3").says("did you mean `output`");
    prices(&w, "  small: {input: 1, output: 1}");
    let mut swarm = w.start_in_background([]);
    w.file("one", "# One\n");
    swarm.wait_for_event(|event| event.moves("one", "complete"));
    prices(&w, "  small: {input: 3, output: 1}");
    swarm.wait_for_event(|event| event.is("settings_read"));
    w.file("two", "# Two\n");
    swarm.wait_for_event(|event| event.moves("two", "complete"));
    w.swarm(["stop"]).code(0);
    swarm.wait().code(0);
    assert_eq!((turns(&w, "one"), turns(&w, "two")), (vec![json!(1.0)], vec![json!(3.0)]));
}

#[test]
fn a_check_tells_of_prices_that_are_missing_or_old() {
    let w = Workspace::new();
    counting(&w, "clerk", "true");
    let notes = |workers: &str| {
        w.config(&format!("workers: {workers}"));
        let checks = json_of(&w, ["check", "--skip-gates"])["checks"].clone();
        let checks = checks.as_array().expect("a list").clone();
        let notes =
            checks.into_iter().filter(|it| it["result"] == "note" && it["detail"].to_string().contains("price"));
        notes.map(|it| it["detail"].as_str().expect("words").to_owned()).collect::<Vec<_>>()
    };
    w.write("config/prices.yaml", "as_of: 2024-11-20\nmodels: {small: {input: 1, output: 1}}\n");
    assert_eq!(notes("[{agent: script}]"), [""; 0], "nobody needs them");
    let [missing, old] = &notes("[{agent: 'clerk:small'}, {agent: 'clerk:other'}]")[..] else { panic!("two notes") };
    assert!(missing.ends_with(": clerk:other") && old.ends_with(": clerk:small (2024-11-20)"), "{missing}\n{old}");
}

#[test]
fn what_a_turn_had_used_that_was_cut_off_by_a_kill_is_paid_by_the_next_one_and_once() {
    let w = Workspace::new();
    w.config("workers: [{agent: clerk, model: small}]\nlimits: {resumes: 2}");
    let script = format!(
        "[ $going_on = yes ] || {{ tokens 1000000 0 0 thinking; exit; }}\n\
         test -e '{}' && {{ echo x > x.txt; tokens 500000 0 0; exit; }}\ntokens 200000 0 0 > /dev/null\n{}\n{}",
        w.sign("again").display(),
        w.gives("turn"),
        w.awaits("never")
    );
    counting(&w, "clerk", &script);
    prices(&w, "  small: {input: 1, output: 1}");
    w.file("one", "# One\n");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("turn");
    swarm.kill_9();
    w.give("again");
    w.start(["--drain"]).code(0);
    assert_eq!(turns(&w, "one"), [json!(0.7)]);
    let file = w.is_in("complete", "one");
    assert!(file.contains("cost_usd: 1.7\n") && !file.contains("without_cost"), "{file}");
}

/// An agent that names its session itself: `begin`, `say WORDS`, `cost DOLLARS` (so far), `refused STATUS` print its
/// records; `$going_on` is whether the session was begun before.
fn naming(w: &Workspace, name: &str, cost_scope: &str, script: &str) {
    let file = w.outside().join(format!("{name}.sh"));
    let head = r#"set -eu
cat > /dev/null
going_on=no session=s1; [ $# = 0 ] || going_on=yes session=$2
begin() { echo '{"type":"begin","session":"'$session'"}'; }
say() { echo '{"type":"say","text":"'"$1"'"}'; }
cost() { echo '{"type":"cost","dollars":'"$1"'}'; }
refused() { echo '{"type":"error","message":"no","status":'"$1"',"retry_after":0.1}'; exit 1; }
ready() { say COMPLETE_AND_READY_FOR_MERGE; echo '{"type":"end"}'; }
"#;
    std::fs::write(&file, format!("{head}{script}\n")).expect("write a script");
    w.write(
        &format!("config/agents/{name}.yaml"),
        format!(
            "argv: [sh, '{}', '{{args}}']
args: {{resume: [--go-on, '{{session}}']}}
output:
  format: jsonl
  usage: {{cost_scope: {cost_scope}}}
  rules:
    - {{when: {{/type: begin}}, set: {{session: /session}}, flag: started}}
    - {{when: {{/type: say}}, set: {{text: /text}}}}
    - {{when: {{/type: cost}}, set: {{cost_usd: /dollars}}}}
    - when: {{/type: error}}
      set: {{error.message: /message, error.status: /status, limit.retry_after: /retry_after}}
      flag: failed
    - {{when: {{/type: end}}, flag: done}}
",
            file.display()
        ),
    );
}

/// The dollars and the cycles without cost that the file of a complete task tells.
fn noted(w: &Workspace, id: &str) -> (f64, u64) {
    let file = w.is_in("complete", id);
    let figure = |key: &str| file.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
    let dollars = figure("cost_usd:").and_then(|told| told.parse().ok()).expect("dollars");
    (dollars, figure("cycles_without_cost:").map_or(0, |told| told.parse().expect("a count")))
}

#[test]
fn a_turn_that_a_kill_cut_off_is_told_later_only_by_a_session_that_counts_it_and_goes_on() {
    for (cost_scope, is_edited, expected) in
        [("run", false, (0.25, 1)), ("session", false, (0.25, 0)), ("session", true, (0.25, 1))]
    {
        let w = Workspace::new();
        w.config("workers: [{agent: namer}]");
        let first = format!("begin; cost 0.125; {}\n{}", w.gives("turn"), w.awaits("never"));
        let again = w.sign("again").display().to_string();
        let script = format!("test -e '{again}' || {{ {first}\n}}\nbegin; echo x > x.txt; cost 0.25; ready");
        naming(&w, "namer", cost_scope, &script);
        w.file("one", "# One\n");
        let swarm = w.start_in_background(["--drain"]);
        w.wait_for_sign("turn");
        wait_until("its session is noted", || w.read(".swarm/claims/one.json").contains("\"id\":\"s1\""));
        swarm.kill_9();
        w.give("again");
        if is_edited {
            std::fs::write(w.task_path("current", "one"), "# One, and more\n").expect("edit");
        }
        w.start(["--drain"]).code(0);
        assert_eq!(noted(&w, "one"), expected, "{cost_scope} {is_edited}");
        // The dead cycle is in every sum, so none of them takes it for nothing.
        let dead = w.cycles_of("one")[0].clone();
        assert_eq!((&dead["outcome"], &dead["cost_usd"]), (&json!("interrupted"), &json!(null)), "{dead}");
        w.swarm(["status"]).code(0).says("1 merged, 2 cycles, cost $0.25+");
    }
}

#[test]
fn what_a_reviewer_had_spent_that_was_killed_is_not_known_and_what_was_told_before_is() {
    let w = Workspace::new();
    w.config("workers: [{agent: namer}]\nreviewer: {agent: judge}");
    naming(&w, "namer", "session", "begin; echo x > x.txt; cost 1; ready");
    let first = format!("{}\n{}", w.gives("review"), w.awaits("never"));
    let again = w.sign("again").display().to_string();
    let judge = format!(
        "begin; test -e '{again}' || {{ {first}\n}}\ncost 0.5; say 'VERDICT: APPROVED'; echo '{{\"type\":\"end\"}}'"
    );
    naming(&w, "judge", "run", &judge);
    w.file("one", "# One\n");
    let swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("review");
    swarm.kill_9();
    w.give("again");
    w.start(["--drain"]).code(0).says("$1.00 is counted as spent, as its agents had told");
    assert_eq!(noted(&w, "one"), (1.5, 1));
    w.swarm(["list", "complete"]).code(0).says("$1.50+");
    w.swarm(["status"]).code(0).says("1 merged, 2 cycles, 1 round of review, cost $1.50+");
    let dead = w.cycles_of("one")[0].clone();
    assert_eq!((&dead["cost_usd"], &dead["steps"][0]["step"]), (&json!(1.0), &json!("review")), "{dead}");
    assert_eq!(json_of(&w, ["runs", dead["run_id"].as_str().expect("a run")])["summary"]["costs"]["cost_usd"], 1.0);
}

#[test]
fn a_turn_in_which_a_model_was_heard_has_cost_something_even_if_it_could_not_go_on() {
    let w = Workspace::new();
    w.config("workers: [{agent: [silent, telling, worker]}]\nlimits: {backoff: 0s}");
    naming(&w, "deaf", "run", "begin; refused 429");
    naming(&w, "silent", "run", "begin; say working; refused 429");
    naming(&w, "telling", "run", "begin; say working; cost 0.5; refused 401");
    naming(&w, "worker", "run", "begin; echo x > $SWARM_TASK.txt; cost 0.25; ready");
    w.file("one", "# One\n");
    w.start(["--drain"]).code(0);
    assert_eq!(noted(&w, "one"), (0.75, 1));
    let sums = json_of(&w, ["runs", "last"])["summary"]["total"].clone();
    assert_eq!((&sums["turns"], &sums["turns_without_cost"]), (&json!(3), &json!(1)));
    w.swarm(["status"]).code(0).says("cost $0.75+");

    // Of a model that was never heard nothing is to be paid.
    let w2 = Workspace::new();
    w2.config("workers: [{agent: [deaf, worker]}]\nlimits: {backoff: 0s}");
    for name in ["deaf", "worker"] {
        let file = format!("config/agents/{name}.yaml");
        w2.write(&file, w.read(&file));
    }
    w2.file("one", "# One\n");
    w2.start(["--drain"]).code(0);
    assert_eq!(noted(&w2, "one"), (0.25, 0));
}

#[test]
fn figures_that_no_bill_can_hold_are_not_told() {
    let w = Workspace::new();
    w.config("workers: [{agent: namer}]");
    naming(&w, "namer", "run", "begin; echo x > x.txt; cost 1.7e308; ready");
    w.file("one", "# One\n");
    w.start(["--drain"]).code(0);
    assert_eq!(turns(&w, "one"), [json!(null)]);
    let file = w.is_in("complete", "one");
    assert!(file.contains("cost_usd: null") && file.contains("cycles_without_cost: 1"), "{file}");
    assert!(!w.git(["log", "-1", "--format=%B"]).contains("Swarm-Cost"));

    let w = Workspace::new();
    w.config("workers: [{agent: clerk}]");
    counting(
        &w,
        "clerk",
        "printf '{\"type\":\"result\",\"in\":18446744073709551615,\"out\":18446744073709551615,\"text\":\"COMPLETE_AND_READY_FOR_MERGE\"}\\n'; echo x > $SWARM_TASK.txt",
    );
    w.file("one", "# One\n");
    w.file("two", "# Two\n");
    w.start(["--drain"]).code(0);
    w.swarm(["runs", "last"]).code(0).says("tokens: ");
}

#[test]
fn a_review_for_which_nobody_was_asked_is_no_round() {
    let w = Workspace::new();
    w.config(
        "workers: [{agent: author, count: 2}]\nreviewer: {agent: judge}\nproviders: {p: {most: 1}}\nlimits: {backoff: 0s}",
    );
    naming(&w, "author", "run", "begin; echo x > $SWARM_TASK.txt; cost 0.25; ready");
    naming(&w, "judge", "run", "begin; say 'VERDICT: APPROVED'; cost 0.5; echo '{\"type\":\"end\"}'");
    let holds = format!("begin; {}; {}; echo x > held.txt; cost 0.25; ready", w.gives("held"), w.awaits("enough"));
    naming(&w, "holder", "run", &holds);
    for name in ["judge", "holder"] {
        let file = format!("config/agents/{name}.yaml");
        w.write(&file, format!("{}provider: p\n", w.read(&file)));
    }
    w.file("hold", "---\nagent: holder\nreview: none\n---\n# Hold\n");
    let mut swarm = w.start_in_background(["--drain"]);
    w.wait_for_sign("held");
    w.file("one", "# One\n");
    swarm.wait_for_event(|event| event.is("turn_awaited"));
    w.move_task("one", "current", "blocked");
    swarm.wait_for_event(|event| event.is("task_moved") && event.text("outcome") == "cancelled");
    w.give("enough");
    swarm.wait();
    assert_eq!(w.cycles_of("one")[0]["review_rounds"], 0);
}
