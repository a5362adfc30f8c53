//! What the real programs printed, and what it means.

use super::support::{described, read, recording};
use crate::model::agent::Scope;
use crate::model::answer::{Answer, usage_since};

/// An answer in one line: what is not told is left out.
fn told(answer: &Answer) -> String {
    let mut told = Vec::new();
    for (word, is) in [("started", answer.started), ("done", answer.done), ("final", answer.is_final)] {
        told.extend(is.then(|| word.to_owned()));
    }
    told.extend(answer.session.iter().map(|id| format!("session {}", &id[id.len() - 4..])));
    told.extend(answer.usage.input_tokens.map(|tokens| format!("in {tokens}")));
    told.extend(answer.usage.cached_tokens.map(|tokens| format!("cached {tokens}")));
    told.extend(answer.usage.output_tokens.map(|tokens| format!("out {tokens}")));
    told.extend(answer.cost_usd.map(|cost| format!("${cost:.5}")));
    told.extend(answer.text.iter().map(|text| format!("says {text:?}")));
    if let Some(trouble) = &answer.trouble {
        told.push(format!("{:?}", trouble.kind));
        told.extend(trouble.status.map(|status| status.to_string()));
        told.push(trouble.message.lines().next().unwrap_or_default().chars().take(48).collect());
    }
    if let Some(limit) = &answer.limit {
        told.extend(limit.reset_at.map(|at| format!("until {at}")));
        told.extend(limit.retry_after.map(|after| format!("for {after:?}")));
        told.extend(limit.clock.map(|clock| format!("until {clock}")));
    }
    told.join(", ")
}

const READY: &str = r#"says "The file is committed.\nCOMPLETE_AND_READY_FOR_MERGE""#;

fn check(name: &str, table: &[(&str, &[u8], &str)]) {
    let agent = described(name);
    for (case, printed, expected) in table {
        let expected = expected.replace("READY", READY);
        assert_eq!(told(&read(&agent, printed)), expected, "{name}: {case}");
    }
}

#[test]
fn codex_is_understood() {
    check(
        "codex",
        &[
            (
                "success",
                recording!("codex/success"),
                "started, done, final, session 6329, in 2700, cached 2200, out 55, READY",
            ),
            (
                "resumed",
                recording!("codex/resumed"),
                "started, done, final, session 87a0, in 5400, cached 4400, out 110, READY",
            ),
            (
                "a limit with its end",
                recording!("codex/usage_limit"),
                "started, final, session 5373, RateLimited, You’ve hit your usage limit. Upgrade to Pro (htt, until 08:23:00",
            ),
            (
                "killed while it waited for a limit",
                recording!("codex/rate_limited_for_long"),
                "started, session b697, RateLimited, Reconnecting... 1/5 (exceeded retry limit, last ",
            ),
            (
                "not logged in",
                recording!("codex/auth"),
                "started, final, session 189b, Auth, unexpected status 401 Unauthorized: Incorrect AP",
            ),
            (
                "no credit",
                recording!("codex/no_credit"),
                "started, final, session d21f, NoCredit, Quota exceeded. Check your plan and billing deta",
            ),
            ("killed in the middle", recording!("codex/killed"), "started, session e0e0"),
            (
                "a session that is not there",
                recording!("codex/unknown_session"),
                "BadSession, Error: thread/resume: thread/resume failed: no r",
            ),
            (
                "an empty answer",
                recording!("codex/empty"),
                r#"started, done, final, session 1512, in 1200, cached 1000, out 34, says """#,
            ),
            (
                "the provider failed",
                recording!("codex/server_error"),
                "started, final, session 8610, Transient, We’re currently experiencing high demand, which ",
            ),
            (
                "a refusal",
                recording!("codex/refusal"),
                "started, done, final, session 69e1, in 1200, cached 1000, out 34",
            ),
            (
                "a prompt that is too long",
                recording!("codex/too_long"),
                "started, session 5d00, TooLong, turn/start failed: Input exceeds the maximum len",
            ),
        ],
    );
}

