//! What a person is shown of the recordings.

use super::support::{agent, described, read, recording};
use crate::model::agent::Agent;
use crate::model::answer::{Shown, Viewer};

/// Everything that is shown, one line each.
pub(super) fn shown<'p>(agent: &Agent, printed: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut lines = Vec::new();
    let mut show = |shown: Shown<'_>| {
        lines.push(match shown {
            Shown::Words { kind, words, with } => {
                let words: Vec<String> = std::iter::once(&words).chain(&with).map(|it| cut(it)).collect();
                format!("{kind:?}: {}", words.join(" | "))
            }
            Shown::Plain(line) => format!("> {}", cut(&line)),
            Shown::TooLong(bytes) => format!("({bytes} bytes)"),
        });
    };
    let mut viewer = Viewer::new(&agent.output);
    printed.into_iter().for_each(|piece| viewer.feed(piece, &mut show));
    viewer.finish(&mut show);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn cut(text: &str) -> String {
    text.chars().take(52).collect::<String>().replace('\n', "/")
}

fn check(name: &str, table: &[(&str, &[u8], &str)]) {
    let agent = described(name);
    for (case, printed, expected) in table {
        // What stands on the standard error before the first record is not of interest here.
        let all = shown(&agent, [*printed]);
        let lines = all.lines().skip_while(|line| line.starts_with("> "));
        assert_eq!(lines.collect::<Vec<_>>().join("\n"), expected.trim_end(), "{name}: {case}");
    }
}

#[test]
fn claude_is_shown() {
    check(
        "claude",
        &[
            (
                "success",
                recording!("claude/success"),
                "\
Thought: I will write the file and commit.
Said: Writing the file.
Tool: Bash | echo \"hello from commit\" > agent-commit.txt && git a
Result: 5df5b56 mock: add agent-commit.txt
Said: The file is committed./COMPLETE_AND_READY_FOR_MERGE",
            ),
            (
                "a limit",
                recording!("claude/usage_limit"),
                "Error: API Error: Request rejected (429) · This request wou",
            ),
            (
                "too many turns",
                recording!("claude/max_turns"),
                "\
Tool: Bash | echo loop 1
Result: loop 1
Tool: Bash | echo loop 2
Result: loop 2
Tool: Bash | echo loop 3
Result: loop 3
Error: Reached maximum number of turns (3)",
            ),
            (
                "a prompt that is a command",
                recording!("claude/slash_command"),
                "Said: /help isn't available in this environment.",
            ),
        ],
    );
    let retries = shown(&described("claude"), [recording!("claude/auth").as_slice()]);
    assert!(
        retries.starts_with("Error: authentication_failed | 401\nError: authentication_failed | 401\n"),
        "{retries}"
    );
    let plain = shown(&described("claude"), [recording!("claude/bad_flag").as_slice()]);
    assert_eq!(plain, "> error: unknown option '--nonsense'\n");
}

