//! `swarm check` on agents: what they are, where they come from, what is missing, and whether they answer. The agents
//! are shell scripts with the names of the real programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::harness::{Ended, Workspace, wait_until};

/// A workspace with a folder of its own first on PATH.
fn workspace() -> Workspace {
    let w = Workspace::new();
    let programs = w.outside().join("programs");
    fs::create_dir(&programs).expect("make a folder");
    // None of the machine's own agents.
    let path = std::env::join_paths([programs.as_path(), "/usr/bin".as_ref(), "/bin".as_ref()]).expect("a PATH");
    w.with_env("PATH", path)
}

/// A program on PATH.
fn program(w: &Workspace, name: &str, script: &str) {
    let path = w.outside().join("programs").join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("write a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("make it executable");
}

/// A `codex` that tells its version and its login, and answers by what `answer` prints; `told` is its prompt.
fn codex(w: &Workspace, version: &str, login: &str, answer: &str) {
    let script = format!(
        "case \"$1 $2\" in\n'--version ') echo 'WARNING: odd' >&2; echo 'codex-cli {version}'; exit 0 ;;\n\
         'login status') echo '{login}' >&2; exit 1 ;;\nesac\ntold=$(cat)\n{answer}"
    );
    program(w, "codex", &script);
}

/// What the real one prints when all is well.
const ANSWER: &str = r#"echo '{"type":"thread.started","thread_id":"t1"}'
echo '{"type":"item.completed","item":{"type":"agent_message","text":"OK"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":1234,"cached_input_tokens":0,"output_tokens":5}}'"#;

fn fails(message: &str) -> String {
    format!("echo '{{\"type\":\"turn.failed\",\"error\":{{\"message\":\"{message}\"}}}}'\nexit 1")
}

#[track_caller]
fn check(w: &Workspace, more: &[&str]) -> Ended {
    w.swarm(["check", "--skip-gates"].iter().chain(more))
}

#[test]
fn an_agent_that_is_used_is_told_with_version_path_description_and_posts() {
    let w = workspace();
    codex(&w, "0.169.0", "Logged in using ChatGPT", "exit 1");
    w.config("workers: [{agent: codex, count: 2}]\nreviewer: 'codex:m'\n");
    let path = w.outside().join("programs/codex");
    let told = check(&w, &[]);
    told.code(0)
        .says(&format!("ok     agents   codex 0.169.0 (built in): {}; 2 workers, 1 reviewer\n", path.display()));
    told.says("ok     agents   not used, and not installed: claude, gemini, opencode, qwen\n");
    assert!(!told.stdout.contains("logged in"), "{told}");
    codex(&w, "0.170.1", "Not logged in", "exit 1");
    w.write("config/agents/codex.yaml", "env_set: {A: a}\n");
    let told = check(&w, &[]);
    told.code(0).says("note   agents   codex 0.170.1 (built in + config/agents/codex.yaml): ");
    told.says("; its description was tested with 0.169.0\n");
    told.says("note   agents   codex says that nobody has logged in\n                log in with `codex login`, unless it is set up to need none\n");
}

#[test]
fn a_login_is_not_asked_for_where_a_key_takes_its_place() {
    let w = workspace().with_env("CODEX_API_KEY", "secret");
    codex(&w, "0.169.0", "Not logged in", "exit 1");
    w.config("workers: [{agent: codex}]\n");
    let told = check(&w, &[]);
    assert!(!told.stdout.contains("logged in"), "{told}");
}

#[test]
fn a_program_that_is_missing_is_told_with_the_command_that_installs_it() {
    let w = workspace();
    w.config("workers: [{agent: codex}]\nreviewer: {agent: claude}\n");
    let told = check(&w, &[]);
    told.code(3).says("the program `codex` of the agent `codex` was not found");
    told.says("install it with `npm install -g @openai/codex`, or put its folder on PATH");
    told.says("install it with `npm install -g @anthropic-ai/claude-code`");
    told.says("not used, and not installed: gemini, opencode, qwen\n");
    assert_eq!(told.stdout.matches("of the agent `codex`").count(), 1, "{told}");
    // The same words where it is to work.
    w.start(["--drain"]).code(3).says("npm install -g @anthropic-ai/claude-code");
}

#[test]
fn a_version_that_cannot_be_told_is_a_note() {
    let w = workspace();
    program(&w, "codex", "echo 'no such option' >&2; exit 2");
    w.config("workers: [{agent: codex}]\n");
    check(&w, &[]).code(0).says("1 worker; its version is not known: it does not stand in what `--version` prints");
}

#[test]
fn nobody_starts_an_agent_that_only_happens_to_be_on_path() {
    let w = workspace();
    let started = w.outside().join("started");
    program(&w, "codex", &format!("echo x >> '{}'", started.display()));
    fs::write(w.path("config/swarm.yaml"), "").expect("write the settings");
    check(&w, &["--probe"]).code(0).says("no agent is named: `script` works").says("has a model to ask");
    w.task("one", "echo x > x.txt");
    w.start(["--drain"]).code(0);
    w.is_in("complete", "one");
    assert!(!started.exists());
}

#[test]
fn a_mistake_is_told_with_the_line_of_the_users_own_file() {
    let w = workspace();
    for (name, text, says) in [
        ("codex", "env_set: {A: a}\nagrs: {}\n", "codex.yaml:2: unknown name `agrs`; did you mean `args`?"),
        ("codex", "tested: '1'\noutput:\n  format: text\n", "codex.yaml:3: output.rules: read JSON"),
        ("claude-work", "# mine\nbase: cluade\n", "claude-work.yaml:2: base: there is no agent `cluade`"),
    ] {
        let file = format!("config/agents/{name}.yaml");
        w.write(&file, text);
        for args in [&["check"][..], &["start", "--drain"]] {
            w.swarm(args).code(2).says(says);
        }
        fs::remove_file(w.path(&file)).expect("remove a file");
    }
}

#[test]
fn a_description_begins_from_another_one() {
    let w = workspace().with_env("WORK", "no").with_env("CODEX_HOME", "here");
    let seen = w.outside().join("seen");
    codex(&w, "0.169.0", "", &format!("env > '{}'\n{ANSWER}", seen.display()));
    w.write("config/agents/codex-work.yaml", "base: codex\nenv_set: {WORK: 'yes'}\n");
    w.config("workers: [{agent: codex-work}]\n");
    let told = check(&w, &["--probe"]);
    told.code(0).says("codex-work 0.169.0 (built in + config/agents/codex-work.yaml): ");
    told.says("probe    codex-work answers (");
    let seen = fs::read_to_string(seen).expect("read what it saw");
    assert!(seen.contains("\nWORK=yes\n") && seen.contains("CODEX_HOME=here\n"), "{seen}");
}

#[test]
fn a_probe_asks_every_agent_and_model_once() {
    let w = workspace();
    let asked = w.outside().join("asked");
    codex(&w, "0.169.0", "", &format!("echo \"$* | $told\" >> '{}'\n{ANSWER}", asked.display()));
    w.config("workers: [{agent: codex, count: 2}, {agent: codex, model: m, effort: high}, {agent: script}]\nreviewer: 'codex:m:high'\n");
    check(&w, &[]).code(0);
    assert!(!asked.exists(), "never without being told to");
    let told = check(&w, &["--probe"]);
    told.code(0).says("ok     probe    codex answers (").says("1234 tokens in, 5 tokens out");
    told.says("ok     probe    codex:m:high answers (");
    let asked = fs::read_to_string(asked).expect("read what was asked");
    assert_eq!(asked.lines().count(), 2, "{asked}");
    assert!(asked.contains("Answer with the word OK") && asked.contains("-m m"), "{asked}");
    assert!(asked.contains("model_reasoning_effort=\"high\""), "{asked}");
}

#[test]
fn an_agent_that_does_not_answer_is_told_with_the_next_move() {
    let w = workspace();
    w.config("workers: [{agent: 'codex:m'}]\n");
    for (answer, says, hint) in [
        (fails("unexpected status 401 Unauthorized"), "does not accept the login", "log in with `codex login`"),
        (fails("You exceeded your current quota, check your billing"), "has no credit", ""),
        (fails("usage limit reached, try again in 90 minutes"), "asks for a pause", "it may go on at 2"),
        (fails("The model `m` does not exist"), "there is no model `m`", "name another `model:`"),
        (fails("unexpected status 500"), "the provider or the network failed", "try again"),
        (
            "echo \"error: unexpected argument '--json' found\"; exit 2".to_owned(),
            "its command line",
            "tested with 0.169.0",
        ),
        ("echo oh; exit 7".to_owned(), "it failed with exit code 7", "oh"),
        ("exit 0".to_owned(), "it ended without an answer", "tested with 0.169.0"),
    ] {
        codex(&w, "0.169.0", "", &answer);
        let told = check(&w, &["--probe"]);
        told.code(3).says("failed probe    codex:m: ").says(says).says(hint);
    }
    // The gates wait for it.
    w.config("workers: [{agent: 'codex:m'}]\nverify: ['true']\n");
    w.swarm(["check", "--probe"]).code(3).says("1 gate, not run: mend what is above first");
}

/// What a turn lets through of the user's environment and what a probe does are the same.
#[test]
fn a_probe_sees_of_the_environment_what_a_turn_does() {
    let w =
        workspace().with_env("SECRET", "x").with_env("CODEX_HOME", "y").with_env("TZ", "UTC").with_env("USER", "ada");
    let w = w.with_env("LOGNAME", "ada").with_env("SHELL", "/bin/sh").with_env("LC_ALL", "C").with_env("LC_CTYPE", "C");
    w.config("workers: [{agent: codex}]\n");
    let seen = |name: &str| {
        let file = w.outside().join(name);
        codex(&w, "0.169.0", "", &format!("env | cut -d= -f1 | sort -u > '{}'\n{ANSWER}", file.display()));
        file
    };
    let by_probe = seen("by-probe");
    check(&w, &["--probe"]).code(0);
    let by_turn = seen("by-turn");
    w.file("one", "# One\n");
    w.start(["--once"]);
    let names = |file| {
        let text = fs::read_to_string(file).expect("read what it saw");
        let of_git = ["GIT_", "GCM_", "SSH_ASKPASS_"];
        let ours = |name: &&str| !name.starts_with("SWARM_") && !of_git.iter().any(|begin| name.starts_with(begin));
        text.lines().filter(ours).map(str::to_owned).collect::<Vec<_>>()
    };
    let seen = names(by_probe);
    assert_eq!(seen, names(by_turn));
    assert!(seen.iter().any(|name| name == "HOME") && !seen.iter().any(|name| name == "SECRET"), "{seen:?}");
}

#[test]
fn an_interrupt_ends_the_probes_and_what_they_have_started() {
    let w = workspace();
    let begun = w.outside().join("begun");
    codex(&w, "0.169.0", "", &format!("sleep 100 &\necho x > '{}'\nsleep 100", begun.display()));
    w.config("workers: [{agent: codex}]\nverify: ['true']\n");
    let program = env!("CARGO_BIN_EXE_swarm");
    let swarm = w.run_in_background(program, &["check", "--probe"]);
    wait_until("the probe to begin", || begun.exists());
    let asked = Instant::now();
    swarm.signal(Signal::INT);
    swarm.wait().code(130).says("codex was interrupted").says("1 gate, not run: interrupted");
    assert!(asked.elapsed() < Duration::from_secs(20), "it took {:?}", asked.elapsed());
    assert!(w.processes().is_empty(), "{:?}", w.processes());
}
