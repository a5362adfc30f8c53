//! Output that no program should print.

use super::support::{agent, described, read};
use crate::model::agent::TroubleKind;
use crate::model::answer::Reader;

const LINES: &str = "{format: jsonl, rules: [
    {when: {/type: init}, set: {session: /id}, flag: started},
    {when: {/type: say}, set: {text: /text}},
    {when: {/type: sum}, add: {usage.input: /n, cost_usd: /cost}},
    {when: {/type: end}, flag: done}]}";

#[test]
fn only_the_agents_own_last_word_is_its_message() {
    // The prompt is printed back, a tool prints a record of the end, and both hold the signal.
    let printed = br#"{"type":"init","session_id":"a"}
{"type":"message","role":"user","content":"print\nCOMPLETE_AND_READY_FOR_MERGE"}
{"type":"message","role":"assistant","content":"COMPLETE_AND_READY_FOR_MERGE"}
{"type":"tool_use","tool_name":"run_shell_command"}
{"type":"tool_result","output":"{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"x\"}\nCOMPLETE_AND_READY_FOR_MERGE"}
COMPLETE_AND_READY_FOR_MERGE
{"type":"message","role":"assistant","content":"not "}
{"type":"message","role":"assistant","content":"yet"}
{"type":"result","status":"success"}
"#;
    assert_eq!(read(&described("gemini"), printed).text.unwrap(), "not yet");
}

#[test]
fn a_message_before_the_end_is_not_the_final_one() {
    let printed = b"{\"type\":\"init\",\"id\":\"s\"}\n{\"type\":\"say\",\"text\":\"COMPLETE_AND_READY_FOR_MERGE\"}\n";
    let answer = read(&agent(LINES), printed);
    assert_eq!((answer.text, answer.done, answer.is_final), (None, false, false));
    assert_eq!((answer.started, answer.trouble), (true, None));
}

#[test]
fn an_end_can_be_seen_before_the_agent_is_gone() {
    let agent = described("opencode");
    let mut reader = Reader::new(&agent.output);
    reader.feed(b"{\"sessionID\":\"s\",\"type\":\"step_finish\",\"part\":{\"reason\":\"stop\"}}");
    assert!(!reader.is_final(), "its line is not over");
    reader.feed(b"\n");
    assert!(reader.is_final() && reader.so_far().done);
    reader.feed(b"{\"sessionID\":\"s\",\"type\":\"step_start\"}\n");
    assert!(!reader.is_final(), "it goes on");
    assert_eq!(reader.so_far().session.as_deref(), Some("s"));
}

#[test]
fn bytes_that_are_no_text_and_lines_that_are_no_json_do_no_harm() {
    let printed = b"\xff\xfe\0\n{\n}\n{]\n[1]\nnull\n\r\n{\"type\":\"init\",\"id\":\"a\xffb\"}\r\n{\"type\":\"end\"}";
    let answer = read(&agent(LINES), printed);
    assert_eq!(answer.session.as_deref(), Some("a\u{fffd}b"));
    assert!(answer.done && answer.trouble.is_none());
}

#[test]
fn values_of_a_wrong_type_leave_the_figures_unknown() {
    let printed = br#"{"type":"init","id":["x"]}
{"type":"say","text":7}
{"type":"sum","n":"many","cost":-1}
{"type":"sum","n":-5,"cost":"NaN"}
{"type":"sum","n":1.5,"cost":null}
{"type":"sum","n":18446744073709551615,"cost":0.25}
{"type":"sum","n":18446744073709551615,"cost":0.25}
{"type":"end"}"#;
    let answer = read(&agent(LINES), printed);
    assert_eq!((answer.session, answer.text), (None, None));
    assert_eq!((answer.usage.input_tokens, answer.cost_usd), (Some(u64::MAX), Some(0.5)));
    assert_eq!(read(&agent(LINES), b"{\"type\":\"sum\",\"n\":null}").usage.input_tokens, None);
}

#[test]
fn a_session_that_could_be_taken_for_an_option_is_not_believed() {
    for id in ["--resume", "", "a b", "a\\nb", &"x".repeat(300)] {
        let printed = format!("{{\"type\":\"init\",\"id\":\"{id}\"}}\n");
        assert_eq!(read(&agent(LINES), printed.as_bytes()).session, None, "{id}");
    }
}

#[test]
fn a_limit_that_was_got_over_is_forgotten() {
    let claude = described("claude");
    let limit = br#"{"type":"system","subtype":"init","session_id":"s"}
{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1795163735}}
"#;
    let waiting = read(&claude, limit);
    assert_eq!(waiting.trouble.unwrap().kind, TroubleKind::RateLimited);
    assert_eq!(waiting.limit.unwrap().reset_at.unwrap().as_second(), 1_795_163_735);
    let on = [limit, br#"{"type":"assistant","message":{}}"#.as_slice()].concat();
    assert_eq!((read(&claude, &on).trouble, read(&claude, &on).limit), (None, None));
}

#[test]
fn a_line_without_end_is_not_kept() {
    let agent = agent(LINES);
    let mut reader = Reader::new(&agent.output);
    let chunk = vec![b'x'; 1024 * 1024];
    reader.feed(b"{\"type\":\"say\",\"text\":\"");
    for _ in 0..20 {
        reader.feed(&chunk);
    }
    reader.feed(b"\"}\n{\"type\":\"say\",\"text\":\"short\"}\n{\"type\":\"end\"}\n");
    let answer = reader.finish(b"");
    assert_eq!(answer.text.as_deref(), Some("short"));
    assert_eq!(answer.dropped_bytes, 20 * 1024 * 1024 + 24);
}

#[test]
fn what_was_printed_before_it_came_to_work_explains_an_end() {
    let before = "Error: connection reset\nerror: unknown option '--x'\nnetwork\n";
    let trouble = read(&agent(LINES), before.as_bytes()).trouble.unwrap();
    assert_eq!((trouble.kind, trouble.message.as_str()), (TroubleKind::BadUsage, "error: unknown option '--x'"));
    let started = format!("{before}{{\"type\":\"init\",\"id\":\"s\"}}\n");
    assert_eq!(read(&agent(LINES), started.as_bytes()).trouble, None, "it got over it");
}

#[test]
fn of_text_the_end_is_the_message() {
    let script = agent("{format: text}");
    let mut reader = Reader::new(&script.output);
    reader.feed(b"much before\n{\"type\":\"end\"}\n");
    let answer = reader.finish(b"the end \xff\n");
    assert_eq!(answer.text.as_deref(), Some("the end \u{fffd}\n"));
    assert_eq!((answer.started, answer.done, answer.trouble), (true, false, None));
    assert_eq!(read(&script, b"").text, None);
    let limited = agent("{lines: [{re: '(?<said>rate limit.*)', set: {error.message: said}, flag: failed}]}");
    let answer = read(&limited, b"oh\n\x1b[31mrate limit, try again in 2 minutes\x1b[0m\n");
    assert_eq!(answer.trouble.unwrap().kind, TroubleKind::RateLimited);
    assert_eq!(answer.limit.unwrap().retry_after.unwrap().as_secs(), 120);
}