#[test]
fn codex_is_shown() {
    check(
        "codex",
        &[
            (
                "success",
                recording!("codex/success"),
                "\
Note: Model metadata for `mock-model` not found. Defaultin
Thought: I will write the file and commit.
Said: Writing the file.
Tool: /bin/bash -lc 'echo \"hello from commit\" > agent-comm
Result: ae2ac84 mock: add agent-commit.txt/
Said: The file is committed./COMPLETE_AND_READY_FOR_MERGE",
            ),
            (
                "killed while it waited for a limit",
                recording!("codex/rate_limited_for_long"),
                "\
Note: Model metadata for `mock-model` not found. Defaultin
Error: Reconnecting... 1/5 (exceeded retry limit, last stat",
            ),
            (
                "a limit",
                recording!("codex/usage_limit"),
                "\
Note: Model metadata for `mock-model` not found. Defaultin
Error: You’ve hit your usage limit. Upgrade to Pro (https:/",
            ),
        ],
    );
}

#[test]
fn opencode_is_shown() {
    check(
        "opencode",
        &[
            (
                "success",
                recording!("opencode/success"),
                "\
Said: Writing the file.
Tool: bash | echo \"hello from commit\" > agent-commit.txt && git a
Result: bf82816 mock: add agent-commit.txt/
Said: The file is committed./COMPLETE_AND_READY_FOR_MERGE",
            ),
            ("not logged in", recording!("opencode/auth"), "Error: Incorrect API key provided"),
        ],
    );
}

#[test]
fn gemini_is_shown() {
    check(
        "gemini",
        &[
            (
                "success",
                recording!("gemini/success"),
                "\
Said: Writing the file.
Tool: run_shell_command | echo \"hello from commit\" > agent-commit.txt && git a
Result: c999bcc mock: add agent-commit.txt
Said: The file is committed./COMPLETE_AND_READY_FOR_MERGE",
            ),
            (
                "not logged in",
                recording!("gemini/auth"),
                r#"Error: [API Error: {"error":{"code":401,"message":"Incorrec"#,
            ),
        ],
    );
}

#[test]
fn qwen_is_shown() {
    check(
        "qwen",
        &[(
            "success",
            recording!("qwen/success"),
            "\
Thought: I will write the file and commit.
Said: Writing the file.
Tool: run_shell_command | echo \"hello from commit\" > agent-commit.txt && git a
Result: abac317 (HEAD -> main) mock: add agent-commit.txt
Said: The file is committed./COMPLETE_AND_READY_FOR_MERGE",
        )],
    );
}

#[test]
fn each_block_of_a_message_has_its_line_and_each_tool_shows_what_matters() {
    let printed = br#"{"type":"system","subtype":"init","session_id":"s"}
{"type":"assistant","message":{"content":[{"type":"thinking","thinking":""},{"type":"text","text":"Two things."},{"type":"tool_use","name":"Bash","input":{"command":"make","description":"Build it"}},{"type":"tool_use","name":"Grep","input":{"pattern":"a.*b","path":"src","n":true}},{"type":"tool_use","name":"mcp__x__y","input":{"deep":{"er":1}}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","is_error":true,"content":"Exit code 2"},{"type":"tool_result","content":[{"type":"text","text":"src/a.rs"}]},{"type":"text","text":"a reminder"}]}}
{"type":"user","message":{"content":"text alone"}}
"#;
    let expected = "\
Said: Two things.
Tool: Bash | make
Tool: Grep | a.*b | src
Tool: mcp__x__y
Failed: Exit code 2
Result: src/a.rs
";
    assert_eq!(shown(&described("claude"), [printed.as_slice()]), expected);
    assert_eq!(read(&described("claude"), printed).tool_calls, Some(3));
}

#[test]
fn each_call_of_codex_is_shown_and_counted_once() {
    let printed = br#"{"type":"thread.started","thread_id":"t"}
{"type":"item.started","item":{"type":"command_execution","command":"make","aggregated_output":"","status":"in_progress"}}
{"type":"item.completed","item":{"type":"command_execution","command":"make","aggregated_output":"","exit_code":2,"status":"failed"}}
{"type":"item.started","item":{"type":"file_change","changes":[{"path":"a.rs"}],"status":"in_progress"}}
{"type":"item.completed","item":{"type":"file_change","changes":[{"path":"a.rs","kind":"add"},{"path":"b.rs"}],"status":"completed"}}
{"type":"item.started","item":{"type":"mcp_tool_call","server":"docs","tool":"find","status":"in_progress"}}
{"type":"item.completed","item":{"type":"mcp_tool_call","server":"docs","tool":"find","error":{"message":"no"},"status":"failed"}}
{"type":"item.completed","item":{"type":"web_search","query":"rust"}}
"#;
    let expected = "\
Tool: make
Failed: make
Tool: file_change | a.rs | b.rs
Tool: find | docs
Failed: no
Tool: web_search | rust
";
    assert_eq!(shown(&described("codex"), [printed.as_slice()]), expected);
    assert_eq!(read(&described("codex"), printed).tool_calls, Some(4));
}

#[test]
fn pieces_that_follow_each_other_are_one_message() {
    let printed = br#"{"type":"message","role":"user","content":"the prompt"}
{"type":"message","role":"assistant","content":"I will ","delta":true}
{"type":"message","role":"assistant","content":"look.","delta":true}
{"type":"message","role":"assistant","content":"\n","delta":true}
a word on the standard error
{"type":"message","role":"assistant","content":"Now.","delta":true}
{"type":"tool_use","tool_name":"read_file","parameters":{"file_path":"a.rs"}}
{"type":"tool_result","status":"error","error":{"message":"no such file"}}
{"type":"message","role":"assistant","content":"Oh"#;
    let expected = "\
> a word on the standard error
Said: I will look./Now.
Tool: read_file | a.rs
Failed: no such file
> {\"type\":\"message\",\"role\":\"assistant\",\"content\":\"Oh
";
    assert_eq!(shown(&described("gemini"), [printed.as_slice()]), expected);
}

#[test]
fn what_no_rule_shows_is_skipped_and_what_is_no_record_stays_as_it_is() {
    let agent = agent("{format: jsonl, rules: [{when: {/type: say}, show: [{said: /text}, {note: /text/0}]}]}");
    let printed = b"{\"type\":\"other\",\"text\":\"no\"}\n\n  at line 3\r\n[1]\n{torn\n{\"type\":\"say\",\"text\":[\"n\"]}\n{\"type\":\"say\",\"text\":7}\n{\"type\":\"say\",\"text\":\" \"}";
    assert_eq!(shown(&agent, [printed.as_slice()]), ">   at line 3\n> [1]\n> {torn\nNote: n\nSaid: 7\n");
    let mut long = vec![b'{'; 17 * 1024 * 1024];
    long.extend_from_slice(b"\n{\"type\":\"say\",\"text\":\"on\"}\n");
    assert_eq!(shown(&agent, [long.as_slice()]), "(17825792 bytes)\nSaid: on\n");
}

#[test]
fn calls_of_tools_are_counted_where_the_output_tells() {
    for (name, printed, calls) in [
        ("claude", recording!("claude/max_turns").as_slice(), Some(3)),
        ("codex", recording!("codex/success"), Some(1)),
        ("opencode", recording!("opencode/success"), Some(1)),
        ("gemini", recording!("gemini/max_turns"), Some(3)),
        ("qwen", recording!("qwen/success"), Some(1)),
        ("claude", recording!("claude/usage_limit"), Some(0)),
        ("claude", recording!("claude/bad_flag"), None),
    ] {
        assert_eq!(read(&described(name), printed).tool_calls, calls, "{name}");
    }
    let silent = agent("{format: jsonl, rules: [{when: {/type: say}, flag: started, show: [{said: /text}]}]}");
    assert_eq!(read(&silent, b"{\"type\":\"say\",\"text\":\"x\"}\n").tool_calls, None);
}
