//! OpenAI's responses.

use serde_json::{Value, json};

use super::answer::{Answer, CACHED, INPUT, OUTPUT};
use super::dialect::{new_id, second_in, typed_event};

/// The name of codex' shell.
pub(super) const SHELL: &str = "exec_command";

/// An answer as a stream.
pub(super) fn events(answer: &Answer) -> Vec<String> {
    let id = new_id("resp");
    let response = |status: &str, output: &[Value], usage: Value| json!({"id": id, "object": "response", "status": status, "output": output, "usage": usage});
    let output = items(answer);
    let mut events = vec![json!({"type": "response.created", "response": response("in_progress", &[], Value::Null)})];
    for (index, item) in output.iter().enumerate() {
        events.push(json!({"type": "response.output_item.added", "output_index": index, "item": item}));
        if item["type"] == "message" {
            events.push(
                json!({"type": "response.output_text.delta", "item_id": item["id"], "output_index": index, "content_index": 0, "delta": answer.words}),
            );
        }
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
    }
    let usage = json!({
        "input_tokens": INPUT, "input_tokens_details": {"cached_tokens": CACHED}, "output_tokens": OUTPUT,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": INPUT + OUTPUT,
    });
    events.push(json!({"type": "response.completed", "response": response("completed", &output, usage)}));
    events.iter().map(typed_event).collect()
}

fn items(answer: &Answer) -> Vec<Value> {
    let words = Some(&answer.words).filter(|words| !words.is_empty()).map(|words| {
        json!({
            "type": "message", "id": new_id("msg"), "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": words, "annotations": []}],
        })
    });
    let call = answer.command.as_ref().map(|command| {
        json!({
            "type": "function_call", "id": new_id("fc"), "call_id": new_id("call"), "name": SHELL,
            "arguments": json!({"cmd": command}).to_string(), "status": "completed",
        })
    });
    words.into_iter().chain(call).collect()
}

/// That of a subscription, or, if it is a short one, that of a minute.
pub(super) fn limit(seconds: u64) -> (Vec<(&'static str, String)>, Value) {
    if seconds < 60 {
        let message = format!("Rate limit reached. Please try again in {seconds}s.");
        return (Vec::new(), json!({"error": {"type": "requests", "code": "rate_limit_exceeded", "message": message}}));
    }
    let resets_at = second_in(seconds);
    let headers = vec![
        ("x-codex-primary-used-percent", "100.0".to_owned()),
        ("x-codex-primary-window-minutes", "300".to_owned()),
        ("x-codex-primary-reset-at", resets_at.to_string()),
    ];
    let error = json!({
        "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus",
        "resets_at": resets_at, "resets_in_seconds": seconds,
    });
    (headers, json!({"error": error}))
}
