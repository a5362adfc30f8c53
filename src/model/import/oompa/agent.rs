//! Who works: `harness:model:effort`.

use crate::model::choice::Choice;

/// The harnesses for which there is a description of an agent of the same name.
pub const DESCRIBED: [&str; 4] = ["codex", "claude", "opencode", "gemini"];

/// Who works where no harness is named.
const USUAL: &str = "codex";

/// The words after the last colon that are an effort and no part of a model's name.
const EFFORTS: [&str; 6] = ["minimal", "low", "medium", "high", "max", "xhigh"];

/// The agent that the words of `model` mean. What stands before the first colon is a harness only if it is a known one:
/// a model's own name may hold colons.
pub fn choice(words: &str) -> Choice {
    let (agent, rest) = match words.split_once(':') {
        Some((harness, rest)) if is_harness(harness) => (agent_of(harness), rest),
        Some(_) | None if is_harness(words) => (agent_of(words), ""),
        Some(_) | None => (USUAL, words),
    };
    let (model, effort) = match rest.rsplit_once(':') {
        Some((model, effort)) if EFFORTS.contains(&effort) => (model, Some(effort)),
        Some(_) | None => (rest, None),
    };
    let owned = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Choice { agent: agent.to_owned(), model: owned(model), effort: effort.and_then(owned) }
}

fn is_harness(word: &str) -> bool {
    DESCRIBED.contains(&word) || word == "cursor" || is_account_of_gemini(word)
}

/// `gemini2`: the same program under another account.
pub(super) fn is_account_of_gemini(word: &str) -> bool {
    word.strip_prefix("gemini")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn agent_of(harness: &str) -> &str {
    if is_account_of_gemini(harness) { "gemini" } else { harness }
}
