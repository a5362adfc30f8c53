//! `swarm logs`: what agents printed as JSON, for a person to read; and what they printed, as it is.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Workspace, wait_until};

/// What an agent named `player`, described as another one, plays after it has done its work.
fn plays(w: &Workspace, described_as: &str, play: &str) {
    let play = format!("cat > /dev/null; echo x > x.txt; {play}");
    let argv = serde_json::to_string(&["sh", "-c", &play]).expect("write JSON");
    let text = format!("base: {described_as}\nargv: {argv}\nsession: {{minted_by: agent}}\n");
    w.write("config/agents/player.yaml", text);
}

/// The command that prints a recording of an agent.
fn recording(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/agents").join(name);
    format!("cat '{}'", path.display())
}

fn has_played(described_as: &str, play: &str) -> Workspace {
    let w = Workspace::new();
    plays(&w, described_as, play);
    w.task_for("player", "tune");
    w.start(["--drain"]).code(0);
    w
}

#[test]
fn a_message_and_a_call_of_a_tool_have_a_line_each() {
    let w = has_played("claude", &recording("claude/success.log"));
    let command = r#"echo "hello from commit" > agent-commit.txt && git add -A && git commit -q -m "mock: add agent-commit.txt" && git log --oneline -1"#;
    let lines = format!(
        "thought  I will write the file and commit.\n\
         said     Writing the file.\n\
         tool     Bash  {command}\n\
         said     The file is committed. ⏎ COMPLETE_AND_READY_FOR_MERGE\n"
    );
    let logs = w.swarm(["logs", "tune"]);
    assert_eq!(logs.code(0).stdout, lines);
    logs.says("w0-c1-implement.log (tune, cycle 1, implement 1, player)");
    assert_eq!(w.swarm(["logs", "w0", "-f", "-q"]).code(0).stdout, lines);
    let with_results = w.swarm(["logs", "tune", "-v"]);
    assert_eq!(with_results.stdout.lines().nth(3), Some("result   5df5b56 mock: add agent-commit.txt"));
    let whole = w.swarm(["logs", "tune", "--whole"]);
    assert!(
        whole.stdout.ends_with("said     The file is committed.\n         COMPLETE_AND_READY_FOR_MERGE\n"),
        "{whole}"
    );

    let printed = w.last_run().read("logs/w0-c1-implement.log");
    assert_eq!(w.swarm(["logs", "tune", "--raw"]).code(0).stdout, printed);
    let json = w.swarm(["logs", "tune", "--json"]);
    let line: Value = serde_json::from_str(&json.stdout).expect("one line of JSON");
    assert_eq!(line["text"], printed);
    w.swarm(["logs", "tune", "--raw", "--whole"]).code(2);
}

#[test]
fn the_record_of_a_step_names_its_agent_and_counts_its_tools() {
    let w = has_played("codex", &recording("codex/success.log"));
    let steps = w.cycles_of("tune")[0]["steps"].clone();
    assert_eq!((steps[0]["agent"].as_str(), steps[0]["tool_calls"].as_u64()), (Some("player"), Some(1)));
    assert_eq!((steps[1]["step"].as_str(), &steps[1]["agent"]), (Some("integrate"), &Value::Null));
    assert_eq!(steps[1]["tool_calls"], Value::Null);
    let began = w.last_run().events().into_iter().find(|event| event.begins("implement", "tune"));
    assert_eq!(began.expect("it began").text("agent"), "player");
    w.swarm(["show", "tune"]).code(0).says("TOOLS");

    let w = Workspace::new();
    w.config("limits: {attempts: 1}\n");
    plays(&w, "gemini", "echo it never came to work; exit 1");
    w.task_for("player", "tune");
    w.start(["--drain"]).code(1);
    assert_eq!(w.cycles_of("tune")[0]["steps"][0]["tool_calls"], Value::Null);
}

