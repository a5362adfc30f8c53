//! Whatever stands in a task reaches the agent unchanged.

use crate::harness::Workspace;

const BODY: &str = "Text with $HOME, ${HOME}, $(id), `id`, \\n, \\\\, {{ braces }}, {% if %}, {prompt}, {task}, %s,\n\
    'single', \"double\", emoji 🦀 and é, a BOM \u{feff} inside, a tab\t, a bell \u{7},\ntrailing blanks   \n\n\n\
    a line with CR LF\r\nanother\r\n--- not front matter ---\n~~~\ncode\n~~~\n<!-- comment -->\n";

fn copied_by(via: &str, command: &str, contents: &[u8]) -> String {
    let w = Workspace::new();
    let argv =
        serde_json::to_string(&["sh", "-c", command, "x", if via == "arg" { "{prompt}" } else { "{prompt_file}" }]);
    let argv = argv.expect("write JSON");
    w.write("config/agents/copier.yaml", format!("argv: {argv}\nprompt: {{via: {via}}}\ncompletion: exit\n"));
    w.file("odd", contents);
    w.start(["--drain", "--agent", "copier"]).code(0);
    let copy = w.git(["cat-file", "blob", &format!("{}:copy.txt", w.base_name())]);
    assert_eq!(copy.trim_end(), w.last_run().read("prompts/w0-c1-implement.md").trim_end(), "via {via}");
    w.is_in("complete", "odd");
    copy
}

#[test]
fn a_body_with_every_kind_of_odd_byte_reaches_the_agent_in_each_way() {
    let task = format!("# Odd\n\n{BODY}");
    for (via, command) in
        [("stdin", "cat > copy.txt"), ("file", "cat \"$1\" > copy.txt"), ("arg", "printf %s \"$1\" > copy.txt")]
    {
        let copy = copied_by(via, command, task.as_bytes());
        assert!(copy.contains(BODY), "via {via}: {copy:?}");
    }
}

#[test]
fn an_odd_title_reaches_the_agent() {
    let title = "Use $HOME \\ {{braces}} `ticks` 🦀 'and' \"so\" on";
    let copy = copied_by("stdin", "cat > copy.txt", format!("# {title}\n\nBody\n").as_bytes());
    assert!(copy.contains(title), "{copy}");
    let quoted = title.replace('\'', "''");
    let copy = copied_by("stdin", "cat > copy.txt", format!("---\ntitle: '{quoted}'\n---\nBody\n").as_bytes());
    assert!(copy.contains(title), "{copy}");
}

#[test]
fn windows_line_ends_and_a_bom_at_the_start_are_kept_in_the_file_and_told() {
    let contents = "\u{feff}---\r\npriority: 1\r\n---\r\n# Odd\r\n\r\nOne\r\nTwo\r\n";
    let copy = copied_by("stdin", "cat > copy.txt", contents.as_bytes());
    assert!(copy.contains("One\r\nTwo\r\n"), "{copy:?}");
}

#[test]
fn a_task_file_keeps_every_byte_of_the_users_through_a_failure_and_a_merge() {
    let w = Workspace::new();
    w.config("limits: {backoff: 0s}");
    let odd = "# A comment in YAML ☂\r\npriority:   1   # urgent\r\nunknown-key: [a,  b]\r\n";
    let body = format!("# Odd\r\n\r\n```sh\r\ntest \"$SWARM_ATTEMPT\" = 2 && echo x > x.txt\r\n```\r\n\r\n{BODY}");
    w.file("odd", format!("---\r\n{odd}---\r\n{body}"));
    w.start(["--drain"]).code(0);
    let text = w.is_in("complete", "odd");
    assert!(text.starts_with(&format!("---\r\n{odd}")), "{text:?}");
    assert!(text.ends_with(&body), "{text:?}");
}

#[test]
fn a_shell_block_reaches_the_shell_unchanged() {
    let w = Workspace::new();
    let odd = "$HOME `id` {{x}} \\ \" 🦀 %s {prompt}";
    w.file("odd", format!("# Odd\n\n```sh\ncat > copy.txt <<'END'\n{odd}\nEND\n```\n"));
    w.start(["--drain"]).code(0);
    assert_eq!(w.base().read("copy.txt"), odd);
}
