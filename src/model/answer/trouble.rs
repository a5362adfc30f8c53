//! What went wrong: which of the agent's words count, and what they mean.

use std::sync::LazyLock;

use super::found::Trouble;
use super::turn::{Notice, Turn};
use crate::model::agent::{Class, Pattern, TroubleKind};
use crate::model::clean;

/// How many bytes of an error's words are passed on.
const MESSAGE_BYTES: usize = 2048;

/// What errors mean by their status, whoever says them.
const STATUSES: [(u16, TroubleKind); 6] = [
    (402, TroubleKind::NoCredit),
    (429, TroubleKind::RateLimited),
    (401, TroubleKind::Auth),
    (403, TroubleKind::Auth),
    (413, TroubleKind::TooLong),
    (408, TroubleKind::Transient),
];

/// What stands before a number that is a status, for `STATUS` in the words below: other numbers mean nothing.
const STATUS: &str = r"(error|status|code|http|rejected)\W{0,8}";

/// What errors mean by their words, whoever says them; the first that matches counts.
const WORDS: [(TroubleKind, &str); 11] = [
    (TroubleKind::NoCredit, "insufficient.quota|current quota|quota exceeded|credit balance|billing"),
    (
        TroubleKind::RateLimited,
        r"usage.limit|rate.?limit|too many requests|STATUS429\b|daily quota|hit your .*limit|resource_exhausted",
    ),
    (
        TroubleKind::BadSession,
        "no conversation found|session not found|invalid session|no rollout found|no previous sessions|session.*already (in use|exists)",
    ),
    (
        TroubleKind::Auth,
        r"STATUS40[13]\b|unauthori[sz]ed|authentication|api key|not logged in|invalid auth|run /login|set an auth method|no auth type",
    ),
    (TroubleKind::OwnLimit, r"max(imum)? (number of )?(session )?turns|maximum budget"),
    (
        TroubleKind::BadUsage,
        "unexpected argument|unknown (option|argument)|unrecognized (option|argument)|try .--help|cannot be used with root",
    ),
    (TroubleKind::Refused, "safeguards flagged|content.?filter|safety settings|usage polic|prohibited content"),
    (
        TroubleKind::TooLong,
        r"(prompt|input|context|conversation|request)\b.{0,40}too (large|long)|context.?(length|window)|maximum (length|context)|exceeds? the (maximum|limit).{0,30}tokens|too many tokens",
    ),
    (
        TroubleKind::NoModel,
        r"model\W{0,3}[\w./:-]{1,80}\W{1,3}(is |was |does )?not (found|supported|exist|available)|model is not supported|the selected model|model.?not.?found|(unknown|invalid|no such) model|models/\S+ is not found",
    ),
    (TroubleKind::Other, r"invalid.request|invalid_argument|STATUS400\b"),
    (
        TroubleKind::Transient,
        r"STATUS5\d\d\b|overloaded|high demand|internal (server )?error|server error|disconnected|terminated|network|timed? ?out|econn|enotfound|eai_again|connection (reset|refused|error)|socket hang up|fetch failed|(cannot|unable to) connect|waiting for network",
    ),
];

static KNOWN_WORDS: LazyLock<Vec<(TroubleKind, Pattern)>> = LazyLock::new(|| {
    let read = |(kind, words): &(TroubleKind, &str)| {
        Some((*kind, Pattern::parse(&format!("(?i){}", words.replace("STATUS", STATUS))).ok()?))
    };
    WORDS.iter().filter_map(read).collect()
});

/// What a turn's records say of an error: the one that ended it; else the one that the agent was still trying to get
/// over; else `before`, what it printed before it came to work.
pub(super) fn trouble(turn: &Turn, own: &[Class], before: Option<&Trouble>) -> Option<Trouble> {
    if turn.done {
        return None;
    }
    if !turn.error.is_empty() {
        return Some(explain(&turn.error, own));
    }
    if !turn.retry.is_empty() {
        let trouble = explain(&turn.retry, own);
        // The agent itself thought that another try may do.
        let kind = if trouble.kind == TroubleKind::Other { TroubleKind::Transient } else { trouble.kind };
        return Some(Trouble { kind, ..trouble });
    }
    match before {
        Some(before) if turn.failed || !turn.started => Some(before.clone()),
        Some(_) | None => turn.failed.then(|| explain(&Notice::default(), own)),
    }
}