#[test]
fn what_is_still_being_written_is_shown_when_its_line_is_over() {
    let w = Workspace::new();
    let say = |text: &str| format!(r#"{{"type":"item.completed","item":{{"type":"agent_message","text":"{text}"}}}}"#);
    let (first, second) = (say("one"), say(r"two\nCOMPLETE_AND_READY_FOR_MERGE"));
    let (half, rest) = second.split_at(40);
    let wait = w.awaits("rest");
    let play = format!(
        r#"echo '{{"type":"thread.started","thread_id":"t"}}'; echo 'a word'; echo '{first}'
        printf %s '{half}'; {wait}; printf '%s\n' '{rest}'; echo '{{"type":"turn.completed"}}'"#
    );
    plays(&w, "codex", &play);
    w.task_for("player", "tune");
    let mut swarm = w.start_in_background(["--drain"]);
    swarm.wait_for_event(|event| event.begins("implement", "tune"));
    let follower = w.run_in_background(env!("CARGO_BIN_EXE_swarm"), &["logs", "-f", "tune"]);
    let begun = "a word\nsaid     one\n";
    wait_until("the first lines", || follower.printed() == begun);
    wait_until("half of a line", || w.last_run().read("logs/w0-c1-implement.log").ends_with(half));
    assert_eq!(follower.printed(), begun);
    w.give("rest");
    let logs = follower.wait();
    assert_eq!(logs.code(0).stdout, format!("{begun}said     two ⏎ COMPLETE_AND_READY_FOR_MERGE\n"));
    swarm.wait().code(0);
}

#[test]
fn an_agent_cannot_tell_the_terminal_anything() {
    let play = r#"cat <<'END'
{"type":"thread.started","thread_id":"t"}
{"type":"item.completed","item":{"type":"agent_message","text":"\u001b]0;title\u0007\u001b[2J\u202ein \u2066\u009b31mred\u200f\nCOMPLETE_AND_READY_FOR_MERGE"}}
{"type":"turn.completed"}
END
printf '\033[2Jgone\r\n'"#;
    let w = has_played("codex", play);
    for args in [&["logs", "tune"][..], &["logs", "tune", "--whole"], &["logs", "tune", "--color", "never"]] {
        let logs = w.swarm(args);
        assert!(logs.stdout.contains("in red") && logs.stdout.ends_with("\ngone\n"), "{logs}");
        assert!(!logs.stdout.contains(|char: char| char.is_control() && char != '\n'), "{logs}");
        assert!(!logs.stdout.contains(['\u{202e}', '\u{2066}', '\u{200f}']), "{logs}");
    }
    assert!(w.swarm(["logs", "tune", "--raw"]).stdout.contains("\\u202ein"), "as it was printed");
    let coloured = w.swarm(["logs", "tune", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}[2msaid") && !coloured.contains("\u{1b}[2J"), "{coloured:?}");
}

#[test]
fn what_cannot_be_understood_is_shown_as_it_was_printed() {
    let w = has_played("claude", &recording("claude/success.log"));
    let printed = w.last_run().read("logs/w0-c1-implement.log");
    let says = |text: &str| {
        w.write("config/agents/player.yaml", text);
        w.swarm(["logs", "tune"])
    };
    assert_eq!(says("base: script\n").code(0).stdout, printed, "it prints text by now");
    let without_views = "argv: [sh]\noutput: {format: jsonl, rules: [{when: {/type: result}, flag: done}]}\n";
    assert_eq!(says(without_views).code(0).stdout, printed, "nobody says what is shown");
    let broken = says("base: claude\nagrv: [sh]\n");
    assert_eq!(broken.code(0).stdout, printed);
    broken.says("config/agents/player.yaml:2").says("did you mean `argv`?").says("as it was printed");
    std::fs::remove_file(w.path("config/agents/player.yaml")).expect("remove a file");
    let unknown = w.swarm(["logs", "tune"]);
    assert_eq!((unknown.code(0).stdout.as_str(), unknown.stderr.contains("warning")), (printed.as_str(), false));
}

#[test]
fn who_follows_a_task_before_a_swarm_begins_waits_for_it_and_an_unknown_one_is_refused() {
    let w = Workspace::new();
    w.task("early", "echo hello from the task; echo x > x.txt");
    let following = w.run_in_background(env!("CARGO_BIN_EXE_swarm"), &["logs", "early", "-f"]);
    w.start(["--drain"]).code(0);
    following.wait().code(0).says("hello from the task");
    w.swarm(["logs", "nobody", "-f"]).code(1).says("there is no task nobody");
}