#[test]
fn claude_is_understood() {
    check(
        "claude",
        &[
            (
                "success",
                recording!("claude/success"),
                "started, done, final, session cdc9, in 2700, cached 2200, out 55, $0.00354, READY",
            ),
            (
                "resumed",
                recording!("claude/resumed"),
                "started, done, final, session 86f7, in 2700, cached 2200, out 55, $0.00708, READY",
            ),
            (
                "a limit with its end",
                recording!("claude/usage_limit_with_reset"),
                "started, final, session 704e, in 0, cached 0, out 0, $0.00000, RateLimited, 429, You've hit your 5-hour limit · resets 8:35am (UT, until 2026-11-20T08:35:35Z",
            ),
            (
                "a limit without its end",
                recording!("claude/usage_limit"),
                "started, final, session d1df, in 0, cached 0, out 0, $0.00000, RateLimited, 429, API Error: Request rejected (429) · This request",
            ),
            (
                "killed while it tried to log in",
                recording!("claude/auth"),
                "started, session 8ae5, Auth, 401, authentication_failed",
            ),
            ("killed in the middle", recording!("claude/killed"), "started, session b671"),
            (
                "a session that is not there",
                recording!("claude/unknown_session"),
                "final, in 0, cached 0, out 0, $0.00000, BadSession, No conversation found with session ID: 00000000-",
            ),
            (
                "a prompt that is a command",
                recording!("claude/slash_command"),
                "started, final, session d283, in 0, cached 0, out 0, $0.00000, Other, no model was asked; the prompt was taken for a c",
            ),
            (
                "too many turns",
                recording!("claude/max_turns"),
                "started, final, session 1889, in 3600, cached 3000, out 102, $0.00504, OwnLimit, Reached maximum number of turns (3)",
            ),
            ("a wrong option", recording!("claude/bad_flag"), "BadUsage, error: unknown option '--nonsense'"),
            (
                "a refusal",
                recording!("claude/refusal"),
                "started, final, session 3671, in 2400, cached 2000, out 68, $0.00336, Refused, API Error: Opus 5.5's safeguards flagged this me",
            ),
            (
                "a prompt that is too long",
                recording!("claude/too_long"),
                "started, final, session bd45, in 0, cached 0, out 0, $0.00000, TooLong, Prompt is too long",
            ),
            (
                "killed while the provider had too much to do",
                recording!("claude/overloaded"),
                "started, session f535, Transient, 529, overloaded",
            ),
            (
                "an empty answer",
                recording!("claude/empty"),
                "started, done, final, session 8922, in 2400, cached 2000, out 68, $0.00336, says \"\"",
            ),
        ],
    );
}

#[test]
fn opencode_is_understood() {
    check(
        "opencode",
        &[
            (
                "success",
                recording!("opencode/success"),
                "started, done, final, session bLfJ, in 2700, cached 2200, out 55, $0.00254, READY",
            ),
            (
                "resumed",
                recording!("opencode/resumed"),
                "started, done, final, session 4pgL, in 2700, cached 2200, out 55, $0.00254, READY",
            ),
            (
                "a limit with its end",
                recording!("opencode/rate_limited"),
                "started, final, session rloc, RateLimited, 429, Rate limit reached for mock-model. Please try ag, for 7s",
            ),
            (
                "killed while it waited for a limit",
                recording!("opencode/waiting_in_silence"),
                "RateLimited, AI_APICallError: Rate limit reached for mock-mod, for 3600s",
            ),
            (
                "not logged in",
                recording!("opencode/auth"),
                "started, final, session OqGS, Auth, 401, Incorrect API key provided",
            ),
            ("killed in the middle", recording!("opencode/killed"), "started, session hwq4"),
            (
                "a session that is not there",
                recording!("opencode/unknown_session"),
                "BadSession, Error: Session not found",
            ),
            (
                "a refusal",
                recording!("opencode/refusal"),
                "started, final, session ZzSs, in 1200, cached 1000, out 34, $0.00117, Refused, The response was blocked by the provider's conte",
            ),
            (
                "a request that is wrong",
                recording!("opencode/bad_request"),
                "started, final, session JK63, Other, 400, mock invalid request",
            ),
            (
                "the provider has too much to do",
                recording!("opencode/overloaded"),
                "started, final, session EWsY, Transient, 529, Overloaded",
            ),
            (
                "an empty answer",
                recording!("opencode/empty"),
                "started, done, final, session isc8, in 1200, cached 1000, out 34, $0.00117",
            ),
        ],
    );
}

