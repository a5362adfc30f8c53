//! Anthropic's messages.

use serde_json::{Value, json};

use super::answer::{Answer, CACHED, INPUT, OUTPUT};
use super::dialect::{new_id, second_in, typed_event};

/// The name of claude's shell.
pub(super) const SHELL: &str = "Bash";

/// An answer as a stream.
pub(super) fn events(answer: &Answer) -> Vec<String> {
    let usage = |output: u64| {
        json!({
            "input_tokens": INPUT - CACHED, "cache_creation_input_tokens": 0, "cache_read_input_tokens": CACHED,
            "output_tokens": output,
        })
    };
    let message = json!({
        "id": new_id("msg"), "type": "message", "role": "assistant", "model": "test-model", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage(1),
    });
    let mut events = vec![json!({"type": "message_start", "message": message})];
    for (index, (block, delta)) in blocks(answer).into_iter().enumerate() {
        events.push(json!({"type": "content_block_start", "index": index, "content_block": block}));
        events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let reason = if answer.command.is_some() { "tool_use" } else { "end_turn" };
    let end = json!({"stop_reason": reason, "stop_sequence": null});
    events.push(json!({"type": "message_delta", "delta": end, "usage": usage(OUTPUT)}));
    events.push(json!({"type": "message_stop"}));
    events.iter().map(typed_event).collect()
}

/// Its parts: how each begins, and what comes into it.
fn blocks(answer: &Answer) -> Vec<(Value, Value)> {
    let words = Some(&answer.words)
        .filter(|words| !words.is_empty())
        .map(|words| (json!({"type": "text", "text": ""}), json!({"type": "text_delta", "text": words})));
    let call = answer.command.as_ref().map(|command| {
        let input = json!({"command": command, "description": "A step"}).to_string();
        let block = json!({"type": "tool_use", "id": new_id("toolu"), "name": SHELL, "input": {}});
        (block, json!({"type": "input_json_delta", "partial_json": input}))
    });
    words.into_iter().chain(call).collect()
}

/// That of a subscription, or, if it is a short one, that of a minute.
pub(super) fn limit(seconds: u64) -> (Vec<(&'static str, String)>, Value) {
    if seconds < 60 {
        return (Vec::new(), error(429, "This request would exceed the rate limit."));
    }
    let resets_at = second_in(seconds).to_string();
    let headers = vec![
        ("anthropic-ratelimit-unified-status", "rejected".to_owned()),
        ("anthropic-ratelimit-unified-reset", resets_at),
        ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_owned()),
    ];
    (headers, error(429, "This request would exceed your account's rate limit. Please try again later."))
}

/// A refusal.
pub(super) fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "invalid_request_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}})
}
