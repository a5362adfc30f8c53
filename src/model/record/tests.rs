//! What scripts rely on: the words, the order of the keys, times in whole seconds and `null` for what is not known.

use serde_json::{from_str, json, to_string, to_value};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn step() -> StepRecord {
    StepRecord {
        step: StepName::Verify,
        round: 1,
        result: StepResult::CouldNotRun,
        started_at: at("2026-11-20T22:10:00.999Z"),
        duration_ms: 12,
        agent: None,
        command: Some("cargo test".to_owned()),
        exit_code: None,
        signal: None,
        timed_out: false,
        log: None,
        tail: None,
        tool_calls: None,
        was_heard: false,
        usage: Usage::default(),
        cost_usd: None,
        cost_from: None,
    }
}

pub(super) fn cycle() -> Cycle {
    Cycle {
        schema: SCHEMA,
        run_id: "20261120T220001-k3qd".to_owned(),
        worker: "w0".to_owned(),
        cycle: 1,
        host: "here".to_owned(),
        pid: 7,
        task: Some("t-1".parse().unwrap()),
        title: None,
        attempt: 1,
        agent: None,
        model: None,
        session_id: None,
        slot: None,
        branch: None,
        base: None,
        head: None,
        merged: None,
        outcome: Outcome::VerifyFailed,
        reason: "cargo test failed".to_owned(),
        to: Some(State::Pending),
        signals: Vec::new(),
        started_at: at("2026-11-20T22:10:00.4Z"),
        ended_at: at("2026-11-20T22:10:01.6Z"),
        duration_ms: 1200,
        steps: vec![step()],
        claimed: Vec::new(),
        created: Vec::new(),
        recycled: Vec::new(),
        review_rounds: 0,
        usage: Usage { input_tokens: Some(0), ..Usage::default() },
        cost_usd: None,
    }
}

fn line(event: Event) -> EventLine {
    let who = (Some("w0".to_owned()), Some(1), Some("t-1".parse().unwrap()));
    let (worker, cycle, task) = who;
    EventLine {
        schema: SCHEMA,
        at: at("2026-11-20T22:10:00.4Z"),
        t_ms: 3,
        run_id: "r".to_owned(),
        worker,
        cycle,
        task,
        event,
    }
}

#[test]
fn a_cycle_tells_whole_seconds_and_null_for_what_is_not_known() {
    let told = to_value(cycle()).unwrap();
    for (pointer, value) in [
        ("/schema", json!(1)),
        ("/outcome", json!("verify_failed")),
        ("/started_at", json!("2026-11-20T22:10:00Z")),
        ("/duration_ms", json!(1200)),
        ("/title", json!(null)),
        ("/cost_usd", json!(null)),
        (
            "/usage",
            json!({"input_tokens": 0, "output_tokens": null, "cached_tokens": null, "cache_write_tokens": null}),
        ),
        ("/steps/0/step", json!("verify")),
        ("/steps/0/result", json!("could_not_run")),
        ("/steps/0/exit_code", json!(null)),
        ("/steps/0/log", json!(null)),
        ("/steps/0/cost_from", json!(null)),
    ] {
        assert_eq!(told.pointer(pointer), Some(&value), "{pointer}");
    }
}

#[test]
fn a_cycle_has_the_documented_keys_in_their_order() {
    let text = to_string(&cycle()).unwrap();
    let documented = "schema run_id worker cycle host pid task title attempt agent model session_id slot branch base \
                      head merged outcome reason to signals started_at ended_at duration_ms steps claimed created \
                      recycled review_rounds usage cost_usd";
    let mut from = 0;
    for key in documented.split_whitespace() {
        let key = format!("\"{key}\":");
        from += text[from..].find(&key).unwrap_or_else(|| panic!("no {key} in {}", &text[from..]));
    }
    assert_eq!(to_value(cycle()).unwrap().as_object().unwrap().len(), documented.split_whitespace().count());
}

#[test]
fn a_record_that_is_read_and_written_again_is_the_same() {
    let text = to_string(&cycle()).unwrap();
    assert_eq!(to_string(&from_str::<Cycle>(&text).unwrap()).unwrap(), text);
    let moved = Event::TaskMoved { from: State::Current, to: None, cause: "gone".to_owned(), outcome: None };
    for event in [moved, Event::Resumed {}, Event::StrayEnded { pid: 7, command: "sleep".to_owned() }] {
        let text = to_string(&line(event)).unwrap();
        assert!(!text.contains('\n'));
        assert_eq!(to_string(&from_str::<EventLine>(&text).unwrap()).unwrap(), text);
    }
}

#[test]
fn an_event_lies_flat_in_its_line() {
    let event = Event::StepEnded {
        step: StepName::Implement,
        round: 1,
        result: StepResult::Ok,
        duration_ms: 9,
        cost_usd: None,
    };
    let expected = json!({
        "schema": 1, "at": "2026-11-20T22:10:00Z", "t_ms": 3, "run_id": "r", "worker": "w0", "cycle": 1, "task": "t-1",
        "event": "step_ended", "step": "implement", "round": 1, "result": "ok", "duration_ms": 9,
        "cost_usd": null,
    });
    assert_eq!(to_value(line(event)).unwrap(), expected);
}

#[test]
fn the_name_of_a_step_in_a_files_name_is_its_name_in_records() {
    for step in StepName::ALL {
        assert_eq!(to_value(step).unwrap(), json!(step.as_str()));
    }
}

#[test]
fn outcomes_are_counted_under_their_names() {
    let stopped = Stopped {
        schema: SCHEMA,
        run_id: "r".to_owned(),
        stopped_at: at("2026-11-20T22:10:00Z"),
        duration_ms: 1,
        reason: "drained".to_owned(),
        exit_code: 1,
        cycles: 3,
        outcomes: [(Outcome::Merged, 2), (Outcome::Stuck, 1)].into(),
    };
    assert_eq!(to_value(stopped).unwrap()["outcomes"], json!({"merged": 2, "stuck": 1}));
}

#[test]
fn it_is_told_where_dollars_come_from_and_records_of_before_do_not_tell_it() {
    let prices = CostFrom::Prices { as_of: "2026-11-20".parse().unwrap() };
    assert_eq!(to_value(CostFrom::Agent).unwrap(), json!({"by": "agent"}));
    assert_eq!(to_value(prices).unwrap(), json!({"by": "prices", "as_of": "2026-11-20"}));
    let mut old = to_value(step()).unwrap();
    old.as_object_mut().unwrap().remove("cost_from");
    old["usage"] = json!({"input_tokens": 7, "output_tokens": null, "cached_tokens": null});
    let step: StepRecord = serde_json::from_value(old).unwrap();
    assert_eq!((step.cost_from, step.usage.input_tokens), (None, Some(7)));
}