#[test]
fn gemini_is_understood() {
    check(
        "gemini",
        &[
            (
                "success",
                recording!("gemini/success"),
                "started, done, final, session b9ac, in 3900, cached 3200, out 113, READY",
            ),
            (
                "resumed",
                recording!("gemini/resumed"),
                "started, done, final, session 0668, in 3900, cached 3200, out 113, READY",
            ),
            (
                "a limit for the day",
                recording!("gemini/rate_limited_for_long"),
                "started, final, session 7ff0, in 1200, cached 1000, out 46, RateLimited, [API Error: You have exhausted your daily quota ",
            ),
            (
                "killed while it waited for a limit",
                recording!("gemini/rate_limited"),
                "started, session 6f2b, RateLimited, Rate limit reached for mock-model. Please try ag, for 7s",
            ),
            (
                "not logged in",
                recording!("gemini/auth"),
                r#"started, final, session 8909, in 1200, cached 1000, out 46, Auth, [API Error: {"error":{"code":401,"message":"Inco"#,
            ),
            ("killed in the middle", recording!("gemini/killed"), "started, session d2ee"),
            (
                "a session that is not there",
                recording!("gemini/unknown_session"),
                "BadSession, Error resuming session: Invalid session identifi",
            ),
            (
                "too many turns",
                recording!("gemini/max_turns"),
                "started, final, session 15d7, in 4800, cached 4000, out 184, OwnLimit, Reached max session turns for this session. Incr",
            ),
            (
                "a refusal",
                recording!("gemini/refusal"),
                "started, final, session 2055, in 6000, cached 5000, out 230, Refused, The model response was blocked due to safety set",
            ),
            (
                "an empty answer",
                recording!("gemini/empty"),
                "started, final, session 4921, in 6000, cached 5000, out 230, Other, The model returned an empty response with no tex",
            ),
        ],
    );
}

#[test]
fn qwen_is_understood() {
    check(
        "qwen",
        &[
            (
                "success",
                recording!("qwen/success"),
                "started, done, final, session d346, in 2700, cached 2200, out 55, READY",
            ),
            ("killed while it waited for a limit", recording!("qwen/rate_limited"), "started, session 2300"),
        ],
    );
}

#[test]
fn a_count_over_the_session_is_told_apart_from_one_of_the_run() {
    let codex = described("codex");
    let (first, second) = (read(&codex, recording!("codex/success")), read(&codex, recording!("codex/resumed")));
    assert_eq!(second.usage_scope, Scope::Session);
    assert_eq!(usage_since(first.usage, second.usage), first.usage, "each did the same");
    let claude = read(&described("claude"), recording!("claude/resumed"));
    assert_eq!((claude.usage_scope, claude.cost_scope), (Scope::Run, Scope::Session));
}

#[test]
fn the_model_is_told_where_the_program_tells_it_and_what_was_cached_is_part_of_the_input() {
    let told = |name: &str, printed: &[u8]| {
        let answer = read(&described(name), printed);
        (answer.model, answer.usage.cache_write_tokens)
    };
    let model = |name: &str| Some(name.to_owned());
    assert_eq!(told("codex", recording!("codex/success")), (None, Some(0)));
    assert_eq!(told("claude", recording!("claude/success")), (model("claude-opus-5-5"), Some(0)));
    assert_eq!(told("gemini", recording!("gemini/success")), (model("auto"), None));
    assert_eq!(told("opencode", recording!("opencode/success")), (None, Some(0)));
    assert_eq!(told("qwen", recording!("qwen/success")), (model("mock-model"), None));
    let written = br#"{"type":"result","usage":{"input_tokens":5,"cache_read_input_tokens":30,"cache_creation_input_tokens":200,"output_tokens":7}}"#;
    let usage = read(&described("claude"), written).usage;
    assert_eq!((usage.input_tokens, usage.cached_tokens, usage.cache_write_tokens), (Some(235), Some(30), Some(200)));
}
