//! In whose words a request is, and is to be answered.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::answer::Answer;
use super::{chat, gemini, messages, responses};

/// The interfaces of the providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OpenAI's responses, for codex.
    Responses,
    /// OpenAI's chat completions, for opencode and qwen.
    Chat {
        /// The name of the agent's shell.
        shell: &'static str,
    },
    /// Anthropic's messages, for claude.
    Messages,
    /// Google's content generation, for gemini.
    Gemini,
}

impl Dialect {
    /// By the path of a request.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path.split('?').next().unwrap_or_default() {
            path if path.ends_with("/responses") => Some(Self::Responses),
            path if path.ends_with("/qwen/v1/chat/completions") => Some(Self::Chat { shell: chat::QWENS_SHELL }),
            path if path.ends_with("/chat/completions") => Some(Self::Chat { shell: chat::OPENCODES_SHELL }),
            path if path.ends_with("/messages") => Some(Self::Messages),
            path if path.ends_with(":streamGenerateContent") => Some(Self::Gemini),
            _ => None,
        }
    }

    /// Whether the agent's own shell is among the tools that a request offers.
    pub(super) fn offers_a_shell(self, request: &Value) -> bool {
        let is_shell = |tool: &Value| match self {
            Self::Responses => tool["name"] == responses::SHELL,
            Self::Chat { shell } => tool["function"]["name"] == shell,
            Self::Messages => tool["name"] == messages::SHELL,
            Self::Gemini => each(&tool["functionDeclarations"]).any(|function| function["name"] == gemini::SHELL),
        };
        each(&request["tools"]).any(is_shell)
    }

    /// An answer as a stream of events.
    pub(super) fn events(self, answer: &Answer) -> Vec<String> {
        match self {
            Self::Responses => responses::events(answer),
            Self::Chat { shell } => chat::events(answer, shell),
            Self::Messages => messages::events(answer),
            Self::Gemini => gemini::events(answer),
        }
    }

    /// Headers and document of a refusal for so many seconds.
    pub(super) fn limit(self, seconds: u64) -> (Vec<(String, String)>, Value) {
        let (mut headers, document) = match self {
            Self::Responses => responses::limit(seconds),
            Self::Chat { .. } => (Vec::new(), self.error(429, "Rate limit reached")),
            Self::Messages => messages::limit(seconds),
            Self::Gemini => (Vec::new(), gemini::limit(seconds)),
        };
        headers.push(("retry-after", seconds.to_string()));
        (headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), document)
    }

    /// The document of a refusal because of the model's name.
    pub(super) fn no_model(self) -> Value {
        match self {
            Self::Responses | Self::Chat { .. } => {
                openai("The model `this-one` does not exist or you do not have access to it.", "model_not_found")
            }
            Self::Messages => {
                json!({"type": "error", "error": {"type": "not_found_error", "message": "model: this-one"}})
            }
            Self::Gemini => json!({"error": {
                "code": 404, "status": "NOT_FOUND",
                "message": "models/this-one is not found for API version v1beta, or is not supported for generateContent.",
            }}),
        }
    }

    /// The document of a refusal because of the length of what the model is to read.
    pub(super) fn too_long(self) -> Value {
        match self {
            Self::Responses => openai(
                "Your input exceeds the context window of this model. Please adjust your input and try again.",
                "context_length_exceeded",
            ),
            Self::Chat { .. } => openai(
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 131072 tokens.",
                "context_length_exceeded",
            ),
            Self::Messages => messages::error(400, "prompt is too long: 250000 tokens > 200000 maximum"),
            Self::Gemini => json!({"error": {
                "code": 400, "status": "INVALID_ARGUMENT",
                "message": "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
            }}),
        }
    }

    /// The document of another refusal.
    pub(super) fn error(self, status: u16, message: &str) -> Value {
        match self {
            Self::Responses | Self::Chat { .. } => {
                json!({"error": {"message": message, "type": "refused", "code": null}})
            }
            Self::Messages => messages::error(status, message),
            Self::Gemini => json!({"error": {"code": status, "message": message, "status": "INTERNAL"}}),
        }
    }
}

/// A refusal in the words of OpenAI.
fn openai(message: &str, code: &str) -> Value {
    json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": code}})
}

/// The elements of a list; none if it is none.
fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// An event of a stream.
pub(super) fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// An event of a stream, named by its own type.
pub(super) fn typed_event(data: &Value) -> String {
    format!("event: {}\n{}", data["type"].as_str().expect("it has a type"), event(data))
}

/// A name that no other call or message has.
pub(super) fn new_id(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}_{:024}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The second so many seconds from now.
pub(super) fn second_in(seconds: u64) -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is past 1970").as_secs() + seconds
}