/// What a line of plain text means that was printed before the agent came to work; `None` if nothing that is known.
pub(super) fn of_line(line: &str, own: &[Class]) -> Option<Trouble> {
    let notice = Notice { message: Some(line.to_owned()), ..Notice::default() };
    Some(explain(&notice, own)).filter(|trouble| trouble.kind != TroubleKind::Other)
}

fn explain(notice: &Notice, own: &[Class]) -> Trouble {
    let words = [&notice.message, &notice.code].into_iter().flatten().next();
    let message = match (words, notice.status) {
        (Some(words), _) => clean::clip(&clean::clean_text(words), MESSAGE_BYTES),
        (None, Some(status)) => format!("the model's provider gave HTTP status {status}"),
        (None, None) => "the agent says that it failed, but not why".to_owned(),
    };
    Trouble { kind: classify(notice, own), message, status: notice.status }
}

/// The description's own classes first. A code and a message together say more than a status: a quota that is used up
/// for good comes with the same status as one that is full for a minute.
fn classify(notice: &Notice, own: &[Class]) -> TroubleKind {
    let matches =
        |pattern: &Pattern, words: &Option<String>| words.as_ref().is_some_and(|words| pattern.is_match(words));
    let is_of = |class: &&Class| {
        class.status.is_none_or(|status| notice.status == Some(status))
            && class.code.as_ref().is_none_or(|pattern| matches(pattern, &notice.code))
            && class.text.as_ref().is_none_or(|pattern| matches(pattern, &notice.message))
    };
    if let Some(class) = own.iter().find(is_of) {
        return class.kind;
    }
    let by_words =
        |words: &Option<String>| KNOWN_WORDS.iter().find(|(_, pattern)| matches(pattern, words)).map(|known| known.0);
    let said = by_words(&notice.message);
    let code = by_words(&notice.code);
    match notice.status {
        // The request cannot be met as it is; the words may say why.
        Some(400 | 404 | 422) => match said.or(code) {
            Some(
                kind @ (TroubleKind::NoCredit | TroubleKind::TooLong | TroubleKind::Refused | TroubleKind::NoModel),
            ) => kind,
            Some(
                TroubleKind::RateLimited
                | TroubleKind::Auth
                | TroubleKind::BadSession
                | TroubleKind::OwnLimit
                | TroubleKind::BadUsage
                | TroubleKind::Transient
                | TroubleKind::Other,
            )
            | None => TroubleKind::Other,
        },
        // The words say which of the two.
        Some(402 | 429) if said == Some(TroubleKind::NoCredit) => TroubleKind::NoCredit,
        Some(status) => match STATUSES.iter().find(|known| known.0 == status) {
            Some((_, kind)) => *kind,
            None if (500..600).contains(&status) => TroubleKind::Transient,
            None => said.or(code).unwrap_or(TroubleKind::Other),
        },
        None => said.or(code).unwrap_or(TroubleKind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(message: &str, code: &str, status: u16) -> Notice {
        let given = |words: &str| Some(words.to_owned()).filter(|words| !words.is_empty());
        Notice { message: given(message), code: given(code), status: Some(status).filter(|status| *status > 0) }
    }

    #[test]
    fn all_known_words_are_expressions() {
        assert_eq!(KNOWN_WORDS.len(), WORDS.len());
    }

    #[test]
    fn an_error_means_the_same_whoever_says_it() {
        use TroubleKind::*;
        for (message, code, status, kind) in [
            ("Rate limit reached for x. Please try again in 7s.", "APIError", 429, RateLimited),
            ("You exceeded your current quota, please check your plan and billing details.", "APIError", 429, NoCredit),
            (
                "Request rejected (429) · This request would exceed your account's rate limit.",
                "rate_limit",
                0,
                RateLimited,
            ),
            ("You've hit your 5-hour limit · resets 8:35am (UTC)", "", 0, RateLimited),
            (
                "You’ve hit your usage limit. Visit x to purchase more credits or try again at 8:23 AM.",
                "",
                0,
                RateLimited,
            ),
            ("exceeded retry limit, last status: 429 Too Many Requests", "", 0, RateLimited),
            ("[API Error: You have exhausted your daily quota on this model.]", "unknown", 0, RateLimited),
            ("unexpected status 401 Unauthorized: Incorrect API key provided", "", 0, Auth),
            ("", "authentication_failed", 0, Auth),
            ("", "", 403, Auth),
            ("Incorrect API key provided", "APIError", 401, Auth),
            ("No conversation found with session ID: 0", "", 0, BadSession),
            ("Session ID 0 is already in use.", "", 0, BadSession),
            ("no rollout found for thread id 0 (code -32600)", "", 0, BadSession),
            ("Reached maximum number of turns (3)", "", 0, OwnLimit),
            ("error: unknown option '--nonsense'", "", 0, BadUsage),
            ("We’re currently experiencing high demand, which may cause temporary errors.", "", 0, Transient),
            ("Overloaded", "", 529, Transient),
            ("[API Error: terminated]", "unknown", 0, Transient),
            ("The response was blocked by the provider's content filter", "ContentFilterError", 0, Refused),
            ("API Error: Opus's safeguards flagged this message", "", 0, Refused),
            ("prompt is too long: 250000 tokens > 200000 maximum", "invalid_request", 400, TooLong),
            ("This model's maximum context length is 128000 tokens.", "context_length_exceeded", 400, TooLong),
            ("Your input exceeds the context window of this model.", "", 0, TooLong),
            ("The input token count (2000000) exceeds the maximum number of tokens allowed", "", 400, TooLong),
            ("Input exceeds the maximum length of 1048576 characters.", "", 0, TooLong),
            ("", "", 413, TooLong),
            ("The model `gpt-9` does not exist or you do not have access to it.", "model_not_found", 404, NoModel),
            ("The 'gpt-9' model is not supported when using Codex with a ChatGPT account.", "", 400, NoModel),
            ("There's an issue with the selected model (x). It may not exist.", "", 404, NoModel),
            ("models/gemini-9 is not found for API version v1beta", "", 404, NoModel),
            ("Model not found: loopback/nothing.", "ProviderModelNotFoundError", 0, NoModel),
            ("Model metadata for `mock-model` not found. Defaulting to fallback metadata", "", 0, Other),
            ("Your credit balance is too low to access the API", "invalid_request_error", 400, NoCredit),
            ("file not found", "", 404, Other),
            ("API Error: 500 mock internal", "", 0, Transient),
            ("Cannot connect to API: Unable to connect. Is the computer able to access the url?", "", 0, Transient),
            ("Reconnecting... waiting for network (Connection failed)", "", 0, Transient),
            ("Please set an Auth method in your /home/x/.gemini/settings.json", "", 0, Auth),
            ("No auth type is selected. Please configure an auth type", "", 0, Auth),
            (r#"{"error":{"code":500,"message":"mock"}}"#, "", 0, Transient),
            ("unexpected status 529 <unknown status code>", "", 0, Transient),
            (r#""input": 500, "output": 429"#, "", 0, Other),
            ("tool failed: rate limit", "invalid_request", 400, Other),
            ("", "", 0, Other),
        ] {
            assert_eq!(classify(&notice(message, code, status), &[]), kind, "{message} {code} {status}");
        }
    }

    #[test]
    fn a_description_knows_its_own_errors_better() {
        let own: Vec<Class> =
            serde_yaml::from_str("[{kind: rate_limited, status: 429, text: 'current quota'}]").unwrap();
        assert_eq!(classify(&notice("the current quota", "", 429), &own), TroubleKind::RateLimited);
        assert_eq!(classify(&notice("the current quota", "", 0), &own), TroubleKind::NoCredit);
    }
}
