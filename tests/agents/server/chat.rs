//! OpenAI's chat completions.

use serde_json::{Value, json};

use super::answer::{Answer, CACHED, INPUT, OUTPUT};
use super::dialect::{event, new_id};

/// The name of opencode's shell.
pub(super) const OPENCODES_SHELL: &str = "bash";

/// The name of qwen's shell.
pub(super) const QWENS_SHELL: &str = "run_shell_command";

/// An answer as a stream, for an agent whose shell has that name.
pub(super) fn events(answer: &Answer, shell: &str) -> Vec<String> {
    let id = new_id("chatcmpl");
    let chunk = |choices: Value, usage: Value| {
        event(&json!({
            "id": id, "object": "chat.completion.chunk", "created": 1, "model": "test-model", "choices": choices,
            "usage": usage,
        }))
    };
    let part = |delta: Value, finish: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": finish}]), Value::Null)
    };
    let mut events = vec![part(json!({"role": "assistant", "content": ""}), None)];
    if !answer.words.is_empty() {
        events.push(part(json!({"content": answer.words}), None));
    }
    if let Some(command) = &answer.command {
        let arguments = json!({"command": command, "description": "A step", "is_background": false}).to_string();
        let function = json!({"name": shell, "arguments": arguments});
        let call = json!({"index": 0, "id": new_id("call"), "type": "function", "function": function});
        events.push(part(json!({"tool_calls": [call]}), None));
    }
    events.push(part(json!({}), Some(if answer.command.is_some() { "tool_calls" } else { "stop" })));
    let usage = json!({
        "prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": CACHED},
    });
    events.push(chunk(json!([]), usage));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
