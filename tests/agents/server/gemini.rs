//! Google's content generation.

use serde_json::{Value, json};

use super::answer::{Answer, CACHED, INPUT, OUTPUT};
use super::dialect::event;

/// The name of gemini's shell.
pub(super) const SHELL: &str = "run_shell_command";

/// An answer as a stream.
pub(super) fn events(answer: &Answer) -> Vec<String> {
    let piece = |part: Value, finish: Option<&str>| {
        let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": [part]}});
        if let Some(finish) = finish {
            candidate["finishReason"] = finish.into();
        }
        let usage = json!({
            "promptTokenCount": INPUT, "cachedContentTokenCount": CACHED, "candidatesTokenCount": OUTPUT,
            "totalTokenCount": INPUT + OUTPUT,
        });
        event(&json!({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "test-model"}))
    };
    let last = match &answer.command {
        Some(command) => json!({"functionCall": {"name": SHELL, "args": {"command": command}}}),
        None => json!({"text": ""}),
    };
    let words = Some(&answer.words).filter(|words| !words.is_empty()).map(|words| piece(json!({"text": words}), None));
    words.into_iter().chain([piece(last, Some("STOP"))]).collect()
}

/// A quota: a short one is that of a minute, a long one that of a day.
pub(super) fn limit(seconds: u64) -> Value {
    let span = if seconds < 60 { "Minute" } else { "Day" };
    let quota = json!({
        "quotaMetric": "generativelanguage.googleapis.com/generate_requests",
        "quotaId": format!("GenerateRequestsPer{span}PerProjectPerModel"),
    });
    json!({"error": {
        "code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED",
        "details": [
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [quota]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": format!("{seconds}s")},
        ],
    }})
}
